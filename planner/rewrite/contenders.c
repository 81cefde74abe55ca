/* contenders.c: rows that cannot be the MAX (or MIN) of their window don't come to a join with it.
 *
 * Where a join asks a row's x to equal MAX(x) of a window over the same stream, and says by the row's time
 * which windows that may be, a row whose x is below what the stream has shown in each of them meets nothing,
 * now or later: input that only grows raises a maximum and never lowers it. An operator below the join
 * keeps what each window has shown (exec/op/op_contend.c) and lets the others through, so that the join keeps
 * a few rows of a window instead of all.
 *
 * It must never know more than the aggregate: whatever row raises the maximum there is counted in the
 * aggregate too. So both read one stream, the aggregate's filters are among those of the rows, and it
 * needs nothing that could be in error but the value, the time and the keys, which the operator sees.
 * Errors of rows that it stops would not be told, so nothing between it and the join can fail.
 *
 * It comes after all rules and after share_parts, on keys and arguments that are columns: no rule has to
 * know of the operator. */
#include "planner/node.h"
#include "planner/rewrite/rewrite.h"

/* Windows of one row, and windows that one row can meet: what the operator goes through for each row that
 * raises a maximum. */
enum { WINDOWS_MAX = 64 };
static const int64_t FAR_US = INT64_C(1) << 58;

/* A join, one side of which has rows, the other an aggregate of the same. */
typedef struct Contest {
    Arena *arena;
    const LNode *join;
    int side;            /* of the rows */
    const LNode *rows, *other;
    const LNode *place;  /* below `rows`: over which the operator goes */
    const LNode *aggregate;
    const Relation *stream;
    ContendSpec spec;
} Contest;

/* ---- chains of a stream ------------------------------------------------------------------------- */

static bool is_windowing(const LNode *n)
{
    return n->kind == L_WINDOW && n->window->def->shape == WINDOW_SHAPE_PANES;
}

static bool passes_rows(const LNode *n)
{
    return n->kind == L_PROJECT || n->kind == L_FILTER || is_windowing(n);
}

/* The scan of a stream whose rows reach n one by one; NULL: something else is below. */
static const LNode *scan_of(const LNode *n)
{
    while (passes_rows(n)) n = n->inputs[0];
    return n->kind == L_SCAN && n->rel->kind == REL_STREAM && n->props.is_append_only ? n : NULL;
}

static bool is_windowed_below(const LNode *n)
{
    for (; passes_rows(n); n = n->inputs[0])
        if (is_windowing(n)) return true;
    return false;
}

static BExpr *to_scanned(void *arg, const BExpr *e)
{
    const LNode *scan = ((const LNode **)arg)[0];
    return bexpr_column(((Arena **)arg)[1], scan->scan_cols[e->col], e->type, e->span);
}

/* e over n, over the columns of n's stream; NULL: it reads the bounds of a window. */
static BExpr *origin(Arena *a, const LNode *n, BExpr *e)
{
    for (; n->kind != L_SCAN; n = n->inputs[0]) {
        if (n->kind == L_WINDOW && !reads_only_below(e, n->inputs[0]->nfields)) return NULL;
        if (n->kind == L_PROJECT) e = bexpr_substitute(a, e, n->exprs);
    }
    return bexpr_map(a, e, to_scanned, (void *[]){(void *)(uintptr_t)n, a});
}

static BExpr *column_origin(Arena *a, const LNode *n, int32_t col)
{
    return origin(a, n, bexpr_column(a, col, n->fields[col].type, n->span));
}

/* Column `col` of n as a column of `below`; -1: it is computed. */
static int32_t column_below(const LNode *n, const LNode *below, int32_t col)
{
    for (; n != below; n = n->inputs[0]) {
        if (n->kind == L_PROJECT) col = n->exprs[col]->kind == BE_COLUMN ? n->exprs[col]->col : -1;
        if (n->kind == L_WINDOW && col >= n->inputs[0]->nfields) col = -1;
        if (col < 0) return -1;
    }
    return col;
}

/* ---- filters ------------------------------------------------------------------------------------ */

typedef struct Conjuncts {
    VEC(BExpr *) list; /* over the stream's columns */
    bool is_whole;     /* none reads anything else */
} Conjuncts;

