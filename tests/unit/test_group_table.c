/* test_group_table.c: groups by key against a list that is searched from end to end. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "exec/state/group_table.h"

#include <stdio.h>
#include <stdlib.h>

static uint64_t seed;
static int64_t below(int64_t n)
{
    seed = seed * 6364136223846793005u + 1442695040888963407u;
    return (int64_t)((seed >> 33) % (uint64_t)n);
}

enum { COLS_MAX = 40, MODEL_MAX = 4000, ROWS = 300 };

/* A key as text, and what the table should hold for it. */
typedef struct Model {
    char key[COLS_MAX * 40];
    int64_t count;
    uint8_t *group;
    int push; /* the last that had it */
} Model;
static Model *model;
static int nmodel, npushes;

static Model *model_find(const char *key)
{
    for (int i = 0; i < nmodel; i++)
        if (strcmp(model[i].key, key) == 0) return &model[i];
    return NULL;
}

static const Type TYPES[] = {{.kind = TYPE_BIGINT, .int_bits = 64}, {.kind = TYPE_TEXT}, {.kind = TYPE_DOUBLE},
                             {.kind = TYPE_BOOLEAN}, {.kind = TYPE_DATE}, {.kind = TYPE_DECIMAL, .precision = 38}};

/* Few values, so that keys repeat; one of every type, long texts that differ at their end. */
static Value random_value(Type t)
{
    static const char *const TEXTS[] = {"", "x", "twelve bytes", "thirteen byte", "thirteen bytf", "thirteen byte and more"};
    Value v = {.type = t, .is_null = below(6) == 0};
    if (t.kind == TYPE_TEXT) v.s = str_z(TEXTS[below(6)]);
    else if (t.kind == TYPE_DOUBLE) v.d = below(2) ? -0.0 : (double)below(3);
    else if (t.kind == TYPE_BOOLEAN) v.i = below(2);
    else if (t.kind == TYPE_DECIMAL) v.dec = (below(3) - 1) * ((Int128)1 << 70);
    else v.i = below(8) - 4;
    return v;
}

static void print_key(char *out, const Value *v, int n)
{
    *out = 0;
    for (int i = 0; i < n; i++) {
        char *p = out + strlen(out);
        if (v[i].is_null) strcpy(p, "N|");
        else if (v[i].type.kind == TYPE_TEXT) sprintf(p, "%.*s|", STR_ARG(v[i].s));
        else if (v[i].type.kind == TYPE_DOUBLE) sprintf(p, "%g|", v[i].d + 0.0);
        else if (v[i].type.kind == TYPE_DECIMAL) sprintf(p, "%d|", (int)(v[i].dec / ((Int128)1 << 70)));
        else sprintf(p, "%d|", (int)v[i].i);
    }
}

static void check_key(const GroupTable *t, uint8_t *group, const Type *types, int n, const char *key, Arena *a)
{
    Value v[COLS_MAX];
    char text[COLS_MAX * 40];
    for (int c = 0; c < n; c++) {
        Column out = column_new(a, types[c], 1);
        group_table_keys(t, &group, 1, c, &out, a);
        v[c] = column_value(&out, 0);
    }
    print_key(text, v, n);
    assert_string_equal(text, key);
    StrBuf bytes = {.arena = a};
    group_table_save_key(t, group, &bytes);
    StrReader in = {.at = bytes.p, .end = bytes.p + bytes.n};
    uint64_t words[COLS_MAX * 2 + 2];
    uint32_t nulls;
    assert_true(key_load(t->keys, &in, words, &nulls) && in.at == in.end);
    assert_ptr_equal(group_table_get(t, words, nulls, key_hash(t->keys, words, nulls)), group);
}

static void push(GroupTable *t, const Type *types, int ncols, Arena *a)
{
    int n = 1 + (int)below(ROWS);
    Column *cols = new (a, Column, ncols);
    Value(*values)[COLS_MAX] = arena_alloc(a, (ptrdiff_t)(n * (int)sizeof *values), 16);
    int32_t *rows = new (a, int32_t, n);
    for (int c = 0; c < ncols; c++) {
        cols[c] = column_new(a, types[c], n);
        for (int i = 0; i < n; i++) {
            values[i][c] = random_value(types[c]);
            column_put(&cols[c], a, i, &values[i][c]);
        }
    }
    for (int i = 0; i < n; i++) rows[i] = i;
    PackedKeys keys = key_pack(t->keys, cols, NULL, rows, n, a);
    uint8_t **groups = new (a, uint8_t *, n), **fresh = new (a, uint8_t *, n);
    uint32_t touched = 0;
    npushes++;
    int before = nmodel, made = group_table_find(t, &keys, groups, fresh);
    for (int i = 0; i < n; i++) {
        char key[COLS_MAX * 40];
        print_key(key, values[i], ncols);
        Model *m = model_find(key);
        if (!m) {
            assert_true(nmodel < MODEL_MAX);
            m = &model[nmodel++];
            *m = (Model){.group = groups[i]};
            strcpy(m->key, key);
            assert_ptr_equal(fresh[nmodel - 1 - before], groups[i]);
        }
        assert_ptr_equal(m->group, groups[i]);
        m->count++;
        touched += m->push != npushes;
        m->push = npushes;
        ++*(int64_t *)(void *)groups[i];
    }
    assert_int_equal(made, nmodel - before);
    assert_int_equal(t->ntouched, touched); /* once each, whatever was settled before */
}

