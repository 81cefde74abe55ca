/* build_stmt.c: statements and what only they have: columns, options, parameters.
 *
 * The driver fills in each statement's span and text. */
#include "parser/build.h"

Stmt *build_stmt(Build *b, StmtKind kind)
{
    Stmt *s = new_one(b->arena, Stmt);
    s->kind = kind;
    return s;
}

static void refuse(Build *b, Span at, const char *message)
{
    if (!b->failed) diag_error(b->diags, WEIR_E_SYNTAX, at, "%s", message);
    b->failed = true;
}

/* A copy of `parts` in the statement's arena. */
#define COPY(b, T, parts) ((T *)memcpy(new_one((b)->arena, T), (parts), sizeof(T)))

/* ---- options ---- */

Name build_dotted(Build *b, Name left, Name right)
{
    return (Name){str_printf(b->arena, "%.*s.%.*s", STR_ARG(left.text), STR_ARG(right.text)),
                  span_join(left.span, right.span), left.quoted || right.quoted};
}

Name build_spaced(Build *b, Name left, Name right)
{
    return (Name){str_printf(b->arena, "%.*s %.*s", STR_ARG(left.text), STR_ARG(right.text)),
                  span_join(left.span, right.span), false};
}

/* -5 is one text, 10 SECONDS are two words. */
OptionItem build_option_value(Build *b, Name first, Name last, bool is_string)
{
    OptionItem item = {.value = first.text, .is_string = is_string, .span = span_join(first.span, last.span)};
    if (first.span.off == last.span.off) return item;
    bool is_sign = str_eq(first.text, S("-")) || str_eq(first.text, S("+"));
    item.value = str_printf(b->arena, "%.*s%s%.*s", STR_ARG(first.text), is_sign ? "" : " ", STR_ARG(last.text));
    return item;
}

OptionItem build_option_interval(Build *b, Name word, Name text, Name unit)
{
    OptionItem item = {.value = text.text, .is_string = true, .span = build_span_to_here(b, word.span)};
    if (unit.text.n) item.value = str_printf(b->arena, "%.*s %.*s", STR_ARG(text.text), STR_ARG(unit.text));
    return item;
}

/* ---- columns ---- */

ColumnDecl *build_column_options(Build *b)
{
    return new_one(b->arena, ColumnDecl);
}

ColumnDecl *build_column_decl(Build *b, Name name, TypeName *type, Expr *computed, ColumnDecl *options)
{
    ColumnDecl *c = options;
    build_count(b, 1, name.span);
    c->span = build_span_to_here(b, name.span);
    c->name = name;
    c->type = type;
    c->expr = computed;
    if (computed && c->kind == DECL_METADATA) refuse(b, c->span, "a metadata column cannot be computed");
    if (computed) c->kind = DECL_COMPUTED;
    if (c->kind == DECL_METADATA && !c->metadata.n) c->metadata = name.text;
    return c;
}

CreateStream *build_column_item(Build *b, CreateStream *list, ColumnItem item)
{
    if (!list) list = new_one(b->arena, CreateStream);
    if (item.column) vec_push(&list->columns, b->arena, *item.column);
    if (item.watermark) {
        if (list->watermark) refuse(b, item.watermark->span, "a second watermark");
        list->watermark = item.watermark;
    }
    if (item.primary_key.len) {
        if (list->primary_key.len) refuse(b, item.span, "a second primary key");
        list->primary_key = item.primary_key;
        list->primary_key_span = item.span;
    }
    return list;
}

WatermarkDecl *build_watermark_options(Build *b)
{
    return new_one(b->arena, WatermarkDecl);
}

WatermarkDecl *build_watermark(Build *b, Name word, NameList column, Expr *expr, WatermarkDecl *options)
{
    options->span = build_span_to_here(b, word.span);
    options->column = column;
    options->expr = expr;
    return options;
}

/* ---- CREATE ---- */

Stmt *build_create_stream(Build *b, CreateStream *items, const CreateHead *head, OptionClause options)
{
    Stmt *s = build_stmt(b, STMT_CREATE_STREAM);
    CreateStream *c = items ? items : new_one(b->arena, CreateStream);
    s->create_stream = c;
    c->is_table = str_ieq(head->what.text, S("table"));
    c->or_replace = head->word.or_replace;
    c->is_temporary = head->word.is_temporary;
    c->if_not_exists = head->if_not_exists;
    c->name = head->name;
    c->comment = head->comment.text;
    c->options = options.list;
    c->options_span = options.span;
    c->has_options = options.is_given;
    return s;
}

