/* grow.h: inner joins of inputs that only grow.
 *
 * Nothing is ever taken back, so a pair goes out when the later of its rows comes: a push looks the
 * keys of a batch up once, puts its rows into the state and pairs them with those that the other side
 * has. Rows are kept as columns, in blocks; rows of a key are a chain of places in the blocks of its
 * side, the newest first, by time where that plays a part. Blocks stand in buckets, of a span of time
 * or of a window, and go with them: nothing is done per row. What a chain still says of them is found
 * to be gone when it is followed, and cleared away now and then (grow_keys.c).
 *
 * The columns of the rows that came are taken from the batch, those of the others from the blocks. */
#ifndef WEIR_EXEC_OP_GROW_H
#define WEIR_EXEC_OP_GROW_H

#include "exec/op/join.h"

/* A row's place: the number of its block, from 1, and where it is in that; 0: none. */
typedef uint32_t GrowPlace;
enum { PLACE_BITS = 10, BLOCK_ROWS = 1 << PLACE_BITS, BLOCK_ROWS_MIN = 32, BLOCK_SIZES = 6, BLOCKS_MAX = (1 << (32 - PLACE_BITS)) - 1 };
static inline uint32_t place_block(GrowPlace p) { return p >> PLACE_BITS; }
static inline uint32_t place_row(GrowPlace p) { return p & (BLOCK_ROWS - 1); }

/* Texts, NULLs and weights lie in the bucket's room. */
typedef struct GrowBlock {
    Column *cols;          /* as the side keeps them: of cap rows, of which n are there */
    GrowPlace *next;       /* in the chain of the row's key */
    uint32_t *keys;        /* numbers of their entries */
    uint32_t *numbers;     /* of records, from first_number */
    int32_t *weights;      /* NULL: all are 1 */
    uint64_t first_number;
    int32_t n, cap;
    int32_t nsaved;        /* the first of them have records */
    uint32_t no;
    uint8_t side;
    bool is_dirty;         /* it got rows in this epoch */
    bool is_resident;      /* its columns are those of a batch that stays: it takes no more rows */
    int64_t bucket;        /* its number */
    struct GrowBlock *older; /* in the same bucket; in the list of the spare */
} GrowBlock;

/* Memory of rows that go together. */
typedef struct GrowRoom {
    Arena arena;
    struct GrowRoom *next; /* of those that wait */
} GrowRoom;

/* What goes together, ascending by number: INTERVAL: rows of some time, WINDOW: by its end, else all. */
typedef struct GrowBucket {
    int64_t number;
    GrowBlock *blocks;     /* the newest first */
    GrowRoom *room;        /* NULL: nothing has needed it */
} GrowBucket;

typedef struct GrowSide {
    KeyLayout layout;      /* of the kept columns, in records */
    bool *has_nulls;       /* per kept column: some block has */
    bool has_weights;      /* some row counts more than once */
    int32_t time;          /* INTERVAL: the kept column */
    GrowBlock **blocks;    /* by number; NULL: gone */
    uint32_t nblocks, blocks_cap, nlive; /* numbers given, blocks that are there */
    Arena store;           /* memory of blocks */
    GrowBlock *spare[2][BLOCK_SIZES]; /* of it: with columns, and those whose columns are a batch's; by size */
    GrowRoom *spare_rooms;
    GrowBucket *buckets;
    int32_t nbuckets, buckets_cap;
    int32_t ngone;         /* the first buckets have left, and are given back when the next epoch begins */
    int32_t last;          /* the bucket that was used last */
    int64_t width;         /* INTERVAL: of a bucket */
    int64_t live;          /* rows, those that have passed included */
    int64_t passed;        /* INTERVAL: rows up to this time match nothing any more */
    int64_t saved_passed;  /* what the records say of it */
} GrowSide;

/* Where a long chain may be entered: the times of some of its rows, ascending. */
typedef struct GrowMark {
    int64_t time;
    GrowPlace at;
} GrowMark;
typedef struct GrowMarks {
    uint32_t n, cap;
    GrowMark list[];
} GrowMarks;

/* Payload of a key's entry. `newest` and what follows: only where time plays a part. */
typedef struct GrowKey {
    GrowPlace first[SIDES]; /* of its rows: the newest */
    int64_t newest[SIDES];  /* its time */
    GrowMarks *marks[SIDES];
} GrowKey;
static inline GrowKey *grow_key(uint8_t *group) { return (GrowKey *)(void *)group; }

/* Pairs on their way out: a row of the batch at work, a row that is kept. */
typedef struct GrowPairs {
    int32_t *batch_rows;
    GrowPlace *places;
    GrowPlace *own;       /* where the row of the batch is kept, too */
    int32_t *weights;
    int32_t n;
    bool are_plain;       /* all weights are 1 and not said */
} GrowPairs;

