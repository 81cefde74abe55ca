/* write_set.h: all that one epoch changes, as plain data that refers to no live state.
 *
 * Because it is immutable once made, a commit that failed can be tried again with the same bytes. */
#ifndef WEIR_STORAGE_WRITE_SET_H
#define WEIR_STORAGE_WRITE_SET_H

#include "base/batch.h"
#include "base/catalog.h"

typedef enum RowChange { ROW_INSERT = 1, ROW_UPDATE, ROW_DELETE } RowChange;

/* Rows of a view's table, ascending by id, each id once. */
typedef struct ViewDelta {
    const Relation *view;
    int32_t n;
    const int64_t *ids;
    const uint8_t *change;  /* RowChange */
    const Column *cols;     /* view->ncols columns of n rows, dense; rows of deletes hold NULL */
    /* Whole ranges that retention removes: [first, last] pairs. */
    const int64_t *drop_ranges;
    int32_t ndrops;
} ViewDelta;

/* Blocks of 2^20 ids given to spans of window_end (see _weir_blocks). */
typedef struct BlockGrant {
    int64_t view, span, block;
} BlockGrant;

typedef struct StateBlob {
    int64_t view;
    int32_t op;
    bool is_base;  /* is all there is of (view, op) from now on */
    Str records;
} StateBlob;

/* A page of the base of (view, op), from the place `low` in the order of records on; gone: none begins
 * there any more. */
typedef struct BasePage {
    int64_t view;
    int32_t op;
    bool is_gone;
    Str low, records;
} BasePage;

/* What the epochs up to `epoch` logged for (view, op) is in the base by now. */
typedef struct LogTrim {
    int64_t view;
    int32_t op;
    int64_t epoch;
} LogTrim;

typedef struct SavedPosition {
    int64_t stream;
    Str partition;
    uint64_t label;
    uint32_t generation;
    uint64_t offset;
    Str identity;
    int64_t watermark;   /* of the partition, INT64_MIN: none */
    int64_t rows, errors; /* accepted, refused, since the beginning */
    bool ended;
} SavedPosition;

/* One row of weir_errors. */
typedef struct ErrorRow {
    int64_t at_us;
    Str stream, partition;
    uint32_t generation;
    uint64_t offset;
    Str query;           /* "" for a stream error */
    Str code, message, raw;
    int64_t raw_bytes;
} ErrorRow;

/* One row of weir_faults, or its removal. */
typedef struct FaultRow {
    Str view;
    Str key;        /* the values that name the row within the view: "['a', 1]" */
    bool remove;    /* all faults of (view, key) go; such rows come before additions */
    Str column, code, message;
} FaultRow;

typedef struct Ruling {
    int64_t stream;
    Str partition;
    uint32_t generation;
    uint64_t offset;
    Str kind;
    int64_t value;
} Ruling;

typedef struct ViewProgress {
    int64_t view;
    int64_t rows;        /* in the view now */
    int64_t changes;     /* rows written since the beginning */
    int64_t late_rows, gap_rows, errors;
    int64_t next_id;
} ViewProgress;

typedef struct WriteSet {
    int64_t epoch;
    int64_t now_us;
    VEC(ViewDelta) views;
    VEC(BlockGrant) blocks;
    VEC(StateBlob) state;
    VEC(BasePage) pages;
    VEC(LogTrim) trims;
    VEC(SavedPosition) positions;
    VEC(ErrorRow) errors;
    VEC(FaultRow) faults;
    VEC(Ruling) rulings;
    VEC(ViewProgress) progress;
} WriteSet;

#endif
