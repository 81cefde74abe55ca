/* bind_join.c: joins in FROM: what each side is called, which columns are one, what ON means.
 *
 * ON sees its two sides and nothing else. A column of USING or NATURAL stands in front, once; those
 * that it was made of are reached by their tables. */
#include "planner/bind.h"
#include "planner/node.h"
#include "planner/rewrite/rewrite.h"
#include "planner/subquery.h"

typedef struct Joining Joining;
typedef struct Merged Merged;
struct Joining {
    Binder *b;
    const TableRef *t;
    Span at;
    LNode *left, *right;
    Scope l, r;
    LJoin join;
    BExpr *later; /* of ON, with subqueries: asked of the pairs that fulfil the rest */
    NameList using_columns;
};

/* ---- scopes --------------------------------------------------------------------------------- */

static Status same_name_twice(const Joining *s, Str table)
{
    Status st = diag_error(s->b->p->diags, WEIR_E_NAME, bind_at(s->b, s->t->right->span),
                           "two tables in FROM are called \"%.*s\"", STR_ARG(table));
    diag_hint(s->b->p->diags, "give one of them another name with AS");
    return st;
}

static Status check_tables(const Joining *s)
{
    for (int32_t i = 0; i < s->r.ncols; i++) {
        Str table = s->r.cols[i].table;
        if (table.n && scope_has_table(&s->l, table)) return same_name_twice(s, table);
    }
    return WEIR_OK;
}

/* The columns of both sides, with room for `more` before them. */
static Scope both(const Joining *s, int32_t more)
{
    Scope out = {.ncols = more + s->l.ncols + s->r.ncols};
    out.cols = new (s->b->p->arena, ScopeColumn, out.ncols);
    for (int32_t i = 0; i < s->l.ncols; i++) out.cols[more + i] = s->l.cols[i];
    for (int32_t i = 0; i < s->r.ncols; i++) {
        ScopeColumn *c = &out.cols[more + s->l.ncols + i];
        *c = s->r.cols[i];
        c->col += s->left->nfields;
    }
    return out;
}

/* ---- USING and NATURAL ---------------------------------------------------------------------- */

/* One column of USING: where it is on both sides. */
struct Merged {
    Str name;
    const ScopeColumn *left, *right;
    BExpr *l, *r; /* of one type */
};

static Status find_merged(const Joining *s, const Scope *scope, const Name *name, const ScopeColumn **out)
{
    bool ambiguous;
    *out = scope_find(scope, (Str){0}, name->text, &ambiguous);
    return *out ? WEIR_OK : scope_error(s->b->p, scope, (Str){0}, name->text, ambiguous, bind_at(s->b, name->span));
}

static Status bind_merged(Joining *s, const Name *name, Merged *m)
{
    Arena *a = s->b->p->arena;
    BExpr **args = new (a, BExpr *, 2), *equal;
    Span at = bind_at(s->b, name->span);
    TRY(find_merged(s, &s->l, name, &m->left));
    TRY(find_merged(s, &s->r, name, &m->right));
    m->name = m->left->name;
    args[0] = bexpr_column(a, m->left->col, m->left->type, at);
    args[1] = bexpr_column(a, s->left->nfields + m->right->col, m->right->type, at);
    TRY(bind_operator(s->b, "=", args, 2, at, &equal));
    m->l = equal->args[0];
    m->r = equal->args[1];
    s->join.on = bexpr_and(a, s->join.on, equal);
    return WEIR_OK;
}

static bool is_named(const NameList *list, Str name)
{
    for (int i = 0; i < list->len; i++)
        if (str_ieq(list->data[i].text, name)) return true;
    return false;
}

/* NATURAL: the names that both sides show. */
static void find_common(Joining *s)
{
    for (int32_t i = 0; i < s->l.ncols; i++) {
        const ScopeColumn *c = &s->l.cols[i];
        bool is_shown = !c->hidden && !c->is_merged && !is_named(&s->using_columns, c->name);
        for (int32_t k = 0; is_shown && k < s->r.ncols; k++) {
            const ScopeColumn *other = &s->r.cols[k];
            if (other->hidden || other->is_merged || !str_ieq(other->name, c->name)) continue;
            vec_push(&s->using_columns, s->b->p->arena, (Name){.text = c->name, .span = s->t->join_span});
            break;
        }
    }
}

