/* subscribe.c: SUBSCRIBE: the changes of a view, from one commit on, each once.
 *
 * They are read from the file (storage/change_log.h), where the epoch that made them has put them, on a
 * connection of the subscription's own: a slow reader holds nobody else at an old commit. */
#include "exec/engine/statement.h"

#include "parser/parser.h"

enum { READ_WAIT_US = 5000, RUN_WAIT_US = 100000, FIRST_COLUMN = 3 /* weight, where the row's epoch goes */ };

typedef struct Subscription {
    Sql reader;
    sqlite3_stmt *snapshot, *changes;
    int64_t view;         /* its id */
    Str name;
    int64_t since;        /* as given; -1: not */
    bool wants_snapshot, is_begun;
    bool is_reading;      /* rows of a commit are being handed out */
    int64_t done;         /* the epoch up to which all is handed out; -1: none */
    int64_t epoch;        /* of the current row */
    int64_t newest;       /* commit that is being read */
} Subscription;

/* ---- prepare ------------------------------------------------------------------------------------------- */

static Status since_epoch(weir_stmt *s, const Expr *e, int64_t *out)
{
    *out = -1;
    if (!e) return WEIR_OK;
    Str text = str_of(s->text.p + e->span.off, e->span.len);
    if (str_to_int64(text, out) && *out >= 0) return WEIR_OK;
    return diag_error(&s->db->diags, WEIR_E_TYPE, e->span, "SINCE takes the number of an epoch");
}

static Status check_view(weir_stmt *s, const Relation *rel)
{
    Diags *d = &s->db->diags;
    Name name = s->ast->subscribe->view;
    if (!rel) return diag_error(d, WEIR_E_NOT_FOUND, name.span, "there is no view or table \"%.*s\"", STR_ARG(name.text));
    if (engine_is_standing(rel)) return WEIR_OK;
    Status st = diag_error(d, WEIR_E_UNSUPPORTED, name.span, "\"%.*s\" keeps no rows whose changes could be followed", STR_ARG(name.text));
    diag_hint(d, rel->kind == REL_STREAM ? "SELECT over a stream prints its rows as they come" : "create a materialized view over it");
    return st;
}

static void declare_columns(weir_stmt *s, const Relation *rel)
{
    s->cols = new (&s->arena, Field, rel->ncols + 1);
    s->cols[s->ncols++] = (Field){S("epoch"), TYPE_OF(TYPE_BIGINT)};
    for (int32_t i = 0; i < rel->ncols; i++)
        if (!rel->cols[i].hidden) s->cols[s->ncols++] = (Field){str_dup(&s->arena, rel->cols[i].name), rel->cols[i].type};
    s->row = new (&s->arena, Value, s->ncols);
}

static Status subscribe_prepare(weir_stmt *s)
{
    const Subscribe *x = s->ast->subscribe;
    Subscription *p = new_one(&s->arena, Subscription);
    if (x->query) return statement_unsupported(s, "SUBSCRIBE TO a query");
    const Relation *rel = catalog_find(&s->db->catalog, x->view.text);
    TRY(check_view(s, rel));
    TRY(since_epoch(s, x->since, &p->since));
    p->wants_snapshot = x->with_snapshot;
    if (x->with_snapshot && p->since >= 0) {
        diag_error(&s->db->diags, WEIR_E_OPTION, x->since->span, "a snapshot is of now, not of an earlier epoch");
        diag_hint(&s->db->diags, "WITH SNAPSHOT begins anew, SINCE goes on");
        return WEIR_E_OPTION;
    }
    s->impl = p;
    p->view = rel->id;
    p->name = x->view.text;
    p->done = -1;
    declare_columns(s, rel);
    s->is_push = s->has_retractions = s->goes_on = true;
    return WEIR_OK;
}

/* ---- begin --------------------------------------------------------------------------------------------- */

static Status still_there(weir_stmt *s, const Subscription *p, const Relation **out)
{
    *out = catalog_by_id(&s->db->catalog, p->view);
    if (*out) return WEIR_OK;
    return diag_error(&s->db->diags, WEIR_E_NOT_FOUND, (Span){0}, "\"%.*s\" has been dropped", STR_ARG(p->name));
}

static Status reader_failed(weir_stmt *s, Subscription *p)
{
    return diag_error(&s->db->diags, WEIR_E_STORAGE, (Span){0}, "%s", sqlite3_errmsg(p->reader.db));
}

