/* op_contend.c: lets rows through that may hold the MAX (or MIN) of a window that they can meet in a join
 * above (planner/rewrite/contenders.c).
 *
 * It keeps the best value that each open window has shown, by group where there are keys. A row goes on
 * unless it is below the best of every window that it can meet; a window of which nothing is known
 * refuses nobody. It never knows more than the aggregate: a row that the aggregate might not count
 * (late, in error, NULL) raises nothing, and goes on, so that the join says of it what it would have said.
 *
 * Nothing is saved: after a restart it begins with no knowledge and lets a few rows more through. */
#include "base/datetime.h"
#include "exec/kernel/kernel.h"
#include "exec/op/op.h"
#include "exec/state/group_table.h"
#include "exec/window/window.h"

#include <assert.h>

/* Values are compared as heights: numbers in their order, or for MIN in the opposite one. */
static const int64_t HEIGHT_UNKNOWN = INT64_MIN; /* no value is below it */

typedef struct WindowBest {
    int64_t end;
    int64_t best;
    GroupTable groups;   /* with keys: the payload is the best of the group */
} WindowBest;

typedef struct ContendOp {
    Op op;
    const ContendSpec *spec;
    int64_t size, slide, phase, tick; /* windows end at phase + k · slide */
    KeyLayout keys;
    WindowBest *windows; /* ascending by end; those behind nwindows are empty, for the next ones */
    int32_t nwindows, nmade, cap;
    int64_t closed_at;   /* the watermark of the last flush */
} ContendOp;

/* Times that are in the same windows and meet the same ones; first > last: none. */
typedef struct Stretch {
    TimeSpan span;
    int64_t own_first, own_last, met_first, met_last; /* ends */
} Stretch;

/* The rows of a batch that take part, densely. */
typedef struct Rows {
    const Batch *b;
    int32_t *rows;       /* NULL: all of the batch */
    const int64_t *time, *height;
    int64_t least, greatest; /* times */
    int n;
    uint8_t *goes;       /* per row of the batch: it goes on */
    int ngoing;
    Arena *scratch;
} Rows;

static inline int row_at(const Rows *r, int i) { return r->rows ? r->rows[i] : i; }

static inline void let_go(Rows *r, int row)
{
    r->goes[row] = 1;
    r->ngoing++;
}

/* ---- windows ------------------------------------------------------------------------------------ */

static int64_t end_from(const ContendOp *c, int64_t t) { return t + floor_mod(c->phase - t, c->slide); }
static int64_t end_until(const ContendOp *c, int64_t t) { return t - floor_mod(t - c->phase, c->slide); }

static int64_t lesser(int64_t a, int64_t b) { return a < b ? a : b; }
static int64_t greater(int64_t a, int64_t b) { return a > b ? a : b; }

static Stretch stretch_at(const ContendOp *c, int64_t t)
{
    int64_t after = c->spec->after_us, until = c->spec->until_us;
    Stretch s = {.own_first = end_from(c, t + 1), .own_last = end_until(c, t + c->size),
                 .met_first = end_from(c, t + after), .met_last = end_until(c, t + until)};
    s.span.start = greater(greater(s.own_first - c->slide, s.own_last - c->size),
                           greater(s.met_first - c->slide - after + 1, s.met_last - until));
    s.span.end = lesser(lesser(s.own_first, s.own_last - c->size + c->slide),
                        lesser(s.met_first - after + 1, s.met_last - until + c->slide));
    return s;
}

/* The first window that ends at `end` or later. */
static int32_t place_of(const ContendOp *c, int64_t end)
{
    int32_t at = c->nwindows;
    while (at > 0 && c->windows[at - 1].end >= end) at--; /* few are open, and most rows are in the last */
    return at;
}

static void insert_window(ContendOp *c, int32_t at, int64_t end)
{
    if (c->nwindows == c->cap) {
        int32_t cap = c->cap ? c->cap * 2 : 4;
        c->windows = mem_realloc(c->windows, checked_mul(c->cap, sizeof *c->windows), checked_mul(cap, sizeof *c->windows));
        c->cap = cap;
    }
    if (c->nwindows == c->nmade) {
        c->windows[c->nmade] = (WindowBest){0};
        group_table_init(&c->windows[c->nmade++].groups, &c->keys, (int)sizeof(int64_t));
    }
    WindowBest w = c->windows[c->nwindows];
    memmove(c->windows + at + 1, c->windows + at, (size_t)(c->nwindows - at) * sizeof w);
    w.end = end;
    w.best = HEIGHT_UNKNOWN;
    c->windows[at] = w;
    c->nwindows++;
}

