/* unparse_stmt.c: statements as canonical SQL. */
#include "parser/parser.h"
#include "parser/unparse.h"

/* ---- options ---- */

/* a.b.c as it is, anything else as a string. */
static void print_key(StrBuf *b, Str key)
{
    bool is_plain = key.n > 0;
    for (ptrdiff_t i = 0; i < key.n;) {
        ptrdiff_t dot = str_find(str_of(key.p + i, key.n - i), S("."));
        ptrdiff_t end = dot < 0 ? key.n : i + dot;
        if (!parser_is_plain_key(str_of(key.p + i, end - i)) || end == key.n - 1) is_plain = false;
        i = end + 1;
    }
    if (is_plain) sb_str(b, key);
    else unparse_string(b, key);
}

static void print_option(StrBuf *b, const OptionItem *o)
{
    print_key(b, o->key.text);
    sb_lit(b, " = ");
    if (o->is_string) unparse_string(b, o->value);
    else sb_str(b, o->value);
}

void unparse_file_options(StrBuf *b, OptionList list)
{
    sb_char(b, '(');
    for (ptrdiff_t i = 0; i < list.len; i++) {
        if (i) sb_lit(b, ", ");
        print_option(b, &list.data[i]);
    }
    sb_char(b, ')');
}

static void print_with(StrBuf *b, OptionList list)
{
    if (!list.len) return;
    sb_lit(b, " WITH ");
    unparse_file_options(b, list);
}

/* ---- small parts ---- */

static void print_flag(StrBuf *b, bool is_set, const char *words)
{
    if (is_set) sb_z(b, words);
}

static void print_create(StrBuf *b, bool or_replace, bool is_temporary)
{
    sb_lit(b, "CREATE ");
    print_flag(b, or_replace, "OR REPLACE ");
    print_flag(b, is_temporary, "TEMPORARY ");
}

static void print_columns(StrBuf *b, NameList names)
{
    if (!names.len) return;
    sb_lit(b, " (");
    unparse_names(b, names);
    sb_char(b, ')');
}

static void print_clause(StrBuf *b, const char *words, const Expr *e)
{
    if (!e) return;
    sb_z(b, words);
    unparse_expr(b, e);
}

static void print_text_clause(StrBuf *b, const char *words, Str text)
{
    if (!text.n) return;
    sb_z(b, words);
    unparse_string(b, text);
}

static void print_name_clause(StrBuf *b, const char *words, Name name)
{
    if (!name.text.n) return;
    sb_z(b, words);
    unparse_name(b, name);
}

static void print_kind(StrBuf *b, ObjectKind what)
{
    if (what == OBJECT_ANY) return;
    sb_z(b, OBJECT_KIND_NAMES[what]);
    sb_char(b, ' ');
}

/* ---- CREATE ---- */

static void print_column(StrBuf *b, const ColumnDecl *c)
{
    unparse_name(b, c->name);
    if (c->type) {
        sb_char(b, ' ');
        unparse_type(b, c->type);
    }
    if (c->kind == DECL_COMPUTED) {
        sb_lit(b, " AS (");
        unparse_expr(b, c->expr);
        sb_char(b, ')');
    }
    print_text_clause(b, " PATH ", c->path);
    if (c->kind == DECL_METADATA) print_text_clause(b, " METADATA FROM ", c->metadata);
    print_flag(b, c->not_null, " NOT NULL");
    print_flag(b, c->primary_key, " PRIMARY KEY");
    print_flag(b, c->unique, " UNIQUE");
    print_clause(b, " DEFAULT ", c->default_value);
    print_text_clause(b, " COMMENT ", c->comment);
}

