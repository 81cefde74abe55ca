/* key_layout.c: packing goes column by column, so that each loop knows its type. */
#include "exec/state/key_layout.h"
#include "base/decimal.h"
#include "base/hash.h"

#include <assert.h>
#include <math.h>

static int key_words_of(TypeKind kind)
{
    return type_width(kind) > 8 ? 2 : 1;
}

KeyLayout key_layout_new(Arena *a, const Type *types, int n)
{
    KeyLayout k = {.cols = new (a, KeyColumn, n), .ncols = n};
    if (n > KEY_NULLS_INSIDE) k.words = (n - KEY_NULLS_INSIDE + 63) / 64;
    for (int i = 0; i < n; i++) {
        KeyColumn *c = &k.cols[i];
        c->type = types[i];
        c->words = (uint8_t)key_words_of(types[i].kind);
        c->is_text = type_is_text(types[i].kind);
        c->at = k.words;
        k.words += c->words;
        k.has_text |= c->is_text;
    }
    k.is_one_word = n == 1 && k.words == 1;
    k.is_one_text = n == 1 && k.has_text;
    return k;
}

/* ---- hashing ---------------------------------------------------------------------------------- */

static const uint64_t HASH_A = 0x9e3779b97f4a7c15u, HASH_B = 0xd6e8feb86659fd93u;

static inline uint64_t hash_fold(uint64_t a, uint64_t b)
{
    UInt128 p = (UInt128)a * b;
    return (uint64_t)p ^ (uint64_t)(p >> 64);
}

static inline uint64_t hash_word(uint64_t h, uint64_t w)
{
    return hash_fold(w ^ HASH_A, h ^ HASH_B);
}

static inline Text text_of_words(const uint64_t *w)
{
    Text t;
    memcpy(&t, w, sizeof t);
    return t;
}

static inline uint64_t hash_column(uint64_t h, const KeyColumn *c, const uint64_t *w)
{
    if (c->words == 1) return hash_word(h, w[c->at]);
    if (c->is_text) {
        Text t = text_of_words(&w[c->at]);
        if (t.len > TEXT_INLINE) return hash_fold(hash_bytes(t.ptr, t.len) ^ HASH_A ^ h, t.len ^ HASH_B);
    }
    return hash_fold(w[c->at] ^ HASH_A ^ h, w[c->at + 1] ^ HASH_B);
}

static inline uint32_t hash_finish(uint64_t h, uint32_t nulls)
{
    h ^= (uint64_t)nulls * HASH_B;
    return (uint32_t)(h ^ h >> 32);
}

/* Multiplied by the golden ratio numbers that follow each other lie evenly spread: ids hardly ever meet
 * in a table that goes by the highest bits. */
static inline uint32_t hash_one_word(uint64_t w, uint32_t nulls)
{
    return (uint32_t)((w ^ w >> 32) * HASH_A >> 32) ^ nulls * 0x9e3779b9u;
}

uint32_t key_hash(const KeyLayout *k, const uint64_t *words, uint32_t nulls)
{
    if (k->is_one_word) return hash_one_word(words[0], nulls);
    uint64_t h = 0;
    for (int c = 0; c < k->ncols; c++) h = hash_column(h, &k->cols[c], words);
    return hash_finish(h, nulls);
}

/* ---- packing ---------------------------------------------------------------------------------- */

typedef struct Packing {
    const Column *col;
    const int32_t *rows;
    int32_t n, stride;
    uint64_t *words; /* where the first key's value goes */
} Packing;

static inline int pack_row(const Packing *p, int i)
{
    return p->col->is_const ? 0 : p->rows[i];
}

static void pack_1(const Packing *p)
{
    const uint8_t *v = p->col->data;
    for (int i = 0; i < p->n; i++) p->words[(ptrdiff_t)i * p->stride] = v[pack_row(p, i)];
}

static void pack_4(const Packing *p)
{
    const int32_t *v = p->col->data;
    for (int i = 0; i < p->n; i++)
        p->words[(ptrdiff_t)i * p->stride] = (uint64_t)(int64_t)v[pack_row(p, i)];
}

