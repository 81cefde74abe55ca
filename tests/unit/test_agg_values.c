/* test_agg_values.c: aggregates at the ends of their ranges, where the random twin does not go:
 * overflow, exactness, infinities, rounding, large distinct sets; step, merge, save and load agree. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "base/decimal.h"
#include "exec/agg/agg_set.h"

#include <math.h>

extern const AggDef agg_sum[], agg_avg[], agg_count[], agg_min[], agg_variance[], agg_percentile[], agg_covariance[],
    agg_hll[], agg_sketch[], agg_frequency[];

static Arena arena;

static const AggDef *def_of(const AggDef *list, const char *name, int nth)
{
    for (const AggDef *d = list; d->name; d++)
        if (strcmp(d->name, name) == 0 && nth-- == 0) return d;
    fail();
    return NULL;
}

typedef struct Input {
    const AggDef *def;
    Type arg, result;
    bool distinct, retracts;
    const Value *values;
    const int32_t *weights; /* NULL: all 1 */
    int n;
} Input;

static void step_some(const AggSet *s, StateHeap *h, const Input *in, int from, int to, uint8_t *cell)
{
    if (to <= from) return;
    if (to - from > BATCH_ROWS_MAX) {
        step_some(s, h, in, from, from + BATCH_ROWS_MAX, cell);
        step_some(s, h, in, from + BATCH_ROWS_MAX, to, cell);
        return;
    }
    Column col = column_new(&arena, in->arg, to - from);
    int32_t *rows = new (&arena, int32_t, to - from), *weights = new (&arena, int32_t, to - from);
    uint8_t **cells = new (&arena, uint8_t *, to - from);
    for (int i = from; i < to; i++) {
        column_put(&col, &arena, i - from, &in->values[i]);
        rows[i - from] = i - from;
        weights[i - from] = in->weights ? in->weights[i] : 1;
        cells[i - from] = cell;
    }
    Batch b = {.rows = to - from, .ncols = 1, .cols = &col, .weights = in->weights ? weights : NULL};
    agg_set_step(s, h, &arena, &b, rows, to - from, cells);
}

/* The result by one step; then the same by two halves merged, and after saving and loading. */
static Column result_of(const Input *in)
{
    int32_t zero = 0;
    AggCall call = {.def = in->def, .args = &zero, .nargs = 1, .filter = -1, .distinct = in->distinct,
                    .input_retracts = in->retracts, .type = in->result, .arg_types = (Type *)&in->arg,
                    .consts = new (&arena, const Value *, 2)};
    AggSet s;
    assert_int_equal(agg_set_new(&call, 1, &arena, &s, NULL), WEIR_OK);
    StateHeap heap = {0};
    uint8_t *cell[4];
    for (int i = 0; i < 4; i++) cell[i] = arena_alloc(&arena, s.cell_size, 8);
    step_some(&s, &heap, in, 0, in->n, cell[0]);
    step_some(&s, &heap, in, 0, in->n / 2, cell[1]);
    step_some(&s, &heap, in, in->n / 2, in->n, cell[2]);
    agg_set_merge(&s, &heap, &arena, cell[1], cell[2], 1);
    StrBuf saved = {.arena = &arena}, again = {.arena = &arena};
    agg_set_save(&s, &arena, cell[1], &saved);
    StrReader r = {.at = saved.p, .end = saved.p + saved.n};
    assert_int_equal(agg_set_load(&s, &heap, &arena, cell[3], &r), WEIR_OK);
    assert_ptr_equal(r.at, r.end);
    agg_set_save(&s, &arena, cell[3], &again);
    assert_int_equal(saved.n, again.n);
    if (!in->distinct) assert_memory_equal(saved.p, again.p, (size_t)saved.n);
    for (ptrdiff_t cut = 0; cut < saved.n; cut += 1 + saved.n / 50) { /* half a record is refused */
        uint8_t *broken = arena_alloc(&arena, s.cell_size, 8);
        StrReader part = {.at = saved.p, .end = saved.p + cut};
        assert_int_not_equal(agg_set_load(&s, &heap, &arena, broken, &part), WEIR_OK);
    }
    Column out[3];
    const uint8_t *all[] = {cell[0], cell[1], cell[3]};
    agg_set_final(&s, &arena, all, 3, out, &arena);
    Value first = column_value(&out[0], 0);
    for (int i = 1; i < 3; i++) {
        Value v = column_value(&out[0], i);
        assert_true(value_eq(&first, &v));
        assert_int_equal(col_is_err(&out[0], 0), col_is_err(&out[0], i));
    }
    if (agg_set_can_subtract(&s)) { /* what is taken back leaves nothing */
        agg_set_merge(&s, &heap, &arena, cell[0], cell[3], -1);
        uint8_t *empty = arena_alloc(&arena, s.cell_size, 8);
        const uint8_t *two[] = {cell[0], empty};
        Column left[1];
        agg_set_final(&s, &arena, two, 2, left, &arena);
        Value a = column_value(&left[0], 0), b = column_value(&left[0], 1);
        assert_true(value_eq(&a, &b));
        assert_int_equal(cell_row_count(cell[0]), 0);
    }
    for (int i = 0; i < 4; i++) agg_set_destroy(&s, &heap, cell[i]);
    heap_clear(&heap);
    return out[0];
}

