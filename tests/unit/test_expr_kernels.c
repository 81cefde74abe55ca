/* test_expr_kernels.c: every kernel against a naive twin, on random rows, dense and by selection,
 * with columns and constants on either side. */
#include "tests/unit/expr_fixture.h"
#include "base/decimal.h"
#include "exec/kernel/kernel.h"

enum { N = 500, ROUNDS = 40 };

static uint64_t state_of_chance = 0x9e3779b97f4a7c15u;
static uint64_t chance(void)
{
    state_of_chance ^= state_of_chance << 13;
    state_of_chance ^= state_of_chance >> 7;
    state_of_chance ^= state_of_chance << 17;
    return state_of_chance * 0x2545f4914f6cdd1du;
}

static int64_t random_int(void)
{
    static const int64_t EDGES[] = {0,
                                    1,
                                    -1,
                                    INT64_MAX,
                                    INT64_MIN,
                                    INT64_MAX - 1,
                                    INT32_MAX,
                                    INT32_MIN,
                                    INT64_C(1) << 31,
                                    INT64_C(1) << 32};
    switch (chance() % 4) {
    case 0:
        return EDGES[chance() % 10];
    case 1:
        return (int64_t)(chance() % 20) - 10;
    case 2:
        return (int64_t)chance();
    default:
        return (int64_t)(chance() >> (chance() % 64));
    }
}

static double random_double(void)
{
    static const double EDGES[] = {
        0, -0.0, 1, -1, 1e308, -1e308, 5e-324, __builtin_inf(), -__builtin_inf()};
    return chance() % 3 ? (double)(int64_t)(chance() % 2000 - 1000) / 8 : EDGES[chance() % 9];
}

static Text random_text(Arena *a)
{
    int n = (int)(chance() % 20);
    char *p = new (a, char, n + 1);
    for (int i = 0; i < n; i++) p[i] = (char)(chance() % 3 ? 'a' : chance() % 255 + 1);
    return text_ref(p, n);
}

/* Ascending rows, about two of three; returns how many. */
static int random_sel(uint16_t *sel)
{
    int n = 0;
    for (int i = 0; i < N; i++)
        if (chance() % 3) sel[n++] = (uint16_t)i;
    return n;
}

/* ---- comparisons ---- */

static int sign(int v)
{
    return (v > 0) - (v < 0);
}

static int naive_order(const Value *a, const Value *b)
{
    Int128 x, y;
    switch ((TypeKind)a->type.kind) {
    case TYPE_DOUBLE:
        return (a->d > b->d) - (a->d < b->d);
    case TYPE_DECIMAL:
        return (a->dec > b->dec) - (a->dec < b->dec);
    case TYPE_INTERVAL:
        x = ((Int128)a->iv.months * 30 + a->iv.days) * US_PER_DAY + a->iv.us;
        y = ((Int128)b->iv.months * 30 + b->iv.days) * US_PER_DAY + b->iv.us;
        return (x > y) - (x < y);
    case TYPE_TEXT:
        return sign(memcmp(a->s.p, b->s.p, (size_t)(a->s.n < b->s.n ? a->s.n : b->s.n))) * 2 +
               ((a->s.n > b->s.n) - (a->s.n < b->s.n));
    default:
        return (a->i > b->i) - (a->i < b->i);
    }
}

static bool naive_compare(CompareOp op, int order)
{
    switch (op) {
    case CMP_EQ:
        return order == 0;
    case CMP_NE:
        return order != 0;
    case CMP_LT:
        return order < 0;
    case CMP_LE:
        return order <= 0;
    case CMP_GT:
        return order > 0;
    case CMP_GE:
        return order >= 0;
    case CMP_COUNT:
        break;
    }
    return false;
}