Stmt *build_create_from(Build *b, Name file, const CreateHead *head, OptionClause options)
{
    Stmt *s = build_create_stream(b, NULL, head, options);
    s->create_stream->from_file = file.text;
    s->create_stream->from_file_span = file.span;
    return s;
}

Stmt *build_create_like(Build *b, Name like, const CreateHead *head, OptionClause options)
{
    Stmt *s = build_create_stream(b, NULL, head, options);
    s->create_stream->like = like;
    return s;
}

Stmt *build_create_view(Build *b, ViewKind kind, const CreateHead *head, NameList columns,
                        OptionClause options, Select *q)
{
    Stmt *s = build_stmt(b, STMT_CREATE_VIEW);
    CreateView *v = new_one(b->arena, CreateView);
    *v = (CreateView){.kind = kind, .or_replace = head->word.or_replace,
                      .if_not_exists = head->if_not_exists, .is_temporary = head->word.is_temporary,
                      .name = head->name, .columns = columns, .options = options.list,
                      .options_span = options.span, .query = q};
    s->create_view = v;
    return s;
}

Stmt *build_create_sink(Build *b, const CreateHead *head, Name from, OptionClause options)
{
    Name star = {.text = S("*"), .span = from.span};
    SelectItem item = {.expr = build_star(b, (NameList){0}, star.span)};
    Select parts = {.from = build_table_name(b, build_path1(b, from))};
    vec_push(&parts.items, b->arena, item);
    Select *q = build_select(b, star, &parts, NULL);
    q->span = from.span;
    Stmt *s = build_create_view(b, VIEW_SINK, head, (NameList){0}, options, q);
    s->create_view->from = from;
    return s;
}

static CreateFunction *new_function(Build *b, const CreateHead *head, ParamList params, TypeName *returns)
{
    CreateFunction *f = new_one(b->arena, CreateFunction);
    *f = (CreateFunction){.is_aggregate = str_ieq(head->what.text, S("aggregate")),
                          .or_replace = head->word.or_replace, .if_not_exists = head->if_not_exists,
                          .name = head->name, .params = params, .returns = returns};
    return f;
}

/* In f(x, y INT) the parser took x for a type. */
static void name_params(Build *b, ParamList params)
{
    for (ptrdiff_t i = 0; i < params.len; i++) {
        FunctionParam *p = &params.data[i];
        if (p->name.text.n) continue;
        bool is_word = !p->type->nargs && !p->type->nfields && str_find(p->type->name, S(" ")) < 0;
        if (!is_word) refuse(b, p->type->span, "a parameter needs a name before its type");
        p->name = p->type->word;
        p->type = NULL;
    }
}

Stmt *build_create_macro(Build *b, const CreateHead *head, ParamList params, TypeName *returns, Expr *body)
{
    Stmt *s = build_stmt(b, STMT_CREATE_FUNCTION);
    name_params(b, params);
    s->create_function = new_function(b, head, params, returns);
    s->create_function->body = body;
    return s;
}

Stmt *build_create_external(Build *b, const CreateHead *head, ParamList params, TypeName *returns,
                            const ExternalCode *code)
{
    Stmt *s = build_stmt(b, STMT_CREATE_FUNCTION);
    CreateFunction *f = new_function(b, head, params, returns);
    f->language = code->language;
    f->library = code->library.text;
    f->library_span = code->library.span;
    f->symbol = code->symbol.text;
    s->create_function = f;
    return s;
}

Stmt *build_create_index(Build *b, const CreateHead *head, bool unique, Name on, OrderList columns)
{
    Stmt *s = build_stmt(b, STMT_CREATE_INDEX);
    CreateIndex index = {.is_unique = unique, .if_not_exists = head->if_not_exists, .name = head->name,
                         .on = on, .columns = columns};
    s->create_index = COPY(b, CreateIndex, &index);
    return s;
}

Stmt *build_drop(Build *b, const Drop *parts)
{
    Stmt *s = build_stmt(b, STMT_DROP);
    s->drop = COPY(b, Drop, parts);
    return s;
}

