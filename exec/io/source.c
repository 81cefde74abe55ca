/* source.c: finding a relation's connector, and handing its calls on. */
#include "exec/io/source.h"

#include <assert.h>

/* Made by the build from the folders' lists. */
extern const ConnectorDef *const io_table[];

Status source_open(const SourceSpec *spec, Arena *a, Source **out, Diags *d)
{
    assert(spec->rows_max >= 1 && spec->rows_max <= BATCH_ROWS_MAX);
    Registry r = {.connectors = io_table};
    const Options *o = &spec->rel->options;
    const Option *named = options_get(o, "connector");
    Str name = named ? named->value : options_get(o, "path") ? S("file") : S("");
    Span at = named ? named->span : (Span){0};
    const ConnectorDef *c = registry_connector(&r, name);
    if (!c) return diag_error(d, WEIR_E_OPTION, at, "unknown connector \"%.*s\"", STR_ARG(name));
    if (!c->is_source || !c->impl)
        return diag_error(d, WEIR_E_OPTION, at, "connector \"%s\" cannot be read from", c->name);
    const SourceImpl *impl = c->impl;
    Source *s = NULL;
    TRY(impl->open(spec, a, &s, d));
    s->impl = impl;
    s->spec = spec;
    *out = s;
    return WEIR_OK;
}

void source_close(Source *s)
{
    if (s) s->impl->close(s);
}

Status source_seek(Source *s, const SourcePosition *p, int n, Diags *d)
{
    return s->impl->seek(s, p, n, d);
}

SourceStatus source_poll(Source *s, SourceBatch *out, Diags *d)
{
    *out = (SourceBatch){0};
    return s->impl->poll(s, out, d);
}

int source_positions(Source *s, const SourcePosition **out)
{
    return s->impl->positions(s, out);
}

void source_progress(const Source *s, int64_t *read, int64_t *total)
{
    s->impl->progress(s, read, total);
}

bool source_is_bounded(const Source *s)
{
    return s->impl->is_bounded(s);
}

const char *source_delivery(const Source *s)
{
    return s->impl->delivery;
}

bool source_is_near(const Source *s)
{
    return !s->impl->is_near || s->impl->is_near(s);
}