static void add_conjuncts(Arena *a, const LNode *n, BExpr *pred, Conjuncts *out)
{
    for (int32_t i = 0; i < conjunct_count(pred); i++) {
        BExpr *e = origin(a, n, conjunct_at(pred, i));
        if (e) vec_push(&out->list, a, e);
        else out->is_whole = false;
    }
}

static Conjuncts conjuncts_below(Arena *a, const LNode *n)
{
    Conjuncts c = {.is_whole = true};
    for (; n->kind != L_SCAN; n = n->inputs[0])
        if (n->kind == L_FILTER) add_conjuncts(a, n->inputs[0], n->pred, &c);
    add_conjuncts(a, n, n->pred, &c);
    return c;
}

/* Whatever comes to the operator passes the aggregate's filters. */
static bool is_implied(const Contest *c)
{
    Conjuncts asked = conjuncts_below(c->arena, c->aggregate->inputs[0]), given = conjuncts_below(c->arena, c->place);
    for (ptrdiff_t i = 0; i < asked.list.len; i++) {
        ptrdiff_t k = 0;
        while (k < given.list.len && !bexpr_eq(asked.list.data[i], given.list.data[k])) k++;
        if (k == given.list.len) return false;
    }
    return asked.is_whole;
}

/* ---- the aggregate ------------------------------------------------------------------------------ */

static bool is_fixed(const WindowSpec *w)
{
    bool grows = ((w->def->required | w->def->optional) & WINDOW_STEP) != 0;
    bool is_calendar = w->size_months || w->slide_months || w->size_days || w->slide_days;
    int64_t slide = w->slide_us > 0 ? w->slide_us : w->size_us;
    return w->def->shape == WINDOW_SHAPE_PANES && !grows && !is_calendar && !w->by_value && w->size_us > 0 &&
           w->size_us < FAR_US && slide < FAR_US && w->size_us / slide < WINDOWS_MAX;
}

static bool same_grid(const WindowSpec *a, const WindowSpec *b)
{
    int64_t a_slide = a->slide_us > 0 ? a->slide_us : a->size_us, b_slide = b->slide_us > 0 ? b->slide_us : b->size_us;
    return is_fixed(a) && is_fixed(b) && a->size_us == b->size_us && a_slide == b_slide && a->offset_us == b->offset_us;
}

static bool is_event_time(const Contest *c, const BExpr *e)
{
    return e && e->kind == BE_COLUMN && e->col == c->stream->watermark.col;
}

static const LNode *aggregate_below(const LNode *n)
{
    while (n->kind == L_PROJECT || n->kind == L_FILTER) n = n->inputs[0];
    bool fits = n->kind == L_AGGREGATE && n->nsets == 0 && n->window && is_fixed(n->window) && n->time;
    return fits && scan_of(n->inputs[0]) && !is_windowed_below(n->inputs[0]) ? n : NULL;
}

/* A column of the other side as one of the aggregate; -1: it is computed. */
static int32_t of_aggregate(const Contest *c, int32_t col)
{
    return column_below(c->other, c->aggregate, col);
}

static bool is_ordered_as_words(TypeKind k)
{
    return k == TYPE_BIGINT || k == TYPE_TIMESTAMP || k == TYPE_TIME || k == TYPE_DATE || k == TYPE_DOUBLE;
}

static const LAgg *extreme_of(const Contest *c, int32_t col)
{
    const LNode *n = c->aggregate;
    int32_t i = col - n->nkeys - window_column_count(n->window);
    if (i < 0 || i >= n->naggs) return NULL;
    const LAgg *g = &n->aggs[i];
    bool is_extreme = !strcmp(g->def->name, "max") || !strcmp(g->def->name, "min");
    return is_extreme && g->nargs == 1 && !g->filter && is_ordered_as_words(g->args[0]->type.kind) ? g : NULL;
}

/* ---- keys --------------------------------------------------------------------------------------- */

static int32_t key_of(const Contest *c, int side, int32_t i)
{
    const LJoin *j = c->join->join;
    return (side ? j->right_keys : j->left_keys)[i]->col;
}

/* The row's column, at the operator's place, of key i; -1: it is not `e`, which is over the aggregate's input. */
static int32_t row_column(const Contest *c, int32_t i, BExpr *e)
{
    int32_t col = column_below(c->rows, c->place, key_of(c, c->side, i));
    if (col < 0) return -1;
    const BExpr *mine = column_origin(c->arena, c->place, col), *theirs = origin(c->arena, c->aggregate->inputs[0], e);
    return mine && theirs && bexpr_eq(mine, theirs) ? col : -1;
}

