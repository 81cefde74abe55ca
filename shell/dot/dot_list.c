/* dot_list.c: .streams, .views, .jobs, .errors, .functions, .describe, .explain, .set: SQL statements under short names. */
#include "shell/session.h"

#include <stdlib.h>
#include <string.h>

static bool streams(Session *s, const char *arg) { return session_query(s, "SHOW STREAMS%s", *arg ? arg : ""); }
static bool views(Session *s, const char *arg) { return session_query(s, "SHOW VIEWS%s", *arg ? arg : ""); }
static bool functions(Session *s, const char *arg)
{
    if (!*arg) return session_query(s, "SHOW FUNCTIONS");
    char *like = sql_quoted(arg, '\'');
    bool ok = session_query(s, "SHOW FUNCTIONS LIKE %s", like);
    free(like);
    return ok;
}

static bool jobs(Session *s, const char *arg)
{
    (void)arg;
    return session_refresh(s) && session_query(s, "SHOW JOBS");
}

static bool with_name(Session *s, const char *before, const char *name)
{
    char *quoted = sql_quoted(name, '"');
    bool ok = session_query(s, "%s %s", before, quoted);
    free(quoted);
    return ok;
}

/* The newest of them; SHOW ERRORS has every column. */
static bool errors(Session *s, const char *arg)
{
    static const char columns[] = "SELECT stream, \"partition\" || ':' || \"offset\" AS place, message, raw FROM weir_errors";
    if (!session_refresh(s)) return false;
    if (!*arg) return session_query(s, "%s ORDER BY seq DESC LIMIT 20", columns);
    char *name = sql_quoted(arg, '\'');
    bool ok = session_query(s, "%s WHERE lower(stream) = lower(%s) ORDER BY seq DESC LIMIT 20", columns, name);
    free(name);
    return ok;
}

static bool describe(Session *s, const char *arg)
{
    return *arg ? with_name(s, "DESCRIBE", arg) : session_query(s, "SHOW VIEWS");
}

/* A name, or a statement. */
static bool explain(Session *s, const char *arg)
{
    RenderStyle style = s->style;
    s->style.mode = render_mode("list");
    s->style.headers = false;
    bool ok = arg[strcspn(arg, " \t")] ? session_query(s, "EXPLAIN %s", arg) : with_name(s, "EXPLAIN", arg);
    s->style = style;
    return ok;
}

static bool set(Session *s, const char *arg)
{
    if (!*arg) return session_query(s, "SHOW SETTINGS");
    char *name = dot_word(&arg);
    arg += strspn(arg, " \t=");
    char *value = *arg ? dot_word(&arg) : NULL, *quoted = value ? sql_quoted(value, '\'') : NULL;
    bool ok = quoted ? session_query(s, "SET %s = %s", name, quoted) : session_query(s, "SHOW %s", name);
    free(name);
    free(value);
    free(quoted);
    return ok;
}

const DotCommand dot_streams = {"streams", "", "streams and what feeds them", streams};
const DotCommand dot_views = {"views", "", "views and their state", views};
const DotCommand dot_functions = {"functions", "[LIKE]", "functions and aggregates", functions};
const DotCommand dot_jobs = {"jobs", "", "what standing queries have done", jobs};
const DotCommand dot_errors = {"errors", "[STREAM]", "records that were refused last, and why", errors};
const DotCommand dot_describe = {"describe", "NAME", "columns of a stream or view", describe};
const DotCommand dot_explain = {"explain", "NAME|SQL", "how a view or query runs", explain};
const DotCommand dot_set = {"set", "[NAME [VALUE]]", "settings", set};
