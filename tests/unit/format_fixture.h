/* format_fixture.h: a relation, text decoded by it in any cuts, and rows as text.
 *
 * Rows read "offset[.ordinal]: value|value", values as SQL prints them, "~" for NULL, "!message"
 * for a column error; unusable records read "offset! message (bytes)". */
#ifndef WEIR_TESTS_FORMAT_FIXTURE_H
#define WEIR_TESTS_FORMAT_FIXTURE_H

#include "exec/format/format.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>
#include <cmocka.h>

extern const FormatDef *const format_table[];

enum { FIXTURE_COLS = 16, FIXTURE_OPTIONS = 16 };

typedef struct Fixture {
    Arena arena;
    ColumnDef cols[FIXTURE_COLS];
    Option options[FIXTURE_OPTIONS];
    Relation rel;
    bool wanted[FIXTURE_COLS];
    int rows_max;
    char *room;            /* what is decoded: room_n bytes between pages that cannot be read */
    size_t room_n;
    bool at_start;
} Fixture;

static inline Fixture *fixture_new(const char *format)
{
    Fixture *f = calloc(1, sizeof *f);
    f->rel.cols = f->cols;
    f->rel.options.items = f->options;
    f->rel.name = S("s");
    f->rows_max = BATCH_ROWS_MAX;
    if (format) f->options[f->rel.options.n++] = (Option){.name = S("format"), .value = str_z(format)};
    return f;
}

static inline size_t page_bytes(void) { return (size_t)sysconf(_SC_PAGESIZE); }

static inline void fixture_give_back(Fixture *f)
{
    if (f->room) munmap(f->room - page_bytes(), f->room_n + 2 * page_bytes());
}

static inline void fixture_free(Fixture *f)
{
    fixture_give_back(f);
    arena_free(&f->arena);
    free(f);
}

static inline void fixture_option(Fixture *f, const char *name, const char *value)
{
    f->options[f->rel.options.n++] = (Option){.name = str_z(name), .value = str_z(value)};
}

static inline ColumnDef *fixture_column(Fixture *f, const char *name, Type t, const char *path)
{
    ColumnDef *c = &f->cols[f->rel.ncols];
    *c = (ColumnDef){.name = str_z(name), .type = t, .path = str_z(path ? path : "")};
    f->wanted[f->rel.ncols++] = true;
    return c;
}

static inline void fixture_render_row(const RowBuilder *b, int r, const bool *wanted, StrBuf *out)
{
    sb_printf(out, "%llu", (unsigned long long)b->offset[r]);
    if (b->ordinal[r]) sb_printf(out, ".%u", b->ordinal[r]);
    sb_char(out, ':');
    for (int c = 0, n = 0; c < b->ncols; c++) {
        if (!wanted[c]) continue;
        sb_char(out, n++ ? '|' : ' ');
        const RowError *e = column_error(&b->cols[c], r);
        Value v = column_value(&b->cols[c], r);
        if (e)
            sb_printf(out, "!%.*s", STR_ARG(e->message));
        else if (v.is_null)
            sb_char(out, '~');
        else
            value_print(out, &v);
    }
    sb_char(out, '\n');
}

/* Rows and errors in the order of their offsets. */
static inline void fixture_render(const RowBuilder *b, const bool *wanted, StrBuf *out)
{
    ptrdiff_t i = 0;
    for (int r = 0; r <= b->rows; r++) {
        for (; i < b->errors.len && (r == b->rows || b->errors.data[i].offset < b->offset[r]); i++) {
            const StreamError *e = &b->errors.data[i];
            sb_printf(out, "%llu! %.*s (%lld)\n", (unsigned long long)e->offset, STR_ARG(e->message),
                      (long long)e->raw_bytes);
        }
        if (r < b->rows) fixture_render_row(b, r, wanted, out);
    }
}

/* A copy of the bytes as near to the end of readable memory as decoders must bear, or at its very
 * start. What stands in the padding looks like text. */
