/* source.h: where rows come from.
 *
 * A source has partitions (files, a pipe, a generator), each read in order from a position. It
 * decodes only the columns that are wanted, hands out one batch of one partition at a time, and
 * can be put back to any position it reported. */
#ifndef WEIR_EXEC_SOURCE_H
#define WEIR_EXEC_SOURCE_H

#include "base/batch.h"
#include "base/catalog.h"
#include "base/env.h"
#include "exec/io/workers.h"

/* Who decodes, and how far ahead. */
typedef struct Decoding {
    Workers *workers;      /* NULL, or one that counts 1: the caller alone, nothing ahead */
    int64_t morsel_bytes;  /* decoded as one task */
    int ahead_max;         /* morsels decoded ahead at most; 0: two for each worker, 16 in all */
} Decoding;

/* What a source needs to know; everything outlives the source. */
typedef struct SourceSpec {
    const Relation *rel;
    const bool *wanted;    /* per column of rel: decode it. Event time, NOT NULL and what computed
                              columns read are always included by the caller. COL_COMPUTED are
                              never decoded */
    const Env *env;
    bool once;             /* read what is there now, then report SOURCE_DRAINED; ends nothing */
    int rows_max;          /* per batch, 1..BATCH_ROWS_MAX */
    Decoding decoding;
} SourceSpec;

/* A record that is unusable: it reaches no query. */
typedef struct StreamError {
    uint64_t offset;
    Status code;
    Str message;
    Str raw;               /* first 4 KB of the record */
    int64_t raw_bytes;     /* its whole length */
} StreamError;

/* Where reading of a partition continues. */
typedef struct SourcePosition {
    Str partition;         /* name; "" where there is only one */
    uint64_t label;        /* order among the partitions: see Pos */
    uint32_t generation;
    uint64_t offset;       /* of the first byte (or number) not yet handed out */
    Str identity;          /* connector's own: hashes of a file's content, line number, … */
    bool ended;
    bool is_dry;           /* the last look at it found nothing to read */
    int64_t empty_us;      /* monotonic clock at the last look that found nothing to read; 0: never */
} SourcePosition;

typedef struct SourceBatch {
    Batch batch;           /* cols: one per column of rel, data NULL where not wanted; label,
                              generation and offset filled. Valid until the next poll */
    int32_t partition;     /* index into source_positions */
    StreamError *errors;   /* in offset order; their offsets lie between those of the rows */
    int32_t nerrors;
    int64_t bytes;         /* consumed */
    bool is_history;       /* rows that were there when the source was opened */
    Str raw;               /* the bytes of the records, valid like the batch; p NULL: there are none */
    uint64_t raw_at;       /* offset of the first of them */
} SourceBatch;

typedef enum SourceStatus {
    SOURCE_ROWS,    /* *out is filled (rows or errors, or both) */
    SOURCE_EMPTY,   /* nothing now; may come later */
    SOURCE_DRAINED, /* `once`: all that was there has been read */
    SOURCE_ENDED,   /* bounded: everything was read */
    SOURCE_FAILED   /* diags tell */
} SourceStatus;

typedef struct Source Source;
Status source_open(const SourceSpec *spec, Arena *a, Source **out, Diags *d);
void source_close(Source *s);
/* Continues at saved positions; before the first poll. A partition not named starts at its
 * beginning. WEIR_E_ENDED: a bounded source that had ended has changed. */
Status source_seek(Source *s, const SourcePosition *p, int n, Diags *d);
SourceStatus source_poll(Source *s, SourceBatch *out, Diags *d);
/* The positions after the last poll; valid until the next one. */
int source_positions(Source *s, const SourcePosition **out);
/* Progress in bytes: read, and in all (-1: unknown). */
void source_progress(const Source *s, int64_t *read, int64_t *total);
bool source_is_bounded(const Source *s);
const char *source_delivery(const Source *s); /* "exactly-once", "at-most-once" */
/* Whether what is read lies where its path says, and not behind links. */
bool source_is_near(const Source *s);

/* A connector: ConnectorDef.impl. */
typedef struct SourceImpl {
    Status (*open)(const SourceSpec *spec, Arena *a, Source **out, Diags *d);
    void (*close)(Source *s);
    Status (*seek)(Source *s, const SourcePosition *p, int n, Diags *d);
    SourceStatus (*poll)(Source *s, SourceBatch *out, Diags *d);
    int (*positions)(Source *s, const SourcePosition **out);
    void (*progress)(const Source *s, int64_t *read, int64_t *total);
    const char *delivery;
    bool (*is_bounded)(const Source *s);
    bool (*is_near)(const Source *s); /* or NULL: always */
    /* The columns a generator gives when none are declared, or NULL. */
    const ColumnDef *(*schema)(const Options *o, int *n);
    const char *time_column; /* of them, event time where none is declared; NULL: none */
    int64_t time_delay_us;   /* the delay of its watermark */
} SourceImpl;
struct Source {
    const SourceImpl *impl;
    const SourceSpec *spec;
    const bool *paused;      /* by place in the positions: read only while the others have nothing; NULL: none */
    int32_t npaused;
};

#endif
