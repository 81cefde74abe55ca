/* few_records.c: records of kept rows, as ranked.h describes them: the key is the order and the row,
 * the value the lengths of the order and how often the row is there. */
#include "exec/op/few.h"
#include "base/keyenc.h"
#include "exec/op/state_rows.h"

static void put_row(Few *f, FewRef row, int64_t count, Str space, StateWriter *w, Arena *scratch)
{
    ArenaMark mark = arena_mark(scratch);
    StrBuf key = {.arena = scratch}, value = {.arena = scratch};
    uint32_t peer_n = 0, order_n = 0;
    few_encode(f, row, &key, &peer_n, &order_n);
    sb_varint(&value, peer_n);
    sb_varint(&value, order_n);
    sb_signed(&value, count);
    state_put(w, space, str_of(key.p, key.n), str_of(value.p, value.n));
    arena_release(scratch, mark);
}

static void del_row(Few *f, FewRef row, Str space, StateWriter *w, Arena *scratch)
{
    ArenaMark mark = arena_mark(scratch);
    StrBuf key = {.arena = scratch};
    uint32_t peer_n = 0, order_n = 0;
    few_encode(f, row, &key, &peer_n, &order_n);
    state_del(w, space, str_of(key.p, key.n));
    arena_release(scratch, mark);
}

/* Rows that are equal stand together: one record. Returns where the next begins. */
static uint32_t save_run(Few *f, FewPart *p, uint32_t from, bool all, Str space, StateWriter *w, Arena *scratch)
{
    uint32_t to = from;
    bool is_saved = true;
    do is_saved &= few_is_saved(f, few_entries(p)[to].ref);
    while (++to < p->head.n && few_same(f, &few_entries(p)[from], &few_entries(p)[to]));
    if (is_saved && !all) return to;
    put_row(f, few_entries(p)[from].ref, to - from, space, w, scratch);
    for (uint32_t i = from; i < to; i++) few_set_saved(f, few_entries(p)[i].ref, true);
    p->head.is_saved = true;
    return to;
}

static void save_part(Few *f, uint8_t *part, bool all, StateWriter *w, Arena *scratch)
{
    FewPart *p = few_part(part);
    if (p->head.is_closed) return;
    ArenaMark mark = arena_mark(scratch);
    Str space = ranked_space(&f->r, part, scratch);
    for (uint32_t i = 0; i < p->head.n;) i = save_run(f, p, i, all, space, w, scratch);
    arena_release(scratch, mark);
}

static bool has_saved_rows(const Few *f, FewPart *p)
{
    for (uint32_t i = 0; i < p->head.n; i++)
        if (few_is_saved(f, few_entries(p)[i].ref)) return true;
    return false;
}

/* Where no row stays that has a record, the records of the partition go as a whole: that is shorter. */
static void drop_part(Few *f, uint8_t *part, StateWriter *w, Arena *scratch)
{
    PartitionHead *head = partition_head(part);
    ArenaMark mark = arena_mark(scratch);
    if (head->is_saved) state_drop(w, ranked_space(&f->r, part, scratch));
    head->is_saved = false;
    arena_release(scratch, mark);
}

/* What falls out stood last: so do rows equal to it that are left. Those have a record to be written
 * anew. */
static void save_gone(Few *f, const FewKept *gone, StateWriter *w, Arena *scratch)
{
    FewPart *p = few_part(gone->part);
    const FewEntry *e = &gone->e;
    if (p->head.is_closed || !few_is_saved(f, e->ref)) return;
    if (p->head.n > 0 && few_same(f, &few_entries(p)[p->head.n - 1], e)) {
        for (uint32_t i = p->head.n; i > 0 && few_same(f, &few_entries(p)[i - 1], e); i--) few_set_saved(f, few_entries(p)[i - 1].ref, false);
        return;
    }
    if (!has_saved_rows(f, p)) {
        drop_part(f, gone->part, w, scratch);
        return;
    }
    ArenaMark mark = arena_mark(scratch);
    del_row(f, e->ref, ranked_space(&f->r, gone->part, scratch), w, scratch);
    arena_release(scratch, mark);
}

