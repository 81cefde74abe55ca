/* unparse_query.c: queries as canonical SQL. */
#include "parser/unparse.h"

static void print_clause(StrBuf *b, const char *words, const Expr *e)
{
    if (!e) return;
    sb_z(b, words);
    unparse_expr(b, e);
}

static void print_query(StrBuf *b, const Select *q)
{
    sb_char(b, '(');
    unparse_select(b, q);
    sb_char(b, ')');
}

/* ---- windows ---- */

static void print_item(StrBuf *b, const char *words, const Expr *e, bool is_rows)
{
    if (!e) return;
    if (b->p[b->n - 1] != '(') sb_lit(b, ", ");
    sb_z(b, words);
    unparse_expr(b, e);
    if (is_rows) sb_lit(b, " ROWS");
}

static void print_window(StrBuf *b, const WindowClause *w)
{
    sb_lit(b, " WINDOW ");
    unparse_name(b, w->kind);
    sb_lit(b, " (");
    print_item(b, "SIZE ", w->size, false);
    print_item(b, "SIZE ", w->size_rows, true);
    print_item(b, "", w->bare, false);
    print_item(b, "ADVANCE BY ", w->advance, false);
    print_item(b, "ADVANCE BY ", w->advance_rows, true);
    print_item(b, "STEP ", w->step, false);
    print_item(b, "GAP ", w->gap, false);
    print_item(b, "TRIGGER EVERY ", w->trigger, false);
    print_item(b, "TRIGGER EVERY ", w->trigger_rows, true);
    print_item(b, "OFFSET ", w->offset, false);
    print_item(b, "GRACE PERIOD ", w->grace, false);
    print_item(b, "RETENTION ", w->retention, false);
    print_item(b, "ON ", w->on, false);
    if (w->fill) sb_z(b, b->p[b->n - 1] == '(' ? "FILL" : ", FILL");
    sb_char(b, ')');
}

/* ---- MATCH_RECOGNIZE ---- */

static void print_pattern(StrBuf *b, const Pattern *p, bool is_atom);

static void print_patterns(StrBuf *b, const Pattern *p, const char *between, bool items_are_atoms)
{
    for (ptrdiff_t i = 0; i < p->items.len; i++) {
        if (i) sb_z(b, between);
        print_pattern(b, p->items.data[i], items_are_atoms);
    }
}

static void print_repeat(StrBuf *b, const Pattern *p)
{
    print_pattern(b, p->items.data[0], true);
    if (p->min == 0 && p->max == -1) sb_char(b, '*');
    else if (p->min == 1 && p->max == -1) sb_char(b, '+');
    else if (p->min == 0 && p->max == 1) sb_char(b, '?');
    else if (p->max == -1) sb_printf(b, "{%d,}", p->min);
    else if (p->max == p->min) sb_printf(b, "{%d}", p->min);
    else sb_printf(b, "{%d,%d}", p->min, p->max);
    if (p->is_reluctant) sb_char(b, '?');
}

/* An atom is what a quantifier can follow; anything else in its place goes in parentheses. */
static void print_pattern(StrBuf *b, const Pattern *p, bool is_atom)
{
    bool is_open = p->kind == PATTERN_CONCAT || p->kind == PATTERN_ALT || p->kind == PATTERN_REPEAT;
    bool needs_parens = is_atom && is_open && p->items.len;
    if (needs_parens) sb_char(b, '(');
    switch (p->kind) {
    case PATTERN_VAR: unparse_name(b, p->name); break;
    case PATTERN_CONCAT:
        if (!p->items.len) sb_lit(b, "()");
        for (ptrdiff_t i = 0; i < p->items.len; i++) {
            if (i) sb_char(b, ' ');
            print_pattern(b, p->items.data[i], p->items.data[i]->kind != PATTERN_REPEAT);
        }
        break;
    case PATTERN_ALT:
        for (ptrdiff_t i = 0; i < p->items.len; i++) {
            if (i) sb_lit(b, " | ");
            print_pattern(b, p->items.data[i], p->items.data[i]->kind == PATTERN_ALT);
        }
        break;
    case PATTERN_REPEAT: print_repeat(b, p); break;
    case PATTERN_PERMUTE:
        sb_lit(b, "PERMUTE(");
        print_patterns(b, p, ", ", false);
        sb_char(b, ')');
        break;
    case PATTERN_EXCLUDE:
        sb_lit(b, "{- ");
        print_patterns(b, p, " ", false);
        sb_lit(b, " -}");
        break;
    }
    if (needs_parens) sb_char(b, ')');
}

static void print_measures(StrBuf *b, MatchItemList list)
{
    for (ptrdiff_t i = 0; i < list.len; i++) {
        sb_z(b, i ? ", " : " MEASURES ");
        unparse_expr(b, list.data[i].expr);
        sb_lit(b, " AS ");
        unparse_name(b, list.data[i].name);
    }
}

