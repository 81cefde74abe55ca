/* aggregate_twin.h: the aggregates under test, and what each of them is over rows that are all there:
 * computed from scratch, by its name, with nothing of the engine's. */
#ifndef WEIR_TESTS_AGGREGATE_TWIN_H
#define WEIR_TESTS_AGGREGATE_TWIN_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "exec/agg/agg.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

enum { COL_K, COL_S, COL_T, COL_V, COL_D, COL_FLAG, COL_M, NCOLS };
enum { PARTITIONS = 3, ROWS_MAX = 20000, TEXT_MAX = 40, LINE_MAX_BYTES = 30000 };

typedef struct Row {
    int64_t k, t, v, judge;
    double d;
    int64_t m;              /* cents */
    char s[TEXT_MAX];
    int8_t flag;            /* 0, 1, 2 NULL */
    bool k_null, s_null, v_null, d_null, m_null;
    int32_t partition, ordinal;
    int64_t offset, arrival;
} Row;

/* ---- the aggregates under test ---------------------------------------------------------------- */

extern const AggDef agg_array[], agg_avg[], agg_bit[], agg_bool[], agg_count[], agg_covariance[], agg_first[], agg_min[],
    agg_percentile[], agg_string[], agg_sum[], agg_variance[], agg_frequency[], agg_moments[], agg_sketch[], agg_weighted[];

typedef struct Case {
    const AggDef *list;
    const char *name;
    int args[3], nargs;
    int filter;
    bool distinct, by_position;
    int order_col;       /* -1: none */
    bool descending;
    int overload;        /* nth of that name */
    Type type;
} Case;

static void print_key(char *out, int col, const Row *r)
{
    char *p = out + strlen(out);
    size_t room = LINE_MAX_BYTES - (size_t)(p - out);
    if (col == COL_K && !r->k_null) snprintf(p, room, "%" PRId64 "|", r->k);
    else if (col == COL_S && !r->s_null) snprintf(p, room, "%s|", r->s);
    else if (col == COL_D && !r->d_null) snprintf(p, room, "%.17g|", r->d + 0.0);
    else if (col == COL_FLAG && r->flag != 2) snprintf(p, room, "%d|", r->flag);
    else if (col == COL_M && !r->m_null) snprintf(p, room, "%" PRId64 "e-2|", r->m);
    else if (col == COL_T) snprintf(p, room, "%" PRId64 "|", r->t);
    else if (col == COL_V && !r->v_null) snprintf(p, room, "%" PRId64 "|", r->v);
    else snprintf(p, room, "NULL|");
}

/* ---- the twin's aggregates -------------------------------------------------------------------- */

static bool naive_is_null(const Row *r, int col)
{
    switch (col) {
    case COL_K: return r->k_null;
    case COL_S: return r->s_null;
    case COL_V: return r->v_null;
    case COL_D: return r->d_null;
    case COL_FLAG: return r->flag == 2;
    case COL_M: return r->m_null;
    default: return false;
    }
}
static double naive_number(const Row *r, int col)
{
    switch (col) {
    case COL_K: return (double)r->k;
    case COL_T: return (double)r->t;
    case COL_V: return (double)r->v;
    case COL_D: return r->d + 0.0;
    case COL_FLAG: return r->flag;
    case COL_M: return (double)r->m;
    default: return 0;
    }
}
static int naive_order(const Row *a, const Row *b, int col)
{
    if (naive_is_null(a, col) || naive_is_null(b, col)) return (int)naive_is_null(b, col) - (int)naive_is_null(a, col);
    if (col == COL_S) return strcmp(a->s, b->s);
    double x = naive_number(a, col), y = naive_number(b, col);
    return (x > y) - (x < y);
}
static int position_order(const Row *a, const Row *b)
{
    if (a->partition != b->partition) return a->partition < b->partition ? -1 : 1;
    if (a->offset != b->offset) return a->offset < b->offset ? -1 : 1;
    return (a->ordinal > b->ordinal) - (a->ordinal < b->ordinal);
}
static const Case *sort_case;
/* ORDER BY, then position; where rows have none, the arguments. NULLs first ascending. */
static int case_order(const void *x, const void *y)
{
    const Row *a = *(const Row *const *)x, *b = *(const Row *const *)y;
    const Case *c = sort_case;
    int order = c->order_col >= 0 ? naive_order(a, b, c->order_col) : 0;
    if (c->descending) order = -order;
    if (order == 0 && c->by_position) order = position_order(a, b);
    for (int i = 0; order == 0 && i < c->nargs; i++) order = naive_order(a, b, c->args[i]);
    return order;
}

