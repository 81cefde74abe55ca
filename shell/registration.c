/* registration.c: files of statements as the source of truth of a database: registered again they change
 * what has changed, and what they would change can be told before. */
#include "shell/command.h"
#include "shell/variables.h"

#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { FILES_MAX = 4096 };

/* ---- which files ---------------------------------------------------------------------------------------- */

typedef struct Files {
    char *paths[FILES_MAX];
    int n;
} Files;

static int is_statement_file(const struct dirent *e)
{
    size_t n = strlen(e->d_name);
    return e->d_name[0] != '.' && n > 4 && !strcmp(e->d_name + n - 4, ".sql");
}

static bool add_folder(Files *f, const char *path)
{
    struct dirent **list;
    int n = scandir(path, &list, is_statement_file, alphasort);
    if (n < 0) return false;
    for (int i = 0; i < n; i++) {
        if (f->n < FILES_MAX && asprintf(&f->paths[f->n], "%s/%s", path, list[i]->d_name) >= 0) f->n++;
        free(list[i]);
    }
    free(list);
    return true;
}

static Files *files_of(const Args *a)
{
    Files *f = calloc(1, sizeof *f);
    for (int i = 0; i < a->nfiles; i++) {
        struct stat st;
        bool is_folder = stat(a->files[i], &st) == 0 && S_ISDIR(st.st_mode);
        if (!(is_folder && add_folder(f, a->files[i])) && f->n < FILES_MAX) f->paths[f->n++] = strdup(a->files[i]);
    }
    return f;
}

static void files_free(Files *f)
{
    for (int i = 0; i < f->n; i++) free(f->paths[i]);
    free(f);
}

/* ---- what changes --------------------------------------------------------------------------------------- */

typedef struct Registration {
    Session *s;
    const Args *args;
    bool check_only, tells;
    char **names; /* that the files define */
    int nnames, cap;
} Registration;

static void keep_name(Registration *r, const char *name)
{
    if (r->nnames == r->cap) r->names = realloc(r->names, (size_t)(r->cap = r->cap ? r->cap * 2 : 64) * sizeof *r->names);
    r->names[r->nnames++] = strdup(name);
}

static void tell(const Registration *r, const char *action, const char *kind, const char *name)
{
    static const char *const marks[][2] = {{"create", "+"}, {"replace", "~"}, {"drop", "-"}, {"same", "="}};
    for (size_t i = 0; r->tells && i < sizeof marks / sizeof *marks; i++)
        if (!strcmp(marks[i][0], action)) fprintf(stderr, "%s %s %s\n", marks[i][1], kind, name);
}

static void on_change(void *arg, const char *action, const char *kind, const char *name)
{
    Registration *r = arg;
    if (strcmp(action, "drop")) keep_name(r, name);
    tell(r, action, kind, name);
}

static int show_each(void *arg, weir_stmt *stmt)
{
    Session *s = ((Registration *)arg)->s;
    Render r = session_render(s, s->out);
    Cursor c = cursor_of(stmt);
    weir_status st;
    render_begin(&r, &c);
    while ((st = cursor_next(s, &c)) == WEIR_ROW) render_row(&r, &c);
    render_end(&r);
    c.stmt = NULL;
    cursor_close(&c);
    return st != WEIR_DONE;
}

static int register_file(Registration *r, const char *path)
{
    char *text = read_file(path);
    if (!text) return EXIT_ENVIRONMENT;
    char *folder = folder_of(path), *sql = variables_apply(text, r->args->vars, r->args->nvars);
    weir_exec_options opt = {.base_dir = folder, .each = show_each, .each_arg = r, .reregister = 1,
                             .check_only = r->check_only, .change = on_change, .change_arg = r};
    weir_status st = weir_exec(r->s->db, sql, -1, path, &opt);
    if (st != WEIR_OK) session_tell(r->s);
    free(sql);
    free(folder);
    free(text);
    return exit_code(st);
}

/* ---- pruning -------------------------------------------------------------------------------------------- */

static bool is_defined(const Registration *r, const char *name)
{
    for (int i = 0; i < r->nnames; i++)
        if (!strcmp(r->names[i], name)) return true;
    return false;
}

/* DROP statements for what the files do not define, readers before what they read: the catalog is in the
 * order of definition, streams first here. */