#define INTS(...) \
    (const int64_t[]){__VA_ARGS__}, (int)(sizeof((const int64_t[]){__VA_ARGS__}) / sizeof(int64_t))
#define DOUBLES(...) (const double[]){__VA_ARGS__}, (int)(sizeof((const double[]){__VA_ARGS__}) / sizeof(double))

static Column over_ints(const AggDef *def, Type result, const int64_t *v, int n)
{
    Value *values = new (&arena, Value, n);
    for (int i = 0; i < n; i++) values[i] = value_int(v[i]);
    return result_of(&(Input){def, TYPE_BIGINT_, result, false, false, values, NULL, n});
}

static Column over_doubles(const AggDef *def, const double *v, int n)
{
    Value *values = new (&arena, Value, n);
    for (int i = 0; i < n; i++) values[i] = value_double(v[i]);
    return result_of(&(Input){def, TYPE_OF(TYPE_DOUBLE), TYPE_OF(TYPE_DOUBLE), false, false, values, NULL, n});
}

static Column over_decimals(const AggDef *def, Type arg, Type result, const Int128 *v, int n)
{
    Value *values = new (&arena, Value, n);
    for (int i = 0; i < n; i++) values[i] = (Value){.type = arg, .dec = v[i]};
    return result_of(&(Input){def, arg, result, false, false, values, NULL, n});
}

static void test_sum_bigint(void **state)
{
    (void)state;
    const AggDef *sum = def_of(agg_sum, "sum", 0);
    Column c = over_ints(sum, TYPE_BIGINT_, INTS(INT64_MAX, INT64_MAX, -INT64_MAX, 5, -5));
    assert_int_equal(COL(int64_t, &c)[0], INT64_MAX);
    c = over_ints(sum, TYPE_BIGINT_, INTS(INT64_MIN, 0));
    assert_int_equal(COL(int64_t, &c)[0], INT64_MIN);
    c = over_ints(sum, TYPE_BIGINT_, INTS(INT64_MAX, 1)); /* a fault: NULL and marked */
    assert_true(col_is_null(&c, 0) && col_is_err(&c, 0));
    c = over_ints(sum, TYPE_BIGINT_, INTS(INT64_MIN, -1));
    assert_true(col_is_null(&c, 0) && col_is_err(&c, 0));
    c = over_ints(def_of(agg_sum, "sum0", 0), TYPE_BIGINT_, NULL, 0);
    assert_int_equal(COL(int64_t, &c)[0], 0);
    c = over_ints(sum, TYPE_BIGINT_, NULL, 0);
    assert_true(col_is_null(&c, 0) && !col_is_err(&c, 0));
}

static void test_sum_double(void **state)
{
    (void)state;
    const AggDef *sum = def_of(agg_sum, "sum", 2);
    Column c = over_doubles(sum, DOUBLES(1e308, 1, -1e308, 1e-300, -1e-300));
    assert_true(COL(double, &c)[0] == 1);
    c = over_doubles(sum, DOUBLES(0.1, 0.2, 0.3, -0.3, -0.2, -0.1));
    assert_true(COL(double, &c)[0] == 0);
    c = over_doubles(sum, DOUBLES(1e308, 1e308));
    assert_true(isinf(COL(double, &c)[0]));
    c = over_doubles(sum, DOUBLES(INFINITY, 1));
    assert_true(isinf(COL(double, &c)[0]));
    c = over_doubles(sum, DOUBLES(INFINITY, -INFINITY));
    assert_true(col_is_null(&c, 0));
    c = over_doubles(def_of(agg_avg, "avg", 2), DOUBLES(1e308, 1e308, 1e308));
    assert_true(COL(double, &c)[0] == 1e308);
}