static void pack_8(const Packing *p)
{
    const uint64_t *v = p->col->data;
    for (int i = 0; i < p->n; i++) p->words[(ptrdiff_t)i * p->stride] = v[pack_row(p, i)];
}

static void pack_double(const Packing *p)
{
    const double *v = p->col->data;
    for (int i = 0; i < p->n; i++) {
        double d = v[pack_row(p, i)] + 0.0; /* -0.0 becomes 0.0 */
        memcpy(&p->words[(ptrdiff_t)i * p->stride], &d, 8);
    }
}

static void pack_16(const Packing *p)
{
    const char *v = p->col->data;
    for (int i = 0; i < p->n; i++)
        memcpy(&p->words[(ptrdiff_t)i * p->stride], v + (ptrdiff_t)pack_row(p, i) * 16, 16);
}

static void pack_values(const Packing *p, TypeKind kind)
{
    if (kind == TYPE_DOUBLE) {
        pack_double(p);
        return;
    }
    switch (type_width(kind)) {
    case 1: pack_1(p); return;
    case 4: pack_4(p); return;
    case 8: pack_8(p); return;
    default: pack_16(p); return;
    }
}

/* While they are written. */
typedef struct KeyBuffers {
    uint64_t *words;
    uint32_t *nulls, *hash;
    int32_t n;
} KeyBuffers;

static void set_null_bit(const KeyBuffers *keys, const KeyLayout *k, int i, int col)
{
    if (col < KEY_NULLS_INSIDE)
        keys->nulls[i] |= (uint32_t)1 << col;
    else
        bit_set(keys->words + (ptrdiff_t)i * k->words, col - KEY_NULLS_INSIDE);
}

/* NULL values count as zero words, whatever their rows hold. */
static void pack_nulls(const KeyLayout *k, int col, const Packing *p, const KeyBuffers *keys)
{
    for (int i = 0; i < p->n; i++) {
        if (bit_get(p->col->valid, pack_row(p, i))) continue;
        set_null_bit(keys, k, i, col);
        for (int w = 0; w < k->cols[col].words; w++) p->words[(ptrdiff_t)i * p->stride + w] = 0;
    }
}

static void hash_words(const KeyBuffers *keys)
{
    for (int i = 0; i < keys->n; i++) keys->hash[i] = hash_one_word(keys->words[i], keys->nulls[i]);
}

static void hash_words_without_null(const uint64_t *restrict words, int n, uint32_t *restrict hash)
{
    for (int i = 0; i < n; i++) hash[i] = hash_one_word(words[i], 0);
}

/* Column by column, so that each loop knows its type. */
static void hash_columns(const KeyLayout *k, const KeyBuffers *keys, Arena *scratch)
{
    ArenaMark mark = arena_mark(scratch);
    uint64_t *h = new (scratch, uint64_t, keys->n);
    for (int c = 0; c < k->ncols; c++) {
        const KeyColumn *col = &k->cols[c];
        const uint64_t *w = keys->words;
        if (col->words == 1)
            for (int i = 0; i < keys->n; i++, w += k->words) h[i] = hash_word(h[i], w[col->at]);
        else
            for (int i = 0; i < keys->n; i++, w += k->words) h[i] = hash_column(h[i], col, w);
    }
    for (int i = 0; i < keys->n; i++) keys->hash[i] = hash_finish(h[i], keys->nulls[i]);
    arena_release(scratch, mark);
}

static void pack(const KeyLayout *k, const Column *cols, const int32_t *which, const int32_t *rows,
                 const KeyBuffers *keys)
{
    for (int c = 0; c < k->ncols; c++) {
        Packing p = {&cols[which ? which[c] : c], rows, keys->n, k->words, keys->words + k->cols[c].at};
        assert(p.col->data);
        pack_values(&p, k->cols[c].type.kind);
        if (p.col->valid) pack_nulls(k, c, &p, keys);
    }
}

