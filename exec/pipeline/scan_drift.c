/* scan_drift.c: max_drift: inputs whose time has run too far ahead wait for the others.
 *
 * They wait as long as the others have something to read, never for rows that are not there yet, so
 * that nothing can stand still for ever. When what is read changes no row and no judgement: it
 * only keeps state small while much is to be read. */
#include "exec/pipeline/scan_impl.h"

bool scan_has_drift(const Scan *s) { return s->drift_us > 0 && s->spec.rel->watermark.col >= 0; }

static bool is_ahead(int64_t watermark, int64_t least, int64_t drift)
{
    int64_t limit;
    return watermark != INT64_MIN && !__builtin_add_overflow(least, drift, &limit) && watermark > limit;
}

bool scan_is_ahead(const Scan *s, int64_t least)
{
    return scan_has_drift(s) && least != INT64_MAX && is_ahead(s->data_watermark, least, s->drift_us);
}

void scan_set_waits(Scan *s, bool waits) { s->waits = waits; }
bool scan_waits(const Scan *s) { return s->waits; }
bool scan_is_dry(const Scan *s) { return s->is_dry; }

/* Of the partitions that have something to read, as far as is known. */
static int64_t least_watermark(const Scan *s, const SourcePosition *p, int n)
{
    int64_t least = INT64_MAX;
    for (int i = 0; i < n; i++) {
        const Partition *part = scan_partition_at(s, p[i].partition, i);
        bool counts = part && !part->ended && !part->is_idle && !p[i].is_dry;
        if (counts && partition_watermark(part) < least) least = partition_watermark(part);
    }
    return least;
}

void scan_pause(Scan *s)
{
    const SourcePosition *p;
    s->source->paused = NULL;
    s->source->npaused = 0;
    if (!scan_has_drift(s) || s->partitions.len < 2) return;
    int n = source_positions(s->source, &p);
    if (n > s->paused_cap) {
        s->paused = new (&s->arena, bool, n * 2);
        s->paused_cap = n * 2;
    }
    int64_t least = least_watermark(s, p, n);
    for (int i = 0; i < n; i++) {
        const Partition *part = scan_partition_at(s, p[i].partition, i);
        s->paused[i] = part && is_ahead(partition_watermark(part), least, s->drift_us);
    }
    s->source->paused = s->paused;
    s->source->npaused = n;
}
