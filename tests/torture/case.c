/* case.c: a case from a seed: streams, views, rows in disorder with NULLs and duplicates and late ones,
 * how they are cut into batches and epochs, restarts, faults, power losses. */
#include "tests/torture/torture.h"

#include <stdio.h>
#include <string.h>

const char *const kind_names[KIND_COUNT] = {"sim", "power", "kill"};

/* What a case is made with. */
typedef struct Maker {
    Chance c;
    Kind kind;
    Lines *out;
    int64_t clock, at[2], step; /* milliseconds: the clock; about where each stream's times are */
    int parts[2], nviews;
    bool has_r, has_table, follows, has_future, is_head;
    bool is_tight; /* times beside the bounds of small windows */
} Maker;

static int below(Maker *m, int n) { return chance_below(&m->c, n); }
static bool one_in(Maker *m, int n) { return chance_one_in(&m->c, n); }

/* ---- head ----------------------------------------------------------------------------------------------- */

static void make_settings(Maker *m)
{
    static const char *const batches[] = {"1", "2", "3", "7", "64", "4096"};
    static const char *const epochs[] = {"1", "2", "5", "13", "1000000", "1000000"};
    lines_addf(m->out, "set batch_rows=%s", batches[below(m, 6)]);
    lines_addf(m->out, "set epoch_rows=%s", epochs[below(m, 6)]);
    lines_addf(m->out, "set synchronous=%s", one_in(m, 2) ? "full" : "normal");
    lines_addf(m->out, "set wal_limit=%d", 1 << (16 + below(m, 4)));
    if (one_in(m, 4)) lines_add(m->out, "rules all");
    if (one_in(m, 2)) return;
    lines_addf(m->out, "set workers=%d", 2 + below(m, 3));
    lines_addf(m->out, "set morsel_size=%d", 1 << below(m, 9));
}

/* Whether a kind of view can stand here: with a second stream, a table; where the order of arrival is that of
 * positions; where nothing was taken before it that cannot be looked up, or accepted, once more. */
static bool fits(const Maker *m, const char *name)
{
    const ViewKind *kind = view_kind(name);
    if ((kind->reads_r && !m->has_r) || (kind->reads_table && !m->has_table)) return false;
    if (!strcmp(name, "count") || !strcmp(name, "trigger")) return m->parts[0] == 1;
    if (!strcmp(name, "lookup")) return m->is_head;
    return strcmp(name, "clock") || (m->is_head && m->kind != KIND_KILL);
}

static void make_view(Maker *m)
{
    static const char *const kinds[] = {"tumbling", "session", "join", "top", "over", "group", "hopping", "interval", "histogram",
                                        "best", "distinct", "filter", "counts", "global", "tumbling", "hopping", "session",
                                        "cumulating", "sliding", "sliding", "count", "trigger", "late", "table", "table-join",
                                        "lookup", "clock"};
    const char *kind;
    do kind = kinds[below(m, sizeof kinds / sizeof *kinds)];
    while (!fits(m, kind));
    int size = 1 + below(m, m->is_tight ? 2 : 20), grace = one_in(m, m->is_tight ? 6 : 3) ? 1 + below(m, 8) : 0;
    bool has_keep = m->parts[0] == 1 && (!m->follows || one_in(m, 3)), has_fill = size > 4 && !m->has_future && one_in(m, 3);
    int slide = !strcmp(kind, "hopping") ? 1 + below(m, size + 3) : size, offset = one_in(m, 2) ? below(m, 30) - 10 : 0;
    int gap = 1 + below(m, m->is_tight ? 2 : 8), a = below(m, 10) - 2, b = 3 + below(m, 6), n = 1 + below(m, 3), step = 0;
    int keep = has_keep && !has_fill ? grace + 1 + below(m, 20) : 0, above = below(m, 6);
    if (!strcmp(kind, "cumulating")) size *= step = 1 + below(m, 3);
    if (!strcmp(kind, "count")) step = 1 + below(m, size + 2);
    if (!strcmp(kind, "late") || !strcmp(kind, "sliding")) keep = 0;
    lines_addf(m->out, "view v%d %s size=%d slide=%d step=%d offset=%d grace=%d gap=%d a=%d b=%d left=%d n=%d desc=%d above=%d keep=%d fill=%d final=%d",
               m->nviews++, kind, size, slide, step, offset, grace, gap, a, b, a % 2 == 0, n, b % 2, above, keep,
               has_fill && !strcmp(kind, "tumbling"), above % 2);
}

