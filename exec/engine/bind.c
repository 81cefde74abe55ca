/* bind.c: gives the planner what only exec knows: file heads, generators' columns, constants. */
#include "exec/engine/system_tables.h"

#include "storage/sql.h"

#include "exec/io/infer_file.h"

static Status infer(void *arg, Str path, const Options *given, Relation *rel, Span at, Diags *d)
{
    weir *db = arg;
    return infer_file(&db->registry, path, given, rel, db->plan_arena, at, d);
}

static bool schema(void *arg, const ConnectorDef *c, const Options *o, const ColumnDef **cols, int *ncols,
                   Str *time_column, int64_t *delay_us)
{
    (void)arg;
    const SourceImpl *impl = c->impl;
    if (!impl || !impl->schema) return false;
    *cols = impl->schema(o, ncols);
    *time_column = str_z(impl->time_column);
    *delay_us = impl->time_delay_us;
    return *cols != NULL;
}

/* Types by SQLite's rule of affinity; what has none is of no known type. */
static Type type_of_declaration(Str decl)
{
    static const struct {
        const char *word;
        TypeKind kind;
    } words[] = {{"int", TYPE_BIGINT}, {"char", TYPE_TEXT}, {"clob", TYPE_TEXT}, {"text", TYPE_TEXT},
                 {"real", TYPE_DOUBLE}, {"floa", TYPE_DOUBLE}, {"doub", TYPE_DOUBLE}};
    char buf[64];
    StrBuf low = {.p = buf, .cap = sizeof buf};
    for (ptrdiff_t i = 0; i < decl.n && low.n < low.cap; i++)
        buf[low.n++] = (char)(decl.p[i] | (decl.p[i] >= 'A' && decl.p[i] <= 'Z' ? 0x20 : 0));
    for (size_t i = 0; i < sizeof words / sizeof *words; i++)
        if (str_find(str_of(buf, low.n), str_z(words[i].word)) >= 0)
            return words[i].kind == TYPE_BIGINT ? TYPE_BIGINT_ : TYPE_OF(words[i].kind);
    return TYPE_OF(TYPE_NULL);
}

/* A table or view of the file that weir did not make, or one of its own tables for users. */
static bool sqlite_table(void *arg, Str name, Arena *a, Field **cols, int *ncols)
{
    weir *db = arg;
    Diags quiet = {.arena = &db->call};
    sqlite3 *reader;
    sqlite3_stmt *stmt;
    if (!db->storage || storage_reader(db->storage, &reader, &quiet) != WEIR_OK) return false;
    if (system_tables_register(db, reader) != SQLITE_OK) return false;
    static const char sql[] = "SELECT name, type FROM pragma_table_info(?1)";
    if (sqlite3_prepare_v2(reader, sql, -1, &stmt, NULL) != SQLITE_OK) return false;
    sqlite3_bind_text(stmt, 1, name.p, (int)name.n, SQLITE_TRANSIENT);
    VEC(Field) found = {0};
    while (sqlite3_step(stmt) == SQLITE_ROW) {
        Str col = str_z((const char *)sqlite3_column_text(stmt, 0));
        Str decl = str_z((const char *)sqlite3_column_text(stmt, 1));
        vec_push(&found, a, (Field){str_dup(a, col), type_of_declaration(decl)});
    }
    sqlite3_finalize(stmt);
    *cols = found.data;
    *ncols = (int)found.len;
    return found.len > 0;
}

static Status constant(void *arg, const BExpr *e, Arena *a, Value *out, Diags *d)
{
    EvalEnv env = engine_eval(arg);
    return expr_constant(e, &env, a, out, d);
}

Planner engine_planner(weir *db, Arena *a, Str base_dir)
{
    db->plan_arena = a;
    return (Planner){.catalog = &db->catalog, .arena = a, .diags = &db->diags, .base_dir = base_dir,
                     .infer_file = infer, .connector_schema = schema, .callback_arg = db,
                     .constant = constant, .sqlite_table = sqlite_table, .strict = db->settings.strict,
                     .rows_by_hand = db->is_rehearsal,
                     .rules_off = db->rules_off};
}

/* The list is made anew, so that one kept from before can be taken back. */
Status engine_set(weir *db, Planner *p, Name name, Str value, Span at)
{
    Str canonical;
    TRY(ddl_setting(p, name, value, at, &canonical));
    Arena *a = &db->arena;
    const Options *old = &db->catalog.settings;
    Options set = {new (a, Option, old->n + 1), 0};
    for (int i = 0; i < old->n; i++)
        if (!str_ieq(old->items[i].name, name.text)) set.items[set.n++] = old->items[i];
    set.items[set.n++] = (Option){str_lower(a, name.text), str_dup(a, canonical), (Span){0}};
    db->catalog.settings = set;
    engine_apply_settings(db);
    p->strict = db->settings.strict;
    return WEIR_OK;
}