/* The windows that hold the rows of a stretch are there, one behind the other. */
static WindowBest *own_windows(ContendOp *c, const Stretch *s)
{
    int32_t first = place_of(c, s->own_first), at = first;
    for (int64_t end = s->own_first; end <= s->own_last; end += c->slide, at++)
        if (at == c->nwindows || c->windows[at].end != end) insert_window(c, at, end);
    return c->windows + first;
}

static int64_t count_of(const ContendOp *c, int64_t first, int64_t last)
{
    return first > last ? 0 : (last - first) / c->slide + 1;
}

/* The least of the bests of the windows that rows can meet: below it a row meets nothing. */
static int64_t met_bar(const ContendOp *c, const Stretch *s)
{
    int64_t n = count_of(c, s->met_first, s->met_last), bar = INT64_MAX;
    int32_t first = place_of(c, s->met_first);
    if (n == 0 || n > c->nwindows - first || c->windows[first + n - 1].end != s->met_last) return HEIGHT_UNKNOWN;
    for (int64_t i = 0; i < n; i++) bar = lesser(bar, c->windows[first + i].best);
    return bar;
}

/* ---- rows without keys -------------------------------------------------------------------------- */

static int64_t own_bar(const WindowBest *own, int64_t n)
{
    int64_t bar = INT64_MAX;
    for (int64_t i = 0; i < n; i++) bar = lesser(bar, own[i].best);
    return bar;
}

/* Rows from..to are of one stretch. */
static void run_whole(ContendOp *c, const Stretch *s, Rows *r, int from, int to)
{
    WindowBest *own = own_windows(c, s);
    int64_t nown = count_of(c, s->own_first, s->own_last), met = met_bar(c, s), raised = own_bar(own, nown);
    for (int i = from;; i++) {
        i = kernel_next_at_least_i64(r->height, i, to, raised < met ? raised + 1 : met);
        if (i >= to) return;
        int64_t h = r->height[i];
        if (h >= met) let_go(r, row_at(r, i));
        if (h <= raised) continue;
        for (int64_t k = 0; k < nown; k++) own[k].best = greater(own[k].best, h);
        raised = own_bar(own, nown);
        met = met_bar(c, s);
    }
}

/* ---- rows with keys ----------------------------------------------------------------------------- */

static int64_t *group_best(uint8_t *group) { return (int64_t *)(void *)group; }

static uint8_t **find_groups(WindowBest *w, const PackedKeys *keys, uint8_t **fresh, Arena *scratch)
{
    uint8_t **groups = new_raw(scratch, uint8_t *, keys->n);
    int n = group_table_find(&w->groups, keys, groups, fresh);
    for (int i = 0; i < n; i++) *group_best(fresh[i]) = HEIGHT_UNKNOWN;
    group_table_settle(&w->groups);
    return groups;
}

static const int32_t *rows_from(const Rows *r, int from, int n)
{
    if (r->rows) return r->rows + from;
    int32_t *rows = new_raw(r->scratch, int32_t, n);
    for (int i = 0; i < n; i++) rows[i] = from + i;
    return rows;
}

/* Groups are known of the windows that hold a row: of others that it can meet, nothing is. */
static void run_keyed(ContendOp *c, const Stretch *s, Rows *r, int from, int to)
{
    int n = to - from;
    int64_t nown = count_of(c, s->own_first, s->own_last), nmet = count_of(c, s->met_first, s->met_last);
    bool is_known = nmet > 0 && s->met_first >= s->own_first && s->met_last <= s->own_last;
    int64_t first_met = is_known ? count_of(c, s->own_first, s->met_first) - 1 : 0;
    WindowBest *own = own_windows(c, s);
    PackedKeys keys = key_pack(&c->keys, r->b->cols, c->spec->keys, rows_from(r, from, n), n, r->scratch);
    uint8_t **fresh = new_raw(r->scratch, uint8_t *, n), ***groups = new_raw(r->scratch, uint8_t **, nown);
    for (int64_t k = 0; k < nown; k++) groups[k] = find_groups(&own[k], &keys, fresh, r->scratch);
    for (int i = 0; i < n; i++) {
        int64_t h = r->height[from + i], bar = is_known ? INT64_MAX : HEIGHT_UNKNOWN;
        for (int64_t k = first_met; is_known && k < first_met + nmet; k++) bar = lesser(bar, *group_best(groups[k][i]));
        if (h >= bar) let_go(r, row_at(r, from + i));
        for (int64_t k = 0; k < nown; k++) *group_best(groups[k][i]) = greater(*group_best(groups[k][i]), h);
    }
}

