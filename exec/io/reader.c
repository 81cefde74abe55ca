/* reader.c: the buffer between a connector and a decoder (see reader.h). */
#include "exec/io/reader.h"
#include "exec/io/metadata.h"

#include <assert.h>

extern const FormatDef *const format_table[]; /* made by the build */

enum { READER_PAD = 64 }; /* decoders may look that far past the end */

static void make_columns(Reader *r, Arena *a)
{
    const Relation *rel = r->spec->rel;
    r->cols = new (a, Column, rel->ncols);
    r->rows.cols = new (a, Column, rel->ncols);
    r->rows.ncols = rel->ncols;
    for (int i = 0; i < rel->ncols; i++) {
        r->cols[i].type = rel->cols[i].type;
        if (r->spec->wanted[i] && rel->cols[i].kind != COL_COMPUTED)
            r->cols[i] = column_new(a, rel->cols[i].type, r->spec->rows_max);
    }
    r->offsets = new (a, uint64_t, r->spec->rows_max);
    r->ordinals = new (a, uint32_t, r->spec->rows_max);
}

Status reader_open(Reader *r, const SourceSpec *spec, ptrdiff_t chunk, Arena *a, Diags *d)
{
    *r = (Reader){.spec = spec};
    Registry formats = {.formats = format_table};
    TRY(metadata_check(spec->rel, d));
    TRY(format_open(&formats, spec->rel, spec->wanted, a, &r->dec, d));
    make_columns(r, a);
    r->wants_line = metadata_is_wanted(spec->rel, spec->wanted, "line");
    r->cap = format_record_max(spec->rel) + chunk;
    r->buf = mem_alloc(r->cap + READER_PAD);
    return WEIR_OK;
}

void reader_close(Reader *r)
{
    format_close(r->dec);
    arena_free(&r->batch);
    mem_free(r->buf, r->cap + READER_PAD);
    r->buf = NULL;
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
static const int64_t *count_lines(Reader *r, const char *start)
{
    int64_t *lines = new (&r->batch, int64_t, r->rows.rows);
    const char *p = start;
    int64_t line = r->facts.line;
    for (int i = 0; i < r->rows.rows; i++) {
        const char *record = r->buf + (r->rows.offset[i] - r->base);
        for (const char *q; p < record && (q = memchr(p, '\n', (size_t)(record - p))); p = q + 1) line++;
        if (p < record) p = record;
        lines[i] = line;
    }
    const char *stop = r->buf + r->from;
    for (const char *q; p < stop && (q = memchr(p, '\n', (size_t)(stop - p))); p = q + 1) line++;
    r->facts.line = line;
    return lines;
}

static void begin_batch(Reader *r)
{
    RowBuilder *b = &r->rows;
    arena_reset(&r->batch);
    memcpy(b->cols, r->cols, (size_t)b->ncols * sizeof *b->cols);
    b->arena = &r->batch;
    b->rows = 0;
    b->cap = r->spec->rows_max;
    b->offset = r->offsets;
    b->ordinal = r->ordinals;
    b->has_ordinals = false;
    memset(&b->errors, 0, sizeof b->errors);
}

bool reader_decode(Reader *r, bool at_end, SourceBatch *out, const char **at)
{
    RowBuilder *b = &r->rows;
    begin_batch(r);
    const char *start = r->buf + r->from;
    ptrdiff_t used = r->dec->impl->decode(r->dec, start, reader_buffered(r), at_end,
                                          r->base + (uint64_t)r->from, b);
    assert(used >= 0 && used <= reader_buffered(r));
    r->from += used;
    BatchFacts facts = {.partition = r->facts.partition, .file = r->facts.file};
    if (r->wants_line && r->facts.line > 0) facts.lines = count_lines(r, start);
    facts.ingest_us = r->spec->env->now_us(r->spec->env->arg);
    metadata_fill(r->spec->rel, b, &facts);
    out->batch = (Batch){.rows = b->rows, .ncols = b->ncols, .cols = b->cols, .judge_max = INT64_MIN,
                         .offset = b->offset, .ordinal = b->has_ordinals ? b->ordinal : NULL};
    out->errors = b->errors.data;
    out->nerrors = (int32_t)b->errors.len;
    out->bytes = used;
    *at = start;
    return b->rows > 0 || b->errors.len > 0;
}

Str reader_save(Reader *r, Arena *a)
{
    const FormatImpl *f = r->dec->impl;
    return f->save ? f->save(r->dec, a) : (Str){0};
}