static Value random_value(TypeKind k, Arena *a)
{
    Value v = {.type = TYPE_OF(k)};
    switch (k) {
    case TYPE_BOOLEAN:
        v.i = chance() & 1;
        break;
    case TYPE_DATE:
        v.i = (int32_t)random_int();
        break;
    case TYPE_DOUBLE:
        v.d = random_double();
        break;
    case TYPE_DECIMAL:
        v.dec = (Int128)random_int() * (chance() % 2 ? 1 : 1000000007);
        break;
    case TYPE_INTERVAL:
        v.iv = (Interval){(int32_t)(chance() % 3), (int32_t)(chance() % 61),
                          (int64_t)(chance() % 3) * US_PER_DAY / 2};
        break;
    case TYPE_TEXT: {
        Text t = random_text(a);
        Text *kept = new_one(a, Text);
        *kept = t;
        v.s = text_str(kept);
        break;
    }
    default:
        v.i = random_int();
        break;
    }
    return v;
}

static Column random_column(TypeKind k, bool is_const)
{
    Column c = column_new(&fx.arena, TYPE_OF(k), is_const ? 1 : N);
    c.is_const = is_const;
    for (int i = 0; i < (is_const ? 1 : N); i++) {
        Value v = random_value(k, &fx.arena);
        column_put(&c, &fx.arena, i, &v);
    }
    return c;
}

static void test_comparisons(void **state)
{
    (void)state;
    static const TypeKind KINDS[] = {TYPE_BOOLEAN, TYPE_BIGINT, TYPE_DOUBLE,
                                     TYPE_DECIMAL, TYPE_TEXT,   TYPE_TIMESTAMP,
                                     TYPE_DATE,    TYPE_TIME,   TYPE_INTERVAL};
    for (int round = 0; round < ROUNDS * 9; round++) {
        ArenaMark mark = arena_mark(&fx.arena);
        TypeKind k = KINDS[round % 9];
        Column a = random_column(k, chance() % 4 == 0), b = random_column(k, chance() % 4 == 0);
        uint8_t *out = new (&fx.arena, uint8_t, N);
        uint16_t sel[N];
        int nsel = random_sel(sel);
        bool by_sel = chance() % 2;
        for (CompareOp op = CMP_EQ; op < CMP_COUNT; op++) {
            memset(out, 9, N);
            kernel_compare(k, op)(a.data, a.is_const, b.data, b.is_const, out, by_sel ? sel : NULL,
                                  by_sel ? nsel : N);
            for (int i = 0; i < (by_sel ? nsel : N); i++) {
                int row = by_sel ? sel[i] : i;
                Value x = column_value(&a, row), y = column_value(&b, row);
                assert_int_equal(out[row], naive_compare(op, naive_order(&x, &y)));
            }
            for (int row = 0, at = 0; by_sel && row < N; row++) {
                if (at < nsel && sel[at] == row)
                    at++;
                else
                    assert_int_equal(out[row], 9);
            }
        }
        arena_release(&fx.arena, mark);
    }
}

/* ---- integers ---- */

typedef struct IntCase {
    CheckedKernel kernel;
    Int128 (*exact)(int64_t x, int64_t y);
} IntCase;
static Int128 exact_add(int64_t x, int64_t y)
{
    return (Int128)x + y;
}
static Int128 exact_sub(int64_t x, int64_t y)
{
    return (Int128)x - y;
}
static Int128 exact_mul(int64_t x, int64_t y)
{
    return (Int128)x * y;
}