/* ---- the rows of a batch ------------------------------------------------------------------------ */

static bool has_nulls_or_errors(const ContendOp *c, const Batch *b)
{
    bool any = b->cols[c->spec->time].valid || b->cols[c->spec->value].valid;
    for (int32_t i = 0; i < c->spec->nkeys; i++) any |= b->cols[c->spec->keys[i]].valid != NULL;
    for (int32_t i = 0; i < b->ncols; i++) any |= b->cols[i].err != NULL;
    return any;
}

static bool is_null_or_error(const ContendOp *c, const Batch *b, int row)
{
    bool is = col_is_null(&b->cols[c->spec->time], row) || col_is_null(&b->cols[c->spec->value], row);
    for (int32_t i = 0; i < c->spec->nkeys; i++) is |= col_is_null(&b->cols[c->spec->keys[i]], row);
    for (int32_t i = 0; i < b->ncols; i++) is |= col_is_err(&b->cols[i], row);
    return is;
}

/* Of the selected rows, those that have what it takes; the others go on. */
static void take_rows(const ContendOp *c, Rows *r)
{
    const Batch *b = r->b;
    bool may_lack = has_nulls_or_errors(c, b);
    int n = batch_count(b);
    r->n = n;
    if (!b->sel && !may_lack) return;
    r->rows = new_raw(r->scratch, int32_t, n);
    r->n = 0;
    for (int i = 0; i < n; i++) {
        int row = batch_row(b, i);
        if (may_lack && is_null_or_error(c, b, row)) let_go(r, row);
        else r->rows[r->n++] = row;
    }
}

static const int64_t *words_of(const Column *col, const Rows *r)
{
    if (!r->rows && !col->is_const) return col->data;
    int64_t *out = new_raw(r->scratch, int64_t, r->n);
    for (int i = 0; i < r->n; i++) out[i] = COL(int64_t, col)[col_at(col, row_at(r, i))];
    return out;
}

static void take_times(const ContendOp *c, Rows *r)
{
    r->time = words_of(&r->b->cols[c->spec->time], r);
    if (r->n > 0) kernel_bounds_i64(r->time, r->n, &r->least, &r->greatest);
}

/* Whether the join, or the aggregate in one of its windows, may find a row at t late: judged by j. */
static bool may_be_late(const ContendOp *c, int64_t t, int64_t j)
{
    int64_t closed = greater(j, c->closed_at);
    return c->spec->judges_time ? t <= closed : end_from(c, t + 1) <= watermark_minus(closed, -c->tick);
}

static void leave_out_late(const ContendOp *c, Rows *r)
{
    int n = r->n;
    if (n == 0 || !may_be_late(c, r->least, r->b->judge_max)) return;
    int32_t *rows = new_raw(r->scratch, int32_t, n);
    r->n = 0;
    for (int i = 0; i < n; i++) {
        int row = row_at(r, i);
        if (may_be_late(c, r->time[i], batch_judge(r->b, row))) let_go(r, row);
        else rows[r->n++] = row;
    }
    r->rows = rows;
    take_times(c, r);
}

/* The bits of a double that is no NaN, as a number in the same order; -0.0 is 0.0. */
static int64_t height_of_double(double x)
{
    x += 0.0;
    int64_t bits;
    memcpy(&bits, &x, sizeof bits);
    return bits < 0 ? bits ^ INT64_MAX : bits;
}

static const int64_t *heights_of(const Column *col, const Rows *r)
{
    if (col->type.kind != TYPE_DOUBLE && col->type.kind != TYPE_DATE) return words_of(col, r);
    int64_t *out = new_raw(r->scratch, int64_t, r->n);
    for (int i = 0; i < r->n; i++) {
        int at = col_at(col, row_at(r, i));
        out[i] = col->type.kind == TYPE_DATE ? COL(int32_t, col)[at] : height_of_double(COL(double, col)[at]);
    }
    return out;
}

static void take_heights(const ContendOp *c, Rows *r)
{
    r->height = heights_of(&r->b->cols[c->spec->value], r);
    if (!c->spec->is_least) return;
    int64_t *turned = new_raw(r->scratch, int64_t, r->n);
    for (int i = 0; i < r->n; i++) turned[i] = ~r->height[i];
    r->height = turned;
}

