/* keyenc.h: values as bytes that compare by memcmp as the values do.
 *
 * A value is a byte that says whether it is NULL, then its body, of fixed length or terminated, so
 * that encodings of several values one after another sort by the first, then the second, and so
 * on. Equal values have equal bytes: -0.0 is 0.0. DESC inverts the body. Every encoding can be
 * read back, given type and order. Text compares by bytes. */
#ifndef WEIR_BASE_KEYENC_H
#define WEIR_BASE_KEYENC_H

#include "base/batch.h"

typedef struct KeyOrder {
    bool descending, nulls_first;
} KeyOrder;

/* What GROUP BY, DISTINCT and plain multisets use: ascending, NULL first. */
#define KEY_PLAIN ((KeyOrder){.nulls_first = true})

void key_encode(StrBuf *b, const Column *c, int row, KeyOrder order);
void key_encode_value(StrBuf *b, const Value *v, KeyOrder order);
/* Takes one value of type `t` off the front; text is copied into `a`. False: bytes that
 * key_encode doesn't write. */
bool key_decode(StrReader *r, Type t, KeyOrder order, Arena *a, Value *out);

enum { KEY_POS_BYTES = 24 };
void key_encode_pos(StrBuf *b, Pos p); /* KEY_POS_BYTES, ordered as pos_cmp */
bool key_decode_pos(StrReader *r, Pos *out);

#endif
