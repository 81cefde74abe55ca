/* output.c: where rows go: the terminal, a file, a command, a pager. */
#include "shell/session.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/wait.h>
#include <unistd.h>

void screen_size(int *columns, int *lines)
{
    struct winsize w;
    *columns = *lines = 0;
    if (ioctl(STDOUT_FILENO, TIOCGWINSZ, &w) != 0) return;
    *columns = w.ws_col;
    *lines = w.ws_row;
}

static void close_output(Session *s)
{
    if (!s->out_name) return;
    if (s->out_is_pipe) pclose(s->out);
    else fclose(s->out);
    free(s->out_name);
    s->out_name = NULL;
    s->out = stdout;
    s->out_once = s->out_is_pipe = false;
}

bool output_to(Session *s, const char *name, bool once)
{
    close_output(s);
    if (!*name || !strcmp(name, "stdout")) return true;
    bool is_pipe = *name == '|';
    fflush(stdout);
    FILE *f = is_pipe ? popen(name + 1, "w") : fopen(name, "w");
    if (!f) {
        fprintf(stderr, "weir: %s: %s\n", name, strerror(errno));
        return false;
    }
    s->out = f;
    s->out_is_pipe = is_pipe;
    s->out_once = once;
    s->out_name = strdup(name);
    return true;
}

void output_done(Session *s)
{
    if (s->out_once) close_output(s);
}

/* ---- the pager ------------------------------------------------------------------------------------------ */

FILE *paging_begin(Session *s, Paging *p)
{
    *p = (Paging){0};
    if (!s->pager || !s->interactive || s->out_name) return s->out;
    p->out = open_memstream(&p->text, &p->size);
    return p->out ? p->out : s->out;
}

static bool fits_screen(const Paging *p)
{
    int columns, lines, have = 0;
    screen_size(&columns, &lines);
    for (size_t i = 0; i < p->size; i++) have += p->text[i] == '\n';
    return lines == 0 || have < lines;
}

/* Ctrl-C is the pager's while it runs. */
static bool through_pager(const Paging *p)
{
    const char *pager = getenv("WEIR_PAGER");
    if (!pager) pager = getenv("PAGER");
    FILE *f = popen(pager && *pager ? pager : "less -SRFX", "w");
    if (!f) return false;
    struct sigaction ignore = {.sa_handler = SIG_IGN}, interrupt, pipe;
    sigaction(SIGINT, &ignore, &interrupt);
    sigaction(SIGPIPE, &ignore, &pipe);
    fwrite(p->text, 1, p->size, f);
    int status = pclose(f); /* 127: the shell found no such program */
    sigaction(SIGINT, &interrupt, NULL);
    sigaction(SIGPIPE, &pipe, NULL);
    return status != -1 && WEXITSTATUS(status) != 127;
}

void paging_end(Session *s, Paging *p)
{
    if (!p->out) return;
    fclose(p->out);
    if (fits_screen(p) || !through_pager(p)) fwrite(p->text, 1, p->size, s->out);
    fflush(s->out);
    free(p->text);
}
