/* dot_schema.c: .schema [NAME] */
#include "shell/session.h"

#include <stdlib.h>
#include <string.h>

static bool schema(Session *s, const char *arg)
{
    RenderStyle style = s->style;
    s->style.mode = render_mode("list");
    s->style.headers = false;
    bool ok;
    if (*arg) {
        char *name = sql_quoted(arg, '\'');
        ok = session_look(s, "SELECT sql || ';' FROM (SELECT name, sql FROM weir_streams UNION ALL SELECT name, sql "
                              "FROM weir_views) t WHERE lower(name) = lower(%s)", name);
        free(name);
    } else {
        ok = session_look(s, "SELECT sql || ';' FROM weir_streams UNION ALL SELECT sql || ';' FROM weir_views");
    }
    s->style = style;
    return ok;
}

const DotCommand dot_schema = {"schema", "[NAME]", "definitions as SQL", schema};
