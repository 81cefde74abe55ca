/* script.c: the definitions of a script, in one transaction: all of them, or none.
 *
 * Statements are bound one after the other against a catalog that already has the ones before, so
 * that all errors of a file are found in one run. Only when none failed is anything saved, and
 * only when the transaction is committed do operators begin to run. */
#include "exec/engine/script.h"
#include "exec/engine/transaction.h"

#include "parser/parser.h"
#include "parser/unparse.h"

const char *script_kind_word(const Relation *r)
{
    static const char *const words[] = {[REL_STREAM] = "stream", [REL_TABLE] = "table",
        [REL_VIEW] = "view", [REL_MATERIALIZED] = "materialized view", [REL_SINK] = "sink"};
    return words[r->kind];
}

void script_tell(Definitions *d, const char *action, const Relation *r)
{
    if (d->opt.change) d->opt.change(d->opt.change_arg, action, script_kind_word(r), str_printf(&d->db->call, "%.*s", STR_ARG(r->name)).p);
}

/* ---- dropping ---------------------------------------------------------------------------------- */

bool script_kind_fits(ObjectKind what, const Relation *r)
{
    switch (what) {
    case OBJECT_ANY: return true;
    case OBJECT_STREAM: return r->kind == REL_STREAM;
    case OBJECT_TABLE: return r->kind == REL_TABLE || r->kind == REL_STREAM;
    case OBJECT_VIEW: return r->kind == REL_VIEW || r->kind == REL_MATERIALIZED;
    case OBJECT_MATERIALIZED_VIEW: return r->kind == REL_MATERIALIZED;
    case OBJECT_SINK: return r->kind == REL_SINK;
    case OBJECT_FUNCTION:
    case OBJECT_AGGREGATE:
    case OBJECT_INDEX: return false;
    }
    return false;
}

static void drop_relation(Definitions *d, Relation *r)
{
    catalog_remove(&d->db->catalog, r->name);
    vec_push(&d->changes, &d->db->call, (DefChange){.dropped = r});
}

static Status drop_with_dependants(Definitions *d, Relation *r, bool cascade, Span at)
{
    enum { MAX_DEPENDANTS = 256 };
    Relation *deps[MAX_DEPENDANTS];
    int n = ddl_dependants(&d->db->catalog, r, deps, MAX_DEPENDANTS);
    if (n > 0 && !cascade) {
        StrBuf b = {.arena = &d->db->call};
        for (int i = 0; i < n && i < 5; i++) sb_printf(&b, "%s\"%.*s\"", i ? ", " : "", STR_ARG(deps[i]->name));
        Status st = diag_error(&d->db->diags, WEIR_E_DEPENDS, at, "\"%.*s\" is read by %.*s%s", STR_ARG(r->name),
                               STR_ARG(sb_done(&b)), n > 5 ? " and more" : "");
        diag_hint(&d->db->diags, "drop them first, or add CASCADE");
        return st;
    }
    if (n > MAX_DEPENDANTS)
        return diag_error(&d->db->diags, WEIR_E_LIMIT, at, "more than %d objects depend on \"%.*s\"", MAX_DEPENDANTS, STR_ARG(r->name));
    for (int i = n - 1; i >= 0; i--) drop_relation(d, deps[i]);
    drop_relation(d, r);
    return WEIR_OK;
}

static Status define_drop(Definitions *d, const Stmt *s)
{
    const Drop *drop = s->drop;
    if (drop->what == OBJECT_FUNCTION || drop->what == OBJECT_AGGREGATE || drop->what == OBJECT_INDEX)
        return diag_error(&d->db->diags, WEIR_E_UNSUPPORTED, s->span, "DROP %s is not built yet", OBJECT_KIND_NAMES[drop->what]);
    for (ptrdiff_t i = 0; i < drop->names.len; i++) {
        Name n = drop->names.data[i];
        Relation *r = catalog_find(&d->db->catalog, n.text);
        if (!r && drop->if_exists) continue;
        if (!r) return diag_error(&d->db->diags, WEIR_E_NOT_FOUND, n.span, "there is no \"%.*s\"", STR_ARG(n.text));
        if (!script_kind_fits(drop->what, r))
            return diag_error(&d->db->diags, WEIR_E_NAME, n.span, "\"%.*s\" is a %s", STR_ARG(n.text), script_kind_word(r));
        script_tell(d, "drop", r);
        TRY(drop_with_dependants(d, r, drop->cascade, n.span));
    }
    return WEIR_OK;
}

/* ---- creating ---------------------------------------------------------------------------------- */

