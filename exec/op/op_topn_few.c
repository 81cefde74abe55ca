/* op_topn_few.c: see few.h. */
#include "exec/op/few.h"

#include <assert.h>

/* ---- partitions --------------------------------------------------------------------------------- */

static int64_t part_count(const uint8_t *part) { return ((const FewPart *)(const void *)part)->head.n; }

static void entries_free(Few *f, FewPart *p)
{
    if (p->head.cap > 1) heap_free(&f->r.parts.heap, p->many, (ptrdiff_t)p->head.cap * (ptrdiff_t)sizeof *p->many);
    p->head.n = p->head.cap = 0;
}

static void part_clear(Ranked *r, uint8_t *part)
{
    Few *f = (Few *)r;
    FewPart *p = few_part(part);
    for (uint32_t i = 0; i < p->head.n; i++) few_free(f, few_entries(p)[i].ref);
    entries_free(f, p);
}

static bool part_settle(Ranked *r, uint8_t *part)
{
    (void)r;
    return few_part(part)->head.n == 0;
}

static void begin(Few *f)
{
    if (f->r.is_settled) return;
    for (ptrdiff_t i = 0; i < f->gone.len; i++) few_free(f, f->gone.data[i].e.ref);
    f->epoch++;
    memset(&f->gone, 0, sizeof f->gone);
    memset(&f->before, 0, sizeof f->before);
    ranked_begin(&f->r);
}

static void entries_grow(Few *f, FewPart *p)
{
    if (p->head.n < p->head.cap) return;
    StateHeap *h = &f->r.parts.heap;
    uint32_t was = p->head.cap, cap = was == 0 ? 1 : was == 1 ? 4 : was * 2;
    if (cap > f->last && was > 0) cap = f->last;
    if (cap > 1) {
        FewEntry *to = heap_alloc(h, checked_mul(cap, sizeof *to));
        memcpy(to, few_entries(p), p->head.n * sizeof *to);
        if (was > 1) heap_free(h, p->many, (ptrdiff_t)was * (ptrdiff_t)sizeof *to);
        p->many = to;
    }
    p->head.cap = (uint8_t)cap;
}

void few_insert(Few *f, FewPart *p, FewEntry e, uint32_t at)
{
    assert(p->head.n < f->last && at <= p->head.n);
    entries_grow(f, p);
    FewEntry *entries = few_entries(p);
    if (at < p->head.n) memmove(entries + at + 1, entries + at, (p->head.n - at) * sizeof e);
    entries[at] = e;
    if (++p->head.n == f->last && p->head.cap > 1) p->bound = entries[f->last - 1].key;
}

/* Behind all that it does not stand before. */
uint32_t few_place(Few *f, FewPart *p, const FewEntry *e)
{
    const FewEntry *entries = few_entries(p);
    if (p->head.n > 8) {
        uint32_t low = 0, high = p->head.n;
        while (low < high) {
            uint32_t mid = (low + high) / 2;
            if (few_before(f, e, &entries[mid])) high = mid;
            else low = mid + 1;
        }
        return low;
    }
    uint32_t at = p->head.n;
    while (at > 0 && few_before(f, e, &entries[at - 1])) at--;
    return at;
}

/* ---- rows that come in -------------------------------------------------------------------------- */

static void note_before(Few *f, uint8_t *part, FewPart *p)
{
    FewBefore *b = &f->before.data[group_head(&f->r.parts, part)->touched - 1];
    if (b->has_changed) return;
    *b = (FewBefore){.n = p->head.n, .has_changed = true};
    if (p->head.n == 0) return;
    b->entries = new_raw(&f->r.epoch, FewEntry, p->head.n);
    memcpy(b->entries, few_entries(p), p->head.n * sizeof *b->entries);
}

static void drop_last(Few *f, uint8_t *part, FewPart *p)
{
    FewEntry e = few_entries(p)[--p->head.n];
    if (few_is_new(e.ref)) return;
    f->r.nrows--;
    if (few_is_of_epoch(f, e.ref)) few_free(f, e.ref);
    else vec_push(&f->gone, &f->r.epoch, (FewKept){part, e});
}