static Status prepare_reading(weir_stmt *s, Subscription *p, Str sql, sqlite3_stmt **out)
{
    int rc = sqlite3_prepare_v2(p->reader.db, sql.p, (int)sql.n, out, NULL);
    if (rc == SQLITE_OK) return WEIR_OK;
    if (rc != SQLITE_ERROR || !s->db->read_only) return reader_failed(s, p);
    return diag_error(&s->db->diags, WEIR_E_READONLY, (Span){0}, "nobody keeps the changes of \"%.*s\" yet", STR_ARG(p->name));
}

static Status gone(weir_stmt *s, const Subscription *p)
{
    Diags *d = &s->db->diags;
    diag_error(d, WEIR_E_GONE, (Span){0}, "changes of \"%.*s\" since epoch %lld are not kept any more", STR_ARG(p->name), (long long)p->done);
    diag_hint(d, "begin anew WITH SNAPSHOT; changes_retention and changes_limit say how much is kept");
    return WEIR_E_GONE;
}

static int64_t now_us(weir *db) { return db->env.now_us(db->env.arg); }

static Status follow(weir_stmt *s, const Relation *rel)
{
    if (s->db->read_only) return WEIR_OK;
    TRY(engine_can(s->db, NEED_WRITE));
    TRY(engine_settle(s->db));
    return storage_follow(s->db->storage, rel, now_us(s->db), &s->db->epoch_number, &s->db->diags);
}

static Status begin(weir_stmt *s, Subscription *p, const Relation *rel)
{
    Diags *d = &s->db->diags;
    int64_t epoch = 0;
    TRY(follow(s, rel));
    TRY(storage_new_reader(s->db->storage, &p->reader, &s->arena, d));
    TRY(prepare_reading(s, p, storage_changes_sql(rel, &s->arena), &p->changes));
    if (p->wants_snapshot) TRY(prepare_reading(s, p, storage_snapshot_sql(rel, &s->arena), &p->snapshot));
    TRY(storage_load_epoch(s->db->storage, &epoch, d));
    if (p->since > epoch) return diag_error(d, WEIR_E_VALUE, (Span){0}, "epoch %lld has not been yet; the newest is %lld", (long long)p->since, (long long)epoch);
    p->done = p->wants_snapshot ? -1 : p->since >= 0 ? p->since : epoch;
    p->epoch = p->newest = p->done;
    p->is_begun = true;
    return WEIR_OK;
}

/* ---- rows ---------------------------------------------------------------------------------------------- */

/* The changes of a commit have been handed out whole, or there were none. */
static Status end_reading(Subscription *p, sqlite3_stmt *handle)
{
    sqlite3_reset(handle); /* left open it would pin the WAL */
    p->is_reading = false;
    p->done = p->newest;
    return WEIR_DONE;
}

static Status take(weir_stmt *s, const Subscription *p, sqlite3_stmt *handle)
{
    s->weight = sqlite3_column_int(handle, FIRST_COLUMN);
    pull_take_row(s, handle, FIRST_COLUMN);
    s->row[0] = (Value){.type = TYPE_OF(TYPE_BIGINT), .i = p->epoch};
    return WEIR_ROW;
}

static Status next_of_snapshot(weir_stmt *s, Subscription *p)
{
    int rc = sqlite3_step(p->snapshot);
    if (rc == SQLITE_DONE) {
        p->wants_snapshot = false;
        return end_reading(p, p->snapshot);
    }
    if (rc != SQLITE_ROW) return reader_failed(s, p);
    if (sqlite3_column_type(p->snapshot, 1) == SQLITE_NULL) return gone(s, p);
    p->epoch = p->newest = sqlite3_column_int64(p->snapshot, 0);
    if (sqlite3_column_type(p->snapshot, 2) == SQLITE_NULL) return next_of_snapshot(s, p); /* an empty view */
    return take(s, p, p->snapshot);
}