static void test_decimal(void **state)
{
    (void)state;
    Type arg = TYPE_DECIMAL_(38, 2), sum_type = TYPE_DECIMAL_(38, 2), avg_type = TYPE_DECIMAL_(38, 6);
    Int128 big = decimal_pow10(38) - 1;
    Column c = over_decimals(def_of(agg_sum, "sum", 1), arg, sum_type, (Int128[]){big, big, big, -big, -big}, 5);
    assert_true(COL(Int128, &c)[0] == big);
    c = over_decimals(def_of(agg_sum, "sum", 1), arg, sum_type, (Int128[]){big, 1}, 2);
    assert_true(col_is_null(&c, 0) && col_is_err(&c, 0));
    Int128 half = decimal_pow10(31);
    c = over_decimals(def_of(agg_avg, "avg", 1), arg, avg_type, (Int128[]){half, half, half, half}, 4);
    assert_true(COL(Int128, &c)[0] == half * 10000);
    c = over_decimals(def_of(agg_avg, "avg", 1), arg, avg_type, (Int128[]){big, big, big}, 3); /* 42 digits */
    assert_true(col_is_null(&c, 0) && col_is_err(&c, 0));
    /* 0.01 / 3 and 2/3: half away from zero at the sixth digit */
    c = over_decimals(def_of(agg_avg, "avg", 1), arg, avg_type, (Int128[]){1, 0, 0}, 3);
    assert_int_equal((int64_t)COL(Int128, &c)[0], 3333);
    c = over_decimals(def_of(agg_avg, "avg", 1), arg, avg_type, (Int128[]){-200, 0, 0}, 3);
    assert_int_equal((int64_t)COL(Int128, &c)[0], -666667);
}

static void test_avg_bigint(void **state)
{
    (void)state;
    const AggDef *avg = def_of(agg_avg, "avg", 0);
    Column c = over_ints(avg, TYPE_OF(TYPE_DOUBLE), INTS(INT64_MAX, INT64_MAX, INT64_MAX));
    assert_true(COL(double, &c)[0] == 0x1p63);
    c = over_ints(avg, TYPE_OF(TYPE_DOUBLE), INTS((INT64_C(1) << 53) + 1, (INT64_C(1) << 53) + 1, (INT64_C(1) << 53) + 4));
    assert_true(COL(double, &c)[0] == 0x1p53 + 2);
    c = over_ints(avg, TYPE_OF(TYPE_DOUBLE), INTS(1, 1, 2));
    assert_true(COL(double, &c)[0] == 4.0 / 3.0);
}

static void test_variance(void **state)
{
    (void)state;
    /* Far from zero, where sums of squares in doubles would cancel to nothing. */
    Column c = over_doubles(def_of(agg_variance, "var_samp", 1), DOUBLES(1e9 + 4, 1e9 + 7, 1e9 + 13, 1e9 + 16));
    assert_true(COL(double, &c)[0] == 30);
    c = over_ints(def_of(agg_variance, "var_pop", 0), TYPE_OF(TYPE_DOUBLE), INTS(INT64_MAX, INT64_MAX - 2));
    assert_true(COL(double, &c)[0] == 1);
    c = over_ints(def_of(agg_variance, "var_samp", 0), TYPE_OF(TYPE_DOUBLE), INTS(5));
    assert_true(col_is_null(&c, 0));
    c = over_doubles(def_of(agg_variance, "stddev_pop", 1), DOUBLES(INFINITY, 1));
    assert_true(col_is_null(&c, 0));
}

static void test_median(void **state)
{
    (void)state;
    Column c = over_doubles(def_of(agg_percentile, "median", 0), DOUBLES(3, 1, 2));
    assert_true(COL(double, &c)[0] == 2);
    c = over_doubles(def_of(agg_percentile, "median", 0), DOUBLES(3, 1, 2, 4));
    assert_true(COL(double, &c)[0] == 2.5);
    c = over_doubles(def_of(agg_percentile, "median", 0), NULL, 0);
    assert_true(col_is_null(&c, 0));
}

