/* properties.c: what is known of each relation of a query: whether rows are ever taken back, its
 * key, its event time, its window, how much state lies below it.
 *
 * Event time follows the table of derived relations: stateless operators keep it, a windowed
 * aggregate has window_time, everything else has none. A windowed aggregate has no window_time
 * column of its own; the project above it computes window_end - 1 tick, and that is recognised. */
#include "planner/node.h"

#include <assert.h>

Props no_props(void)
{
    return (Props){.time_col = -1, .row_time = -1, .other_time = -1, .window_start = -1, .window_end = -1, .state_bound = S("none")};
}

/* The field that shows column `col` of the relation, -1: none does. */
static int32_t field_of(const LNode *n, int32_t col)
{
    if (col < 0) return -1;
    for (int i = 0; i < n->nfields; i++)
        if (n->scan_cols[i] == col) return i;
    return -1;
}

/* Whether rows are the versions of a table's rows: they only grow, and many are of one key. */
static bool is_of_versions(const LNode *n)
{
    for (int i = 0; i < n->nfields; i++)
        if (n->scan_cols[i] == SCAN_END_OF_ROW) return true;
    return false;
}

static void scan_props(Arena *a, LNode *n)
{
    Props *p = &n->props;
    const Relation *r = n->rel;
    p->is_append_only = r->kind == REL_STREAM || is_of_versions(n);
    p->has_position = true;
    p->has_watermark = r->watermark.col >= 0;
    p->time_col = field_of(n, r->watermark.col);
    if (r->kind == REL_TABLE) return;
    p->key = new (a, int32_t, r->nkey);
    for (int i = 0; i < r->nkey; i++) {
        p->key[i] = field_of(n, r->key[i]);
        if (p->key[i] < 0) return;
    }
    p->nkey = r->nkey;
}

static void view_input_props(LNode *n)
{
    Props *p = &n->props;
    const Relation *r = n->rel;
    if (r->plan && r->plan->nops > 0) *p = r->plan->ops[r->plan->nops - 1]->props;
    p->is_append_only = r->is_append_only;
    p->has_position = false; /* what a view held before the query began has none */
    p->key = r->key;
    p->nkey = r->nkey;
    p->time_col = r->kind == REL_TABLE ? -1 : r->watermark.col; /* nothing is late in a table */
    p->has_watermark |= p->time_col >= 0;
    p->row_time = -1;
    p->state_bound = S("none");
    if (p->above_state && p->window_end >= 0) n->window_time = p->time_col;
}

static void pass_props(LNode *n)
{
    const LNode *in = n->inputs[0];
    n->props = in->props;
    n->window_time = in->window_time;
    n->start_determines_end = in->start_determines_end;
    n->sorted = in->sorted;
    n->nsorted = in->nsorted;
}

/* ---- project -------------------------------------------------------------------------------- */

static int32_t output_of(const LNode *n, int32_t col)
{
    if (col < 0) return -1;
    for (int i = 0; i < n->nfields; i++)
        if (n->exprs[i]->kind == BE_COLUMN && n->exprs[i]->col == col) return i;
    return -1;
}

/* The output that holds event time `col`, perhaps with more digits than it has. */
static int32_t time_output(const LNode *n, int32_t col)
{
    int32_t i = output_of(n, col);
    if (i >= 0 || col < 0) return i;
    for (i = 0; i < n->nfields; i++) {
        const BExpr *e = n->exprs[i];
        if (e->kind != BE_CAST || e->type.kind != TYPE_TIMESTAMP || e->args[0]->kind != BE_COLUMN)
            continue;
        const BExpr *arg = e->args[0];
        if (arg->col == col && arg->type.kind == TYPE_TIMESTAMP &&
            arg->type.precision <= e->type.precision)
            return i;
    }
    return -1;
}

/* window_end - 1 tick */
static bool is_window_time(const BExpr *e, int32_t window_end)
{
    if (e->kind == BE_CAST && e->type.kind == TYPE_TIMESTAMP) e = e->args[0];
    if (window_end < 0 || !bexpr_is_call(e, "-") || e->nargs != 2) return false;
    const BExpr *end = e->args[0], *tick = e->args[1];
    if (end->kind != BE_COLUMN || end->col != window_end || end->type.kind != TYPE_TIMESTAMP)
        return false;
    if (tick->kind != BE_CONST || tick->type.kind != TYPE_INTERVAL || tick->value.is_null)
        return false;
    Interval iv = tick->value.iv;
    return iv.months == 0 && iv.days == 0 && iv.us == type_tick_us(end->type);
}

