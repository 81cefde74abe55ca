/* join.h: what the join operators share: rows of both sides by key, the changes of an epoch, pairs.
 *
 * A push puts rows into the state of its side and nothing else. The flush compares the state with
 * what it was before the epoch: of every pair (l, r) it hands on l·r - l'·r' (weights now and
 * before), so each pair comes once, whatever the order in which its rows came. Rows that a watermark
 * has passed leave afterwards; what is to be forgotten stays in place until the next epoch begins,
 * since deltas and records refer to it.
 *
 * Rows are packed (exec/state/key_layout.h) without their key columns, which their key's entry has.
 * The columns of a packed row: position (ASOF, where rows have one), the kept columns, error marks
 * as text (above state), the address of the key's entry. */
#ifndef WEIR_EXEC_OP_JOIN_H
#define WEIR_EXEC_OP_JOIN_H

#include "base/prefetch.h"
#include "exec/op/due_heap.h"
#include "exec/op/late_copies.h"
#include "exec/op/op.h"
#include "exec/state/ttl.h"

enum { SIDE_LEFT, SIDE_RIGHT, SIDES };

typedef enum RowFlags {
    ROW_SAVED = 1,    /* it has a record */
    ROW_GONE = 2,     /* the watermark has passed it */
    ROW_NEVER = 4,    /* nothing matches it: a NULL in its key or time. Gone after its epoch */
    ROW_LISTED = 8    /* it is in its key's list */
} RowFlags;

/* Payload of a row's entry; the packed row is behind it. */
typedef struct JoinRow {
    int64_t weight;
    int64_t matches;  /* where counted per row: weight of the rows that it matches */
    uint64_t number;  /* of its record, from 1 */
    uint32_t at;      /* place in its key's list, where that has no order */
    uint32_t flags;
} JoinRow;

typedef struct JoinList {
    JoinRow **rows;   /* rows[first … first + n) */
    uint32_t first, n, cap;
} JoinList;

/* Payload of a key's entry. `due` and what follows: only where a watermark takes rows away. */
typedef struct JoinKey {
    int64_t weight[SIDES];    /* of the rows in the lists */
    JoinList list[SIDES];
    int64_t due[SIDES];       /* when the list is looked at next, where anything is waiting */
    uint32_t waiting[SIDES];  /* entries of the side's heap with this key */
} JoinKey;

typedef struct RowBefore {
    int64_t weight, matches;
} RowBefore;
typedef struct KeyBefore {
    int64_t weight[SIDES];
} KeyBefore;

typedef struct JoinSide {
    int no;                 /* SIDE_LEFT or SIDE_RIGHT */
    const PhysOp *input;
    const int32_t *keys;    /* columns of the input */
    int32_t time_col;       /* -1: time plays no part */
    bool above_state;       /* marks of the input are faults, nothing is late */
    bool shows_unmatched;   /* outer, ANTI: rows without a match are handed on */
    bool counts_matches;    /* per row */
    bool is_ordered;        /* lists are ordered by time */
    bool *needed;           /* per column of the input: key, kept */
    /* the packed row */
    KeyLayout layout, saved;  /* saved: without the key's address, the last column */
    int32_t *cols;            /* per kept column its column of the input */
    int32_t ncols, first_col; /* the layout's first kept column */
    int32_t npos;             /* columns of a position, before the kept ones: 0 or 4 */
    int32_t marks;            /* layout column, -1: none */
    int32_t time_word;        /* of the packed row */
    GroupTable rows;          /* payload: JoinRow */
    VEC(RowBefore) before;    /* per touched row; in the epoch's arena */
    DueHeap due;              /* keys by the least time of their rows (windows: by their end) */
    uint64_t next_number;
    int64_t live;
    LateCopies late;          /* windows */
} JoinSide;

/* Where a column of (left columns, right columns) comes from. */
typedef struct JoinColumn {
    Type type;
    int32_t side;
    int32_t key;              /* key column, -1: a column of the packed row */
    int32_t col;              /* of the layout; -1 and key -1: not kept */
    int32_t input;            /* column of the side's input: named by marks */
    bool is_residual;         /* the residual reads it */
} JoinColumn;

