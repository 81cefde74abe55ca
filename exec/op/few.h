/* few.h: Top-N of few rows by ROW_NUMBER, over input that only grows: q18, q19 and their like.
 *
 * A partition is a sorted array of at most `last` rows. A row of a batch is first compared by its
 * rank key, one word that rows sort by as far as it goes; it enters the array as a mere number, and
 * only what is still there when the batch ends is copied, a column at a time. Of a batch that stays as
 * long as the query nothing is copied at all: the number is kept, and the row goes out where it lies.
 * What was there before the epoch stays until the next begins, since deltas and records refer to it. */
#ifndef WEIR_EXEC_OP_FEW_H
#define WEIR_EXEC_OP_FEW_H

#include "exec/op/ranked.h"
#include "exec/state/kept_row.h"

enum { FEW_ROWS_MAX = 128 };

/* What stands in front of a copied row. */
typedef struct FewRow {
    Pos pos;              /* zero where rows have none */
    uint32_t epoch;       /* in which it came, by the operator's count; 0: long ago */
    bool is_saved;        /* it has a record */
} FewRow;

/* A row: a copied one, or one of a batch: of the one at work (number 0) or of one that stays (from 1). */
typedef uintptr_t FewRef;
enum { FEW_BATCHES_MAX = 1 << 18 };
static inline bool few_in_batch(FewRef ref) { return ref & 1; }
static inline bool few_is_new(FewRef ref) { return few_in_batch(ref) && ref < 2 * BATCH_ROWS_MAX; }
static inline uint8_t *few_row(FewRef ref) { return (uint8_t *)ref; }
static inline int few_batch_row(FewRef ref) { return (int)(ref / 2 % BATCH_ROWS_MAX); }
static inline FewRef few_ref(uint32_t batch, int row) { return ((FewRef)batch * BATCH_ROWS_MAX + (FewRef)row) * 2 + 1; }
static inline FewRow *few_front(const uint8_t *row) { return (FewRow *)(uintptr_t)row; }

typedef struct FewEntry {
    uint64_t key;         /* of its rank: never greater than that of a row behind */
    FewRef ref;
} FewEntry;

/* With the key of a word or two it lies in one line of the cache. */
typedef struct FewPart {
    PartitionHead head;   /* n, cap: of the array */
    union {
        FewEntry one;     /* while there is room for one */
        struct {
            uint64_t bound; /* the key of the last row, where the array is full: that of the one, too */
            FewEntry *many;
        };
    };
} FewPart;
_Static_assert(offsetof(FewPart, one.key) == offsetof(FewPart, bound), "the key of one row is its bound");
static inline FewEntry *few_entries(FewPart *p) { return p->head.cap > 1 ? p->many : &p->one; }

/* What a partition was before the epoch. */
typedef struct FewBefore {
    FewEntry *entries;
    uint32_t n;
    bool has_changed;
} FewBefore;

/* A row with its partition. */
typedef struct FewKept {
    uint8_t *part;
    FewEntry e;
} FewKept;

/* A row on its way out of a batch that stays. */
typedef struct FewGoing {
    FewRef ref;
    int64_t rank;
    int32_t weight;
    uint32_t next;        /* of its batch and sign: place in the list + 1 */
} FewGoing;

/* A batch that stays. */
typedef struct FewBatch {
    Batch b;
    uint32_t epoch;       /* in which it came */
    uint64_t *saved;      /* rows that have a record; NULL: none */
    uint32_t going[2];    /* rows that go out, those that are taken back first: place + 1 */
    uint32_t ngoing[2];
} FewBatch;

typedef struct Few {
    Ranked r;
    KeptRows rows;
    uint32_t last, offset;     /* places offset … last are shown */
    bool shows_changes;        /* EMIT CHANGES */
    bool is_keyed;             /* the first column of the order gives rank keys */
    bool is_exact;             /* there is no other, and rows of one key (but for the least and the greatest) are peers */
    VEC(FewBefore) before;     /* per touched partition; in the epoch's arena */
    VEC(FewKept) gone;         /* rows of before the epoch that fell out: freed when the next begins */
    uint32_t epoch;
    const Batch *b;            /* the one at work */
    Arena stay;                /* of the batches that stay, and of who goes */
    VEC(FewBatch) staying;
    VEC(FewGoing) going;
    VEC(uint32_t) leaving;     /* batches of which rows go */
    /* rows on their way out, gathered: copied ones, or such of batches */
    FewRef *out;
    int32_t *weights;
    int64_t *ranks;
    int32_t nout;
} Few;

static inline FewPart *few_part(uint8_t *group) { return (FewPart *)(void *)group; }
static inline const Batch *few_batch(const Few *f, FewRef ref)
{
    return few_is_new(ref) ? f->b : &f->staying.data[ref / 2 / BATCH_ROWS_MAX - 1].b;
}

/* ---- rows (few_rows.c) -------------------------------------------------------------------------- */

/* A value of a row, wherever that is. */
typedef struct FewValue {
    uint64_t words[2];
    bool is_null;
} FewValue;
FewValue few_value(const Few *f, FewRef ref, int col);
Str few_marks(const Few *f, FewRef ref);
bool few_eq(const Few *f, FewRef a, FewRef b);
/* All columns of n rows, copied ones or such of batches; the marks are the reader's. */
void few_columns(const Few *f, const FewRef *rows, int n, Column *cols, Arena *a);
/* The number of the batch, from 1, if it stays and can be referred to; else 0. */
uint32_t few_stay(Few *f, const Batch *b);
bool few_is_of_epoch(const Few *f, FewRef ref);
bool few_is_saved(const Few *f, FewRef ref);
void few_set_saved(Few *f, FewRef ref, bool is_saved);
void few_free(Few *f, FewRef ref);
/* A row goes out where it lies; few_go hands on all that do. */
void few_going(Few *f, FewRef ref, int32_t weight, int64_t rank);
void few_go(Few *f);
void few_out(Few *f, FewRef ref, int32_t weight, int64_t rank);
void few_out_flush(Few *f);

/* ---- order (few_order.c) ------------------------------------------------------------------------ */

void few_order_init(Few *f);
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
/* A row's key as ranked.h has it, and where the row in it begins. */
void few_encode(const Few *f, FewRef ref, StrBuf *out, uint32_t *peer_n, uint32_t *order_n);

/* ---- records (few_records.c) -------------------------------------------------------------------- */

void few_save(Op *op, StateWriter *w, bool all);
Status few_load(Op *op, Str space, Str key, Str value);
void few_tell(Op *op, struct StateRows *out);
/* Puts a row that is known to belong to the partition into its array. */
void few_insert(Few *f, FewPart *p, FewEntry e, uint32_t at);
uint32_t few_place(Few *f, FewPart *p, const FewEntry *e);

Status op_topn_few_open(const PhysOp *p, OpContext *c, Arena *a, Op **out, Diags *d);

#endif