static int32_t window_time_output(const LNode *n, const LNode *in)
{
    int32_t i = output_of(n, in->window_time);
    if (i >= 0) return i;
    for (i = 0; i < n->nfields; i++)
        if (is_window_time(n->exprs[i], in->props.window_end)) return i;
    return -1;
}

/* Where a column of the input's key is in the output; the bounds of a window and its time stand
 * for each other where one determines the others. */
static int32_t key_output(const LNode *n, const LNode *in, int32_t col)
{
    int32_t i = output_of(n, col);
    if (i >= 0 || col != in->props.window_end) return i;
    if (n->window_time >= 0) return n->window_time;
    return in->start_determines_end ? output_of(n, in->props.window_start) : -1;
}

/* The output that is coalesce(l, r). */
static int32_t coalesced(const LNode *n, int32_t l, int32_t r)
{
    for (int i = 0; i < n->nfields && l >= 0 && r >= 0; i++) {
        const BExpr *e = n->exprs[i];
        if (e->kind == BE_COALESCE && e->nargs == 2 && e->args[0]->kind == BE_COLUMN && e->args[1]->kind == BE_COLUMN &&
            (e->args[0]->col == l ? e->args[1]->col == r : e->args[0]->col == r && e->args[1]->col == l))
            return i;
    }
    return -1;
}

/* A FULL join of windows has its window's bounds from one side or the other. */
static void full_window_props(LNode *n, const LNode *in)
{
    if (in->kind != L_JOIN || in->join->kind != JOIN_FULL || in->join->match != JOIN_WINDOW) return;
    const LNode *l = in->inputs[0], *r = in->inputs[1];
    n->props.window_start = coalesced(n, l->props.window_start, l->nfields + r->props.window_start);
    n->props.window_end = coalesced(n, l->props.window_end, l->nfields + r->props.window_end);
    n->start_determines_end = l->start_determines_end && r->start_determines_end;
}

static void project_sorted(Arena *a, LNode *n, const LNode *in)
{
    n->sorted = new (a, OrderKey, in->nsorted > 0 ? in->nsorted : 0);
    for (int i = 0; i < in->nsorted && n->nsorted >= 0; i++) {
        n->sorted[i] = in->sorted[i];
        n->sorted[i].col = output_of(n, in->sorted[i].col);
        if (n->sorted[i].col < 0) n->nsorted = -1;
    }
}

static void project_row_key(Arena *a, LNode *n, const LNode *in)
{
    Props *p = &n->props;
    p->row_key = new (a, int32_t, in->props.nrow_key);
    for (int i = 0; i < in->props.nrow_key && p->has_row_key; i++) {
        p->row_key[i] = output_of(n, in->props.row_key[i]);
        p->has_row_key = p->row_key[i] >= 0;
    }
}

static void project_props(Arena *a, LNode *n)
{
    const LNode *in = n->inputs[0];
    pass_props(n);
    project_sorted(a, n, in);
    Props *p = &n->props;
    n->window_time = window_time_output(n, in);
    p->time_col = time_output(n, in->props.time_col);
    p->other_time = time_output(n, in->props.other_time);
    p->row_time = output_of(n, in->props.row_time);
    if (p->time_col < 0 && p->other_time >= 0) {
        p->time_col = p->other_time;
        p->other_time = -1;
    }
    bool time_is_window_time = in->props.time_col < 0 || in->props.time_col == in->window_time;
    if (p->time_col < 0 && p->has_watermark && time_is_window_time) p->time_col = n->window_time;
    p->window_start = output_of(n, in->props.window_start);
    p->window_end = output_of(n, in->props.window_end);
    full_window_props(n, in);
    project_row_key(a, n, in);
    p->key = new (a, int32_t, in->props.nkey);
    p->nkey = 0;
    for (int i = 0; i < in->props.nkey; i++) {
        p->key[i] = key_output(n, in, in->props.key[i]);
        if (p->key[i] < 0) return;
    }
    p->nkey = in->props.nkey;
}

/* ---- window table function ------------------------------------------------------------------ */

