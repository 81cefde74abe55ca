/* few.h: Top-N of few rows by ROW_NUMBER, over input that only grows: q18, q19 and their like.
 *
 * A partition is a sorted array of at most `last` rows. A row of a batch is first compared by its
 * rank key, one word that rows sort by as far as it goes; it enters the array as a mere number, and
 * only what is still there when the batch ends is copied, a column at a time. What was there before
 * the epoch stays until the next begins, since deltas and records refer to it. */
#ifndef WEIR_EXEC_OP_FEW_H
#define WEIR_EXEC_OP_FEW_H

#include "exec/op/ranked.h"
#include "exec/state/kept_row.h"

enum { FEW_ROWS_MAX = 128 };

/* What stands in front of a kept row. */
typedef struct FewRow {
    Pos pos;              /* zero where rows have none */
    uint32_t epoch;       /* in which it came, by the operator's count; 0: long ago */
    bool is_saved;        /* it has a record */
} FewRow;

/* A row that is kept, or row `ref / 2` of the batch at work. */
typedef uintptr_t FewRef;
static inline bool few_is_new(FewRef ref) { return ref & 1; }
static inline uint8_t *few_row(FewRef ref) { return (uint8_t *)ref; }
static inline FewRow *few_front(const uint8_t *row) { return (FewRow *)(uintptr_t)row; }

typedef struct FewEntry {
    uint64_t key;         /* of its rank: never greater than that of a row behind */
    FewRef ref;
} FewEntry;

typedef struct FewPart {
    PartitionHead head;
    uint64_t bound;       /* the key of the last row where the array is full, else UINT64_MAX */
    FewEntry *entries;    /* `first` while there is one */
    uint32_t n, cap;
    uint32_t batch;       /* number of the last batch that changed it */
    FewEntry first[1];
} FewPart;

/* What a partition was before the epoch. */
typedef struct FewBefore {
    FewEntry *entries;
    uint32_t n;
    bool has_changed;
} FewBefore;

/* A row with its partition. */
typedef struct FewKept {
    uint8_t *part, *row;
} FewKept;

typedef struct Few {
    Ranked r;
    KeptRows rows;
    uint32_t last, offset;     /* places offset … last are shown */
    bool shows_changes;        /* EMIT CHANGES */
    bool is_keyed;             /* the first column of the order gives rank keys */
    bool is_exact;             /* there is no other, and rows of one key (but for the least and the greatest) are peers */
    KeyLayout order;           /* its columns */
    VEC(FewBefore) before;     /* per touched partition; in the epoch's arena */
    VEC(FewKept) gone;         /* rows of before the epoch that fell out: freed when the next begins */
    uint32_t epoch, batches;
    /* the batch at work */
    const Batch *b;
    bool is_packed;
    PackedKeys packed;         /* its columns of the order, once asked for */
    const int32_t *packed_rows;
    int32_t npacked;
    int32_t *place;            /* per row of the batch its place in `packed` */
    /* rows on their way out */
    uint8_t **out;
    int32_t *weights;
    int64_t *ranks;
    int32_t nout;
} Few;

static inline FewPart *few_part(uint8_t *group) { return (FewPart *)(void *)group; }

/* ---- order (few_order.c) ------------------------------------------------------------------------ */

void few_order_init(Few *f, Arena *a);
/* Rank keys of rows of the batch. */
void few_keys(const Few *f, const Batch *b, const int32_t *rows, int n, uint64_t *out);
uint64_t few_key_of(const Few *f, const uint8_t *row);
/* < 0: a stands before b, which has the same rank key. Exactly the order of the records' keys. */
int few_cmp(Few *f, uint64_t key, FewRef a, FewRef b);
static inline bool few_before(Few *f, const FewEntry *a, const FewEntry *b)
{
    return a->key != b->key ? a->key < b->key : few_cmp(f, a->key, a->ref, b->ref) < 0;
}
static inline bool few_same(Few *f, const FewEntry *a, const FewEntry *b)
{
    return a->ref == b->ref || (a->key == b->key && few_cmp(f, a->key, a->ref, b->ref) == 0);
}
/* A kept row's key as ranked.h has it, and where the row in it begins. */
void few_encode(const Few *f, const uint8_t *row, StrBuf *out, uint32_t *peer_n, uint32_t *order_n);

/* ---- records (few_records.c) -------------------------------------------------------------------- */

void few_save(Op *op, StateWriter *w, bool all);
Status few_load(Op *op, Str space, Str key, Str value);
void few_tell(Op *op, struct StateRows *out);
/* Puts a row that is known to belong to the partition into its array. */
void few_insert(Few *f, FewPart *p, FewEntry e, uint32_t at);
uint32_t few_place(Few *f, const FewPart *p, const FewEntry *e);

Status op_topn_few_open(const PhysOp *p, OpContext *c, Arena *a, Op **out, Diags *d);

#endif