/* The rows a case counts: FILTER, NULLs, DISTINCT; in its order. */
static int naive_rows(const Case *c, const Row *const *rows, int n, bool keep_nulls, const Row **out)
{
    int m = 0;
    for (int i = 0; i < n; i++) {
        if (c->filter >= 0 && rows[i]->flag != 1) continue;
        if (!keep_nulls && c->nargs && naive_is_null(rows[i], c->args[0])) continue;
        out[m++] = rows[i];
    }
    sort_case = c;
    if (m) qsort(out, (size_t)m, sizeof *out, case_order);
    if (!c->distinct) return m;
    int kept = 0;
    for (int i = 0; i < m; i++) {
        bool seen = false;
        for (int k = 0; k < kept && !seen; k++) seen = naive_order(out[i], out[k], c->args[0]) == 0;
        if (!seen) out[kept++] = out[i];
    }
    return kept;
}

static void naive_print(char *out, const Case *c, const Row *r)
{
    if (!r) strcat(out, "NULL|");
    else print_key(out, c->args[0], r);
}

static void naive_best(char *out, const Case *c, const Row **rows, int n, int col, int sign)
{
    const Row *best = NULL;
    for (int i = 0; i < n; i++) {
        if (naive_is_null(rows[i], col)) continue;
        if (!best || naive_order(rows[i], best, col) * sign < 0) best = rows[i];
    }
    naive_print(out, c, best);
}

static void naive_sum(char *out, const Case *c, const Row **rows, int n)
{
    char *p = out + strlen(out);
    int col = c->args[0];
    __int128 sum = 0; /* of quarters for doubles */
    for (int i = 0; i < n; i++) sum += col == COL_D ? (int64_t)(rows[i]->d * 4) : col == COL_M ? rows[i]->m : rows[i]->v;
    bool avg = strcmp(c->name, "avg") == 0;
    if (n == 0) sprintf(p, strcmp(c->name, "sum0") == 0 ? "0|" : "NULL|");
    else if (col == COL_D) sprintf(p, "%.17g|", avg ? (double)sum / 4 / n : (double)sum / 4);
    else if (col == COL_M && avg) {
        __int128 big = sum * 10000, q = big / n, r = big % n;
        if (2 * (r < 0 ? -r : r) >= n) q += big < 0 ? -1 : 1;
        sprintf(p, "%" PRId64 "e-6|", (int64_t)q);
    } else if (col == COL_M) sprintf(p, "%" PRId64 "e-2|", (int64_t)sum);
    else if (avg) sprintf(p, "%.17g|", (double)(int64_t)sum / n);
    else sprintf(p, "%" PRId64 "|", (int64_t)sum);
}

/* rows are in the case's order. */
static void naive_first(char *out, const Case *c, const Row **rows, int n)
{
    const Row *best = NULL;
    if (c->name[0] == 'f' && n) best = rows[0];
    if (c->name[0] == 'l' && n) best = rows[n - 1];
    if (c->name[0] == 'a') {
        int sign = strcmp(c->name, "arg_max") == 0 ? -1 : 1;
        for (int i = 0; i < n; i++) {
            if (naive_is_null(rows[i], c->args[1])) continue;
            if (!best || naive_order(rows[i], best, c->args[1]) * sign < 0) best = rows[i];
        }
    }
    naive_print(out, c, best);
}

static void naive_join(char *out, const Row **rows, int n)
{
    for (int i = 0; i < n; i++) sprintf(out + strlen(out), "%s%s", i ? "," : "", rows[i]->s);
    strcat(out, n ? "|" : "NULL|");
}

