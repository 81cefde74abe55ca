/* build_query.c: queries, what stands in FROM, windows, MATCH_RECOGNIZE. */
#include "parser/build.h"
#include "parser/parser.h"

/* ---- queries ---- */

static Select *new_select(Build *b, SelectKind kind, Span span)
{
    build_count(b, 1, span);
    Select *q = new_one(b->arena, Select);
    q->kind = kind;
    q->span = span;
    q->depth = 1;
    return q;
}

static void raise_expr(Build *b, Select *q, const Expr *e)
{
    if (e) build_raise(b, &q->depth, e->depth, e->span);
}

static int32_t group_depth(const GroupItem *g)
{
    int32_t depth = build_exprs_depth(g->exprs);
    for (ptrdiff_t i = 0; i < g->items.len; i++) {
        int32_t child = group_depth(&g->items.data[i]) + 1;
        if (child > depth) depth = child;
    }
    return depth;
}

static void raise_window(Build *b, Select *q, const WindowClause *w)
{
    const Expr *parts[] = {w->size,  w->size_rows, w->advance,      w->advance_rows, w->step,  w->gap,
                           w->bare,  w->trigger,   w->trigger_rows, w->offset,       w->grace, w->retention};
    for (size_t i = 0; i < sizeof parts / sizeof *parts; i++) raise_expr(b, q, parts[i]);
}

Select *build_select(Build *b, Name word, const Select *parts, const ExprList *distinct_on)
{
    Select *q = new_select(b, SELECT_CORE, (Span){0});
    *q = *parts;
    q->kind = SELECT_CORE;
    q->span = build_span_to_here(b, word.span);
    q->depth = 1;
    if (distinct_on) q->distinct_on = *distinct_on;
    build_raise(b, &q->depth, build_exprs_depth(q->distinct_on), q->span);
    for (ptrdiff_t i = 0; i < q->items.len; i++) raise_expr(b, q, q->items.data[i].expr);
    if (q->from) build_raise(b, &q->depth, q->from->depth, q->from->span);
    if (q->window) raise_window(b, q, q->window);
    raise_expr(b, q, q->where);
    for (ptrdiff_t i = 0; i < q->group_by.len; i++)
        build_raise(b, &q->depth, group_depth(&q->group_by.data[i]), q->group_by.data[i].span);
    raise_expr(b, q, q->having);
    raise_expr(b, q, q->qualify);
    return q;
}

Select *build_values(Build *b, Name word, RowList rows)
{
    Select *q = new_select(b, SELECT_VALUES, build_span_to_here(b, word.span));
    q->rows = rows;
    build_count(b, rows.len, q->span);
    for (ptrdiff_t i = 0; i < rows.len; i++)
        build_raise(b, &q->depth, build_exprs_depth(rows.data[i]), q->span);
    return q;
}

/* Whether q has what only stands at the end of a whole query: it was in parentheses then. */
static bool has_tail(const Select *q)
{
    return q->with.len || q->order_by.len || q->limit || q->offset || q->emit != EMIT_UNSAID;
}

static void add_branch(Build *b, Select *set, Select *branch)
{
    vec_push(&set->branches, b->arena, branch);
    build_raise(b, &set->depth, branch->depth, branch->span);
}

Select *build_set(Build *b, SetOp op, Name word, bool all, Select *l, Select *r)
{
    (void)word;
    bool continues = l->kind == SELECT_SET && l->set_op == op && l->set_all == all && !has_tail(l);
    if (continues && l->branches.len >= PARSER_CHAIN_MAX) {
        if (!b->failed)
            diag_error(b->diags, WEIR_E_LIMIT, r->span, "the query has more branches than %d",
                       PARSER_CHAIN_MAX);
        b->failed = true;
        return l;
    }
    Select *q = l;
    if (!continues) {
        q = new_select(b, SELECT_SET, l->span);
        q->set_op = op;
        q->set_all = all;
        add_branch(b, q, l);
    }
    add_branch(b, q, r);
    q->span = span_join(q->span, r->span);
    return q;
}

