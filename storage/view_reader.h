/* view_reader.h: the rows of a materialized view, typed again, for a new query that starts from
 * them. */
#ifndef WEIR_STORAGE_VIEW_READER_H
#define WEIR_STORAGE_VIEW_READER_H

#include "storage/storage.h"

typedef struct ViewReader ViewReader;

/* A cursor over the view's rows as of now, in the order of their ids. Close it whatever happens. */
Status view_reader_open(Storage *s, const Relation *view, Arena *a, ViewReader **out, Diags *d);
/* Fills *b with the next rows, all columns of the view, in `scratch`; b->rows 0: the end.
 * WEIR_E_CORRUPT: a stored value does not have its column's type. */
Status view_reader_next(ViewReader *r, Arena *scratch, Batch *b, Diags *d);
/* The other kind of cursor: rows one by one, by id. */
Status view_reader_open_rows(Storage *s, const Relation *view, Arena *a, ViewReader **out, Diags *d);
/* Fills out[0..ncols) with the row of an id, texts in `a`. */
Status view_reader_row(ViewReader *r, int64_t id, Arena *a, Value *out, bool *found, Diags *d);
void view_reader_close(ViewReader *r);

#endif
