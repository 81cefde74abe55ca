/* system_watermarks.c: weir_watermarks: what holds the time of a query back: its sources, partition by
 * partition. Behind EXPLAIN WATERMARK. */
#include "base/datetime.h"
#include "exec/engine/system_tables.h"

enum { COL_VIEW, COL_SOURCE, COL_PARTITION, COL_STATE, COL_WATERMARK, COL_BEHIND, COL_SILENT, COLUMNS };

typedef struct Place {
    const Scan *scan;
    PartitionStats at;
} Place;

typedef struct Places {
    Arena *arena;
    VEC(Place) list;
    int64_t least, greatest; /* of those that count */
} Places;

static bool is_known(const Places *p, const Scan *s)
{
    for (ptrdiff_t i = 0; i < p->list.len; i++)
        if (p->list.data[i].scan == s) return true;
    return false;
}

static bool counts(const PartitionStats *p) { return !p->is_ended && !p->is_idle; }

static void add_scan(Places *p, const Scan *s)
{
    if (is_known(p, s) || scan_relation(s)->watermark.col < 0) return;
    for (int i = 0; i < scan_partition_count(s); i++) {
        Place at = {.scan = s};
        scan_partition_stats(s, i, &at.at);
        vec_push(&p->list, p->arena, at);
        if (at.at.watermark > p->greatest) p->greatest = at.at.watermark;
        if (counts(&at.at) && at.at.watermark < p->least) p->least = at.at.watermark;
    }
}

/* The scans that feed it, directly and through other views. */
static void add_inputs(Places *p, const Query *q)
{
    for (int i = 0; i < q->nleaves; i++) {
        if (q->leaves[i]->scan) add_scan(p, q->leaves[i]->scan);
        else if (q->leaves[i]->upstream) add_inputs(p, q->leaves[i]->upstream);
    }
}

static const char *state_of(const Places *p, const PartitionStats *at)
{
    if (at->is_ended) return "ended";
    if (at->is_idle) return "idle";
    return at->watermark == p->least ? "holds time back" : "ahead";
}

static Value seconds(int64_t us) { return (Value){.type = TYPE_OF(TYPE_DOUBLE), .d = (double)us / 1e6}; }

static void put_place(SystemRows *r, const Query *q, const Places *p, const Place *at)
{
    Value *row = system_row(r);
    char text[TIME_TEXT_MAX];
    row[COL_VIEW] = value_text(q->rel->name);
    row[COL_SOURCE] = value_text(scan_relation(at->scan)->name);
    row[COL_PARTITION] = value_text(str_dup(&r->arena, at->at.name));
    row[COL_STATE] = value_text(str_z(state_of(p, &at->at)));
    row[COL_SILENT] = seconds(at->at.silent_us);
    if (at->at.watermark == INT64_MIN) return;
    int n = timestamp_print(at->at.watermark, 6, text);
    row[COL_WATERMARK] = value_text(str_dup(&r->arena, str_of(text, n)));
    if (counts(&at->at)) row[COL_BEHIND] = seconds(p->greatest - at->at.watermark);
}

static void fill_watermarks(SystemRows *r)
{
    for (ptrdiff_t i = 0; i < r->db->queries.len; i++) {
        const Query *q = r->db->queries.data[i];
        Places p = {.arena = &r->arena, .least = INT64_MAX, .greatest = INT64_MIN};
        add_inputs(&p, q);
        for (ptrdiff_t k = 0; k < p.list.len; k++) put_place(r, q, &p, &p.list.data[k]);
    }
}

const SystemTable system_watermarks = {
    .name = "weir_watermarks", .ncols = COLUMNS, .fill = fill_watermarks,
    .columns = "\"view\" TEXT, source TEXT, \"partition\" TEXT, state TEXT, watermark TEXT, behind_s REAL, silent_s REAL"};
