/* node_identity.c: which row is which, and which comes first of rows that are equal otherwise.
 *
 * Rows of streams are ordered by position, those of a join by the positions of its inputs, left to
 * right (an input of one row adds nothing), those of a keyed relation by their key, all others by all their columns. Positions become
 * columns only where an order needs them: lnode_identified builds the node anew, with
 * row_position() computed over the scans and carried up behind the columns that are there. */
#include "planner/node.h"
#include "planner/planner.h"

#include <assert.h>

static bool is_ordered_by_position(const LNode *n)
{
    return n->props.has_position && n->props.is_append_only;
}

static int32_t position_column(const LNode *n)
{
    if (n->kind != L_PROJECT || !is_ordered_by_position(n)) return -1;
    for (int i = 0; i < n->nfields; i++)
        if (bexpr_is_call(n->exprs[i], ROW_POSITION)) return i;
    return -1;
}

/* ---- what is there -------------------------------------------------------------------------- */

typedef struct Identity {
    int32_t *cols;
    int32_t n; /* 0: no columns say it */
} Identity;

static Identity identity_of(Arena *a, const LNode *n);

/* Columns of a join's right input, as the join has them. */
static Identity on_right(Arena *a, const LNode *n, Identity id)
{
    Identity out = {new (a, int32_t, id.n), id.n};
    for (int i = 0; i < id.n; i++) out.cols[i] = n->inputs[0]->nfields + id.cols[i];
    return out;
}

static Identity of_both(Arena *a, Identity l, Identity r)
{
    Identity both = {new (a, int32_t, l.n + r.n), l.n + r.n};
    for (int i = 0; i < both.n; i++) both.cols[i] = i < l.n ? l.cols[i] : r.cols[i - l.n];
    return both;
}

static bool has_one_row(const LNode *n) { return n->props.has_row_key && n->props.nrow_key == 0; }

static Identity of_join(Arena *a, const LNode *n)
{
    Identity l = identity_of(a, n->inputs[0]);
    if (join_is_half(n->join) || has_one_row(n->inputs[1])) return l;
    Identity r = on_right(a, n, identity_of(a, n->inputs[1]));
    if (has_one_row(n->inputs[0])) return r;
    if (l.n == 0) return l;
    return r.n ? of_both(a, l, r) : r;
}

static int32_t shown_as(const LNode *n, int32_t col)
{
    for (int i = 0; i < n->nfields; i++)
        if (n->exprs[i]->kind == BE_COLUMN && n->exprs[i]->col == col) return i;
    return -1;
}

/* The columns of a project that show those of its input. */
static Identity shown(Arena *a, const LNode *n, Identity in)
{
    Identity out = {new (a, int32_t, in.n), in.n};
    for (int i = 0; i < in.n; i++) {
        out.cols[i] = shown_as(n, in.cols[i]);
        if (out.cols[i] < 0) return (Identity){NULL, 0};
    }
    return out;
}

static Identity of_project(Arena *a, const LNode *n)
{
    return shown(a, n, identity_of(a, n->inputs[0]));
}

static Identity of_key(const LNode *n)
{
    return (Identity){n->props.key, n->props.nkey};
}

static Identity of_position(Arena *a, const LNode *n)
{
    int32_t col = position_column(n);
    Identity none = {NULL, 0}, id = {new_one(a, int32_t), 1};
    *id.cols = col;
    return col < 0 ? none : id;
}

static Identity identity_of(Arena *a, const LNode *n)
{
    Identity id = {NULL, 0};
    if (is_ordered_by_position(n)) return of_position(a, n);
    switch (n->kind) {
    case L_WINDOW: /* rows of sessions are as they came */
        if (is_session_rows(n)) id = identity_of(a, n->inputs[0]);
        break;
    case L_FILTER:
    case L_CONTEND:
    case L_OVER:
    case L_TOPN: id = identity_of(a, n->inputs[0]); break;
    case L_PROJECT: id = of_project(a, n); break;
    case L_JOIN: id = of_join(a, n); break;
    case L_SCAN:
    case L_VIEW_INPUT:
    case L_VALUES:
    case L_AGGREGATE:
    case L_UNION:
    case L_SETOP:
    case L_UNNEST: break;
    }
    return id.n ? id : of_key(n);
}

static Identity of_all(Arena *a, const LNode *n)
{
    Identity id = {new (a, int32_t, n->nfields), n->nfields};
    for (int i = 0; i < n->nfields; i++) id.cols[i] = i;
    return id;
}

static Identity of_sides(Arena *a, const LNode *n);

static Identity of_side(Arena *a, const LNode *n)
{
    Identity id = identity_of(a, n);
    if (id.n == 0) id = of_sides(a, n);
    return id.n ? id : of_all(a, n);
}

/* A join of which one side only has positions or a key: of the other side all columns. */
static Identity of_sides(Arena *a, const LNode *n)
{
    if (n->kind == L_FILTER) return of_sides(a, n->inputs[0]);
    if (n->kind == L_PROJECT) return shown(a, n, of_sides(a, n->inputs[0]));
    if (n->kind != L_JOIN || join_is_half(n->join)) return (Identity){NULL, 0};
    return of_both(a, of_side(a, n->inputs[0]), on_right(a, n, of_side(a, n->inputs[1])));
}

