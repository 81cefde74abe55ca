/* budget.c: memory_limit.
 *
 * State goes with keys and windows, not because it is large: so what has reached the limit stays there until
 * somebody decides what is to go. Nothing more is taken, what was taken is committed, and the call that would take
 * more says which view holds most. It is an error, not a fault: whoever raises the limit or drops a view
 * reads on from where it stopped. */
#include "exec/engine/engine.h"

bool budget_is_spent(const weir *db)
{
    return db->settings.memory_limit > 0 && mem_in_use() > db->settings.memory_limit;
}

static int64_t bytes_of(const Query *q)
{
    int64_t sum = 0;
    for (int i = 0; i < q->nops; i++)
        if (q->ops[i]->cls->state_bytes) sum += q->ops[i]->cls->state_bytes(q->ops[i]);
    return sum;
}

static const Query *largest(const weir *db, int64_t *bytes)
{
    const Query *most = NULL;
    *bytes = 0;
    for (ptrdiff_t i = 0; i < db->queries.len; i++) {
        int64_t n = bytes_of(db->queries.data[i]);
        if (n <= *bytes) continue;
        most = db->queries.data[i];
        *bytes = n;
    }
    return most;
}

Status budget_check(weir *db)
{
    int64_t bytes, mega = 1 << 20;
    if (!budget_is_spent(db)) return WEIR_OK;
    const Query *q = largest(db, &bytes);
    Str who = !q ? S("") : str_printf(&db->call, "; %lld are state of \"%.*s\"", (long long)(bytes / mega), STR_ARG(q->rel->name));
    diag_error(&db->diags, WEIR_E_LIMIT, (Span){0}, "memory_limit is reached: %lld MB are in use, %lld are allowed%.*s",
               (long long)(mem_in_use() / mega), (long long)(db->settings.memory_limit / mega), STR_ARG(who));
    diag_hint(&db->diags, "raise it, drop a view, or give one state_ttl or a window; reading then goes on where it stopped");
    return WEIR_E_LIMIT;
}