/* What to do about an object that has the name already. */
typedef enum Clash { CLASH_NONE, CLASH_SKIP, CLASH_REPLACE, CLASH_ERROR } Clash;

/* A definition without what says how to treat one that is there already. */
static Str bare_definition(Str sql)
{
    static const char *const prefixes[] = {"CREATE OR REPLACE ", "CREATE "};
    for (int i = 0; i < 2; i++)
        if (str_starts(sql, str_z(prefixes[i]))) {
            ptrdiff_t n = (ptrdiff_t)strlen(prefixes[i]);
            return str_of(sql.p + n, sql.n - n);
        }
    return sql;
}

/* An inferred stream is kept as the DDL it was shown as: the canonical spelling decides. */
static Str canonical(Definitions *d, Str sql)
{
    Diags quiet = {.arena = &d->db->call};
    Stmt *stmt = NULL;
    ptrdiff_t end;
    if (parser_parse_first(sql, &d->db->call, &quiet, &stmt, &end) != WEIR_OK || !stmt) return sql;
    StrBuf b = {.arena = &d->db->call};
    unparse_stmt(&b, stmt);
    return bare_definition(sb_done(&b));
}

static bool same_definition(Definitions *d, Str a, Str b)
{
    return str_eq(bare_definition(a), bare_definition(b)) || str_eq(canonical(d, a), canonical(d, b));
}

static Clash find_clash(Definitions *d, const Relation *old, const Relation *made, bool or_replace, bool if_not_exists)
{
    if (!old) return CLASH_NONE;
    bool same = same_definition(d, old->sql, made->sql) && str_eq(old->base_dir, made->base_dir);
    if (if_not_exists) return CLASH_SKIP;
    if ((or_replace || d->opt.reregister) && same) return CLASH_SKIP;
    bool is_query = old->kind == REL_VIEW || old->kind == REL_MATERIALIZED;
    if (is_query != (made->kind == REL_VIEW || made->kind == REL_MATERIALIZED)) return CLASH_ERROR;
    if (or_replace || (d->opt.reregister && is_query && made->kind == old->kind)) return CLASH_REPLACE;
    return CLASH_ERROR;
}

static Status exists_error(Definitions *d, const Relation *old, Name name)
{
    Status st = diag_error(&d->db->diags, WEIR_E_EXISTS, name.span, "a %s \"%.*s\" exists already", script_kind_word(old), STR_ARG(name.text));
    diag_hint(&d->db->diags, old->kind == REL_STREAM || old->kind == REL_TABLE ? "DROP it first, or use another name; IF NOT EXISTS keeps it"
                                                     : "CREATE OR REPLACE changes it");
    return st;
}

/* A replaced view is rebuilt from its streams' past, which a stream fed by INSERT does not keep. */
static Status check_history(Definitions *d, const Relation *old, Span at)
{
    for (int i = 0; old->kind == REL_MATERIALIZED && i < old->ndepends; i++) {
        const Relation *r = catalog_by_id(&d->db->catalog, old->depends[i]);
        if (!r) continue;
        if (r->kind != REL_STREAM) {
            TRY(check_history(d, r, at));
        } else if (!options_get(&r->options, "connector")) {
            Status st = diag_error(&d->db->diags, WEIR_E_OPTION, at, "\"%.*s\" cannot be rebuilt: stream \"%.*s\" keeps no history",
                                   STR_ARG(old->name), STR_ARG(r->name));
            diag_hint(&d->db->diags, "DROP the view and create it anew; it starts from now");
            return st;
        }
    }
    return WEIR_OK;
}

/* The list of changes knows the query from the start, so that it is closed whatever happens. */
static Status open_query(Definitions *d, DefChange *c)
{
    if (!engine_is_standing(c->created)) return WEIR_OK;
    TRY(engine_open_query(d->db, c->created, &c->query));
    return engine_check_query(d->db, c->query);
}

Status script_add(Definitions *d, Relation *made, Name name, bool or_replace, bool if_not_exists)
{
    Relation *old = catalog_find(&d->db->catalog, name.text);
    switch (find_clash(d, old, made, or_replace, if_not_exists)) {
    case CLASH_NONE: script_tell(d, "create", made); break;
    case CLASH_SKIP: script_tell(d, "same", old); return WEIR_OK;
    case CLASH_ERROR: return exists_error(d, old, name);
    case CLASH_REPLACE:
        script_tell(d, "replace", made);
        TRY(check_history(d, old, name.span));
        TRY(drop_with_dependants(d, old, false, name.span)); break;
    }
    made->id = d->db->catalog.next_id++;
    vec_push(&d->changes, &d->db->call, (DefChange){.created = made});
    TRY(open_query(d, &d->changes.data[d->changes.len - 1]));
    catalog_put(&d->db->catalog, made);
    return WEIR_OK;
}

