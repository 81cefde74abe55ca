/* fuzz_expr.c: an expression gives the same whoever computes it: whole batches, one row at a time
 * without rewrites, and SQLite, which answers a pull query over a view of the same rows.
 *
 * The bytes choose the expression, so that nearly every input is a valid one. */
#include "tests/fuzz/fuzz_engine.h"

/* id, integers at their edges, doubles, decimals, text, booleans, times, JSON; NULLs in each. */
static const char ROWS[] =
    "{\"id\":1,\"a\":0,\"b\":1,\"x\":0.0,\"y\":1.5,\"m\":\"1.25\",\"s\":\"\",\"t\":\"a\",\"p\":true,\"q\":false,\"at\":\"2024-02-29 23:59:59.999\",\"d\":\"2024-02-29\",\"j\":{\"a\":[1,2]}}\n"
    "{\"id\":2,\"a\":9223372036854775807,\"b\":-1,\"x\":-0.0,\"y\":1e308,\"m\":\"-99999999.99\",\"s\":\"abc\",\"t\":\"%b_\",\"p\":false,\"q\":null,\"at\":\"1969-12-31 23:59:59.999\",\"d\":\"1969-12-31\",\"j\":[1,\"x\",null]}\n"
    "{\"id\":3,\"a\":-9223372036854775808,\"b\":2,\"x\":-1e-300,\"y\":3.0,\"m\":\"0.00\",\"s\":\"gr\xc3\xbc\xc3\x9f Gott\",\"t\":\"\xc3\xbc\",\"p\":null,\"q\":true,\"at\":\"0001-01-01 00:00:00\",\"d\":\"0001-01-01\",\"j\":\"text\"}\n"
    "{\"id\":4,\"a\":null,\"b\":null,\"x\":null,\"y\":null,\"m\":null,\"s\":null,\"t\":null,\"p\":null,\"q\":null,\"at\":null,\"d\":null,\"j\":null}\n"
    "{\"id\":5,\"a\":7,\"b\":3,\"x\":2.5,\"y\":-7.25,\"m\":\"7.50\",\"s\":\"12\",\"t\":\"3\",\"p\":true,\"q\":true,\"at\":\"2024-03-31 01:30:00\",\"d\":\"2024-03-31\",\"j\":12}\n"
    "{\"id\":6,\"a\":-7,\"b\":3,\"x\":1e15,\"y\":0.1,\"m\":\"-7.50\",\"s\":\" trim me \",\"t\":\" \",\"p\":false,\"q\":false,\"at\":\"9999-12-31 23:59:59.999\",\"d\":\"9999-12-31\",\"j\":{}}\n"
    "{\"id\":7,\"a\":63,\"b\":64,\"x\":9223372036854775807,\"y\":0.5,\"m\":\"0.05\",\"s\":\"a,b,,c\",\"t\":\",\",\"p\":null,\"q\":false,\"at\":\"2000-01-01 12:00:00.5\",\"d\":\"2000-01-01\",\"j\":{\"a\":{\"b\":\"c\"}}}\n"
    "{\"id\":8,\"a\":12345,\"b\":-100,\"x\":123456.789,\"y\":-0.001,\"m\":\"123.45\",\"s\":\"2024-01-01 00:00:00\",\"t\":\"0.5\",\"p\":true,\"q\":null,\"at\":\"1970-01-01 00:00:00\",\"d\":\"1970-01-01\",\"j\":[]}\n";

static FuzzEngine whole, row_wise;

/* ---- an expression from bytes ------------------------------------------------------------------------ */

typedef enum Kind { INTEGER, REAL, EXACT, STRING, TRUTH, MOMENT, DAY, KINDS } Kind;

typedef struct Maker {
    Choices c;
    FILE *out;
} Maker;

static void make(Maker *m, Kind k, int depth);

/* Writes a template, %i %d %e %s %b %t %y standing for expressions of the kinds, %? for one of any. */
static void fill(Maker *m, const char *template, int depth)
{
    static const char LETTERS[] = "idesbty";
    for (const char *p = template; *p; p++) {
        if (*p != '%') {
            fputc(*p, m->out);
            continue;
        }
        const char *at = strchr(LETTERS, *++p);
        if (*p == '%') fputc('%', m->out);
        else make(m, at ? (Kind)(at - LETTERS) : (Kind)choose(&m->c, KINDS), depth - 1);
    }
}

