/* op_topn.c: the rows of each partition whose rank lies in (offset, offset + limit].
 *
 * They stand side by side in the order, so what is shown is a range of it, before the epoch and
 * after. Rows ahead of the first change keep rank and place; rows behind the last one move together,
 * so where no rank is shown only those at the ends of the range come or go.
 * State: all rows where the input retracts, so that the next one can come in; else those that are
 * shown or skipped, since a row that has fallen out never returns. */
#include "exec/op/few.h"

#include <assert.h>

typedef struct TopN {
    Ranked r;
    int64_t last;       /* the last rank that is shown: offset + limit, saturated */
    bool keeps_all;     /* input retracts, or there is no last */
    bool shows_changes; /* EMIT CHANGES */
    StrBuf bytes;       /* of a row on its way out */
} TopN;

/* ---- ranks -------------------------------------------------------------------------------------- */

typedef struct Range {
    int64_t from, to;
} Range;

static Str peers_at(const Treap *t, int64_t i)
{
    return row_peers(treap_at(t, i));
}

/* Where the k-th group of peers begins; the end where there are fewer. */
static int64_t group_start(const Treap *t, int64_t k, Arena *scratch)
{
    int64_t at = 0, n = treap_weight(t);
    while (k-- > 0 && at < n) at = peers_end(t, peers_at(t, at), scratch);
    return at;
}

/* The first place whose rank is greater than `rank`. */
static int64_t place_after(const TopN *o, const Treap *t, int64_t rank)
{
    Arena *scratch = o->r.op.ctx->batch_scratch;
    int64_t n = treap_weight(t);
    switch (o->r.spec->rank) {
    case TOP_ROW_NUMBER: return rank < n ? rank : n;
    case TOP_RANK: return rank <= 0 ? 0 : rank >= n ? n : peers_end(t, peers_at(t, rank - 1), scratch);
    case TOP_DENSE_RANK: return group_start(t, rank, scratch);
    }
    return n;
}

static Range shown(const TopN *o, const Treap *t)
{
    Range v = {place_after(o, t, o->r.spec->offset), place_after(o, t, o->last)};
    if (v.to < v.from) v.to = v.from;
    return v;
}

/* The rank of the first row of the group that holds place i. */
static int64_t rank_at(const TopN *o, const Treap *t, int64_t i)
{
    Arena *scratch = o->r.op.ctx->batch_scratch;
    switch (o->r.spec->rank) {
    case TOP_ROW_NUMBER: return i + 1;
    case TOP_RANK: return peers_start(t, peers_at(t, i)) + 1;
    case TOP_DENSE_RANK: break;
    }
    int64_t groups = 0;
    for (int64_t at = 0; at <= i; groups++) at = peers_end(t, peers_at(t, at), scratch);
    return groups;
}

/* ---- rows on their way out ---------------------------------------------------------------------- */

/* With its rank where that is shown. */
static Str row_out(TopN *o, const TreapNode *n, int64_t rank)
{
    if (!o->r.spec->shows_rank) return row_bytes(n);
    o->bytes.n = 0;
    sb_str(&o->bytes, row_bytes(n));
    row_bytes_int(&o->r.more, rank, &o->bytes);
    return str_of(o->bytes.p, o->bytes.n);
}

/* The rows of a range: runs of equal ones, one by one where each has its own rank. */
static void walk(TopN *o, const Treap *t, Range v, int weight)
{
    if (v.from >= v.to) return;
    const TreapNode *n = treap_at(t, v.from), *before = NULL;
    bool is_row_number = o->r.spec->rank == TOP_ROW_NUMBER, one_by_one = is_row_number && o->r.spec->shows_rank;
    int64_t rank = o->r.spec->shows_rank ? rank_at(o, t, v.from) : 0;
    for (int64_t i = v.from, left = treap_rank(n) + n->count - i; i < v.to; n = treap_next(n), left = n ? n->count : 0) {
        if (left > v.to - i) left = v.to - i;
        bool is_next_group = before && !is_peer(n, row_peers(before));
        if (o->r.spec->rank == TOP_RANK && is_next_group) rank = i + 1;
        if (o->r.spec->rank == TOP_DENSE_RANK && is_next_group) rank++;
        for (int64_t k = 0; one_by_one && k < left; k++) row_delta_add(&o->r.delta, row_out(o, n, i + k + 1), weight);
        if (!one_by_one) row_delta_add(&o->r.delta, row_out(o, n, rank), weight * left);
        i += left;
        before = n;
    }
}