/* CREATE STREAM s FROM 'file', once more: what was found in the file's head the first time holds. */
static bool is_inferred_again(Definitions *d, const CreateStream *s)
{
    const Relation *old = s->from_file.n ? catalog_find(&d->db->catalog, s->name.text) : NULL;
    return old && old->kind == REL_STREAM && str_eq(options_text(&old->options, "path", ""), s->from_file) &&
           str_eq(old->base_dir, d->base_dir);
}

static Status define_stream(Definitions *d, const Stmt *s)
{
    Relation *r;
    if (d->opt.reregister && is_inferred_again(d, s->create_stream)) {
        script_tell(d, "same", catalog_find(&d->db->catalog, s->create_stream->name.text));
        return WEIR_OK;
    }
    TRY(ddl_stream(&d->planner, s->create_stream, &r));
    r->base_dir = d->base_dir;
    return script_add(d, r, s->create_stream->name, s->create_stream->or_replace, s->create_stream->if_not_exists);
}

static Status define_view(Definitions *d, const Stmt *s)
{
    Relation *r;
    TRY(ddl_view(&d->planner, s->create_view, &r));
    r->base_dir = d->base_dir;
    return script_add(d, r, s->create_view->name, s->create_view->or_replace, s->create_view->if_not_exists);
}

/* What is set, as it is kept. */
static Status setting_value(Definitions *d, const SetOption *o, Str *out)
{
    const OptionDef *def = options_find(d->db->registry.settings, o->name.text);
    Str value = o->is_default && def ? str_z(def->fallback ? def->fallback : "") : o->value;
    return ddl_setting(&d->planner, o->name, value, o->span, out);
}

static Status define_setting(Definitions *d, const Stmt *s)
{
    Str value;
    TRY(setting_value(d, s->set, &value));
    vec_push(&d->settings, &d->db->call, s);
    return engine_set(d->db, &d->planner, s->set->name, value, s->set->span); /* for what follows */
}

static Str index_columns(Definitions *d, const CreateIndex *x)
{
    StrBuf b = {.arena = &d->db->call};
    for (ptrdiff_t i = 0; i < x->columns.len; i++) {
        if (i) sb_lit(&b, ", ");
        sql_quote_name(&b, x->columns.data[i].expr->parts.data[0].text);
        if (x->columns.data[i].is_desc) sb_lit(&b, " DESC");
    }
    return sb_done(&b);
}

/* The statement by which the database keeps the index of that name; empty: there is none. */
static Str index_there(Definitions *d, Str name)
{
    sqlite3 *reader;
    sqlite3_stmt *st;
    Str found = {0};
    Diags quiet = {.arena = &d->db->call};
    if (storage_reader(d->db->storage, &reader, &quiet) != WEIR_OK) return found;
    static const char sql[] = "SELECT sql FROM sqlite_schema WHERE type = 'index' AND name = ?1 COLLATE NOCASE";
    if (sqlite3_prepare_v2(reader, sql, -1, &st, NULL) != SQLITE_OK) return found;
    sqlite3_bind_text(st, 1, name.p, (int)name.n, SQLITE_TRANSIENT);
    if (sqlite3_step(st) == SQLITE_ROW) found = str_z((const char *)sqlite3_column_text(st, 0));
    found = found.n ? str_dup(&d->db->call, found) : found;
    sqlite3_finalize(st);
    return found;
}

/* Whether an index need not be made: the same one is there, or any, and that is enough. */
static bool has_index(Definitions *d, const CreateIndex *x, const Relation *r)
{
    Str there = index_there(d, x->name.text);
    Str on = str_printf(&d->db->call, " ON _weir_mv_%lld (", (long long)r->id);
    ptrdiff_t at = str_find(there, on);
    if (at < 0 || (!x->if_not_exists && !d->opt.reregister)) return false;
    Str columns = str_of(there.p + at + on.n, there.n - at - on.n - 1); /* without ")" */
    return x->if_not_exists || str_eq(columns, index_columns(d, x));
}

