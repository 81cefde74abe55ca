/* test_state_pages.c: base and log together are the state, at every commit of a compaction, whatever
 * is logged meanwhile and wherever it breaks off (wound 9). */
#include "exec/state/log.h"
#include "exec/state/pages.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

enum { SPACES = 5, KEYS = 400, VALUE_MAX = 300 };

static uint64_t seed;
static int random_below(int n)
{
    seed = seed * 6364136223846793005u + 1442695040888963407u;
    return (int)((seed >> 33) % (uint64_t)n);
}

/* What the state is, and what a database would hold. */
typedef struct World {
    Arena arena;
    Str value[SPACES][KEYS]; /* p NULL: none */
    VEC(PageChange) pages;   /* ascending by low */
    VEC(Str) log;
    ptrdiff_t cut;           /* blobs of the log that are gone */
} World;

static Str space_name(int i)
{
    static const Str names[SPACES] = {{"", 0}, {"a", 1}, {"a\0", 2}, {"a\0b", 3}, {"\xff", 1}};
    return names[i];
}

static Str key_name(World *w, int i) { return str_printf(&w->arena, "%0*d", 1 + i % 3, i); }

static void change_something(World *w, StateWriter *out)
{
    int s = random_below(SPACES), k = random_below(KEYS), what = random_below(200);
    if (what == 0) {
        state_drop(out, space_name(s));
        memset(w->value[s], 0, sizeof w->value[s]);
    } else if (what < 60) {
        state_del(out, space_name(s), key_name(w, k));
        w->value[s][k] = (Str){0};
    } else {
        int n = random_below(VALUE_MAX);
        char *p = new (&w->arena, char, n + 1);
        memset(p, 'a' + random_below(26), (size_t)n);
        w->value[s][k] = str_of(p, n);
        state_put(out, space_name(s), key_name(w, k), w->value[s][k]);
    }
}

static void log_epoch(World *w, int changes)
{
    StateWriter out = {.buf.arena = &w->arena};
    for (int i = 0; i < changes; i++) change_something(w, &out);
    vec_push(&w->log, &w->arena, str_of(out.buf.p, out.buf.n));
}

/* ---- the database ------------------------------------------------------------------------------ */

static void apply_change(World *w, const PageChange *c)
{
    ptrdiff_t i = 0;
    while (i < w->pages.len && str_cmp(w->pages.data[i].low, c->low) < 0) i++;
    bool is_there = i < w->pages.len && str_eq(w->pages.data[i].low, c->low);
    if (c->is_gone && !is_there) return;
    if (c->is_gone) {
        memmove(w->pages.data + i, w->pages.data + i + 1, (size_t)(w->pages.len - i - 1) * sizeof *c);
        w->pages.len--;
        return;
    }
    if (!is_there) {
        vec_push(&w->pages, &w->arena, *c);
        memmove(w->pages.data + i + 1, w->pages.data + i, (size_t)(w->pages.len - 1 - i) * sizeof *c);
    }
    w->pages.data[i] = (PageChange){.low = str_dup(&w->arena, c->low), .records = str_dup(&w->arena, c->records)};
}

static Status read_page(void *arg, Str low, Str *records)
{
    World *w = arg;
    *records = S("");
    for (ptrdiff_t i = 0; i < w->pages.len; i++)
        if (str_eq(w->pages.data[i].low, low)) *records = w->pages.data[i].records;
    return WEIR_OK;
}

/* ---- loading ----------------------------------------------------------------------------------- */

typedef struct Check {
    World *w;
    int found;
    StrBuf before, place;
} Check;

static Status check_record(void *arg, Str space, Str key, Str value)
{
    Check *c = arg;
    c->before.n = 0;
    sb_str(&c->before, str_of(c->place.p, c->place.n));
    c->place.n = 0;
    state_place(&c->place, space, key);
    if (c->found) assert_true(str_cmp(str_of(c->before.p, c->before.n), str_of(c->place.p, c->place.n)) < 0);
    int s = 0, k = atoi(str_cstr(&c->w->arena, key));
    while (s < SPACES && !str_eq(space, space_name(s))) s++;
    assert_true(s < SPACES && k < KEYS && str_eq(key, key_name(c->w, k)));
    assert_non_null(c->w->value[s][k].p);
    assert_true(str_eq(c->w->value[s][k], value));
    c->found++;
    return WEIR_OK;
}

static void check_state(World *w)
{
    Arena a = {0};
    Check c = {.w = w, .before.arena = &a, .place.arena = &a};
    StateFold *f = state_fold_new(&a);
    for (ptrdiff_t i = w->cut; i < w->log.len; i++) assert_int_equal(state_fold_add(f, w->log.data[i]), WEIR_OK);
    state_fold_sort(f);
    StateMerge m = state_merge_begin(f, check_record, &c);
    for (ptrdiff_t i = 0; i < w->pages.len; i++) assert_int_equal(state_merge_page(&m, w->pages.data[i].records), WEIR_OK);
    assert_int_equal(state_merge_rest(&m), WEIR_OK);
    int want = 0;
    for (int s = 0; s < SPACES; s++)
        for (int k = 0; k < KEYS; k++) want += w->value[s][k].p != NULL;
    assert_int_equal(c.found, want);
    arena_free(&a);
}

static int64_t base_bytes(const World *w)
{
    int64_t n = 0;
    for (ptrdiff_t i = 0; i < w->pages.len; i++) {
        n += w->pages.data[i].records.n;
        assert_true(w->pages.data[i].records.n > 0);
        assert_true(w->pages.data[i].records.n < STATE_PAGE_BYTES + VALUE_MAX + 64);
    }
    return n;
}

