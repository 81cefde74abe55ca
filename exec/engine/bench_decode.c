/* bench_decode.c: a stream read into columns, timed inside the engine. */
#include "exec/engine/engine.h"

#include "include/weir_test.h"

static void want_columns(const Relation *rel, const char *columns, bool *wanted)
{
    for (int i = 0; i < rel->ncols; i++)
        wanted[i] = rel->cols[i].kind != COL_COMPUTED && (!columns || name_in_list(columns, rel->cols[i].name));
}

static Status decode_once(weir *db, Relation *rel, const bool *wanted, int64_t *rows)
{
    Arena a = {0};
    SourceSpec spec = {.rel = rel, .wanted = wanted, .env = &db->env, .rows_max = db->settings.batch_rows};
    Source *src;
    Status st = source_open(&spec, &a, &src, &db->diags);
    SourceBatch b;
    SourceStatus got = SOURCE_ENDED;
    *rows = 0;
    while (st == WEIR_OK && (got = source_poll(src, &b, &db->diags)) == SOURCE_ROWS) *rows += b.batch.rows;
    if (st == WEIR_OK) source_close(src);
    arena_free(&a);
    return st == WEIR_OK && got == SOURCE_FAILED ? diag_status(&db->diags) : st;
}

static Status decode_checked(weir *db, Str stream, const char *columns, int runs, weir_bench_result *out)
{
    TRY(engine_enter(db, NEED_NOTHING));
    Relation *rel = catalog_find(&db->catalog, stream);
    if (!rel || rel->kind != REL_STREAM)
        return diag_error(&db->diags, WEIR_E_NOT_FOUND, (Span){0}, "there is no stream \"%.*s\"", STR_ARG(stream));
    bool *wanted = new (&db->call, bool, rel->ncols);
    want_columns(rel, columns, wanted);
    for (int i = 0; i < runs && i < WEIR_BENCH_RUNS_MAX; i++) {
        int64_t wall = db->env.mono_us(db->env.arg), cpu = db->env.cpu_us(db->env.arg);
        TRY(decode_once(db, rel, wanted, &out->rows_in));
        out->runs[i] = (weir_bench_run){db->env.mono_us(db->env.arg) - wall, db->env.cpu_us(db->env.arg) - cpu};
    }
    return WEIR_OK;
}

weir_status weir_bench_decode(weir *db, const char *stream, const char *columns, int runs, weir_bench_result *out)
{
    OomFrame f;
    if (OOM_TRY(&f)) {
        *out = (weir_bench_result){0};
        Status st = decode_checked(db, str_z(stream), columns, runs, out);
        OOM_END(&f);
        return st;
    }
    return engine_nomem(db);
}