/* Many values: the set's index grows; each goes as often as it came. */
static void test_distinct(void **state)
{
    (void)state;
    enum { N = 3000 };
    Value *values = new (&arena, Value, N);
    int32_t *weights = new (&arena, int32_t, N);
    for (int i = 0; i < N; i++) {
        values[i] = value_text(str_printf(&arena, "a value that is not short %d", i % 1000));
        weights[i] = i < 2000 ? 1 : i % 1000 < 500 ? -2 : -1; /* the first 500 are gone in the end */
    }
    Input in = {def_of(agg_count, "count", 0), TYPE_OF(TYPE_TEXT), TYPE_BIGINT_, true, true, values, weights, N};
    Column c = result_of(&in);
    assert_int_equal(COL(int64_t, &c)[0], 500);
}

static void test_min_max(void **state)
{
    (void)state;
    Column c = over_doubles(def_of(agg_min, "min", 0), DOUBLES(-0.0, 0.0));
    assert_false(signbit(COL(double, &c)[0]));
    c = over_ints(def_of(agg_min, "max", 0), TYPE_BIGINT_, INTS(INT64_MIN, INT64_MIN));
    assert_int_equal(COL(int64_t, &c)[0], INT64_MIN);
    c = over_doubles(def_of(agg_min, "max", 0), DOUBLES(-INFINITY, -1e308));
    assert_true(COL(double, &c)[0] == -1e308);
    Int128 v[] = {decimal_pow10(38) - 1, -(decimal_pow10(38) - 1)};
    c = over_decimals(def_of(agg_min, "min", 0), TYPE_DECIMAL_(38, 0), TYPE_DECIMAL_(38, 0), v, 2);
    assert_true(COL(Int128, &c)[0] == v[1]);
}

/* Within five standard errors at every size, over values of a kind that hash alike or not at all alike. */
static void test_approx_count_distinct(void **state)
{
    (void)state;
    for (int n = 0; n <= 200000; n = n * 3 + 1) {
        Value *values = new (&arena, Value, n);
        for (int i = 0; i < n; i++) values[i] = value_int(n % 2 ? i : (int64_t)i * 1000003);
        Input in = {def_of(agg_hll, "approx_count_distinct", 0), TYPE_BIGINT_, TYPE_BIGINT_, false, false, values, NULL, n};
        Column c = result_of(&in);
        double got = (double)COL(int64_t, &c)[0], want = in.n;
        assert_true(fabs(got - want) <= 0.5 + want * 5 * 0.01625);
        if (want < 10) assert_true(got == want);
    }
}

/* Of random sizes from tiny to huge, both signs: within 1 % of the value at that rank. */
static void test_approx_percentile(void **state)
{
    (void)state;
    enum { N = 2001 };
    Value *values = new (&arena, Value, N);
    double sorted[N];
    uint64_t seed = 7;
    for (int i = 0; i < N; i++) {
        seed = seed * 6364136223846793005u + 1442695040888963407u;
        double x = ldexp((double)(seed >> 11) / 9007199254740992.0 - 0.5, (int)(seed >> 5 & 63) - 20);
        values[i] = value_double(x);
        int at = i;
        for (; at > 0 && sorted[at - 1] > x; at--) sorted[at] = sorted[at - 1];
        sorted[at] = x;
    }
    Input in = {def_of(agg_sketch, "approx_median", 0), TYPE_OF(TYPE_DOUBLE), TYPE_OF(TYPE_DOUBLE), false, true, values, NULL, N};
    Column c = result_of(&in);
    double want = sorted[(N + 1) / 2 - 1];
    assert_true(fabs(COL(double, &c)[0] - want) <= fabs(want) * 0.01);
    c = over_doubles(in.def, DOUBLES(100, 100, 7));
    assert_true(COL(double, &c)[0] == 100);
    c = over_doubles(in.def, DOUBLES(INFINITY, -0.0, -INFINITY));
    assert_true(COL(double, &c)[0] == 0 && !signbit(COL(double, &c)[0]));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_sum_bigint), cmocka_unit_test(test_sum_double), cmocka_unit_test(test_decimal),
        cmocka_unit_test(test_avg_bigint), cmocka_unit_test(test_variance),   cmocka_unit_test(test_median),
        cmocka_unit_test(test_distinct),   cmocka_unit_test(test_min_max),
        cmocka_unit_test(test_approx_count_distinct), cmocka_unit_test(test_approx_percentile),
    };
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    arena_free(&arena);
    return failed;
}
