/* few_order.c: the order of rows: by one word first, by all of their columns where that is equal.
 *
 * The order is the one of the keys that ranked.h describes: the columns of the order, the position
 * behind those of the text, the whole row. */
#include "exec/op/few.h"
#include "base/keyenc.h"

/* ---- rank keys ---------------------------------------------------------------------------------- */

static bool has_rank_key(TypeKind kind)
{
    switch (kind) {
    case TYPE_BIGINT: case TYPE_TIMESTAMP: case TYPE_TIME: case TYPE_DATE: case TYPE_BOOLEAN: case TYPE_DOUBLE:
    case TYPE_DECIMAL: case TYPE_TEXT: return true;
    case TYPE_NULL: case TYPE_BLOB: case TYPE_INTERVAL: case TYPE_JSON: case TYPE_ARRAY: case TYPE_ROW: case TYPE_MAP:
    case TYPE_COUNT: return false;
    }
    return false;
}

/* Whether values that differ have rank keys that do. */
static bool has_exact_key(TypeKind kind)
{
    return kind == TYPE_BIGINT || kind == TYPE_TIMESTAMP || kind == TYPE_TIME || kind == TYPE_DATE || kind == TYPE_BOOLEAN;
}

void few_order_init(Few *f)
{
    const RankSpec *s = f->r.spec;
    TypeKind first = s->norder > 0 ? (TypeKind)f->r.fields[s->order[0].col].type.kind : TYPE_NULL;
    f->is_keyed = s->norder > 0 && s->npeer > 0 && has_rank_key(first);
    f->is_exact = f->is_keyed && s->norder == 1 && has_exact_key(first);
}

static inline uint64_t signed_key(int64_t v) { return (uint64_t)v ^ (uint64_t)1 << 63; }

static inline uint64_t double_key(double d)
{
    uint64_t bits;
    d += 0.0; /* -0.0 is 0.0 */
    memcpy(&bits, &d, sizeof bits);
    return bits ^ (bits >> 63 ? UINT64_MAX : (uint64_t)1 << 63);
}

static inline uint64_t text_key(const Text *t)
{
    unsigned char bytes[8] = {0};
    uint64_t key = 0;
    memcpy(bytes, text_p(t), t->len < 8 ? t->len : 8);
    for (int i = 0; i < 8; i++) key = key << 8 | bytes[i];
    return key;
}

/* Of a value that is not NULL, ascending. */
static uint64_t value_key(TypeKind kind, const void *v)
{
    switch (kind) {
    case TYPE_BOOLEAN: return *(const uint8_t *)v;
    case TYPE_DATE: return signed_key(*(const int32_t *)v);
    case TYPE_DOUBLE: return double_key(*(const double *)v);
    case TYPE_DECIMAL: return signed_key(((const int64_t *)v)[1]); /* the upper half */
    case TYPE_TEXT: return text_key(v);
    case TYPE_BIGINT: case TYPE_TIMESTAMP: case TYPE_TIME: return signed_key(*(const int64_t *)v);
    case TYPE_NULL: case TYPE_BLOB: case TYPE_INTERVAL: case TYPE_JSON: case TYPE_ARRAY: case TYPE_ROW: case TYPE_MAP:
    case TYPE_COUNT: return 0;
    }
    return 0;
}

static uint64_t null_key(const OrderKey *o) { return o->nulls_first ? 0 : UINT64_MAX; }

void few_keys(const Few *f, const Batch *b, const int32_t *rows, int n, uint64_t *out)
{
    if (!f->is_keyed) {
        memset(out, 0, (size_t)n * sizeof *out);
        return;
    }
    const OrderKey *o = &f->r.spec->order[0];
    const Column *c = &b->cols[o->col];
    uint64_t flip = o->descending ? UINT64_MAX : 0;
    TypeKind kind = (TypeKind)c->type.kind;
    const char *data = c->data;
    int width = type_width(kind);
    if (width == 8 && kind != TYPE_DOUBLE && !c->is_const)
        for (int i = 0; i < n; i++) out[i] = signed_key(COL(int64_t, c)[rows[i]]) ^ flip;
    else
        for (int i = 0; i < n; i++) out[i] = value_key(kind, data + (ptrdiff_t)col_at(c, rows[i]) * width) ^ flip;
    for (int i = 0; c->valid && i < n; i++)
        if (col_is_null(c, rows[i])) out[i] = null_key(o);
}

uint64_t few_key_of(const Few *f, const uint8_t *row)
{
    if (!f->is_keyed) return 0;
    const OrderKey *o = &f->r.spec->order[0];
    const KeyColumn *c = &f->rows.layout.cols[o->col];
    const uint64_t *words = kept_words(&f->rows, row);
    if (key_column_is_null(&f->rows.layout, words, kept_head(&f->rows, row)->nulls, o->col)) return null_key(o);
    const void *w = &words[c->at];
    int64_t date = (int64_t)words[c->at];
    uint64_t key = c->type.kind == TYPE_DATE ? signed_key(date) : value_key((TypeKind)c->type.kind, w);
    return o->descending ? ~key : key;
}

/* ---- whole rows --------------------------------------------------------------------------------- */

static int interval_cmp(const uint64_t *a, const uint64_t *b, Arena *scratch)
{
    Value x = {.type = TYPE_OF(TYPE_INTERVAL)}, y = x;
    memcpy(&x.iv, a, sizeof x.iv);
    memcpy(&y.iv, b, sizeof y.iv);
    StrBuf p = {.arena = scratch}, q = {.arena = scratch};
    key_encode_value(&p, &x, KEY_PLAIN);
    key_encode_value(&q, &y, KEY_PLAIN);
    return str_cmp(str_of(p.p, p.n), str_of(q.p, q.n));
}