Alter *build_alter_action(Build *b, const Alter *parts)
{
    return COPY(b, Alter, parts);
}

Stmt *build_alter(Build *b, Alter *action, ObjectKind what, bool if_exists, Name name)
{
    Stmt *s = build_stmt(b, STMT_ALTER);
    action->what = what;
    action->if_exists = if_exists;
    action->name = name;
    s->alter = action;
    return s;
}

/* ---- rows ---- */

Stmt *build_select_stmt(Build *b, Select *q)
{
    Stmt *s = build_stmt(b, STMT_SELECT);
    s->select = q;
    return s;
}

Insert *build_conflict(Build *b, const Insert *parts)
{
    return COPY(b, Insert, parts);
}

Insert *build_insert(Build *b, const Insert *conflict, const Insert *parts)
{
    Insert *i = COPY(b, Insert, parts);
    if (!conflict) return i;
    i->conflict = conflict->conflict;
    i->conflict_target = conflict->conflict_target;
    i->assignments = conflict->assignments;
    i->conflict_where = conflict->conflict_where;
    return i;
}

Stmt *build_insert_stmt(Build *b, Insert *insert, const WithClause *with)
{
    Stmt *s = build_stmt(b, STMT_INSERT);
    s->insert = insert;
    if (!with) return s;
    if (!insert->query || insert->query->with.len) {
        refuse(b, with->span, "WITH before INSERT needs a query without a WITH of its own");
        return s;
    }
    insert->query->with = with->list;
    insert->query->is_recursive = with->is_recursive;
    return s;
}

Stmt *build_update(Build *b, const Update *parts)
{
    Stmt *s = build_stmt(b, STMT_UPDATE);
    s->update = COPY(b, Update, parts);
    return s;
}

Stmt *build_delete(Build *b, const Delete *parts)
{
    Stmt *s = build_stmt(b, STMT_DELETE);
    s->delete_from = COPY(b, Delete, parts);
    return s;
}

/* ---- the rest ---- */

Stmt *build_show(Build *b, const Show *parts)
{
    Stmt *s = build_stmt(b, STMT_SHOW);
    s->show = COPY(b, Show, parts);
    return s;
}

Stmt *build_describe(Build *b, const Describe *parts)
{
    Stmt *s = build_stmt(b, STMT_DESCRIBE);
    s->describe = COPY(b, Describe, parts);
    return s;
}

/* What is explained: a whole statement, or a name (kept in the statement's Explain). */
Stmt *build_explained_name(Build *b, ObjectKind what, Name name)
{
    Stmt *s = build_stmt(b, STMT_EXPLAIN);
    s->explain = new_one(b->arena, Explain);
    s->explain->what = what;
    s->explain->name = name;
    return s;
}

Stmt *build_explain(Build *b, OptionList options, Stmt *explained)
{
    bool is_name = explained->kind == STMT_EXPLAIN;
    Stmt *s = explained;
    if (!is_name) {
        s = build_stmt(b, STMT_EXPLAIN);
        s->explain = new_one(b->arena, Explain);
        s->explain->stmt = explained;
    }
    s->explain->options = options;
    return s;
}

Stmt *build_subscribe(Build *b, const Subscribe *parts)
{
    Stmt *s = build_stmt(b, STMT_SUBSCRIBE);
    s->subscribe = COPY(b, Subscribe, parts);
    return s;
}

Stmt *build_setting(Build *b, Name key, OptionItem value, bool is_default)
{
    Stmt *s = build_stmt(b, STMT_SET);
    SetOption set = {.name = key, .value = value.value, .is_string = value.is_string,
                     .is_default = is_default, .span = value.span};
    s->set = COPY(b, SetOption, &set);
    return s;
}

Stmt *build_backup(Build *b, Name path)
{
    Stmt *s = build_stmt(b, STMT_BACKUP);
    Backup backup = {.path = path.text, .path_span = path.span};
    s->backup = COPY(b, Backup, &backup);
    return s;
}

Stmt *build_copy(Build *b, Name direction, Name path, const Copy *parts)
{
    Stmt *s = build_stmt(b, STMT_COPY);
    s->copy = COPY(b, Copy, parts);
    s->copy->is_to = str_ieq(direction.text, S("to"));
    s->copy->path = path.text;
    s->copy->path_span = path.span;
    return s;
}
