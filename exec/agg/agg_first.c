/* agg_first.c: the value of the row that comes first: FIRST_VALUE, LAST_VALUE, ARG_MIN, ARG_MAX.
 *
 * A row's rank is bytes that compare with memcmp: for ARG_* the second argument, then the order of
 * rows. The least rank wins, for LAST_VALUE the greatest; so of equals the least position does,
 * and for LAST_VALUE the greatest. Append-only input keeps the best row, else all are kept. */
#include "base/keyenc.h"
#include "exec/agg/agg.h"
#include "exec/state/treap.h"

#include <assert.h>

/* The best row so far: its rank, then its encoded value. */
typedef struct BestRow {
    char *bytes;       /* NULL: none */
    uint32_t rank_n, n;
} BestRow;

typedef enum Pick { PICK_FIRST, PICK_LAST, PICK_LEAST, PICK_GREATEST } Pick;

static Pick pick_of(const AggCall *call)
{
    const char *name = call->def->name;
    if (name[0] == 'f') return PICK_FIRST;
    if (name[0] == 'l') return PICK_LAST;
    return name[5] == 'i' ? PICK_LEAST : PICK_GREATEST; /* arg_min, arg_max */
}

static int first_size(const AggCall *call)
{
    return call->input_retracts ? sizeof(Treap) : sizeof(BestRow);
}

/* False: the row has no rank, a NULL second argument. */
static bool rank_encode(AggCtx *c, const AggRows *in, int i, StrBuf *rank)
{
    Pick pick = pick_of(c->call);
    rank->n = 0;
    if (pick == PICK_LEAST || pick == PICK_GREATEST) {
        if (col_is_null(&in->args[1], in->rows[i])) return false;
        key_encode(rank, &in->args[1], in->rows[i], (KeyOrder){.descending = pick == PICK_GREATEST});
    }
    sb_str(rank, in->order_key[i]);
    return true;
}

static bool is_better(const AggCall *call, Str rank, Str than)
{
    int order = str_cmp(rank, than);
    return pick_of(call) == PICK_LAST ? order > 0 : order < 0;
}

static void best_keep(AggCtx *c, BestRow *s, Str rank, Str value)
{
    uint32_t n = (uint32_t)(rank.n + value.n);
    s->bytes = heap_realloc(c->heap, s->bytes, s->n, n);
    memcpy(s->bytes, rank.p, (size_t)rank.n);
    memcpy(s->bytes + rank.n, value.p, (size_t)value.n);
    s->rank_n = (uint32_t)rank.n;
    s->n = n;
}

static Str best_rank(const BestRow *s)
{
    return str_of(s->bytes, s->rank_n);
}

static Str best_value(const BestRow *s)
{
    return str_of(s->bytes + s->rank_n, s->n - s->rank_n);
}

static void first_step(AggCtx *c, const AggRows *in)
{
    StrBuf rank = {.arena = c->scratch}, value = {.arena = c->scratch};
    for (int i = 0; i < in->n; i++) {
        void *state = in->groups[i] + in->offset;
        BestRow *best = state;
        if (!rank_encode(c, in, i, &rank)) continue;
        Str r = str_of(rank.p, rank.n);
        if (!c->call->input_retracts && best->bytes && !is_better(c->call, r, best_rank(best))) continue;
        value.n = 0;
        key_encode(&value, &in->args[0], in->rows[i], KEY_PLAIN);
        if (c->call->input_retracts)
            treap_add(state, c->heap, r, str_of(value.p, value.n), batch_weight(in->batch, in->rows[i]));
        else
            best_keep(c, best, r, str_of(value.p, value.n));
    }
}

static void first_merge(AggCtx *c, void *dst, const void *src, int sign)
{
    if (c->call->input_retracts) {
        treap_merge(dst, c->heap, src, sign);
        return;
    }
    BestRow *to = dst;
    const BestRow *from = src;
    assert(sign > 0);
    if (from->bytes && (!to->bytes || is_better(c->call, best_rank(from), best_rank(to))))
        best_keep(c, to, best_rank(from), best_value(from));
}

