/* scan_ruling.c: what the clock decides about a stream's time, and how it is followed.
 *
 * A partition of which nothing has come for idle_timeout is left out of the minimum; one that comes
 * back, or appears while others are under way, starts with the stream's watermark at that moment.
 * CLOSE AFTER IDLE lets the time of a silent stream go on with the clock. Each decision is a ruling
 * of the epoch's write set: a restart takes it up again (scan_restore), and a private scan raises
 * the watermark at the same offset, whatever the clock says then.
 *
 * Silence is measured by the monotonic clock, and only up to a look that found nothing to read. */
#include "exec/pipeline/scan_impl.h"

static int64_t now_of(const Scan *s) { return s->spec.env->mono_us(s->spec.env->arg); }

static void rule(Scan *s, Epoch *e, const Partition *part, const SourcePosition *at, Str kind, int64_t value)
{
    vec_push(&e->ws.rulings, &e->arena,
             (Ruling){s->spec.rel->id, str_dup(&e->arena, part->name), at->generation, at->offset, kind, value});
}

static void keep_reached(Scan *s, int64_t watermark)
{
    if (watermark > s->reached) s->reached = watermark;
}

/* ---- partitions come -------------------------------------------------------------------------- */

void scan_appeared(Scan *s, Epoch *e, Partition *part, const SourcePosition *at, int64_t watermark)
{
    part->floor = watermark;
    keep_reached(s, watermark);
    rule(s, e, part, at, S("appeared"), watermark);
}

void scan_woke(Scan *s, Epoch *e, Partition *part, uint32_t generation, uint64_t offset)
{
    if (s->is_private) return;
    part->taken_us = s->taken_us = now_of(s);
    s->closings = 0;
    if (!part->is_idle) return;
    int64_t watermark = scan_watermark(s);
    if (watermark > part->floor) part->floor = watermark;
    part->is_idle = false;
    keep_reached(s, watermark);
    SourcePosition at = {.generation = generation, .offset = offset};
    rule(s, e, part, &at, S("returned"), partition_watermark(part));
}

/* ---- silence ---------------------------------------------------------------------------------- */

static int64_t empty_since(const SourcePosition *p, int64_t now, bool is_empty)
{
    return is_empty ? now : p->empty_us;
}

/* All that are found idle at once leave the minimum at once: in no order. */
static void find_idle(Scan *s, Epoch *e, const SourcePosition *p, int n, bool is_empty)
{
    int64_t now = now_of(s), before = scan_watermark(s);
    int first = -1;
    for (int i = 0; i < n; i++) {
        Partition *part = scan_partition_at(s, p[i].partition, i);
        bool is_silent = empty_since(&p[i], now, is_empty) - part->taken_us >= s->idle_us;
        if (!is_silent || part->is_idle || part->ended) continue;
        keep_reached(s, before);
        part->is_idle = true;
        if (first < 0) first = (int)e->ws.rulings.len;
        rule(s, e, part, &p[i], S("idle"), 0);
    }
    if (first < 0) return;
    int64_t watermark = scan_watermark(s);
    keep_reached(s, watermark);
    for (ptrdiff_t i = first; i < e->ws.rulings.len; i++) e->ws.rulings.data[i].value = watermark;
}

/* After each length of silence the watermark is what a row of the time gone on so far would make. */
static void close_silent(Scan *s, Epoch *e, const SourcePosition *p, int n)
{
    int64_t due = (now_of(s) - s->taken_us) / s->close_us, watermark;
    if (due <= s->closings || s->data_watermark == INT64_MIN) return;
    s->closings = due;
    if (__builtin_add_overflow(s->data_watermark, due * s->close_us, &watermark)) return;
    for (int i = 0; i < n; i++) {
        Partition *part = scan_partition_at(s, p[i].partition, i);
        if (part->ended || partition_watermark(part) >= watermark) continue;
        part->floor = watermark;
        rule(s, e, part, &p[i], S("closed"), watermark);
    }
    keep_reached(s, watermark);
}

bool scan_watches_silence(const Scan *s)
{
    return !s->is_private && !s->spec.once && s->spec.rel->watermark.col >= 0 && (s->idle_us || s->close_us);
}

void scan_judge_silence(Scan *s, Epoch *e, bool is_empty)
{
    if (!scan_watches_silence(s)) return;
    SourcePosition by_hand = {.offset = s->insert_number};
    const SourcePosition *p = &by_hand;
    int n = s->source ? source_positions(s->source, &p) : scan_partition_at(s, S(""), 0) ? 1 : 0;
    if (s->idle_us > 0) find_idle(s, e, p, n, is_empty);
    if (s->close_us > 0 && is_empty) close_silent(s, e, p, n);
}

/* ---- following -------------------------------------------------------------------------------- */

int scan_raise_after(const ScanTarget *t, const Partition *part, uint32_t generation, uint64_t offset)
{
    int lo = 0, hi = t->nraises;
    while (lo < hi) {
        int mid = (lo + hi) / 2;
        const Ruling *r = &t->raises[mid];
        int by_name = str_cmp(r->partition, part->name);
        bool is_past = by_name ? by_name > 0 : r->generation != generation ? r->generation > generation : r->offset > offset;
        if (is_past) hi = mid;
        else lo = mid + 1;
    }
    return lo;
}

int64_t scan_raised(const ScanTarget *t, const Partition *part, int after)
{
    bool is_mine = after > 0 && str_eq(t->raises[after - 1].partition, part->name);
    return is_mine ? t->raises[after - 1].value : INT64_MIN;
}
