/* registry.c: definitions and options by name. Read while planning, so a scan is fast enough. */
#include "base/datetime.h"
#include "base/def.h"

bool name_in_list(const char *comma_list, Str name)
{
    if (!comma_list || name.n == 0) return false;
    Str rest = str_z(comma_list);
    while (rest.n) {
        ptrdiff_t comma = str_find(rest, S(","));
        Str item = comma < 0 ? rest : str_of(rest.p, comma);
        if (str_ieq(str_trim(item), name)) return true;
        ptrdiff_t used = comma < 0 ? rest.n : comma + 1;
        rest = str_of(rest.p + used, rest.n - used);
    }
    return false;
}

static bool is_named(const char *name, const char *aliases, Str wanted)
{
    return str_ieq(str_z(name), wanted) || name_in_list(aliases, wanted);
}

/* One search for every kind of definition: they all have `name` and a second list of names. */
#define DEFINE_LOOKUP(T, function, member, second_name) \
    static const T *function(const T *const *lists, Str name, int nth) \
    { \
        for (; lists && *lists; lists++) \
            for (const T *d = *lists; d->name; d++) \
                if (is_named(d->name, d->second_name, name) && nth-- == 0) return d; \
        return NULL; \
    }
DEFINE_LOOKUP(FuncDef, find_func, funcs, aliases)
DEFINE_LOOKUP(AggDef, find_agg, aggs, aliases)
DEFINE_LOOKUP(WindowDef, find_window, windows, table_func)
DEFINE_LOOKUP(ConnectorDef, find_connector, connectors, aliases)
DEFINE_LOOKUP(FormatDef, find_format, formats, aliases)

const FuncDef *registry_func(const Registry *r, Str name, int nth)
{
    return find_func(r->funcs, name, nth);
}

const AggDef *registry_agg(const Registry *r, Str name, int nth)
{
    return find_agg(r->aggs, name, nth);
}

bool registry_has_agg(const Registry *r, Str name)
{
    const AggDef *d = registry_agg(r, name, 0);
    return d && !(d->flags & AGG_INTERNAL);
}

const WindowDef *registry_window(const Registry *r, Str name)
{
    return find_window(r->windows, name, 0);
}

const ConnectorDef *registry_connector(const Registry *r, Str name)
{
    return find_connector(r->connectors, name, 0);
}

const FormatDef *registry_format(const Registry *r, Str name)
{
    return find_format(r->formats, name, 0);
}

const OptionDef *options_find(const OptionDef *list, Str name)
{
    for (; list && list->name; list++)
        if (str_ieq(str_z(list->name), name)) return list;
    return NULL;
}

/* The last one given counts. */
const Option *options_get(const Options *o, const char *name)
{
    for (int32_t i = o->n; i-- > 0;)
        if (str_ieq(o->items[i].name, str_z(name))) return &o->items[i];
    return NULL;
}

Str options_text(const Options *o, const char *name, const char *fallback)
{
    const Option *found = options_get(o, name);
    return found ? found->value : str_z(fallback);
}

bool options_bool(const Options *o, const char *name, bool fallback)
{
    const Option *found = options_get(o, name);
    if (!found) return fallback;
    if (name_in_list("true,on,yes,1", found->value)) return true;
    if (name_in_list("false,off,no,0", found->value)) return false;
    return fallback;
}

int64_t options_int(const Options *o, const char *name, int64_t fallback)
{
    const Option *found = options_get(o, name);
    int64_t v;
    return found && str_to_int64(str_trim(found->value), &v) ? v : fallback;
}

double options_double(const Options *o, const char *name, double fallback)
{
    const Option *found = options_get(o, name);
    double v;
    return found && str_to_double(str_trim(found->value), &v) ? v : fallback;
}

int64_t options_us(const Options *o, const char *name, int64_t fallback)
{
    const Option *found = options_get(o, name);
    Interval iv;
    int64_t us;
    if (!found || !interval_parse(found->value, &iv)) return fallback;
    return interval_to_us(iv, &us) ? us : fallback;
}

Options options_copy(const Options *o, Arena *a)
{
    Options c = {new (a, Option, o->n), o->n};
    if (o->n) memcpy(c.items, o->items, (size_t)o->n * sizeof *c.items);
    return c;
}