/* Whether the row, `copies` times, has got a place. */
static bool enter(Few *f, uint8_t *part, FewEntry e, int copies)
{
    FewPart *p = few_part(part);
    bool entered = false;
    for (; copies > 0; copies--) {
        uint32_t at = few_place(f, p, &e);
        if (at == f->last) break;
        if (!entered) note_before(f, part, p);
        entered = true;
        if (p->head.n == f->last) drop_last(f, part, p);
        few_insert(f, p, e, at);
        f->r.nrows += !few_is_new(e.ref);
    }
    return entered;
}

typedef struct NewRows {
    int32_t *rows;
    FewEntry **entries;
    uint8_t **kept;
    int n;
} NewRows;

static void take_new(FewPart *p, NewRows *out)
{
    if (p->head.is_taken) return;
    p->head.is_taken = true;
    for (uint32_t k = 0; k < p->head.n; k++) {
        if (!few_is_new(few_entries(p)[k].ref)) continue;
        out->rows[out->n] = few_batch_row(few_entries(p)[k].ref);
        out->entries[out->n++] = &few_entries(p)[k];
    }
}

static Str *marks_of(const Few *f, const Batch *b, const NewRows *r, Arena *scratch)
{
    if (!f->rows.has_marks) return NULL;
    Str *marks = new_raw(scratch, Str, r->n);
    for (int i = 0; i < r->n; i++) {
        StrBuf m = {.arena = scratch};
        row_bytes_marks(b->cols, b->ncols, r->rows[i], &m);
        marks[i] = str_of(m.p, m.n);
    }
    return marks;
}

/* The rows of the batch at work that are in an array are copied; `parts`: where some have entered. */
static void keep_new(Few *f, const Batch *b, uint8_t *const *parts, int nparts, int copies, Arena *scratch)
{
    NewRows r = {.rows = new_raw(scratch, int32_t, copies), .entries = new_raw(scratch, FewEntry *, copies)};
    for (int i = 0; i < nparts; i++) take_new(few_part(parts[i]), &r);
    for (int i = 0; i < nparts; i++) partition_head(parts[i])->is_taken = false;
    if (r.n == 0) return;
    r.kept = new_raw(scratch, uint8_t *, r.n);
    kept_rows_make(&f->rows, &f->r.parts.heap, b->cols, NULL, marks_of(f, b, &r, scratch), r.rows, r.n, r.kept);
    for (int i = 0; i < r.n; i++) {
        *few_front(r.kept[i]) = (FewRow){.epoch = f->epoch};
        if (f->r.by_position) few_front(r.kept[i])->pos = ranked_pos(&f->r, b, r.rows[i]);
        r.entries[i]->ref = (FewRef)r.kept[i];
    }
    f->r.nrows += r.n;
}

static int copies_of(const Few *f, const Batch *b, int row)
{
    int weight = batch_weight(b, row);
    assert(weight > 0);
    return weight < (int)f->last ? weight : (int)f->last;
}

enum { PREFETCH_PARTS = 8 };

/* `batch`: the number of the one at work, if it stays. Returns how many rows have entered; they come first in
 * `parts` then. */
static int add_rows(Few *f, const Batch *b, uint32_t batch, const int32_t *rows, uint8_t **parts, int n, Arena *scratch)
{
    uint64_t *keys = new_raw(scratch, uint64_t, n);
    int entered = 0;
    int64_t copies = 0;
    few_keys(f, b, rows, n, keys);
    for (int i = 0; i < n; i++) {
        if (i + PREFETCH_PARTS < n) __builtin_prefetch(few_part(parts[i + PREFETCH_PARTS])->many);
        FewPart *p = few_part(parts[i]);
        if (p->head.n == f->last && keys[i] > p->bound) continue;
        int own = copies_of(f, b, rows[i]);
        if (!enter(f, parts[i], (FewEntry){keys[i], few_ref(batch, rows[i])}, own)) continue;
        copies += own;
        parts[entered++] = parts[i];
    }
    if (copies > INT32_MAX) copies = INT32_MAX; /* as many as could be kept are fewer */
    if (!batch) keep_new(f, b, parts, entered, (int)copies, scratch);
    return entered;
}