/* Whether each row is the one behind the last. */
static bool rows_follow(const int32_t *rows, int n)
{
    int32_t differ = 0;
    for (int i = 0; i < n; i++) differ |= rows[i] ^ (rows[0] + i);
    return differ == 0;
}

static const uint32_t NO_NULLS[BATCH_ROWS_MAX];

/* Whether the column has the words of the keys. */
static bool is_packed(const KeyLayout *k, const Column *c, const int32_t *rows, int n)
{
    TypeKind kind = k->cols[0].type.kind;
    return k->is_one_word && type_width(kind) == 8 && kind != TYPE_DOUBLE && !c->is_const && !c->valid &&
           n > 0 && n <= BATCH_ROWS_MAX && rows_follow(rows, n);
}

PackedKeys key_pack(const KeyLayout *k, const Column *cols, const int32_t *which, const int32_t *rows,
                    int n, Arena *scratch)
{
    KeyBuffers keys = {.n = n, .hash = new_raw(scratch, uint32_t, n)};
    const Column *first = k->ncols ? &cols[which ? which[0] : 0] : NULL;
    if (first && is_packed(k, first, rows, n)) {
        const uint64_t *packed = COL(uint64_t, first) + rows[0];
        hash_words_without_null(packed, n, keys.hash);
        return (PackedKeys){n, packed, NO_NULLS, keys.hash};
    }
    bool has_null_words = k->ncols > KEY_NULLS_INSIDE;
    ptrdiff_t words = checked_mul(n, (size_t)k->words);
    keys.words = has_null_words ? new (scratch, uint64_t, words) : new_raw(scratch, uint64_t, words);
    keys.nulls = new (scratch, uint32_t, n);
    pack(k, cols, which, rows, &keys);
    if (k->is_one_word)
        hash_words(&keys);
    else
        hash_columns(k, &keys, scratch);
    return (PackedKeys){n, keys.words, keys.nulls, keys.hash};
}

void key_value_words(const Column *c, int row, uint64_t words[2])
{
    TypeKind kind = c->type.kind;
    int at = col_at(c, row);
    if (kind == TYPE_DOUBLE) {
        double d = COL(double, c)[at] + 0.0;
        memcpy(words, &d, sizeof d);
        return;
    }
    switch (type_width(kind)) {
    case 1: words[0] = COL(uint8_t, c)[at]; return;
    case 4: words[0] = (uint64_t)(int64_t)COL(int32_t, c)[at]; return;
    case 8: words[0] = COL(uint64_t, c)[at]; return;
    default: memcpy(words, COL(char, c) + (ptrdiff_t)at * 16, 16); return;
    }
}

bool keys_are_one(const KeyLayout *k, const PackedKeys *keys)
{
    ptrdiff_t words = (ptrdiff_t)(keys->n - 1) * k->words;
    for (int i = 1; i < keys->n; i++)
        if (keys->hash[i] != keys->hash[0] || keys->nulls[i] != keys->nulls[0]) return false;
    return keys->n > 0 && memcmp(keys->words, keys->words + k->words, (size_t)words * 8) == 0;
}

/* ---- comparing -------------------------------------------------------------------------------- */

bool key_column_is_null(const KeyLayout *k, const uint64_t *words, uint32_t nulls, int col)
{
    (void)k;
    if (col < KEY_NULLS_INSIDE) return nulls >> col & 1;
    return bit_get(words, col - KEY_NULLS_INSIDE);
}

/* Keys of which some words differ: equal only where these are pointers to long text. */
static bool long_text_eq(const KeyLayout *k, const uint64_t *a, const uint64_t *b)
{
    for (int w = 0; w < (k->ncols ? k->cols[0].at : 0); w++)
        if (a[w] != b[w]) return false;
    for (int c = 0; c < k->ncols; c++) {
        const KeyColumn *col = &k->cols[c];
        if (col->is_text) {
            Text x = text_of_words(&a[col->at]), y = text_of_words(&b[col->at]);
            if (!text_eq(&x, &y)) return false;
        } else if (memcmp(&a[col->at], &b[col->at], (size_t)col->words * 8) != 0) {
            return false;
        }
    }
    return true;
}