static void test_checked_arithmetic(void **state)
{
    (void)state;
    static const IntCase CASES[] = {
        {kernel_add_i64, exact_add}, {kernel_sub_i64, exact_sub}, {kernel_mul_i64, exact_mul}};
    for (int round = 0; round < ROUNDS * 6; round++) {
        ArenaMark mark = arena_mark(&fx.arena);
        const IntCase *t = &CASES[round % 3];
        Column a = random_column(TYPE_BIGINT, chance() % 4 == 0),
               b = random_column(TYPE_BIGINT, chance() % 4 == 0);
        bool small = chance() % 2, over = false, by_sel = chance() % 2;
        for (int i = 0; small && i < N; i++) {
            if (!a.is_const || i == 0) COL(int64_t, &a)[i] %= 1000;
            if (!b.is_const || i == 0) COL(int64_t, &b)[i] %= 1000;
        }
        int64_t *out = new (&fx.arena, int64_t, N);
        uint16_t sel[N];
        int nsel = random_sel(sel);
        bool said = t->kernel(a.data, a.is_const, b.data, b.is_const, out, by_sel ? sel : NULL,
                              by_sel ? nsel : N);
        for (int i = 0; i < (by_sel ? nsel : N); i++) {
            int row = by_sel ? sel[i] : i;
            Int128 want =
                t->exact(COL(int64_t, &a)[col_at(&a, row)], COL(int64_t, &b)[col_at(&b, row)]);
            over |= want != (int64_t)want;
            assert_true(out[row] == (int64_t)want);
        }
        assert_int_equal(said, over);
        arena_release(&fx.arena, mark);
    }
}

static int64_t naive_div(int64_t x, int64_t y)
{
    return y == 0 ? 0 : (int64_t)((Int128)x / y);
}
static int64_t naive_mod(int64_t x, int64_t y)
{
    return y == 0 ? 0 : (int64_t)((Int128)x % y);
}

static void test_division(void **state)
{
    (void)state;
    for (int round = 0; round < ROUNDS * 100; round++) {
        ArenaMark mark = arena_mark(&fx.arena);
        Column a = random_column(TYPE_BIGINT, false),
               b = random_column(TYPE_BIGINT, chance() % 8 != 0);
        for (int i = 0; round % 2 && i < N; i++) COL(int64_t, &a)[i] &= INT32_MAX;
        int64_t *q = new (&fx.arena, int64_t, N), *r = new (&fx.arena, int64_t, N);
        uint16_t sel[N];
        bool by_sel = chance() % 2;
        int n = by_sel ? random_sel(sel) : N;
        kernel_div_i64(a.data, false, b.data, b.is_const, q, by_sel ? sel : NULL, n);
        kernel_mod_i64(a.data, false, b.data, b.is_const, r, by_sel ? sel : NULL, n);
        for (int i = 0; i < n; i++) {
            int row = by_sel ? sel[i] : i;
            int64_t x = COL(int64_t, &a)[row], y = COL(int64_t, &b)[col_at(&b, row)];
            assert_true(q[row] == naive_div(x, y));
            assert_true(r[row] == naive_mod(x, y));
        }
        arena_release(&fx.arena, mark);
    }
}

/* Every small divisor, at every multiple's edge. */
static void test_division_at_edges(void **state)
{
    (void)state;
    for (int64_t d = 1; d < 3000; d++) {
        int64_t a[12], q[12], r[12], k = INT32_MAX / d, big = INT64_MAX / d;
        int64_t values[] = {0,         d - 1,         d,       d + 1,       k * d - 1, k * d,
                            INT32_MAX, INT32_MAX - 1, big * d, big * d - 1, INT64_MAX, INT64_MIN};
        memcpy(a, values, sizeof a);
        for (int n = 8; n <= 12; n += 4) { /* the first eight fit 31 bits */
            kernel_div_const(a, d, q, NULL, n);
            kernel_mod_const(a, d, r, NULL, n);
            for (int i = 0; i < n; i++) {
                assert_true(q[i] == a[i] / d);
                assert_true(r[i] == a[i] % d);
            }
        }
    }
}

/* ---- DECIMALs ---- */

static Int128 random_digits(int precision)
{
    Int128 limit = decimal_pow10((int)(chance() % (uint64_t)precision) + 1), v = (Int128)((UInt128)chance() << 64 | chance());
    switch (chance() % 5) {
    case 0:
        return decimal_pow10(precision) - 1;
    case 1:
        return 1 - decimal_pow10(precision);
    default:
        return v % limit;
    }
}

static Type random_decimal(void)
{
    int p = 1 + (int)(chance() % DECIMAL_DIGITS_MAX);
    return TYPE_DECIMAL_((uint8_t)p, (uint8_t)(chance() % (uint64_t)(p + 1)));
}