int32_t lnode_identity(const LNode *n, Arena *a, int32_t **cols)
{
    Identity id = identity_of(a, n);
    if (id.n == 0) id = of_sides(a, n);
    *cols = id.cols;
    if (id.n) return id.n;
    *cols = new (a, int32_t, n->nfields);
    for (int i = 0; i < n->nfields; i++) (*cols)[i] = i;
    return n->nfields;
}

/* ---- adding it ------------------------------------------------------------------------------ */

/* A list of columns on its way to a project. */
typedef struct Columns {
    Arena *arena;
    BExpr **exprs;
    Field *fields;
    int32_t n;
} Columns;

static Columns columns_room(Arena *a, int32_t room)
{
    return (Columns){a, new (a, BExpr *, room), new (a, Field, room), 0};
}

static void put_expr(Columns *c, BExpr *e, Str name)
{
    c->exprs[c->n] = e;
    c->fields[c->n++] = (Field){name, e->type};
}

static void put_columns(Columns *c, const LNode *n, int32_t from, int32_t count)
{
    for (int32_t i = from; i < from + count; i++)
        put_expr(c, bexpr_column(c->arena, i, n->fields[i].type, n->span), n->fields[i].name);
}

static LNode *with_position(Arena *a, LNode *n, const FuncDef *position)
{
    Columns c = columns_room(a, n->nfields + 1);
    put_columns(&c, n, 0, n->nfields);
    put_expr(&c, bexpr_call(a, position, TYPE_OF(TYPE_BLOB), NULL, 0, n->span), str_z(ROW_POSITION));
    return lnode_project(a, n, c.exprs, c.fields, c.n, n->span);
}

static LNode *identified(Arena *a, LNode *n, const FuncDef *position);

static LNode *identified_project(Arena *a, LNode *n, const FuncDef *position)
{
    LNode *in = identified(a, n->inputs[0], position);
    Identity id = identity_of(a, in);
    if (id.n == 0) return n;
    Columns c = columns_room(a, n->nfields + id.n);
    for (int i = 0; i < n->nfields; i++) put_expr(&c, n->exprs[i], n->fields[i].name);
    for (int i = 0; i < id.n; i++)
        if (shown_as(n, id.cols[i]) < 0) put_columns(&c, in, id.cols[i], 1);
    LNode *wider = lnode_project(a, in, c.exprs, c.fields, c.n, n->span);
    wider->sorted = n->sorted;
    wider->nsorted = n->nsorted;
    return wider;
}

static LNode *identified_join(Arena *a, LNode *n, const FuncDef *position)
{
    LNode *l = identified(a, n->inputs[0], position), *r = identified(a, n->inputs[1], position);
    int32_t nl = n->inputs[0]->nfields, nr = n->inputs[1]->nfields, *to = new (a, int32_t, nl + nr);
    if (l == n->inputs[0] && r == n->inputs[1]) return n;
    for (int i = 0; i < nl + nr; i++) to[i] = i < nl ? i : i - nl + l->nfields;
    BExpr *on = n->join->on ? bexpr_renumber(a, n->join->on, to) : NULL;
    LNode *joined = lnode_join_with_on(a, n, on, l, r);
    bool is_half = join_is_half(n->join);
    Columns c = columns_room(a, joined->nfields);
    put_columns(&c, joined, 0, nl);
    if (!is_half) put_columns(&c, joined, l->nfields, nr);
    put_columns(&c, joined, nl, l->nfields - nl);
    if (!is_half) put_columns(&c, joined, l->nfields + nr, r->nfields - nr);
    return lnode_project(a, joined, c.exprs, c.fields, c.n, n->span);
}

/* n with columns behind its own, so that identity_of finds it if it can be found. */
static LNode *identified(Arena *a, LNode *n, const FuncDef *position)
{
    if (identity_of(a, n).n) return n;
    if (is_ordered_by_position(n)) return with_position(a, n, position);
    if (n->kind == L_PROJECT) return identified_project(a, n, position);
    if (n->kind == L_JOIN) return identified_join(a, n, position);
    if (n->kind != L_FILTER) return n;
    LNode *in = identified(a, n->inputs[0], position);
    return in == n->inputs[0] ? n : lnode_filter(a, in, n->pred, n->span);
}

LNode *lnode_identified(Planner *p, LNode *n)
{
    const FuncDef *position = registry_func(p->catalog->registry, str_z(ROW_POSITION), 0);
    return position ? identified(p->arena, n, position) : n;
}

LNode *lnode_narrowed(Arena *a, LNode *n, int32_t ncols, int32_t at, int32_t count)
{
    if (n->nfields == ncols + count) return n;
    Columns c = columns_room(a, ncols + count);
    put_columns(&c, n, 0, ncols);
    put_columns(&c, n, at, count);
    return lnode_project(a, n, c.exprs, c.fields, c.n, n->span);
}
