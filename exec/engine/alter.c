/* alter.c: ALTER MATERIALIZED VIEW … RENAME, SET, RESET.
 *
 * A view that gets another name, or options that concern neither its rows nor what it remembers, goes on as it
 * is. Any other option makes it anew, as CREATE OR REPLACE with another text does. */
#include "exec/engine/script.h"
#include "exec/engine/transaction.h"

#include "parser/parser.h"
#include "parser/unparse.h"

static Status no_action(Definitions *d, const Alter *a, const char *what)
{
    return diag_error(&d->db->diags, WEIR_E_UNSUPPORTED, a->name.span, "ALTER %s %s is not built yet", OBJECT_KIND_NAMES[a->what], what);
}

/* What a view is after the statements before this one. */
static Relation present(const Definitions *d, const Relation *r)
{
    for (ptrdiff_t i = d->changes.len - 1; i >= 0; i--)
        if (d->changes.data[i].altered == r) return d->changes.data[i].made;
    return *r;
}

/* The statement that made it. */
static Status parse_view(Definitions *d, const Relation *r, CreateView **out)
{
    StmtList stmts = {0};
    TRY(parser_parse(present(d, r).sql, &d->opt.shelf->arena, &d->db->diags, &stmts));
    if (stmts.len != 1 || stmts.data[0]->kind != STMT_CREATE_VIEW)
        return diag_error(&d->db->diags, WEIR_E_CORRUPT, (Span){0}, "the definition of \"%.*s\" is that of something else", STR_ARG(r->name));
    *out = stmts.data[0]->create_view;
    return WEIR_OK;
}

static Str view_text(Definitions *d, CreateView *v)
{
    StrBuf b = {.arena = &d->opt.shelf->arena};
    unparse_stmt(&b, &(Stmt){.kind = STMT_CREATE_VIEW, .create_view = v});
    return sb_done(&b);
}

static void push_altered(Definitions *d, Relation *r, const Relation *made)
{
    script_tell(d, "alter", r);
    vec_push(&d->changes, &d->db->call, (DefChange){.altered = r, .made = *made});
}

/* ---- RENAME ------------------------------------------------------------------------------------------ */

/* Their texts have the old name. */
static Status check_readers(Definitions *d, const Relation *r, Span at)
{
    Relation *first;
    int n = ddl_dependants(&d->db->catalog, r, &first, 1);
    if (n == 0) return WEIR_OK;
    Status st = diag_error(&d->db->diags, WEIR_E_DEPENDS, at, "\"%.*s\" is read by \"%.*s\"%s under this name", STR_ARG(r->name),
                           STR_ARG(first->name), n > 1 ? " and more" : "");
    diag_hint(&d->db->diags, "drop what reads it first; or CREATE VIEW gives it another name beside this one");
    return st;
}

static Status rename_view(Definitions *d, const Alter *a, Relation *r)
{
    CreateView *v;
    Catalog *c = &d->db->catalog;
    const Relation *there = catalog_find(c, a->new_name.text);
    TRY(ddl_check_name(&d->planner, &a->new_name, there == r));
    TRY(check_readers(d, r, a->name.span));
    TRY(parse_view(d, r, &v));
    Relation made = present(d, r);
    v->name = a->new_name;
    made.name = str_dup(&d->opt.shelf->arena, a->new_name.text);
    made.sql = view_text(d, v);
    push_altered(d, r, &made);
    catalog_remove(c, a->name.text);
    map_put(&c->relations, c->arena, made.name, r);
    return WEIR_OK;
}

/* ---- SET, RESET -------------------------------------------------------------------------------------- */

static ptrdiff_t find_option(const OptionList *list, Str key)
{
    for (ptrdiff_t i = 0; i < list->len; i++)
        if (str_ieq(list->data[i].key.text, key)) return i;
    return -1;
}

static Status reset_option(Definitions *d, OptionList *list, const OptionItem *o)
{
    ptrdiff_t at = find_option(list, o->key.text);
    if (!options_find(d->db->registry.view_options, o->key.text))
        return diag_error(&d->db->diags, WEIR_E_OPTION, o->key.span, "a materialized view has no option \"%.*s\"", STR_ARG(o->key.text));
    if (at >= 0) memmove(list->data + at, list->data + at + 1, (size_t)(--list->len - at) * sizeof *list->data);
    return WEIR_OK;
}

