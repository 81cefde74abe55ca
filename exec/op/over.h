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
} OverFn;

typedef struct Over {
    Ranked r;
    OverFn *fns;
    int32_t nfns;
    bool *wanted;          /* per column of the input: read by a call */
    bool needs_keys;       /* the column behind those of the input is the rows' keys */
    bool shows_changes;
    Places places;
    StateHeap heap;        /* of frames that move */
    Arena results;
    StrBuf bytes;
} Over;

/* Behind the Partition. */
typedef struct OverPartition {
    Partition p;
    bool has_totals;
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
    OVER_CLOSED /* no totals */
} OverPass;
/* `keep`: OVER_WAS: the place before which nothing changes. */
OverValues over_values(Over *o, uint8_t *part, int64_t from, int64_t to, OverPass pass, int64_t keep);
void over_totals_free(Over *o, uint8_t *part);

#endif