static bool is_cumulating(const WindowSpec *w)
{
    return ((w->def->required | w->def->optional) & WINDOW_STEP) != 0;
}

/* Rows of a session change with it until it closes: their event time is that of its end, as if they
 * came out of an aggregate. Each is in one session. */
static void session_props(LNode *n)
{
    const LNode *in = n->inputs[0];
    int32_t k = in->nfields;
    bool closes = in->props.has_watermark && !n->window->by_value;
    n->props = no_props();
    n->props.above_state = true;
    n->props.is_append_only = n->emit_final;
    n->props.key = in->props.key;
    n->props.nkey = in->props.nkey;
    n->props.row_time = n->time->kind == BE_COLUMN ? n->time->col : -1;
    n->props.state_bound = worse_bound(in->props.state_bound, closes ? S("O(rows of open sessions)") : S("UNBOUNDED: rows"));
    if (!closes) return;
    n->props.has_watermark = true;
    n->props.window_start = k;
    n->props.window_end = k + 1;
    n->props.time_col = n->window_time = k + 2;
}

static void window_props(LNode *n)
{
    if (is_session_rows(n)) {
        session_props(n);
        return;
    }
    pass_props(n);
    int32_t k = n->inputs[0]->nfields;
    n->props.window_start = k;
    n->props.window_end = k + 1;
    n->window_time = k + 2;
    n->start_determines_end = !is_cumulating(n->window);
    n->props.nkey = 0; /* a row may be in several windows */
    n->props.has_row_key = false;
    /* Windows over another column than event time are columns like any other: they never close. */
    if (n->window->by_value) n->props.window_start = n->props.window_end = n->window_time = -1;
}

/* ---- aggregate ------------------------------------------------------------------------------ */

static int32_t key_over(const LNode *n, int32_t col)
{
    if (col < 0) return -1;
    for (int i = 0; i < n->nkeys; i++)
        if (n->keys[i]->kind == BE_COLUMN && n->keys[i]->col == col) return i;
    return -1;
}

static bool in_every_set(const LNode *n, int32_t key)
{
    for (int i = 0; i < n->nsets; i++)
        if (!(n->sets[i].keys >> key & 1)) return false;
    return true;
}

/* The keys hold both bounds of a window that was made below. */
static void find_key_window(LNode *n)
{
    const LNode *in = n->inputs[0];
    n->key_window_start = n->key_window_end = -1;
    if (n->window || !in->props.has_watermark) return;
    int32_t start = key_over(n, in->props.window_start), end = key_over(n, in->props.window_end);
    if (start < 0 || end < 0 || !in_every_set(n, start) || !in_every_set(n, end)) return;
    n->key_window_start = start;
    n->key_window_end = end;
}

static Str aggregate_bound(const LNode *n)
{
    const WindowSpec *w = n->window;
    if (n->key_window_end >= 0) return S("O(groups × open windows)");
    if (!w) return n->is_global ? S("O(1)") : S("UNBOUNDED: groups");
    switch (w->def->shape) {
    case WINDOW_SHAPE_PANES:
    case WINDOW_SHAPE_SESSION:
    case WINDOW_SHAPE_SLIDING:
        return n->props.has_watermark ? S("O(groups × open windows)")
                                      : S("UNBOUNDED: groups × windows");
    case WINDOW_SHAPE_COUNT: return S("UNBOUNDED: groups × rows of a window");
    case WINDOW_SHAPE_GLOBAL: return n->is_global ? S("O(1)") : S("UNBOUNDED: groups");
    }
    return S("none");
}

static bool is_unbounded(Str bound)
{
    return str_starts(bound, S("UNBOUNDED"));
}

Str worse_bound(Str below, Str own)
{
    if (is_unbounded(own) || str_eq(below, S("none"))) return own;
    return is_unbounded(below) || str_eq(own, S("none")) ? below : own;
}

/* Each group is written once and stays as it is. */
static bool writes_once(const LNode *n)
{
    const WindowSpec *w = n->window;
    if (n->emit_final && (w || n->key_window_end >= 0)) return true;
    if (n->naggs > 0 || n->is_global || !n->inputs[0]->props.is_append_only) return false;
    return !w || (w->def->shape == WINDOW_SHAPE_PANES && !w->fill);
}

