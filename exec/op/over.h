/* over.h: window functions at work: the rows of a partition by their place in its order.
 *
 * The value of a row depends on rows of a range of places around it, its frame (for functions that
 * take none: what they look at). Frames of later rows never begin or end earlier, so the rows whose
 * value a change can touch stand together: from the first whose frame reaches the changed rows to
 * the last whose frame begins before their end. */
#ifndef WEIR_EXEC_OP_OVER_H
#define WEIR_EXEC_OP_OVER_H

#include "exec/agg/agg_set.h"
#include "exec/op/ranked.h"

enum { PLACE_CHUNK = 64, PLACE_CHUNKS = 8 };

/* Decoded rows that stand together. */
typedef struct PlaceChunk {
    int64_t number;      /* of places number * PLACE_CHUNK …; -1: unused */
    uint64_t filled;     /* rows that have been decoded */
    Batch batch;
    Arena arena;
} PlaceChunk;

/* The rows of one partition. Valid until the partition changes. */
typedef struct Places {
    struct Over *over;
    const Treap *rows;
    int64_t n;
    const TreapNode *node;        /* of the last place looked at */
    int64_t node_from;
    int64_t peers_from, peers_to; /* of the last group looked at */
    PlaceChunk chunks[PLACE_CHUNKS];
} Places;

/* One call. */
typedef struct OverFn {
    const OverCall *call;
    AggCall agg;           /* OVER_AGGREGATE: ordered by the rows' keys where it asks for an order */
    AggSet set;
    bool can_take_back;    /* rows that leave a frame are taken out of its state */
    bool has_total;        /* the state over all rows of the partition is kept */
    int32_t total_at;      /* in the partition's payload */
    uint8_t *cell;         /* of a frame that moves over the rows */
    bool is_offset_known;  /* LAG, LEAD: how far; INT64_MAX: nowhere */
    int64_t offset;
    /* the last frame that was looked up by peers */
    int64_t frame_peers, frame_from, frame_to;
    int64_t total_to;      /* between the two looks at a partition: how far its total reaches */
    int32_t reach_at;      /* by_time: where the partition has that */
} OverFn;

typedef struct Over {
    Ranked r;
    OverFn *fns;
    int32_t nfns;
    bool *wanted;          /* per column of the input: read by a call */
    bool needs_keys;       /* the column behind those of the input is the rows' keys */
    bool shows_changes;
    bool by_time;          /* EMIT FINAL: a row goes out when the watermark reaches its time */
    bool has_counters;     /* by_time: something of the rows that have gone is kept */
    int64_t saved_at;      /* by_time: closed_at as the records have it */
    Places places;
    StateHeap heap;        /* of frames that move */
    Arena results;
    StrBuf bytes;
    int64_t gone, gone_groups; /* by_time: of the partition at work */
} Over;

/* Behind the Partition. */
typedef struct OverPartition {
    Partition p;
    bool has_totals;
    int64_t done;          /* by_time: rows that have gone out; they stand before the others */
    int64_t gone, gone_groups; /* rows and groups that are not kept any more */
    int64_t due;           /* when it is looked at next, where it waits */
    _Alignas(8) uint8_t totals[];
} OverPartition;

/* ---- places (over_places.c) --------------------------------------------------------------------- */
void places_init(Places *p, Over *o);
void places_free(Places *p);
void places_begin(Places *p, const Treap *rows);
const TreapNode *place_node(Places *p, int64_t i);
/* The batch and row in which the place stands. */
const Batch *place_row(Places *p, int64_t i, int *row);
void place_peers(Places *p, int64_t i, int64_t *from, int64_t *to);

/* ---- frames (over_frame.c) ---------------------------------------------------------------------- */

typedef struct Frame {
    int64_t from, to;
} Frame;
Frame over_frame(Places *p, OverFn *fn, int64_t i);
/* The rows before and behind the changed ones whose value may change: from *lo to *hi of the rows
 * as they were. */
void over_reach(Places *p, OverFn *fn, const Changed *c, uint32_t first_peer_n, uint32_t last_peer_n, int64_t *lo,
                int64_t *hi);

/* ---- values (over_value.c) ---------------------------------------------------------------------- */

/* Values of rows [from, to), in columns of BATCH_ROWS_MAX rows each. */
typedef struct OverValues {
    int64_t from, to;
    Column *cols;          /* block by block, a column per call */
    int32_t nfns;
} OverValues;
static inline Column *over_column(const OverValues *v, int fn, int64_t i)
{
    return &v->cols[(i - v->from) / BATCH_ROWS_MAX * v->nfns + fn];
}
typedef enum OverPass {
    OVER_WAS,   /* rows as they were before the epoch: totals end up before the changed rows */
    OVER_IS,    /* as they are: totals end up over all rows */
    OVER_CLOSED, /* no totals */
    OVER_FINAL   /* rows in the order of time: totals go with them */
} OverPass;
/* `keep`: OVER_WAS: the place before which nothing changes. */
OverValues over_values(Over *o, uint8_t *part, int64_t from, int64_t to, OverPass pass, int64_t keep);
void over_totals_make(Over *o, uint8_t *part);
void over_totals_free(Over *o, uint8_t *part);

/* ---- EMIT FINAL by event time (over_final.c) ---------------------------------------------------- */
int64_t over_final_flush(Op *op, int64_t watermark);
void over_final_save(Op *op, StateWriter *w, bool all);
Status over_final_load(Op *op, Str space, Str key, Str value);
/* Adds the values of rows to what goes out (op_over.c): row i of v becomes `out`[i - v->from]. */
void over_encode(Over *o, const OverValues *v, Arena *a, Str *out);
/* How many groups of peers end at or before place i. */
int64_t over_groups_before(Places *p, int64_t i);
/* By distance: the first place whose row may be in the frame of a row later than `time`. */
int64_t over_first_within(Places *p, const OverBound *b, int64_t time);

#endif