static void print_watermark(StrBuf *b, const WatermarkDecl *w)
{
    static const char *const NULL_TIMES[] = {"", " ON NULL TIME DROP", " ON NULL TIME SKIP WATERMARK"};
    sb_lit(b, "WATERMARK FOR ");
    for (ptrdiff_t i = 0; i < w->column.len; i++) {
        if (i) sb_char(b, '.');
        unparse_name(b, w->column.data[i]);
    }
    print_clause(b, " AS ", w->expr);
    print_clause(b, " WHEN ", w->when);
    sb_z(b, NULL_TIMES[w->null_time]);
    print_clause(b, " CLOSE AFTER IDLE ", w->close_after_idle);
}

static void print_stream_items(StrBuf *b, const CreateStream *c)
{
    bool has_items = c->columns.len || c->primary_key.len || c->watermark;
    if (!has_items) return;
    sb_lit(b, " (");
    for (ptrdiff_t i = 0; i < c->columns.len; i++) {
        if (i) sb_lit(b, ", ");
        print_column(b, &c->columns.data[i]);
    }
    if (c->primary_key.len) {
        sb_z(b, b->p[b->n - 1] == '(' ? "PRIMARY KEY (" : ", PRIMARY KEY (");
        unparse_names(b, c->primary_key);
        sb_char(b, ')');
    }
    if (c->watermark) {
        if (b->p[b->n - 1] != '(') sb_lit(b, ", ");
        print_watermark(b, c->watermark);
    }
    sb_char(b, ')');
}

static void print_create_stream(StrBuf *b, const CreateStream *c)
{
    print_create(b, c->or_replace, c->is_temporary);
    sb_z(b, c->is_table ? "TABLE " : "STREAM ");
    print_flag(b, c->if_not_exists, "IF NOT EXISTS ");
    unparse_name(b, c->name);
    print_stream_items(b, c);
    if (c->from_file_span.len) {
        sb_lit(b, " FROM ");
        unparse_string(b, c->from_file);
    }
    print_name_clause(b, " LIKE ", c->like);
    print_text_clause(b, " COMMENT ", c->comment);
    print_with(b, c->options);
}

static void print_create_view(StrBuf *b, const CreateView *v)
{
    static const char *const KINDS[] = {"VIEW ", "MATERIALIZED VIEW ", "SINK "};
    print_create(b, v->or_replace, v->is_temporary);
    sb_z(b, KINDS[v->kind]);
    print_flag(b, v->if_not_exists, "IF NOT EXISTS ");
    unparse_name(b, v->name);
    print_columns(b, v->columns);
    print_with(b, v->options);
    if (v->from.text.n) {
        print_name_clause(b, " FROM ", v->from);
        return;
    }
    sb_lit(b, " AS ");
    unparse_select(b, v->query);
}

static void print_params(StrBuf *b, const CreateFunction *f)
{
    sb_char(b, '(');
    for (ptrdiff_t i = 0; i < f->params.len; i++) {
        const FunctionParam *p = &f->params.data[i];
        if (i) sb_lit(b, ", ");
        unparse_name(b, p->name);
        print_flag(b, p->name.text.n && p->type, " ");
        if (p->type) unparse_type(b, p->type);
    }
    sb_char(b, ')');
}

static void print_create_function(StrBuf *b, const CreateFunction *f)
{
    print_create(b, f->or_replace, false);
    sb_z(b, f->is_aggregate ? "AGGREGATE " : "FUNCTION ");
    print_flag(b, f->if_not_exists, "IF NOT EXISTS ");
    unparse_name(b, f->name);
    print_params(b, f);
    if (f->returns) {
        sb_lit(b, " RETURNS ");
        unparse_type(b, f->returns);
    }
    if (f->body) {
        sb_lit(b, " AS (");
        unparse_expr(b, f->body);
        sb_char(b, ')');
        return;
    }
    print_name_clause(b, " LANGUAGE ", f->language);
    sb_lit(b, " AS ");
    unparse_string(b, f->library);
    print_text_clause(b, ", ", f->symbol);
}

static void print_create_index(StrBuf *b, const CreateIndex *i)
{
    sb_z(b, i->is_unique ? "CREATE UNIQUE INDEX " : "CREATE INDEX ");
    print_flag(b, i->if_not_exists, "IF NOT EXISTS ");
    unparse_name(b, i->name);
    print_name_clause(b, " ON ", i->on);
    sb_lit(b, " (");
    unparse_orders(b, i->columns);
    sb_char(b, ')');
}

