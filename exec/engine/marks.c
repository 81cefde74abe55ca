/* marks.c: which statements of registered files have run.
 *
 * A file of definitions may hold the rows of its tables. It is registered again and again (weir run
 * FILE); its INSERT, UPDATE and DELETE of a table run once, as long as the table is there: what they
 * did is in the table, and was perhaps changed since. A mark is a record of the table's state, written
 * in the transaction of the statement, and goes with the table. */
#include "exec/engine/transaction.h"

#include "base/hash.h"

static Str mark_text(Str text, int nth, Arena *a)
{
    StrBuf b = {.arena = a};
    sb_u64(&b, hash_bytes(text.p, text.n));
    sb_varint(&b, (uint64_t)nth);
    return str_of(b.p, b.n);
}

typedef struct MarkSearch {
    Str key;
    bool found;
} MarkSearch;

static Status look_at(void *arg, Str space, Str key, Str value)
{
    MarkSearch *m = arg;
    (void)space, (void)value;
    m->found |= str_eq(key, m->key);
    return WEIR_OK;
}

static Status add_records(void *arg, Str records) { return state_fold_add(arg, records); }

Status mark_is_set(weir *db, const Relation *rel, Str text, int nth, bool *is_set)
{
    StateFold *fold = state_fold_new(&db->call);
    MarkSearch m = {.key = mark_text(text, nth, &db->call)};
    TRY(storage_load_log(db->storage, rel->id, QUERY_MARKS_OP, add_records, fold, &db->diags));
    TRY(state_fold_each(fold, look_at, &m));
    *is_set = m.found;
    return WEIR_OK;
}

void mark_set(Transaction *tx, const Relation *rel, Str text, int nth)
{
    StateWriter w = {.buf.arena = &tx->arena};
    state_put(&w, S(""), mark_text(text, nth, &tx->arena), S(""));
    vec_push(&tx->marks, &tx->arena, (StateBlob){rel->id, QUERY_MARKS_OP, false, str_of(w.buf.p, w.buf.n)});
}