static void few_push(Op *op, int port, const Batch *b)
{
    (void)port;
    Few *f = (Few *)op;
    Arena *scratch = op->ctx->batch_scratch;
    ArenaMark mark = arena_mark(scratch);
    begin(f);
    int count = batch_count(b);
    int32_t *rows = new_raw(scratch, int32_t, count);
    uint8_t **parts = new_raw(scratch, uint8_t *, count);
    int n = ranked_take(&f->r, b, rows, parts);
    for (uint32_t i = (uint32_t)f->before.len; i < f->r.parts.ntouched; i++) vec_push(&f->before, &f->r.epoch, (FewBefore){0});
    f->b = b;
    uint32_t batch = few_stay(f, b);
    bool is_needed = add_rows(f, b, batch, rows, parts, n, scratch) > 0;
    if (batch && !is_needed) f->staying.len--;
    arena_release(scratch, mark);
}

/* ---- rows that go out --------------------------------------------------------------------------- */

static void out(Few *f, const FewEntry *e, int32_t weight, uint32_t place)
{
    if (few_in_batch(e->ref)) few_going(f, e->ref, weight, (int64_t)place + 1);
    else few_out(f, e->ref, weight, (int64_t)place + 1);
}

/* What is shown of an array. */
typedef struct FewShown {
    const FewEntry *entries;
    uint32_t n;
} FewShown;

static FewShown shown(const Few *f, const FewEntry *entries, uint32_t n)
{
    return n > f->offset ? (FewShown){entries + f->offset, n - f->offset} : (FewShown){NULL, 0};
}

static bool is_at(const Few *f, const FewShown *s, uint32_t place, const FewEntry *e)
{
    return place < s->n && s->entries[place].key == e->key && few_eq(f, s->entries[place].ref, e->ref);
}

static void change_ranks(Few *f, const FewShown *was, const FewShown *is)
{
    for (uint32_t i = 0; i < was->n; i++)
        if (!is_at(f, is, i, &was->entries[i])) out(f, &was->entries[i], -1, i + f->offset);
    for (uint32_t i = 0; i < is->n; i++)
        if (!is_at(f, was, i, &is->entries[i])) out(f, &is->entries[i], 1, i + f->offset);
}

/* Rows that came or went; equal ones are one of greater weight. */
typedef struct Change {
    const FewEntry *entry;
    int32_t weight;
} Change;
typedef struct Changes {
    Change list[2 * FEW_ROWS_MAX];
    int n;
} Changes;

static void note_change(const Few *f, Changes *c, const FewEntry *e, int weight)
{
    for (int i = 0; i < c->n; i++) {
        if (c->list[i].entry->key != e->key || !few_eq(f, c->list[i].entry->ref, e->ref)) continue;
        c->list[i].weight += weight;
        return;
    }
    c->list[c->n++] = (Change){e, weight};
}

static void change_rows(Few *f, const FewShown *was, const FewShown *is)
{
    Changes c;
    c.n = 0;
    uint32_t i = 0, k = 0;
    while (i < was->n || k < is->n) {
        if (i < was->n && k < is->n && was->entries[i].ref == is->entries[k].ref) {
            i++;
            k++;
        } else if (k == is->n || (i < was->n && few_before(f, &was->entries[i], &is->entries[k]))) {
            note_change(f, &c, &was->entries[i++], -1);
        } else {
            note_change(f, &c, &is->entries[k++], 1);
        }
    }
    for (int j = 0; j < c.n; j++)
        if (c.list[j].weight < 0) out(f, c.list[j].entry, c.list[j].weight, 0);
    for (int j = 0; j < c.n; j++)
        if (c.list[j].weight > 0) out(f, c.list[j].entry, c.list[j].weight, 0);
}

static void show_change(Few *f, const FewBefore *before, FewPart *p)
{
    FewShown was = shown(f, before->entries, before->n), is = shown(f, few_entries(p), p->head.n);
    if (f->ranks) change_ranks(f, &was, &is);
    else change_rows(f, &was, &is);
}