bool key_words_eq(const KeyLayout *k, const uint64_t *a, const uint64_t *b)
{
    for (int w = 0; w < k->words; w++)
        if (a[w] != b[w]) return k->has_text && long_text_eq(k, a, b);
    return true;
}

bool key_value_eq(const KeyColumn *c, const uint64_t *a, const uint64_t *b)
{
    if (!c->is_text) return memcmp(a, b, (size_t)c->words * 8) == 0;
    Text x = text_of_words(a), y = text_of_words(b);
    return text_eq(&x, &y);
}

#define ORDER(a, b) (((a) > (b)) - ((a) < (b)))

static int interval_cmp(const uint64_t *a, const uint64_t *b)
{
    Interval x, y;
    memcpy(&x, a, sizeof x);
    memcpy(&y, b, sizeof y);
    if (x.months != y.months) return ORDER(x.months, y.months);
    if (x.days != y.days) return ORDER(x.days, y.days);
    return ORDER(x.us, y.us);
}

int key_column_cmp(const KeyColumn *c, const uint64_t *a, const uint64_t *b)
{
    if (c->is_text) {
        Text x = text_of_words(a), y = text_of_words(b);
        return str_cmp(text_str(&x), text_str(&y));
    }
    if (c->type.kind == TYPE_DOUBLE) {
        double x, y;
        memcpy(&x, a, 8);
        memcpy(&y, b, 8);
        return ORDER(x, y);
    }
    if (c->type.kind == TYPE_DECIMAL) {
        Int128 x, y;
        memcpy(&x, a, 16);
        memcpy(&y, b, 16);
        return ORDER(x, y);
    }
    if (c->type.kind == TYPE_INTERVAL) return interval_cmp(a, b);
    return ORDER((int64_t)a[0], (int64_t)b[0]);
}

int key_cmp(const KeyLayout *k, const uint64_t *a, uint32_t a_nulls, const uint64_t *b, uint32_t b_nulls)
{
    for (int c = 0; c < k->ncols; c++) {
        bool a_null = key_column_is_null(k, a, a_nulls, c), b_null = key_column_is_null(k, b, b_nulls, c);
        if (a_null != b_null) return a_null ? -1 : 1;
        if (a_null) continue;
        int order = key_column_cmp(&k->cols[c], &a[k->cols[c].at], &b[k->cols[c].at]);
        if (order) return order;
    }
    return 0;
}

/* ---- keeping ---------------------------------------------------------------------------------- */

void key_store(const KeyLayout *k, StateHeap *h, uint64_t *dst, const uint64_t *src)
{
    memcpy(dst, src, (size_t)k->words * 8);
    if (!k->has_text) return;
    for (int c = 0; c < k->ncols; c++) {
        if (!k->cols[c].is_text) continue;
        Text t = text_of_words(&src[k->cols[c].at]);
        if (t.len <= TEXT_INLINE) continue;
        t.ptr = heap_copy(h, t.ptr, t.len);
        memcpy(&dst[k->cols[c].at], &t, sizeof t);
    }
}

void key_drop(const KeyLayout *k, StateHeap *h, uint64_t *words)
{
    if (!k->has_text) return;
    for (int c = 0; c < k->ncols; c++) {
        if (!k->cols[c].is_text) continue;
        Text t = text_of_words(&words[k->cols[c].at]);
        if (t.len > TEXT_INLINE) heap_free(h, (void *)(uintptr_t)t.ptr, t.len);
    }
}

void key_unpack(const KeyLayout *k, const uint64_t *words, uint32_t nulls, int col, Column *out,
                Arena *a, int row)
{
    if (key_column_is_null(k, words, nulls, col)) {
        column_set_null(out, a, row);
        return;
    }
    const KeyColumn *c = &k->cols[col];
    const uint64_t *w = &words[c->at];
    switch (type_width(c->type.kind)) {
    case 1: COL(uint8_t, out)[row] = (uint8_t)w[0]; return;
    case 4: COL(int32_t, out)[row] = (int32_t)w[0]; return;
    case 8: COL(uint64_t, out)[row] = w[0]; return;
    default: memcpy(COL(char, out) + (ptrdiff_t)row * 16, w, 16); return;
    }
}

