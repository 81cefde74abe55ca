/* kept_row.h: whole rows that an operator keeps, each in one block of memory.
 *
 * A block is what its owner puts in front, the NULL bits, the packed words of the columns
 * (key_layout.h), the error marks where rows have any, and the bytes of long text that does not last
 * elsewhere: so a row is copied once, without an allocation per value, and stays where it is. Blocks are filled a column
 * at a time and read a column at a time; text read from them refers to them. */
#ifndef WEIR_EXEC_STATE_KEPT_ROW_H
#define WEIR_EXEC_STATE_KEPT_ROW_H

#include "exec/state/key_layout.h"

typedef struct KeptRows {
    KeyLayout layout;
    int32_t front;     /* bytes of the owner; a multiple of 8 */
    int32_t words;     /* of the columns and the marks */
    bool has_marks;    /* a Text of bytes behind the columns */
} KeptRows;

/* Behind what the owner put in front; the words follow. */
typedef struct KeptHead {
    uint32_t nulls;
    uint32_t bytes;    /* of the whole block */
} KeptHead;

KeptRows kept_rows_new(const KeyLayout *layout, int front, bool has_marks);

static inline KeptHead *kept_head(const KeptRows *k, const uint8_t *row)
{
    return (KeptHead *)(uintptr_t)(row + k->front);
}
static inline uint64_t *kept_words(const KeptRows *k, const uint8_t *row)
{
    return (uint64_t *)(uintptr_t)(row + k->front + sizeof(KeptHead));
}
static inline Str kept_marks(const KeptRows *k, const uint8_t *row)
{
    return k->has_marks ? text_str((const Text *)(const void *)&kept_words(k, row)[k->layout.words]) : (Str){0};
}

/* Blocks of rows[0..n) of the columns cols[which[0..ncols)] (which NULL: cols[0..ncols)); `marks`:
 * per row of those, or NULL. Fronts are the owner's to fill. */
void kept_rows_make(const KeptRows *k, StateHeap *h, const Column *cols, const int32_t *which, const Str *marks,
                    const int32_t *rows, int n, uint8_t **out);
/* A block of one row whose key_layout words are given. */
uint8_t *kept_row_make(const KeptRows *k, StateHeap *h, const uint64_t *words, uint32_t nulls, Str marks);
static inline void kept_row_free(const KeptRows *k, StateHeap *h, uint8_t *row)
{
    heap_free(h, row, kept_head(k, row)->bytes);
}

/* Whether the columns and marks are the same. */
bool kept_row_eq(const KeptRows *k, const uint8_t *a, const uint8_t *b);
/* Column `col` of n rows; the marks are the reader's. */
void kept_rows_column(const KeptRows *k, uint8_t *const *rows, int n, int col, Column *out, Arena *a);

#endif
