/* source_stdin.c: standard input: one partition, read once.
 *
 * What has been read from a pipe is gone, so delivery is at most once. The partition ends with the
 * input; `once` leaves it open, and a later run's input goes on from the offset of the last. */
#include "exec/io/reader.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <unistd.h>

enum {
    CHUNK = 1 << 20,       /* bytes read at a time */
    GATHER = 1 << 18,      /* bytes that are worth a batch while more is waiting */
    PIPE_BYTES = 1 << 20   /* what the pipe should hold */
};

typedef struct StdinSource {
    Source base;
    Reader reader;
    SourcePosition position;
    bool at_end, ended;
} StdinSource;

static Status stdin_open(const SourceSpec *spec, Arena *a, Source **out, Diags *d)
{
    StdinSource *s = new_one(a, StdinSource);
    TRY(reader_open(&s->reader, spec, CHUNK, a, d));
    s->reader.facts.line = 1;
    s->position.label = 1;
    fcntl(STDIN_FILENO, F_SETPIPE_SZ, PIPE_BYTES); /* where it is a pipe */
    *out = &s->base;
    return WEIR_OK;
}

static void stdin_close(Source *source)
{
    reader_close(&((StdinSource *)source)->reader);
}

static bool is_readable(void)
{
    struct pollfd p = {.fd = STDIN_FILENO, .events = POLLIN};
    return poll(&p, 1, 0) > 0;
}

/* Bytes that wait to be read in a pipe or file; 0 for a terminal. */
static bool has_input(void)
{
    struct stat st;
    int waiting = 0;
    if (fstat(STDIN_FILENO, &st) != 0 || S_ISCHR(st.st_mode)) return false;
    if (S_ISREG(st.st_mode)) return st.st_size > lseek(STDIN_FILENO, 0, SEEK_CUR);
    return is_readable() && ioctl(STDIN_FILENO, FIONREAD, &waiting) == 0 && waiting > 0;
}

static Status stdin_seek(Source *source, const SourcePosition *p, int n, Diags *d)
{
    StdinSource *s = (StdinSource *)source;
    if (n < 1) return WEIR_OK;
    s->position.generation = p[0].generation;
    s->position.offset = p[0].offset;
    s->ended = p[0].ended;
    if (s->ended && has_input()) {
        diag_error(d, WEIR_E_ENDED, (Span){0}, "\"%.*s\" has ended; standard input is new",
                   STR_ARG(s->base.spec->rel->name));
        diag_hint(d, "use weir run --once, or build the views in a new database");
        return WEIR_E_ENDED;
    }
    return reader_seek(&s->reader, p[0].offset, (Str){0});
}

/* Reads what is waiting, up to a good batch. False: *d tells. */
static bool gather(StdinSource *s, Diags *d)
{
    while (!s->at_end && reader_buffered(&s->reader) < CHUNK) {
        ptrdiff_t room;
        bool is_plenty = reader_buffered(&s->reader) >= GATHER;
        if (is_plenty || !is_readable()) return true;
        char *space = reader_space(&s->reader, &room);
        ssize_t n = read(STDIN_FILENO, space, (size_t)(room < CHUNK ? room : CHUNK));
        if (n < 0 && (errno == EINTR || errno == EAGAIN)) return true;
        if (n < 0) {
            diag_error(d, WEIR_E_IO, (Span){0}, "cannot read standard input: %s", strerror(errno));
            return false;
        }
        reader_filled(&s->reader, n);
        s->at_end = n == 0;
    }
    return true;
}

/* One read more, for a record longer than what is usually gathered. */
static bool read_more(StdinSource *s)
{
    ptrdiff_t room;
    if (s->at_end || !is_readable()) return false;
    char *space = reader_space(&s->reader, &room);
    if (room == 0) return false;
    ssize_t n = read(STDIN_FILENO, space, (size_t)(room < CHUNK ? room : CHUNK));
    if (n < 0) return false;
    reader_filled(&s->reader, n);
    s->at_end = n == 0;
    return true;
}

static SourceStatus stdin_poll(Source *source, SourceBatch *out, Diags *d)
{
    StdinSource *s = (StdinSource *)source;
    const char *at;
    if (s->ended) return SOURCE_ENDED;
    if (!gather(s, d)) return SOURCE_FAILED;
    do {
        bool any = reader_decode(&s->reader, s->at_end, out, &at);
        s->position.offset = reader_position(&s->reader);
        out->batch.label = s->position.label;
        out->batch.generation = s->position.generation;
        out->is_history = true; /* max_future is for sources with a clock of their own */
        if (any) return SOURCE_ROWS;
    } while (read_more(s));
    if (!s->at_end) return SOURCE_EMPTY;
    if (s->base.spec->once) return SOURCE_DRAINED;
    s->ended = s->position.ended = true;
    return SOURCE_ENDED;
}

static int stdin_positions(Source *source, const SourcePosition **out)
{
    *out = &((StdinSource *)source)->position;
    return 1;
}

static void stdin_progress(const Source *source, int64_t *read_bytes, int64_t *total)
{
    *read_bytes = (int64_t)((const StdinSource *)source)->position.offset;
    *total = -1;
}

static bool stdin_is_bounded(const Source *source)
{
    (void)source;
    return true;
}

static const OptionDef stdin_options[] = {{0}};

static const SourceImpl stdin_impl = {.open = stdin_open, .close = stdin_close, .seek = stdin_seek,
                                      .poll = stdin_poll, .positions = stdin_positions,
                                      .progress = stdin_progress, .delivery = "at-most-once",
                                      .is_bounded = stdin_is_bounded};

extern const ConnectorDef source_stdin[];
const ConnectorDef source_stdin[] = {
    {.name = "stdin", .is_source = true, .options = stdin_options, .impl = &stdin_impl,
     .doc = "standard input"},
    {0}};