static bool find_value(Contest *c)
{
    const LJoin *j = c->join->join;
    for (int32_t i = 0; i < j->nkeys; i++) {
        const LAgg *g = extreme_of(c, of_aggregate(c, key_of(c, 1 - c->side, i)));
        int32_t col = g ? row_column(c, i, g->args[0]) : -1;
        if (col < 0 || c->place->fields[col].type.kind != g->args[0]->type.kind) continue;
        c->spec.value = col;
        c->spec.is_least = !strcmp(g->def->name, "min");
        c->spec.text = g->text;
        return true;
    }
    return false;
}

/* Each key of the aggregate's groups is one that the join asks of the row. */
static bool find_keys(Contest *c)
{
    const LJoin *j = c->join->join;
    const LNode *n = c->aggregate;
    c->spec.keys = new (c->arena, int32_t, n->nkeys);
    for (int32_t k = 0; k < n->nkeys; k++) {
        int32_t col = -1;
        for (int32_t i = 0; i < j->nkeys && col < 0; i++)
            if (of_aggregate(c, key_of(c, 1 - c->side, i)) == k) col = row_column(c, i, n->keys[k]);
        if (col < 0) return false;
        c->spec.keys[c->spec.nkeys++] = col;
    }
    return true;
}

/* Time, value or a key, whose errors the operator sees. */
static bool is_seen(const Contest *c, BExpr *over_input)
{
    const BExpr *e = origin(c->arena, c->aggregate->inputs[0], over_input);
    if (!e || e->kind == BE_CONST || is_event_time(c, e)) return e != NULL;
    if (bexpr_eq(e, column_origin(c->arena, c->place, c->spec.value))) return true;
    for (int32_t i = 0; i < c->spec.nkeys; i++)
        if (bexpr_eq(e, column_origin(c->arena, c->place, c->spec.keys[i]))) return true;
    return false;
}

static bool needs_only_seen(const Contest *c)
{
    const LNode *n = c->aggregate;
    for (int32_t i = 0; i < n->naggs; i++) {
        const LAgg *g = &n->aggs[i];
        if (g->filter) return false;
        for (int32_t k = 0; k < g->nargs; k++)
            if (!is_seen(c, g->args[k])) return false;
        for (int32_t k = 0; k < g->norder; k++)
            if (!is_seen(c, g->order[k].expr)) return false;
    }
    return true;
}

/* ---- which windows a row can meet --------------------------------------------------------------- */

/* Columns of a condition that is over times alone: of the row, and of the window. */
enum { OF_ROW, OF_END, OF_START, OF_ELSE };

static BExpr *to_row_time(void *arg, const BExpr *e)
{
    const Contest *c = arg;
    return bexpr_column(c->arena, e->col == c->stream->watermark.col ? OF_ROW : OF_ELSE, e->type, e->span);
}

static BExpr *to_window_time(void *arg, const BExpr *e)
{
    const Contest *c = arg;
    int32_t start = c->aggregate->nkeys;
    return bexpr_column(c->arena, e->col == start ? OF_START : e->col == start + 1 ? OF_END : OF_ELSE, e->type, e->span);
}

static BExpr *window_times(Contest *c, BExpr *e)
{
    for (const LNode *n = c->other; n != c->aggregate; n = n->inputs[0])
        if (n->kind == L_PROJECT) e = bexpr_substitute(c->arena, e, n->exprs);
    return bexpr_map(c->arena, e, to_window_time, c);
}

/* What a column of the join is made of. */
static BExpr *to_times(void *arg, const BExpr *e)
{
    Contest *c = arg;
    int32_t nleft = c->join->inputs[0]->nfields;
    bool is_right = e->col >= nleft;
    BExpr *own = bexpr_column(c->arena, is_right ? e->col - nleft : e->col, e->type, e->span);
    if (is_right != c->side) return window_times(c, own);
    BExpr *from = origin(c->arena, c->rows, own);
    return from ? bexpr_map(c->arena, from, to_row_time, c) : bexpr_column(c->arena, OF_ELSE, e->type, e->span);
}

/* row.time - window_end, both ends inclusive. */
typedef struct Distance {
    int64_t low, high;
} Distance;