static void make_head(Maker *m)
{
    static const int64_t starts[] = {-20000, -3600000, 0, 951782390000, 1700000000000}; /* 2000-02-29, 2023 */
    int64_t start = starts[below(m, 5)];
    int seed = below(m, 1000000);
    m->clock = start + 7200000;
    m->at[0] = m->at[1] = start;
    m->is_tight = one_in(m, 3);
    m->step = 1 + below(m, m->is_tight ? 500 : 4000);
    m->has_r = one_in(m, 2);
    m->has_table = m->kind != KIND_KILL && one_in(m, 3);
    m->follows = m->kind == KIND_POWER || !one_in(m, 4);
    m->has_future = m->follows && m->kind != KIND_KILL && one_in(m, 3);
    if (m->kind != KIND_KILL)
        lines_addf(m->out, "disk seed=%d sector=%d cache=%d", seed, one_in(m, 2) ? 512 : 4096, seed % 2 ? 0 : 10);
    lines_addf(m->out, "clock at=%lld", (long long)m->clock);
    make_settings(m);
    for (int i = 0; i <= m->has_r; i++) {
        m->parts[i] = 1 + (one_in(m, 3) ? 0 : below(m, PARTS_MAX));
        int delay = one_in(m, 2) ? below(m, 10) : 0;
        lines_addf(m->out, "stream %c parts=%d delay=%d follow=%d", i ? 'r' : 's', m->parts[i], delay, m->follows);
    }
    int views = m->kind == KIND_POWER ? 1 + below(m, 2) : 1 + below(m, 5);
    if (m->has_table) lines_add(m->out, "table");
    m->is_head = true;
    for (int i = 0; i < views; i++) make_view(m);
    m->is_head = false;
}

/* ---- rows -------------------------------------------------------------------------------------------------- */

static void make_row(Maker *m)
{
    int stream = m->has_r && one_in(m, 3), part = below(m, m->parts[stream]);
    int64_t at = m->at[stream] += below(m, (int)m->step);
    char more[64] = "", value[40] = "";
    if (one_in(m, 3)) at -= below(m, m->is_tight ? 3000 : 15000);        /* disorder, some of it late */
    if (one_in(m, 40)) at += 60000 + below(m, 60000); /* closes much */
    if (m->is_tight || one_in(m, 2)) at += (one_in(m, 2) ? 0 : below(m, 5) - 3) - at % 1000; /* boundaries, ties */
    if (m->has_future && one_in(m, 12)) at = m->clock + 86400000 + 1 + (one_in(m, 2) ? 0 : below(m, 1000000));
    if (one_in(m, 20)) snprintf(more, sizeof more, " bad=%d", 1 + below(m, 3));
    else if (one_in(m, 20)) snprintf(more, sizeof more, " vbad=1");
    else if (one_in(m, 10)) snprintf(more, sizeof more, " more=1");
    if (!one_in(m, 6)) snprintf(value, sizeof value, " v=%d", below(m, one_in(m, 2) ? 4 : 1000) - 2);
    int key = below(m, KEYS);
    lines_addf(m->out, "row %c %d at=%lld key=%d%s%s", stream ? 'r' : 's', part, (long long)at, key, value, more);
    if (one_in(m, 8)) lines_add(m->out, m->out->text[m->out->n - 1]); /* the same once more */
}

static void make_rows(Maker *m, int n)
{
    for (int i = 0; i < n; i++) make_row(m);
}

/* ---- steps -------------------------------------------------------------------------------------------------- */

static void make_fault(Maker *m)
{
    static const char *const faults[] = {"full", "ioerr", "busy", "nosync"};
    int what = below(m, 4), at = 1 + below(m, 30);
    lines_addf(m->out, "fault %s at=%d for=%d", faults[what], at, 1 + below(m, 6));
}

static void make_power(Maker *m)
{
    for (int depth = 1 + (one_in(m, 3) ? below(m, 3) : 0); depth > 0; depth--) {
        int at = 1 + below(m, one_in(m, 2) ? 12 : 60);
        lines_addf(m->out, "power at=%d keep=%d", at, below(m, 1000000000));
    }
}

static void make_clock(Maker *m)
{
    int64_t add = one_in(m, 3) ? 86400000 + (int64_t)below(m, 3) * 86400000 : below(m, 100000);
    m->clock += add;
    lines_addf(m->out, "clock add=%lld", (long long)add);
}

static void make_change(Maker *m)
{
    int way = below(m, 3), key = 1 + below(m, KEYS - 1);
    lines_addf(m->out, "change way=%d key=%d w=%d", way, key, below(m, 5) - (way == 0));
}

static void make_rotation(Maker *m)
{
    int part = below(m, m->parts[0]);
    lines_addf(m->out, "rotate s %d way=%d", part, below(m, 2));
}

static void make_step(Maker *m)
{
    bool is_power = m->kind == KIND_POWER;
    for (int i = m->has_table ? below(m, 3) : 0; i > 0; i--) make_change(m);
    if (m->kind == KIND_SIM && m->follows && one_in(m, 10)) make_rotation(m);
    if (m->follows) make_rows(m, below(m, is_power ? 5 : 12));
    if (is_power) make_power(m);
    else if (one_in(m, 6)) make_fault(m);
    lines_add(m->out, "run");
    if (one_in(m, 5)) lines_add(m->out, "restart");
    if (one_in(m, 8)) make_clock(m);
    if (m->nviews < 8 && one_in(m, is_power ? 25 : 12)) make_view(m);
}

void case_make(Kind kind, uint64_t seed, Lines *out)
{
    Maker m = {.c = {seed * 1000 + (uint64_t)kind}, .kind = kind, .out = out};
    lines_addf(out, "# weir-torture --kind %s --seed %llu", kind_names[kind], (unsigned long long)seed);
    make_head(&m);
    make_rows(&m, m.follows ? below(&m, 10) : 10 + below(&m, 80));
    if (!one_in(&m, 10)) lines_add(out, "run");
    for (int i = 3 + below(&m, kind == KIND_POWER ? 30 : 12); i > 0; i--) make_step(&m);
}
