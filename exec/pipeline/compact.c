/* compact.c: see compact.h; what a round is, exec/state/pages.h.
 *
 * A round writes most of the base anew, to get rid of what counts no more: so it begins when at least half of all
 * records count no more, by the number of rows that the operator keeps. Where nothing goes nothing is gained but
 * that a database opens sooner: a log is folded in memory then, and so becomes no longer than its base, unless it is short
 * anyway. Where the operator's rows tell nothing, a log grows to half of its base.
 * The round does some bytes of work for each that is logged meanwhile, so it is done before the log has
 * doubled, and a commit costs what it changes. Reading the log and removing it are work like the rest. */
#include "exec/pipeline/compact.h"

#include "exec/pipeline/view.h"
#include "exec/state/pages.h"

enum {
    WORK_PER_BYTE = 4,
    LONG_BYTES = 64,         /* times the least log: what is folded soon enough, */
    LONG_RECORDS = 4,        /* and one record for so many bytes of the least log */
    WORK_MIN_SHARE = 16,     /* of the least log: work that an epoch does in any case while a round goes on */
    WORK_PER_TRIM = 64
};

typedef struct Logged {
    int64_t epoch, bytes, records;
} Logged;

struct Compaction {
    Arena arena;           /* of the round */
    Arena page;            /* the page that is being merged */
    Storage *storage;
    Diags *diags;
    LogEntry at;           /* read last */
    int64_t through;       /* the last epoch whose log it takes in */
    VEC(Logged) logged;    /* blobs that were read */
    ptrdiff_t trimmed;
    bool is_read, is_merged;
    StatePages *pages;
};

void compaction_free(Compaction *c)
{
    if (!c) return;
    arena_free(&c->page);
    arena_free(&c->arena);
    mem_free(c, sizeof *c);
}

static Status corrupt(const Query *q, int op, Diags *d)
{
    return diag_error(d, WEIR_E_CORRUPT, (Span){0}, "the saved state of view \"%.*s\", operator %d, cannot be read",
                      STR_ARG(q->rel->name), op);
}

static Status begin(Query *q, int op, Storage *s, int64_t committed, Diags *d)
{
    Compaction *c = q->logs[op].round = mem_alloc(sizeof *c);
    c->storage = s;
    c->at = (LogEntry){.view = q->rel->id, .op = op};
    c->through = committed;
    Str *lows;
    ptrdiff_t n;
    TRY(storage_load_lows(s, q->rel->id, op, &c->arena, &lows, &n, d));
    c->pages = state_pages_new(&c->arena, lows, n);
    return WEIR_OK;
}

static Status read_log(Query *q, int op, int64_t *work, Diags *d)
{
    Compaction *c = q->logs[op].round;
    while (*work > 0 && !c->is_read) {
        Str records = S("");
        arena_reset(&c->page);
        TRY(storage_next_log(c->storage, &c->at, &records, &c->page, d));
        c->is_read = c->at.id == 0 || c->at.epoch > c->through;
        if (c->is_read) break;
        int64_t before = c->pages->fold->records;
        if (state_pages_add(c->pages, records) != WEIR_OK) return corrupt(q, op, d);
        vec_push(&c->logged, &c->arena, (Logged){c->at.epoch, records.n, c->pages->fold->records - before});
        *work -= records.n;
    }
    return WEIR_OK;
}

static Status read_page(void *arg, Str low, Str *records)
{
    Compaction *c = arg;
    arena_reset(&c->page);
    return storage_load_page(c->storage, c->at.view, c->at.op, low, &c->page, records, c->diags);
}

static Status merge(Query *q, int op, int64_t *work, Diags *d)
{
    Compaction *c = q->logs[op].round;
    Epoch *e = q->epoch;
    PageIo io = {.arena = &e->arena, .read = read_page, .arg = c};
    c->diags = d;
    ptrdiff_t known = d->list.len;
    if (state_pages_step(c->pages, &io, *work, &c->is_merged) != WEIR_OK)
        return d->list.len > known ? diag_status(d) : corrupt(q, op, d);
    for (ptrdiff_t i = 0; i < io.changes.len; i++) {
        const PageChange *p = &io.changes.data[i];
        vec_push(&e->ws.pages, &e->arena, (BasePage){q->rel->id, op, p->is_gone, str_dup(&e->arena, p->low), p->records});
    }
    *work -= io.bytes;
    return WEIR_OK;
}

/* The oldest epochs first: what is left of the log is always the end of it. */
static void trim(Query *q, int op, int64_t *work)
{
    OpLog *log = &q->logs[op];
    Compaction *c = log->round;
    int64_t through = -1;
    for (; *work > 0 && c->trimmed < c->logged.len; c->trimmed++) {
        through = c->logged.data[c->trimmed].epoch;
        log->log_bytes -= c->logged.data[c->trimmed].bytes;
        log->log_records -= c->logged.data[c->trimmed].records;
        *work -= c->logged.data[c->trimmed].bytes + WORK_PER_TRIM;
    }
    if (through >= 0) vec_push(&q->epoch->ws.trims, &q->epoch->arena, (LogTrim){q->rel->id, op, through});
}

static Status step(Query *q, int op, int64_t work, Diags *d)
{
    OpLog *log = &q->logs[op];
    Compaction *c = log->round;
    TRY(read_log(q, op, &work, d));
    if (c->is_read && !c->is_merged && work > 0) TRY(merge(q, op, &work, d));
    if (c->is_merged && work > 0) trim(q, op, &work);
    if (!c->is_merged || c->trimmed < c->logged.len) return WEIR_OK;
    log->base_bytes += c->pages->base_delta;
    log->base_records += c->pages->records_delta;
    log->round = NULL;
    compaction_free(c);
    return WEIR_OK;
}

/* How many records a state without needless ones has, about; -1: nobody knows. */
static int64_t needed_records(const Query *q, int op)
{
    const Op *o = q->ops[op];
    if (o == q->root && q->rel) return op_view_keys(o);
    return o->cls->state_rows ? o->cls->state_rows(o) : -1;
}

/* Longer than its base, and too long to be folded in passing. */
static bool is_long(const OpLog *log, int64_t bytes, int64_t records, int64_t log_min)
{
    return (bytes > log->base_bytes && bytes > log_min * LONG_BYTES) ||
           (records > log->base_records && records > log_min / LONG_RECORDS);
}

static bool is_due(const Query *q, int op, int64_t log_min)
{
    const OpLog *log = &q->logs[op];
    int64_t bytes = log->log_bytes - log->new_bytes, records = log->log_records - log->new_records;
    if (bytes <= log_min || bytes <= log->base_bytes / 2) return false;
    return is_long(log, bytes, records, log_min) || log->base_records + log->log_records >= 2 * needed_records(q, op);
}

Status query_compact(Query *q, Storage *s, int64_t committed, int64_t log_min, Diags *d)
{
    for (int i = 0; i < q->nops; i++) {
        OpLog *log = &q->logs[i];
        if (!log->round && is_due(q, i, log_min)) TRY(begin(q, i, s, committed, d));
        if (log->round) TRY(step(q, i, log->new_bytes * WORK_PER_BYTE + log_min / WORK_MIN_SHARE + 1, d));
    }
    return WEIR_OK;
}