/* Pairs on their way out; a row that is absent gives NULLs. */
typedef struct JoinPairs {
    JoinRow **rows[SIDES];    /* BATCH_ROWS_MAX each */
    int64_t *weights;
    int32_t n;
} JoinPairs;

typedef struct JoinOp {
    Op op;
    const JoinSpec *spec;
    KeyLayout key_layout;
    GroupTable keys;          /* payload: JoinKey */
    Ttl ttl;                  /* of the keys */
    VEC(KeyBefore) before;    /* per touched key */
    JoinSide side[SIDES];
    JoinColumn *columns;      /* of both inputs */
    int32_t ncolumns;
    ExprProgram *residual;    /* NULL: none */
    bool is_half;             /* SEMI, ANTI */
    bool is_closing;          /* nothing has been handed on before: every row counts as new */
    bool is_settled;          /* the lists of the last epoch have been cleared */
    Arena epoch;              /* reset when the next epoch begins */
    JoinPairs candidates, out;
    int64_t window_tick;
    /* WINDOW: ends of windows closed in this epoch, whose records go at once */
    VEC(int64_t) closed_ends;
} JoinOp;

/* One right row at most is met: the nearest by time. */
static inline bool join_is_nearest(const JoinSpec *spec)
{
    return spec->match == JOIN_ASOF || spec->match == JOIN_TEMPORAL;
}

/* ---- state (join_state.c) --------------------------------------------------------------------- */

/* Fills all but op.cls. */
Status join_init(JoinOp *j, const OpClass *cls, const PhysOp *p, OpContext *c, Arena *a, Diags *d);
void join_close(Op *op);
/* Forgets the last epoch: rows of weight 0 and those that are gone leave the state. */
void join_begin(JoinOp *j);
int64_t join_bytes(const Op *op);
int64_t join_rows(const Op *op);
/* The rows of both sides. */
void join_tell(Op *op, struct StateRows *out);
void join_tell_key(const JoinOp *j, const JoinSide *s, uint8_t *group, StrBuf *members);

static inline JoinKey *join_key(uint8_t *group) { return (JoinKey *)(void *)group; }
static inline uint8_t *row_entry(const JoinRow *r) { return (uint8_t *)(uintptr_t)r; }
static inline const uint64_t *row_words(const JoinSide *s, const JoinRow *r)
{
    return group_words(&s->rows, row_entry(r));
}
static inline int64_t row_time(const JoinSide *s, const JoinRow *r) { return (int64_t)row_words(s, r)[s->time_word]; }
static inline uint64_t group_word(const uint8_t *group) { return (uint64_t)(uintptr_t)group; }
static inline uint8_t *row_group(const JoinSide *s, const JoinRow *r)
{
    return (uint8_t *)(uintptr_t)row_words(s, r)[s->layout.words - 1];
}
static inline JoinKey *row_key(const JoinSide *s, const JoinRow *r) { return join_key(row_group(s, r)); }
/* Brings the key of a row that was touched into the cache, some rows before it is looked at. */
enum { PREFETCH_LISTS = 6, PREFETCH_KEYS = 12 };
PREFETCHER void join_prefetch(const JoinSide *s, uint32_t touched)
{
    if (touched < s->rows.ntouched) __builtin_prefetch(row_group(s, (const JoinRow *)(const void *)s->rows.touched[touched]));
}
static inline JoinRow *list_row(const JoinList *l, uint32_t i) { return l->rows[l->first + i]; }

/* The row's weight before this epoch. */
static inline int64_t row_before(const JoinOp *j, const JoinSide *s, const JoinRow *r)
{
    if (j->is_closing) return 0;
    uint32_t at = group_head(&s->rows, row_entry(r))->touched;
    return at ? s->before.data[at - 1].weight : r->weight;
}
/* Puts the row on the list of the touched, with its image before the epoch. */
void join_touch_row(JoinOp *j, JoinSide *s, JoinRow *r);
void join_touch_key(JoinOp *j, uint8_t *group);

