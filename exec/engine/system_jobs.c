/* system_jobs.c: weir_jobs: how the standing queries come along, and what limits them.
 *
 * One thread does all the work, so its time of late is shared out: reading, each operator, commits.
 * Where more than half of it is left over the query waits for its input. */
#include "exec/engine/system_tables.h"

enum { COL_VIEW, COL_STATE, COL_ROWS_PER_S, COL_CHANGES_PER_S, COL_BUSY, COL_LIMITED_BY, COL_LAG, COL_UNREAD, COLUMNS };
enum { JOB_SCANS_MAX = 64 };

/* What there is to be known of one query. */
typedef struct Job {
    const weir *db;
    const Query *query;
    int64_t now;             /* monotonic clock */
    const Scan *scans[JOB_SCANS_MAX];
    int nscans;
} Job;

static void add_scan(Job *j, const Scan *s)
{
    for (int i = 0; i < j->nscans; i++)
        if (j->scans[i] == s) return;
    if (j->nscans < JOB_SCANS_MAX) j->scans[j->nscans++] = s;
}

/* The scans that feed it, directly and through other views. */
static void find_scans(Job *j, const Query *q)
{
    for (int i = 0; i < q->nleaves; i++) {
        if (q->leaves[i]->scan) add_scan(j, q->leaves[i]->scan);
        else if (q->leaves[i]->upstream) find_scans(j, q->leaves[i]->upstream);
    }
}

/* What holds the engine up holds all of them up. */
static Str state_of(const Job *j, Arena *a)
{
    Str engine = engine_state(j->db, a);
    if (!str_eq(engine, S("running"))) return engine;
    if (!j->query->is_live) return S("catching up");
    return query_has_ended(j->query) ? S("ended") : S("live");
}

/* ---- whose time it is --------------------------------------------------------------------------- */

typedef struct Share {
    double part;      /* of the time */
    const char *what; /* "source", "commit", "view" */
    Str name;
} Share;

static void greater(Share *most, Share s)
{
    if (s.part > most->part) *most = s;
}

static double query_busy(const Query *q, int64_t now)
{
    double sum = 0;
    for (int i = 0; i < q->nops; i++) sum += query_actual(q, i, now).busy;
    return sum;
}

static Share busiest_op(const Job *j, Arena *a)
{
    Share most = {0};
    for (int i = 0; i < j->query->nops; i++) {
        double busy = query_actual(j->query, i, j->now).busy;
        if (busy <= most.part) continue;
        const char *kind = explain_kind(j->query->plan->ops[i]);
        most = (Share){busy, "operator", str_printf(a, "%d (%s)", i, kind)};
    }
    return most;
}

static Share busiest(const Job *j, Arena *a, double *all)
{
    Share most = busiest_op(j, a);
    *all = meter_rate(&j->db->commit_mark, j->now, j->db->commit_us) / 1e6;
    greater(&most, (Share){*all, "commit", S("")});
    for (ptrdiff_t i = 0; i < j->db->scans.len; i++) {
        double busy = scan_busy(j->db->scans.data[i], j->now);
        *all += busy;
        greater(&most, (Share){busy, "source", scan_relation(j->db->scans.data[i])->name});
    }
    for (ptrdiff_t i = 0; i < j->db->queries.len; i++) {
        const Query *q = j->db->queries.data[i];
        double busy = query_busy(q, j->now);
        *all += busy;
        if (q != j->query) greater(&most, (Share){busy, "view", q->rel->name});
    }
    return most;
}

static Str limited_by(const Job *j, Arena *a)
{
    double all;
    Share most = busiest(j, a, &all);
    if (all < 0.5) return S("input");
    return most.name.n ? str_printf(a, "%s %.*s", most.what, STR_ARG(most.name)) : str_z(most.what);
}

/* ---- rows --------------------------------------------------------------------------------------- */

/* How far event time is behind the clock: of sources that go on. */
static void put_lag(const Job *j, Value *row)
{
    int64_t least = j->query->ctx.data_watermark, unread = 0;
    bool is_known = false;
    for (int i = 0; i < j->nscans; i++) {
        ScanStats st;
        scan_stats(j->scans[i], &st);
        is_known |= st.bytes_total >= 0;
        if (st.bytes_total > st.bytes_read) unread += st.bytes_total - st.bytes_read;
    }
    if (is_known) row[COL_UNREAD] = (Value){.type = TYPE_BIGINT_, .i = unread};
    if (least == INT64_MIN || least == INT64_MAX || query_has_ended(j->query)) return;
    row[COL_LAG] = system_real((double)(j->db->last_now_us - least) / 1e6, 3);
}

static void put_job(SystemRows *r, const Query *q, int64_t now)
{
    Job j = {.db = r->db, .query = q, .now = now};
    Value *row = system_row(r);
    find_scans(&j, q);
    row[COL_VIEW] = value_text(q->rel->name);
    row[COL_STATE] = value_text(state_of(&j, &r->arena));
    put_lag(&j, row);
    if (!q->marks) return;
    double rows = 0;
    for (int i = 0; i < q->nleaves; i++) rows += query_actual(q, q->leaves[i]->op.plan->id, now).in_per_s;
    row[COL_ROWS_PER_S] = system_real(rows, 1);
    row[COL_CHANGES_PER_S] = system_real(query_actual(q, q->nops - 1, now).in_per_s, 1);
    row[COL_BUSY] = system_real(query_busy(q, now), 4);
    if (!query_has_ended(q)) row[COL_LIMITED_BY] = value_text(limited_by(&j, &r->arena));
}

static void fill_jobs(SystemRows *r)
{
    int64_t now = r->db->env.mono_us(r->db->env.arg);
    for (ptrdiff_t i = 0; i < r->db->queries.len; i++)
        if (r->db->queries.data[i]->rel->kind != REL_TABLE) put_job(r, r->db->queries.data[i], now);
}

const SystemTable system_jobs = {
    .name = "weir_jobs", .ncols = COLUMNS, .fill = fill_jobs,
    .columns = "\"view\" TEXT, state TEXT, rows_per_s REAL, changes_per_s REAL, busy REAL, limited_by TEXT, lag_s REAL, unread_bytes INTEGER"};
