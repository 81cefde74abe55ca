/* dump.c: trees as S-expressions, for golden tests: a clause a line, expressions inline. Only what
 * is set appears; spans and quotes of names are left out, so that equal dumps are equal trees. */
#include "parser/unparse.h"

typedef struct Dump {
    StrBuf *b;
    int indent;
} Dump;

static void dump_query(Dump *d, const Select *q);
static void dump_table(Dump *d, const TableRef *t);
static void dump_expr(Dump *d, const Expr *e);
static void dump_over(Dump *d, const OverSpec *o);

static void line(Dump *d)
{
    sb_char(d->b, '\n');
    for (int i = 0; i < d->indent; i++) sb_lit(d->b, "  ");
}

static void open_line(Dump *d, const char *word)
{
    d->indent++;
    line(d);
    sb_printf(d->b, "(%s", word);
}

static void close_line(Dump *d)
{
    sb_char(d->b, ')');
    d->indent--;
}

static void flag(Dump *d, bool is_set, const char *word)
{
    if (is_set) sb_printf(d->b, " %s", word);
}

static void text(Dump *d, Str s)
{
    sb_char(d->b, ' ');
    unparse_string(d->b, s);
}

static void field(Dump *d, const char *word, Str s)
{
    if (!s.n) return;
    sb_printf(d->b, " :%s", word);
    text(d, s);
}

static void name(Dump *d, const char *word, Name n)
{
    if (n.text.n) sb_printf(d->b, " :%s %.*s", word, STR_ARG(n.text));
}

static void names(Dump *d, const char *word, NameList l)
{
    if (!l.len) return;
    sb_printf(d->b, " :%s [", word);
    for (ptrdiff_t i = 0; i < l.len; i++) sb_printf(d->b, i ? " %.*s" : "%.*s", STR_ARG(l.data[i].text));
    sb_char(d->b, ']');
}

/* ---- expressions ---- */

static void sub(Dump *d, const char *word, const Expr *e)
{
    if (!e) return;
    if (word) sb_printf(d->b, " :%s", word);
    sb_char(d->b, ' ');
    dump_expr(d, e);
}

static void subs(Dump *d, const char *word, ExprList l)
{
    if (!l.len) return;
    sb_printf(d->b, " :%s [", word);
    for (ptrdiff_t i = 0; i < l.len; i++) {
        if (i) sb_char(d->b, ' ');
        dump_expr(d, l.data[i]);
    }
    sb_char(d->b, ']');
}

static void orders(Dump *d, const char *word, OrderList l)
{
    if (!l.len) return;
    sb_printf(d->b, " :%s [", word);
    for (ptrdiff_t i = 0; i < l.len; i++) {
        if (i) sb_char(d->b, ' ');
        dump_expr(d, l.data[i].expr);
        flag(d, l.data[i].is_desc, "desc");
        flag(d, l.data[i].nulls == NULLS_FIRST, "nulls-first");
        flag(d, l.data[i].nulls == NULLS_LAST, "nulls-last");
    }
    sb_char(d->b, ']');
}

static void dump_type(Dump *d, const TypeName *t)
{
    if (!t) return;
    sb_lit(d->b, " <");
    unparse_type(d->b, t);
    sb_char(d->b, '>');
}

static void dump_frame(Dump *d, const FrameSpec *f)
{
    static const char *const MODES[] = {"range", "rows", "groups"};
    static const char *const BOUNDS[] = {"unbounded-preceding", "preceding", "current-row", "following",
                                         "unbounded-following"};
    static const char *const EXCLUDES[] = {"", " exclude-current", " exclude-group", " exclude-ties"};
    sb_printf(d->b, " (%s %s", MODES[f->mode], BOUNDS[f->start.kind]);
    sub(d, NULL, f->start.value);
    sb_printf(d->b, " %s", BOUNDS[f->end.kind]);
    sub(d, NULL, f->end.value);
    sb_printf(d->b, "%s)", EXCLUDES[f->exclude]);
}

static void dump_over(Dump *d, const OverSpec *o)
{
    sb_z(d->b, o->is_name ? "(over-name" : "(over");
    name(d, "base", o->base);
    subs(d, "partition", o->partition_by);
    orders(d, "order", o->order_by);
    if (o->frame) dump_frame(d, o->frame);
    sb_char(d->b, ')');
}