/* ---- as bytes --------------------------------------------------------------------------------- */

/* At most. */
static ptrdiff_t saved_bytes(const KeyLayout *k, const uint64_t *words)
{
    ptrdiff_t n = VARINT_MAX + (ptrdiff_t)k->words * 8;
    for (int c = 0; k->has_text && c < k->ncols; c++)
        if (k->cols[c].is_text) n += VARINT_MAX + (ptrdiff_t)text_of_words(&words[k->cols[c].at]).len;
    return n;
}

static char *save_column(const KeyColumn *col, const uint64_t *words, char *p)
{
    if (col->is_text) {
        Text t = text_of_words(&words[col->at]);
        return put_bytes(put_varint(p, t.len), text_p(&t), t.len);
    }
    for (int w = 0; w < col->words; w++) p = put_u64(p, words[col->at + w]);
    return p;
}

void key_save(const KeyLayout *k, const uint64_t *words, uint32_t nulls, StrBuf *out)
{
    if (!k->ncols) return;
    sb_reserve(out, saved_bytes(k, words));
    char *p = put_varint(out->p + out->n, nulls);
    for (int w = 0; w < k->cols[0].at; w++) p = put_u64(p, words[w]);
    for (int c = 0; c < k->ncols; c++)
        if (!key_column_is_null(k, words, nulls, c)) p = save_column(&k->cols[c], words, p);
    out->n = p - out->p;
}

static bool load_text(StrReader *in, uint64_t *words)
{
    uint64_t n = sr_varint(in);
    if (in->bad || n > UINT32_MAX || (int64_t)n > in->end - in->at) return false;
    Str s = sr_bytes(in, (ptrdiff_t)n);
    Text t = text_ref(s.p, s.n);
    memcpy(words, &t, sizeof t);
    return true;
}

static bool is_decimal(Type t, const uint64_t *w)
{
    Int128 v;
    memcpy(&v, w, sizeof v);
    return decimal_fits(v, t.precision);
}

static bool is_double(const uint64_t *w)
{
    double d;
    memcpy(&d, w, sizeof d);
    return !isnan(d);
}

/* Whether what was read is a value of the column's type: what goes on relies on it. */
static bool is_value(Type t, const uint64_t *w)
{
    switch ((TypeKind)t.kind) {
    case TYPE_BOOLEAN: return w[0] <= 1;
    case TYPE_DOUBLE: return is_double(w);
    case TYPE_DECIMAL: return is_decimal(t, w);
    case TYPE_DATE: return (int64_t)w[0] == (int32_t)w[0];
    case TYPE_NULL: case TYPE_BIGINT: case TYPE_TEXT: case TYPE_BLOB: case TYPE_TIMESTAMP: case TYPE_TIME:
    case TYPE_INTERVAL: case TYPE_JSON: case TYPE_ARRAY: case TYPE_ROW: case TYPE_MAP: case TYPE_COUNT: return true;
    }
    return false;
}

bool key_load(const KeyLayout *k, StrReader *in, uint64_t *words, uint32_t *nulls)
{
    memset(words, 0, (size_t)k->words * 8);
    *nulls = k->ncols ? (uint32_t)sr_varint(in) : 0;
    for (int w = 0; w < (k->ncols ? k->cols[0].at : 0); w++) words[w] = sr_u64(in);
    for (int c = 0; c < k->ncols; c++) {
        const KeyColumn *col = &k->cols[c];
        if (key_column_is_null(k, words, *nulls, c)) continue;
        if (col->is_text) {
            if (!load_text(in, &words[col->at])) return false;
        } else {
            for (int w = 0; w < col->words; w++) words[col->at + w] = sr_u64(in);
            if (!is_value(col->type, &words[col->at])) return false;
        }
    }
    return !in->bad;
}
