/* scan_impl.h: what the files of a scan share: scan.c polls, scan_position.c knows where each
 * partition stands, scan_ruling.c what the clock decides, scan_batch.c refuses, judges and hands on,
 * scan_letter.c shows rows. */
#ifndef WEIR_EXEC_SCAN_IMPL_H
#define WEIR_EXEC_SCAN_IMPL_H

#include "exec/pipeline/scan.h"

/* A position kept up to date in memory that is used again. */
typedef struct KeptPosition {
    SavedPosition at;     /* its texts: the partition's name, `identity` below */
    char *identity;
    ptrdiff_t identity_cap;
    bool is_known;
} KeptPosition;

/* What is known of one partition beyond the source's own position. */
typedef struct Partition {
    Str name;
    int64_t watermark;    /* made by the rows accepted so far */
    int64_t floor;        /* what rulings have raised it to; INT64_MIN: nothing has */
    int64_t taken_us;     /* monotonic clock when it last gave something, or was met */
    bool is_idle;         /* left out of the minimum */
    int64_t rows, errors;
    KeptPosition saved;   /* as last put into a write set */
    uint32_t generation_base; /* added to the source's generations: see scan_follow */
    bool ended;           /* counts no longer */
} Partition;

/* One column that must have a value for a row to be accepted. */
typedef struct Required {
    int32_t col;
    bool is_time;
} Required;

/* What a private scan follows: positions of the shared one, and what the clock decided then. */
typedef struct ScanTarget {
    Arena arena;
    SavedPosition *until;
    int32_t n;
    Ruling *refused;      /* max_future: by partition, generation, offset */
    int32_t nrefused;
    Ruling *raises;       /* the same; value: the greatest so far of the partition */
    int32_t nraises;
} ScanTarget;

/* on_error = 'fail': where the source stood before the last poll, and the record it stops at. */
typedef struct ScanStop {
    Arena arena;
    SavedPosition *before;
    int nbefore;
    bool is_found, is_final; /* final: it cannot go back, and reads no more */
    Str partition, message;
    uint64_t offset;
} ScanStop;

struct Scan {
    ScanSpec spec;
    Arena arena;            /* of the scan */
    Arena source_arena;     /* of the open source: replaced when it is opened anew */
    Arena restore_arena;    /* of the positions at which it is opened next */
    Source *source;
    SourceSpec source_spec;
    bool *wanted, *asked; /* asked: scan_want; NULL: for none */
    bool is_open, is_ended, is_started, must_reopen, on_error_fail, is_private;
    int64_t max_future_us, idle_us, close_us, drift_us; /* options; 0: off */
    ExprProgram *computed;  /* the computed columns somebody needs */
    int32_t *computed_cols, ncomputed;
    ExprProgram *when;      /* condition of a punctuated watermark */
    VEC(Required) required;
    VEC(Partition *) partitions;
    VEC(Leaf *) leaves;
    SavedPosition *restore;
    int32_t nrestore;
    ScanTarget target;
    ScanStop stop;
    bool *paused;           /* max_drift: by place in the source's positions */
    int32_t paused_cap;
    bool waits, is_dry;     /* is_dry: the last poll gave nothing */
    int rows_max;           /* of a batch, less than spec.batch_rows before a bad record */
    int64_t data_watermark; /* greatest that rows of a partition have made */
    int64_t reached;        /* greatest minimum at a ruling: stays when all partitions are idle */
    int64_t taken_us;       /* monotonic clock when it last gave something */
    int64_t closings;       /* lengths of CLOSE AFTER IDLE since then that have been ruled upon */
    int64_t time_us;        /* at work, without what it pushes to */
    MeterMark busy;         /* of time_us */
    /* rows by hand */
    Arena insert_arena;
    VEC(Batch) inserts;
    int32_t insert_at;      /* next batch */
    uint64_t insert_number; /* offset of the next row */
    /* the batch in work */
    int64_t batch_number;
    const SourceBatch *current;
    Partition *current_part;
    Column *cols;
    int64_t judge[BATCH_ROWS_MAX];
    uint16_t sel[BATCH_ROWS_MAX];
};

/* ---- scan_position.c ---- */
Partition *scan_partition(Scan *s, Str name);
/* The partition at place i of the source's positions; NULL: not met yet. */
Partition *scan_partition_at(const Scan *s, Str name, ptrdiff_t i);
/* Takes over the source's partitions. Those there at the start begin without a watermark; one that
 * appears once others are under way starts with the stream's: a recorded ruling. `sb`: the batch that
 * the poll gave; NULL: none. */
void scan_sync_partitions(Scan *s, Epoch *e, const SourceBatch *sb);
/* Where the source stands goes to s->restore, from which it is opened again. */
void scan_remember(Scan *s);
/* A private scan's end for one partition; NULL: the shared scan has not seen it. */
const SavedPosition *scan_target_of(const Scan *s, Str partition);
bool scan_has_reached(Scan *s);
void scan_forget_positions(Scan *s);
/* The source is opened there next. */
void scan_restore_source(Scan *s, const SavedPosition *p, int n);

/* ---- scan_drift.c ---- */
/* Before a poll: partitions whose time has run too far ahead of the others wait for them. */
void scan_pause(Scan *s);

/* ---- scan_ruling.c ---- */
/* The watermark by which the partition's next row is judged. */
static inline int64_t partition_watermark(const Partition *p)
{
    return p->floor > p->watermark ? p->floor : p->watermark;
}
/* A partition met while others are under way: it starts with the stream's watermark. */
void scan_appeared(Scan *s, Epoch *e, Partition *part, const SourcePosition *at, int64_t watermark);
/* Something came of the partition, first at this offset. */
void scan_woke(Scan *s, Epoch *e, Partition *part, uint32_t generation, uint64_t offset);
/* After a poll: which partitions have become idle, and what silence closes. */
void scan_judge_silence(Scan *s, Epoch *e, bool is_empty);
/* A private scan: index of the first raise past an offset; what the ones before it make. */
int scan_raise_after(const ScanTarget *t, const Partition *part, uint32_t generation, uint64_t offset);
int64_t scan_raised(const ScanTarget *t, const Partition *part, int after);

/* ---- scan_batch.c ---- */
/* One batch of a partition through refusal and judgement to the readers. WEIR_E_DATA: the stream
 * stops at a bad row (on_error = 'fail'). */
/* The offset of the first record of a batch, good or bad. */
uint64_t scan_first_offset(const SourceBatch *sb);
Status scan_take(Scan *s, Epoch *e, SourceBatch *sb, Partition *part);

/* What refuses a row of the batch, told with the row's offset; nothing is logged, judged or handed on.
 * Fills s->cols. */
void scan_refusals(Scan *s, Epoch *e, Batch *b, Partition *part, void (*tell)(Scan *s, uint64_t offset, Str message));

/* ---- scan_stop.c ---- */
bool scan_stops(const Scan *s);
void scan_mark(Scan *s);
/* Whether the batch holds a bad record, and how many rows come before it. */
bool scan_find_bad(Scan *s, Epoch *e, SourceBatch *sb, Partition *part, int *good);
/* SCAN_AGAIN: poll again. SCAN_STOPPED: the source stands at the record, where it can. */
ScanStatus scan_stop_before(Scan *s, Epoch *e, SourceBatch *sb, Partition *part, int good);

#endif