static void naive_array(char *out, const Case *c, const Row **rows, int n)
{
    char *p = out + strlen(out);
    if (n == 0) {
        strcpy(p, "NULL|");
        return;
    }
    for (int i = 0; i < n; i++) {
        p += sprintf(p, "%c", i ? ',' : '[');
        if (naive_is_null(rows[i], c->args[0])) p += sprintf(p, "null");
        else if (c->args[0] == COL_S) p += sprintf(p, "\"%s\"", rows[i]->s);
        else p += sprintf(p, "%" PRId64, rows[i]->v);
    }
    strcpy(p, "]|");
}

static void naive_variance(char *out, const Case *c, const Row **rows, int n)
{
    bool sample = strstr(c->name, "samp") != NULL;
    __int128 x = 0, xx = 0;
    for (int i = 0; i < n; i++) {
        x += rows[i]->v;
        xx += (__int128)rows[i]->v * rows[i]->v;
    }
    double v = (double)(n * xx - x * x) / n / (n - sample);
    if (n <= sample) strcat(out, "NULL|");
    else sprintf(out + strlen(out), "%.17g|", strncmp(c->name, "std", 3) == 0 ? sqrt(v) : v);
}

static void naive_bits(char *out, const Case *c, const Row **rows, int n)
{
    int64_t v = n ? rows[0]->v : 0;
    for (int i = 1; i < n; i++) v = c->name[4] == 'a' ? v & rows[i]->v : c->name[4] == 'o' ? v | rows[i]->v : v ^ rows[i]->v;
    if (n) sprintf(out + strlen(out), "%" PRId64 "|", v);
    else strcat(out, "NULL|");
}

static void naive_bool(char *out, const Case *c, const Row **rows, int n)
{
    bool all = true, any = false;
    for (int i = 0; i < n; i++) {
        all &= rows[i]->flag == 1;
        any |= rows[i]->flag == 1;
    }
    if (n == 0) strcat(out, "NULL|");
    else strcat(out, (strcmp(c->name, "bool_and") == 0 ? all : any) ? "1|" : "0|");
}

/* Values in order, NULLs left out. */
static void naive_quantile(char *out, const Case *c, const Row **rows, int n)
{
    Case by_value = *c;
    by_value.order_col = c->args[0];
    by_value.by_position = by_value.descending = false;
    sort_case = &by_value;
    if (n) qsort(rows, (size_t)n, sizeof *rows, case_order);
    if (n == 0) {
        strcat(out, "NULL|");
    } else if (strcmp(c->name, "mode") == 0) {
        int best = 0, most = 0;
        for (int i = 0, run = 1; i < n; i++, run++) {
            if (i + 1 < n && naive_order(rows[i], rows[i + 1], c->args[0]) == 0) continue;
            if (run > most) {
                most = run;
                best = i;
            }
            run = 0;
        }
        naive_print(out, c, rows[best]);
    } else {
        sprintf(out + strlen(out), "%.17g|", (naive_number(rows[(n - 1) / 2], COL_D) + naive_number(rows[n / 2], COL_D)) / 2);
    }
}

/* Rows sorted by their first argument: the next run of equal ones begins behind the one at `from`. */
static int run_end(const Case *c, const Row **rows, int n, int from)
{
    int to = from + 1;
    while (to < n && naive_order(rows[from], rows[to], c->args[0]) == 0) to++;
    return to;
}

static void naive_json(char *out, const Case *c, const Row *r)
{
    if (c->args[0] == COL_S) sprintf(out + strlen(out), "\"%s\"", r->s);
    else sprintf(out + strlen(out), "%" PRId64, r->v);
}

static double naive_moment(const Case *c, const Row **rows, int n)
{
    int64_t quarters = 0;
    double s2 = 0, s3 = 0, s4 = 0;
    for (int i = 0; i < n; i++) quarters += (int64_t)(rows[i]->d * 4);
    double mean = (double)quarters / 4 / n, count;
    for (int i = 0, to; i < n; i = to) {
        to = run_end(c, rows, n, i);
        double d = naive_number(rows[i], COL_D) - mean;
        count = to - i;
        s2 += count * (d * d);
        s3 += count * (d * d * d);
        s4 += count * ((d * d) * (d * d));
    }
    if (s2 == 0) return NAN;
    double skew = s3 / n / pow(s2 / n, 1.5), kurt = n * s4 / (s2 * s2) - 3, m = n;
    if (strcmp(c->name, "skewness") == 0) return n < 3 ? NAN : skew * sqrt(m * (m - 1)) / (m - 2);
    return kurt;
}