/* SELECT * FROM (q): an outer ORDER BY or LIMIT over a query that has its own. */
static Select *wrapped(Build *b, Select *q)
{
    Select *outer = new_select(b, SELECT_CORE, q->span);
    SelectItem star = {.expr = build_star(b, (NameList){0}, q->span)};
    vec_push(&outer->items, b->arena, star);
    outer->from = build_table_query(b, q->span, q, false);
    build_raise(b, &outer->depth, outer->from->depth, q->span);
    return outer;
}

static void set_tail(Build *b, Select *q, const QueryTail *tail)
{
    q->order_by = tail->order_by;
    q->limit = tail->limit.count;
    q->offset = tail->limit.offset;
    q->with_ties = tail->limit.with_ties;
    q->emit = tail->emit.kind;
    q->emit_span = tail->emit.span;
    build_raise(b, &q->depth, build_order_depth(q->order_by), q->span);
    raise_expr(b, q, q->limit);
    raise_expr(b, q, q->offset);
}

Select *build_query(Build *b, Select *q, const WithClause *with, const QueryTail *tail)
{
    if (has_tail(q)) q = wrapped(b, q);
    Span start = with ? with->span : q->span;
    q->span = span_join(start, build_span_to_here(b, q->span));
    if (tail) set_tail(b, q, tail);
    if (!with) return q;
    q->with = with->list;
    q->is_recursive = with->is_recursive;
    for (ptrdiff_t i = 0; i < q->with.len; i++)
        build_raise(b, &q->depth, q->with.data[i].query->depth, q->with.data[i].name.span);
    return q;
}

Select *build_query_parens(Build *b, Select *q, Span span)
{
    (void)b;
    q->span = span;
    return q;
}

WithClause *build_with(Build *b, Name word, CommonTableList list, bool recursive)
{
    WithClause *w = new_one(b->arena, WithClause);
    *w = (WithClause){list, recursive, word.span};
    return w;
}

LimitClause *build_limit(Build *b, Name word, Expr *count, Expr *offset, bool with_ties)
{
    LimitClause *l = new_one(b->arena, LimitClause);
    *l = (LimitClause){count, offset, with_ties, word.span};
    return l;
}

QueryTail *build_tail(Build *b, OrderList order, const LimitClause *limit, EmitClause emit,
                      const LimitClause *after_emit)
{
    QueryTail *t = new_one(b->arena, QueryTail);
    t->order_by = order;
    t->emit = emit;
    if (limit && after_emit && !b->failed) {
        b->failed = true;
        diag_error(b->diags, WEIR_E_SYNTAX, after_emit->span, "the query has two LIMIT clauses");
    }
    if (limit) t->limit = *limit;
    else if (after_emit) t->limit = *after_emit;
    return t;
}

ExprList *build_distinct_on(Build *b, ExprList on)
{
    ExprList *l = new_one(b->arena, ExprList);
    *l = on;
    return l;
}

GroupItem build_group_expr(Build *b, Expr *x)
{
    GroupItem g = {.kind = GROUP_EXPR, .span = x->span};
    if (x->kind == EX_ROW) {
        g.kind = GROUP_SET;
        g.exprs = x->args;
    } else {
        vec_push(&g.exprs, b->arena, x);
    }
    return g;
}

/* ---- windows ---- */

