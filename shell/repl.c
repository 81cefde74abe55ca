/* repl.c: the interactive loop: lines are edited, kept, completed, and joined into statements. */
#include "shell/line.h"
#include "shell/remote/client.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#ifdef WEIR_EDITLINE
#include <editline/readline.h>
#elif defined(WEIR_READLINE)
#include <readline/history.h>
#include <readline/readline.h>
#endif

enum { HISTORY_MAX = 5000 };

#if defined(WEIR_EDITLINE) || defined(WEIR_READLINE)

static Session *completing;
static const char *typed; /* lines of the statement before this one, NULL: none */

/* ---- completion ----------------------------------------------------------------------------------------- */

typedef struct Names {
    char **list;
    size_t n, cap;
} Names;

static void add_name(void *arg, const char *name)
{
    Names *x = arg;
    for (size_t i = 0; i < x->n; i++)
        if (!strcmp(x->list[i], name)) return;
    if (x->n == x->cap) x->list = realloc(x->list, (x->cap = x->cap ? x->cap * 2 : 32) * sizeof *x->list);
    x->list[x->n++] = strdup(name);
}

static Names found;

static char *next_match(const char *text, int state)
{
    static size_t at;
    (void)text;
    if (state == 0) at = 0;
    return at < found.n ? strdup(found.list[at++]) : NULL;
}

static void forget_names(void)
{
    for (size_t i = 0; i < found.n; i++) free(found.list[i]);
    found.n = 0;
}

static char **complete(const char *text, int start, int end)
{
    (void)end;
    char *before;
    rl_attempted_completion_over = 1;
    forget_names();
    if (asprintf(&before, "%s\n%.*s", typed ? typed : "", start, rl_line_buffer) < 0) return NULL;
    bool names = complete_word(completing, before, text, add_name, &found);
    free(before);
    return rl_completion_matches(text, names ? next_match : rl_filename_completion_function);
}

/* ---- history --------------------------------------------------------------------------------------------- */

static char *history_path(void)
{
    const char *home = getenv("HOME");
    char *path;
    if (!home || asprintf(&path, "%s/.weir_history", home) < 0) return NULL;
    return path;
}

static void editor_begin(Session *s)
{
    completing = s;
    rl_readline_name = "weir";
    rl_attempted_completion_function = complete;
    rl_completer_word_break_characters = " \t\n\"'`@$><=;|&{(,";
    rl_getc_function = paste_getc;
    using_history();
    stifle_history(HISTORY_MAX);
    char *path = history_path();
    if (path) read_history(path);
    free(path);
}

static void editor_end(void)
{
    forget_names();
    free(found.list);
    found = (Names){0};
    char *path = history_path();
    if (!path) return;
    mode_t old = umask(077);
    write_history(path);
    umask(old);
    chmod(path, 0600);
    free(path);
}

static char *read_line(const char *prompt, const char *before)
{
    typed = before;
    paste_serve(completing->server);
    paste_marks(true);
    char *line = readline(prompt);
    paste_marks(false);
    return line;
}

static void keep_line(const char *text) { add_history(text); }

#else

static void editor_begin(Session *s)
{
    setvbuf(stdin, NULL, _IONBF, 0); /* what has been typed is seen by poll */
    paste_serve(s->server);
}

static void editor_end(void) {}
static void keep_line(const char *text) { (void)text; }

static char *read_line(const char *prompt, const char *before)
{
    (void)before;
    fputs(prompt, stdout);
    fflush(stdout);
    char *line = NULL;
    size_t cap = 0;
    ssize_t n = paste_wait() ? getline(&line, &cap, stdin) : -1;
    if (n < 0) {
        free(line);
        return NULL;
    }
    if (n > 0 && line[n - 1] == '\n') line[n - 1] = 0;
    return line;
}

#endif

/* ---- the loop --------------------------------------------------------------------------------------------- */

static char *append_line(char *text, char *line)
{
    char *joined;
    if (!text) return line;
    if (asprintf(&joined, "%s\n%s", text, line) < 0) joined = NULL;
    free(text);
    free(line);
    return joined;
}

/* What the statement waits for stands in the prompt. */
static const char *prompt_of(const char *text)
{
    static char waiting[] = "   ;> ";
    int wants = 0;
    if (!text) return "weir> ";
    weir_complete(text, -1, &wants);
    waiting[3] = (char)(wants ? wants : ';');
    return waiting;
}

static bool is_whole(const char *text)
{
    return text[0] == '.' || text[0] == '\\' || weir_complete(text, -1, NULL);
}

static void greet(const Session *s)
{
    printf("weir %s on %s; .help lists the commands\n", weir_version(), s->path ? s->path : "a temporary database");
    if (s->client) printf("the engine is process %lld\n", (long long)s->client->pid);
}

int repl(Session *s)
{
    if (!s->quiet) greet(s);
    s->bail = false;
    editor_begin(s);
    char *text = NULL;
    while (!s->quit) {
        interrupt_watch(NULL); /* at the prompt Ctrl-C is about the line */
        char *line = read_line(prompt_of(text), text);
        interrupt_watch(s->db);
        if (termination_seen()) {
            free(line);
            break;
        }
        if (interrupt_seen()) { /* Ctrl-C drops what was typed */
            free(text);
            free(line);
            text = NULL;
            putchar('\n');
            continue;
        }
        if (!line) break;
        text = append_line(text, line);
        if (!text[strspn(text, " \t\n")]) {
            free(text);
            text = NULL;
            continue;
        }
        if (paste_goes_on() || !is_whole(text)) continue;
        keep_line(text);
        session_run(s, text, NULL);
        interrupt_seen();
        free(text);
        text = NULL;
    }
    free(text);
    if (!s->quit) putchar('\n');
    editor_end();
    return 0;
}
