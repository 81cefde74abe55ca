/* dot_tables.c: .tables */
#include "shell/session.h"

static bool tables(Session *s, const char *arg)
{
    (void)arg;
    return session_look(s, "SELECT name, kind FROM weir_streams UNION ALL SELECT name, kind FROM weir_views ORDER BY name");
}

const DotCommand dot_tables = {"tables", "", "streams and views", tables};