typedef struct WindowSlot {
    const char *word;
    ptrdiff_t value, rows; /* offsets in WindowClause; rows 0: no count of rows */
} WindowSlot;
#define SLOT(word, value) {word, offsetof(WindowClause, value), 0}
#define SLOT_ROWS(word, value) {word, offsetof(WindowClause, value), offsetof(WindowClause, value##_rows)}
static const WindowSlot WINDOW_SLOTS[] = {
    [WINDOW_ITEM_BARE] = SLOT("size", bare),
    [WINDOW_ITEM_SIZE] = SLOT_ROWS("SIZE", size),
    [WINDOW_ITEM_ADVANCE] = SLOT_ROWS("ADVANCE BY", advance),
    [WINDOW_ITEM_STEP] = SLOT("STEP", step),
    [WINDOW_ITEM_GAP] = SLOT("GAP", gap),
    [WINDOW_ITEM_OFFSET] = SLOT("OFFSET", offset),
    [WINDOW_ITEM_GRACE] = SLOT("GRACE PERIOD", grace),
    [WINDOW_ITEM_RETENTION] = SLOT("RETENTION", retention),
    [WINDOW_ITEM_ON] = SLOT("ON", on),
    [WINDOW_ITEM_TRIGGER] = SLOT_ROWS("TRIGGER", trigger),
};

static void set_window_item(Build *b, WindowClause *w, const WindowItem *item)
{
    if (item->kind == WINDOW_ITEM_FILL) {
        w->fill = true;
        return;
    }
    const WindowSlot *slot = &WINDOW_SLOTS[item->kind];
    ptrdiff_t offset = item->is_rows ? slot->rows : slot->value;
    Expr **value = (Expr **)((char *)w + offset);
    if (*value && !b->failed) {
        b->failed = true;
        diag_error(b->diags, WEIR_E_SYNTAX, item->span, "the window's %s is given twice", slot->word);
    }
    *value = item->value;
}

WindowClause *build_window(Build *b, Name word, Name kind, WindowItemList items)
{
    WindowClause *w = new_one(b->arena, WindowClause);
    w->span = build_span_to_here(b, word.span);
    w->kind = kind;
    for (ptrdiff_t i = 0; i < items.len; i++) set_window_item(b, w, &items.data[i]);
    return w;
}

/* ---- FROM ---- */

static TableRef *new_table(Build *b, TableRefKind kind, Span span)
{
    build_count(b, 1, span);
    TableRef *t = new_one(b->arena, TableRef);
    t->kind = kind;
    t->span = span;
    t->depth = 1;
    return t;
}

TableRef *build_table_name(Build *b, NameList path)
{
    Span span = span_join(path.data[0].span, path.data[path.len - 1].span);
    TableRef *t = new_table(b, TABLE_NAME, span);
    t->parts = path;
    return t;
}

TableRef *build_table_file(Build *b, Name file, OptionList options)
{
    TableRef *t = new_table(b, TABLE_FILE, build_span_to_here(b, file.span));
    t->file = file.text;
    t->options = options;
    return t;
}

TableRef *build_table_query(Build *b, Span start, Select *q, bool lateral)
{
    TableRef *t = new_table(b, TABLE_SUBQUERY, build_span_to_here(b, start));
    t->query = q;
    t->is_lateral = lateral;
    build_raise(b, &t->depth, q->depth, q->span);
    return t;
}

TableRef *build_table_func(Build *b, Span start, Expr *call, bool lateral, bool ordinality)
{
    TableRef *t = new_table(b, TABLE_FUNCTION, build_span_to_here(b, start));
    t->func = call;
    t->is_lateral = lateral;
    t->with_ordinality = ordinality;
    build_raise(b, &t->depth, call->depth, call->span);
    return t;
}

TableRef *build_table_match(Build *b, TableRef *input, Name word, MatchClause *match)
{
    TableRef *t = new_table(b, TABLE_MATCH, build_span_to_here(b, input->span));
    t->left = input;
    t->match = match;
    match->span = build_span_to_here(b, word.span);
    build_raise(b, &t->depth, input->depth, input->span);
    return t;
}

TableRef *build_system_time(Build *b, TableRef *t, Expr *time)
{
    t->system_time = time;
    t->span = build_span_to_here(b, t->span);
    build_raise(b, &t->depth, time->depth, time->span);
    return t;
}

TableRef *build_alias(Build *b, TableRef *t, AliasClause alias)
{
    t->alias = alias.name;
    t->columns = alias.columns;
    t->span = build_span_to_here(b, t->span);
    return t;
}

