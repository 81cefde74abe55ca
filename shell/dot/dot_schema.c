/* dot_schema.c: .schema [NAME] */
#include "shell/session.h"

#include <stdlib.h>
#include <string.h>

/* A name as a text literal of SQL. */
static char *quoted(const char *name)
{
    char *out = malloc(strlen(name) * 2 + 3), *p = out;
    *p++ = '\'';
    for (; *name; name++) {
        if (*name == '\'') *p++ = '\'';
        *p++ = *name;
    }
    *p++ = '\'';
    *p = 0;
    return out;
}

static bool schema(Session *s, const char *arg)
{
    const RenderMode *mode = s->mode;
    bool headers = s->headers;
    s->mode = render_mode("list");
    s->headers = false;
    bool ok;
    if (*arg) {
        char *name = quoted(arg);
        ok = session_query(s, "SELECT sql || ';' FROM (SELECT name, sql FROM weir_streams UNION ALL SELECT name, sql "
                              "FROM weir_views) t WHERE lower(name) = lower(%s)", name);
        free(name);
    } else {
        ok = session_query(s, "SELECT sql || ';' FROM weir_streams UNION ALL SELECT sql || ';' FROM weir_views");
    }
    s->mode = mode;
    s->headers = headers;
    return ok;
}

const DotCommand dot_schema = {"schema", "[NAME]", "definitions as SQL", schema};