/* Rows come nearly in order: a batch is one stretch, or a few. */
static void run_stretches(ContendOp *c, Rows *r)
{
    for (int from = 0, to; from < r->n; from = to) {
        Stretch s = stretch_at(c, from ? r->time[from] : r->least);
        bool is_all = from == 0 && r->greatest < s.span.end;
        if (!is_all && from == 0) s = stretch_at(c, r->time[0]);
        for (to = is_all ? r->n : from; to < r->n && r->time[to] >= s.span.start && r->time[to] < s.span.end;) to++;
        assert(to > from);
        (c->spec->nkeys ? run_keyed : run_whole)(c, &s, r, from, to);
    }
}

static void emit_going(ContendOp *c, const Rows *r)
{
    if (r->ngoing == 0) return;
    if (r->ngoing == batch_count(r->b)) {
        op_emit(&c->op, r->b);
        return;
    }
    uint16_t *sel = new_raw(r->scratch, uint16_t, r->ngoing);
    Batch out = *r->b;
    out.sel = sel;
    out.nsel = 0;
    for (int row = 0; out.nsel < r->ngoing; row++)
        if (r->goes[row]) sel[out.nsel++] = (uint16_t)row;
    op_emit(&c->op, &out);
}

static void contend_push(Op *op, int port, const Batch *b)
{
    (void)port;
    ContendOp *c = (ContendOp *)op;
    if (op->ctx->look) {
        op_emit(op, b);
        return;
    }
    ArenaMark mark = arena_mark(op->ctx->batch_scratch);
    Rows r = {.b = b, .scratch = op->ctx->batch_scratch};
    r.goes = new (r.scratch, uint8_t, b->rows);
    take_rows(c, &r);
    take_times(c, &r);
    leave_out_late(c, &r);
    take_heights(c, &r);
    run_stretches(c, &r);
    emit_going(c, &r);
    arena_release(op->ctx->batch_scratch, mark);
}

/* ---- an epoch ----------------------------------------------------------------------------------- */

/* Windows go when no row in time can meet them any more. */
static int64_t contend_flush(Op *op, int64_t watermark)
{
    ContendOp *c = (ContendOp *)op;
    int64_t gone = watermark_minus(watermark, -lesser(c->spec->after_us, c->tick));
    int32_t n = 0;
    while (n < c->nwindows && c->windows[n].end <= gone) n++;
    for (int32_t i = 0; i < n; i++) {
        WindowBest w = c->windows[0];
        group_table_clear(&w.groups);
        memmove(c->windows, c->windows + 1, (size_t)(c->nmade - 1) * sizeof w);
        c->windows[c->nmade - 1] = w;
        c->nwindows--;
    }
    c->closed_at = greater(c->closed_at, watermark);
    return watermark;
}

static void contend_close(Op *op)
{
    ContendOp *c = (ContendOp *)op;
    for (int32_t i = 0; i < c->nmade; i++) group_table_free(&c->windows[i].groups);
    mem_free(c->windows, c->cap * (ptrdiff_t)sizeof *c->windows);
}

static int64_t contend_bytes(const Op *op)
{
    const ContendOp *c = (const ContendOp *)op;
    int64_t bytes = c->cap * (int64_t)sizeof *c->windows;
    for (int32_t i = 0; i < c->nmade; i++) bytes += group_table_bytes(&c->windows[i].groups);
    return bytes;
}

static const OpClass contend_class = {
    .name = "contenders", .push = contend_push, .flush = contend_flush, .close = contend_close, .state_bytes = contend_bytes,
};

Status op_contend_open(const PhysOp *p, OpContext *ctx, Arena *a, Op **out, Diags *d)
{
    ContendOp *c = new_one(a, ContendOp);
    const ContendSpec *spec = p->contend;
    PaneGrid grid;
    op_init(&c->op, &contend_class, p, ctx, a);
    TRY(pane_grid_new(spec->window, a, &grid, d));
    c->spec = spec;
    c->size = grid.size;
    c->slide = grid.slide;
    c->phase = grid.offset_us + grid.size;
    c->tick = spec->window->tick_us > 0 ? spec->window->tick_us : 1;
    c->closed_at = INT64_MIN;
    Type *types = new (a, Type, spec->nkeys);
    for (int32_t i = 0; i < spec->nkeys; i++) types[i] = p->fields[spec->keys[i]].type;
    c->keys = key_layout_new(a, types, spec->nkeys);
    *out = &c->op;
    return WEIR_OK;
}