static void dump_call_info(Dump *d, const CallInfo *c)
{
    flag(d, c->is_distinct, "distinct");
    flag(d, c->is_within_group, "within-group");
    flag(d, c->nulls == IGNORE_NULLS, "ignore-nulls");
    flag(d, c->nulls == RESPECT_NULLS, "respect-nulls");
    orders(d, "order", c->order_by);
    sub(d, "filter", c->filter);
    if (c->over) {
        sb_char(d->b, ' ');
        dump_over(d, c->over);
    }
    if (c->table) dump_table(d, c->table);
}

static const char *const EXPR_KINDS[] = {
    [EX_NULL] = "null",         [EX_BOOL] = "bool",           [EX_NUMBER] = "number",
    [EX_STRING] = "string",     [EX_BLOB] = "blob",           [EX_TYPED] = "typed",
    [EX_INTERVAL] = "interval", [EX_PARAM] = "param",         [EX_COLUMN] = "column",
    [EX_STAR] = "star",         [EX_OP] = "op",               [EX_CALL] = "call",
    [EX_CAST] = "cast",         [EX_CASE] = "case",           [EX_BETWEEN] = "between",
    [EX_IN] = "in",             [EX_IN_QUERY] = "in-query",   [EX_EXISTS] = "exists",
    [EX_SUBQUERY] = "subquery", [EX_QUANTIFIED] = "quantified", [EX_ROW] = "row",
    [EX_ARRAY] = "array",       [EX_MAP] = "map",             [EX_SUBSCRIPT] = "subscript",
    [EX_FIELD] = "field",       [EX_NAMED_ARG] = "named",     [EX_TABLE_ARG] = "table",
    [EX_DESCRIPTOR] = "descriptor", [EX_DEFAULT] = "default"};

/* (op + a b), (call f a), (column t.c), (number 1), … */
static void dump_expr(Dump *d, const Expr *e)
{
    sb_printf(d->b, "(%s", EXPR_KINDS[e->kind]);
    bool is_quoted = e->kind == EX_STRING || e->kind == EX_TYPED || e->kind == EX_INTERVAL;
    flag(d, e->negated, "not");
    flag(d, e->is_try, "try");
    flag(d, e->is_all, "all");
    flag(d, e->is_symmetric, "symmetric");
    for (ptrdiff_t i = 0; i < e->parts.len; i++)
        sb_printf(d->b, i ? ".%.*s" : " %.*s", STR_ARG(e->parts.data[i].text));
    if (is_quoted) text(d, e->text);
    else if (e->text.n && e->kind != EX_CALL) sb_printf(d->b, " %.*s", STR_ARG(e->text));
    dump_type(d, e->type);
    flag(d, e->unit, INTERVAL_UNIT_NAMES[e->unit]);
    flag(d, e->unit_to, INTERVAL_UNIT_NAMES[e->unit_to]);
    sub(d, "operand", e->operand);
    for (ptrdiff_t i = 0; i < e->args.len; i++) sub(d, NULL, e->args.data[i]);
    if (e->call) dump_call_info(d, e->call);
    if (e->query) dump_query(d, e->query);
    sb_char(d->b, ')');
}

static void clause(Dump *d, const char *word, const Expr *e)
{
    if (!e) return;
    open_line(d, word);
    sub(d, NULL, e);
    close_line(d);
}

/* ---- FROM ---- */

static void dump_options(Dump *d, OptionList l)
{
    for (ptrdiff_t i = 0; i < l.len; i++) {
        open_line(d, "option");
        text(d, l.data[i].key.text);
        if (l.data[i].is_string) text(d, l.data[i].value);
        else sb_printf(d->b, " %.*s", STR_ARG(l.data[i].value));
        close_line(d);
    }
}

static void dump_pattern(Dump *d, const Pattern *p)
{
    static const char *const KINDS[] = {"", "concat", "alt", "repeat", "permute", "exclude"};
    sb_char(d->b, ' ');
    if (p->kind == PATTERN_VAR) {
        sb_str(d->b, p->name.text);
        return;
    }
    sb_printf(d->b, "(%s", KINDS[p->kind]);
    if (p->kind == PATTERN_REPEAT) sb_printf(d->b, " %d %d%s", p->min, p->max, p->is_reluctant ? " reluctant" : "");
    for (ptrdiff_t i = 0; i < p->items.len; i++) dump_pattern(d, p->items.data[i]);
    sb_char(d->b, ')');
}