static Status define_index(Definitions *d, const Stmt *s)
{
    const CreateIndex *x = s->create_index;
    Relation *r = catalog_find(&d->db->catalog, x->on.text);
    if (!r) return diag_error(&d->db->diags, WEIR_E_NOT_FOUND, x->on.span, "there is no \"%.*s\"", STR_ARG(x->on.text));
    if (!engine_is_standing(r))
        return diag_error(&d->db->diags, WEIR_E_NAME, x->on.span, "\"%.*s\" is a %s; only tables and materialized views take an index", STR_ARG(x->on.text), script_kind_word(r));
    if (x->is_unique)
        return diag_error(&d->db->diags, WEIR_E_UNSUPPORTED, s->span, "a view's index cannot be UNIQUE: keys are the engine's business");
    for (ptrdiff_t i = 0; i < x->columns.len; i++) {
        const Expr *e = x->columns.data[i].expr;
        if (e->kind == EX_COLUMN && e->parts.len == 1 && relation_column(r, e->parts.data[0].text) >= 0) continue;
        return diag_error(&d->db->diags, WEIR_E_NAME, e->span, "an index is over columns of \"%.*s\"", STR_ARG(r->name));
    }
    if (!has_index(d, x, r)) vec_push(&d->indexes, &d->db->call, s);
    return WEIR_OK;
}

/* ---- one statement ------------------------------------------------------------------------------ */

static Name defined_name(const Stmt *s)
{
    if (s->kind == STMT_CREATE_STREAM) return s->create_stream->name;
    if (s->kind == STMT_CREATE_VIEW) return s->create_view->name;
    return (Name){0};
}

/* Errors that only say that a broken definition is missing are left out. */
static void drop_consequences(Definitions *d, ptrdiff_t from)
{
    Diags *g = &d->db->diags;
    ptrdiff_t kept = from;
    for (ptrdiff_t i = from; i < g->list.len; i++) {
        Diag e = g->list.data[i];
        bool is_name = e.code == WEIR_E_NAME || e.code == WEIR_E_NOT_FOUND, consequence = false;
        for (ptrdiff_t b = 0; is_name && b < d->broken.len; b++) {
            Str quoted = str_printf(&d->db->call, "\"%.*s\"", STR_ARG(d->broken.data[b]));
            consequence |= str_find(e.message, quoted) >= 0;
        }
        if (!consequence) g->list.data[kept++] = e;
    }
    g->list.len = kept;
}

static Status define_one(Definitions *d, const Stmt *s)
{
    switch (s->kind) {
    case STMT_CREATE_STREAM: return define_stream(d, s);
    case STMT_CREATE_VIEW: return define_view(d, s);
    case STMT_DROP: return define_drop(d, s);
    case STMT_SET: return define_setting(d, s);
    case STMT_CREATE_INDEX: return define_index(d, s);
    case STMT_CREATE_FUNCTION:
        return diag_error(&d->db->diags, WEIR_E_UNSUPPORTED, s->span, "CREATE FUNCTION and CREATE AGGREGATE are not built yet");
    case STMT_ALTER: return script_alter(d, s->alter);
    case STMT_SELECT: case STMT_INSERT: case STMT_UPDATE: case STMT_DELETE: case STMT_BEGIN:
    case STMT_COMMIT: case STMT_ROLLBACK: case STMT_SHOW: case STMT_DESCRIBE: case STMT_EXPLAIN:
    case STMT_SUBSCRIBE: case STMT_CHECKPOINT: case STMT_BACKUP: case STMT_RECOVER: case STMT_COPY:
    case STMT_SQLITE:
        return WEIR_OK;
    }
    return WEIR_OK;
}

/* ---- saving and starting ------------------------------------------------------------------------ */

static Status save_all(Definitions *d)
{
    Storage *st = d->db->storage;
    for (ptrdiff_t i = 0; i < d->changes.len; i++) {
        DefChange *c = &d->changes.data[i];
        if (c->dropped) TRY(storage_drop_relation(st, c->dropped, &d->db->diags));
        if (c->created) TRY(storage_save_relation(st, c->created, &d->db->diags));
        if (c->altered) TRY(alter_save(d, c));
    }
    for (ptrdiff_t i = 0; i < d->indexes.len; i++) {
        const CreateIndex *x = d->indexes.data[i]->create_index;
        TRY(storage_create_index(st, x->name.text, catalog_find(&d->db->catalog, x->on.text), index_columns(d, x), &d->db->diags));
    }
    for (ptrdiff_t i = 0; i < d->settings.len; i++) {
        const SetOption *o = d->settings.data[i]->set;
        Str canonical;
        TRY(setting_value(d, o, &canonical));
        TRY(storage_save_setting(st, o->name.text, canonical, &d->db->diags));
    }
    return WEIR_OK;
}