/* The value of a merged column: that of the side that every row has. */
static BExpr *merged_value(Joining *s, const Merged *m)
{
    Arena *a = s->b->p->arena;
    switch (s->join.kind) {
    case JOIN_RIGHT: return m->r;
    case JOIN_FULL: {
        BExpr **args = new (a, BExpr *, 2);
        args[0] = m->l;
        args[1] = m->r;
        return bexpr_form(a, BE_COALESCE, m->l->type, args, 2, m->l->span);
    }
    case JOIN_INNER:
    case JOIN_LEFT:
    case JOIN_SEMI:
    case JOIN_ANTI: return m->l;
    }
    return m->l;
}

/* The join's columns, then the merged values that are none of them. */
static LNode *with_values(Joining *s, LNode *n, BExpr **values, const Merged *merged, int32_t count)
{
    Arena *a = s->b->p->arena;
    int32_t width = n->nfields;
    BExpr **exprs = new (a, BExpr *, width + count);
    Field *fields = new (a, Field, width + count);
    for (int32_t i = 0; i < width; i++) {
        exprs[i] = bexpr_column(a, i, n->fields[i].type, n->span);
        fields[i] = n->fields[i];
    }
    for (int32_t i = 0; i < count; i++) {
        if (values[i]->kind == BE_COLUMN) continue;
        exprs[width] = values[i];
        fields[width] = (Field){merged[i].name, values[i]->type};
        values[i] = bexpr_column(a, width++, values[i]->type, values[i]->span);
    }
    return width == n->nfields ? n : lnode_project(a, n, exprs, fields, width, s->at);
}

static void merge_scope(Joining *s, LNode **n, const Merged *merged, Scope *scope)
{
    int32_t count = (int32_t)s->using_columns.len;
    BExpr **values = new (s->b->p->arena, BExpr *, count);
    *scope = both(s, count);
    for (int32_t i = 0; i < count; i++) {
        values[i] = merged_value(s, &merged[i]);
        scope->cols[count + (merged[i].left - s->l.cols)].is_merged = true;
        scope->cols[count + s->l.ncols + (merged[i].right - s->r.cols)].is_merged = true;
    }
    *n = with_values(s, *n, values, merged, count);
    for (int32_t i = 0; i < count; i++)
        scope->cols[i] = (ScopeColumn){.name = merged[i].name, .type = values[i]->type, .col = values[i]->col};
}

/* ---- ON ------------------------------------------------------------------------------------- */

/* A condition of ON with a subquery: below an outer join where it is about the side whose rows may
 * stay out, else asked of the pairs. */
static Status ask_elsewhere(Joining *s, BExpr *e)
{
    Binder *b = s->b;
    JoinReads reads = join_reads(e, s->left->nfields);
    bool is_regular = s->join.wanted == JOIN_REGULAR;
    if (s->join.wanted == JOIN_ASOF)
        return diag_error(b->p->diags, WEIR_E_TYPE, e->span, "ASOF JOIN takes equalities and one comparison of times, no subquery");
    if (is_regular && s->join.kind == JOIN_LEFT && (reads == READS_RIGHT || reads == READS_NEITHER)) {
        e = join_side_expr(b->p->arena, e, s->left->nfields);
        return attach_filter(b->p, b->emit_final, s->right, e, e->span, &s->right);
    }
    if (is_regular && s->join.kind == JOIN_RIGHT && (reads == READS_LEFT || reads == READS_NEITHER))
        return attach_filter(b->p, b->emit_final, s->left, e, e->span, &s->left);
    s->later = bexpr_and(b->p->arena, s->later, e);
    return WEIR_OK;
}