static void dump_match_items(Dump *d, const char *word, MatchItemList l)
{
    for (ptrdiff_t i = 0; i < l.len; i++) {
        open_line(d, word);
        name(d, "name", l.data[i].name);
        sub(d, NULL, l.data[i].expr);
        close_line(d);
    }
}

static void dump_match(Dump *d, const MatchClause *m)
{
    static const char *const ROWS[] = {"", " one-row", " all-rows"};
    static const char *const SKIPS[] = {"", " past-last", " to-next", " to-first", " to-last"};
    open_line(d, "match");
    sb_printf(d->b, "%s%s", ROWS[m->rows], SKIPS[m->skip]);
    name(d, "to", m->skip_to);
    subs(d, "partition", m->partition_by);
    orders(d, "order", m->order_by);
    dump_match_items(d, "measure", m->measures);
    open_line(d, "pattern");
    dump_pattern(d, m->pattern);
    close_line(d);
    clause(d, "within", m->within);
    for (ptrdiff_t i = 0; i < m->subsets.len; i++) {
        open_line(d, "subset");
        name(d, "name", m->subsets.data[i].name);
        names(d, "members", m->subsets.data[i].members);
        close_line(d);
    }
    dump_match_items(d, "define", m->defines);
    close_line(d);
}

static void dump_join(Dump *d, const TableRef *t)
{
    static const char *const JOINS[] = {" inner", " left", " right", " full", " cross"};
    sb_z(d->b, JOINS[t->join]);
    flag(d, t->is_asof, "asof");
    flag(d, t->is_natural, "natural");
    flag(d, t->is_comma, "comma");
    names(d, "using", t->using_columns);
    dump_table(d, t->left);
    dump_table(d, t->right);
    clause(d, "on", t->on);
}

static void dump_table(Dump *d, const TableRef *t)
{
    static const char *const KINDS[] = {"table", "file", "derived", "function", "join", "match-recognize"};
    open_line(d, KINDS[t->kind]);
    flag(d, t->is_lateral, "lateral");
    flag(d, t->with_ordinality, "ordinality");
    names(d, "name", t->parts);
    field(d, "path", t->file);
    name(d, "as", t->alias);
    names(d, "columns", t->columns);
    dump_options(d, t->options);
    sub(d, NULL, t->func);
    clause(d, "system-time", t->system_time);
    if (t->query) dump_query(d, t->query);
    if (t->kind == TABLE_JOIN) dump_join(d, t);
    else if (t->left) dump_table(d, t->left);
    if (t->match) dump_match(d, t->match);
    close_line(d);
}

/* ---- SELECT ---- */

static void dump_window(Dump *d, const WindowClause *w)
{
    open_line(d, "window");
    name(d, "kind", w->kind);
    sub(d, "size", w->size);
    sub(d, "size-rows", w->size_rows);
    sub(d, "bare", w->bare);
    sub(d, "advance", w->advance);
    sub(d, "advance-rows", w->advance_rows);
    sub(d, "step", w->step);
    sub(d, "gap", w->gap);
    sub(d, "trigger", w->trigger);
    sub(d, "trigger-rows", w->trigger_rows);
    sub(d, "offset", w->offset);
    sub(d, "grace", w->grace);
    sub(d, "retention", w->retention);
    sub(d, "on", w->on);
    flag(d, w->fill, "fill");
    close_line(d);
}

static void dump_groups(Dump *d, GroupList l)
{
    static const char *const KINDS[] = {"expr", "set", "rollup", "cube", "sets"};
    for (ptrdiff_t i = 0; i < l.len; i++) {
        sb_printf(d->b, " (%s", KINDS[l.data[i].kind]);
        for (ptrdiff_t k = 0; k < l.data[i].exprs.len; k++) sub(d, NULL, l.data[i].exprs.data[k]);
        dump_groups(d, l.data[i].items);
        sb_char(d->b, ')');
    }
}

static void dump_items(Dump *d, const char *word, SelectItemList l)
{
    for (ptrdiff_t i = 0; i < l.len; i++) {
        open_line(d, word);
        name(d, "as", l.data[i].alias);
        sub(d, NULL, l.data[i].expr);
        close_line(d);
    }
}