/* A set that is written twice gives its rows twice. */
static bool has_equal_sets(const LNode *n)
{
    for (int i = 0; i < n->nsets; i++)
        for (int k = 0; k < i; k++)
            if (n->sets[i].left_out == n->sets[k].left_out) return true;
    return false;
}

/* COUNT: window_no names a window of a group; others: window_end does. A key that is NULL is told
 * from one that was left out by the set. */
static void aggregate_key(Arena *a, LNode *n)
{
    int32_t columns = window_column_count(n->window);
    Props *p = &n->props;
    if (has_equal_sets(n)) return;
    p->key = new (a, int32_t, n->nkeys + 2);
    for (int i = 0; i < n->nkeys; i++) p->key[i] = i;
    p->nkey = n->nkeys;
    if (columns > 0) p->key[p->nkey++] = columns == 3 ? n->nkeys : n->nkeys + 1;
    if (n->nsets > 0) p->key[p->nkey++] = n->nfields - 1;
}

static void aggregate_window(LNode *n)
{
    const LNode *in = n->inputs[0];
    Props *p = &n->props;
    int32_t columns = window_column_count(n->window);
    n->start_determines_end = n->window ? !is_cumulating(n->window) : in->start_determines_end;
    if (columns > 0) {
        p->window_start = n->nkeys + columns - 2;
        p->window_end = p->window_start + 1;
        p->has_watermark = columns == 2 && in->props.has_watermark && !n->window->by_value;
    } else if (n->key_window_end >= 0) {
        p->window_start = n->key_window_start;
        p->window_end = n->key_window_end;
        p->has_watermark = true;
        int32_t time = key_over(n, in->window_time);
        if (time >= 0 && in_every_set(n, time)) p->time_col = n->window_time = time;
    }
}

static void aggregate_props(Arena *a, LNode *n)
{
    find_key_window(n);
    aggregate_window(n);
    aggregate_key(a, n);
    n->props.has_row_key = n->is_global && !n->window && n->nsets == 0 && n->props.nkey == 0;
    n->props.above_state = true;
    n->props.is_append_only = writes_once(n);
    n->own_state = aggregate_bound(n);
    n->props.state_bound = worse_bound(n->inputs[0]->props.state_bound, n->own_state);
}

/* ---- union ---------------------------------------------------------------------------------- */

static void union_props(LNode *n)
{
    pass_props(n);
    Props *p = &n->props;
    p->nkey = n->nsorted = 0;
    p->has_row_key = false;
    for (int i = 1; i < n->ninputs; i++) {
        const LNode *in = n->inputs[i];
        const Props *q = &in->props;
        p->is_append_only &= q->is_append_only;
        p->has_position &= q->has_position;
        p->above_state |= q->above_state;
        p->has_watermark &= q->has_watermark;
        if (p->time_col != q->time_col) p->time_col = -1;
        if (p->other_time != q->other_time) p->other_time = -1;
        if (p->row_time != q->row_time) p->row_time = -1;
        if (p->window_start != q->window_start) p->window_start = -1;
        if (p->window_end != q->window_end) p->window_end = -1;
        if (n->window_time != in->window_time) n->window_time = -1;
        n->start_determines_end &= in->start_determines_end;
        p->state_bound = worse_bound(p->state_bound, q->state_bound);
    }
}

void lnode_props(Arena *a, LNode *n)
{
    n->props = no_props();
    n->window_time = n->key_window_start = n->key_window_end = -1;
    n->start_determines_end = false;
    n->nsorted = 0;
    switch (n->kind) {
    case L_SCAN: scan_props(a, n); break;
    case L_VIEW_INPUT: view_input_props(n); break;
    case L_VALUES: n->props.is_append_only = true; break;
    case L_FILTER: pass_props(n); break;
    case L_PROJECT: project_props(a, n); break;
    case L_WINDOW: window_props(n); break;
    case L_AGGREGATE: aggregate_props(a, n); break;
    case L_UNION: union_props(n); break;
    case L_JOIN: join_props(a, n); break;
    case L_OVER: over_props(a, n); break;
    case L_TOPN: topn_props(a, n); break;
    case L_SETOP: setop_props(a, n); break;
    case L_UNNEST: unnest_props(a, n); break;
    case L_CONTEND: contend_props(n); break;
    }
}