static Column random_decimals(Type t)
{
    Column c = column_new(&fx.arena, t, N);
    for (int i = 0; i < N; i++) {
        COL(Int128, &c)[i] = random_digits(t.precision);
        if (chance() % 16 == 0) column_set_null(&c, &fx.arena, i), COL(Int128, &c)[i] = 0;
    }
    return c;
}

static Column random_ints(void)
{
    Column c = random_column(TYPE_BIGINT, false);
    for (int i = 0; i < N; i++)
        if (chance() % 16 == 0) column_set_null(&c, &fx.arena, i), COL(int64_t, &c)[i] = 0;
    c.type = TYPE_BIGINT_;
    return c;
}

typedef bool (*DecimalWant)(Int128 a, int as, Int128 b, int bs, Type to, Int128 *out);

static void check_decimal(const Column *got, int row, bool is_null, bool fits, Int128 want)
{
    assert_int_equal(column_error(got, row) != NULL, !is_null && !fits);
    assert_int_equal(col_is_null(got, row), is_null || !fits);
    if (!is_null && fits) assert_true(COL(Int128, got)[col_at(got, row)] == want);
}

/* Whatever way a result takes, it is that of one value after the other. */
static void test_decimals(void **state)
{
    (void)state;
    static const char *const OPS[] = {"+", "-", "*"};
    static const DecimalWant WANTS[] = {decimal_add, decimal_sub, decimal_mul};
    for (int round = 0; round < ROUNDS * 30; round++) {
        ArenaMark mark = arena_mark(&fx.arena);
        Type ta = random_decimal(), tb = chance() % 2 ? random_decimal() : ta, tc = random_decimal();
        Column cols[] = {random_decimals(ta), random_decimals(tb), random_ints()};
        uint16_t sel[N];
        bool by_sel = chance() % 2;
        Batch b = {.rows = N, .ncols = 3, .cols = cols, .sel = by_sel ? sel : NULL, .nsel = by_sel ? random_sel(sel) : 0};
        Int128 constant = random_digits(tb.precision);
        bool by_const = chance() % 3 == 0;
        BExpr *y = by_const ? e_const((Value){.type = tb, .dec = constant}) : e_column(1, tb);
        BExpr *e = e_call(OPS[round % 3], e_column(0, ta), y);
        Column results[] = {evaluated(e, &b, &TEST_ENV), evaluated(e_cast(e_column(0, ta), tc), &b, &TEST_ENV),
                            evaluated(e_cast(e_column(2, TYPE_BIGINT_), tc), &b, &TEST_ENV)};
        for (int k = 0; k < batch_count(&b); k++) {
            int row = batch_row(&b, k);
            Int128 x = COL(Int128, &cols[0])[row], z = by_const ? constant : COL(Int128, &cols[1])[row], want = 0;
            bool is_null = col_is_null(&cols[0], row);
            bool fits = WANTS[round % 3](x, ta.scale, z, tb.scale, e->type, &want);
            check_decimal(&results[0], row, is_null || (!by_const && col_is_null(&cols[1], row)), fits, want);
            fits = decimal_rescale(x, ta.scale, tc, &want);
            check_decimal(&results[1], row, is_null, fits, want);
            fits = decimal_rescale(COL(int64_t, &cols[2])[row], 0, tc, &want);
            check_decimal(&results[2], row, col_is_null(&cols[2], row), fits, want);
        }
        arena_release(&fx.arena, mark);
    }
}

/* ---- doubles, bits, IN ---- */