/* Puts rows into their keys' lists and takes them out. */
void join_list_add(JoinOp *j, JoinSide *s, uint8_t *group, JoinRow *r);
/* Index of the first row of an ordered list with a time > t, or >= t. */
uint32_t join_list_after(const JoinSide *s, const JoinList *l, int64_t t);
uint32_t join_list_from(const JoinSide *s, const JoinList *l, int64_t t);
/* The first n rows of an ordered list are gone. */
void join_drop_front(JoinOp *j, JoinSide *s, uint8_t *group, uint32_t n);
/* The key's list is to be looked at when the watermark is where the row may go. */
void join_await_row(JoinOp *j, JoinSide *s, uint8_t *group, const JoinRow *r);
/* The next key of which something is due at or before `limit`; NULL: none. It waits no more. */
uint8_t *join_take_due(JoinOp *j, JoinSide *s, int64_t limit);
/* WINDOW: the end of the key's window; INT64_MAX where it is NULL. */
int64_t join_window_end(const JoinOp *j, const uint8_t *group);

/* ---- records (join_records.c) ----------------------------------------------------------------- */
void join_save(Op *op, StateWriter *w, bool all);
Status join_load(Op *op, Str space, Str key, Str value);

/* Their parts: a space (of a window that ends there), a key, the entry of the key that stands first in a
 * value; NULL: there is none. */
Str join_space(int side, int64_t end, bool is_window, Arena *a);
Str join_number_key(uint64_t number, Arena *a);
bool join_load_number(Str key, uint64_t *number);
uint8_t *join_load_key(JoinOp *j, StrReader *in, Arena *scratch);

/* Records that delete the rows of a list. */
void join_delete_records(JoinOp *j, JoinSide *s, const JoinList *l, StateWriter *w);

/* ---- input (join_input.c) --------------------------------------------------------------------- */
const RowError *join_row_error(const Op *op, int port, const Batch *b, int row);
void join_push(Op *op, int port, const Batch *b);
/* The rows of a batch that take part and may match. Where unmatched rows are shown there are others. */
int join_take(JoinOp *j, JoinSide *s, const Batch *b, int32_t **rows, Arena *scratch);
/* The columns of a packed row, but for the position and the key's address. */
Column *join_kept_columns(const JoinSide *s, const Batch *b, const int32_t *rows, int n, Arena *scratch);

/* ---- output (join_output.c) ------------------------------------------------------------------- */

/* One output row; a NULL row gives NULLs, half joins show the left one only. */
void join_out(JoinOp *j, JoinRow *left, JoinRow *right, int64_t weight);
/* A pair of equal keys: goes out and is counted if it fulfils the residual. */
void join_candidate(JoinOp *j, JoinRow *left, JoinRow *right);
/* Candidates are settled: afterwards all matches are counted. */
void join_settle_candidates(JoinOp *j);
/* Everything has been handed on. */
void join_out_flush(JoinOp *j);

/* ---- changes (join_delta.c) ------------------------------------------------------------------- */

/* Weights below zero are a broken invariant; under state_ttl they are rows that have gone before. */
void join_check(JoinOp *j);
/* Hands on the rows that no other can match, which need not wait. */
void join_emit_never(JoinOp *j, JoinSide *s);
/* Hands on how the join's result changed in this epoch. */
void join_emit_changes(JoinOp *j);
/* WINDOW: the keys whose windows end at or before `end` go; EMIT FINAL: their rows go out. */
void join_close_windows(JoinOp *j, int64_t end);
/* INTERVAL: rows of the side with a time <= `limit` go; EMIT FINAL: unmatched ones go out. */
void join_expire(JoinOp *j, JoinSide *s, int64_t limit);

/* ---- the shapes ------------------------------------------------------------------------------- */
Status op_join_grow_open(const PhysOp *p, OpContext *c, Arena *a, Op **out, Diags *d);
bool op_join_grow_takes(const PhysOp *p);
Status op_join_closed_open(const PhysOp *p, OpContext *c, Arena *a, Op **out, Diags *d);
bool op_join_closed_takes(const PhysOp *p);
Status op_join_lookup_open(const PhysOp *p, OpContext *c, Arena *a, Op **out, Diags *d);
Status op_join_asof_open(const PhysOp *p, OpContext *c, Arena *a, Op **out, Diags *d);

#endif
