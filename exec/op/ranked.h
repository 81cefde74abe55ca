/* ranked.h: what OVER and Top-N share: rows of partitions, each in one whole order.
 *
 * A push adds rows to the changes of their partition and nothing else. The flush looks at a
 * partition as it was, puts the changes in, and looks again; so a row touched many times in an
 * epoch changes once, and what an epoch did can be seen from its changes alone.
 *
 * A row is a node of its partition's treap: its key is the columns of the order, encoded so that
 * they compare by memcmp, then all of the row (row_bytes.h). Where rows have positions that cannot
 * change, the position stands behind the columns of the text. A row that is there twice has count 2. */
#ifndef WEIR_EXEC_OP_RANKED_H
#define WEIR_EXEC_OP_RANKED_H

#include "exec/op/due_heap.h"
#include "exec/op/late_copies.h"
#include "exec/op/row_delta.h"
#include "exec/state/ttl.h"
#include "exec/state/treap.h"

/* Begins the payload of a partition; what the operator adds comes behind it. */
typedef struct PartitionHead {
    int64_t end;       /* of its window */
    uint32_t waiting;  /* entries in the heap of what is due */
    bool is_saved : 1; /* it has records */
    bool is_kept : 1;  /* what the operator keeps of it matters without rows too */
    bool is_closed : 1; /* its window has: gone when the next epoch begins */
    bool is_taken : 1; /* Top-N of few rows: those that it has of the batch at work */
    uint8_t n, cap;    /* Top-N of few rows: how many they are, and have room */
} PartitionHead;

/* A partition whose rows are a treap; op_topn_few.c has another one. */
typedef struct Partition {
    PartitionHead head;
    Treap rows;
    Treap pending;     /* what the epoch changes; in rows after the flush, gone when the next begins */
    const TreapNode *bound; /* Top-N: the last row that can matter, where there are as many as can */
    int64_t pending_kept; /* Top-N: of the pending ones, when they were cut last */
} Partition;

/* Payload of a row's node. */
typedef struct RowLengths {
    uint32_t peer_n;   /* of the key: the columns in which peers are equal */
    uint32_t order_n;  /* where the row begins */
} RowLengths;

/* A row that the epoch has changed, with its count before. */
typedef struct RowChange {
    uint8_t *part;
    Str key;
    int64_t before;
} RowChange;

typedef struct Ranked {
    Op op;
    const RankSpec *spec;
    const Field *fields;      /* of the input */
    int32_t nfields;
    KeyLayout keys;
    RowBytes row, more;       /* more: what the operator computes */
    bool by_position, above_state;
    GroupTable parts;         /* payload: Partition, then the operator's */
    Ttl ttl;                  /* of the partitions */
    void (*drop)(struct Ranked *r, uint8_t *part); /* gives back what the operator keeps; or NULL */
    /* What holds a partition's rows: how many there are; all of them go; the last epoch is forgotten,
     * true: there are none. */
    int64_t (*count)(const uint8_t *part);
    void (*clear)(struct Ranked *r, uint8_t *part);
    bool (*settle)(struct Ranked *r, uint8_t *part);
    /* Whether the row, of which only the order has been encoded, cannot matter; or NULL. */
    bool (*is_beyond)(const struct Ranked *r, const Partition *part, Str order, uint32_t peer_n);
    /* Takes out of the pending rows what others of them leave no place for; or NULL. */
    void (*cut_pending)(struct Ranked *r, Partition *p);
    Arena epoch;              /* reset when the next epoch begins */
    VEC(RowChange) changes;
    VEC(uint8_t *) closed;    /* partitions */
    bool is_settled;
    int32_t time_col;         /* rows are late when J has reached it; -1: another rule */
    bool nothing_is_late;     /* with time_col: rows without it don't count, and that is all */
    int32_t end_col;          /* window_end of the partition's window, -1: none */
    int64_t tick;
    LateCopies late;          /* with end_col */
    DueHeap due;              /* partitions by the end of their window, or when they want to be seen */
    int64_t closed_at;        /* watermark of the last flush */
    RowDelta delta;
    int64_t nrows;
    bool *conditional;        /* columns whose errors count only where a FILTER takes the row; NULL: none */
    bool (*is_needed)(const struct Ranked *r, const Batch *b, int col, int row);
} Ranked;