static void dump_core(Dump *d, const Select *q)
{
    flag(d, q->is_distinct, "distinct");
    subs(d, "distinct-on", q->distinct_on);
    dump_items(d, "item", q->items);
    if (q->from) dump_table(d, q->from);
    if (q->window) dump_window(d, q->window);
    clause(d, "where", q->where);
    if (q->group_by.len) {
        open_line(d, "group");
        dump_groups(d, q->group_by);
        close_line(d);
    }
    clause(d, "having", q->having);
    for (ptrdiff_t i = 0; i < q->windows.len; i++) {
        open_line(d, "named-window");
        name(d, "name", q->windows.data[i].name);
        sb_char(d->b, ' ');
        dump_over(d, q->windows.data[i].spec);
        close_line(d);
    }
    clause(d, "qualify", q->qualify);
}

static void dump_with(Dump *d, const Select *q)
{
    flag(d, q->is_recursive, "recursive");
    for (ptrdiff_t i = 0; i < q->with.len; i++) {
        open_line(d, "with");
        name(d, "name", q->with.data[i].name);
        names(d, "columns", q->with.data[i].columns);
        dump_query(d, q->with.data[i].query);
        close_line(d);
    }
}

static void dump_set(Dump *d, const Select *q)
{
    static const char *const OPS[] = {" union", " intersect", " except"};
    sb_z(d->b, OPS[q->set_op]);
    flag(d, q->set_all, "all");
    for (ptrdiff_t i = 0; i < q->branches.len; i++) dump_query(d, q->branches.data[i]);
}

static void dump_rows(Dump *d, const Select *q)
{
    for (ptrdiff_t i = 0; i < q->rows.len; i++) {
        open_line(d, "row");
        for (ptrdiff_t k = 0; k < q->rows.data[i].len; k++) sub(d, NULL, q->rows.data[i].data[k]);
        close_line(d);
    }
}

static void dump_query(Dump *d, const Select *q)
{
    static const char *const KINDS[] = {"select", "values", "set"};
    static const char *const EMITS[] = {"", " emit-changes", " emit-final"};
    open_line(d, KINDS[q->kind]);
    sb_z(d->b, EMITS[q->emit]);
    flag(d, q->with_ties, "with-ties");
    dump_with(d, q);
    switch (q->kind) {
    case SELECT_CORE: dump_core(d, q); break;
    case SELECT_VALUES: dump_rows(d, q); break;
    case SELECT_SET: dump_set(d, q); break;
    }
    if (q->order_by.len) {
        open_line(d, "order");
        orders(d, "by", q->order_by);
        close_line(d);
    }
    clause(d, "limit", q->limit);
    clause(d, "offset", q->offset);
    close_line(d);
}

/* ---- statements ---- */

static void dump_column(Dump *d, const ColumnDecl *c)
{
    static const char *const KINDS[] = {"column", "computed", "metadata"};
    open_line(d, KINDS[c->kind]);
    name(d, "name", c->name);
    dump_type(d, c->type);
    flag(d, c->not_null, "not-null");
    flag(d, c->primary_key, "primary-key");
    flag(d, c->unique, "unique");
    field(d, "path", c->path);
    field(d, "key", c->metadata);
    field(d, "comment", c->comment);
    sub(d, "as", c->expr);
    sub(d, "default", c->default_value);
    close_line(d);
}

static void dump_watermark(Dump *d, const WatermarkDecl *w)
{
    static const char *const NULL_TIMES[] = {"", " null-time-drop", " null-time-skip"};
    open_line(d, "watermark");
    sb_z(d->b, NULL_TIMES[w->null_time]);
    names(d, "for", w->column);
    sub(d, "as", w->expr);
    sub(d, "when", w->when);
    sub(d, "close-after-idle", w->close_after_idle);
    close_line(d);
}

static void dump_create_stream(Dump *d, const CreateStream *c)
{
    flag(d, c->is_table, "table");
    flag(d, c->or_replace, "or-replace");
    flag(d, c->is_temporary, "temporary");
    flag(d, c->if_not_exists, "if-not-exists");
    name(d, "name", c->name);
    names(d, "primary-key", c->primary_key);
    field(d, "from", c->from_file);
    name(d, "like", c->like);
    field(d, "comment", c->comment);
    for (ptrdiff_t i = 0; i < c->columns.len; i++) dump_column(d, &c->columns.data[i]);
    if (c->watermark) dump_watermark(d, c->watermark);
    dump_options(d, c->options);
}

