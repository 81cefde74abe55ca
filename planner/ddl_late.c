/* ddl_late.c: late_into = 'stream': where a view's late rows go, and whether they fit there.
 *
 * The stream's columns say what it wants: those of the row by the names of the stream that it came
 * from, and window_start, window_end and watermark, which refused it. It has no event time of its
 * own: the order of late rows is that of their arrival. */
#include "planner/ddl.h"

bool late_is_own(Str name)
{
    return str_ieq(name, S("window_start")) || str_ieq(name, S("window_end")) || str_ieq(name, S("watermark"));
}

static Status refuse(Planner *p, const Option *o, Status code, const char *format, Str what, const char *hint)
{
    Status st = diag_error(p->diags, code, o->span, format, STR_ARG(o->value), STR_ARG(what));
    if (hint) diag_hint(p->diags, "%s", hint);
    return st;
}

static bool fits(Type to, Type from)
{
    if (to.kind != from.kind) return false;
    return (to.kind != TYPE_TIMESTAMP && to.kind != TYPE_DECIMAL) ||
           (to.precision >= from.precision && to.scale >= from.scale);
}

static Status check_type(Planner *p, const Option *o, const ColumnDef *c, Type from)
{
    if (fits(c->type, from)) return WEIR_OK;
    Status st = refuse(p, o, WEIR_E_TYPE, "late_into stream \"%.*s\": column \"%.*s\" does not have the type of what goes there",
                       c->name, NULL);
    Str type = type_name(from, p->arena);
    diag_hint(p->diags, "declare it %.*s", STR_ARG(type));
    return st;
}

/* Streams that the view reads, through other views too. */
static Status check_sources(Planner *p, const Option *o, const Relation *r, const ColumnDef *c, bool *found)
{
    for (int i = 0; i < r->ndepends; i++) {
        const Relation *from = catalog_by_id(p->catalog, r->depends[i]);
        if (!from) continue;
        if (from->kind != REL_STREAM && from->kind != REL_TABLE) {
            TRY(check_sources(p, o, from, c, found));
            continue;
        }
        int col = relation_column(from, c->name);
        if (col < 0) continue;
        *found = true;
        TRY(check_type(p, o, c, from->cols[col].type));
    }
    return WEIR_OK;
}

static Status check_columns(Planner *p, const Option *o, const Relation *view, const Relation *target)
{
    for (int i = 0; i < target->ncols; i++) {
        const ColumnDef *c = &target->cols[i];
        bool found = late_is_own(c->name);
        if (c->kind == COL_COMPUTED) continue;
        if (c->kind == COL_METADATA)
            return refuse(p, o, WEIR_E_UNSUPPORTED, "late_into stream \"%.*s\": column \"%.*s\" is metadata", c->name, NULL);
        if (found && c->type.kind != TYPE_TIMESTAMP) TRY(check_type(p, o, c, (Type){.kind = TYPE_TIMESTAMP, .precision = 6}));
        if (!found) TRY(check_sources(p, o, view, c, &found));
        if (!found)
            return refuse(p, o, WEIR_E_NAME, "late_into stream \"%.*s\": nothing that the view reads has a column \"%.*s\"", c->name,
                          "its columns are those of the late rows' stream, by name, and window_start, window_end, watermark");
    }
    return WEIR_OK;
}

static bool reads_it(const Relation *r, int64_t id)
{
    for (int i = 0; i < r->ndepends; i++)
        if (r->depends[i] == id) return true;
    return false;
}

/* Whether rows of relation `from` may come to the view. */
static bool leads_to(const Catalog *c, int64_t from, const Relation *view, int limit)
{
    if (reads_it(view, from)) return true;
    for (ptrdiff_t i = 0; i < c->relations.len && limit > 0; i++) {
        const Relation *r = c->relations.items[i].value;
        if (!r || !reads_it(r, from)) continue;
        if (leads_to(c, r->id, view, limit - 1)) return true;
        if (r->late_into && leads_to(c, r->late_into, view, limit - 1)) return true;
    }
    return false;
}

Status ddl_late(Planner *p, Relation *view)
{
    const Option *o = options_get(&view->options, "late_into");
    if (!o) return WEIR_OK;
    const Relation *target = catalog_find(p->catalog, o->value);
    if (!target || target->kind != REL_STREAM)
        return refuse(p, o, WEIR_E_NOT_FOUND, "late_into: there is no stream \"%.*s\"%.*s", S(""), "create it before the view");
    if (options_get(&target->options, "connector"))
        return refuse(p, o, WEIR_E_OPTION, "late_into stream \"%.*s\" has a connector of its own%.*s", S(""), NULL);
    if (target->watermark.col >= 0)
        return refuse(p, o, WEIR_E_UNSUPPORTED, "late_into stream \"%.*s\" has a watermark%.*s", S(""),
                      "leave it out: late rows come in no order, and windows over them group by value");
    if (leads_to(p->catalog, target->id, view, (int)p->catalog->relations.len))
        return refuse(p, o, WEIR_E_OPTION, "late_into stream \"%.*s\" feeds the view itself%.*s", S(""), NULL);
    TRY(check_columns(p, o, view, target));
    view->late_into = target->id;
    return WEIR_OK;
}
