/* bench_operators.c: operators alone, over ready batches into a sink that counts. */
#include "shell/bench/load.h"

bool load_operators(const Bench *b, const Load *l, Figure *f)
{
    f->runs = b->runs;
    if (weir_bench_operators(b->session->db, l->sql, b->runs, 1, &f->r) == WEIR_OK) return true;
    session_tell(b->session);
    return false;
}