static Str many_value(const AggCall *call, const Treap *t)
{
    bool last = pick_of(call) == PICK_LAST;
    const TreapNode *n = last ? treap_max(t) : treap_min(t);
    while (n && n->count <= 0) n = last ? treap_prev(n) : treap_next(n);
    return n ? treap_payload(n) : (Str){0};
}

static void first_final(AggCtx *c, const uint8_t *const *groups, ptrdiff_t offset, int n, Column *out, Arena *a)
{
    for (int i = 0; i < n; i++) {
        const void *state = groups[i] + offset;
        const BestRow *best = state;
        Str bytes = c->call->input_retracts ? many_value(c->call, state) : best->bytes ? best_value(best) : (Str){0};
        Value v = value_null(out->type);
        if (bytes.n) {
            StrReader in = {.at = bytes.p, .end = bytes.p + bytes.n};
            bool ok = key_decode(&in, c->call->arg_types[0], KEY_PLAIN, a, &v);
            assert(ok);
            (void)ok;
            v.type = out->type;
        }
        column_put(out, a, i, &v);
    }
}

static void first_destroy(AggCtx *c, void *state)
{
    BestRow *best = state;
    if (c->call->input_retracts)
        treap_clear(state, c->heap);
    else
        heap_free(c->heap, best->bytes, best->n);
}

static void first_save(AggCtx *c, const void *state, StrBuf *out)
{
    const BestRow *best = state;
    if (c->call->input_retracts) {
        treap_save(state, out);
        return;
    }
    sb_varint(out, best->n);
    sb_varint(out, best->rank_n);
    sb_bytes(out, best->bytes, best->n);
}

static Status first_load(AggCtx *c, void *state, StrReader *in)
{
    if (c->call->input_retracts) return treap_load(state, c->heap, in) && !in->bad ? WEIR_OK : WEIR_E_CORRUPT;
    uint64_t n = sr_varint(in), rank_n = sr_varint(in);
    if (in->bad || rank_n > n || n > UINT32_MAX || (int64_t)n > in->end - in->at) return WEIR_E_CORRUPT;
    Str bytes = sr_bytes(in, (ptrdiff_t)n);
    if (n) best_keep(c, state, str_of(bytes.p, (ptrdiff_t)rank_n), str_of(bytes.p + rank_n, (ptrdiff_t)(n - rank_n)));
    return WEIR_OK;
}

static const AggImpl first_impl = {
    .state_size = first_size, .step = first_step, .merge = first_merge, .final = first_final,
    .destroy = first_destroy, .save = first_save, .load = first_load,
    .keeps_best = true, .ignores_distinct = true,
};

enum { FIRST_FLAGS = AGG_RETRACTABLE | AGG_MERGEABLE | AGG_ORDERED | AGG_NULL_INPUT };

extern const AggDef agg_first[];
const AggDef agg_first[] = {
    {.name = "first_value", .aliases = "first,earliest_by_offset", .args = "a", .result = "1", .flags = FIRST_FLAGS, .impl = &first_impl,
     .doc = "value of the first row, by ORDER BY, else by event time and position"},
    {.name = "last_value", .aliases = "last,latest_by_offset", .args = "a", .result = "1", .flags = FIRST_FLAGS, .impl = &first_impl,
     .doc = "value of the last row, by ORDER BY, else by event time and position"},
    {.name = "arg_min", .aliases = "min_by,argmin", .args = "aa", .result = "1", .flags = FIRST_FLAGS, .impl = &first_impl,
     .doc = "value of the row where the second argument is least"},
    {.name = "arg_max", .aliases = "max_by,argmax", .args = "aa", .result = "1", .flags = FIRST_FLAGS, .impl = &first_impl,
     .doc = "value of the row where the second argument is greatest"},
    {0},
};
