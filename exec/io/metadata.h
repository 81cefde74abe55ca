/* metadata.h: METADATA columns: facts about a row that are not in its record. */
#ifndef WEIR_EXEC_METADATA_H
#define WEIR_EXEC_METADATA_H

#include "exec/format/format.h"

/* What a batch knows of its rows; a Str with p NULL, an int64 below 0 and lines NULL are NULL. */
typedef struct BatchFacts {
    Str partition, file;
    int64_t ingest_us;
    const int64_t *lines;  /* per row */
} BatchFacts;

/* Sets the wanted COL_METADATA columns of all rows. */
void metadata_fill(const Relation *rel, RowBuilder *rows, const BatchFacts *f);
/* WEIR_E_NAME: the relation has a metadata column nobody knows. */
Status metadata_check(const Relation *rel, Diags *d);
bool metadata_is_wanted(const Relation *rel, const bool *wanted, const char *key);

#endif