typedef struct Grow {
    JoinOp j;
    GrowSide side[SIDES];
    GrowPairs pairs;
    bool are_lasting;     /* rows stay as long as the query */
    bool *is_read;        /* per column of the output: somebody reads it */
    GrowPlace *kept;      /* per row of the batch at work: where it is kept */
    uint32_t swept_keys;  /* how many keys the last sweep has left */
    VEC(GrowBlock *) dirty; /* blocks that got rows in this epoch; in its arena */
} Grow;

static inline GrowBlock *grow_block(const GrowSide *s, GrowPlace p) { return s->blocks[place_block(p)]; }
static inline bool grow_is_timed(const Grow *g) { return g->j.spec->match == JOIN_INTERVAL; }
static inline int64_t *grow_times(const GrowSide *s, const GrowBlock *b) { return b->cols[s->time].data; }
/* A row that is given in the order of chains, by its time. */
static inline int64_t grow_time(const GrowSide *s, GrowPlace p) { return grow_times(s, grow_block(s, p))[place_row(p)]; }
static inline GrowPlace grow_next(const GrowSide *s, GrowPlace p) { return grow_block(s, p)->next[place_row(p)]; }

/* ---- blocks and buckets (grow_rows.c) ------------------------------------------------------------ */

/* Some rows to be kept: of columns as the side keeps them. */
typedef struct GrowInput {
    const Column *cols;
    const int32_t *rows;
    uint8_t *const *groups;
    const int32_t *weights; /* per row of the columns; NULL: all 1 */
    int n;
} GrowInput;
/* Puts as many of them into the bucket as go into one block, without chains: the block, in which they are the last *n. */
GrowBlock *grow_rows_add(Grow *g, int side, int64_t bucket, const GrowInput *in, int *n);
/* One row of a record, whose key and chain are still to be told. */
GrowBlock *grow_row_load(Grow *g, int side, int64_t bucket, const uint64_t *words, uint32_t nulls, uint64_t number,
                         int weight);
/* The words of a row and its NULL bits: room for side->layout.words. */
uint32_t grow_row_words(const GrowSide *s, const GrowBlock *b, int row, uint64_t *words);
static inline int grow_weight(const GrowBlock *b, int row) { return b->weights ? b->weights[row] : 1; }
/* Takes the bucket that goes first, its blocks with it; NULL: its number is greater. It stays until grow_rows_settle. */
const GrowBucket *grow_bucket_take(GrowSide *s, int64_t number);
void grow_rows_settle(GrowSide *s);
void grow_rows_free(GrowSide *s);
int64_t grow_rows_bytes(const GrowSide *s);
/* Numbers blocks anew, from 1: *map (room for nblocks + 1) says how. */
void grow_blocks_renumber(GrowSide *s, uint32_t *map);

/* ---- chains (grow_keys.c) ------------------------------------------------------------------------ */

/* Puts rows that are in their block, from row `at` on, into the chains of their keys. */
void grow_chain_add(Grow *g, int side, uint8_t *const *groups, GrowBlock *b, int at, int n);
GrowPlace grow_marks_enter(const Grow *g, int side, uint8_t *group, int64_t t);
/* The rows of a chain with a time <= t are at or behind the row that is returned; 0: there is none. */
static inline GrowPlace grow_chain_enter(const Grow *g, int side, uint8_t *group, int64_t t)
{
    const GrowKey *k = grow_key(group);
    if (!k->first[side] || !grow_block(&g->side[side], k->first[side])) return 0;
    return k->newest[side] <= t || !k->marks[side] ? k->first[side] : grow_marks_enter(g, side, group, t);
}
/* Keys and places of which nothing is there any more are cleared away, where there may be many. */
void grow_sweep(Grow *g);

/* ---- pairs (grow_output.c) ---------------------------------------------------------------------- */

void grow_pairs_flush(Grow *g, int side, const Batch *b);
void grow_pair_weighted(Grow *g, int side, const Batch *b, int32_t batch_row, GrowPlace at);
static inline void grow_pair(Grow *g, int side, const Batch *b, int32_t batch_row, GrowPlace at)
{
    GrowPairs *p = &g->pairs;
    if (!p->are_plain) {
        grow_pair_weighted(g, side, b, batch_row, at);
        return;
    }
    p->batch_rows[p->n] = batch_row;
    p->places[p->n++] = at;
    if (p->n == BATCH_ROWS_MAX) grow_pairs_flush(g, side, b);
}

/* ---- records (grow_records.c) ------------------------------------------------------------------- */

void grow_save(Op *op, StateWriter *w, bool all);
Status grow_load(Op *op, Str space, Str key, Str value);
void grow_tell(Op *op, struct StateRows *out);
/* The bucket of a row: by its time, or the window of its key. */
int64_t grow_bucket_of(const Grow *g, int side, const uint8_t *group, int64_t time);

#endif
