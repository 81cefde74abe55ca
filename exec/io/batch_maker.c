/* batch_maker.c: see batch_maker.h. */
#include "exec/io/batch_maker.h"

void batch_maker_open(BatchMaker *m, const SourceSpec *spec, Arena *a)
{
    const Relation *rel = spec->rel;
    *m = (BatchMaker){.spec = spec};
    m->cols = new (a, Column, rel->ncols);
    m->rows.cols = new (a, Column, rel->ncols);
    m->rows.ncols = rel->ncols;
    for (int i = 0; i < rel->ncols; i++) {
        m->cols[i].type = rel->cols[i].type;
        if (spec->wanted[i] && rel->cols[i].kind != COL_COMPUTED)
            m->cols[i] = column_new(a, rel->cols[i].type, spec->rows_max);
    }
    m->offset = new (a, uint64_t, spec->rows_max);
    m->ordinal = new (a, uint32_t, spec->rows_max);
    if (rel->kind != REL_TABLE) return;
    m->weight = new (a, int32_t, spec->rows_max);
    m->time_us = new (a, int64_t, spec->rows_max);
}

void batch_maker_close(BatchMaker *m)
{
    arena_free(&m->arena);
}

void batch_maker_begin(BatchMaker *m)
{
    RowBuilder *b = &m->rows;
    arena_reset(&m->arena);
    if (b->ncols) memcpy(b->cols, m->cols, (size_t)b->ncols * sizeof *b->cols);
    b->arena = &m->arena;
    b->rows = 0;
    b->cap = m->spec->rows_max;
    b->offset = m->offset;
    b->ordinal = m->ordinal;
    b->weight = m->weight;
    b->time_us = m->time_us;
    b->has_ordinals = b->has_weights = false;
    memset(&b->errors, 0, sizeof b->errors);
}

void batch_maker_end(BatchMaker *m, SourceBatch *out)
{
    const RowBuilder *b = &m->rows;
    out->batch = (Batch){.rows = b->rows, .ncols = b->ncols, .cols = b->cols, .judge_max = INT64_MIN,
                         .offset = b->offset, .ordinal = b->has_ordinals ? b->ordinal : NULL,
                         .weights = b->has_weights ? b->weight : NULL};
    out->errors = b->errors.data;
    out->nerrors = (int32_t)b->errors.len;
}