static void dump_create_view(Dump *d, const CreateView *v)
{
    static const char *const KINDS[] = {" view", " materialized", " sink"};
    sb_z(d->b, KINDS[v->kind]);
    flag(d, v->or_replace, "or-replace");
    flag(d, v->is_temporary, "temporary");
    flag(d, v->if_not_exists, "if-not-exists");
    name(d, "name", v->name);
    names(d, "columns", v->columns);
    name(d, "from", v->from);
    dump_options(d, v->options);
    dump_query(d, v->query);
}

static void dump_create_function(Dump *d, const CreateFunction *f)
{
    flag(d, f->is_aggregate, "aggregate");
    flag(d, f->or_replace, "or-replace");
    flag(d, f->if_not_exists, "if-not-exists");
    name(d, "name", f->name);
    for (ptrdiff_t i = 0; i < f->params.len; i++) {
        sb_lit(d->b, " (param");
        name(d, "name", f->params.data[i].name);
        dump_type(d, f->params.data[i].type);
        sb_char(d->b, ')');
    }
    dump_type(d, f->returns);
    name(d, "language", f->language);
    field(d, "library", f->library);
    field(d, "symbol", f->symbol);
    clause(d, "body", f->body);
}

static void dump_create_index(Dump *d, const CreateIndex *x)
{
    flag(d, x->is_unique, "unique");
    flag(d, x->if_not_exists, "if-not-exists");
    name(d, "name", x->name);
    name(d, "on", x->on);
    orders(d, "columns", x->columns);
}

static void dump_alter(Dump *d, const Alter *a)
{
    static const char *const ACTIONS[] = {"pause", "resume", "rename", "set", "reset", "add-column"};
    flag(d, true, OBJECT_KIND_NAMES[a->what]);
    flag(d, a->if_exists, "if-exists");
    name(d, "name", a->name);
    flag(d, true, ACTIONS[a->action]);
    name(d, "to", a->new_name);
    dump_options(d, a->options);
    if (a->column) dump_column(d, a->column);
}

static void dump_assignments(Dump *d, AssignmentList l)
{
    for (ptrdiff_t i = 0; i < l.len; i++) {
        open_line(d, "assign");
        name(d, "column", l.data[i].column);
        sub(d, NULL, l.data[i].value);
        close_line(d);
    }
}

static void dump_insert(Dump *d, const Insert *i)
{
    static const char *const CONFLICTS[] = {"", " conflict-nothing", " conflict-update"};
    flag(d, i->or_replace, "or-replace");
    name(d, "into", i->into);
    name(d, "as", i->alias);
    names(d, "columns", i->columns);
    sb_z(d->b, CONFLICTS[i->conflict]);
    names(d, "target", i->conflict_target);
    if (i->query) dump_query(d, i->query);
    dump_assignments(d, i->assignments);
    clause(d, "where", i->conflict_where);
    dump_items(d, "returning", i->returning);
}

static void dump_update(Dump *d, const Update *u)
{
    name(d, "table", u->table);
    name(d, "as", u->alias);
    dump_assignments(d, u->assignments);
    if (u->from) dump_table(d, u->from);
    clause(d, "where", u->where);
    dump_items(d, "returning", u->returning);
}

static void dump_delete(Dump *d, const Delete *x)
{
    name(d, "table", x->table);
    name(d, "as", x->alias);
    clause(d, "where", x->where);
    dump_items(d, "returning", x->returning);
}

static void dump_explain(Dump *d, const Explain *e)
{
    flag(d, e->what != OBJECT_ANY, OBJECT_KIND_NAMES[e->what]);
    name(d, "name", e->name);
    dump_options(d, e->options);
    if (!e->stmt) return;
    d->indent++;
    line(d);
    dump_stmt(d->b, e->stmt);
    d->indent--;
}

static void dump_copy(Dump *d, const Copy *c)
{
    flag(d, true, c->is_to ? "to" : "from");
    name(d, "name", c->name);
    names(d, "columns", c->columns);
    field(d, "path", c->path);
    dump_options(d, c->options);
    if (c->query) dump_query(d, c->query);
}