static void narrow(Distance *d, int64_t low, int64_t high)
{
    if (low > d->low) d->low = low;
    if (high < d->high) d->high = high;
}

static void narrow_by_condition(Contest *c, BExpr *condition, Distance *d)
{
    for (int32_t i = 0; i < conjunct_count(condition); i++) {
        BExpr *e = bexpr_map(c->arena, conjunct_at(condition, i), to_times, c);
        Distance of_start = {-FAR_US, FAR_US};
        join_narrow_times(e, OF_ROW, OF_END, &d->low, &d->high);
        join_narrow_times(e, OF_ROW, OF_START, &of_start.low, &of_start.high);
        int64_t size = c->aggregate->window->size_us;
        if (of_start.low > -FAR_US) narrow(d, of_start.low - size, FAR_US);
        if (of_start.high < FAR_US) narrow(d, -FAR_US, of_start.high - size);
    }
}

/* An interval join of the row's time with window_time. */
static void narrow_by_interval(const Contest *c, Distance *d)
{
    const LJoin *j = c->join->join;
    if (j->match != JOIN_INTERVAL) return;
    int32_t mine = c->side ? j->right_time : j->left_time, theirs = c->side ? j->left_time : j->right_time;
    const BExpr *time = column_origin(c->arena, c->rows, mine);
    if (theirs != c->other->window_time || !is_event_time(c, time)) return;
    int64_t tick = c->aggregate->window->tick_us > 0 ? c->aggregate->window->tick_us : 1;
    int64_t low = c->side ? -j->after_us : -j->before_us, high = c->side ? j->before_us : j->after_us;
    narrow(d, low - tick, high - tick);
}

/* The column is the end of windows on the aggregate's grid that hold the row's event time. */
static bool is_own_end(const Contest *c, int32_t col)
{
    const LNode *n = c->rows;
    while (n->kind != L_WINDOW) {
        if (n->kind == L_PROJECT) col = n->exprs[col]->kind == BE_COLUMN ? n->exprs[col]->col : -1;
        if (col < 0 || n->kind == L_SCAN) return false;
        n = n->inputs[0];
    }
    bool is_end = col == n->inputs[0]->nfields + 1 && same_grid(n->window, c->aggregate->window);
    return is_end && is_event_time(c, origin(c->arena, n->inputs[0], n->time));
}

static void narrow_by_window(const Contest *c, Distance *d)
{
    for (int32_t i = 0; i < c->join->join->nkeys; i++)
        if (of_aggregate(c, key_of(c, 1 - c->side, i)) == c->aggregate->nkeys + 1 && is_own_end(c, key_of(c, c->side, i)))
            narrow(d, -c->aggregate->window->size_us, -1);
}

static bool find_windows(Contest *c, BExpr *above)
{
    Distance d = {-FAR_US, FAR_US};
    const WindowSpec *w = c->aggregate->window;
    narrow_by_condition(c, c->join->join->on, &d);
    narrow_by_condition(c, above, &d);
    narrow_by_interval(c, &d);
    narrow_by_window(c, &d);
    int64_t slide = w->slide_us > 0 ? w->slide_us : w->size_us;
    c->spec.after_us = -d.high;
    c->spec.until_us = -d.low;
    return d.low > -FAR_US && d.high < FAR_US && d.low <= d.high && (d.high - d.low) / slide < WINDOWS_MAX;
}

/* ---- the operator's place ----------------------------------------------------------------------- */

/* Below the lowest window table function, where a row comes once and its windows follow from its time. */
static const LNode *place_of(const LNode *rows)
{
    const LNode *place = rows;
    for (const LNode *n = rows; passes_rows(n); n = n->inputs[0])
        if (is_windowing(n)) place = n->inputs[0];
    return place;
}

static bool can_fail(const LNode *n)
{
    if (n->kind == L_FILTER) return n->pred->can_fail;
    for (int32_t i = 0; n->kind == L_PROJECT && i < n->nfields; i++)
        if (n->exprs[i]->can_fail) return true;
    return false;
}

/* What stands between tells of no row that the operator takes away: of an error, or that it is in no window. */
static bool is_silent(const Contest *c)
{
    for (const LNode *n = c->rows; n != c->place; n = n->inputs[0])
        if (can_fail(n) || (is_windowing(n) && !same_grid(n->window, c->aggregate->window))) return false;
    return true;
}

