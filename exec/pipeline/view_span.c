/* view_span.c: spans found by bisection, their blocks, and both as records of the state log. */
#include "exec/pipeline/view_span.h"

/* ---- the list --------------------------------------------------------------------------------- */

static int64_t span_search(const ViewSpans *s, int64_t number)
{
    int64_t lo = 0, hi = s->n;
    while (lo < hi) {
        int64_t mid = (lo + hi) / 2;
        if (s->list[mid]->number < number) lo = mid + 1;
        else hi = mid;
    }
    return lo;
}

static void reserve(ViewSpans *s)
{
    if (s->n < s->cap) return;
    int64_t cap = s->cap ? s->cap * 2 : 8;
    s->list = mem_realloc(s->list, s->cap * (ptrdiff_t)sizeof *s->list, cap * (ptrdiff_t)sizeof *s->list);
    s->cap = cap;
}

ViewSpan *view_span_get(ViewSpans *s, int64_t number)
{
    if (s->last && s->last->number == number) return s->last;
    int64_t at = span_search(s, number);
    if (at == s->n || s->list[at]->number != number) {
        reserve(s);
        ViewSpan *made = mem_alloc(sizeof *made);
        made->number = number;
        made->end_max_us = INT64_MIN;
        memmove(s->list + at + 1, s->list + at, (size_t)(s->n - at) * sizeof *s->list);
        s->list[at] = made;
        s->n++;
    }
    return s->last = s->list[at];
}

static void free_span(ViewSpan *s)
{
    id_map_free(&s->map);
    mem_free(s->blocks, s->blocks_cap * (ptrdiff_t)sizeof *s->blocks);
    mem_free(s, sizeof *s);
}

void view_span_free(ViewSpans *s, int64_t at)
{
    free_span(s->list[at]);
    memmove(s->list + at, s->list + at + 1, (size_t)(s->n - at - 1) * sizeof *s->list);
    s->n--;
    s->last = NULL;
}

void view_spans_drop_expired(ViewSpans *s)
{
    int64_t kept = 0;
    for (int64_t i = 0; i < s->n; i++) {
        if (s->list[i]->is_expired) free_span(s->list[i]);
        else s->list[kept++] = s->list[i];
    }
    s->n = kept;
    s->last = NULL;
}

void view_spans_free(ViewSpans *s)
{
    for (int64_t i = 0; i < s->n; i++) free_span(s->list[i]);
    mem_free(s->list, s->cap * (ptrdiff_t)sizeof *s->list);
    *s = (ViewSpans){0};
}

/* ---- blocks ----------------------------------------------------------------------------------- */

bool view_span_is_full(const ViewSpan *s)
{
    return (s->next_id & ((INT64_C(1) << VIEW_BLOCK_BITS) - 1)) == 0; /* 0 too: no block yet */
}

void view_span_add_block(ViewSpan *s, int64_t block)
{
    if (s->nblocks == s->blocks_cap) {
        int32_t cap = s->blocks_cap ? s->blocks_cap * 2 : 1;
        s->blocks = mem_realloc(s->blocks, s->blocks_cap * (ptrdiff_t)sizeof *s->blocks,
                                cap * (ptrdiff_t)sizeof *s->blocks);
        s->blocks_cap = cap;
    }
    s->blocks[s->nblocks++] = block;
    s->next_id = block << VIEW_BLOCK_BITS;
    if (s->next_id == 0) s->next_id = 1; /* ids are positive */
}

/* ---- records ---------------------------------------------------------------------------------- */

void view_span_save(StateWriter *w, Str space, const ViewSpan *s, StrBuf *b)
{
    b->n = 0;
    sb_u64(b, (uint64_t)s->end_max_us);
    sb_varint(b, (uint64_t)s->next_id);
    sb_varint(b, (uint64_t)s->rows);
    sb_varint(b, (uint64_t)s->nblocks);
    for (int i = 0; i < s->nblocks; i++) sb_varint(b, (uint64_t)s->blocks[i]);
    state_put(w, space, S(""), str_of(b->p, b->n));
}

Status view_span_load(ViewSpan *s, Str value)
{
    StrReader r = {value.p, value.p + value.n, false};
    s->end_max_us = (int64_t)sr_u64(&r);
    int64_t next_id = (int64_t)sr_varint(&r);
    s->rows = (int64_t)sr_varint(&r);
    uint64_t n = sr_varint(&r);
    if (r.bad || n > (uint64_t)value.n || s->nblocks) return WEIR_E_CORRUPT;
    for (uint64_t i = 0; i < n; i++) view_span_add_block(s, (int64_t)sr_varint(&r));
    s->next_id = next_id;
    return r.bad ? WEIR_E_CORRUPT : WEIR_OK;
}

void view_entry_save(StateWriter *w, Str space, const IdEntry *e, StrBuf *b)
{
    b->n = 0;
    sb_varint(b, (uint64_t)e->n);
    sb_varint(b, (uint64_t)e->faults);
    for (int i = 0; i < e->n; i++) sb_varint(b, (uint64_t)id_entry_ids(e)[i]);
    state_put(w, space, str_of(e->key, e->key_len), str_of(b->p, b->n));
}

Status view_entry_load(ViewSpan *s, Str key, Str value)
{
    StrReader r = {value.p, value.p + value.n, false};
    IdEntry *e = id_map_get(&s->map, key, true);
    uint64_t n = sr_varint(&r);
    e->faults = (int32_t)sr_varint(&r);
    for (uint64_t i = 0; i < n && !r.bad; i++) id_entry_add(&s->map, e, (int64_t)sr_varint(&r));
    return r.bad ? WEIR_E_CORRUPT : WEIR_OK;
}
