/* join_terms.c: what the condition of a join says: which columns are equal, how far apart in time
 * two rows may be, which windows are the same.
 *
 * Each conjunct is looked at once. An equality of the two sides is a key. A comparison of the sides'
 * event times, written in whatever way, bounds left.time - right.time from above or below; with both
 * bounds known the join is an interval join and needs those conjuncts no more. What is neither
 * stays: the residual. */
#include "planner/node.h"

#include <assert.h>

/* ---- comparisons ---------------------------------------------------------------------------- */

typedef enum Compare { CMP_EQ, CMP_LT, CMP_LE, CMP_GT, CMP_GE, CMP_NONE } Compare;

static Compare compare_of(const BExpr *e)
{
    static const char *const NAMES[] = {"=", "<", "<=", ">", ">="};
    if (e->kind != BE_CALL || e->nargs != 2) return CMP_NONE;
    for (int i = CMP_EQ; i < CMP_NONE; i++)
        if (strcmp(e->func->name, NAMES[i]) == 0) return (Compare)i;
    return CMP_NONE;
}

/* x ? y as y ? x. */
static Compare turned(Compare c)
{
    static const Compare TURNED[] = {CMP_EQ, CMP_GT, CMP_GE, CMP_LT, CMP_LE};
    return TURNED[c];
}

/* ---- equal columns -------------------------------------------------------------------------- */

/* One conjunct as an equality of the sides. */
typedef struct KeyTerm {
    BExpr *left, *right; /* each over the columns of its side */
    bool null_safe;
} KeyTerm;

bool join_is_key(const BExpr *e, int32_t nleft, int *left)
{
    if ((compare_of(e) != CMP_EQ && !bexpr_is_call(e, "is_not_distinct")) || e->is_volatile) return false;
    JoinReads x = join_reads(e->args[0], nleft), y = join_reads(e->args[1], nleft);
    *left = x == READS_RIGHT;
    return (x == READS_LEFT && y == READS_RIGHT) || (x == READS_RIGHT && y == READS_LEFT);
}

static bool key_term(Arena *a, const BExpr *e, int32_t nleft, KeyTerm *out)
{
    int left;
    if (!join_is_key(e, nleft, &left)) return false;
    *out = (KeyTerm){e->args[left], join_side_expr(a, e->args[!left], nleft), compare_of(e) != CMP_EQ};
    return true;
}

static bool has_key(const LJoin *j, const KeyTerm *t)
{
    for (int32_t i = 0; i < j->nkeys; i++)
        if (bexpr_eq(j->left_keys[i], t->left) && bexpr_eq(j->right_keys[i], t->right) &&
            j->null_safe[i] <= t->null_safe)
            return true;
    return false;
}

static void add_key(LJoin *j, const KeyTerm *t)
{
    if (has_key(j, t)) return;
    j->left_keys[j->nkeys] = t->left;
    j->right_keys[j->nkeys] = t->right;
    j->null_safe[j->nkeys++] = t->null_safe;
}

/* ---- time ----------------------------------------------------------------------------------- */

/* A side's event time plus a constant; side -1: something else. */
typedef struct TimeTerm {
    int side;
    int64_t us;
} TimeTerm;

static bool fixed_us(const BExpr *e, int64_t *us)
{
    if (e->kind != BE_CONST || e->type.kind != TYPE_INTERVAL || e->value.is_null) return false;
    const Interval *iv = &e->value.iv;
    int64_t days;
    return iv->months == 0 && !__builtin_mul_overflow((int64_t)iv->days, 86400000000LL, &days) &&
           !__builtin_add_overflow(days, iv->us, us);
}

/* The event times of a join's inputs, as columns of its output. */
typedef struct Times {
    int32_t col[2];
} Times;

static bool is_widening(const BExpr *e)
{
    return e->kind == BE_CAST && e->type.kind == TYPE_TIMESTAMP && e->args[0]->type.kind == TYPE_TIMESTAMP &&
           e->type.precision >= e->args[0]->type.precision;
}

static TimeTerm time_term(const Times *t, const BExpr *e)
{
    TimeTerm none = {-1, 0}, inner;
    int64_t us;
    if (is_widening(e)) return time_term(t, e->args[0]);
    if (e->kind == BE_COLUMN)
        return e->col == t->col[0] ? (TimeTerm){0, 0} : e->col == t->col[1] ? (TimeTerm){1, 0} : none;
    bool adds = bexpr_is_call(e, "+"), takes = bexpr_is_call(e, "-");
    if ((!adds && !takes) || e->nargs != 2) return none;
    bool is_turned = adds && fixed_us(e->args[0], &us);
    if (!is_turned && !fixed_us(e->args[1], &us)) return none;
    inner = time_term(t, e->args[is_turned]);
    bool fits = inner.side >= 0 && (adds ? !__builtin_add_overflow(inner.us, us, &inner.us)
                                         : !__builtin_sub_overflow(inner.us, us, &inner.us));
    return fits ? inner : none;
}

/* left.time - right.time ? us. */
typedef struct TimeBound {
    Compare op;
    int64_t us;
} TimeBound;

