/* bind.c: gives the planner what only exec knows: file heads, generators' columns, constants. */
#include "exec/engine/engine.h"

#if __has_include("exec/format/infer.h")
#include "exec/format/infer.h"
#else
#define infer_file(...) WEIR_E_UNSUPPORTED
#endif

static Status infer(void *arg, Str path, const Options *given, Relation *rel, Span at, Diags *d)
{
    weir *db = arg;
    return infer_file(&db->registry, path, given, rel, db->catalog.arena, at, d);
}

static bool schema(void *arg, const ConnectorDef *c, const Options *o, const ColumnDef **cols, int *ncols)
{
    (void)arg;
    const SourceImpl *impl = c->impl;
    if (!impl || !impl->schema) return false;
    *cols = impl->schema(o, ncols);
    return *cols != NULL;
}

static Status constant(void *arg, const BExpr *e, Arena *a, Value *out, Diags *d)
{
    EvalEnv env = engine_eval(arg);
    return expr_constant(e, &env, a, out, d);
}

Planner engine_planner(weir *db, Arena *a, Str base_dir)
{
    return (Planner){.catalog = &db->catalog, .arena = a, .diags = &db->diags, .base_dir = base_dir,
                     .infer_file = infer, .connector_schema = schema, .callback_arg = db,
                     .constant = constant, .strict = db->settings.strict,
                     .rules_off = db->rules_off};
}

Status engine_set(weir *db, Planner *p, Name name, Str value, Span at)
{
    Str canonical;
    TRY(ddl_setting(p, name, value, at, &canonical));
    Options *o = &db->catalog.settings;
    Option item = {str_lower(&db->arena, name.text), str_dup(&db->arena, canonical), (Span){0}};
    for (int i = 0; i < o->n; i++)
        if (str_ieq(o->items[i].name, item.name)) {
            o->items[i] = item;
            engine_apply_settings(db);
            return WEIR_OK;
        }
    Option *items = new (&db->arena, Option, o->n + 1);
    if (o->n) memcpy(items, o->items, (size_t)o->n * sizeof *items);
    items[o->n] = item;
    *o = (Options){items, o->n + 1};
    engine_apply_settings(db);
    return WEIR_OK;
}
