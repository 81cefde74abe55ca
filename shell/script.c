/* script.c: takes scripts apart: statements up to their semicolons, dot-commands up to the end of the line.
 *
 * What comes through a pipe is carried out as it comes, statement by statement. */
#include "shell/session.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { READ_BYTES = 64 << 10 };

/* A script, as far as it is known, and how far it has been carried out. */
typedef struct Script {
    Session *s;
    const char *text;      /* ends with NUL */
    size_t at;
    size_t lines, columns; /* before `at` */
    bool is_whole, all_ok;
} Script;

/* The end of a comment at p; p itself: none begins here; NULL: it has none yet. */
static const char *comment_end(const char *p)
{
    const char *end = p[0] == '-' && p[1] == '-' ? strchr(p, '\n') : p[0] == '/' && p[1] == '*' ? strstr(p + 2, "*/") : p;
    return end && p[0] == '/' && end != p ? end + 2 : end;
}

const char *skip_blank(const char *p)
{
    for (;;) {
        p += strspn(p, " \t\r\n;");
        const char *end = comment_end(p);
        if (end == p) return p;
        p = end ? end : p + strlen(p);
    }
}

static void go_to(Script *x, const char *p)
{
    for (const char *c = x->text + x->at; c < p; c++) {
        x->lines += *c == '\n';
        x->columns = *c == '\n' ? 0 : x->columns + 1;
    }
    x->at = (size_t)(p - x->text);
}

/* Past what is blank. False: a comment goes on in what has not come yet. */
static bool skip(Script *x)
{
    const char *p = x->text + x->at, *end = p;
    do {
        p = end + strspn(end, " \t\r\n;");
        end = comment_end(p);
    } while (end && end != p);
    go_to(x, end || !x->is_whole ? p : p + strlen(p));
    return end || x->is_whole;
}

/* Bytes of the statement or dot-command here; 0: its end has not come yet. */
static size_t item_length(const Script *x)
{
    const char *p = x->text + x->at;
    size_t line = strcspn(p, "\n"), all = strlen(p);
    if (*p == '.' || *p == '\\') return line < all || x->is_whole ? line : 0;
    int64_t n = weir_statement_length(p, (int64_t)all);
    return n ? (size_t)n : x->is_whole ? all : 0;
}

/* The statement behind as many blank lines and columns as come before it in the script, so that errors
 * name their place there. */
static bool placed_statement(Script *x, size_t n)
{
    size_t before = x->lines + x->columns;
    char *copy = malloc(before + n + 1);
    memset(copy, '\n', x->lines);
    memset(copy + x->lines, ' ', x->columns);
    memcpy(copy + before, x->text + x->at, n);
    copy[before + n] = 0;
    bool ok = session_statement(x->s, copy, NULL);
    free(copy);
    return ok;
}

static bool dot_line(Script *x, size_t n)
{
    char *line = strndup(x->text + x->at, n);
    bool ok = session_dot(x->s, line);
    free(line);
    return ok;
}

/* Carries out what is there whole. False: it is over. */
static bool carry_out(Script *x)
{
    while (!x->s->quit && skip(x) && x->text[x->at]) {
        size_t n = item_length(x);
        char first = x->text[x->at];
        if (n == 0) return true;
        bool ok = first == '.' || first == '\\' ? dot_line(x, n) : placed_statement(x, n);
        go_to(x, x->text + x->at + n);
        x->all_ok &= ok;
        if (!ok && x->s->bail) return false;
    }
    return !x->s->quit && !x->is_whole;
}

bool session_run(Session *s, const char *text, const char *file)
{
    const char *outer = s->file;
    Script x = {.s = s, .text = text, .is_whole = true, .all_ok = true};
    s->file = file;
    carry_out(&x);
    s->file = outer;
    s->errors_seen |= !x.all_ok;
    return x.all_ok;
}

bool session_run_input(Session *s)
{
    Script x = {.s = s, .all_ok = true};
    char *text = NULL;
    size_t n = 0, cap = 0;
    bool goes_on = true;
    while (goes_on && !interrupt_waits()) {
        n -= x.at; /* what has been carried out goes */
        if (text) memmove(text, text + x.at, n);
        x.at = 0;
        if (cap - n < READ_BYTES + 1) text = realloc(text, cap = (n + READ_BYTES + 1) * 2);
        ssize_t got = read(STDIN_FILENO, text + n, READ_BYTES);
        if (got < 0 && errno == EINTR) continue;
        n += got > 0 ? (size_t)got : 0;
        text[n] = 0;
        x.is_whole = got <= 0;
        x.text = text;
        goes_on = carry_out(&x);
    }
    free(text);
    s->errors_seen |= !x.all_ok;
    return x.all_ok;
}

char *read_file(const char *path)
{
    FILE *f = strcmp(path, "-") ? fopen(path, "rb") : stdin;
    if (!f) {
        fprintf(stderr, "weir: %s: %s\n", path, strerror(errno));
        return NULL;
    }
    char *text = NULL;
    size_t n = 0, cap = 0, got;
    do {
        if (cap - n < READ_BYTES) text = realloc(text, cap = (cap + READ_BYTES) * 2);
        got = fread(text + n, 1, cap - n - 1, f);
        n += got;
    } while (got > 0);
    text[n] = 0;
    if (f != stdin) fclose(f);
    return text;
}