TableRef *build_join(Build *b, TableRef *l, TableRef *r, const TableRef *how)
{
    TableRef *t = new_table(b, TABLE_JOIN, build_span_to_here(b, l->span));
    t->join = how->join;
    t->is_asof = how->is_asof;
    t->is_natural = how->is_natural;
    t->is_comma = how->is_comma;
    t->join_span = how->join_span;
    t->on = how->on;
    t->using_columns = how->using_columns;
    t->left = l;
    t->right = r;
    build_raise(b, &t->depth, l->depth, l->span);
    build_raise(b, &t->depth, r->depth, r->span);
    if (t->on) build_raise(b, &t->depth, t->on->depth, t->on->span);
    return t;
}

TableRef *build_join_kind(Build *b, JoinWord kind, Name word, TableRef *how)
{
    TableRef *t = new_one(b->arena, TableRef);
    *t = *how;
    t->join = kind.join;
    t->join_span = span_join(kind.span, word.span);
    return t;
}

TableRef *build_join_on(Build *b, Expr *on, NameList columns)
{
    TableRef *t = new_one(b->arena, TableRef);
    t->on = on;
    t->using_columns = columns;
    return t;
}

/* ---- MATCH_RECOGNIZE ---- */

MatchClause *build_match_clause(Build *b, const MatchClause *parts, MatchSubsetList subsets)
{
    MatchClause *m = new_one(b->arena, MatchClause);
    *m = *parts;
    m->subsets = subsets;
    return m;
}

static Pattern *new_pattern(Build *b, PatternKind kind, Span span)
{
    build_count(b, 1, span);
    Pattern *p = new_one(b->arena, Pattern);
    p->kind = kind;
    p->span = span;
    p->depth = 1;
    return p;
}

static void add_pattern(Build *b, Pattern *p, Pattern *item)
{
    vec_push(&p->items, b->arena, item);
    build_raise(b, &p->depth, item->depth, item->span);
}

Pattern *build_pattern_var(Build *b, Name name)
{
    Pattern *p = new_pattern(b, PATTERN_VAR, name.span);
    p->name = name;
    return p;
}

Pattern *build_pattern_join(Build *b, PatternKind kind, Pattern *l, Pattern *r)
{
    Pattern *p = l;
    if (l->kind != kind || l->items.len == 0) {
        p = new_pattern(b, kind, l->span);
        add_pattern(b, p, l);
    }
    add_pattern(b, p, r);
    p->span = span_join(p->span, r->span);
    return p;
}

Pattern *build_pattern_list(Build *b, PatternKind kind, Name start, PatternList items)
{
    Pattern *p = new_pattern(b, kind, build_span_to_here(b, start.span));
    for (ptrdiff_t i = 0; i < items.len; i++) add_pattern(b, p, items.data[i]);
    return p;
}

PatternList build_patterns1(Build *b, Pattern *p)
{
    PatternList l = {0};
    vec_push(&l, b->arena, p);
    return l;
}

static int32_t pattern_count(Build *b, Name n, int32_t without)
{
    int64_t v = without;
    if (n.text.n && (!str_to_int64(n.text, &v) || v < 0 || v > INT32_MAX)) {
        if (!b->failed)
            diag_error(b->diags, WEIR_E_SYNTAX, n.span, "\"%.*s\" is not a number of repetitions",
                       STR_ARG(n.text));
        b->failed = true;
        return 0;
    }
    return (int32_t)v;
}

Pattern *build_pattern_repeat(Build *b, Pattern *item, Name min, Name max, int32_t no_min, int32_t no_max,
                              bool reluctant)
{
    Pattern *p = new_pattern(b, PATTERN_REPEAT, build_span_to_here(b, item->span));
    p->min = pattern_count(b, min, no_min);
    p->max = pattern_count(b, max, no_max);
    p->is_reluctant = reluctant;
    add_pattern(b, p, item);
    return p;
}