static double naive_product(const Case *c, const Row **rows, int n)
{
    double v = 1;
    for (int i = 0, to; i < n; i = to) {
        to = run_end(c, rows, n, i);
        double x = naive_number(rows[i], COL_D), p = 1;
        for (int k = to - i; k > 0; k >>= 1, x *= x)
            if (k & 1) p *= x;
        v *= p;
    }
    return v;
}

static double naive_entropy(const Case *c, const Row **rows, int n)
{
    double sum = 0;
    for (int i = 0, to; i < n; i = to) {
        to = run_end(c, rows, n, i);
        sum += (double)(to - i) * log2((double)(to - i));
    }
    double bits = log2((double)n) - sum / n;
    return bits > 0 && run_end(c, rows, n, 0) < n ? bits : 0;
}

/* What is found in a sorted list of values. */
static bool naive_sorted(char *out, const Case *c, const Row **rows, int n)
{
    bool counts = strcmp(c->name, "histogram") == 0, set = strcmp(c->name, "collect_set") == 0;
    bool greatest = strcmp(c->name, "topk") == 0, frequent = strcmp(c->name, "approx_top_k") == 0;
    bool number = strstr(c->name, "ness") || strstr(c->name, "kurtosis") || strcmp(c->name, "product") == 0 ||
                  strcmp(c->name, "entropy") == 0 || strcmp(c->name, "approx_median") == 0 ||
                  strcmp(c->name, "weighted_avg") == 0;
    if (!counts && !set && !greatest && !frequent && !number) return false;
    Case by_value = *c;
    by_value.order_col = c->args[0];
    by_value.by_position = by_value.descending = false;
    sort_case = &by_value;
    if (n) qsort(rows, (size_t)n, sizeof *rows, case_order);
    if (n == 0) {
        strcat(out, "NULL|");
    } else if (number) {
        double v, num = 0, den = 0;
        for (int i = 0; i < n; i++) num += rows[i]->d * rows[i]->d, den += rows[i]->d;
        if (strcmp(c->name, "entropy") == 0) v = naive_entropy(c, rows, n);
        else if (strcmp(c->name, "product") == 0) v = naive_product(c, rows, n);
        else if (strcmp(c->name, "approx_median") == 0) v = naive_number(rows[(n + 1) / 2 - 1], COL_D);
        else if (strcmp(c->name, "weighted_avg") == 0) v = den == 0 ? NAN : num / den;
        else v = naive_moment(c, rows, n);
        if (isnan(v)) strcat(out, "NULL|");
        else sprintf(out + strlen(out), "%.17g|", v);
    } else if (greatest || frequent) {
        int best = n - 1, most = 0;
        for (int i = 0, to; frequent && i < n; i = to) {
            to = run_end(c, rows, n, i);
            if (to - i > most) {
                most = to - i;
                best = i;
            }
        }
        strcat(out, "[");
        naive_json(out, c, rows[best]);
        strcat(out, "]|");
    } else {
        for (int i = 0, to; i < n; i = to) {
            to = run_end(c, rows, n, i);
            strcat(out, i ? "," : counts ? "{" : "[");
            naive_json(out, c, rows[i]);
            if (counts) sprintf(out + strlen(out), ":%d", to - i);
        }
        strcat(out, counts ? "}|" : "]|");
    }
    return true;
}