static Status bind_on(Joining *s)
{
    Scope scope = both(s, 0);
    Props props = no_props();
    ExprContext c = {.scope = &scope, .props = &props, .clause = "ON"};
    BExpr *on;
    if (!s->t->on) return WEIR_OK;
    TRY(bind_condition(s->b, &c, s->t->on, &on));
    on = rewrite_folded(s->b->p, on);
    for (int32_t i = 0; i < conjunct_count(on); i++) {
        BExpr *e = conjunct_at(on, i);
        if (has_subquery(e)) {
            TRY(ask_elsewhere(s, e));
            continue;
        }
        s->join.on = bexpr_and(s->b->p->arena, s->join.on, e);
    }
    return WEIR_OK;
}

static Status bind_using(Joining *s, Merged **merged)
{
    s->using_columns = s->t->using_columns;
    if (s->t->is_natural) find_common(s);
    *merged = new (s->b->p->arena, Merged, s->using_columns.len);
    for (int i = 0; i < s->using_columns.len; i++) TRY(bind_merged(s, &s->using_columns.data[i], &(*merged)[i]));
    return WEIR_OK;
}

/* ---- what was left of ON -------------------------------------------------------------------- */

/* Rows of one side that are in no pair, beside NULLs for the other's columns. Rows that are equal are in
 * pairs all of them or none. */
static Status unmatched(Binder *b, LNode *side, LNode *pairs, int32_t base, Span at, LNode **out)
{
    Arena *a = b->p->arena;
    BExpr *on = NULL, **exprs = new (a, BExpr *, pairs->nfields);
    for (int32_t i = 0; i < side->nfields; i++) {
        BExpr *same, *x = bexpr_column(a, i, side->fields[i].type, at);
        BExpr *y = bexpr_column(a, side->nfields + base + i, side->fields[i].type, at);
        TRY(subquery_call(b->p, "is_not_distinct", x, y, at, &same));
        on = bexpr_and(a, on, same);
    }
    LNode *alone = subquery_join(a, b->emit_final, JOIN_ANTI, side, pairs, on, at);
    for (int32_t i = 0; i < pairs->nfields; i++) {
        Type t = pairs->fields[i].type;
        bool is_own = i >= base && i < base + side->nfields;
        exprs[i] = is_own ? bexpr_column(a, i - base, t, at) : bexpr_const(a, value_null(t), at);
    }
    *out = lnode_project(a, alone, exprs, pairs->fields, pairs->nfields, at);
    return WEIR_OK;
}

Status bind_outer_rows(Binder *b, JoinKind kind, LNode *left, LNode *right, LNode *pairs, Span at, LNode **out)
{
    LNode **parts = new (b->p->arena, LNode *, 3);
    int32_t n = 0;
    parts[n++] = pairs;
    if (kind == JOIN_LEFT || kind == JOIN_FULL) TRY(unmatched(b, left, pairs, 0, at, &parts[n++]));
    if (kind == JOIN_RIGHT || kind == JOIN_FULL) TRY(unmatched(b, right, pairs, left->nfields, at, &parts[n++]));
    *out = n == 1 ? pairs : lnode_union(b->p->arena, parts, n, at);
    return WEIR_OK;
}

/* The pairs, what they are asked, and the rows that then are in none. */
static Status join_by_parts(Joining *s, LNode **out)
{
    Binder *b = s->b;
    LJoin inner = s->join;
    LNode *pairs;
    inner.kind = JOIN_INNER;
    pairs = lnode_join_of(b->p->arena, &inner, s->left, s->right, s->at);
    TRY(attach_filter(b->p, b->emit_final, pairs, s->later, s->later->span, &pairs));
    return bind_outer_rows(b, s->join.kind, s->left, s->right, pairs, s->at, out);
}

/* ---- ASOF ----------------------------------------------------------------------------------- */

