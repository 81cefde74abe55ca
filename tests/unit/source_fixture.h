/* source_fixture.h: a source over a relation, its rows as text, its positions kept and restored. */
#ifndef WEIR_TESTS_SOURCE_FIXTURE_H
#define WEIR_TESTS_SOURCE_FIXTURE_H

#include "exec/io/source.h"
#include "format_fixture.h"

#include <unistd.h>

enum { SAVED_MAX = 64 };

typedef struct TestSource {
    Fixture *f;
    Env env;
    int64_t clock_us;
    SourceSpec spec;
    Arena arena, saved_arena, scratch;
    Source *source;
    Diags diags;
    SourcePosition saved[SAVED_MAX]; /* as a commit would keep them */
    int nsaved;
    bool once;
    Decoding decoding;
} TestSource;

/* A folder for the files of a test. */
static char folder[64];

static inline int folder_make(void **state)
{
    (void)state;
    snprintf(folder, sizeof folder, "/tmp/weir-source-XXXXXX");
    return mkdtemp(folder) ? 0 : -1;
}

static inline int folder_remove(void **state)
{
    char command[128];
    (void)state;
    snprintf(command, sizeof command, "rm -r %s", folder);
    return system(command);
}

static inline int64_t test_clock(void *arg)
{
    TestSource *t = arg;
    return t->clock_us += 1000000; /* every look is a second later */
}

static inline TestSource *source_new(Fixture *f)
{
    TestSource *t = calloc(1, sizeof *t);
    t->f = f;
    t->env = (Env){.now_us = test_clock, .mono_us = test_clock, .arg = t};
    return t;
}

/* Opens the source, at the saved positions if there are any. */
static inline Status source_begin(TestSource *t)
{
    t->spec = (SourceSpec){.rel = &t->f->rel, .wanted = t->f->wanted, .env = &t->env, .once = t->once,
                           .rows_max = t->f->rows_max, .decoding = t->decoding};
    t->diags = (Diags){.arena = &t->arena};
    Status st = source_open(&t->spec, &t->arena, &t->source, &t->diags);
    if (st == WEIR_OK && t->nsaved) {
        st = source_seek(t->source, t->saved, t->nsaved, &t->diags);
        if (st != WEIR_OK) {
            source_close(t->source);
            t->source = NULL;
        }
    }
    return st;
}

static inline void source_stop(TestSource *t)
{
    if (t->source) source_close(t->source);
    t->source = NULL;
    arena_free(&t->arena);
}

static inline void source_save(TestSource *t)
{
    const SourcePosition *p;
    int n = source_positions(t->source, &p);
    assert_true(n <= SAVED_MAX);
    for (int i = 0; i < n; i++) {
        t->saved[i] = p[i];
        t->saved[i].partition = str_dup(&t->saved_arena, p[i].partition);
        t->saved[i].identity = str_dup(&t->saved_arena, p[i].identity);
    }
    t->nsaved = n;
}

static inline void source_free(TestSource *t)
{
    source_stop(t);
    arena_free(&t->saved_arena);
    arena_free(&t->scratch);
    fixture_free(t->f);
    free(t);
}

/* One poll; its rows as "partition/generation " and the fixture's form. */
static inline SourceStatus source_rows(TestSource *t, StrBuf *out)
{
    SourceBatch b;
    SourceStatus st = source_poll(t->source, &b, &t->diags);
    if (st != SOURCE_ROWS) return st;
    const SourcePosition *p;
    int n = source_positions(t->source, &p);
    assert_in_range(b.partition, 0, n - 1);
    assert_int_equal(b.batch.label, p[b.partition].label);
    assert_true(b.batch.rows <= t->f->rows_max);
    static const uint32_t zeros[BATCH_ROWS_MAX];
    RowBuilder rows = {.cols = b.batch.cols, .ncols = b.batch.ncols, .rows = b.batch.rows,
                       .offset = (uint64_t *)b.batch.offset,
                       .ordinal = (uint32_t *)(b.batch.ordinal ? b.batch.ordinal : zeros)};
    rows.errors.data = b.errors;
    rows.errors.len = b.nerrors;
    arena_reset(&t->scratch);
    StrBuf text = {.arena = &t->scratch};
    fixture_render(&rows, t->f->wanted, &text);
    Str all = sb_done(&text);
    Str name = p[b.partition].partition;
    const char *slash = memrchr(name.p ? name.p : "", '/', (size_t)name.n);
    if (slash) name = str_of(slash + 1, name.p + name.n - slash - 1);
    while (all.n) {
        const char *newline = memchr(all.p, '\n', (size_t)all.n);
        ptrdiff_t k = newline ? newline + 1 - all.p : all.n;
        if (name.n || b.batch.generation) sb_printf(out, "%.*s/%u ", STR_ARG(name), b.batch.generation);
        sb_bytes(out, all.p, k);
        all = str_of(all.p + k, all.n - k);
    }
    return st;
}

/* Polls until something else than rows comes; *st is what. */
static inline Str source_read(TestSource *t, SourceStatus *st)
{
    StrBuf out = {.arena = &t->saved_arena};
    while ((*st = source_rows(t, &out)) == SOURCE_ROWS) {}
    return sb_done(&out);
}

#endif
