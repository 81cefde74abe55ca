/* dot_import.c: .import [--skip N] FILE STREAM: the records of a CSV or NDJSON file, one by one, into a stream.
 *
 * A record of CSV goes on over line ends inside quotes. A record that is refused is told with its line,
 * and the rest goes on. */
#include "shell/bar.h"
#include "shell/session.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

typedef struct Import {
    Session *s;
    FILE *file;
    const char *path, *stream, *format;
    char *record;
    size_t len, cap;
    long line, skip, taken, refused;
    int64_t bytes; /* read */
    Bar bar;
} Import;

static void append(Import *m, const char *p, size_t n)
{
    if (m->len + n + 1 > m->cap) m->record = realloc(m->record, m->cap = (m->len + n + 1) * 2);
    memcpy(m->record + m->len, p, n);
    m->len += n;
    m->record[m->len] = 0;
}

static bool is_open_quote(const Import *m)
{
    size_t quotes = 0;
    for (size_t i = 0; i < m->len; i++) quotes += m->record[i] == '"';
    return quotes % 2 == 1;
}

static bool read_record(Import *m)
{
    char *line = NULL;
    size_t cap = 0;
    ssize_t n;
    bool is_csv = strcmp(m->format, "json") != 0;
    m->len = 0;
    while ((n = getline(&line, &cap, m->file)) > 0) {
        m->line++;
        m->bytes += n;
        append(m, line, (size_t)n);
        if (!is_csv || !is_open_quote(m)) break;
    }
    free(line);
    while (m->len && strchr("\r\n", m->record[m->len - 1])) m->record[--m->len] = 0;
    return n > 0 || m->len > 0;
}

static void push(Import *m)
{
    if (session_push(m->s, m->stream, m->format, m->record, (int64_t)m->len)) {
        m->taken++;
        return;
    }
    m->refused++;
    bar_end(&m->bar);
    fprintf(stderr, "%s:%ld: ", m->path, m->line);
    session_tell(m->s);
}

static int64_t size_of(FILE *f)
{
    struct stat st;
    return fstat(fileno(f), &st) == 0 && S_ISREG(st.st_mode) ? (int64_t)st.st_size : 0;
}

static bool import_file(Import *m)
{
    m->bar = bar_begin(m->s->shows_progress, size_of(m->file));
    while (read_record(m)) {
        if (m->skip > 0) m->skip--;
        else if (m->len) push(m);
        bar_tick(&m->bar, m->bytes, m->taken);
        if (interrupt_seen()) break;
    }
    bar_end(&m->bar);
    free(m->record);
    fprintf(stderr, "%ld rows into \"%s\"", m->taken, m->stream);
    fprintf(stderr, m->refused ? ", %ld refused\n" : "\n", m->refused);
    return session_refresh(m->s) && m->refused == 0;
}

static const char *format_of(const char *path)
{
    const char *dot = strrchr(path, '.');
    if (dot && (!strcmp(dot, ".csv") || !strcmp(dot, ".tsv"))) return dot + 1;
    return "json";
}

static bool import(Session *s, const char *arg)
{
    Import m = {.s = s};
    char *words[4] = {0};
    int n = 0;
    while (n < 4 && (words[n] = dot_word(&arg))) n++;
    int first = n == 4 && !strcmp(words[0], "--skip") ? 2 : 0;
    bool ok = n - first == 2;
    if (!ok) fputs("weir: .import [--skip N] FILE STREAM\n", stderr);
    if (ok) {
        if (first) m.skip = strtol(words[1], NULL, 10);
        m.path = words[first];
        m.stream = words[first + 1];
        m.format = format_of(m.path);
        m.file = fopen(m.path, "r");
        if (!m.file) fprintf(stderr, "weir: %s: %s\n", m.path, strerror(errno));
        ok = m.file && import_file(&m);
        if (m.file) fclose(m.file);
    }
    for (int i = 0; i < n; i++) free(words[i]);
    return ok;
}

const DotCommand dot_import = {"import", "FILE STREAM", "records of a .csv, .tsv or NDJSON file into a stream", import};
