/* command_explain.c: weir explain: the plans of a file's queries, or of one query. */
#include "shell/command.h"

#include <stdlib.h>
#include <string.h>

static bool explain_views(Session *s)
{
    weir_stmt *stmt;
    char *names[ARGS_MAX];
    int n = 0;
    if (weir_prepare(s->db, "SELECT name FROM weir_views ORDER BY name", -1, &stmt, NULL) != WEIR_OK) return false;
    while (weir_step(stmt) == WEIR_ROW && n < ARGS_MAX) names[n++] = strdup(weir_column_text(stmt, 0, NULL));
    weir_finalize(stmt);
    bool ok = true;
    for (int i = 0; i < n; i++) {
        printf("%s%s\n", i ? "\n" : "", names[i]);
        ok &= session_query(s, "EXPLAIN \"%s\"", names[i]);
        free(names[i]);
    }
    return ok;
}

static bool explain_file(Session *s, const char *path)
{
    char *text = read_file(path);
    if (!text) return false;
    char *folder = folder_of(path);
    weir_exec_options opt = {.base_dir = folder};
    bool ok = weir_exec(s->db, text, -1, path, &opt) == WEIR_OK;
    if (!ok) session_tell(s);
    free(folder);
    free(text);
    return ok && explain_views(s);
}

int command_explain(const Args *a)
{
    if (!a->sql && a->nfiles == 0) {
        fputs("weir: explain needs a file or -c SQL; weir help explain\n", stderr);
        return EXIT_USAGE;
    }
    Session s = session_of(a);
    s.style.mode = render_mode("list");
    s.style.headers = false;
    int code = session_open(&s, a->db, false);
    bool ok = code == EXIT_DONE;
    for (int i = 0; ok && i < a->nfiles; i++) ok = explain_file(&s, a->files[i]);
    if (ok && a->sql) ok = session_query(&s, "EXPLAIN %s", a->sql);
    session_close(&s);
    return code ? code : ok ? EXIT_DONE : EXIT_FAILED;
}