static void naive_other(char *out, const Case *c, const Row **rows, int n)
{
    if (strcmp(c->name, "count_if") == 0) {
        int trues = 0;
        for (int i = 0; i < n; i++) trues += rows[i]->flag == 1;
        sprintf(out + strlen(out), "%d|", trues);
    } else if (strncmp(c->name, "bit_", 4) == 0) naive_bits(out, c, rows, n);
    else if (strncmp(c->name, "bool_", 5) == 0) naive_bool(out, c, rows, n);
    else if (strcmp(c->name, "string_agg") == 0) naive_join(out, rows, n);
    else if (strcmp(c->name, "array_agg") == 0) naive_array(out, c, rows, n);
    else if (strncmp(c->name, "var_", 4) == 0 || strncmp(c->name, "stddev_", 7) == 0) naive_variance(out, c, rows, n);
    else if (strcmp(c->name, "median") == 0 || strcmp(c->name, "mode") == 0) naive_quantile(out, c, rows, n);
    else naive_first(out, c, rows, n);
}

static void naive_value(char *out, const Case *c, const Row *const *all, int nall)
{
    const Row **rows = malloc((size_t)(nall + 1) * sizeof *rows);
    bool keep_nulls = strstr(c->name, "_value") || strncmp(c->name, "arg_", 4) == 0 || strstr(c->name, "array");
    if (strcmp(c->name, "any_value") == 0) keep_nulls = false;
    int n = naive_rows(c, all, nall, keep_nulls, rows);
    char *p = out + strlen(out);
    if (strcmp(c->name, "count") == 0) sprintf(p, "%d|", n);
    else if (strcmp(c->name, "sum") == 0 || strcmp(c->name, "avg") == 0) naive_sum(out, c, rows, n);
    else if (strcmp(c->name, "min") == 0 || strcmp(c->name, "any_value") == 0) naive_best(out, c, rows, n, c->args[0], 1);
    else if (strcmp(c->name, "max") == 0) naive_best(out, c, rows, n, c->args[0], -1);
    else if (naive_sorted(out, c, rows, n)) {}
    else naive_other(out, c, rows, n);
    free(rows);
}

/* ---- cases ------------------------------------------------------------------------------------ */

