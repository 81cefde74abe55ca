/* format_raw.c: a line is one TEXT value, for the first column that is not computed or metadata. */
#include "base/utf8.h"
#include "exec/format/infer.h"
#include "exec/format/lines.h"

typedef struct RawDecoder {
    Decoder base;
    Lines lines;
    FieldOptions fields;
    int32_t col; /* -1: not wanted */
} RawDecoder;

static Status raw_open(const Relation *rel, const bool *wanted, Arena *a, Decoder **out, Diags *d)
{
    RawDecoder *r = new_one(a, RawDecoder);
    int32_t physical = 0;
    r->col = -1;
    lines_init(&r->lines, rel);
    TRY(field_options_read(rel, NULL, a, &r->fields, d));
    for (int32_t i = 0; i < rel->ncols; i++) {
        if (rel->cols[i].kind != COL_PHYSICAL) continue;
        if (physical++ == 0) {
            if (wanted[i]) r->col = i;
            continue;
        }
        diag_error(d, WEIR_E_TYPE, rel->cols[i].span, "format raw fills one column only");
        diag_hint(d, "make \"%.*s\" a computed column: AS (expression over the line)",
                  STR_ARG(rel->cols[i].name));
        return WEIR_E_TYPE;
    }
    *out = &r->base;
    return WEIR_OK;
}

static ptrdiff_t raw_decode(Decoder *dec, const char *buf, ptrdiff_t n, bool at_end, uint64_t base,
                            RowBuilder *out)
{
    RawDecoder *r = (RawDecoder *)dec;
    LineInput in = {.buf = buf, .at = buf, .end = buf + n, .at_end = at_end, .base = base, .dec = dec,
                    .out = out};
    Str line;
    lines_skip_mark(&in);
    while (!builder_is_full(out) && lines_next(&r->lines, &in, &line)) {
        uint64_t offset = line_offset(&in, line.p);
        if (line.n == 0) continue;
        if (!utf8_is_valid(line)) {
            record_error(out, offset, line, line.n, "not valid UTF-8");
            continue;
        }
        if (r->col >= 0) field_decode(out, r->col, line.p, line.n, &r->fields);
        builder_end_row(out, offset, 0);
    }
    return in.at - buf;
}

static void raw_reset(Decoder *dec)
{
    lines_reset(&((RawDecoder *)dec)->lines, dec);
}

static Status raw_infer(Inference *inf, Diags *d)
{
    (void)d;
    vec_push(&inf->cols, inf->arena, (ColumnDef){.name = S("line"), .type = {.kind = TYPE_TEXT}});
    return WEIR_OK;
}

static const FormatImpl raw_impl = {.open = raw_open, .decode = raw_decode, .reset = raw_reset,
                                    .infer = raw_infer};

static const OptionDef raw_options[] = {TIME_OPTIONS, LINE_OPTIONS, {0}};

extern const FormatDef format_raw[];
const FormatDef format_raw[] = {
    {.name = "raw", .aliases = "text,lines", .options = raw_options, .impl = &raw_impl,
     .doc = "one TEXT column, the line"},
    {0}};