static void print_match_skip(StrBuf *b, const MatchClause *m)
{
    static const char *const TEXTS[] = {"", " AFTER MATCH SKIP PAST LAST ROW", " AFTER MATCH SKIP TO NEXT ROW",
                                        " AFTER MATCH SKIP TO FIRST ", " AFTER MATCH SKIP TO LAST "};
    sb_z(b, TEXTS[m->skip]);
    unparse_name(b, m->skip_to);
}

static void print_subsets(StrBuf *b, MatchSubsetList list)
{
    for (ptrdiff_t i = 0; i < list.len; i++) {
        sb_z(b, i ? ", " : " SUBSET ");
        unparse_name(b, list.data[i].name);
        sb_lit(b, " = (");
        unparse_names(b, list.data[i].members);
        sb_char(b, ')');
    }
}

static void print_match(StrBuf *b, const MatchClause *m)
{
    static const char *const ROWS[] = {"", " ONE ROW PER MATCH", " ALL ROWS PER MATCH"};
    sb_lit(b, " MATCH_RECOGNIZE (");
    if (m->partition_by.len) sb_lit(b, "PARTITION BY ");
    unparse_exprs(b, m->partition_by);
    if (m->order_by.len) sb_z(b, m->partition_by.len ? " ORDER BY " : "ORDER BY ");
    unparse_orders(b, m->order_by);
    print_measures(b, m->measures);
    sb_z(b, ROWS[m->rows]);
    print_match_skip(b, m);
    sb_z(b, b->p[b->n - 1] == '(' ? "PATTERN (" : " PATTERN (");
    print_pattern(b, m->pattern, false);
    sb_char(b, ')');
    print_clause(b, " WITHIN ", m->within);
    print_subsets(b, m->subsets);
    for (ptrdiff_t i = 0; i < m->defines.len; i++) {
        sb_z(b, i ? ", " : " DEFINE ");
        unparse_name(b, m->defines.data[i].name);
        print_clause(b, " AS ", m->defines.data[i].expr);
    }
    sb_char(b, ')');
}

/* ---- FROM ---- */

static void print_join(StrBuf *b, const TableRef *t)
{
    static const char *const KINDS[] = {"JOIN ", "LEFT JOIN ", "RIGHT JOIN ", "FULL JOIN ", "CROSS JOIN "};
    unparse_table(b, t->left);
    sb_z(b, t->is_comma ? ", " : " ");
    if (t->is_natural) sb_lit(b, "NATURAL ");
    if (t->is_asof) sb_lit(b, "ASOF ");
    if (!t->is_comma) sb_z(b, KINDS[t->join]);
    bool needs_parens = t->right->kind == TABLE_JOIN && !t->is_comma;
    if (needs_parens) sb_char(b, '(');
    unparse_table(b, t->right);
    if (needs_parens) sb_char(b, ')');
    print_clause(b, " ON ", t->on);
    if (!t->using_columns.len) return;
    sb_lit(b, " USING (");
    unparse_names(b, t->using_columns);
    sb_char(b, ')');
}

static void print_alias(StrBuf *b, const TableRef *t)
{
    if (!t->alias.text.n) return;
    sb_lit(b, " AS ");
    unparse_name(b, t->alias);
    if (!t->columns.len) return;
    sb_char(b, '(');
    unparse_names(b, t->columns);
    sb_char(b, ')');
}

static void print_table_name(StrBuf *b, const TableRef *t)
{
    for (ptrdiff_t i = 0; i < t->parts.len; i++) {
        if (i) sb_char(b, '.');
        unparse_name(b, t->parts.data[i]);
    }
    print_clause(b, " FOR SYSTEM_TIME AS OF ", t->system_time);
}

static void print_table_file(StrBuf *b, const TableRef *t)
{
    unparse_string(b, t->file);
    if (!t->options.len) return;
    sb_char(b, ' ');
    unparse_file_options(b, t->options);
}

void unparse_table(StrBuf *b, const TableRef *t)
{
    if (t->is_lateral) sb_lit(b, "LATERAL ");
    switch (t->kind) {
    case TABLE_NAME: print_table_name(b, t); break;
    case TABLE_FILE: print_table_file(b, t); break;
    case TABLE_SUBQUERY: print_query(b, t->query); break;
    case TABLE_FUNCTION: unparse_expr(b, t->func); break;
    case TABLE_JOIN: print_join(b, t); break;
    case TABLE_MATCH:
        unparse_table(b, t->left);
        print_match(b, t->match);
        break;
    }
    if (t->with_ordinality) sb_lit(b, " WITH ORDINALITY");
    print_alias(b, t);
}

/* ---- SELECT ---- */

void unparse_select_items(StrBuf *b, SelectItemList items)
{
    for (ptrdiff_t i = 0; i < items.len; i++) {
        if (i) sb_lit(b, ", ");
        unparse_expr(b, items.data[i].expr);
        if (!items.data[i].alias.text.n) continue;
        sb_lit(b, " AS ");
        unparse_name(b, items.data[i].alias);
    }
}