/* ---- rounds ------------------------------------------------------------------------------------ */

/* One round over what is in the log now; false: it broke off. */
static bool compact(World *w, bool may_break)
{
    Arena a = {0};
    Str *lows = new (&a, Str, w->pages.len);
    for (ptrdiff_t i = 0; i < w->pages.len; i++) lows[i] = str_dup(&a, w->pages.data[i].low);
    StatePages *p = state_pages_new(&a, lows, w->pages.len);
    ptrdiff_t through = w->log.len;
    int64_t bytes = base_bytes(w);
    bool done = false;
    for (ptrdiff_t i = w->cut; i < through; i++) {
        assert_int_equal(state_pages_add(p, w->log.data[i]), WEIR_OK);
        if (random_below(3) == 0) log_epoch(w, random_below(50));
    }
    while (!done) {
        Arena epoch = {0};
        PageIo io = {.arena = &epoch, .read = read_page, .arg = w};
        log_epoch(w, random_below(50));
        assert_int_equal(state_pages_step(p, &io, 1 + random_below(100000), &done), WEIR_OK);
        for (ptrdiff_t i = 0; i < io.changes.len; i++) apply_change(w, &io.changes.data[i]);
        arena_free(&epoch);
        check_state(w);
        if (may_break && random_below(4) == 0) break;
    }
    if (done) assert_int_equal(base_bytes(w) - bytes, p->base_delta);
    arena_free(&a);
    for (ptrdiff_t i = w->cut; i < through && done; i++) {
        w->cut++;
        if (random_below(8) == 0) check_state(w);
        if (may_break && random_below(20) == 0) break;
    }
    return done;
}

static void base_and_log_are_the_state_at_every_commit(void **state)
{
    (void)state;
    int rounds = getenv("WEIR_PAGES_ROUNDS") ? atoi(getenv("WEIR_PAGES_ROUNDS")) : 25;
    for (int i = 0; i < rounds; i++) {
        World *w = calloc(1, sizeof *w);
        seed = (uint64_t)i + 1;
        for (int r = 0; r < 6; r++) {
            for (int e = random_below(20); e >= 0; e--) log_epoch(w, random_below(i % 4 ? 30 : 400));
            compact(w, true);
        }
        while (!compact(w, false)) {}
        check_state(w);
        arena_free(&w->arena);
        free(w);
    }
}

/* Everything goes: no page is left, and what comes then finds its place. */
static void an_emptied_base_begins_anew(void **state)
{
    (void)state;
    World *w = calloc(1, sizeof *w);
    seed = 7;
    log_epoch(w, 3000);
    compact(w, false);
    assert_true(w->pages.len > 1);
    StateWriter out = {.buf.arena = &w->arena};
    for (int s = 0; s < SPACES; s++) state_drop(&out, space_name(s));
    memset(w->value, 0, sizeof w->value);
    vec_push(&w->log, &w->arena, str_of(out.buf.p, out.buf.n));
    Arena a = {0};
    Str *lows = new (&a, Str, w->pages.len);
    for (ptrdiff_t i = 0; i < w->pages.len; i++) lows[i] = w->pages.data[i].low;
    StatePages *p = state_pages_new(&a, lows, w->pages.len);
    bool done;
    PageIo io = {.arena = &a, .read = read_page, .arg = w};
    for (ptrdiff_t i = w->cut; i < w->log.len; i++) assert_int_equal(state_pages_add(p, w->log.data[i]), WEIR_OK);
    assert_int_equal(state_pages_step(p, &io, INT64_MAX, &done), WEIR_OK);
    for (ptrdiff_t i = 0; i < io.changes.len; i++) apply_change(w, &io.changes.data[i]);
    w->cut = w->log.len;
    assert_true(done);
    assert_int_equal(w->pages.len, 0);
    arena_free(&a);
    log_epoch(w, 3000);
    compact(w, false);
    check_state(w);
    arena_free(&w->arena);
    free(w);
}

static Status ignore(void *arg, Str space, Str key, Str value)
{
    (void)arg, (void)space, (void)key, (void)value;
    return WEIR_OK;
}

static void a_page_out_of_order_is_refused(void **state)
{
    (void)state;
    Arena a = {0};
    StateWriter w = {.buf.arena = &a}, del = {.buf.arena = &a};
    state_put(&w, S("s"), S("b"), S("1"));
    state_put(&w, S("s"), S("a"), S("2"));
    state_del(&del, S("s"), S("a"));
    StateFold *f = state_fold_new(&a);
    StateMerge m = state_merge_begin(f, ignore, NULL);
    assert_int_equal(state_merge_page(&m, str_of(w.buf.p, w.buf.n)), WEIR_E_CORRUPT);
    m = state_merge_begin(f, ignore, NULL);
    assert_int_equal(state_merge_page(&m, str_of(w.buf.p, w.buf.n / 2)), WEIR_OK);
    assert_int_equal(state_merge_page(&m, str_of(w.buf.p, w.buf.n / 2)), WEIR_E_CORRUPT);
    m = state_merge_begin(f, ignore, NULL);
    assert_int_equal(state_merge_page(&m, str_of(del.buf.p, del.buf.n)), WEIR_E_CORRUPT);
    assert_int_equal(state_merge_page(&m, str_of(w.buf.p, w.buf.n / 2 - 1)), WEIR_E_CORRUPT);
    arena_free(&a);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(base_and_log_are_the_state_at_every_commit),
        cmocka_unit_test(an_emptied_base_begins_anew),
        cmocka_unit_test(a_page_out_of_order_is_refused),
    };
    return cmocka_run_group_tests_name("state_pages", tests, NULL, NULL);
}