static void dump_set_option(Dump *d, const SetOption *s)
{
    text(d, s->name.text);
    flag(d, s->is_default, "default");
    if (s->is_string) text(d, s->value);
    else sb_printf(d->b, " %.*s", STR_ARG(s->value));
}

static void dump_small(Dump *d, const Stmt *s)
{
    if (s->kind == STMT_DROP) {
        flag(d, true, OBJECT_KIND_NAMES[s->drop->what]);
        flag(d, s->drop->if_exists, "if-exists");
        flag(d, s->drop->cascade, "cascade");
        names(d, "names", s->drop->names);
    } else if (s->kind == STMT_SHOW) {
        name(d, "what", s->show->what);
        flag(d, s->show->object != OBJECT_ANY, OBJECT_KIND_NAMES[s->show->object]);
        name(d, "name", s->show->name);
        sub(d, "like", s->show->like);
        name(d, "from", s->show->from);
    } else if (s->kind == STMT_DESCRIBE) {
        flag(d, s->describe->is_extended, "extended");
        flag(d, s->describe->what != OBJECT_ANY, OBJECT_KIND_NAMES[s->describe->what]);
        name(d, "name", s->describe->name);
    } else if (s->kind == STMT_SUBSCRIBE) {
        name(d, "view", s->subscribe->view);
        flag(d, s->subscribe->with_snapshot, "with-snapshot");
        sub(d, "since", s->subscribe->since);
        if (s->subscribe->query) dump_query(d, s->subscribe->query);
    }
}

static const char *const STMT_KINDS[] = {
    [STMT_SELECT] = "query",
    [STMT_CREATE_STREAM] = "create-stream",
    [STMT_CREATE_VIEW] = "create-view",
    [STMT_CREATE_FUNCTION] = "create-function",
    [STMT_CREATE_INDEX] = "create-index",
    [STMT_DROP] = "drop",
    [STMT_ALTER] = "alter",
    [STMT_INSERT] = "insert",
    [STMT_UPDATE] = "update",
    [STMT_DELETE] = "delete",
    [STMT_BEGIN] = "begin",
    [STMT_COMMIT] = "commit",
    [STMT_ROLLBACK] = "rollback",
    [STMT_SHOW] = "show",
    [STMT_DESCRIBE] = "describe",
    [STMT_EXPLAIN] = "explain",
    [STMT_SUBSCRIBE] = "subscribe",
    [STMT_SET] = "set",
    [STMT_CHECKPOINT] = "checkpoint",
    [STMT_BACKUP] = "backup",
    [STMT_RECOVER] = "recover",
    [STMT_COPY] = "copy",
    [STMT_SQLITE] = "sqlite"};

void dump_stmt(StrBuf *b, const Stmt *s)
{
    Dump d = {.b = b};
    sb_printf(b, "(%s", STMT_KINDS[s->kind]);
    switch (s->kind) {
    case STMT_SELECT: dump_query(&d, s->select); break;
    case STMT_CREATE_STREAM: dump_create_stream(&d, s->create_stream); break;
    case STMT_CREATE_VIEW: dump_create_view(&d, s->create_view); break;
    case STMT_CREATE_FUNCTION: dump_create_function(&d, s->create_function); break;
    case STMT_CREATE_INDEX: dump_create_index(&d, s->create_index); break;
    case STMT_ALTER: dump_alter(&d, s->alter); break;
    case STMT_INSERT: dump_insert(&d, s->insert); break;
    case STMT_UPDATE: dump_update(&d, s->update); break;
    case STMT_DELETE: dump_delete(&d, s->delete_from); break;
    case STMT_EXPLAIN: dump_explain(&d, s->explain); break;
    case STMT_SET: dump_set_option(&d, s->set); break;
    case STMT_BACKUP: text(&d, s->backup->path); break;
    case STMT_COPY: dump_copy(&d, s->copy); break;
    case STMT_SQLITE: text(&d, s->text); break;
    case STMT_DROP:
    case STMT_SHOW:
    case STMT_DESCRIBE:
    case STMT_SUBSCRIBE: dump_small(&d, s); break;
    case STMT_BEGIN:
    case STMT_COMMIT:
    case STMT_ROLLBACK:
    case STMT_CHECKPOINT:
    case STMT_RECOVER: break;
    }
    sb_char(b, ')');
}