static char *pruning(Registration *r)
{
    static const char query[] = "SELECT name, kind FROM weir_streams UNION ALL SELECT name, kind FROM weir_views";
    char *sql = strdup("");
    weir_stmt *stmt = NULL;
    if (weir_prepare(r->s->db, query, -1, &stmt, NULL) != WEIR_OK) return NULL;
    while (weir_step(stmt) == WEIR_ROW) {
        const char *name = weir_column_text(stmt, 0, NULL), *kind = weir_column_text(stmt, 1, NULL);
        if (is_defined(r, name)) continue;
        char *quoted = sql_quoted(name, '"'), *longer;
        if (asprintf(&longer, "DROP %s %s;\n%s", kind, quoted, sql) >= 0) {
            free(sql);
            sql = longer;
        }
        free(quoted);
    }
    weir_finalize(stmt);
    return sql;
}

static int prune(Registration *r)
{
    char *sql = pruning(r);
    weir_exec_options opt = {.change = on_change, .change_arg = r};
    weir_status st = sql ? weir_exec(r->s->db, sql, -1, "(--prune)", &opt) : WEIR_E_STORAGE;
    if (st != WEIR_OK) session_tell(r->s);
    free(sql);
    return exit_code(st);
}

/* ---- all of it ------------------------------------------------------------------------------------------ */

/* The definitions of all files first, so that a database and what it reads appear together. */
int register_files(Session *s, const Args *a, bool check_only, bool tells)
{
    Registration r = {.s = s, .args = a, .check_only = check_only, .tells = tells};
    Files *files = files_of(a);
    int code = EXIT_DONE;
    for (int i = 0; i < files->n && (check_only || !code); i++) {
        int of_file = register_file(&r, files->paths[i]);
        if (of_file) code = of_file;
    }
    if (code == EXIT_DONE && a->prune && !check_only) code = prune(&r);
    for (int i = 0; i < r.nnames; i++) free(r.names[i]);
    free(r.names);
    files_free(files);
    return code;
}

/* Where the copy may be; *made is its folder. */
static char *copy_database(Session *s, char **made)
{
    const char *tmp = getenv("TMPDIR");
    char *path = NULL, *quoted, *sql;
    if (asprintf(made, "%s/weir-dry-XXXXXX", tmp ? tmp : "/tmp") < 0 || !mkdtemp(*made)) return NULL;
    if (asprintf(&path, "%s/db", *made) < 0) return NULL;
    quoted = sql_quoted(path, '\'');
    if (asprintf(&sql, "BACKUP TO %s", quoted) < 0) sql = NULL;
    bool ok = sql && weir_exec(s->db, sql, -1, NULL, NULL) == WEIR_OK;
    if (!ok) session_tell(s);
    free(quoted);
    free(sql);
    if (ok) return path;
    unlink(path);
    free(path);
    return NULL;
}

static void remove_copy(const char *folder, const char *path)
{
    static const char *const suffixes[] = {"", "-wal", "-shm", "-weir.lock"};
    for (size_t i = 0; path && i < sizeof suffixes / sizeof *suffixes; i++) {
        char *file;
        if (asprintf(&file, "%s%s", path, suffixes[i]) < 0) continue;
        unlink(file);
        free(file);
    }
    if (folder) rmdir(folder);
}

int register_dry(Session *s, const Args *a)
{
    char *folder = NULL, *path = copy_database(s, &folder);
    Session copy = session_of(a);
    int code = path ? session_open(&copy, path, false) : EXIT_ENVIRONMENT;
    copy.out = stderr;
    if (code == EXIT_DONE) code = register_files(&copy, a, false, true);
    session_close(&copy);
    interrupt_watch(s->db);
    remove_copy(folder, path);
    free(path);
    free(folder);
    return code;
}

/* ---- files that are saved ------------------------------------------------------------------------------- */

static int64_t newest(const Files *f)
{
    int64_t latest = 0;
    for (int i = 0; i < f->n; i++) {
        struct stat st;
        if (stat(f->paths[i], &st)) continue;
        int64_t t = (int64_t)st.st_mtim.tv_sec * 1000000000 + st.st_mtim.tv_nsec;
        latest = t > latest ? t : latest;
    }
    return latest * 4096 + f->n; /* a file that comes or goes counts too */
}

bool registration_is_old(const Args *a)
{
    static int64_t known;
    Files *f = files_of(a);
    int64_t now = newest(f);
    bool is_old = known && now != known;
    known = now;
    files_free(f);
    return is_old;
}