static Status save(Definitions *d)
{
    TRY(storage_begin(d->db->storage, &d->db->diags));
    d->is_begun = true;
    TRY(save_all(d));
    TRY(storage_commit(d->db->storage, &d->db->diags));
    d->is_saved = true;
    return WEIR_OK;
}

static Status start(Definitions *d, DefChange *c)
{
    weir *db = d->db;
    if (c->dropped) {
        Query *old = engine_query(db, c->dropped->id);
        if (old) engine_detach(db, old);
        if (c->dropped->kind == REL_STREAM || c->dropped->kind == REL_TABLE) engine_drop_scan(db, c->dropped->id);
        shelf_release(db, c->dropped->id);
    }
    if (c->created) shelf_hold(d->opt.shelf, c->created->id);
    if (c->altered) return alter_start(d, c);
    return c->query ? engine_attach(db, c->query, true) : WEIR_OK;
}

static Status start_all(Definitions *d)
{
    for (ptrdiff_t i = 0; i < d->changes.len; i++) {
        DefChange *c = &d->changes.data[i];
        TRY(start(d, c));
        c->query = NULL;
    }
    return engine_configure_storage(d->db); /* what was declared decides too */
}

/* ---- all or nothing ------------------------------------------------------------------------------ */

/* Names are changed in a copy of the map: to take them back needs no memory. */
static void begin(Definitions *d)
{
    Catalog *c = &d->db->catalog;
    Arena *a = &d->db->names[!d->db->names_at];
    d->before = *c;
    arena_reset(a);
    c->relations = map_clone(&c->relations, a);
    c->arena = a;
}

static void take_back(Definitions *d)
{
    if (d->is_begun) storage_rollback(d->db->storage);
    for (ptrdiff_t i = 0; i < d->changes.len; i++) query_close(d->changes.data[i].query);
    d->changes.len = 0;
    d->db->catalog = d->before;
    engine_apply_settings(d->db);
}

/* What was saved cannot be taken back: the engine stops, and begins with it when opened again. */
static void stop(Definitions *d, const char *why)
{
    d->db->faulted = true;
    d->db->fault = str_z(why);
    for (ptrdiff_t i = 0; i < d->changes.len; i++) {
        Query *q = d->changes.data[i].query;
        if (q && engine_query(d->db, q->rel->id) != q) query_close(q);
    }
}

static Status define_all(Definitions *d, Stmt *const *stmts, int n)
{
    Diags *g = &d->db->diags;
    Status first = diag_status(g);
    for (int i = 0; i < n; i++) {
        ptrdiff_t known = g->list.len;
        Status st = define_one(d, stmts[i]);
        if (st == WEIR_OK) continue;
        drop_consequences(d, known);
        if (first == WEIR_OK) first = st;
        if (defined_name(stmts[i]).text.n) vec_push(&d->broken, &d->db->call, defined_name(stmts[i]).text);
    }
    return first;
}

static Status carry_out(Definitions *d, Stmt *const *stmts, int n)
{
    begin(d);
    TRY(define_all(d, stmts, n));
    if (d->opt.check_only) return d->opt.then ? d->opt.then(d->opt.then_arg) : WEIR_OK;
    if (d->changes.len + d->indexes.len + d->settings.len > 0) TRY(save(d));
    d->db->names_at = !d->db->names_at;
    return start_all(d);
}

Status script_define(weir *db, Stmt *const *stmts, int n, Str base_dir, const DefineOptions *o)
{
    TRY(engine_can(db, o->check_only ? NEED_READ : NEED_WRITE));
    if (!o->check_only && n > 0) TRY(transaction_none(db, "definitions cannot be made", stmts[0]->span));
    TRY(engine_settle(db));
    Definitions *d = new_one(&db->call, Definitions);
    *d = (Definitions){.db = db, .base_dir = str_dup(&o->shelf->arena, base_dir), .opt = *o, .before = db->catalog};
    d->planner = engine_planner(db, &o->shelf->arena, d->base_dir);
    d->planner.may_redefine = o->reregister;
    OomFrame f;
    if (OOM_TRY(&f)) {
        Status st = carry_out(d, stmts, n);
        OOM_END(&f);
        if (st != WEIR_OK && d->is_saved) stop(d, "what was declared cannot run");
        else if (st != WEIR_OK || o->check_only) take_back(d);
        return st;
    }
    if (d->is_saved) stop(d, "out of memory");
    else take_back(d);
    oom_raise();
}
