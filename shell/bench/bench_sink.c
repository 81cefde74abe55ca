/* bench_sink.c: operators and sink: ready batches through a view into its table, committed. */
#include "shell/bench/load.h"

#include <stdlib.h>
#include <string.h>

static const Load *load_named(const char *name)
{
    for (const Load *l = bench_loads; l->name; l++)
        if (!strcmp(l->name, name)) return l;
    return NULL;
}

static bool run_once(const Bench *b, const Load *l, const char *script, int run, Figure *f)
{
    char path[4096];
    weir *db;
    weir_options opt = {.settings = b->session->settings};
    weir_exec_options none = {0};
    weir_bench_result r = {0};
    bench_database(b, l, path, sizeof path);
    bool ok = weir_open(path, &opt, &db) == WEIR_OK && weir_exec(db, script, -1, "bench", &none) == WEIR_OK &&
              weir_bench_sink(db, "result0", &r) == WEIR_OK;
    if (!ok) fputs(weir_errmsg(db), stderr);
    weir_close(db);
    f->r.rows_in = r.rows_in;
    f->r.rows_out = r.rows_out;
    f->r.runs[run] = r.runs[0];
    return ok;
}

bool load_sink(const Bench *b, const Load *l, Figure *f)
{
    char *streams = bench_streams(b->events), *script = NULL;
    bool ok = streams && asprintf(&script, "%sCREATE MATERIALIZED VIEW result0 AS %s;\n", streams, load_named(l->input)->sql) > 0;
    f->runs = b->runs;
    for (int i = 0; ok && i < b->runs; i++) ok = run_once(b, l, script, i, f);
    free(script);
    free(streams);
    return ok;
}
