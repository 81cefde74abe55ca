/* reader.c: the buffer between a connector and a decoder (see reader.h). */
#include "exec/io/reader.h"
#include "exec/io/metadata.h"

#include <assert.h>

extern const FormatDef *const format_table[]; /* made by the build */

enum { READER_PAD = 64 }; /* decoders may look that far past the end */

Status reader_open(Reader *r, const SourceSpec *spec, ptrdiff_t chunk, Arena *a, Diags *d)
{
    *r = (Reader){.spec = spec};
    Registry formats = {.formats = format_table};
    TRY(metadata_check(spec->rel, d));
    TRY(format_open(&formats, spec->rel, spec->wanted, a, &r->dec, d));
    format_adapt(r->dec, spec->env);
    batch_maker_open(&r->maker, spec, a);
    r->wants_line = metadata_is_wanted(spec->rel, spec->wanted, "line");
    r->cap = format_record_max(spec->rel) + chunk;
    r->buf = arena_alloc_raw(a, r->cap + READER_PAD, 64);
    return WEIR_OK;
}

void reader_close(Reader *r)
{
    format_close(r->dec);
    batch_maker_close(&r->maker);
}

Status reader_seek(Reader *r, uint64_t offset, Str saved)
{
    const FormatImpl *f = r->dec->impl;
    r->from = r->end = 0;
    r->base = offset;
    r->dec->held = 0;
    if (f->reset) f->reset(r->dec);
    return f->load ? f->load(r->dec, saved) : WEIR_OK;
}

char *reader_space(Reader *r, ptrdiff_t *room)
{
    ptrdiff_t left = reader_buffered(r);
    memmove(r->buf, r->buf + r->from, (size_t)left);
    r->base += (uint64_t)r->from;
    r->from = 0;
    r->end = left;
    *room = r->cap - r->end;
    return r->buf + r->end;
}

void reader_filled(Reader *r, ptrdiff_t n)
{
    assert(n >= 0 && n <= r->cap - r->end);
    r->end += n;
}

/* The line of each row: newlines from the position to the row's record. */
static const int64_t *count_lines(Reader *r, BatchMaker *m, Str bytes, uint64_t offset)
{
    int64_t *lines = new (&m->arena, int64_t, m->rows.rows);
    const char *p = bytes.p, *stop = bytes.p + bytes.n;
    int64_t line = r->facts.line;
    for (int i = 0; i < m->rows.rows; i++) {
        const char *record = bytes.p + (m->rows.offset[i] - offset);
        for (const char *q; p < record && (q = memchr(p, '\n', (size_t)(record - p))); p = q + 1) line++;
        if (p < record) p = record;
        lines[i] = line;
    }
    for (const char *q; p < stop && (q = memchr(p, '\n', (size_t)(stop - p))); p = q + 1) line++;
    r->facts.line = line;
    return lines;
}

/* Of a record whose rows fill more than one batch nothing is used up before the last of them. */
static ptrdiff_t line_length(const char *p, ptrdiff_t n)
{
    const char *newline = n > 0 ? memchr(p, '\n', (size_t)n) : NULL;
    return newline ? newline - p : n;
}

void reader_finish(Reader *r, BatchMaker *m, Str bytes, ptrdiff_t used, uint64_t offset, SourceBatch *out)
{
    BatchFacts facts = {.partition = r->facts.partition, .file = r->facts.file};
    if (r->wants_line && r->facts.line > 0) facts.lines = count_lines(r, m, str_of(bytes.p, used), offset);
    facts.ingest_us = r->spec->env->now_us(r->spec->env->arg);
    metadata_fill(r->spec->rel, &m->rows, &facts);
    batch_maker_end(m, out);
    out->bytes = used;
    out->raw = str_of(bytes.p, used ? used : line_length(bytes.p, bytes.n));
    out->raw_at = offset;
}

bool reader_decode(Reader *r, bool at_end, SourceBatch *out, const char **at)
{
    RowBuilder *b = &r->maker.rows;
    batch_maker_begin(&r->maker);
    Str bytes = str_of(r->buf + r->from, reader_buffered(r));
    uint64_t offset = r->base + (uint64_t)r->from;
    ptrdiff_t used = r->dec->impl->decode(r->dec, bytes.p, bytes.n, at_end, offset, b);
    assert(used >= 0 && used <= bytes.n);
    r->from += used;
    reader_finish(r, &r->maker, bytes, used, offset, out);
    *at = bytes.p;
    return b->rows > 0 || b->errors.len > 0;
}

Str reader_save(Reader *r, Arena *a)
{
    const FormatImpl *f = r->dec->impl;
    return f->save ? f->save(r->dec, a) : (Str){0};
}