static Status change_options(Definitions *d, const Alter *a, OptionList *list)
{
    Arena *arena = &d->opt.shelf->arena;
    /* The zone it was made under is its own, whatever the setting is now. */
    Str zone = options_text(&d->db->catalog.settings, "time_zone", "UTC");
    if (find_option(list, S("time_zone")) < 0 && !str_ieq(zone, S("UTC")))
        vec_push(list, arena, (OptionItem){.key = {.text = S("time_zone")}, .value = S("UTC"), .is_string = true});
    for (ptrdiff_t i = 0; i < a->options.len; i++) {
        const OptionItem *o = &a->options.data[i];
        ptrdiff_t at = find_option(list, o->key.text);
        if (a->action == ALTER_RESET) TRY(reset_option(d, list, o));
        else if (at >= 0) list->data[at] = *o;
        else vec_push(list, arena, *o);
    }
    return WEIR_OK;
}

/* How long rows stay can change while the view keeps in mind when they end; where late rows go, at any time. */
static bool goes_on(const Relation *old, const Relation *made)
{
    static const char *const others[] = {"decimals", "timestamps", "time_zone", "state_ttl"};
    bool same = (options_us(&old->options, "retention", 0) > 0) == (options_us(&made->options, "retention", 0) > 0);
    for (size_t i = 0; i < sizeof others / sizeof *others; i++) {
        const char *none = !strcmp(others[i], "time_zone") ? "UTC" : "";
        same &= str_ieq(options_text(&old->options, others[i], none), options_text(&made->options, others[i], none));
    }
    return same;
}

static Status set_options(Definitions *d, const Alter *a, Relation *r)
{
    CreateView *v;
    Relation *made;
    Planner p = d->planner;
    TRY(parse_view(d, r, &v));
    TRY(change_options(d, a, &v->options));
    v->or_replace = true;
    p.base_dir = r->base_dir;
    TRY(ddl_view(&p, v, &made));
    made->base_dir = r->base_dir;
    Relation old = present(d, r);
    if (!goes_on(&old, made)) return script_add(d, made, a->name, true, false);
    made->id = r->id;
    push_altered(d, r, made);
    return WEIR_OK;
}

/* ---- the statement ----------------------------------------------------------------------------------- */

static Status find_view(Definitions *d, const Alter *a, Relation **out)
{
    Relation *r = *out = catalog_find(&d->db->catalog, a->name.text);
    if (!r && a->if_exists) return WEIR_OK;
    if (!r) return diag_error(&d->db->diags, WEIR_E_NOT_FOUND, a->name.span, "there is no \"%.*s\"", STR_ARG(a->name.text));
    if (script_kind_fits(a->what, r) && r->kind == REL_MATERIALIZED) return WEIR_OK;
    Status st = diag_error(&d->db->diags, WEIR_E_NAME, a->name.span, "\"%.*s\" is a %s", STR_ARG(a->name.text), script_kind_word(r));
    diag_hint(&d->db->diags, "ALTER changes materialized views");
    return st;
}

Status script_alter(Definitions *d, const Alter *a)
{
    Relation *r;
    if (a->action == ALTER_ADD_COLUMN) return no_action(d, a, "ADD COLUMN");
    if (a->what != OBJECT_MATERIALIZED_VIEW && a->what != OBJECT_VIEW) return no_action(d, a, "of this kind");
    TRY(find_view(d, a, &r));
    if (!r) return WEIR_OK;
    switch (a->action) {
    case ALTER_RENAME: return rename_view(d, a, r);
    case ALTER_SET:
    case ALTER_RESET: return set_options(d, a, r);
    case ALTER_PAUSE: return no_action(d, a, "PAUSE");
    case ALTER_RESUME: return no_action(d, a, "RESUME");
    case ALTER_ADD_COLUMN: return WEIR_OK;
    }
    return WEIR_OK;
}

Status alter_save(Definitions *d, const DefChange *c)
{
    TRY(storage_rename_relation(d->db->storage, c->altered->id, c->made.name, &d->db->diags));
    return storage_save_relation(d->db->storage, &c->made, &d->db->diags);
}

/* Whatever refers to the relation goes on to do so. */
Status alter_start(Definitions *d, const DefChange *c)
{
    weir *db = d->db;
    Relation *r = c->altered;
    Query *q = engine_query(db, r->id);
    r->name = c->made.name;
    r->sql = c->made.sql;
    r->options = c->made.options;
    r->late_into = c->made.late_into;
    shelf_hold(d->opt.shelf, r->id);
    if (!q) return WEIR_OK;
    op_view_set_retention(q->root);
    query_hand_on_late(q, NULL);
    db->must_flush = true;
    return late_attach(db, q);
}