static int columns_cmp(const Few *f, FewRef a, FewRef b, int from, int to)
{
    for (int k = from; k < to; k++) {
        const OrderKey *o = &f->r.spec->order[k];
        const KeyColumn *c = &f->rows.layout.cols[o->col];
        FewValue x = few_value(f, a, o->col), y = few_value(f, b, o->col);
        if (x.is_null != y.is_null) return x.is_null == o->nulls_first ? -1 : 1;
        if (x.is_null) continue;
        int order = c->type.kind == TYPE_INTERVAL ? interval_cmp(x.words, y.words, f->r.op.ctx->batch_scratch)
                                                  : key_column_cmp(c, x.words, y.words);
        if (order) return o->descending ? -order : order;
    }
    return 0;
}

static Pos pos_of(const Few *f, FewRef ref)
{
    return few_in_batch(ref) ? ranked_pos(&f->r, few_batch(f, ref), few_batch_row(ref)) : few_front(few_row(ref))->pos;
}

static void encode_row(const Few *f, FewRef ref, Arena *scratch, StrBuf *out)
{
    const uint8_t *kept = few_row(ref);
    int32_t row = few_batch_row(ref);
    ptrdiff_t end;
    if (few_in_batch(ref)) {
        row_bytes_encode(&f->r.row, few_batch(f, ref)->cols, &row, 1, scratch, out, &end);
        return;
    }
    key_save(&f->rows.layout, kept_words(&f->rows, kept), kept_head(&f->rows, kept)->nulls, out);
    if (f->rows.has_marks) sb_str(out, kept_marks(&f->rows, kept));
}

static Str bytes_of(const Few *f, FewRef ref, Arena *scratch)
{
    StrBuf out = {.arena = scratch};
    encode_row(f, ref, scratch, &out);
    return str_of(out.p, out.n);
}

static int bytes_cmp(const Few *f, FewRef a, FewRef b)
{
    Arena *scratch = f->r.op.ctx->batch_scratch;
    ArenaMark mark = arena_mark(scratch);
    int order = str_cmp(bytes_of(f, a, scratch), bytes_of(f, b, scratch));
    arena_release(scratch, mark);
    return order;
}

/* As most are: where their rows have one offset each. */
static bool are_of_one_log(const Batch *a, const Batch *b)
{
    return a->label == b->label && a->generation == b->generation && a->offset && b->offset && !a->ordinal && !b->ordinal;
}

static int offsets_cmp(uint64_t a, uint64_t b) { return (a > b) - (a < b); }

static int positions_cmp(const Few *f, FewRef a, FewRef b)
{
    if (!f->r.by_position) return 0;
    if (few_in_batch(a) && few_in_batch(b)) {
        const Batch *x = few_batch(f, a), *y = few_batch(f, b);
        if (are_of_one_log(x, y)) return offsets_cmp(x->offset[few_batch_row(a)], y->offset[few_batch_row(b)]);
    }
    Pos p = pos_of(f, a), q = pos_of(f, b);
    return pos_cmp(&p, &q);
}

/* By the columns of the order, the position behind those of the text. */
static int order_cmp(Few *f, FewRef a, FewRef b)
{
    const RankSpec *s = f->r.spec;
    int npeer = s->npeer < s->norder ? s->npeer : s->norder;
    int order = columns_cmp(f, a, b, 0, npeer);
    if (!order) order = positions_cmp(f, a, b);
    return order ? order : columns_cmp(f, a, b, npeer, s->norder);
}

int few_cmp(Few *f, uint64_t key, FewRef a, FewRef b)
{
    bool are_peers = f->is_exact && key != 0 && key != UINT64_MAX; /* those are keys of NULL, too */
    int order = are_peers ? positions_cmp(f, a, b) : order_cmp(f, a, b);
    return order ? order : bytes_cmp(f, a, b);
}

/* As the encodings take it; short text stays in what is given. */
static Value as_value(Type type, const FewValue *from)
{
    Value v = {.type = type, .is_null = from->is_null};
    if (v.is_null) return v;
    if (type_is_text((TypeKind)type.kind)) v.s = text_str((const Text *)(const void *)from->words);
    else if (type.kind == TYPE_DOUBLE) memcpy(&v.d, from->words, sizeof v.d);
    else if (type.kind == TYPE_DECIMAL) memcpy(&v.dec, from->words, sizeof v.dec);
    else if (type.kind == TYPE_INTERVAL) memcpy(&v.iv, from->words, sizeof v.iv);
    else v.i = (int64_t)from->words[0];
    return v;
}

static void encode_value(const Few *f, FewRef ref, const OrderKey *o, StrBuf *out)
{
    FewValue words = few_value(f, ref, o->col);
    Value v = as_value(f->rows.layout.cols[o->col].type, &words);
    key_encode_value(out, &v, (KeyOrder){o->descending, o->nulls_first});
}

void few_encode(const Few *f, FewRef ref, StrBuf *out, uint32_t *peer_n, uint32_t *order_n)
{
    const RankSpec *s = f->r.spec;
    ptrdiff_t start = out->n;
    int npeer = s->npeer < s->norder ? s->npeer : s->norder;
    for (int k = 0; k <= s->norder; k++) {
        if (k == npeer) {
            *peer_n = (uint32_t)(out->n - start);
            if (f->r.by_position) key_encode_pos(out, pos_of(f, ref));
        }
        if (k < s->norder) encode_value(f, ref, &s->order[k], out);
    }
    *order_n = (uint32_t)(out->n - start);
    encode_row(f, ref, out->arena, out);
}