/* Per kind: first what has no operands. */
static const char *const LEAVES[KINDS][12] = {
    [INTEGER] = {"a", "b", "id", "0", "1", "(-1)", "9223372036854775807", "64", "3", NULL},
    [REAL] = {"x", "y", "0e0", "1e0", "1.5e0", "1e308", "(-0e0)", "1e-300", NULL},
    [EXACT] = {"m", "0.5", "1.25", "(-99.9)", "0.00", "12345678901234567890.123", NULL},
    [STRING] = {"s", "t", "''", "'a'", "'%'", "'12'", "'gr\xc3\xbc\xc3\x9f'", "'2024-01-01'", "'{\"a\":1}'", NULL},
    [TRUTH] = {"p", "q", "TRUE", "FALSE", "CAST(NULL AS BOOLEAN)", NULL},
    [MOMENT] = {"at", "TIMESTAMP '2024-02-29 12:00:00'", "TIMESTAMP '1969-12-31 23:59:59.999'", NULL},
    [DAY] = {"d", "DATE '2024-02-29'", "DATE '0001-01-01'", NULL},
};
static const char *const FORMS[KINDS][44] = {
    [INTEGER] = {"(%i + %i)", "(%i - %i)", "(%i * %i)", "(%i / %i)", "(%i %% %i)", "(- %i)", "abs(%i)", "length(%s)",
                 "octet_length(%s)", "CASE WHEN %b THEN %i ELSE %i END", "coalesce(%i, %i)", "nullif(%i, %i)",
                 "CAST(%s AS BIGINT)", "TRY_CAST(%s AS BIGINT)", "CAST(%d AS BIGINT)", "CAST(%e AS BIGINT)", "(%i & %i)",
                 "(%i | %i)", "(%i << %i)", "(%i >> %i)", "sign(%i)", "greatest(%i, %i)", "least(%i, %i)",
                 "extract(year FROM %t)", "extract(dow FROM %t)", "extract(second FROM %t)", "position(%s IN %s)",
                 "CAST(%b AS BIGINT)", "mod(%i, %i)", "(~ %i)", "json_array_length(j)", "TRY_CAST(%s AS INT)",
                 "extract(week FROM %t)", "instr(%s, %s)", "ascii(%s)", NULL},
    [REAL] = {"(%d + %d)", "(%d - %d)", "(%d * %d)", "(%d / %d)", "(- %d)", "abs(%d)", "floor(%d)", "ceil(%d)",
              "round(%d)", "round(%d, %i)", "sqrt(%d)", "CAST(%i AS DOUBLE)", "CAST(%e AS DOUBLE)", "TRY_CAST(%s AS DOUBLE)",
              "CASE WHEN %b THEN %d ELSE %d END", "coalesce(%d, %d)", "nullif(%d, %d)", "(%d + %i)", "(%i / %d)",
              "(%d * %e)", "greatest(%d, %d)", "trunc(%d)", "power(%d, 2e0)", "(%d %% %d)", "sign(%d)", "exp(%d)", NULL},
    [EXACT] = {"(%e + %e)", "(%e - %e)", "(%e * %e)", "(%e / %e)", "(- %e)", "abs(%e)", "(%e + %i)", "CAST(%i AS DECIMAL(20,4))",
               "CAST(%d AS DECIMAL(20,4))", "TRY_CAST(%s AS DECIMAL(12,3))", "round(%e, 1)", "coalesce(%e, %e)", "floor(%e)",
               "CASE WHEN %b THEN %e ELSE %e END", "(%e %% %e)", "least(%e, %e)", "ceil(%e)", "trunc(%e)", NULL},
    [STRING] = {"(%s || %s)", "upper(%s)", "lower(%s)", "trim(%s)", "substr(%s, %i)", "substr(%s, %i, %i)", "replace(%s, %s, %s)",
                "reverse(%s)", "left(%s, %i)", "right(%s, %i)", "CAST(%i AS TEXT)", "CAST(%d AS TEXT)", "CAST(%e AS TEXT)",
                "CAST(%t AS TEXT)", "CASE WHEN %b THEN %s ELSE %s END", "coalesce(%s, %s)", "nullif(%s, %s)", "(j ->> 'a')",
                "concat(%s, %s, %i)", "split_part(%s, %s, 2)", "lpad(%s, 9, %s)", "ltrim(%s, %s)", "CAST(%b AS TEXT)",
                "concat_ws(%s, %s, %s)", "json_extract(j, '$.a')", "translate(%s, %s, %s)", "initcap(%s)", "CAST(%y AS TEXT)",
                "hex(%s)", "CAST(j AS TEXT)", "json_type(j)", "greatest(%s, %s)", "repeat(%s, 3)", "overlay(%s PLACING %s FROM 2)",
                "quote(%s)", "to_base64(%s)", "chr(%i)", NULL},
    [TRUTH] = {"(%i < %i)", "(%i = %i)", "(%d < %d)", "(%d = %d)", "(%e <= %e)", "(%s = %s)", "(%s < %s)", "(%t < %t)",
               "(%b AND %b)", "(%b OR %b)", "(NOT %b)", "(%? IS NULL)", "(%? IS NOT NULL)", "(%i IS DISTINCT FROM %i)",
               "(%s LIKE %s)", "(%i BETWEEN %i AND %i)", "(%i IN (%i, %i, NULL))", "(%s IN (%s, %s))", "(%b IS TRUE)",
               "(%b IS NOT FALSE)", "(%d IS NOT DISTINCT FROM %d)", "(%i = %d)", "(%i < %e)", "(%e = %d)", "(%y < %y)",
               "starts_with(%s, %s)", "(%s ILIKE %s)", "(%s NOT LIKE %s ESCAPE '!')", "(%b = %b)", "(%t = %t)", "coalesce(%b, %b)",
               "CASE WHEN %b THEN %b ELSE %b END", "(%s SIMILAR TO 'a%%')", "(%s NOT BETWEEN %s AND %s)", "(%d NOT IN (%d, %d))",
               "(CASE %i WHEN %i THEN 1 END IS NULL)", "(%t BETWEEN %t AND %t)", NULL},
    [MOMENT] = {"(%t + INTERVAL '1' DAY)", "(%t - INTERVAL '1' MONTH)", "(%t + INTERVAL '90' SECOND)", "date_trunc('hour', %t)",
                "date_trunc('month', %t)", "date_trunc('week', %t)", "CAST(%y AS TIMESTAMP(3))", "TRY_CAST(%s AS TIMESTAMP(3))",
                "coalesce(%t, %t)", "CASE WHEN %b THEN %t ELSE %t END", "greatest(%t, %t)", "CAST(%t AS TIMESTAMP(0))", NULL},
    [DAY] = {"CAST(%t AS DATE)", "TRY_CAST(%s AS DATE)", "coalesce(%y, %y)", "CASE WHEN %b THEN %y ELSE %y END", "nullif(%y, %y)", NULL},
};