#define BIGINT {.kind = TYPE_BIGINT, .int_bits = 64}
#define DOUBLE {.kind = TYPE_DOUBLE}
#define TEXT {.kind = TYPE_TEXT}
#define BOOLEAN {.kind = TYPE_BOOLEAN}
#define DECIMAL(p, s) {.kind = TYPE_DECIMAL, .precision = p, .scale = s}
#define PLAIN .filter = -1, .order_col = -1
#define ORDERED .filter = -1, .order_col = COL_T, .by_position = true
static const TypeField COUNT_PARTS[] = {{.type = TEXT}, {.type = BIGINT}};
#define COUNTS {.kind = TYPE_MAP, .args = COUNT_PARTS, .nargs = 2}
static const Case CASES[] = {
    {agg_count, "count", PLAIN, .type = BIGINT},
    {agg_count, "count", {COL_V}, 1, PLAIN, .type = BIGINT},
    {agg_sum, "sum", {COL_V}, 1, PLAIN, .type = BIGINT},
    {agg_sum, "sum", {COL_V}, 1, .filter = COL_FLAG, .order_col = -1, .type = BIGINT},
    {agg_sum, "sum", {COL_M}, 1, PLAIN, .overload = 1, .type = DECIMAL(38, 2)},
    {agg_sum, "sum", {COL_D}, 1, PLAIN, .overload = 2, .type = DOUBLE},
    {agg_avg, "avg", {COL_V}, 1, PLAIN, .type = DOUBLE},
    {agg_avg, "avg", {COL_M}, 1, PLAIN, .overload = 1, .type = DECIMAL(38, 6)},
    {agg_min, "min", {COL_V}, 1, PLAIN, .type = BIGINT},
    {agg_min, "max", {COL_S}, 1, PLAIN, .type = TEXT},
    {agg_min, "min", {COL_S}, 1, .filter = COL_FLAG, .order_col = -1, .type = TEXT},
    {agg_min, "max", {COL_D}, 1, PLAIN, .type = DOUBLE},
    {agg_min, "min", {COL_M}, 1, PLAIN, .type = DECIMAL(18, 2)},
    {agg_min, "max", {COL_FLAG}, 1, PLAIN, .type = BOOLEAN},
    {agg_count, "count", {COL_V}, 1, PLAIN, .distinct = true, .type = BIGINT},
    {agg_count, "count", {COL_V}, 1, .filter = COL_FLAG, .order_col = -1, .distinct = true, .type = BIGINT},
    {agg_count, "count", {COL_S}, 1, .filter = COL_FLAG, .order_col = -1, .distinct = true, .type = BIGINT},
    {agg_sum, "sum", {COL_V}, 1, PLAIN, .distinct = true, .type = BIGINT},
    {agg_first, "first_value", {COL_V}, 1, ORDERED, .type = BIGINT},
    {agg_first, "last_value", {COL_S}, 1, ORDERED, .type = TEXT},
    {agg_first, "arg_min", {COL_S, COL_V}, 2, ORDERED, .type = TEXT},
    {agg_first, "arg_max", {COL_D, COL_M}, 2, .filter = COL_FLAG, .order_col = COL_T, .by_position = true, .type = DOUBLE},
    {agg_first, "first_value", {COL_V}, 1, .filter = -1, .order_col = COL_S, .descending = true, .by_position = true, .type = BIGINT},
    {agg_string, "string_agg", {COL_S}, 1, ORDERED, .type = TEXT},
    {agg_string, "string_agg", {COL_S}, 1, .filter = -1, .order_col = COL_V, .descending = true, .by_position = true, .distinct = true, .type = TEXT},
    {agg_array, "array_agg", {COL_V}, 1, ORDERED, .type = {.kind = TYPE_JSON}},
    {agg_bool, "bool_and", {COL_FLAG}, 1, PLAIN, .type = BOOLEAN},
    {agg_bool, "bool_or", {COL_FLAG}, 1, PLAIN, .type = BOOLEAN},
    {agg_bit, "bit_and", {COL_V}, 1, PLAIN, .type = BIGINT},
    {agg_bit, "bit_or", {COL_V}, 1, PLAIN, .type = BIGINT},
    {agg_bit, "bit_xor", {COL_V}, 1, PLAIN, .type = BIGINT},
    {agg_bit, "bit_xor", {COL_V}, 1, PLAIN, .distinct = true, .type = BIGINT},
    {agg_variance, "var_pop", {COL_V}, 1, PLAIN, .type = DOUBLE},
    {agg_variance, "stddev_samp", {COL_V}, 1, PLAIN, .type = DOUBLE},
    {agg_percentile, "median", {COL_D}, 1, PLAIN, .type = DOUBLE},
    {agg_percentile, "mode", {COL_S}, 1, PLAIN, .type = TEXT},
    {agg_count, "count_if", {COL_FLAG}, 1, PLAIN, .type = BIGINT},
    {agg_min, "any_value", {COL_V}, 1, PLAIN, .type = BIGINT},
    {agg_frequency, "histogram", {COL_S}, 1, PLAIN, .type = COUNTS},
    {agg_frequency, "collect_set", {COL_V}, 1, PLAIN, .type = {.kind = TYPE_ARRAY}},
    {agg_frequency, "topk", {COL_V}, 1, PLAIN, .type = {.kind = TYPE_ARRAY}},
    {agg_frequency, "approx_top_k", {COL_S}, 1, .filter = COL_FLAG, .order_col = -1, .type = {.kind = TYPE_ARRAY}},
    {agg_frequency, "entropy", {COL_S}, 1, PLAIN, .type = DOUBLE},
    {agg_moments, "skewness", {COL_D}, 1, PLAIN, .type = DOUBLE},
    {agg_moments, "kurtosis_pop", {COL_D}, 1, PLAIN, .type = DOUBLE},
    {agg_moments, "product", {COL_D}, 1, PLAIN, .distinct = true, .type = DOUBLE},
    {agg_moments, "product", {COL_D}, 1, PLAIN, .type = DOUBLE},
    {agg_sketch, "approx_median", {COL_D}, 1, PLAIN, .type = DOUBLE},
    {agg_weighted, "weighted_avg", {COL_D, COL_D}, 2, PLAIN, .type = DOUBLE},
};
enum { NCASES = sizeof CASES / sizeof *CASES };
/* One that often stays as it was, so that nothing may go out. */
static const Case *const STEADY = &CASES[8];

#endif
