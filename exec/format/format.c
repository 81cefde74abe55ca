/* format.c: finding a relation's decoder. */
#include "exec/format/format.h"
#include "exec/format/lines.h"
#include "exec/kernel/simd.h"

static Str name_by_ending(const Relation *rel)
{
    Str path = options_text(&rel->options, "path", "");
    if (str_ends(path, S(".csv"))) return S("csv");
    if (str_ends(path, S(".tsv")) || str_ends(path, S(".tab"))) return S("tsv");
    return S("json");
}

Status format_open(const Registry *r, const Relation *rel, const bool *wanted, Arena *a,
                   Decoder **out, Diags *d)
{
    const Option *o = options_get(&rel->options, "format");
    Str name = o ? o->value : name_by_ending(rel);
    const FormatDef *f = registry_format(r, name);
    if (!f || !f->impl)
        return diag_error(d, WEIR_E_OPTION, o ? o->span : (Span){0}, "unknown format \"%.*s\"", STR_ARG(name));
    const FormatImpl *impl = f->impl;
    Decoder *dec = NULL;
    TRY(impl->open(rel, wanted, a, &dec, d));
    dec->impl = impl;
    *out = dec;
    return WEIR_OK;
}

void format_adapt(Decoder *dec, const Env *env)
{
    if (env && env->simd_off && dec->impl->limit_simd) dec->impl->limit_simd(dec, SIMD_MOST - env->simd_off);
}

void format_close(Decoder *dec)
{
    if (dec && dec->impl->close) dec->impl->close(dec);
}

int64_t format_record_max(const Relation *rel)
{
    return options_int(&rel->options, "line_limit", LINE_LIMIT_DEFAULT);
}
