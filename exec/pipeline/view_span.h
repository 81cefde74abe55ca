/* view_span.h: the ids of a view's rows, and the spans of window_end that share blocks of them.
 *
 * A windowed view takes ids from blocks of 2^20, each given to one span of window_end, so that the
 * rows of a window lie together and retention removes ranges. Other views have a single span that
 * counts up. */
#ifndef WEIR_EXEC_VIEW_SPAN_H
#define WEIR_EXEC_VIEW_SPAN_H

#include "exec/state/id_map.h"
#include "exec/state/log.h"

enum { VIEW_BLOCK_BITS = 20 };

/* The rows whose window_end lies in one span; of rows without one, number is INT64_MIN. */
typedef struct ViewSpan {
    int64_t number;      /* floor(window_end / width) */
    int64_t end_max_us;  /* greatest window_end seen, INT64_MIN: none */
    int64_t next_id;     /* next id of its newest block; 0: no block yet */
    int64_t rows;
    int64_t *blocks;     /* first ids >> VIEW_BLOCK_BITS, for retention */
    int32_t nblocks, blocks_cap;
    bool is_changed;     /* has to be saved */
    bool is_forgotten;   /* its windows have closed: only keys with faults are remembered */
    bool is_expired;     /* its rows go with this epoch */
    IdMap map;
} ViewSpan;

typedef struct ViewSpans {
    ViewSpan **list;     /* ascending by number */
    int64_t n, cap;
    ViewSpan *last;      /* found last */
} ViewSpans;

/* The span of a number, made when it is not there. */
ViewSpan *view_span_get(ViewSpans *s, int64_t number);
void view_span_free(ViewSpans *s, int64_t at);
void view_spans_free(ViewSpans *s);
/* Frees the ones that have expired. */
void view_spans_drop_expired(ViewSpans *s);
/* Whether the span needs a block before it can give an id; and gives it one. */
bool view_span_is_full(const ViewSpan *s);
void view_span_add_block(ViewSpan *s, int64_t block);
/* All that is known of a span but its keys. */
void view_span_save(StateWriter *w, Str space, const ViewSpan *s, StrBuf *scratch);
Status view_span_load(ViewSpan *s, Str value);
void view_entry_save(StateWriter *w, Str space, const IdEntry *e, StrBuf *scratch);
Status view_entry_load(ViewSpan *s, Str key, Str value);

#endif
