/* pages.h: compaction: what the oldest part of an operator's log says goes into the pages of its base.
 *
 * A base is pages of at most some ten kilobytes, each with the records of a stretch of the order
 * (fold.h): from its `low` place on, up to the low of the next. A round folds records of the log, then
 * goes through the pages in order and writes those anew that the fold changes, a few at a time: between
 * two steps base and log together give the same state, for a record of the log that is in the base
 * already is only put there once more. When the last page is done, the records folded may go.
 * Nothing here reads or writes a database: the caller hands in pages and takes out changes. */
#ifndef WEIR_EXEC_STATE_PAGES_H
#define WEIR_EXEC_STATE_PAGES_H

#include "exec/state/fold.h"

enum { STATE_PAGE_BYTES = 16 << 10, STATE_PAGE_MIN = 4 << 10 }; /* one more record than fits; less: merged */

/* The page that begins at low, as it is to be from now on; gone: its records lie in the page before. */
typedef struct PageChange {
    Str low;
    bool is_gone;
    Str records;
} PageChange;

typedef struct StatePage {
    Str low;
    FoldEntry *entries;  /* of the fold, in no order */
    int32_t nentries;
    bool is_touched;     /* by an entry, or by the drop of a space */
} StatePage;

typedef struct StatePages {
    Arena *arena;        /* as long as the round */
    StateFold *fold;
    StatePage *pages;
    ptrdiff_t n, at;     /* pages; the next one to do */
    ptrdiff_t common;    /* bytes that the lows of all but the first have in common, and the eight behind them */
    uint64_t *heads;
    ptrdiff_t nsorted;   /* entries of the fold that lie with their pages */
    int64_t base_delta;  /* bytes that the base has grown by, */
    int64_t records_delta; /* and records */
} StatePages;

/* What a step needs and gives. `read` gives the records of page i, until it is called again. */
typedef struct PageIo {
    Arena *arena;        /* of changes */
    Status (*read)(void *arg, Str low, Str *records);
    void *arg;
    VEC(PageChange) changes;
    int64_t bytes;       /* read and written */
} PageIo;

/* A round over a base whose pages begin at lows[0..n), ascending. */
StatePages *state_pages_new(Arena *a, const Str *lows, ptrdiff_t n);
/* Folds records, the oldest first. WEIR_E_CORRUPT as state_fold_add. */
Status state_pages_add(StatePages *p, Str records);
/* Does pages until `bytes_max` bytes were read and written. True in *done: all are. */
Status state_pages_step(StatePages *p, PageIo *io, int64_t bytes_max, bool *done);

#endif
