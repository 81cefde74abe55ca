/* test_state_treap.c: the heap of operator state, the ordered multiset on it, the state log. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "exec/state/fold.h"
#include "exec/state/log.h"
#include "exec/state/treap.h"

#include <stdio.h>

static uint64_t seed;

static uint32_t draw(uint32_t n)
{
    seed = seed * 6364136223846793005u + 1442695040888963407u;
    return (uint32_t)((seed >> 33) % n);
}

static void blocks_do_not_overlap(void **state)
{
    (void)state;
    enum { BLOCKS = 300 };
    int64_t before = mem_in_use();
    StateHeap h = {0};
    unsigned char *p[BLOCKS] = {0};
    ptrdiff_t size[BLOCKS] = {0};
    seed = 1;
    for (int round = 0; round < 20000; round++) {
        int i = (int)draw(BLOCKS);
        ptrdiff_t n = draw(20) ? (ptrdiff_t)draw(300) : (ptrdiff_t)draw(400000);
        for (ptrdiff_t k = 0; k < size[i]; k += 1 + size[i] / 16) assert_int_equal(p[i][k], i & 0xff);
        ptrdiff_t kept = n < size[i] ? n : size[i];
        if (draw(3)) {
            p[i] = heap_realloc(&h, p[i], size[i], n);
            for (ptrdiff_t k = 0; k < kept; k += 1 + kept / 16) assert_int_equal(p[i][k], i & 0xff);
        } else {
            heap_free(&h, p[i], size[i]);
            p[i] = heap_alloc(&h, n);
        }
        size[i] = n;
        assert_int_equal((uintptr_t)p[i] % 8, 0);
        if (n) memset(p[i], i, (size_t)n);
    }
    for (int i = 0; i < BLOCKS; i++) heap_free(&h, p[i], size[i]);
    assert_int_equal(h.used, 0);
    char *copy = heap_copy(&h, "abc", 4);
    assert_string_equal(copy, "abc");
    heap_alloc(&h, 1 << 20);
    heap_clear(&h);
    assert_int_equal(mem_in_use(), before);
}

/* ---- treap ---- */

enum { KEYS = 200 };

static Str key_of(Arena *a, int i)
{
    return str_printf(a, "k%03d%.*s", i, i % 40, "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx");
}

static int64_t checked_weight(const TreapNode *n, const TreapNode *parent)
{
    if (!n) return 0;
    assert_ptr_equal(n->parent, parent);
    if (parent) assert_true(n->priority <= parent->priority);
    assert_true(n->count != 0);
    assert_int_equal(n->weight, n->count + checked_weight(n->left, n) + checked_weight(n->right, n));
    return n->weight;
}

static void check_against(const Treap *t, const int64_t *counts, Arena *a)
{
    int64_t rows = 0, distinct = 0, negative = 0;
    TreapNode *n = treap_min(t), *last = NULL;
    for (int i = 0; i < KEYS; i++) {
        TreapNode *found = treap_find(t, key_of(a, i));
        if (!counts[i]) {
            assert_null(found);
            assert_ptr_equal(treap_lower_bound(t, key_of(a, i)), n);
            continue;
        }
        assert_ptr_equal(found, n);
        assert_int_equal(n->count, counts[i]);
        assert_true(str_eq(treap_payload(n), str_printf(a, "payload %d", i)));
        assert_int_equal(treap_rank(n), rows);
        assert_ptr_equal(treap_prev(n), last);
        rows += counts[i];
        distinct++;
        negative += counts[i] < 0;
        last = n;
        n = treap_next(n);
    }
    assert_null(n);
    assert_ptr_equal(treap_max(t), last);
    assert_int_equal(t->distinct, distinct);
    assert_int_equal(t->negative, negative);
    assert_int_equal(checked_weight(t->root, NULL), rows);
    if (negative) return;
    int64_t k = 0;
    for (int i = 0; i < KEYS; i++)
        for (int64_t c = 0; c < counts[i]; c++, k++)
            assert_true(str_eq(treap_key(treap_at(t, k)), key_of(a, i)));
}

static void change(Treap *t, StateHeap *h, int64_t *counts, Arena *a, bool negatives)
{
    int i = (int)draw(KEYS);
    int64_t w = (int64_t)draw(5) - 2;
    if (!negatives && counts[i] + w < 0) w = -counts[i];
    counts[i] += w;
    TreapNode *n = treap_add(t, h, key_of(a, i), str_printf(a, "payload %d", i), w);
    assert_true(counts[i] ? n != NULL : n == NULL);
}

static void treaps_agree_with_an_array(void **state)
{
    (void)state;
    Arena a = {0};
    for (int round = 0; round < 6; round++) {
        StateHeap h = {0};
        Treap t = {0};
        int64_t counts[KEYS] = {0};
        seed = (uint64_t)round;
        for (int step = 0; step < 3000; step++) {
            change(&t, &h, counts, &a, round & 1);
            if (step % 97 == 0) check_against(&t, counts, &a);
        }
        check_against(&t, counts, &a);
        arena_reset(&a);
        treap_clear(&t, &h);
        assert_int_equal(h.used, 0);
        heap_clear(&h);
    }
    arena_free(&a);
}

static Str saved(const Treap *t, Arena *a)
{
    StrBuf b = {.arena = a};
    treap_save(t, &b);
    return sb_done(&b);
}

static bool same_shape(const TreapNode *a, const TreapNode *b)
{
    if (!a || !b) return a == b;
    return str_eq(treap_key(a), treap_key(b)) && same_shape(a->left, b->left) && same_shape(a->right, b->right);
}