static Status check_asof(const Joining *s, const LNode *n)
{
    Diags *d = s->b->p->diags;
    const LJoin *j = n->join;
    Span at = bind_at(s->b, s->t->join_span.line ? s->t->join_span : s->t->span);
    Status st = WEIR_OK;
    if (j->kind != JOIN_INNER && j->kind != JOIN_LEFT)
        st = diag_error(d, WEIR_E_SYNTAX, at, "ASOF JOIN is inner or left");
    else if (j->left_time < 0)
        st = diag_error(d, WEIR_E_TYPE, at, "ASOF JOIN takes one comparison of the two sides' times");
    else if (j->residual)
        st = diag_error(d, WEIR_E_TYPE, j->residual->span,
                        "ASOF JOIN takes equalities and one comparison of times");
    if (st != WEIR_OK) diag_hint(d, "write ASOF [LEFT] JOIN r ON l.k = r.k AND l.t >= r.t");
    return st;
}

/* ---- FOR SYSTEM_TIME AS OF ------------------------------------------------------------------ */

/* Whether e over n's columns is the time at which the row was accepted: a call of proctime(), or a
 * column that is computed by one. */
static bool is_proctime(const LNode *n, const BExpr *e)
{
    while (e->kind == BE_CAST && e->type.kind == TYPE_TIMESTAMP) e = e->args[0];
    if (bexpr_is_call(e, "proctime")) return true;
    if (e->kind != BE_COLUMN || !n) return false;
    if (n->kind == L_SCAN) {
        const BExpr *computed = n->scan_cols[e->col] >= 0 ? n->rel->cols[n->scan_cols[e->col]].expr : NULL;
        return computed && is_proctime(NULL, computed);
    }
    if (n->kind == L_PROJECT) return is_proctime(n->inputs[0], n->exprs[e->col]);
    bool keeps = n->ninputs > 0 && e->col < n->inputs[0]->nfields && n->kind != L_AGGREGATE && n->kind != L_UNION;
    return keeps && is_proctime(n->inputs[0], e);
}

static Status bind_as_of(Joining *s)
{
    const Expr *when = s->t->right->system_time;
    Props props = s->left->props;
    props.has_position = true; /* proctime() here is the time of the join, of whatever rows */
    ExprContext c = {.scope = &s->l, .props = &props, .clause = "FOR SYSTEM_TIME AS OF"};
    BExpr *e;
    if (!when) return WEIR_OK;
    TRY(bind_expr(s->b, &c, when, &e));
    s->join.wanted = is_proctime(s->left, e) ? JOIN_LOOKUP : JOIN_TEMPORAL;
    while (e->kind == BE_CAST && e->type.kind == TYPE_TIMESTAMP) e = e->args[0];
    bool is_time = e->kind == BE_COLUMN && e->col == s->left->props.time_col && s->left->props.has_watermark;
    if (is_time || s->join.wanted == JOIN_LOOKUP) return WEIR_OK;
    Status st = diag_error(s->b->p->diags, WEIR_E_TYPE, bind_at(s->b, when->span), "this is not the event time of the left side");
    diag_hint(s->b->p->diags, "FOR SYSTEM_TIME AS OF takes the column of its WATERMARK, or proctime()");
    return st;
}

/* ---- versions: the nearest before the left row, unless it has ended --------------------------- */

/* l.ts >= version.ts, which makes the join. */
static Status version_time(Joining *s, BExpr **out)
{
    Arena *a = s->b->p->arena;
    const Props *l = &s->left->props, *r = &s->right->props;
    BExpr **args = new (a, BExpr *, 2);
    args[0] = bexpr_column(a, l->time_col, s->left->fields[l->time_col].type, s->at);
    args[1] = bexpr_column(a, s->left->nfields + r->time_col, s->right->fields[r->time_col].type, s->at);
    return bind_operator(s->b, ">=", args, 2, s->at, out);
}

static bool is_version_key(const Joining *s, const BExpr *e, bool *covered)
{
    int32_t nleft = s->left->nfields;
    int left;
    const Relation *r = s->right->rel;
    if (!join_is_key(e, nleft, &left) || bexpr_is_call(e, "is_not_distinct")) return false;
    const BExpr *right = e->args[!left];
    for (int i = 0; right->kind == BE_COLUMN && i < r->nkey; i++)
        if (right->col - nleft == r->key[i]) {
            covered[i] = true;
            return true;
        }
    return false;
}