static Range meet(Range a, Range b)
{
    Range both = {a.from > b.from ? a.from : b.from, a.to < b.to ? a.to : b.to};
    if (both.from > both.to) both.to = both.from;
    return both;
}

/* ---- changes ------------------------------------------------------------------------------------ */

/* Rows behind the changed ones that come or go as those before them push. `was` and `is` count from
 * the end of the changed rows. */
static void shift_out(TopN *o, const Treap *t, Range was, Range is, int64_t base)
{
    Range both = meet(was, is);
    if (both.from >= both.to) both.from = both.to = is.to;
    const Range gone[] = {{was.from, both.from < was.to ? both.from : was.to}, {both.to > was.from ? both.to : was.from, was.to}};
    const Range come[] = {{is.from, both.from}, {both.to, is.to}};
    for (int i = 0; i < 2; i++) {
        walk(o, t, (Range){base + gone[i].from, base + gone[i].to}, -1);
        walk(o, t, (Range){base + come[i].from, base + come[i].to}, 1);
    }
}

/* How far behind the changed rows ranks may have changed. */
static int64_t ranks_end(const TopN *o, const Treap *t, const Changed *c, uint32_t peer_n)
{
    if (c->net != 0 || o->r.spec->rank == TOP_DENSE_RANK) return treap_weight(t);
    if (o->r.spec->rank == TOP_ROW_NUMBER) return c->to;
    int64_t end = peers_end(t, str_of(c->last.p, peer_n), o->r.op.ctx->batch_scratch);
    return end > c->to ? end : c->to;
}

static Range after(Range v, int64_t from)
{
    Range rest = {v.from > from ? v.from - from : 0, v.to > from ? v.to - from : 0};
    return rest;
}

static void change_partition(TopN *o, uint8_t *part)
{
    Partition *p = partition(part);
    Changed c;
    if (!partition_changed(p, &c)) return;
    bool shows_rank = o->r.spec->shows_rank;
    int64_t end = shows_rank ? ranks_end(o, &p->rows, &c, row_lengths(treap_max(&p->pending)).peer_n) : c.to;
    Range was = shown(o, &p->rows);
    walk(o, &p->rows, meet(was, (Range){c.from, end}), -1);
    ranked_apply(&o->r, part);
    Range is = shown(o, &p->rows);
    walk(o, &p->rows, meet(is, (Range){c.from, end + c.net}), 1);
    shift_out(o, &p->rows, after(was, end), after(is, end + c.net), end + c.net);
    row_delta_emit(&o->r.delta);
}

/* ---- what can matter ---------------------------------------------------------------------------- */

/* Over input that only grows ranks only grow. Counts what goes from the rows themselves. */
static void cut_rows(TopN *o, uint8_t *part)
{
    Partition *p = partition(part);
    int64_t keep = place_after(o, &p->rows, o->last);
    for (int64_t n; (n = treap_weight(&p->rows)) > keep;) {
        const TreapNode *last = treap_max(&p->rows);
        ranked_remove(&o->r, part, last, last->count < n - keep ? last->count : n - keep);
    }
    Arena *scratch = o->r.op.ctx->batch_scratch;
    const TreapNode *last = treap_max(&p->rows);
    bool is_dense = o->r.spec->rank == TOP_DENSE_RANK;
    bool is_full = last && (is_dense ? group_start(&p->rows, o->last - 1, scratch) < keep : keep >= o->last);
    p->bound = is_full ? last : NULL;
}