static uint32_t count_of(const char *const *list)
{
    uint32_t n = 0;
    while (list[n]) n++;
    return n;
}

static void make(Maker *m, Kind k, int depth)
{
    bool is_leaf = depth <= 0 || m->c.at >= m->c.end || choose(&m->c, 4) == 0;
    const char *const *list = is_leaf ? LEAVES[k] : FORMS[k];
    fill(m, list[choose(&m->c, count_of(list))], depth);
}

static char *choose_expression(const uint8_t *data, size_t n)
{
    char *text;
    size_t size;
    Maker m = {.c = {data, data + n}, .out = open_memstream(&text, &size)};
    make(&m, (Kind)choose(&m.c, KINDS), 4);
    fclose(m.out);
    return text;
}

/* ---- the ways ---------------------------------------------------------------------------------------- */

static void open_one(FuzzEngine *e, const char *rows_path)
{
    must(fuzz_open(e) == WEIR_OK, "%s", weir_errmsg(e->db));
    char *sql;
    must(asprintf(&sql, "CREATE STREAM f (id BIGINT, a BIGINT, b BIGINT, x DOUBLE, y DOUBLE, m DECIMAL(10,2), s TEXT, t TEXT,"
                        " p BOOLEAN, q BOOLEAN, at TIMESTAMP(3), d DATE, j JSON)"
                        " WITH (connector = 'file', path = '%s', format = 'json', lenient = true);"
                        "CREATE MATERIALIZED VIEW v AS SELECT * FROM f;", rows_path) > 0, "no memory");
    fuzz_exec(e, sql);
    must(fuzz_run(e) == WEIR_OK, "%s", weir_errmsg(e->db));
    free(sql);
}

static void open_engines(void)
{
    if (whole.db) return;
    char *path = fuzz_path("rows.ndjson");
    fuzz_write(path, ROWS, sizeof ROWS - 1);
    row_wise.settings[0] = "batch_rows=1";
    row_wise.rules_off = "all";
    open_one(&whole, path);
    open_one(&row_wise, path);
    free(path);
    atexit(fuzz_remove_folder);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
    weir_status at_once, one_by_one, pulled;
    char *push, *pull;
    open_engines();
    char *e = choose_expression(data, n);
    must(asprintf(&push, "SELECT id, CAST(%s AS TEXT) AS value FROM f", e) > 0, "no memory");
    must(asprintf(&pull, "SELECT id, CAST(%s AS TEXT) AS value FROM v ORDER BY id", e) > 0, "no memory");
    char *a = fuzz_rows(&whole, push, &at_once), *b = fuzz_rows(&row_wise, push, &one_by_one), *c = fuzz_rows(&whole, pull, &pulled);
    must(at_once == one_by_one && !strcmp(a, b), "%s\nin batches, %d:\n%sa row at a time, %d:\n%s", e, at_once, a, one_by_one, b);
    /* SQLite gives up at the first error, also of a constant that no row reaches; elsewhere an error
     * withholds its row. */
    if (pulled == WEIR_DONE) must(at_once == WEIR_DONE && !strcmp(a, c), "%s\nas a stream, %d:\n%sby SQLite:\n%s", e, at_once, a, c);
    else must(pulled != WEIR_E_STORAGE, "%s\nis not SQL: %s", pull, weir_errmsg(whole.db));
    free(a), free(b), free(c), free(push), free(pull), free(e);
    return 0;
}
