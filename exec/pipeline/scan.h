/* scan.h: the shared reading of one stream.
 *
 * A scan polls its source, computes the stream's computed columns, refuses rows that break the
 * stream's rules, judges every accepted row (its J, semantics: the watermark of its own partition
 * as made by the rows before it), and hands each batch to every query that reads the stream. It
 * decodes only columns that someone needs. */
#ifndef WEIR_EXEC_SCAN_H
#define WEIR_EXEC_SCAN_H

#include "exec/io/source.h"
#include "exec/pipeline/epoch.h"
#include "exec/pipeline/query.h"

typedef struct Scan Scan;

typedef enum ScanStatus {
    SCAN_ROWS,
    SCAN_EMPTY,
    SCAN_DRAINED,
    SCAN_ENDED,
    SCAN_STOPPED, /* on_error = 'fail': it stands at a bad record; what came before it is taken */
    SCAN_FAILED,
    SCAN_AGAIN    /* between the files of a scan only */
} ScanStatus;

typedef struct ScanStats {
    int64_t rows, errors, bytes_read, bytes_total;
    int64_t time_us;   /* reading, decoding, judging */
    int64_t watermark; /* minimum over partitions, INT64_MIN: none, INT64_MAX: ended */
    bool ended;
} ScanStats;

typedef struct PartitionStats {
    Str name;
    int64_t watermark;  /* by which its next row is judged */
    int64_t silent_us;  /* since something last came of it */
    bool is_idle, is_ended;
} PartitionStats;

/* What a scan is made with; `rel` and `env` outlive it. */
typedef struct ScanSpec {
    const Relation *rel;
    const Env *env;
    EvalEnv eval;
    Meter *meter;         /* or NULL */
    bool once;
    int batch_rows;
    Decoding decoding;
    struct Crew *crew;    /* hands batches to the readers; NULL: the caller does */
} ScanSpec;

Scan *scan_new(const ScanSpec *spec);
void scan_free(Scan *s);
const Relation *scan_relation(const Scan *s);
/* A leaf of a query reads from this scan from now on. Where it needs more columns than are decoded,
 * the source is opened anew at its position before the next poll. */
void scan_add(Scan *s, Leaf *leaf);
void scan_remove(Scan *s, const Leaf *leaf);
/* Decodes a column that no leaf reads, from now on. */
void scan_want(Scan *s, int col);
bool scan_is_decoded(const Scan *s, int col);
int scan_readers(const Scan *s);
/* Whether the source is open, and, of an open one, whether it decodes what a leaf needs. */
bool scan_is_open(const Scan *s);
bool scan_decodes(const Scan *s, const Leaf *leaf);
/* Positions saved earlier, and what the clock decided up to there; before the first poll. */
void scan_restore(Scan *s, const SavedPosition *p, int n, const Ruling *rulings, int nrulings);
/* Makes the scan a private one: it reads again what the shared scan of the stream has read, up to
 * these positions, and by the rulings of that time. It logs no stream errors. */
void scan_follow(Scan *s, const SavedPosition *until, int n, const Ruling *rulings, int nrulings);
/* Opens the source where needed. After an error it may be tried again. */
Status scan_open(Scan *s, Diags *d);
void scan_set_once(Scan *s, bool once);
/* Reads one batch and pushes it through all readers. A private scan: SCAN_DRAINED once everything
 * it follows has been read. SCAN_FAILED after the first rows of an epoch leaves the readers with
 * part of a batch. */
ScanStatus scan_poll(Scan *s, Epoch *e);
/* Why it stopped. */
Status scan_stop_error(const Scan *s, Diags *d);
/* Rows for a stream without connector, or versions of a table without one, decoded already, in n batches;
 * read by the next polls. */
void scan_insert(Scan *s, const Batch *batches, int n);
bool scan_has_inserts(const Scan *s);
/* Whether it is to be polled though nothing may come: silence is something it rules on. */
bool scan_watches_silence(const Scan *s);
/* Its time has run further ahead of `least` than max_drift allows. */
bool scan_has_drift(const Scan *s);
bool scan_is_ahead(const Scan *s, int64_t least);
/* Whether it waits for others in this turn. */
void scan_set_waits(Scan *s, bool waits);
bool scan_waits(const Scan *s);
bool scan_is_dry(const Scan *s); /* its last poll gave nothing */
/* The watermark of such a stream is at least this from now on. */
void scan_advance(Scan *s, int64_t watermark_us);
/* Positions that moved since the last call, into the epoch's write set. */
void scan_save(Scan *s, Epoch *e);
/* All positions now, for a reader that has to catch up to them. */
int scan_positions(Scan *s, Arena *a, SavedPosition **out);
/* Minimum watermark over partitions (decides closing) and the greatest one that rows have made. */
int64_t scan_watermark(const Scan *s);
int64_t scan_data_watermark(const Scan *s);
void scan_stats(const Scan *s, ScanStats *out);
int scan_partition_count(const Scan *s);
void scan_partition_stats(const Scan *s, int i, PartitionStats *out);
/* The part of the last seconds that it was at work; scan_sample whenever the loop comes by. */
double scan_busy(const Scan *s, int64_t mono_us);
void scan_sample(Scan *s, int64_t mono_us);
bool scan_is_ended(const Scan *s);
bool scan_is_near(const Scan *s); /* see source_is_near */
bool scan_has_source(const Scan *s);
/* For dead letters, while a batch is being pushed: its partition; which of its rows `row` of a batch
 * that operators made of it is (-1: not known); the record of one of its rows, cut to
 * 4 KB, and its whole length. Rows by hand and of generators stand as a JSON object of their columns. */
Str scan_partition_name(const Scan *s);
int scan_row_of(const Scan *s, const Batch *b, int row);
int64_t scan_batch_number(const Scan *s); /* each has another */
/* One of the rows of the same record. */
int scan_record_row(const Scan *s, const Batch *b, int row);
/* A value of a row of the batch being pushed; texts are valid as long. False: it is not decoded. */
bool scan_value(const Scan *s, int col, int row, Value *out);
Str scan_raw(const Scan *s, int row, Arena *a, int64_t *bytes);

#endif