static void test_doubles(void **state)
{
    (void)state;
    static const DoubleKernel KERNELS[] = {kernel_add_f64, kernel_sub_f64, kernel_mul_f64,
                                           kernel_div_f64};
    for (int round = 0; round < ROUNDS * 4; round++) {
        ArenaMark mark = arena_mark(&fx.arena);
        Column a = random_column(TYPE_DOUBLE, chance() % 4 == 0),
               b = random_column(TYPE_DOUBLE, chance() % 4 == 0);
        double *out = new (&fx.arena, double, N);
        uint16_t sel[N];
        bool by_sel = chance() % 2, nan = false;
        int n = by_sel ? random_sel(sel) : N;
        KERNELS[round % 4](a.data, a.is_const, b.data, b.is_const, out, by_sel ? sel : NULL, n);
        for (int i = 0; i < n; i++) {
            int row = by_sel ? sel[i] : i;
            double x = COL(double, &a)[col_at(&a, row)], y = COL(double, &b)[col_at(&b, row)];
            double want = round % 4 == 0   ? x + y
                          : round % 4 == 1 ? x - y
                          : round % 4 == 2 ? x * y
                          : y == 0         ? 0
                                           : x / y;
            nan |= want != want;
            assert_true(out[row] == want || (want != want && out[row] != out[row]));
        }
        assert_int_equal(kernel_any_nan(out, by_sel ? sel : NULL, n), nan);
        arena_release(&fx.arena, mark);
    }
}

static void test_bits_and_in(void **state)
{
    (void)state;
    static const IntKernel KERNELS[] = {kernel_and_i64, kernel_or_i64, kernel_xor_i64};
    for (int round = 0; round < ROUNDS * 3; round++) {
        ArenaMark mark = arena_mark(&fx.arena);
        Column a = random_column(TYPE_BIGINT, false), b = random_column(TYPE_BIGINT, chance() % 2);
        int64_t *out = new (&fx.arena, int64_t, N), items[7];
        uint8_t *found = new (&fx.arena, uint8_t, N);
        uint16_t sel[N];
        bool by_sel = chance() % 2;
        int n = by_sel ? random_sel(sel) : N, nitems = (int)(chance() % 8);
        for (int i = 0; i < nitems; i++) items[i] = random_int();
        KERNELS[round % 3](a.data, false, b.data, b.is_const, out, by_sel ? sel : NULL, n);
        kernel_in_i64(a.data, items, nitems, found, by_sel ? sel : NULL, n);
        for (int i = 0; i < n; i++) {
            int row = by_sel ? sel[i] : i;
            int64_t x = COL(int64_t, &a)[row], y = COL(int64_t, &b)[col_at(&b, row)];
            bool is_in = false;
            for (int k = 0; k < nitems; k++) is_in |= items[k] == x;
            assert_true(out[row] == (round % 3 == 0   ? (x & y)
                                     : round % 3 == 1 ? (x | y)
                                                      : (x ^ y)));
            assert_int_equal(found[row], is_in);
        }
        arena_release(&fx.arena, mark);
    }
}

static void test_next_at_least(void **state)
{
    (void)state;
    int64_t a[200];
    for (int round = 0; round < 2000; round++) {
        int n = (int)(chance() % 200), from = n ? (int)(chance() % (uint64_t)n) : 0, wanted = from;
        for (int i = 0; i < n; i++) a[i] = random_int();
        int64_t bar = round % 2 ? random_int() : INT64_MAX - (int64_t)(chance() % 3);
        while (wanted < n && a[wanted] < bar) wanted++;
        assert_int_equal(kernel_next_at_least_i64(a, from, n, bar), wanted);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_comparisons, fixture_open, fixture_close),
        cmocka_unit_test_setup_teardown(test_checked_arithmetic, fixture_open, fixture_close),
        cmocka_unit_test_setup_teardown(test_division, fixture_open, fixture_close),
        cmocka_unit_test_setup_teardown(test_division_at_edges, fixture_open, fixture_close),
        cmocka_unit_test_setup_teardown(test_decimals, fixture_open, fixture_close),
        cmocka_unit_test_setup_teardown(test_doubles, fixture_open, fixture_close),
        cmocka_unit_test_setup_teardown(test_bits_and_in, fixture_open, fixture_close),
        cmocka_unit_test(test_next_at_least),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
