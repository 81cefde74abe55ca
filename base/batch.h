/* batch.h: rows in columns, the unit of work.
 *
 * A batch holds up to BATCH_ROWS_MAX rows of a delta. `sel` names the rows that count, in
 * ascending order; columns are never compacted, so row i of every column is row i of the batch.
 * Everything a batch points to is valid until the push that received it returns: who wants to
 * keep a row copies it (text included) into memory of its own, but for what says that it stays. */
#ifndef WEIR_BASE_BATCH_H
#define WEIR_BASE_BATCH_H

#include "base/diag.h"
#include "base/value.h"

enum { BATCH_ROWS_MAX = 4096, BATCH_WORDS = BATCH_ROWS_MAX / 64 };

/* Text: up to 12 bytes inside, else the first 4 and a pointer to all of them. */
typedef struct Text {
    uint32_t len;
    char prefix[4];
    union {
        char rest[8];
        const char *ptr;
    };
} Text;
_Static_assert(sizeof(Text) == 16, "Text is two words");
enum { TEXT_INLINE = 12 };

static inline const char *text_p(const Text *t) { return t->len <= TEXT_INLINE ? t->prefix : t->ptr; }
static inline Str text_str(const Text *t) { return (Str){text_p(t), t->len}; }
/* Refers to p[0..n) where it is longer than TEXT_INLINE. Unused bytes are zero. */
static inline Text text_ref(const char *p, ptrdiff_t n)
{
    Text t = {.len = (uint32_t)n};
    if (n <= TEXT_INLINE) {
        if (n > 0) memcpy(t.prefix, p, (size_t)n);
    } else {
        memcpy(t.prefix, p, 4);
        t.ptr = p;
    }
    return t;
}
static inline bool text_eq(const Text *a, const Text *b)
{
    if (memcmp(a, b, 8) != 0) return false; /* length and prefix */
    if (a->len <= TEXT_INLINE) return memcmp(a->rest, b->rest, 8) == 0;
    return memcmp(a->ptr, b->ptr, a->len) == 0;
}

/* Why single values of a column are not there. Below the first stateful operator of a query a
 * marked value is an error that propagates; above it, it is a fault: the value is NULL and the
 * mark travels to the view. */
typedef struct RowError {
    int32_t row;
    Status code;
    Str message;
} RowError;
typedef struct ErrMask {
    uint64_t *bits;   /* BATCH_WORDS words; bit set: row is in error */
    RowError *list;   /* one per marked row, any order */
    int32_t n, cap;
} ErrMask;

typedef struct Column {
    Type type;
    bool is_const;         /* data (and valid) hold one row that stands for all */
    bool is_lasting;       /* long text stays where it is as long as the query: who keeps a row may refer to it */
    bool is_resident;      /* so does all of the column: who keeps a row may keep its number */
    void *data;            /* 64-byte aligned values of type_width(type.kind) bytes; NULL: not decoded */
    uint64_t *valid;       /* bit set: not NULL; absent: no NULLs. NULL rows hold zero bytes */
    ErrMask *err;          /* absent: none */
} Column;

static inline bool bit_get(const uint64_t *bits, int64_t i) { return bits[i >> 6] >> (i & 63) & 1; }
static inline void bit_set(uint64_t *bits, int64_t i) { bits[i >> 6] |= (uint64_t)1 << (i & 63); }
static inline void bit_clear(uint64_t *bits, int64_t i) { bits[i >> 6] &= ~((uint64_t)1 << (i & 63)); }
static inline int col_at(const Column *c, int row) { return c->is_const ? 0 : row; }
static inline bool col_is_null(const Column *c, int row) { return c->valid && !bit_get(c->valid, col_at(c, row)); }
static inline bool col_is_err(const Column *c, int row) { return c->err && bit_get(c->err->bits, row); }
#define COL(T, c) ((T *)(c)->data) /* COL(int64_t, col)[row] */

/* The place of a row in the total order of its stream's rows. Labels order the partitions (and,
 * in their upper 16 bits, the streams of a query); they are kept with the stream. */
typedef struct Pos {
    uint64_t label;
    uint64_t offset;
    uint32_t generation;
    uint32_t ordinal;
} Pos;
int pos_cmp(const Pos *a, const Pos *b);

typedef struct Batch {
    int32_t rows, ncols;
    Column *cols;
    const uint16_t *sel;    /* NULL: all rows count */
    int32_t nsel;           /* rows in sel */
    const int32_t *weights; /* NULL: all +1; else per row, never 0 on a selected row */
    const int64_t *judge;   /* J per row; NULL: INT64_MIN for all */
    int64_t judge_max;      /* upper bound of J over the batch; INT64_MIN with judge == NULL */
    uint64_t label;         /* position of the rows, where offset is given */
    uint32_t generation;
    const uint64_t *offset;   /* NULL: rows of a derived relation, without position */
    const uint32_t *ordinal;  /* NULL: 0 */
    bool has_resident_pos;    /* offset and ordinal stay where they are as long as the query */
} Batch;

static inline int batch_count(const Batch *b) { return b->sel ? b->nsel : b->rows; }
static inline int batch_row(const Batch *b, int i) { return b->sel ? b->sel[i] : i; }
static inline int batch_weight(const Batch *b, int row) { return b->weights ? b->weights[row] : 1; }
static inline int64_t batch_judge(const Batch *b, int row) { return b->judge ? b->judge[row] : INT64_MIN; }
Pos batch_pos(const Batch *b, int row);

/* A column for `rows` values, zeroed data, no NULLs yet. */
Column column_new(Arena *a, Type t, int rows);
/* The same, not zeroed: for who writes every row. */
Column column_new_raw(Arena *a, Type t, int rows);
/* A constant column. */
Column column_const(Arena *a, const Value *v);
/* The validity bitmap, made on first use with all rows valid. */
uint64_t *column_valid(Column *c, Arena *a);
void column_set_null(Column *c, Arena *a, int row); /* also zeroes the value */
/* Marks `row` as in error; the first message of a row stays. */
void column_set_err(Column *c, Arena *a, int row, Status code, Str message);
const RowError *column_error(const Column *c, int row); /* NULL: none */
Value column_value(const Column *c, int row);           /* text refers to the column's bytes */
/* Stores v (of the column's kind, or NULL); text is referred to, not copied. */
void column_put(Column *c, Arena *a, int row, const Value *v);
/* Whether rows [from, from + n) may be kept where they lie. Those with a mark or a -0.0, which is kept as 0.0, are
 * copied. */
bool column_stays(const Column *c, int from, int n);
/* Copies n selected rows (all if rows == NULL) densely into a new column; text is copied too. */
Column column_gather(Arena *a, const Column *c, const int32_t *rows, int n);

#endif
