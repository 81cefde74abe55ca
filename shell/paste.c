/* paste.c: reads characters of a terminal that marks pasted text (ESC [ 200 ~ … ESC [ 201 ~, xterm's
 * bracketed paste), so that pasted tabs are text and pasted lines are carried out together. */
#include "shell/line.h"
#include "shell/remote/server.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <unistd.h>
#include <wchar.h>

enum { ESCAPE = 0x1b, QUOTE_NEXT = 0x16, MARK_WAIT_MS = 25, QUEUE_MAX = 64 };

static const char paste_begin[] = "\x1b[200~", paste_end[] = "\x1b[201~";

static struct {
    unsigned char queue[QUEUE_MAX]; /* read, but not handed on */
    int head, len;
    int ready;                      /* a character that a quote stands before, 0: none */
    bool in_paste;
    struct Server *server; /* whose clients are served while nothing is typed */
} state;

void paste_serve(struct Server *server) { state.server = server; }

void paste_marks(bool on)
{
    if (!isatty(STDOUT_FILENO)) return;
    fputs(on ? "\x1b[?2004h" : "\x1b[?2004l", stdout);
    fflush(stdout);
}

/* Until a byte is there; 0: another shell was served meanwhile. */
static int wait_or_serve(const sigset_t *signals)
{
    struct pollfd p[1 + SERVER_POLL_MAX] = {{.fd = STDIN_FILENO, .events = POLLIN}};
    int wait_ms = -1, n = server_poll(state.server, p + 1, &wait_ms);
    struct timespec wait = {wait_ms / 1000, wait_ms % 1000 * 1000000};
    int got = ppoll(p, (nfds_t)(1 + n), wait_ms < 0 ? NULL : &wait, signals);
    if (got < 0 || p[0].revents) return got;
    server_turn(state.server, 0);
    return 0;
}

/* False: Ctrl-C came, before or meanwhile (it is let through only while waiting). Other signals, as of
 * another size of the window, end no line. */
static bool wait_for_byte(void)
{
    sigset_t interrupt, before;
    int got = 0;
    sigemptyset(&interrupt);
    sigaddset(&interrupt, SIGINT);
    sigprocmask(SIG_BLOCK, &interrupt, &before);
    while (!interrupt_waits() && ((got = wait_or_serve(&before)) == 0 || (got < 0 && errno == EINTR))) {}
    sigprocmask(SIG_SETMASK, &before, NULL);
    return got > 0 && !interrupt_waits(); /* what was typed after it stays for the next line */
}

bool paste_wait(void) { return state.len > 0 || wait_for_byte(); }

/* One byte, -1: the end, or Ctrl-C. */
static int next_byte(void)
{
    unsigned char c;
    if (state.len > 0) {
        c = state.queue[state.head++];
        state.len--;
        return c;
    }
    return wait_for_byte() && read(STDIN_FILENO, &c, 1) == 1 ? c : -1;
}

static bool has_more(void)
{
    struct pollfd p = {.fd = STDIN_FILENO, .events = POLLIN};
    return state.len > 0 || poll(&p, 1, MARK_WAIT_MS) > 0;
}

static void put_back(const unsigned char *bytes, int n)
{
    unsigned char all[QUEUE_MAX];
    memcpy(all, bytes, (size_t)n);
    memcpy(all + n, state.queue + state.head, (size_t)state.len);
    state.len += n;
    state.head = 0;
    memcpy(state.queue, all, (size_t)state.len);
}

/* Takes `mark` from the input if it stands there; `from` bytes of it have been read. */
static bool take_mark(const char *mark, int from)
{
    unsigned char got[8];
    int n = 0, length = (int)strlen(mark);
    memcpy(got, mark, (size_t)from);
    for (n = from; n < length && has_more(); n++) {
        int c = next_byte();
        if (c < 0) break;
        got[n] = (unsigned char)c;
        if (c != (unsigned char)mark[n]) {
            n++;
            break;
        }
    }
    if (n == length && memcmp(got, mark, (size_t)length) == 0) return true;
    put_back(got + from, n - from);
    return false;
}

/* The rest of a character of several bytes. */
static int decode(int first)
{
    char bytes[8] = {(char)first};
    int n = 1, want = first >= 0xf0 ? 4 : first >= 0xe0 ? 3 : first >= 0xc0 ? 2 : 1;
    for (; n < want; n++) bytes[n] = (char)next_byte();
    wchar_t w;
    mbstate_t st = {0};
    size_t k = mbrtowc(&w, bytes, (size_t)n, &st);
    return k == (size_t)-1 || k == (size_t)-2 ? first : (int)w;
}

/* A pasted character: controls are quoted, so that they are text. */
static int pasted(int c)
{
    if (c == '\r' || c == '\n') return '\n';
    if (c >= 0x80) return decode(c);
    if (c >= ' ' && c != 0x7f) return c;
    state.ready = c;
    return QUOTE_NEXT;
}

int paste_getc(FILE *f)
{
    (void)f;
    if (state.ready) {
        int c = state.ready;
        state.ready = 0;
        return c;
    }
    for (;;) {
        int c = next_byte();
        if (c < 0) return -1;
        if (c == ESCAPE && take_mark(state.in_paste ? paste_end : paste_begin, 1)) {
            state.in_paste = !state.in_paste;
            continue;
        }
        if (state.in_paste) return pasted(c);
        return c >= 0x80 ? decode(c) : c;
    }
}

bool paste_goes_on(void)
{
    if (state.in_paste && has_more() && take_mark(paste_end, 0)) state.in_paste = false;
    return state.in_paste;
}
