/* grow.h: inner joins of inputs that only grow.
 *
 * Nothing is ever taken back, so a pair goes out when the later of its rows comes: a push looks the
 * keys of a batch up once, pairs its rows with those that the other side has, and puts them into the
 * lists of their own. The columns of the rows that came are taken from the batch, those of the
 * others from their blocks (exec/state/kept_row.h). Rows that time takes away stand in buckets, each
 * of which goes at once, with the memory of its rows; those of a bucket that has passed in part are not looked at. */
#ifndef WEIR_EXEC_OP_GROW_H
#define WEIR_EXEC_OP_GROW_H

#include "exec/op/join.h"
#include "exec/state/kept_row.h"

/* What stands in front of a kept row. */
typedef struct GrowRow {
    uint64_t number;      /* of its record */
    uint8_t *group;       /* its key's entry */
    int32_t weight;
    uint8_t side;
    bool is_saved, is_gone;
} GrowRow;
static inline GrowRow *grow_row(const uint8_t *row) { return (GrowRow *)(uintptr_t)row; }

/* Rows of one key, ordered by time where that plays a part. The first needs no memory. */
typedef struct GrowEntry {
    int64_t time;
    uint8_t *row;
} GrowEntry;
typedef struct GrowList {
    union {
        GrowEntry one;
        struct {
            GrowEntry *many;
            uint32_t first, cap;
        };
    };
    uint32_t n;
    bool is_many;
} GrowList;
static inline GrowEntry *grow_entries(GrowList *l) { return l->is_many ? l->many + l->first : &l->one; }

/* Payload of a key's entry. */
typedef struct GrowKey {
    GrowList list[SIDES];
} GrowKey;
static inline GrowKey *grow_key(uint8_t *group) { return (GrowKey *)(void *)group; }

/* Memory of rows that go together. */
typedef struct GrowRoom {
    Arena arena;
    int64_t bytes;
    struct GrowRoom *next; /* of those that wait */
} GrowRoom;

/* What goes together, ascending by number: rows of some time (their keys, one for each row), or keys of a window. */
typedef struct GrowBucket {
    int64_t number;
    uint8_t **items;      /* keys */
    int64_t n, cap;
    GrowRoom *room;       /* of its rows; NULL: they lie elsewhere */
} GrowBucket;
typedef struct GrowBuckets {
    GrowBucket *list;
    int32_t n, cap;
    int32_t ngone;        /* the first of them have been taken, and are given back when the next epoch begins */
    int32_t last;         /* where the last item went */
    GrowRoom *spare;
} GrowBuckets;

typedef struct GrowSide {
    KeptRows rows;
    int64_t width;        /* INTERVAL: of a bucket */
    GrowBuckets buckets;  /* INTERVAL: rows by time; WINDOW: the left side's has keys by the end */
    int64_t live;         /* rows, those that have passed included */
    int64_t passed;       /* INTERVAL: rows up to this time match nothing any more */
    int64_t left_until;   /* INTERVAL: the last bucket that left in this epoch */
    int64_t saved_passed; /* what the records say of it */
} GrowSide;

/* Pairs on their way out: a row of the batch at work, a row that is kept. */
typedef struct GrowPairs {
    int32_t *batch_rows;
    uint8_t **rows;
    uint8_t **own;        /* where the row of the batch is kept, too */
    int32_t *weights;
    int32_t n;
} GrowPairs;

typedef struct Grow {
    JoinOp j;
    GrowSide side[SIDES];
    GrowPairs pairs;
    bool are_lasting;     /* rows stay as long as the query: */
    GrowRoom room;        /* in here */
    bool are_saved;       /* some rows have records */
    uint8_t **kept;       /* per row of the batch at work: where it is kept */
    VEC(uint8_t *) fresh; /* rows of this epoch, in the epoch's arena */
    VEC(uint8_t *) gone;  /* rows that left in this epoch: freed when the next begins, but for those of buckets */
} Grow;

/* ---- lists and buckets (grow_lists.c) ----------------------------------------------------------- */

void grow_list_add(GrowList *l, StateHeap *h, GrowEntry e);
void grow_list_drop(GrowList *l, StateHeap *h, uint32_t n);
/* The first entry with a time >= t. */
uint32_t grow_list_from(GrowList *l, int64_t t);
void grow_bucket_add(GrowBuckets *b, int64_t number, uint8_t *item);
/* The memory of a bucket's rows, made where there is none. */
GrowRoom *grow_bucket_room(GrowBuckets *b, int64_t number);
/* Takes the bucket that goes first: NULL where its number is greater. It stays until grow_buckets_settle. */
const GrowBucket *grow_bucket_take(GrowBuckets *b, int64_t number);
void grow_buckets_settle(GrowBuckets *b);
void grow_buckets_free(GrowBuckets *b);
int64_t grow_buckets_bytes(const GrowBuckets *b);

/* ---- pairs (grow_output.c) ---------------------------------------------------------------------- */

void grow_pairs_flush(Grow *g, int side, const Batch *b);
static inline void grow_pair(Grow *g, int side, const Batch *b, int32_t batch_row, uint8_t *row)
{
    int64_t weight = (int64_t)batch_weight(b, batch_row) * grow_row(row)->weight;
    while (weight > 0) {
        GrowPairs *p = &g->pairs;
        p->batch_rows[p->n] = batch_row;
        p->rows[p->n] = row;
        p->weights[p->n++] = weight < INT32_MAX ? (int32_t)weight : INT32_MAX;
        weight -= INT32_MAX;
        if (p->n == BATCH_ROWS_MAX) grow_pairs_flush(g, side, b);
    }
}

/* ---- records (grow_records.c) ------------------------------------------------------------------- */

void grow_save(Op *op, StateWriter *w, bool all);
Status grow_load(Op *op, Str space, Str key, Str value);
void grow_tell(Op *op, struct StateRows *out);
/* Records that delete the rows of a list. */
void grow_delete_records(Grow *g, int side, GrowList *l, StateWriter *w);
/* Where a row at `time` is to lie; NULL: in the heap. */
GrowRoom *grow_room(Grow *g, int side, int64_t time);
/* Whether the row has left in this epoch. */
bool grow_has_left(const Grow *g, const uint8_t *row);
/* A row that had a record is there again. */
void grow_load_row(Grow *g, int side, uint8_t *group, uint8_t *row);

#endif