static void print_drop(StrBuf *b, const Drop *d)
{
    sb_lit(b, "DROP ");
    print_kind(b, d->what);
    print_flag(b, d->if_exists, "IF EXISTS ");
    unparse_names(b, d->names);
    print_flag(b, d->cascade, " CASCADE");
}

static void print_alter(StrBuf *b, const Alter *a)
{
    sb_lit(b, "ALTER ");
    print_kind(b, a->what);
    print_flag(b, a->if_exists, "IF EXISTS ");
    unparse_name(b, a->name);
    switch (a->action) {
    case ALTER_PAUSE: sb_lit(b, " PAUSE"); break;
    case ALTER_RESUME: sb_lit(b, " RESUME"); break;
    case ALTER_RENAME: print_name_clause(b, " RENAME TO ", a->new_name); break;
    case ALTER_SET:
    case ALTER_RESET:
        sb_z(b, a->action == ALTER_SET ? " SET " : " RESET ");
        unparse_file_options(b, a->options);
        break;
    case ALTER_ADD_COLUMN:
        sb_lit(b, " ADD COLUMN ");
        print_column(b, a->column);
        break;
    }
}

/* ---- rows ---- */

static void print_assignments(StrBuf *b, AssignmentList list)
{
    for (ptrdiff_t i = 0; i < list.len; i++) {
        sb_z(b, i ? ", " : " SET ");
        unparse_name(b, list.data[i].column);
        print_clause(b, " = ", list.data[i].value);
    }
}

static void print_returning(StrBuf *b, SelectItemList items)
{
    if (items.len) sb_lit(b, " RETURNING ");
    unparse_select_items(b, items);
}

static void print_insert(StrBuf *b, const Insert *i)
{
    sb_z(b, i->or_replace ? "INSERT OR REPLACE INTO " : "INSERT INTO ");
    unparse_name(b, i->into);
    print_name_clause(b, " AS ", i->alias);
    print_columns(b, i->columns);
    sb_char(b, ' ');
    if (i->query) unparse_select(b, i->query);
    else sb_lit(b, "DEFAULT VALUES");
    if (i->conflict != CONFLICT_NONE) {
        sb_lit(b, " ON CONFLICT");
        print_columns(b, i->conflict_target);
        sb_z(b, i->conflict == CONFLICT_NOTHING ? " DO NOTHING" : " DO UPDATE");
        print_assignments(b, i->assignments);
        print_clause(b, " WHERE ", i->conflict_where);
    }
    print_returning(b, i->returning);
}

static void print_update(StrBuf *b, const Update *u)
{
    sb_lit(b, "UPDATE ");
    unparse_name(b, u->table);
    print_name_clause(b, " AS ", u->alias);
    print_assignments(b, u->assignments);
    if (u->from) {
        sb_lit(b, " FROM ");
        unparse_table(b, u->from);
    }
    print_clause(b, " WHERE ", u->where);
    print_returning(b, u->returning);
}

static void print_delete(StrBuf *b, const Delete *d)
{
    sb_lit(b, "DELETE FROM ");
    unparse_name(b, d->table);
    print_name_clause(b, " AS ", d->alias);
    print_clause(b, " WHERE ", d->where);
    print_returning(b, d->returning);
}

/* ---- the rest ---- */

static void print_show(StrBuf *b, const Show *s)
{
    sb_lit(b, "SHOW ");
    if (s->name.text.n) {
        sb_lit(b, "CREATE ");
        print_kind(b, s->object);
        unparse_name(b, s->name);
        return;
    }
    unparse_name(b, s->what);
    print_clause(b, " LIKE ", s->like);
    print_name_clause(b, " FROM ", s->from);
}

