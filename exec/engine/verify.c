/* verify.c: whether the views of a database hold what their definitions say.
 *
 * In a copy of the database every view whose past is there is made anew (rebuild.c), from the first row up
 * to where the streams stood, by the rulings of then; its rows are compared with those that it had. The
 * database itself is only read. */
#include "exec/engine/engine.h"

#include "include/weir_test.h"
#include "storage/sql.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

typedef struct Verification {
    weir *db;
    char *folder;
    const char *was, *anew;  /* the two copies */
    weir *copy;
    weir_verdict_each each;
    void *arg;
} Verification;

/* ---- copies ------------------------------------------------------------------------------------ */

static Status make_folder(Verification *v)
{
    const char *place = getenv("TMPDIR");
    Arena *a = &v->db->call;
    char *folder = (char *)str_printf(a, "%s/weir-verify-XXXXXX", place && *place ? place : "/tmp").p;
    if (!mkdtemp(folder))
        return diag_error(&v->db->diags, WEIR_E_IO, (Span){0}, "cannot make a temporary folder \"%s\": %s", folder, strerror(errno));
    v->folder = folder;
    v->was = str_printf(a, "%s/was.db", folder).p;
    v->anew = str_printf(a, "%s/anew.db", folder).p;
    return WEIR_OK;
}

static void remove_folder(const Verification *v)
{
    static const char *const suffixes[] = {"", "-wal", "-shm", "-journal", "-weir.lock"};
    const char *const files[] = {v->was, v->anew};
    char path[4096];
    for (int i = 0; v->folder && i < 10; i++) {
        snprintf(path, sizeof path, "%s%s", files[i % 2], suffixes[i / 2]);
        unlink(path);
    }
    if (v->folder) rmdir(v->folder);
}

/* Both of one commit, whatever the engine at work does meanwhile. */
static Status make_copies(Verification *v)
{
    Sql q;
    Diags *d = &v->db->diags;
    TRY(storage_backup(v->db->storage, str_z(v->was), d));
    TRY(sql_open(&q, v->was, SQLITE_OPEN_READWRITE, NULL, &v->db->call, d));
    Status st = sql_execf(&q, d, "VACUUM INTO '%s'", v->anew);
    sql_close(&q);
    return st;
}

/* ---- making anew ------------------------------------------------------------------------------- */

static Status copy_failed(Verification *v, Status st)
{
    const char *why = v->copy ? weir_errmsg(v->copy) : "out of memory";
    return diag_error(&v->db->diags, st, (Span){0}, "the copy cannot be run: %s", why);
}

static Status catch_up(Verification *v)
{
    weir *copy = v->copy;
    for (bool worked = true; worked;) {
        worked = false;
        TRY(engine_interrupted(v->db));
        TRY(engine_settle(copy));
        TRY(engine_catch_up(copy, &worked));
    }
    engine_begin_queries(copy); /* a row over nothing comes with the first commit */
    return engine_commit(copy);
}

static Status make_anew(Verification *v)
{
    weir_seams seams = {.rebuild = 1, .threads = 1};
    const char *const settings[] = {"synchronous=off", "memory_limit=0", NULL}; /* the limit is that of the engine at work */
    weir_options opt = {.seams = &seams, .settings = settings};
    Status st = weir_open(v->anew, &opt, &v->copy);
    weir_on_progress(v->copy, v->db->progress_each, v->db->progress_arg);
    if (st == WEIR_OK) st = catch_up(v);
    return st == WEIR_OK || st == WEIR_E_INTERRUPTED ? st : copy_failed(v, st);
}

/* ---- comparing --------------------------------------------------------------------------------- */

static Str all_columns(const Relation *r, Arena *a)
{
    StrBuf b = {.arena = a};
    for (int i = 0; i < r->ncols; i++) {
        if (i) sb_lit(&b, ", ");
        sql_quote_name(&b, relation_stored_name(r, i, a));
    }
    return sb_done(&b);
}

/* Rows of one that the other has not, copies counted. */
static Status count_rows(Verification *v, Sql *q, const Relation *r, const char *of, const char *without, int64_t *n)
{
    Arena *a = &v->db->call;
    Str cols = all_columns(r, a);
    long long id = r->id;
    SqlStmt st;
    Str sql = str_printf(a, "SELECT count(*) FROM (SELECT %.*s, count(*) FROM %s._weir_mv_%lld GROUP BY %.*s"
                         " EXCEPT SELECT %.*s, count(*) FROM %s._weir_mv_%lld GROUP BY %.*s)", STR_ARG(cols), of, id,
                         STR_ARG(cols), STR_ARG(cols), without, id, STR_ARG(cols));
    TRY(sql_prepare(q, sql, &st, &v->db->diags));
    Status status = sql_one_int(q, &st, n, &v->db->diags);
    sql_finalize(&st);
    return status;
}

static Status compare_view(Verification *v, Sql *q, const Query *made)
{
    bool is_forgetful = made->root->plan->is_forgetful;
    weir_verdict verdict = {.view = str_cstr(&v->db->call, made->rel->name), .is_compared = made->is_rebuilt && !is_forgetful,
                            .is_forgetful = is_forgetful};
    verdict.rows = op_view_progress(made->root).rows;
    if (verdict.is_compared) {
        TRY(count_rows(v, q, made->rel, "main", "was", &verdict.missing));
        TRY(count_rows(v, q, made->rel, "was", "main", &verdict.extra));
    }
    v->each(v->arg, &verdict);
    return WEIR_OK;
}

static Status compare(Verification *v)
{
    Sql q;
    Diags *d = &v->db->diags;
    TRY(sql_open(&q, v->anew, SQLITE_OPEN_READWRITE, NULL, &v->db->call, d));
    Status st = sql_execf(&q, d, "ATTACH '%s' AS was", v->was);
    for (ptrdiff_t i = 0; i < v->copy->queries.len && st == WEIR_OK; i++)
        if (v->copy->queries.data[i]->rel->kind == REL_MATERIALIZED) st = compare_view(v, &q, v->copy->queries.data[i]);
    sql_close(&q);
    return st;
}

static Status verify(Verification *v)
{
    TRY(make_folder(v));
    TRY(make_copies(v));
    TRY(make_anew(v));
    return compare(v);
}

weir_status weir_verify(weir *db, weir_verdict_each each, void *arg)
{
    OomFrame f;
    if (!db || !each) return WEIR_E_MISUSE;
    Verification v = {.db = db, .each = each, .arg = arg}, *volatile at = &v;
    Status volatile st = WEIR_E_NOMEM;
    if (OOM_TRY(&f)) {
        st = engine_enter(db, NEED_READ);
        if (st == WEIR_OK) st = verify(at);
        OOM_END(&f);
    } else {
        st = engine_nomem(db);
    }
    weir_close(at->copy);
    remove_folder(at);
    return st;
}