static void treaps_merge_and_survive_saving(void **state)
{
    (void)state;
    Arena a = {0};
    StateHeap h = {0};
    Treap x = {0}, y = {0}, loaded = {0};
    int64_t cx[KEYS] = {0}, cy[KEYS] = {0}, sum[KEYS];
    seed = 5;
    for (int i = 0; i < 700; i++) change(&x, &h, cx, &a, true);
    for (int i = 0; i < 300; i++) change(&y, &h, cy, &a, true);
    Str before = saved(&x, &a);
    treap_merge(&x, &h, &y, 1);
    for (int i = 0; i < KEYS; i++) sum[i] = cx[i] + cy[i];
    check_against(&x, sum, &a);
    treap_merge(&x, &h, &y, -1);
    check_against(&x, cx, &a);
    assert_true(str_eq(saved(&x, &a), before));
    StrReader r = {.at = before.p, .end = before.p + before.n};
    assert_true(treap_load(&loaded, &h, &r) && r.at == r.end);
    assert_true(same_shape(x.root, loaded.root));
    for (ptrdiff_t cut = 0; cut < before.n; cut += 13) {
        Treap part = {0};
        StrReader bad = {.at = before.p, .end = before.p + cut};
        assert_false(treap_load(&part, &h, &bad));
        treap_clear(&part, &h);
    }
    Treap empty = {0};
    assert_null(treap_min(&empty));
    assert_null(treap_max(&empty));
    assert_null(treap_lower_bound(&empty, S("a")));
    assert_int_equal(treap_weight(&empty), 0);
    assert_null(treap_add(&empty, &h, S("a"), S(""), 0));
    heap_clear(&h);
    arena_free(&a);
}

/* ---- log ---- */

static Status collect(void *arg, Str space, Str key, Str value)
{
    sb_printf(arg, "%.*s/%.*s=%.*s ", STR_ARG(space), STR_ARG(key), STR_ARG(value));
    return WEIR_OK;
}

static Status stop(void *arg, Str space, Str key, Str value)
{
    (void)arg, (void)space, (void)key, (void)value;
    return WEIR_E_INTERRUPTED;
}

static Str folded(Arena *a, const Str *pieces, int n)
{
    StateFold *f = state_fold_new(a);
    StrBuf b = {.arena = a};
    for (int i = 0; i < n; i++) assert_int_equal(state_fold_add(f, pieces[i]), WEIR_OK);
    assert_int_equal(state_fold_each(f, collect, &b), WEIR_OK);
    return sb_done(&b);
}

static void logs_fold_to_what_is_left(void **state)
{
    (void)state;
    Arena a = {0};
    StateWriter w = {.buf = {.arena = &a}};
    state_put(&w, S("w2"), S("b"), S("1"));
    state_put(&w, S("w1"), S("z"), S("2"));
    state_put(&w, S("w2"), S("b"), S("a longer value"));
    state_put(&w, S("w2"), S(""), S(""));
    state_put(&w, S("w3"), S("gone"), S("x"));
    state_put(&w, S("w2"), S("c"), S("3"));
    state_del(&w, S("w2"), S("c"));
    state_del(&w, S("w2"), S("never there"));
    state_del(&w, S("no space"), S("x"));
    state_drop(&w, S("w3"));
    state_drop(&w, S("w4"));
    assert_int_equal(w.records, 11);
    StateWriter again = {.buf = {.arena = &a}};
    state_put(&again, S("w3"), S("new"), S("y"));
    state_put(&again, S("w2"), S("c"), S("4"));
    Str pieces[] = {str_of(w.buf.p, w.buf.n), str_of(again.buf.p, again.buf.n), {0}};
    assert_string_equal(folded(&a, pieces, 1).p, "w1/z=2 w2/= w2/b=a longer value ");
    assert_string_equal(folded(&a, pieces, 3).p, "w1/z=2 w2/= w2/b=a longer value w2/c=4 w3/new=y ");
    StateFold *f = state_fold_new(&a);
    assert_int_equal(state_fold_add(f, pieces[0]), WEIR_OK);
    assert_int_equal(state_fold_each(f, stop, NULL), WEIR_E_INTERRUPTED);
    for (ptrdiff_t cut = 1; cut < 12; cut++)
        assert_int_equal(state_fold_add(state_fold_new(&a), str_of(w.buf.p, cut)), cut == 8 ? WEIR_OK : WEIR_E_CORRUPT);
    assert_int_equal(state_fold_add(f, S("\x07\x00\x00")), WEIR_E_CORRUPT);
    arena_free(&a);
}

static void many_keys_come_back_in_order(void **state)
{
    (void)state;
    Arena a = {0};
    StateWriter w = {.buf = {.arena = &a}};
    StrBuf want = {.arena = &a};
    for (int i = 4999; i >= 0; i--)
        state_put(&w, S("s"), str_printf(&a, "%05d", i), str_printf(&a, "%d", i));
    for (int i = 1; i < 5000; i += 2) state_del(&w, S("s"), str_printf(&a, "%05d", i));
    for (int i = 0; i < 5000; i += 2) sb_printf(&want, "s/%05d=%d ", i, i);
    Str pieces[] = {str_of(w.buf.p, w.buf.n)};
    assert_string_equal(folded(&a, pieces, 1).p, sb_done(&want).p);
    arena_free(&a);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(blocks_do_not_overlap),
        cmocka_unit_test(treaps_agree_with_an_array),
        cmocka_unit_test(treaps_merge_and_survive_saving),
        cmocka_unit_test(logs_fold_to_what_is_left),
        cmocka_unit_test(many_keys_come_back_in_order),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