/* l.t ? r.t + d */
static bool bound_of_times(const Times *t, const BExpr *e, Compare op, TimeBound *out)
{
    TimeTerm x = time_term(t, e->args[0]), y = time_term(t, e->args[1]);
    if (x.side < 0 || y.side < 0 || x.side == y.side) return false;
    *out = (TimeBound){x.side == 0 ? op : turned(op), 0};
    TimeTerm l = x.side == 0 ? x : y, r = x.side == 0 ? y : x;
    return !__builtin_sub_overflow(r.us, l.us, &out->us);
}

/* l.t - r.t ? d */
static bool bound_of_distance(const Times *t, const BExpr *e, Compare op, TimeBound *out)
{
    int64_t us;
    bool is_turned = fixed_us(e->args[0], &us);
    const BExpr *distance = e->args[is_turned];
    if (!is_turned && !fixed_us(e->args[1], &us)) return false;
    if (!bexpr_is_call(distance, "-") || distance->nargs != 2) return false;
    TimeTerm x = time_term(t, distance->args[0]), y = time_term(t, distance->args[1]);
    if (x.side < 0 || y.side < 0 || x.side == y.side) return false;
    if (is_turned) op = turned(op);
    /* x - y = (xt - yt) + (x.us - y.us) ? us */
    int64_t d;
    if (__builtin_sub_overflow(x.us, y.us, &d) || __builtin_sub_overflow(us, d, &us)) return false;
    bool fits = x.side == 0 || !__builtin_sub_overflow(INT64_C(0), us, &us);
    *out = (TimeBound){x.side == 0 ? op : turned(op), us};
    return fits;
}

static bool time_bound(const Times *t, const BExpr *e, TimeBound *out)
{
    Compare op = compare_of(e);
    if (op == CMP_NONE) return false;
    return bound_of_times(t, e, op, out) || bound_of_distance(t, e, op, out);
}

/* What the conjuncts leave of left.time - right.time, both ends inclusive. */
typedef struct TimeRange {
    int64_t low, high;
} TimeRange;

static const TimeRange ALL_TIMES = {INT64_MIN, INT64_MAX};

/* A strict bound is a microsecond narrower: times of any precision are whole microseconds. */
static void narrow(TimeRange *r, const TimeBound *b)
{
    int64_t low = INT64_MIN, high = INT64_MAX;
    switch (b->op) {
    case CMP_EQ: low = high = b->us; break;
    case CMP_LT: high = b->us == INT64_MIN ? b->us : b->us - 1; break;
    case CMP_LE: high = b->us; break;
    case CMP_GT: low = b->us == INT64_MAX ? b->us : b->us + 1; break;
    case CMP_GE: low = b->us; break;
    case CMP_NONE: break;
    }
    if (low > r->low) r->low = low;
    if (high < r->high) r->high = high;
}

void join_narrow_times(const BExpr *e, int32_t left, int32_t right, int64_t *low, int64_t *high)
{
    Times t = {{left, right}};
    TimeRange range = {*low, *high};
    TimeBound bound;
    if (time_bound(&t, e, &bound)) narrow(&range, &bound);
    *low = range.low;
    *high = range.high;
}

/* An event time of a side; two of them where it is an interval join itself. */
static int32_t time_of(const LNode *in, int which)
{
    if (!in->props.has_watermark) return -1;
    return which ? in->props.other_time : in->props.time_col;
}

/* Choice 0 to 3; columns are -1 where there is no such. */
static Times times_of(const LNode *n, int choice)
{
    int32_t l = time_of(n->inputs[0], choice & 1), r = time_of(n->inputs[1], choice >> 1);
    if (l < 0 || r < 0) return (Times){{-1, -1}};
    return (Times){{l, n->inputs[0]->nfields + r}};
}

/* Both ends are known and near enough to be added up. */
static bool is_interval(const TimeRange *r)
{
    int64_t far = INT64_MAX / 4;
    return r->low >= -far && r->high <= far && r->low <= r->high;
}

/* ---- windows -------------------------------------------------------------------------------- */

static int32_t key_of_columns(const LJoin *j, int32_t left, int32_t right)
{
    for (int32_t i = 0; i < j->nkeys && left >= 0 && right >= 0; i++) {
        const BExpr *l = j->left_keys[i], *r = j->right_keys[i];
        if (l->kind == BE_COLUMN && l->col == left && r->kind == BE_COLUMN && r->col == right) return i;
    }
    return -1;
}

/* The bounds of a window of both sides are among the keys: by both, or by the end alone where that
 * tells the window. */
static int32_t window_key(const LNode *n)
{
    const LJoin *j = n->join;
    const LNode *l = n->inputs[0], *r = n->inputs[1];
    if (!l->props.has_watermark || !r->props.has_watermark) return -1;
    int32_t end = key_of_columns(j, l->props.window_end, r->props.window_end);
    int32_t start = key_of_columns(j, l->props.window_start, r->props.window_start);
    bool end_is_enough = l->start_determines_end && r->start_determines_end;
    return start >= 0 || end_is_enough ? end : -1;
}