/* An epoch may bring any number of rows to a partition: those that others of it outrank need not
 * wait for its end. */
static void cut_pending(Ranked *r, Partition *p)
{
    TopN *o = (TopN *)r;
    int64_t keep = place_after(o, &p->pending, o->last);
    for (int64_t n; (n = treap_weight(&p->pending)) > keep;) {
        const TreapNode *last = treap_max(&p->pending);
        int64_t gone = last->count < n - keep ? last->count : n - keep;
        treap_add(&p->pending, &o->r.parts.heap, treap_key(last), (Str){0}, -gone);
    }
}

static bool is_beyond(const Ranked *r, const Partition *p, Str order, uint32_t peer_n)
{
    if (((const TopN *)r)->last <= 0) return true;
    if (!p->bound) return false;
    bool is_row_number = r->spec->rank == TOP_ROW_NUMBER;
    Str own = str_of(order.p, is_row_number ? order.n : peer_n);
    Str last = is_row_number ? str_of(p->bound->bytes, row_lengths(p->bound).order_n) : row_peers(p->bound);
    return str_cmp(own, last) > 0;
}

/* ---- an epoch ----------------------------------------------------------------------------------- */

static int64_t topn_flush(Op *op, int64_t watermark)
{
    TopN *o = (TopN *)op;
    Ranked *r = &o->r;
    ranked_flush(r);
    o->bytes = (StrBuf){.arena = &r->epoch};
    for (uint32_t i = 0; i < r->parts.ntouched; i++) {
        uint8_t *part = r->parts.touched[i];
        if (o->shows_changes)
            change_partition(o, part);
        else
            ranked_apply(r, part);
        if (!o->keeps_all && partition(part)->pending.root) cut_rows(o, part);
    }
    ranked_end_flush(r);
    if (r->end_col < 0) return watermark == INT64_MAX ? INT64_MAX : INT64_MIN; /* no event time */
    uint8_t **closed;
    int64_t n = ranked_take_closed(r, watermark, &closed);
    for (int64_t i = 0; i < n; i++) {
        const Treap *rows = &partition(closed[i])->rows;
        if (!o->shows_changes) walk(o, rows, shown(o, rows), 1);
        row_delta_emit(&r->delta);
        ranked_end(r, closed[i]);
    }
    if (watermark > r->closed_at) r->closed_at = watermark;
    return watermark;
}

static const OpClass topn_class = {
    .name = "top-n", .push = ranked_push, .row_error = ranked_row_error, .flush = topn_flush, .save = ranked_save, .load = ranked_load,
    .close = ranked_close, .state_bytes = ranked_bytes, .state_rows = ranked_rows, .tell = ranked_tell,
};

static bool is_few(const PhysOp *p)
{
    const RankSpec *s = p->ranks;
    bool is_short = s->limit > 0 && s->limit <= FEW_ROWS_MAX && s->offset <= FEW_ROWS_MAX - s->limit;
    return is_short && s->rank == TOP_ROW_NUMBER && !p->input_retracts;
}

Status op_topn_open(const PhysOp *p, OpContext *c, Arena *a, Op **out, Diags *d)
{
    if (is_few(p)) return op_topn_few_open(p, c, a, out, d);
    TopN *o = new_one(a, TopN);
    TRY(ranked_init(&o->r, &topn_class, p, c, a, (int)sizeof(Partition), d));
    const RankSpec *s = p->ranks;
    if (s->limit < 0 || __builtin_add_overflow(s->limit, s->offset, &o->last)) o->last = INT64_MAX;
    if (s->limit == 0) o->last = 0;
    o->keeps_all = p->input_retracts || o->last == INT64_MAX;
    o->shows_changes = !p->emit_final;
    if (!o->keeps_all) {
        o->r.is_beyond = is_beyond;
        o->r.cut_pending = cut_pending;
    }
    assert(p->nfields == p->inputs[0]->nfields + s->shows_rank);
    *out = &o->r.op;
    return WEIR_OK;
}