static inline const char *fixture_edge(Fixture *f, Str text)
{
    enum { PADDING = 64 };
    size_t n = (size_t)text.n + PADDING, page = page_bytes();
    if (n > f->room_n) {
        fixture_give_back(f);
        f->room_n = (2 * n + page - 1) / page * page;
        char *all = mmap(NULL, f->room_n + 2 * page, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
        assert_true(all != MAP_FAILED);
        f->room = all + page;
        assert_int_equal(mprotect(f->room, f->room_n, PROT_READ | PROT_WRITE), 0);
    }
    f->at_start = !f->at_start;
    char *p = f->at_start ? f->room : f->room + f->room_n - n;
    if (text.n) memcpy(p, text.p, (size_t)text.n);
    for (int i = 0; i < PADDING; i++) p[text.n + i] = "1\",}\n0\\\xc3"[i % 8];
    return p;
}

/* Decodes `text` as a source would that gets at most `cut` further bytes at a time (0: all). */
static inline Str fixture_decode_with(Fixture *f, Decoder *dec, Str text, ptrdiff_t cut, uint64_t base)
{
    StrBuf out = {.arena = &f->arena};
    Column *fresh = new (&f->arena, Column, f->rel.ncols + 1), *cols = new (&f->arena, Column, f->rel.ncols + 1);
    for (int i = 0; i < f->rel.ncols; i++) {
        fresh[i].type = f->cols[i].type;
        if (f->wanted[i]) fresh[i] = column_new(&f->arena, f->cols[i].type, f->rows_max);
    }
    RowBuilder b = {.cols = cols, .ncols = f->rel.ncols, .cap = f->rows_max,
                    .offset = new (&f->arena, uint64_t, f->rows_max),
                    .ordinal = new (&f->arena, uint32_t, f->rows_max)};
    ptrdiff_t at = 0, have = 0;
    bool is_last = false;
    for (int idle = 0; idle < 2;) {
        Arena batch = {0};
        have = cut && have + cut < text.n ? have + cut : text.n;
        is_last = have == text.n;
        const char *copy = fixture_edge(f, str_of(text.p + at, have - at));
        memcpy(cols, fresh, (size_t)f->rel.ncols * sizeof *cols);
        b.arena = &batch;
        b.rows = 0;
        b.has_ordinals = false;
        memset(&b.errors, 0, sizeof b.errors);
        ptrdiff_t used = dec->impl->decode(dec, copy, have - at, is_last, base + (uint64_t)at, &b);
        assert_true(used >= 0 && used <= have - at);
        assert_true(b.rows <= f->rows_max);
        fixture_render(&b, f->wanted, &out);
        at += used;
        idle = is_last && used == 0 && b.rows == 0 && b.errors.len == 0 ? idle + 1 : 0;
        arena_free(&batch);
    }
    assert_int_equal(at, text.n);
    return sb_done(&out);
}

static inline Decoder *fixture_open(Fixture *f)
{
    Registry registry = {.formats = format_table};
    Diags d = {.arena = &f->arena};
    Decoder *dec = NULL;
    if (format_open(&registry, &f->rel, f->wanted, &f->arena, &dec, &d) != WEIR_OK)
        fail_msg("%.*s", STR_ARG(d.list.data[0].message));
    return dec;
}

static inline Str fixture_decode(Fixture *f, Str text, ptrdiff_t cut)
{
    Decoder *dec = fixture_open(f);
    Str out = fixture_decode_with(f, dec, text, cut, 0);
    format_close(dec);
    return out;
}

/* The code of opening; its message, if it fails. */
static inline Status fixture_open_status(Fixture *f, Str *message)
{
    Registry registry = {.formats = format_table};
    Diags d = {.arena = &f->arena};
    Decoder *dec = NULL;
    Status st = format_open(&registry, &f->rel, f->wanted, &f->arena, &dec, &d);
    *message = d.list.len ? d.list.data[0].message : S("");
    if (st == WEIR_OK) format_close(dec);
    return st;
}

/* `rows` with the number of the line (from 1) in place of each offset that is a line's start. */
static inline Str fixture_by_line(Fixture *f, Str text, Str rows)
{
    StrBuf b = {.arena = &f->arena};
    for (ptrdiff_t at = 0; at < rows.n;) {
        ptrdiff_t digits = 0;
        while (at + digits < rows.n && rows.p[at + digits] >= '0' && rows.p[at + digits] <= '9') digits++;
        int64_t offset = -1;
        bool ok = str_to_int64(str_of(rows.p + at, digits), &offset) && offset < text.n;
        if (ok && (offset == 0 || text.p[offset - 1] == '\n')) {
            int line = 1;
            for (ptrdiff_t i = 0; i < offset; i++) line += text.p[i] == '\n';
            sb_printf(&b, "%d", line);
            at += digits;
        }
        const char *newline = memchr(rows.p + at, '\n', (size_t)(rows.n - at));
        ptrdiff_t n = newline ? newline + 1 - (rows.p + at) : rows.n - at;
        sb_bytes(&b, rows.p + at, n);
        at += n;
    }
    return sb_done(&b);
}

static inline void assert_text(Str got, const char *want)
{
    if (str_eq(got, str_z(want))) return;
    print_error("got:\n%.*s\nwanted:\n%s\n", STR_ARG(got), want);
    fail();
}

#define T_INT ((Type){.kind = TYPE_BIGINT, .int_bits = 64})
#define T_SMALL ((Type){.kind = TYPE_BIGINT, .int_bits = 16})
#define T_DOUBLE ((Type){.kind = TYPE_DOUBLE})
#define T_TEXT ((Type){.kind = TYPE_TEXT})
#define T_BOOL ((Type){.kind = TYPE_BOOLEAN})
#define T_JSON ((Type){.kind = TYPE_JSON})
#define T_DATE ((Type){.kind = TYPE_DATE})
#define T_DEC(p, s) ((Type){.kind = TYPE_DECIMAL, .precision = (p), .scale = (s)})
#define T_TIME(p) ((Type){.kind = TYPE_TIMESTAMP, .precision = (p)})

#endif
