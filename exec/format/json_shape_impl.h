/* json_shape_impl.h: what learning a shape (json_shape.c) and following it (json_shape_tmpl.h)
 * share. */
#ifndef WEIR_EXEC_JSON_SHAPE_IMPL_H
#define WEIR_EXEC_JSON_SHAPE_IMPL_H

#include "base/utf8.h"
#include "exec/format/json_field.h"
#include "exec/format/json_shape.h"
#include "exec/format/quick_run.h"
#include "exec/kernel/simd.h"

#include <assert.h>

/* A line that is built of more is not learned. Literals may be read up to 64 bytes past.
 * INDEX_BYTES are indexed at a time, with 16-bit positions; lines are read up to RUN_LINES at once. */
enum { SHAPE_PARTS_MAX = 256, SHAPE_BYTES_MAX = 8192, SHAPES_MAX = 8, INDEX_BYTES = 1 << 15, MISFITS_MAX = 64 };

/* What is done with a value. */
typedef enum PartOp {
    PART_SKIP,
    PART_INT,       /* BIGINT of 64 bits */
    PART_TEXT,
    PART_TIME,      /* TIMESTAMP, ISO 8601 */
    PART_EPOCH,     /* TIMESTAMP, an integer times unit_us */
    PART_DOUBLE,
    PART_BOOL,
    PART_FIELD,     /* by json_field, once the line is known to fit */
    PART_END        /* no value: the line ends behind the literal */
} PartOp;

/* A literal and the value behind it. */
typedef struct Part {
    const char *literal;
    int32_t n;
    uint8_t op, run_op;    /* PartOp; run_op: by the index, for values like those of the line learned from */
    uint8_t precision;     /* PART_TIME */
    int32_t col;           /* the only column that reads the value; PART_FIELD: first of cols */
    int32_t first_col, ncols; /* in Shape.cols */
    int64_t unit_us;       /* PART_EPOCH */
    /* By the index: what is behind the special byte number `ord` of the line (-1: the newline before
     * it) lies `back` bytes behind the start of `check`, the literal with the quotes next to it. */
    int32_t ord, back;
    const char *check;
    int32_t check_n;
    bool is_string;        /* the value was one in the line learned from */
} Part;

/* A column that takes an object or array: from one place between values to another. */
typedef struct Container {
    int32_t slot;
    int32_t first_part, last_part;
    int32_t first_at, last_at; /* bytes into the literals */
    JsonKind kind;
} Container;

typedef struct Shape {
    Part parts[SHAPE_PARTS_MAX];
    int32_t nparts;        /* the last one has PART_END */
    int32_t nbytes;        /* of text */
    int32_t *cols;         /* columns of the parts */
    int32_t *missing, nmissing; /* wanted columns that such lines do not have */
    Container *containers;
    int32_t ncontainers;
    int64_t hits;
    bool is_indexable;     /* every part can be found by the index */
    bool is_finished;      /* each line needs shape_finish_line, or shape_field for some part */
    int32_t nspecials;     /* of a line, its newline included */
    char text[2 * SHAPE_BYTES_MAX + 64]; /* of the literals, then of the checks */
} Shape;

struct ShapeSet {
    Arena *arena;
    const JsonTree *tree;
    const Relation *rel;
    const int32_t *cols, *slot_of;
    int32_t ncols;
    const FieldOptions *fields;
    int64_t limit;
    const char *(*decode)(ShapeSet *, const char *, const char *, uint64_t, RowBuilder *);
    Shape *shapes[SHAPES_MAX], *spare; /* spare: the one being learned */
    int32_t nshapes, current;
    int32_t credit;        /* lines that may still be learned */
    int64_t plain_lines;
    /* the line in work */
    const char *starts[SHAPE_PARTS_MAX]; /* of each part's literal */
    struct {
        int32_t part, line; /* line: of a run */
        JsonSpan span;
    } pending[SHAPE_PARTS_MAX]; /* values for json_field, once it is known that the lines fit */
    int32_t npending;
    TimeCache time_cache;
    /* what is behind the special bytes from index_from on (quotes, backslashes, control characters), as
     * bytes from there; index[0] stands for the line end before it */
    uint16_t *index;
    int32_t index_n, index_at;       /* index_at: the first one of the next line */
    int32_t misfits;                 /* lines read one by one though their shape is indexable */
    int32_t run_max;                 /* lines to be tried at once: few where shapes change often */
    const char *index_from, *index_end; /* NULL: nothing is indexed */
    int32_t index_lines, index_hits; /* in the window; few hits: it does not pay */
    int32_t index_rest;              /* lines to do without */
    bool index_has_high;             /* bytes that are not ASCII: anywhere, and in each 64 bytes */
    bool index_high[INDEX_BYTES / 64 + 1];
};

/* What is left to do once a line fits: a value for json_field; containers and NULLs. */
void shape_field(const ShapeSet *s, const Shape *sh, const Part *part, JsonSpan v, RowBuilder *out);
void shape_finish_line(const ShapeSet *s, const Shape *sh, RowBuilder *out);

const char *shape_decode_any(ShapeSet *, const char *, const char *, uint64_t, RowBuilder *);
#if defined(__x86_64__)
const char *shape_decode_avx2(ShapeSet *, const char *, const char *, uint64_t, RowBuilder *);
const char *shape_decode_avx512(ShapeSet *, const char *, const char *, uint64_t, RowBuilder *);
#elif defined(__aarch64__)
const char *shape_decode_neon(ShapeSet *, const char *, const char *, uint64_t, RowBuilder *);
#endif

#endif
