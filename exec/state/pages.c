/* pages.c: see pages.h. */
#include "exec/state/pages.h"

#include "exec/state/log.h"

static PlaceParts part_of(Str place) { return (PlaceParts){.space = place}; }

StatePages *state_pages_new(Arena *a, const Str *lows, ptrdiff_t n)
{
    StatePages *p = new_one(a, StatePages);
    *p = (StatePages){.arena = a, .fold = state_fold_new(a), .n = n > 0 ? n : 1};
    p->pages = new (a, StatePage, p->n); /* of an empty base: one that is not there yet */
    for (ptrdiff_t i = 0; i < n; i++) p->pages[i].low = lows[i];
    p->common = p->n > 1 ? PTRDIFF_MAX : 0;
    for (ptrdiff_t i = 1; i < n; i++) p->common = place_common(part_of(lows[1]), lows[i], p->common);
    p->heads = new_raw(a, uint64_t, p->n);
    for (ptrdiff_t i = 1; i < n; i++) p->heads[i] = place_head(part_of(lows[i]), p->common);
    return p;
}

/* ---- folding ----------------------------------------------------------------------------------- */

static bool begins_after(const StatePages *p, ptrdiff_t i, PlaceParts place, uint64_t head)
{
    return p->heads[i] != head ? p->heads[i] > head : place_cmp(place, p->pages[i].low) < 0;
}

/* The last page that begins at or before a place; what lies before the first belongs to it. */
static ptrdiff_t page_of(const StatePages *p, PlaceParts place)
{
    ptrdiff_t lo = 1, hi = p->n;
    if (p->n < 2) return 0;
    if (place_common(place, p->pages[1].low, p->common) < p->common)
        return place_cmp(place, p->pages[1].low) < 0 ? 0 : p->n - 1;
    uint64_t head = place_head(place, p->common);
    while (lo < hi) {
        ptrdiff_t mid = lo + (hi - lo) / 2;
        if (begins_after(p, mid, place, head)) hi = mid;
        else lo = mid + 1;
    }
    return lo - 1;
}

static void touch_space(StatePages *p, Str space)
{
    StrBuf b = {.arena = p->arena};
    state_place(&b, space, S(""));
    ptrdiff_t first = page_of(p, part_of(str_of(b.p, b.n)));
    b.p[b.n - 1] = 1; /* behind every key of the space */
    ptrdiff_t last = page_of(p, part_of(str_of(b.p, b.n)));
    for (ptrdiff_t i = first; i <= last; i++) p->pages[i].is_touched = true;
}

static void place_entry(StatePages *p, FoldEntry *e)
{
    StatePage *page = &p->pages[page_of(p, entry_place(e))];
    e->sibling = page->entries;
    page->entries = e;
    page->nentries++;
    page->is_touched = true;
}

static Status touch_drops(StatePages *p, Str records)
{
    StrReader in = {.at = records.p, .end = records.p + records.n};
    StateRecord r;
    while (in.at < in.end) {
        if (!state_read(&in, &r)) return WEIR_E_CORRUPT;
        if (r.kind == STATE_DROP) touch_space(p, r.space);
    }
    return WEIR_OK;
}

Status state_pages_add(StatePages *p, Str records)
{
    int64_t drops = p->fold->drops;
    TRY(state_fold_add(p->fold, records));
    for (; p->nsorted < p->fold->entries.len; p->nsorted++) place_entry(p, p->fold->entries.data[p->nsorted]);
    return p->fold->drops > drops ? touch_drops(p, records) : WEIR_OK;
}

/* ---- writing pages anew ------------------------------------------------------------------------ */

/* What becomes of the pages that were read since the last change: one page, or several. */
typedef struct Rewrite {
    PageIo *io;
    StateWriter out;
    Str low;         /* of the page in work */
    StrBuf place;
    int64_t records; /* of the pages that are done */
} Rewrite;

static void end_page(Rewrite *w)
{
    Str records = str_of(w->out.buf.p, w->out.buf.n);
    vec_push(&w->io->changes, w->io->arena, (PageChange){.low = w->low, .is_gone = records.n == 0, .records = records});
    w->io->bytes += records.n;
    w->records += w->out.records;
    w->out = (StateWriter){.buf.arena = w->io->arena};
}

static Status keep_record(void *arg, Str space, Str key, Str value)
{
    Rewrite *w = arg;
    if (w->out.buf.n >= STATE_PAGE_BYTES) {
        end_page(w);
        w->place = (StrBuf){.arena = w->io->arena};
        state_place(&w->place, space, key);
        w->low = str_of(w->place.p, w->place.n);
    }
    state_put(&w->out, space, key, value);
    return WEIR_OK;
}

static Status merge_page(StatePages *p, StatePage *page, Rewrite *w)
{
    ArenaMark mark = arena_mark(p->arena);
    FoldEntry **entries = new (p->arena, FoldEntry *, page->nentries);
    ptrdiff_t n = 0;
    for (FoldEntry *e = page->entries; e; e = e->sibling) entries[n++] = e;
    fold_entries_sort(entries, n, p->arena);
    StateMerge m = {.fold = p->fold, .entries = entries, .n = n, .each = keep_record, .arg = w,
                    .kept.arena = p->arena};
    Str old;
    Status st = w->io->read(w->io->arg, page->low, &old);
    if (st == WEIR_OK) {
        w->io->bytes += old.n;
        p->base_delta -= old.n;
        st = state_merge_page(&m, old);
    }
    if (st == WEIR_OK) st = state_merge_rest(&m);
    p->records_delta -= m.records;
    arena_release(p->arena, mark);
    return st;
}

/* A page that has become too small takes in its neighbour. */
static bool goes_on(const StatePages *p, const Rewrite *w)
{
    return p->at < p->n && w->out.buf.n > 0 && w->out.buf.n < STATE_PAGE_MIN;
}

/* The first page begins before everything, whatever began the one before it that is gone. */
static Str low_of(const StatePages *p) { return p->at ? p->pages[p->at].low : S(""); }

static Status rewrite(StatePages *p, PageIo *io)
{
    Rewrite w = {.io = io, .out.buf.arena = io->arena, .low = low_of(p)};
    ptrdiff_t from = io->changes.len;
    do {
        StatePage *page = &p->pages[p->at++];
        if (io->changes.len > from || !str_eq(page->low, w.low))
            vec_push(&io->changes, io->arena, (PageChange){.low = page->low, .is_gone = true});
        TRY(merge_page(p, page, &w));
    } while (goes_on(p, &w));
    end_page(&w);
    p->records_delta += w.records;
    for (ptrdiff_t i = from; i < io->changes.len; i++) p->base_delta += io->changes.data[i].records.n;
    return WEIR_OK;
}

Status state_pages_step(StatePages *p, PageIo *io, int64_t bytes_max, bool *done)
{
    for (; p->at < p->n && io->bytes < bytes_max;) {
        if (p->pages[p->at].is_touched) TRY(rewrite(p, io));
        else p->at++;
    }
    *done = p->at == p->n;
    return WEIR_OK;
}