static void show_all(Few *f, FewPart *p)
{
    FewShown none = {NULL, 0}, is = shown(f, few_entries(p), p->head.n);
    if (f->ranks) change_ranks(f, &none, &is);
    else change_rows(f, &none, &is);
}

/* ---- an epoch ----------------------------------------------------------------------------------- */

/* The arrays of partitions that come soon, and the rows in them. */
PREFETCHER void prefetch_change(const Few *f, uint32_t i)
{
    if (i >= f->r.parts.ntouched) return;
    FewPart *p = few_part(f->r.parts.touched[i]);
    for (uint32_t k = 0; f->before.data[i].has_changed && k < p->head.n && k < 4; k++)
        if (!few_in_batch(few_entries(p)[k].ref)) __builtin_prefetch(few_row(few_entries(p)[k].ref));
}

static void show_changes(Few *f)
{
    GroupTable *t = &f->r.parts;
    for (uint32_t i = 0; i < t->ntouched; i++) {
        if (i + PREFETCH_PARTS * 2 < t->ntouched) __builtin_prefetch(t->touched[i + PREFETCH_PARTS * 2]);
        prefetch_change(f, i + PREFETCH_PARTS);
        if (f->before.data[i].has_changed) show_change(f, &f->before.data[i], few_part(t->touched[i]));
    }
    few_go(f);
}

static int64_t few_flush(Op *op, int64_t watermark)
{
    Few *f = (Few *)op;
    Ranked *r = &f->r;
    begin(f);
    late_copies_count(&r->late);
    r->is_settled = false;
    if (f->shows_changes) show_changes(f);
    ranked_end_flush(r);
    if (r->end_col < 0) return watermark == INT64_MAX ? INT64_MAX : INT64_MIN; /* no event time */
    uint8_t **closed;
    int64_t n = ranked_take_closed(r, watermark, &closed);
    for (int64_t i = 0; i < n && !f->shows_changes; i++) show_all(f, few_part(closed[i]));
    few_go(f);
    for (int64_t i = 0; i < n; i++) ranked_end(r, closed[i]);
    if (watermark > r->closed_at) r->closed_at = watermark;
    return watermark;
}

static void few_close(Op *op)
{
    ranked_close(op);
    arena_free(&((Few *)op)->stay);
}

static int64_t few_bytes(const Op *op)
{
    return ranked_bytes(op) + ((const Few *)op)->stay.bytes;
}

static const OpClass few_class = {
    .name = "top-n", .push = few_push, .row_error = ranked_row_error, .flush = few_flush, .save = few_save, .load = few_load,
    .close = few_close, .state_bytes = few_bytes, .state_rows = ranked_rows, .tell = few_tell,
};

Status op_topn_few_open(const PhysOp *p, OpContext *c, Arena *a, Op **out, Diags *d)
{
    Few *f = new_one(a, Few);
    TRY(ranked_init(&f->r, &few_class, p, c, a, (int)sizeof(FewPart), d));
    f->r.count = part_count;
    f->r.clear = part_clear;
    f->r.settle = part_settle;
    f->rows = kept_rows_new(&f->r.row.layout, (int)((sizeof(FewRow) + 7) / 8 * 8), f->r.row.has_marks);
    f->last = (uint32_t)(p->ranks->limit + p->ranks->offset);
    f->offset = (uint32_t)p->ranks->offset;
    f->shows_changes = !p->emit_final;
    f->epoch = 1;
    few_order_init(f);
    f->out = new_raw(a, FewRef, BATCH_ROWS_MAX);
    f->weights = new_raw(a, int32_t, BATCH_ROWS_MAX);
    if (p->ranks->shows_rank) f->ranks = new_raw(a, int64_t, BATCH_ROWS_MAX);
    assert(f->last > 0 && f->last <= FEW_ROWS_MAX && p->nfields == f->r.nfields + p->ranks->shows_rank);
    *out = &f->r.op;
    return WEIR_OK;
}