/* ---- ASOF ----------------------------------------------------------------------------------- */

/* A comparison of a column of the left side with one of the right. */
static bool asof_term(const LNode *n, const BExpr *e, LJoin *j)
{
    static const AsofOp OPS[] = {[CMP_LT] = ASOF_LT, [CMP_LE] = ASOF_LE, [CMP_GT] = ASOF_GT, [CMP_GE] = ASOF_GE};
    Compare op = compare_of(e);
    int32_t nleft = n->inputs[0]->nfields;
    if (op == CMP_NONE || op == CMP_EQ) return false;
    const BExpr *x = is_widening(e->args[0]) ? e->args[0]->args[0] : e->args[0];
    const BExpr *y = is_widening(e->args[1]) ? e->args[1]->args[0] : e->args[1];
    if (x->kind != BE_COLUMN || y->kind != BE_COLUMN || x->type.kind != TYPE_TIMESTAMP) return false;
    if ((x->col < nleft) == (y->col < nleft)) return false;
    bool is_turned = x->col >= nleft;
    j->asof = OPS[is_turned ? turned(op) : op];
    j->left_time = is_turned ? y->col : x->col;
    j->right_time = (is_turned ? x->col : y->col) - nleft;
    return true;
}

/* ---- the condition -------------------------------------------------------------------------- */

static void forget(Arena *a, LJoin *j)
{
    int32_t most = conjunct_count(j->on);
    j->left_keys = new (a, BExpr *, most);
    j->right_keys = new (a, BExpr *, most);
    j->null_safe = new (a, bool, most);
    j->nkeys = 0;
    j->residual = NULL;
    if (j->is_settled) return;
    j->match = j->wanted;
    j->left_time = j->right_time = j->key_window_end = -1;
    j->before_us = j->after_us = 0;
    j->asof = ASOF_GE;
}

static TimeRange find_range(const LNode *n, const Times *t)
{
    TimeRange range = ALL_TIMES;
    TimeBound bound;
    for (int32_t i = 0; i < conjunct_count(n->join->on) && t->col[0] >= 0; i++)
        if (time_bound(t, conjunct_at(n->join->on, i), &bound)) narrow(&range, &bound);
    return range;
}

static void find_keys(Arena *a, LNode *n)
{
    LJoin *j = n->join;
    KeyTerm term;
    for (int32_t i = 0; i < conjunct_count(j->on); i++)
        if (key_term(a, conjunct_at(j->on, i), n->inputs[0]->nfields, &term)) add_key(j, &term);
}

static bool find_interval(LNode *n, int choice)
{
    LJoin *j = n->join;
    Times t = times_of(n, choice);
    TimeRange range = find_range(n, &t);
    if (!is_interval(&range)) return false;
    j->match = JOIN_INTERVAL;
    j->left_time = t.col[0];
    j->right_time = t.col[1] - n->inputs[0]->nfields;
    j->before_us = -range.low;
    j->after_us = range.high;
    return true;
}

/* A join whose kind is not written is what its condition makes it. */
static void find_match(LNode *n)
{
    LJoin *j = n->join;
    j->key_window_end = window_key(n);
    if (j->key_window_end >= 0) j->match = JOIN_WINDOW;
    for (int choice = 0; choice < 4 && j->match == JOIN_REGULAR; choice++)
        if (find_interval(n, choice)) return;
}

static void find_asof(LNode *n)
{
    LJoin *j = n->join;
    for (int32_t i = 0; i < conjunct_count(j->on) && j->left_time < 0; i++)
        asof_term(n, conjunct_at(j->on, i), j);
}

bool join_is_time(const LNode *n, const BExpr *e)
{
    const LJoin *j = n->join;
    Times times = {{j->left_time, n->inputs[0]->nfields + j->right_time}};
    TimeBound bound;
    LJoin same;
    if (j->is_settled) return false;
    if (j->match == JOIN_INTERVAL) return time_bound(&times, e, &bound);
    return (j->match == JOIN_ASOF || j->match == JOIN_TEMPORAL) && asof_term(n, e, &same) && same.asof == j->asof &&
           same.left_time == j->left_time && same.right_time == j->right_time;
}

/* What neither the keys nor the times say. */
static void find_residual(Arena *a, LNode *n)
{
    LJoin *j = n->join;
    int left;
    for (int32_t i = 0; i < conjunct_count(j->on); i++) {
        BExpr *e = conjunct_at(j->on, i);
        if (!join_is_key(e, n->inputs[0]->nfields, &left) && !join_is_time(n, e))
            j->residual = bexpr_and(a, j->residual, e);
    }
}

void join_find(Arena *a, LNode *n)
{
    LJoin *j = n->join;
    forget(a, j);
    find_keys(a, n);
    if (!j->is_settled && j->wanted == JOIN_REGULAR) find_match(n);
    if (!j->is_settled && (j->wanted == JOIN_ASOF || j->wanted == JOIN_TEMPORAL)) find_asof(n);
    find_residual(a, n);
}
