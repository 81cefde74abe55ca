/* row_code.h: a row as bytes, for state that keeps whole rows.
 *
 * Unlike a key (base/keyenc.h) it keeps every value as it was (-0.0 too) and does not sort; equal
 * rows of the same types have equal bytes. */
#ifndef WEIR_EXEC_ROW_CODE_H
#define WEIR_EXEC_ROW_CODE_H

#include "base/batch.h"

/* Appends row `row` of n columns. */
void row_encode(StrBuf *b, const Column *cols, int n, int row);
/* Stores what row_encode wrote into row `row` of columns of the same types, made by column_new; text
 * refers to the bytes. False: bytes that row_encode doesn't write. */
bool row_decode(Str bytes, Column *cols, int n, int row, Arena *a);

#endif
