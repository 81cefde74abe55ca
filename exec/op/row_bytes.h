/* row_bytes.h: whole rows as bytes: what operators keep of rows that they will hand on again.
 *
 * Equal rows have equal bytes. Above state the marks of values that cannot be computed are part of
 * a row. Encodings of rows may follow one another. */
#ifndef WEIR_EXEC_OP_ROW_BYTES_H
#define WEIR_EXEC_OP_ROW_BYTES_H

#include "exec/state/key_layout.h"
#include "planner/physical.h"

typedef struct RowBytes {
    KeyLayout layout;
    bool has_marks;
    uint64_t *words;   /* of the row being read */
} RowBytes;

void row_bytes_init(RowBytes *r, const Field *fields, int n, bool has_marks, Arena *a);
/* Row rows[i] of the columns is appended to out; ends[i] is where it ends. */
void row_bytes_encode(const RowBytes *r, const Column *cols, const int32_t *rows, int n, Arena *scratch,
                      StrBuf *out, ptrdiff_t *ends);
/* Appends a row of one BIGINT column. */
void row_bytes_int(const RowBytes *r, int64_t v, StrBuf *out);
/* The marks of a row as bytes: one byte, 0, where it has none. */
void row_bytes_marks(const Column *cols, int ncols, int row, StrBuf *out);
/* Marks columns of row `row` as the bytes say, only those `wanted` where that is given. */
void row_bytes_take_marks(StrReader *in, Column *cols, const bool *wanted, Arena *a, int row);
/* Whether bytes that were saved are one row, and no more; row_bytes_decode relies on it. The marks
 * alone: whether they stand at the front, which is taken off. */
bool row_bytes_check(const RowBytes *r, Str bytes);
bool row_bytes_marks_check(StrReader *in, int ncols);
/* Takes one row off the front: row `row` of `cols`. Text refers to the bytes. Where `wanted` is
 * given, only those columns are filled. */
void row_bytes_decode(const RowBytes *r, StrReader *in, Column *cols, const bool *wanted, Arena *a, int row);

#endif