static void run(const Type *types, int ncols)
{
    Arena perm = {0}, scratch = {0};
    KeyLayout layout = key_layout_new(&perm, types, ncols);
    GroupTable t;
    group_table_init(&t, &layout, 16);
    t.settled = (1 << 30) - 500; /* soon so many that they are counted anew */
    nmodel = 0;
    for (int round = 0; round < 40; round++) {
        push(&t, types, ncols, &scratch);
        if (below(3) == 0) group_table_settle(&t);
        else group_table_settle_at_once(&t);
        for (int k = (int)below(60); k > 0 && nmodel; k--) { /* some go */
            int i = (int)below(nmodel);
            group_table_remove(&t, model[i].group);
            model[i] = model[--nmodel];
        }
        assert_int_equal(t.live, nmodel);
        uint8_t **list = new (&scratch, uint8_t *, t.live);
        assert_int_equal(group_table_list(&t, list), nmodel);
        group_table_sort(&t, list, nmodel, &scratch);
        for (int i = 1; i < nmodel; i++)
            assert_true(key_cmp(&layout, group_words(&t, list[i - 1]), group_head(&t, list[i - 1])->nulls,
                                group_words(&t, list[i]), group_head(&t, list[i])->nulls) < 0);
        for (int i = 0; i < nmodel; i++) {
            assert_int_equal(*(int64_t *)(void *)model[i].group, model[i].count);
            if (below(10) == 0) check_key(&t, model[i].group, types, ncols, model[i].key, &scratch);
        }
        if (below(15) == 0) {
            group_table_clear(&t);
            nmodel = 0;
        }
        arena_reset(&scratch);
        if (nmodel > MODEL_MAX - ROWS) break;
    }
    group_table_free(&t);
    arena_free(&perm);
    arena_free(&scratch);
    assert_int_equal(mem_in_use(), 0);
}

static void test_each_type(void **state)
{
    (void)state;
    for (int i = 0; i < 6; i++) run(&TYPES[i], 1);
}

static void test_several_columns(void **state)
{
    (void)state;
    run(TYPES, 2);
    run(TYPES, 6);
    run(TYPES, 0);
}

/* NULL bits beyond the first word. */
static void test_many_columns(void **state)
{
    (void)state;
    Type types[COLS_MAX];
    for (int i = 0; i < COLS_MAX; i++) types[i] = i > 36 ? TYPES[i % 2] : (Type){.kind = TYPE_BOOLEAN};
    run(types, COLS_MAX);
}

/* Past the index size from which slots are prefetched. */
/* Values far apart, of both signs, and texts that differ early, late or in their length. */
static Value wide_value(Type t, Arena *a)
{
    Value v = {.type = t, .is_null = below(100) == 0};
    if (t.kind == TYPE_TEXT) v.s = str_printf(a, "%.*s%d", (int)below(12), "aaaaaaaaaaaa", (int)below(300));
    else if (t.kind == TYPE_DOUBLE) v.d = (double)(below(2000) - 1000) * (below(2) ? 1e-3 : 1e200);
    else v.i = (below(2000) - 1000) * (below(2) ? 1 : INT64_C(1) << 52);
    return v;
}

static void test_order_of_many(void **state)
{
    (void)state;
    for (int type = 0; type < 3; type++) {
        Arena a = {0};
        KeyLayout layout = key_layout_new(&a, &TYPES[type], 1);
        GroupTable t;
        group_table_init(&t, &layout, 8);
        Column c = column_new(&a, TYPES[type], BATCH_ROWS_MAX);
        int32_t *rows = new (&a, int32_t, BATCH_ROWS_MAX);
        for (int i = 0; i < BATCH_ROWS_MAX; i++) {
            Value v = wide_value(TYPES[type], &a);
            column_put(&c, &a, i, &v);
            rows[i] = i;
        }
        uint8_t **groups = new (&a, uint8_t *, BATCH_ROWS_MAX);
        PackedKeys keys = key_pack(&layout, &c, NULL, rows, BATCH_ROWS_MAX, &a);
        group_table_find(&t, &keys, groups, NULL);
        assert_true(t.live > 500);
        group_table_list(&t, groups);
        group_table_sort(&t, groups, t.live, &a);
        for (uint32_t i = 1; i < t.live; i++)
            assert_true(key_cmp(&layout, group_words(&t, groups[i - 1]), group_head(&t, groups[i - 1])->nulls,
                                group_words(&t, groups[i]), group_head(&t, groups[i])->nulls) < 0);
        group_table_free(&t);
        arena_free(&a);
    }
}

static void test_large(void **state)
{
    (void)state;
    Arena a = {0};
    KeyLayout layout = key_layout_new(&a, TYPES, 1);
    GroupTable t;
    group_table_init(&t, &layout, 8);
    enum { N = 100000, STEP = 1000 };
    for (int round = 0; round < 2; round++)
        for (int64_t from = 0; from < N; from += STEP) {
            ArenaMark mark = arena_mark(&a);
            Column c = column_new(&a, TYPES[0], STEP);
            int32_t rows[STEP];
            uint8_t *groups[STEP];
            for (int i = 0; i < STEP; i++) {
                rows[i] = i;
                COL(int64_t, &c)[i] = (from + i) * 7919 % N - N / 2;
            }
            PackedKeys keys = key_pack(&layout, &c, NULL, rows, STEP, &a);
            assert_int_equal(group_table_find(&t, &keys, groups, NULL), round ? 0 : STEP);
            for (int i = 0; i < STEP; i++) assert_int_equal(group_words(&t, groups[i])[0], COL(uint64_t, &c)[i]);
            arena_release(&a, mark);
        }
    assert_int_equal(t.live, N);
    assert_int_equal(t.ntouched, N);
    group_table_free(&t);
    arena_free(&a);
}

int main(void)
{
    model = calloc(MODEL_MAX, sizeof *model);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_each_type),
        cmocka_unit_test(test_several_columns),
        cmocka_unit_test(test_many_columns),
        cmocka_unit_test(test_order_of_many),
        cmocka_unit_test(test_large),
    };
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    free(model);
    return failed;
}