/* What chooses the version stays the join's condition; the rest is asked of the one chosen. */
static Status split_condition(Joining *s, BExpr **asked)
{
    Arena *a = s->b->p->arena;
    const Relation *r = s->right->rel;
    bool *covered = new (a, bool, r->nkey);
    BExpr *on = s->join.on, *time;
    TRY(version_time(s, &time));
    s->join.on = time;
    *asked = NULL;
    for (int32_t i = 0; i < conjunct_count(on); i++) {
        BExpr *e = conjunct_at(on, i);
        if (is_version_key(s, e, covered)) s->join.on = bexpr_and(a, s->join.on, e);
        else *asked = bexpr_and(a, *asked, e);
    }
    for (int i = 0; i < r->nkey; i++) {
        if (covered[i]) continue;
        Status st = diag_error(s->b->p->diags, WEIR_E_TYPE, s->at, "ON must equate all of the primary key of \"%.*s\"", STR_ARG(r->name));
        diag_hint(s->b->p->diags, "\"%.*s\" is missing", STR_ARG(r->cols[r->key[i]].name));
        return st;
    }
    return WEIR_OK;
}

static Status is_alive(Joining *s, BExpr *asked, BExpr **out)
{
    Arena *a = s->b->p->arena;
    BExpr **args = new (a, BExpr *, 1);
    args[0] = bexpr_column(a, s->left->nfields + s->right->nfields - 1, TYPE_OF(TYPE_BOOLEAN), s->at);
    TRY(bind_operator(s->b, "not", args, 1, s->at, out));
    *out = bexpr_and(a, *out, asked);
    return WEIR_OK;
}

/* LEFT: a version that has ended, or does not fulfil the rest of ON, is none. */
static LNode *pad_dead(Joining *s, LNode *n, BExpr *alive)
{
    Arena *a = s->b->p->arena;
    BExpr **exprs = new (a, BExpr *, n->nfields);
    for (int32_t i = 0; i < n->nfields; i++) {
        exprs[i] = bexpr_column(a, i, n->fields[i].type, s->at);
        if (i < s->left->nfields) continue;
        BExpr **args = new (a, BExpr *, 2);
        args[0] = alive;
        args[1] = exprs[i];
        exprs[i] = bexpr_form(a, BE_CASE, n->fields[i].type, args, 2, s->at);
    }
    return lnode_project(a, n, exprs, n->fields, n->nfields, s->at);
}

/* At most one row of the right side is chosen: what is asked of it is asked then. */
static Status ask_version(Joining *s, BExpr *asked, LNode **out)
{
    Binder *b = s->b;
    int32_t width = (*out)->nfields;
    if (s->join.kind != JOIN_LEFT) return attach_filter(b->p, b->emit_final, *out, asked, s->at, out);
    TRY(attach_values(b->p, b->emit_final, out, &asked, 1));
    *out = lnode_narrowed(b->p->arena, pad_dead(s, *out, asked), width, width, 0);
    return WEIR_OK;
}

static Status join_versions(Joining *s, LNode **out)
{
    BExpr *asked, *alive;
    Arena *a = s->b->p->arena;
    if (s->join.kind != JOIN_INNER && s->join.kind != JOIN_LEFT)
        return diag_error(s->b->p->diags, WEIR_E_SYNTAX, s->at, "a join FOR SYSTEM_TIME AS OF is inner or left");
    if (!s->left->props.is_append_only)
        return diag_error(s->b->p->diags, WEIR_E_RETRACT, s->at, "rows of the left side may be taken back; their versions are not known any more");
    TRY(split_condition(s, &asked));
    TRY(is_alive(s, asked, &alive));
    *out = lnode_join_of(a, &s->join, s->left, s->right, s->at);
    if (s->join.kind == JOIN_LEFT) return ask_version(s, bexpr_and(a, alive, s->later), out);
    *out = lnode_filter(a, *out, alive, s->at);
    return s->later ? ask_version(s, s->later, out) : WEIR_OK;
}

