/* bench_decode.c: a file of events read into columns. */
#include "shell/bench/load.h"

#include <stdlib.h>

bool load_decode(const Bench *b, const Load *l, Figure *f)
{
    char *path = bench_input(b, l->input);
    if (!path) return false;
    char *sql = bench_declare("events", l->input, "file", path);
    bool ok = sql && session_query(b->session, "%s", sql);
    free(sql);
    free(path);
    if (!ok) return false;
    ok = weir_bench_decode(b->session->db, "events", l->sql, b->runs, &f->r) == WEIR_OK;
    if (!ok) session_tell(b->session);
    f->runs = b->runs;
    return session_query(b->session, "DROP STREAM events") && ok;
}
