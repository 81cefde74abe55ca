/* dot_watch.c: .watch VIEW|QUERY [EVERY]: a live table, redrawn in place until q.
 *
 * A frame is the rows as the table mode draws them; lines that the frame before did not have stand
 * out, and each numeric column has a sparkline of its sum over the last frames. */
#include "shell/session.h"

#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <termios.h>
#include <time.h>
#include <unistd.h>

enum { HISTORY = 40, COLUMNS_MAX = 8, WAIT_MS = 50 };

typedef struct Watch {
    Session *s;
    char *sql, *title;
    double every;
    char *frame, *before;         /* text of this picture's rows and of the last one's */
    int64_t rows;
    char *names[COLUMNS_MAX];     /* of numeric columns */
    double history[COLUMNS_MAX][HISTORY];
    int ncolumns, frames;
    bool failed;
} Watch;

static double seconds_now(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

/* ---- one frame ------------------------------------------------------------------------------------------ */

/* The sums of the numeric columns go to the end of their histories. */
static void add_sums(Watch *w, const Cursor *row, double *sums)
{
    int at = 0;
    for (int c = 0; c < row->ncols && at < COLUMNS_MAX; c++) {
        weir_type t = row->cells[c].type;
        if (t != WEIR_INTEGER && t != WEIR_FLOAT) continue;
        if (at == w->ncolumns) w->names[w->ncolumns++] = strdup(row->names[c]);
        if (strcmp(w->names[at], row->names[c]) == 0) sums[at++] += cursor_double(row, c);
    }
}

static void keep_sums(Watch *w, const double *sums)
{
    for (int c = 0; c < COLUMNS_MAX; c++) {
        memmove(w->history[c], w->history[c] + 1, (HISTORY - 1) * sizeof(double));
        w->history[c][HISTORY - 1] = sums[c];
    }
    w->frames++;
}

static bool read_frame(Watch *w, int lines)
{
    Cursor c;
    size_t size;
    double sums[COLUMNS_MAX] = {0};
    if (!cursor_open(w->s, w->sql, NULL, !w->s->client, &c)) return false; /* the engine works between frames */
    if (c.is_push || c.is_blank) {
        session_trouble(w->s, ".watch is for views; a SELECT over a stream shows its changes by itself");
        cursor_close(&c);
        return false;
    }
    free(w->before);
    w->before = w->frame;
    FILE *out = open_memstream(&w->frame, &size);
    Render r = session_render(w->s, out);
    r.style.mode = render_mode("table");
    r.style.colours = false;
    render_begin(&r, &c);
    weir_status st;
    for (w->rows = 0; (st = cursor_next(w->s, &c)) == WEIR_ROW; w->rows++) {
        add_sums(w, &c, sums);
        if (w->rows < lines) render_row(&r, &c);
    }
    render_end(&r);
    fclose(out);
    cursor_close(&c);
    keep_sums(w, sums);
    return st == WEIR_DONE;
}

/* ---- drawing -------------------------------------------------------------------------------------------- */

static bool has_line(const char *text, const char *line, size_t n)
{
    for (const char *p = text; p && *p; p += strcspn(p, "\n"), p += *p == '\n')
        if (strcspn(p, "\n") == n && memcmp(p, line, n) == 0) return true;
    return false;
}

static void draw_rows(const Watch *w)
{
    bool colours = w->s->style.colours;
    for (const char *p = w->frame; *p; p++) {
        size_t n = strcspn(p, "\n");
        bool is_new = w->before && !has_line(w->before, p, n);
        if (is_new) fputs(colours ? "\x1b[1;32m" : "\x1b[7m", stdout);
        fwrite(p, 1, n, stdout);
        fputs(is_new ? "\x1b[0m\x1b[K\n" : "\x1b[K\n", stdout);
        p += n;
    }
}

static void draw_sparkline(const char *name, const double *history, int frames)
{
    static const char *const bars[] = {"▁", "▂", "▃", "▄", "▅", "▆", "▇", "█"};
    int first = frames < HISTORY ? HISTORY - frames : 0;
    double low = history[first], high = low;
    for (int i = first; i < HISTORY; i++) {
        low = history[i] < low ? history[i] : low;
        high = history[i] > high ? history[i] : high;
    }
    fprintf(stdout, "%-16.16s ", name);
    for (int i = first; i < HISTORY; i++) fputs(bars[high > low ? (int)((history[i] - low) / (high - low) * 7) : 0], stdout);
    fprintf(stdout, " %.6g\x1b[K\n", history[HISTORY - 1]);
}

static void draw(const Watch *w)
{
    time_t now = time(NULL);
    struct tm tm;
    char clock[16];
    localtime_r(&now, &tm);
    strftime(clock, sizeof clock, "%H:%M:%S", &tm);
    fputs("\x1b[H", stdout);
    printf("%s  %lld rows  %s  q leaves\x1b[K\n\x1b[K\n", w->title, (long long)w->rows, clock);
    draw_rows(w);
    fputs("\x1b[K\n", stdout);
    for (int c = 0; c < w->ncolumns; c++) draw_sparkline(w->names[c], w->history[c], w->frames);
    fputs("\x1b[J", stdout);
    fflush(stdout);
}

/* ---- the loop ------------------------------------------------------------------------------------------- */

static bool is_leaving(void)
{
    struct pollfd p = {.fd = STDIN_FILENO, .events = POLLIN};
    char c;
    if (interrupt_seen()) return true;
    return poll(&p, 1, 0) > 0 && (read(STDIN_FILENO, &c, 1) <= 0 || c == 'q' || c == 'Q' || c == 3 || c == 4);
}

/* Lets the engine work until the next frame is due. False: leave. */
static bool wait_for_next(Watch *w, double due)
{
    while (seconds_now() < due) {
        if (is_leaving()) return false;
        if (!session_work(w->s, WAIT_MS)) return false;
    }
    return !is_leaving();
}

static int lines_left(const Watch *w)
{
    int columns, lines;
    screen_size(&columns, &lines);
    lines -= 6 + w->ncolumns;
    return lines > 1 ? lines : 1;
}

static void watch_until_left(Watch *w)
{
    do {
        w->failed = !read_frame(w, lines_left(w)) && !interrupt_waits();
        if (!w->failed) draw(w);
    } while (!w->failed && !interrupt_waits() && wait_for_next(w, seconds_now() + w->every));
}

static void on_screen(Watch *w)
{
    struct termios before, raw;
    tcgetattr(STDIN_FILENO, &before);
    raw = before;
    raw.c_lflag &= ~(tcflag_t)(ICANON | ECHO);
    tcsetattr(STDIN_FILENO, TCSANOW, &raw);
    fputs("\x1b[?1049h\x1b[?25l", stdout);
    watch_until_left(w);
    fputs("\x1b[?25h\x1b[?1049l", stdout);
    tcsetattr(STDIN_FILENO, TCSANOW, &before);
    if (w->frame && !w->failed) fputs(w->frame, stdout);
    if (w->failed) session_tell(w->s);
}

/* ---- the command ---------------------------------------------------------------------------------------- */

/* "VIEW", "VIEW 0.5", "SELECT … FROM v". */
static void take_subject(Watch *w, const char *arg)
{
    const char *rest = arg;
    char *name = dot_word(&rest), *every = NULL;
    const char *after = rest + strspn(rest, " \t");
    w->every = 1;
    bool is_name = !*after || ((every = dot_word(&rest)) && strtod(every, NULL) > 0);
    if (is_name && every) w->every = strtod(every, NULL);
    if (is_name) {
        char *quoted = sql_quoted(name, '"');
        if (asprintf(&w->sql, "SELECT * FROM %s", quoted) < 0) w->sql = NULL;
        free(quoted);
    } else {
        w->sql = strdup(arg);
    }
    w->title = is_name ? strdup(name) : strdup(arg);
    free(every);
    free(name);
}

static bool watch(Session *s, const char *arg)
{
    Watch w = {.s = s};
    if (!*arg || !s->interactive || !isatty(STDOUT_FILENO)) {
        fputs(*arg ? "weir: .watch needs a terminal\n" : "weir: .watch VIEW [SECONDS]\n", stderr);
        return false;
    }
    take_subject(&w, arg);
    if (w.sql) on_screen(&w);
    free(w.sql);
    free(w.title);
    free(w.frame);
    free(w.before);
    for (int i = 0; i < w.ncolumns; i++) free(w.names[i]);
    return !w.failed;
}

const DotCommand dot_watch = {"watch", "VIEW [EVERY]", "a live table; q leaves", watch};