/* Rows of the epoch before are all out when one of a later epoch comes. */
static Status next_change(weir_stmt *s, Subscription *p)
{
    if (!p->is_reading && !s->db->read_only && p->done == s->db->epoch_number) return WEIR_DONE;
    if (!p->is_reading) sqlite3_bind_int64(p->changes, 1, p->done);
    bool is_first = !p->is_reading;
    p->is_reading = true;
    int rc = sqlite3_step(p->changes);
    if (rc == SQLITE_DONE) return end_reading(p, p->changes);
    if (rc != SQLITE_ROW) return reader_failed(s, p);
    bool is_kept = sqlite3_column_type(p->changes, 1) != SQLITE_NULL && sqlite3_column_int64(p->changes, 1) <= p->done;
    if (is_first && !is_kept) return gone(s, p);
    p->newest = sqlite3_column_int64(p->changes, 0);
    if (sqlite3_column_type(p->changes, 2) == SQLITE_NULL) return end_reading(p, p->changes);
    int64_t epoch = sqlite3_column_int64(p->changes, 2);
    if (!is_first && epoch > p->epoch) p->done = p->epoch;
    p->epoch = epoch;
    return take(s, p, p->changes);
}

/* ---- waiting ------------------------------------------------------------------------------------------- */

static Status rest(weir_stmt *s, int64_t left)
{
    s->db->env.sleep_us(s->db->env.arg, left < READ_WAIT_US ? left : READ_WAIT_US);
    return WEIR_OK;
}

/* While it waits the engine works; where another process has it, that one does. */
static Status wait_for_changes(weir_stmt *s)
{
    weir *db = s->db;
    int64_t now = db->env.mono_us(db->env.arg), left = s->deadline_us == INT64_MAX ? INT64_MAX : s->deadline_us - now;
    if (left <= 0) return WEIR_IDLE;
    if (db->read_only) return rest(s, left);
    Status st = engine_run_within(db, now + (left < RUN_WAIT_US ? left : RUN_WAIT_US));
    if (st == WEIR_ROW || st == WEIR_IDLE) return WEIR_OK;
    return st == WEIR_DONE && left < INT64_MAX ? rest(s, left) : st;
}

/* What the engine has done when it says that all inputs have ended is still to be handed out. */
static Status subscribe_step(weir_stmt *s)
{
    Subscription *p = s->impl;
    const Relation *rel;
    for (Status waited = WEIR_OK;;) {
        TRY(engine_interrupted(s->db));
        TRY(still_there(s, p, &rel));
        if (!p->is_begun) TRY(begin(s, p, rel));
        Status st = p->wants_snapshot ? next_of_snapshot(s, p) : next_change(s, p);
        if (st != WEIR_DONE) return st;
        if (waited != WEIR_OK) return waited;
        if (!s->db->read_only) TRY(follow(s, rel));
        if (s->db->read_only || p->done == s->db->epoch_number) waited = wait_for_changes(s);
        if (waited != WEIR_OK && waited != WEIR_DONE) return waited;
    }
}

static void subscribe_close(weir_stmt *s)
{
    Subscription *p = s->impl;
    if (!p) return;
    sqlite3_finalize(p->snapshot);
    sqlite3_finalize(p->changes);
    sql_close(&p->reader);
}

const StatementClass subscribe_statement = {subscribe_prepare, subscribe_step, subscribe_close};

/* ---- public -------------------------------------------------------------------------------------------- */

int64_t weir_resume_epoch(weir_stmt *s)
{
    bool is_one = s && s->db && s->cls == &subscribe_statement && s->impl;
    return is_one ? ((Subscription *)s->impl)->done : -1;
}

static Str subscribe_sql(const char *view, int with_snapshot, int64_t since, Arena *a)
{
    StrBuf b = {.arena = a};
    sb_lit(&b, "SUBSCRIBE TO ");
    sql_quote_name(&b, str_z(view));
    if (with_snapshot) sb_lit(&b, " WITH SNAPSHOT");
    if (since >= 0) sb_printf(&b, " SINCE %lld", (long long)since);
    return sb_done(&b);
}

weir_status weir_subscribe(weir *db, const char *view, int with_snapshot, int64_t since, weir_stmt **out)
{
    OomFrame f;
    Arena text = {0};
    Arena *volatile a = &text;
    volatile Status st = WEIR_E_NOMEM;
    if (!db || !view || !out) return WEIR_E_MISUSE;
    if (OOM_TRY(&f)) {
        Str sql = subscribe_sql(view, with_snapshot, since, a);
        OOM_END(&f);
        st = weir_prepare(db, sql.p, sql.n, out, NULL);
    }
    arena_free(a);
    return st;
}
