/* command_explain.c: weir explain: how a file's views, a view of a database or one query would run,
 * as text or, with --svg, as a picture. */
#include "shell/command.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

typedef struct Picked {
    const char *views[ARGS_MAX]; /* as given: files are not among them */
    int nviews, nfiles;
} Picked;

/* An argument that is no file names a view. */
static Picked pick(const Args *a)
{
    Picked p = {0};
    for (int i = 0; i < a->nfiles; i++) {
        if (access(a->files[i], F_OK) == 0 || strstr(a->files[i], ".sql")) p.nfiles++;
        else p.views[p.nviews++] = a->files[i];
    }
    return p;
}

static bool is_view(const Picked *p, const char *arg)
{
    for (int i = 0; i < p->nviews; i++)
        if (p->views[i] == arg) return true;
    return false;
}

/* ---- pictures ------------------------------------------------------------------------------------------- */

/* Several pictures below each other are one. */
typedef struct Album {
    char *body;
    size_t len;
    FILE *out;
    double width, height;
} Album;

/* The first column of every row, a line each. Caller frees. NULL: an error, told. */
static char *lines_of(Session *s, const char *sql)
{
    char *text = NULL;
    size_t len;
    weir_stmt *stmt;
    weir_status st = weir_prepare(s->db, sql, -1, &stmt, NULL);
    FILE *f = open_memstream(&text, &len);
    while (st == WEIR_OK || st == WEIR_ROW)
        if ((st = weir_step(stmt)) == WEIR_ROW) fprintf(f, "%s\n", weir_column_text(stmt, 0, NULL));
    fclose(f);
    if (st != WEIR_DONE) {
        session_tell(s);
        free(text);
        text = NULL;
    }
    weir_finalize(stmt);
    return text;
}

static bool add_picture(Session *s, Album *a, const char *sql)
{
    char *svg = lines_of(s, sql);
    double w, h;
    if (!svg) return false;
    const char *box = strstr(svg, "viewBox=\"0 0 ");
    if (box && sscanf(box, "viewBox=\"0 0 %lf %lf", &w, &h) == 2) {
        fprintf(a->out, "<svg y=\"%.0f\"%s", a->height, svg + strlen("<svg"));
        a->height += h;
        if (w > a->width) a->width = w;
    }
    free(svg);
    return true;
}

static void album_begin(Album *a)
{
    *a = (Album){0};
    a->out = open_memstream(&a->body, &a->len);
}

static void album_end(Album *a, bool prints)
{
    fclose(a->out);
    if (prints)
        printf("<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"%.0f\" height=\"%.0f\" viewBox=\"0 0 %.0f %.0f\">\n%s</svg>\n",
               a->width, a->height, a->width, a->height, a->body);
    free(a->body);
}

/* ---- what is explained ------------------------------------------------------------------------------------ */

typedef struct Explainer {
    Session *session;
    Album *album;  /* NULL: text */
    bool is_there; /* the views are those of a database: their sources have been read */
    int count;
} Explainer;

static bool explain_one(Explainer *x, const char *title, const char *sql)
{
    char *statement;
    if (asprintf(&statement, "EXPLAIN %s%s", x->album ? "(FORMAT svg) " : "", sql) < 0) return false;
    if (!x->album && title) printf("%s%s\n", x->count ? "\n" : "", title);
    x->count++;
    fflush(stdout);
    bool ok = x->album ? add_picture(x->session, x->album, statement) : session_query(x->session, "%s", statement);
    free(statement);
    return ok;
}

/* Which source and partition the view's time waits for. */
static bool explain_time(Explainer *x, const char *quoted)
{
    RenderStyle style = x->session->style;
    x->session->style.mode = render_mode("table");
    x->session->style.headers = true;
    putchar('\n');
    bool ok = session_query(x->session, "EXPLAIN WATERMARK %s", quoted);
    x->session->style = style;
    return ok;
}

static bool explain_view(Explainer *x, const char *name)
{
    size_t n = strlen(name);
    char *quoted = malloc(2 * n + 3), *to = quoted;
    *to++ = '"';
    for (const char *c = name; *c; c++) {
        if (*c == '"') *to++ = '"';
        *to++ = *c;
    }
    *to++ = '"';
    *to = '\0';
    bool ok = explain_one(x, name, quoted) && (x->album || !x->is_there || explain_time(x, quoted));
    free(quoted);
    return ok;
}

static bool explain_views(Explainer *x)
{
    char *names = lines_of(x->session, "SELECT name FROM weir_views WHERE kind = 'materialized view' ORDER BY name");
    bool ok = names != NULL;
    for (char *p = names, *end; ok && p && (end = strchr(p, '\n')); p = end + 1) {
        *end = '\0';
        ok = explain_view(x, p);
    }
    free(names);
    return ok;
}

static bool define_file(Session *s, const char *path)
{
    char *text = read_file(path);
    if (!text) return false;
    char *folder = folder_of(path);
    weir_exec_options opt = {.base_dir = folder};
    bool ok = weir_exec(s->db, text, -1, path, &opt) == WEIR_OK;
    if (!ok) session_tell(s);
    free(folder);
    free(text);
    return ok;
}

static bool explain_all(Explainer *x, const Args *a, const Picked *p)
{
    bool ok = true;
    for (int i = 0; ok && i < a->nfiles; i++)
        if (!is_view(p, a->files[i])) ok = define_file(x->session, a->files[i]);
    for (int i = 0; ok && i < p->nviews; i++) ok = explain_view(x, p->views[i]);
    if (ok && a->sql) return explain_one(x, NULL, a->sql);
    return ok && p->nviews == 0 ? explain_views(x) : ok;
}

int command_explain(const Args *a)
{
    Picked picked = pick(a);
    if (!a->sql && !a->db && picked.nfiles == 0) {
        fputs("weir: explain needs a file, -d DB or -c SQL; weir help explain\n", stderr);
        return EXIT_USAGE;
    }
    Album album;
    Session s = session_of(a);
    Explainer x = {&s, a->svg ? &album : NULL, a->db && !a->read_only && picked.nfiles == 0, 0};
    s.style.mode = render_mode("list");
    s.style.headers = false;
    s.may_join = !a->read_only;
    int code = session_open(&s, a->db, a->read_only);
    if (code == EXIT_DONE) {
        if (a->svg) album_begin(&album);
        code = explain_all(&x, a, &picked) ? EXIT_DONE : EXIT_FAILED;
        if (a->svg) album_end(&album, code == EXIT_DONE);
    }
    session_close(&s);
    return code;
}