static void print_explain(StrBuf *b, const Explain *e)
{
    sb_lit(b, "EXPLAIN ");
    if (e->options.len) {
        unparse_file_options(b, e->options);
        sb_char(b, ' ');
    }
    if (e->stmt) {
        unparse_stmt(b, e->stmt);
        return;
    }
    print_kind(b, e->what);
    unparse_name(b, e->name);
}

static void print_subscribe(StrBuf *b, const Subscribe *s)
{
    sb_lit(b, "SUBSCRIBE TO ");
    unparse_name(b, s->view);
    if (s->query) {
        sb_char(b, '(');
        unparse_select(b, s->query);
        sb_char(b, ')');
    }
    print_flag(b, s->with_snapshot, " WITH SNAPSHOT");
    print_clause(b, " SINCE ", s->since);
}

static void print_set(StrBuf *b, const SetOption *s)
{
    sb_lit(b, "SET ");
    print_key(b, s->name.text);
    sb_lit(b, " = ");
    if (s->is_default) sb_lit(b, "DEFAULT");
    else if (s->is_string) unparse_string(b, s->value);
    else sb_str(b, s->value);
}

static void print_copy(StrBuf *b, const Copy *c)
{
    sb_lit(b, "COPY ");
    unparse_name(b, c->name);
    if (c->query) {
        sb_char(b, '(');
        unparse_select(b, c->query);
        sb_char(b, ')');
    }
    print_columns(b, c->columns);
    sb_z(b, c->is_to ? " TO " : " FROM ");
    unparse_string(b, c->path);
    if (!c->options.len) return;
    sb_char(b, ' ');
    unparse_file_options(b, c->options);
}

static void print_describe(StrBuf *b, const Describe *d)
{
    sb_lit(b, "DESCRIBE ");
    print_flag(b, d->is_extended, "EXTENDED ");
    print_kind(b, d->what);
    unparse_name(b, d->name);
}

static void print_backup(StrBuf *b, const Backup *s)
{
    sb_lit(b, "BACKUP TO ");
    unparse_string(b, s->path);
}

void unparse_stmt(StrBuf *b, const Stmt *s)
{
    switch (s->kind) {
    case STMT_SELECT: unparse_select(b, s->select); break;
    case STMT_CREATE_STREAM: print_create_stream(b, s->create_stream); break;
    case STMT_CREATE_VIEW: print_create_view(b, s->create_view); break;
    case STMT_CREATE_FUNCTION: print_create_function(b, s->create_function); break;
    case STMT_CREATE_INDEX: print_create_index(b, s->create_index); break;
    case STMT_DROP: print_drop(b, s->drop); break;
    case STMT_ALTER: print_alter(b, s->alter); break;
    case STMT_INSERT: print_insert(b, s->insert); break;
    case STMT_UPDATE: print_update(b, s->update); break;
    case STMT_DELETE: print_delete(b, s->delete_from); break;
    case STMT_BEGIN: sb_lit(b, "BEGIN"); break;
    case STMT_COMMIT: sb_lit(b, "COMMIT"); break;
    case STMT_ROLLBACK: sb_lit(b, "ROLLBACK"); break;
    case STMT_SHOW: print_show(b, s->show); break;
    case STMT_DESCRIBE: print_describe(b, s->describe); break;
    case STMT_EXPLAIN: print_explain(b, s->explain); break;
    case STMT_SUBSCRIBE: print_subscribe(b, s->subscribe); break;
    case STMT_SET: print_set(b, s->set); break;
    case STMT_CHECKPOINT: sb_lit(b, "CHECKPOINT"); break;
    case STMT_BACKUP: print_backup(b, s->backup); break;
    case STMT_RECOVER: sb_lit(b, "RECOVER"); break;
    case STMT_COPY: print_copy(b, s->copy); break;
    case STMT_SQLITE: sb_str(b, s->text); break;
    }
}

Str unparse_stmt_text(Arena *a, const Stmt *s)
{
    StrBuf b = {.arena = a};
    unparse_stmt(&b, s);
    return sb_done(&b);
}
