/* batch_maker.h: the columns of a source, filled anew for every batch. */
#ifndef WEIR_EXEC_BATCH_MAKER_H
#define WEIR_EXEC_BATCH_MAKER_H

#include "exec/format/format.h"

typedef struct BatchMaker {
    const SourceSpec *spec;
    RowBuilder rows;       /* of the batch in work */
    Arena arena;           /* what the batch holds besides its columns */
    Column *cols;          /* as every batch begins: data, no NULLs */
    uint64_t *offset;
    uint32_t *ordinal;
    int32_t *weight;
    int64_t *time_us;
} BatchMaker;

/* Makes columns for all that is wanted but computed columns. */
void batch_maker_open(BatchMaker *m, const SourceSpec *spec, Arena *a);
void batch_maker_close(BatchMaker *m);
/* Empties m->rows: what the last batch held is gone. */
void batch_maker_begin(BatchMaker *m);
/* m->rows as a batch. */
void batch_maker_end(BatchMaker *m, SourceBatch *out);

#endif
