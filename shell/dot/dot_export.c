/* dot_export.c: .export FILE VIEW: the rows of a view or a query in a file; its name says in which form. */
#include "shell/session.h"

#include <stdlib.h>
#include <string.h>

static const struct {
    const char *suffix, *mode;
} forms[] = {{".csv", "csv"}, {".tsv", "tsv"}, {".json", "json"}, {".jsonl", "jsonl"}, {".ndjson", "jsonl"},
             {".md", "markdown"}, {".sql", "insert"}, {".txt", "table"}};

static const RenderMode *mode_for(const char *path)
{
    const char *dot = strrchr(path, '.');
    for (size_t i = 0; dot && i < sizeof forms / sizeof *forms; i++)
        if (!strcmp(forms[i].suffix, dot)) return render_mode(forms[i].mode);
    fprintf(stderr, "weir: the name of \"%s\" says no form: .csv, .tsv, .json, .jsonl, .md, .sql or .txt\n", path);
    return NULL;
}

static bool export_rows(Session *s, const char *what)
{
    bool is_query = what[strcspn(what, " \t")] != 0;
    char *name = sql_quoted(what, '"');
    if (!is_query) s->style.insert_into = what;
    bool ok = is_query ? session_query(s, "%s", what) : session_query(s, "SELECT * FROM %s", name);
    free(name);
    return ok;
}

static bool export(Session *s, const char *arg)
{
    char *path = dot_word(&arg);
    arg += strspn(arg, " \t");
    if (!path || !*arg) {
        free(path);
        fputs("weir: .export FILE VIEW, or .export FILE SELECT …\n", stderr);
        return false;
    }
    RenderStyle style = s->style;
    const RenderMode *mode = mode_for(path);
    bool ok = mode && output_to(s, path, true);
    if (mode) s->style.mode = mode;
    s->style.headers = true;
    ok = ok && export_rows(s, arg);
    output_to(s, "", false);
    s->style = style;
    free(path);
    return ok;
}

const DotCommand dot_export = {"export", "FILE VIEW", "rows into a file: .csv .tsv .json .jsonl .md .sql .txt", export};