static bool find_time(Contest *c)
{
    const LNode *at = c->place;
    for (c->spec.time = 0; c->spec.time < at->nfields; c->spec.time++)
        if (is_event_time(c, column_origin(c->arena, at, c->spec.time))) return true;
    return false;
}

static const WindowSpec *window_at(const Contest *c)
{
    WindowSpec *w = new_one(c->arena, WindowSpec);
    *w = *c->aggregate->window;
    w->time_col = c->spec.time;
    return w;
}

static bool find_parts(Contest *c)
{
    const LNode *scan = scan_of(c->rows), *aggregate = aggregate_below(c->other);
    if (!scan || !aggregate || scan_of(aggregate->inputs[0])->rel != scan->rel || scan->rel->watermark.col < 0) return false;
    c->stream = scan->rel;
    c->aggregate = aggregate;
    c->place = place_of(c->rows);
    return options_us(&scan->rel->options, "state_ttl", 0) <= 0 &&
           is_event_time(c, origin(c->arena, aggregate->inputs[0], aggregate->time));
}

static bool find_contest(Contest *c, BExpr *above)
{
    bool found = find_parts(c) && find_time(c) && find_value(c) && find_keys(c) && needs_only_seen(c) && is_implied(c) &&
                 is_silent(c) && find_windows(c, above);
    if (!found) return false;
    c->spec.window = window_at(c);
    c->spec.judges_time = c->join->join->match == JOIN_INTERVAL;
    return true;
}

static LNode *over(Arena *a, const LNode *n, LNode *input)
{
    LNode **inputs = new_one(a, LNode *);
    *inputs = input;
    return lnode_with_inputs(a, n, inputs);
}

/* n with the operator over `place`, which is n or below it. */
static LNode *placed(const Contest *c, LNode *n)
{
    if (n == c->place) {
        ContendSpec *spec = new_one(c->arena, ContendSpec);
        *spec = c->spec;
        return lnode_contend(c->arena, n, spec, n->span);
    }
    return over(c->arena, n, placed(c, n->inputs[0]));
}

/* ---- joins -------------------------------------------------------------------------------------- */

/* Rows of this side are shown with a partner only. */
static bool needs_partner(const LJoin *j, int side)
{
    return j->kind == JOIN_INNER || (j->kind == JOIN_SEMI && side == 0);
}

static bool is_plain_match(JoinMatch m)
{
    return m == JOIN_REGULAR || m == JOIN_INTERVAL || m == JOIN_WINDOW;
}

/* `above`: what is asked of the pairs besides, over the join's columns, or NULL. */
static LNode *contend(Arena *a, LNode *join, BExpr *above)
{
    for (int side = 0; side < 2 && is_plain_match(join->join->match); side++) {
        Contest c = {.arena = a, .join = join, .side = side, .rows = join->inputs[side], .other = join->inputs[1 - side]};
        if (!needs_partner(join->join, side) || !find_contest(&c, above)) continue;
        LNode **inputs = new (a, LNode *, 2);
        inputs[1 - side] = join->inputs[1 - side];
        inputs[side] = placed(&c, join->inputs[side]);
        return lnode_with_inputs(a, join, inputs);
    }
    return join;
}

/* The join below, by what projects show of it. */
static LNode *contend_below(Arena *a, LNode *n, BExpr *above)
{
    if (n->kind == L_JOIN) return contend(a, n, above);
    if (n->kind != L_PROJECT) return n;
    LNode *below = contend_below(a, n->inputs[0], bexpr_substitute(a, above, n->exprs));
    return below == n->inputs[0] ? n : over(a, n, below);
}

static LNode *contend_at(Planner *p, LNode *n)
{
    if (n->kind == L_JOIN) return contend(p->arena, n, NULL);
    if (n->kind != L_FILTER) return n;
    LNode *below = contend_below(p->arena, n->inputs[0], n->pred);
    return below == n->inputs[0] ? n : over(p->arena, n, below);
}

LNode *rewrite_contenders(Planner *p, const Relation *rel, LNode *root)
{
    bool forgets = rel && options_us(&rel->options, "state_ttl", 0) > 0; /* a key's state may go while rows still come */
    if (forgets || !rewrite_is_on(p, "contenders")) return root;
    return rewrite_nodes(p, lnode_settle(p->arena, root), contend_at);
}