static Status check_lookup(const Joining *s, const LNode *n)
{
    Diags *d = s->b->p->diags;
    Span at = bind_at(s->b, s->t->join_span.line ? s->t->join_span : s->t->span);
    if (n->join->kind != JOIN_INNER && n->join->kind != JOIN_LEFT)
        return diag_error(d, WEIR_E_SYNTAX, at, "a join FOR SYSTEM_TIME AS OF is inner or left");
    if (n->join->nkeys == 0) {
        Status st = diag_error(d, WEIR_E_TYPE, at, "a join FOR SYSTEM_TIME AS OF takes an equality of the two sides");
        diag_hint(d, "write ON l.k = t.k");
        return st;
    }
    if (s->right->props.is_append_only) {
        Status st = diag_error(d, WEIR_E_TYPE, bind_at(s->b, s->t->right->span), "there is no row of a key to look up in an append-only relation");
        diag_hint(d, "look up a TABLE or a view with a key");
        return st;
    }
    if (s->left->props.is_append_only) return WEIR_OK;
    return diag_error(d, WEIR_E_RETRACT, at, "rows of the left side may be taken back; what they met when they came is not known any more");
}

/* ---- the join ------------------------------------------------------------------------------- */

static JoinKind kind_of(const TableRef *t)
{
    switch (t->join) {
    case AST_JOIN_INNER:
    case AST_JOIN_CROSS: return JOIN_INNER;
    case AST_JOIN_LEFT: return JOIN_LEFT;
    case AST_JOIN_RIGHT: return JOIN_RIGHT;
    case AST_JOIN_FULL: return JOIN_FULL;
    }
    return JOIN_INNER;
}

static Status bind_sides(Joining *s)
{
    TRY(bind_from(s->b, s->t->left, &s->left, &s->l));
    TRY(bind_as_of(s));
    const TableRef *outer = s->b->as_of;
    s->b->as_of = s->t->right;
    bool versions = s->join.wanted == JOIN_TEMPORAL;
    Status st = versions ? bind_versions(s->b, s->t->right, &s->right, &s->r) : bind_from(s->b, s->t->right, &s->right, &s->r);
    s->b->as_of = outer;
    TRY(st);
    return check_tables(s);
}

static Status join_sides(Joining *s, LNode **out)
{
    if (s->join.wanted == JOIN_TEMPORAL) return join_versions(s, out);
    if (s->join.wanted == JOIN_REGULAR && s->later) return join_by_parts(s, out);
    *out = lnode_join_of(s->b->p->arena, &s->join, s->left, s->right, s->at);
    if (s->t->is_asof) TRY(check_asof(s, *out));
    if (s->join.wanted == JOIN_LOOKUP) TRY(check_lookup(s, *out));
    return s->later ? ask_version(s, s->later, out) : WEIR_OK;
}

Status bind_join(Binder *b, const TableRef *t, LNode **out, Scope *scope)
{
    Joining s = {.b = b, .t = t, .at = bind_at(b, t->join_span.line ? t->join_span : t->span)};
    Merged *merged;
    s.join = (LJoin){.kind = kind_of(t), .wanted = t->is_asof ? JOIN_ASOF : JOIN_REGULAR,
                     .emit_final = b->emit_final};
    TRY(bind_sides(&s));
    TRY(bind_using(&s, &merged));
    TRY(bind_on(&s));
    TRY(join_sides(&s, out));
    merge_scope(&s, out, merged, scope);
    return WEIR_OK;
}

/* ---- beside LATERAL ------------------------------------------------------------------------- */

Status bind_lateral_using(Binder *b, const TableRef *t, JoinKind kind, LNode *left, LNode *plan, const Scope *l,
                          const Scope *r, UsingColumns *out)
{
    Joining *s = new_one(b->p->arena, Joining);
    *s = (Joining){.b = b, .t = t, .at = bind_at(b, t->join_span.line ? t->join_span : t->span),
                   .left = left, .right = plan, .l = *l, .r = *r, .join.kind = kind};
    TRY(bind_using(s, &out->merged));
    out->joining = s;
    out->on = s->join.on;
    return WEIR_OK;
}

void using_scope(const UsingColumns *u, LNode **n, Scope *scope)
{
    merge_scope(u->joining, n, u->merged, scope);
}