void few_save(Op *op, StateWriter *w, bool all)
{
    Few *f = (Few *)op;
    Arena *scratch = op->ctx->batch_scratch;
    ttl_save(&f->r.ttl, w, all);
    for (uint32_t i = 0; all && i < f->r.parts.len; i++) {
        uint8_t *part = group_table_at(&f->r.parts, i);
        if (part) save_part(f, part, true, w, scratch);
    }
    if (all) return;
    for (ptrdiff_t i = 0; i < f->gone.len; i++) save_gone(f, &f->gone.data[i], w, scratch);
    for (uint32_t i = 0; i < f->r.parts.ntouched; i++)
        if (f->before.data[i].has_changed) save_part(f, f->r.parts.touched[i], false, w, scratch);
    for (ptrdiff_t i = 0; i < f->r.closed.len; i++) {
        ArenaMark mark = arena_mark(scratch);
        if (partition_head(f->r.closed.data[i])->is_saved) state_drop(w, ranked_space(&f->r, f->r.closed.data[i], scratch));
        arena_release(scratch, mark);
    }
}

/* ---- loading ------------------------------------------------------------------------------------ */

static bool load_pos(const Few *f, Str order, uint64_t peer_n, Pos *pos)
{
    if (!f->r.by_position) return true;
    StrReader in = {.at = order.p + peer_n, .end = order.p + order.n};
    return key_decode_pos(&in, pos);
}

static uint8_t *load_row(Few *f, Str bytes)
{
    if (!row_bytes_check(&f->r.row, bytes)) return NULL;
    StrReader in = {.at = bytes.p, .end = bytes.p + bytes.n};
    uint32_t nulls;
    key_load(&f->rows.layout, &in, f->r.row.words, &nulls);
    return kept_row_make(&f->rows, &f->r.parts.heap, f->r.row.words, nulls, str_of(in.at, in.end - in.at));
}

static Status load_rows(Few *f, uint8_t *part, Str key, Str value)
{
    StrReader in = {.at = value.p, .end = value.p + value.n};
    uint64_t peer_n = sr_varint(&in), order_n = sr_varint(&in);
    int64_t count = sr_signed(&in);
    FewPart *p = few_part(part);
    if (in.bad || in.at != in.end || peer_n > order_n || order_n > (uint64_t)key.n) return WEIR_E_CORRUPT;
    if (count <= 0 || count > f->last - p->head.n) return WEIR_E_CORRUPT;
    Pos pos = {0};
    if (!load_pos(f, str_of(key.p, (ptrdiff_t)order_n), peer_n, &pos)) return WEIR_E_CORRUPT;
    for (; count > 0; count--) {
        uint8_t *row = load_row(f, str_of(key.p + order_n, key.n - (ptrdiff_t)order_n));
        if (!row) return WEIR_E_CORRUPT;
        *few_front(row) = (FewRow){.pos = pos, .is_saved = true};
        FewEntry e = {few_key_of(f, row), (FewRef)row};
        few_insert(f, p, e, few_place(f, p, &e));
        f->r.nrows++;
    }
    return WEIR_OK;
}

Status few_load(Op *op, Str space, Str key, Str value)
{
    Few *f = (Few *)op;
    if (ttl_is_space(&f->r.ttl, space)) return ttl_load(&f->r.ttl, key, value);
    uint8_t *part = ranked_of_space(&f->r, space);
    return part ? load_rows(f, part, key, value) : WEIR_E_CORRUPT;
}

/* ---- telling ------------------------------------------------------------------------------------ */

static void tell_row(const Few *f, FewRef row, StrBuf *members, Arena *a)
{
    Column *cols = new (a, Column, f->r.nfields);
    few_columns(f, &row, 1, cols, a);
    for (int c = 0; c < f->r.nfields; c++) state_rows_column(members, f->r.fields[c].name, &cols[c], 0);
}

static void tell_part(Few *f, uint8_t *part, StateRows *out)
{
    FewPart *p = few_part(part);
    for (uint32_t i = 0, to; i < p->head.n; i = to) {
        ArenaMark mark = arena_mark(out->scratch);
        for (to = i + 1; to < p->head.n && few_same(f, &few_entries(p)[i], &few_entries(p)[to]);) to++;
        StateRow row = {.part = "row", .key.arena = out->scratch, .value.arena = out->scratch, .count = to - i};
        ranked_tell_key(&f->r, part, &row.key);
        tell_row(f, few_entries(p)[i].ref, &row.value, out->scratch);
        out->take(out, &row);
        arena_release(out->scratch, mark);
    }
}

void few_tell(Op *op, StateRows *out)
{
    Few *f = (Few *)op;
    ArenaMark mark = arena_mark(out->scratch);
    uint32_t n;
    uint8_t **parts = ranked_sorted(&f->r, &n, out->scratch);
    for (uint32_t i = 0; i < n; i++) tell_part(f, parts[i], out);
    arena_release(out->scratch, mark);
}