static void print_groups(StrBuf *b, GroupList list)
{
    static const char *const WORDS[] = {"", "(", "ROLLUP (", "CUBE (", "GROUPING SETS ("};
    for (ptrdiff_t i = 0; i < list.len; i++) {
        const GroupItem *g = &list.data[i];
        if (i) sb_lit(b, ", ");
        bool is_row = g->kind == GROUP_SET && g->exprs.len == 1;
        if (is_row) sb_lit(b, "ROW");
        sb_z(b, WORDS[g->kind]);
        unparse_exprs(b, g->exprs);
        print_groups(b, g->items);
        if (g->kind != GROUP_EXPR) sb_char(b, ')');
    }
}

static void print_distinct(StrBuf *b, const Select *q)
{
    if (!q->is_distinct) return;
    sb_lit(b, "DISTINCT ");
    if (!q->distinct_on.len) return;
    sb_lit(b, "ON (");
    unparse_exprs(b, q->distinct_on);
    sb_lit(b, ") ");
}

static void print_named_windows(StrBuf *b, NamedWindowList list)
{
    for (ptrdiff_t i = 0; i < list.len; i++) {
        sb_z(b, i ? ", " : " WINDOW ");
        unparse_name(b, list.data[i].name);
        sb_lit(b, " AS ");
        unparse_over(b, list.data[i].spec);
    }
}

static void print_core(StrBuf *b, const Select *q)
{
    sb_lit(b, "SELECT ");
    print_distinct(b, q);
    unparse_select_items(b, q->items);
    if (q->from) {
        sb_lit(b, " FROM ");
        unparse_table(b, q->from);
    }
    if (q->window) print_window(b, q->window);
    print_clause(b, " WHERE ", q->where);
    if (q->group_by.len) sb_lit(b, " GROUP BY ");
    print_groups(b, q->group_by);
    print_clause(b, " HAVING ", q->having);
    print_named_windows(b, q->windows);
    print_clause(b, " QUALIFY ", q->qualify);
}

static void print_values(StrBuf *b, const Select *q)
{
    for (ptrdiff_t i = 0; i < q->rows.len; i++) {
        sb_z(b, i ? ", (" : "VALUES (");
        unparse_exprs(b, q->rows.data[i]);
        sb_char(b, ')');
    }
}

static void print_branch(StrBuf *b, const Select *q)
{
    bool is_whole = q->with.len || q->order_by.len || q->limit || q->offset || q->emit != EMIT_UNSAID;
    if (q->kind == SELECT_SET || is_whole) print_query(b, q);
    else unparse_select(b, q);
}

static void print_set(StrBuf *b, const Select *q)
{
    static const char *const OPS[] = {" UNION ", " INTERSECT ", " EXCEPT "};
    for (ptrdiff_t i = 0; i < q->branches.len; i++) {
        if (i) sb_z(b, OPS[q->set_op]);
        if (i && q->set_all) sb_lit(b, "ALL ");
        print_branch(b, q->branches.data[i]);
    }
}

static void print_with(StrBuf *b, const Select *q)
{
    for (ptrdiff_t i = 0; i < q->with.len; i++) {
        const CommonTable *c = &q->with.data[i];
        sb_z(b, i ? ", " : q->is_recursive ? "WITH RECURSIVE " : "WITH ");
        unparse_name(b, c->name);
        if (c->columns.len) {
            sb_lit(b, " (");
            unparse_names(b, c->columns);
            sb_char(b, ')');
        }
        sb_lit(b, " AS ");
        print_query(b, c->query);
    }
    if (q->with.len) sb_char(b, ' ');
}

static void print_fetch(StrBuf *b, const Select *q)
{
    print_clause(b, " OFFSET ", q->offset);
    if (q->offset) sb_lit(b, " ROWS");
    bool is_simple = q->limit->kind == EX_NUMBER || q->limit->kind == EX_PARAM;
    sb_z(b, is_simple ? " FETCH FIRST " : " FETCH FIRST (");
    unparse_expr(b, q->limit);
    sb_z(b, is_simple ? " ROWS WITH TIES" : ") ROWS WITH TIES");
}

void unparse_select(StrBuf *b, const Select *q)
{
    static const char *const EMITS[] = {"", " EMIT CHANGES", " EMIT FINAL"};
    print_with(b, q);
    switch (q->kind) {
    case SELECT_CORE: print_core(b, q); break;
    case SELECT_VALUES: print_values(b, q); break;
    case SELECT_SET: print_set(b, q); break;
    }
    if (q->order_by.len) sb_lit(b, " ORDER BY ");
    unparse_orders(b, q->order_by);
    if (q->with_ties) {
        print_fetch(b, q);
    } else {
        print_clause(b, " LIMIT ", q->limit);
        print_clause(b, " OFFSET ", q->offset);
    }
    sb_z(b, EMITS[q->emit]);
}
