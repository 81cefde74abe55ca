/* ttl.c: groups in the order of their last touch (see ttl.h). */
#include "exec/state/ttl.h"

#include <assert.h>

static TtlLink *link_of(const Ttl *t, uint8_t *group)
{
    return (TtlLink *)(void *)(group + t->table->payload - sizeof(TtlLink));
}

static uint8_t *group_of(const Ttl *t, TtlLink *l)
{
    return (uint8_t *)l + sizeof(TtlLink) - t->table->payload;
}

void ttl_init(Ttl *t, int64_t span_us, GroupTable *table, bool (*forget)(void *, uint8_t *, StateWriter *), void *arg)
{
    *t = (Ttl){.span_us = span_us, .table = table, .forget = forget, .arg = arg};
    t->gone.buf.arena = &t->arena;
}

void ttl_free(Ttl *t)
{
    arena_free(&t->arena);
}

/* ---- the list --------------------------------------------------------------------------------- */

static bool is_linked(const Ttl *t, const TtlLink *l)
{
    return l->prev || l->next || t->first == l;
}

static void unlink(Ttl *t, TtlLink *l)
{
    if (!is_linked(t, l)) return;
    if (l->prev) l->prev->next = l->next;
    else t->first = l->next;
    if (l->next) l->next->prev = l->prev;
    else t->last = l->prev;
    l->prev = l->next = NULL;
}

static void append(Ttl *t, TtlLink *l, int64_t now)
{
    l->touched_us = now;
    l->prev = t->last;
    l->next = NULL;
    if (t->last) t->last->next = l;
    else t->first = l;
    t->last = l;
}

static TtlLink *merged(TtlLink *a, TtlLink *b)
{
    TtlLink *head = NULL, **to = &head;
    while (a && b) {
        TtlLink **from = a->touched_us <= b->touched_us ? &a : &b;
        *to = *from;
        *from = (*from)->next;
        to = &(*to)->next;
    }
    *to = a ? a : b;
    return head;
}

/* Sorted runs of 2^i links, merged as the bits of a counter carry. */
static TtlLink *sorted(TtlLink *list)
{
    TtlLink *runs[64] = {0};
    while (list) {
        TtlLink *run = list;
        list = list->next;
        run->next = NULL;
        int i = 0;
        for (; runs[i]; i++) {
            run = merged(runs[i], run);
            runs[i] = NULL;
        }
        runs[i] = run;
    }
    TtlLink *all = NULL;
    for (int i = 0; i < 64; i++) all = merged(runs[i], all);
    return all;
}

static void put_in_order(Ttl *t)
{
    if (!t->is_loaded) return;
    t->is_loaded = false;
    t->first = sorted(t->first);
    t->last = NULL;
    for (TtlLink *l = t->first; l; l = l->next) {
        l->prev = t->last;
        t->last = l;
    }
}

/* ---- time passes ------------------------------------------------------------------------------ */

void ttl_touch(Ttl *t, int64_t now)
{
    if (t->span_us <= 0) return;
    put_in_order(t);
    for (uint32_t i = 0; i < t->table->ntouched; i++) {
        TtlLink *l = link_of(t, t->table->touched[i]);
        unlink(t, l);
        append(t, l, now);
    }
}

static bool is_due(const Ttl *t, const TtlLink *l, int64_t now)
{
    int64_t due;
    return !__builtin_add_overflow(l->touched_us, t->span_us, &due) && due <= now;
}

static void stay(Ttl *t, TtlLink *l, int64_t now)
{
    unlink(t, l);
    append(t, l, now);
}

static void delete_record(Ttl *t, const uint8_t *group)
{
    ptrdiff_t n = t->gone.buf.n;
    StrBuf key = {.arena = &t->arena};
    group_table_save_key(t->table, group, &key);
    state_del(&t->gone, S("t"), str_of(key.p, key.n));
    assert(t->gone.buf.n > n);
    (void)n;
}

void ttl_expire(Ttl *t, int64_t now)
{
    if (t->span_us <= 0 || now == INT64_MIN) return;
    put_in_order(t);
    while (t->first && t->first->touched_us == INT64_MIN) stay(t, t->first, now);
    while (t->first && is_due(t, t->first, now)) {
        uint8_t *group = group_of(t, t->first);
        assert(group_head(t->table, group)->touched <= t->table->settled);
        if (!t->forget(t->arg, group, &t->gone)) {
            stay(t, t->first, now);
            continue;
        }
        ttl_leave(t, group);
        group_table_remove(t->table, group);
    }
}

void ttl_leave(Ttl *t, uint8_t *group)
{
    if (t->span_us <= 0 || !is_linked(t, link_of(t, group))) return;
    unlink(t, link_of(t, group));
    delete_record(t, group);
}

/* ---- records ---------------------------------------------------------------------------------- */

static void put_record(const Ttl *t, uint8_t *group, StateWriter *w)
{
    StrBuf key = {.arena = w->buf.arena}, value = {.arena = w->buf.arena};
    group_table_save_key(t->table, group, &key);
    sb_signed(&value, link_of(t, group)->touched_us);
    state_put(w, S("t"), str_of(key.p, key.n), str_of(value.p, value.n));
}

void ttl_save(Ttl *t, StateWriter *w, bool all)
{
    if (t->span_us <= 0) return;
    if (!all && t->gone.buf.n) {
        sb_bytes(&w->buf, t->gone.buf.p, t->gone.buf.n);
        w->records += t->gone.records;
    }
    arena_reset(&t->arena);
    t->gone = (StateWriter){.buf.arena = &t->arena};
    for (TtlLink *l = t->first; l && all; l = l->next) put_record(t, group_of(t, l), w);
    for (uint32_t i = 0; i < t->table->ntouched && !all; i++)
        if (is_linked(t, link_of(t, t->table->touched[i]))) put_record(t, t->table->touched[i], w);
}

Status ttl_load(Ttl *t, Str key, Str value)
{
    Arena *scratch = &t->arena;
    ArenaMark mark = arena_mark(scratch);
    StrReader in = {.at = key.p, .end = key.p + key.n};
    uint64_t *words = new (scratch, uint64_t, t->table->keys->words + 1);
    uint32_t nulls;
    uint8_t *group = NULL;
    bool is_key = key_load(t->table->keys, &in, words, &nulls) && in.at == in.end;
    if (is_key) group = group_table_get(t->table, words, nulls, key_hash(t->table->keys, words, nulls));
    arena_release(scratch, mark);
    in = (StrReader){.at = value.p, .end = value.p + value.n};
    int64_t touched = sr_signed(&in);
    if (!is_key || in.bad || in.at != in.end) return WEIR_E_CORRUPT;
    if (!group || is_linked(t, link_of(t, group))) return WEIR_OK; /* it went in the epoch of the record */
    append(t, link_of(t, group), touched);
    t->is_loaded = true;
    return WEIR_OK;
}