static inline PartitionHead *partition_head(uint8_t *group) { return (PartitionHead *)(void *)group; }
static inline Partition *partition(uint8_t *group) { return (Partition *)(void *)group; }

/* Fills all but op.cls' own; a partition's payload has so many bytes. */
Status ranked_init(Ranked *r, const OpClass *cls, const PhysOp *p, OpContext *c, Arena *a, int payload, Diags *d);
void ranked_close(Op *op);
int64_t ranked_bytes(const Op *op);
int64_t ranked_rows(const Op *op);
/* Each row of each partition, in its order. */
void ranked_tell(Op *op, struct StateRows *out);
/* Its parts: the partitions by key, a partition's key. */
uint8_t **ranked_sorted(const Ranked *r, uint32_t *n, Arena *scratch);
void ranked_tell_key(const Ranked *r, uint8_t *part, StrBuf *object);

/* Forgets the last epoch: its changes, partitions that are empty or closed. */
void ranked_begin(Ranked *r);
const RowError *ranked_row_error(const Op *op, int port, const Batch *b, int row);
/* The rows of a batch that count, with their partitions; there is room for all. */
int ranked_take(Ranked *r, const Batch *b, int32_t *rows, uint8_t **parts);
Pos ranked_pos(const Ranked *r, const Batch *b, int row);
void ranked_push(Op *op, int port, const Batch *b);
/* Takes a partition to be looked at when the watermark reaches `due`. */
void ranked_await(Ranked *r, uint8_t *part, int64_t due);
/* Puts the pending changes into the rows. */
void ranked_apply(Ranked *r, uint8_t *part);
/* `n` copies of a row go for good, outside of the pending changes. */
void ranked_remove(Ranked *r, uint8_t *part, const TreapNode *row, int64_t n);
/* All rows of the epoch are in. */
void ranked_flush(Ranked *r);
/* All has been handed on: state that nothing has touched for state_ttl goes. */
void ranked_end_flush(Ranked *r);
/* The partitions whose windows end at or before the watermark, by (end, key), into the epoch's
 * arena. They are closed: empty afterwards. */
int64_t ranked_take_closed(Ranked *r, int64_t watermark, uint8_t ***out);
void ranked_end(Ranked *r, uint8_t *part);

/* Records of rows; an operator's own have an empty key. */
void ranked_save(Op *op, StateWriter *w, bool all);
Status ranked_load_row(Ranked *r, uint8_t *part, Str key, Str value);
Status ranked_load(Op *op, Str space, Str key, Str value);
Str ranked_space(const Ranked *r, const uint8_t *part, Arena *scratch);
/* The partition of a space; NULL: not what ranked_space gives. */
uint8_t *ranked_of_space(Ranked *r, Str space);

/* ---- rows in their order ------------------------------------------------------------------------ */

static inline RowLengths row_lengths(const TreapNode *n)
{
    RowLengths l;
    memcpy(&l, n->bytes + n->key_n, sizeof l);
    return l;
}
static inline Str row_peers(const TreapNode *n) { return str_of(n->bytes, row_lengths(n).peer_n); }
static inline Str row_bytes(const TreapNode *n)
{
    uint32_t at = row_lengths(n).order_n;
    return str_of(n->bytes + at, n->key_n - at);
}
static inline bool is_peer(const TreapNode *n, Str peers)
{
    return row_lengths(n).peer_n == peers.n && memcmp(n->bytes, peers.p, (size_t)peers.n) == 0;
}
/* The time of a row: what the order begins with. */
int64_t ranked_time(const Ranked *r, const TreapNode *n, Arena *scratch);
/* How many rows stand before the first whose key is at least / begins with something greater than
 * the bytes. */
int64_t rows_before(const Treap *t, Str key);
int64_t rows_through(const Treap *t, Str prefix, Arena *scratch);
/* Where the peers of a row begin and end. */
static inline int64_t peers_start(const Treap *t, Str peers) { return rows_before(t, peers); }
static inline int64_t peers_end(const Treap *t, Str peers, Arena *scratch) { return rows_through(t, peers, scratch); }

/* The changed part of a partition: rows [from, to) of the old order and [from, to + net) of the new
 * one; the rows around it are the same. */
typedef struct Changed {
    Str first, last; /* keys */
    int64_t from, to, net;
} Changed;
/* False: nothing has changed. */
bool partition_changed(const Partition *p, Changed *out);

#endif
