/* format.h: how bytes become rows.
 *
 * A decoder splits a buffer into records and writes the wanted fields straight into columns.
 * Text refers to the buffer wherever nothing needs unescaping. A record that is malformed becomes
 * a StreamError; a field that does not fit its type becomes an error mark of its column. */
#ifndef WEIR_EXEC_FORMAT_H
#define WEIR_EXEC_FORMAT_H

#include "exec/io/source.h"

/* Rows being made. Owned by the source; columns have room for `cap` rows. */
typedef struct RowBuilder {
    Arena *arena;          /* text that had to be rewritten, errors; freed with the batch */
    Column *cols;          /* one per column of the relation; data NULL: not wanted */
    int32_t ncols;
    int32_t rows, cap;
    uint64_t *offset;      /* of each row's record */
    uint32_t *ordinal;     /* row's place in its record (arrays of objects) */
    bool has_ordinals;
    bool has_weights;      /* weight and time_us are filled, for every row */
    int32_t *weight;       /* formats of tables: 1 a row, -1 the end of its key's row */
    int64_t *time_us;      /* the source's time of the change, INT64_MIN: not known */
    VEC(StreamError) errors;
} RowBuilder;

typedef struct Decoder Decoder;
struct Inference;
typedef struct FormatImpl {
    /* `rel` gives columns, types, paths and options. */
    Status (*open)(const Relation *rel, const bool *wanted, Arena *a, Decoder **out, Diags *d);
    /* Decodes records of buf[0..n) until `out` is full or no whole record is left; `at_end`: what
     * is left is a record too. `base` is the offset of buf[0] in its partition. Returns the bytes
     * consumed. Buffers are readable up to 64 bytes past n. */
    ptrdiff_t (*decode)(Decoder *dec, const char *buf, ptrdiff_t n, bool at_end, uint64_t base,
                        RowBuilder *out);
    /* Forgets what was learned from a partition's head (CSV header); NULL: nothing. */
    void (*reset)(Decoder *dec);
    /* Columns and event time from the first bytes of an input (infer.h); NULL: cannot. */
    Status (*infer)(struct Inference *inf, Diags *d);
    /* State that a position needs besides the offset (e.g. the CSV header): saved with it. */
    Str (*save)(Decoder *dec, Arena *a);
    Status (*load)(Decoder *dec, Str saved);
    /* The character between two of which a line end ends no record; NULL, or 0: there is none. */
    char (*quote)(const Decoder *dec);
    /* Uses no vector instructions above `most` (exec/kernel/simd.h); NULL: it has but one way. */
    void (*limit_simd)(Decoder *dec, int most);
    void (*close)(Decoder *dec); /* what is not in the arena; NULL: nothing */
} FormatImpl;
struct Decoder {
    const FormatImpl *impl;
    /* Bytes that decode has consumed of a record it has not finished (one too long to keep): the
     * position is that much before what was consumed. */
    int64_t held;
};

/* The decoder that a relation's `format` option names; without it the ending of `path` (.csv, .tsv)
 * decides, else it is JSON. */
Status format_open(const Registry *r, const Relation *rel, const bool *wanted, Arena *a,
                   Decoder **out, Diags *d);

/* Leaves out the instructions that a test wants left out. */
void format_adapt(Decoder *dec, const Env *env);
void format_close(Decoder *dec); /* NULL is allowed */
/* The longest record the relation's format reads: line_limit. */
int64_t format_record_max(const Relation *rel);

/* No more rows or errors go into this batch. */
static inline bool builder_is_full(const RowBuilder *b) { return b->rows >= b->cap || b->errors.len >= b->cap; }
/* A row of the record at `offset` is complete: its wanted columns are set. */
static inline void builder_end_row(RowBuilder *b, uint64_t offset, uint32_t ordinal)
{
    b->offset[b->rows] = offset;
    b->ordinal[b->rows] = ordinal;
    b->has_ordinals |= ordinal > 0;
    b->rows++;
}

/* How fields are read: from the relation's options. */
struct FieldOptions;

/* Shared by formats: text of a field into a column; marks an error where it does not fit. */
void field_decode(RowBuilder *out, int col, const char *p, ptrdiff_t n, const struct FieldOptions *o);

#endif
