/* key_layout.h: keys of rows, packed into 8-byte words so that they hash, compare and copy fast.
 *
 * A packed key is a NULL bitmap and one word (two for DECIMAL, INTERVAL and text) per column.
 * NULLs are zero words, -0.0 is 0.0, text is a Text: so equal keys are equal words, except for
 * the bytes of long text. */
#ifndef WEIR_EXEC_STATE_KEY_LAYOUT_H
#define WEIR_EXEC_STATE_KEY_LAYOUT_H

#include "base/batch.h"
#include "exec/state/heap.h"

typedef struct KeyColumn {
    Type type;
    int32_t at;    /* first word */
    uint8_t words; /* 1 or 2 */
    bool is_text;
} KeyColumn;

enum { KEY_NULLS_INSIDE = 32 }; /* NULL bits of the first columns stand apart from the words */

typedef struct KeyLayout {
    KeyColumn *cols;
    int32_t ncols;
    int32_t words;   /* of one key; NULL bits of columns past KEY_NULLS_INSIDE come first */
    bool has_text;
    bool is_one_word; /* one column of one word: the fast way */
    bool is_one_text; /* one column of text */
} KeyLayout;

/* n keys: key i is words[i * layout->words …], its NULL bits nulls[i]. Text refers to the rows, and so
 * do the words where the column has them as they are needed. */
typedef struct PackedKeys {
    int32_t n;
    const uint64_t *words;
    const uint32_t *nulls;
    const uint32_t *hash; /* its highest bits tell most: who has a table of 2^b places takes hash >> (32 - b) */
} PackedKeys;

KeyLayout key_layout_new(Arena *a, const Type *types, int n);

/* Packs rows[0..n) of the columns cols[which[0..ncols)] (which NULL: cols[0..ncols)). */
PackedKeys key_pack(const KeyLayout *k, const Column *cols, const int32_t *which, const int32_t *rows,
                    int n, Arena *scratch);

bool key_column_is_null(const KeyLayout *k, const uint64_t *words, uint32_t nulls, int col);
/* The words of one value of a column that is not NULL. */
void key_value_words(const Column *c, int row, uint64_t words[2]);
bool key_value_eq(const KeyColumn *c, const uint64_t *a, const uint64_t *b);
/* Whether all keys are the same one. */
bool keys_are_one(const KeyLayout *k, const PackedKeys *keys);
/* Both keys without NULL differences are given by their words; NULL bits must be compared too. */
bool key_words_eq(const KeyLayout *k, const uint64_t *a, const uint64_t *b);
/* Order of keys: column by column ascending, NULL first, text by bytes. */
int key_column_cmp(const KeyColumn *c, const uint64_t *a, const uint64_t *b); /* of values */
int key_cmp(const KeyLayout *k, const uint64_t *a, uint32_t a_nulls, const uint64_t *b, uint32_t b_nulls);

/* Copies src to dst, long text into the heap; key_drop gives that back. */
void key_store(const KeyLayout *k, StateHeap *h, uint64_t *dst, const uint64_t *src);
void key_drop(const KeyLayout *k, StateHeap *h, uint64_t *words);

/* Unpacks column `col` of one key into row `row` of out; text refers to the key's bytes. */
void key_unpack(const KeyLayout *k, const uint64_t *words, uint32_t nulls, int col, Column *out,
                Arena *a, int row);

/* A key as bytes and back. The words read refer to the bytes read. False: not a key of this layout. */
void key_save(const KeyLayout *k, const uint64_t *words, uint32_t nulls, StrBuf *out);
bool key_load(const KeyLayout *k, StrReader *in, uint64_t *words, uint32_t *nulls);
uint32_t key_hash(const KeyLayout *k, const uint64_t *words, uint32_t nulls);

#endif
