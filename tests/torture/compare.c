/* compare.c: what the database says at one commit, against what it must say there.
 *
 * An ordinary SQLite connection reads positions, views, counters and dead letters in one transaction:
 * what any reader sees. The positions say which rows have been accepted; from these alone the twins
 * (twin.c) compute the rest. */
#include "tests/torture/torture.h"

#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { SQL_BYTES = 512 };


/* What the harness reads does not fail. */
static void pause_faults(bool is_paused)
{
    disk_pause(is_paused);
    memory_pause(is_paused);
}

static bool start_reading(World *w)
{
    if (w->reader) return true;
    if (sqlite3_open_v2(w->db_path, &w->reader, SQLITE_OPEN_READONLY, w->vfs) == SQLITE_OK) return true;
    world_fail(w, "the database cannot be opened: %s", sqlite3_errmsg(w->reader));
    return false;
}

static void column_text(sqlite3_stmt *q, int i, char *out, int cap)
{
    switch (sqlite3_column_type(q, i)) {
    case SQLITE_NULL: snprintf(out, (size_t)cap, "~"); break;
    case SQLITE_FLOAT: snprintf(out, (size_t)cap, "%.17g", sqlite3_column_double(q, i)); break;
    default: snprintf(out, (size_t)cap, "%s", (const char *)sqlite3_column_text(q, i)); break;
    }
}

/* All rows of a query, columns joined by '|', sorted. */
static bool read_rows(World *w, const char *sql, Lines *out)
{
    sqlite3_stmt *q;
    int rc = sqlite3_prepare_v2(w->reader, sql, -1, &q, NULL);
    while (rc == SQLITE_OK && (rc = sqlite3_step(q)) == SQLITE_ROW) {
        char text[2048];
        int n = 0;
        for (int i = 0; i < sqlite3_column_count(q); i++) {
            if (i) text[n++] = '|';
            column_text(q, i, text + n, (int)sizeof text - n - 2);
            n += (int)strlen(text + n);
        }
        text[n] = 0;
        lines_add(out, text);
        rc = SQLITE_OK;
    }
    if (rc != SQLITE_DONE) world_fail(w, "%s: %s", sql, sqlite3_errmsg(w->reader));
    sqlite3_finalize(q);
    lines_sort(out);
    return rc == SQLITE_DONE;
}

static void compare_lines(World *w, const char *what, const Lines *want, const Lines *got)
{
    char *difference = lines_difference(want, got);
    if (difference) world_fail(w, "epoch %lld: %s: %d rows instead of %d, first %s", (long long)w->epoch, what, got->n, want->n, difference);
    free(difference);
}

void world_stop_reading(World *w)
{
    pause_faults(true);
    sqlite3_close(w->reader);
    w->reader = NULL;
    pause_faults(false);
}

static int relations_named(World *w, const char *name)
{
    sqlite3_stmt *q;
    int found = -1;
    if (!start_reading(w)) return -1;
    if (sqlite3_prepare_v2(w->reader, "SELECT count(*) FROM _weir_relations WHERE name = ?1", -1, &q, NULL) == SQLITE_OK) {
        sqlite3_bind_text(q, 1, name, -1, SQLITE_STATIC);
        if (sqlite3_step(q) == SQLITE_ROW) found = sqlite3_column_int(q, 0);
    }
    sqlite3_finalize(q);
    return found;
}

int world_has(World *w, const char *name)
{
    pause_faults(true);
    int found = relations_named(w, name);
    pause_faults(false);
    return found;
}

/* ---- positions ------------------------------------------------------------------------------------------- */

static Part *part_named(World *w, const char *name)
{
    Stream *both[] = {&w->s, &w->r};
    const char *slash = strrchr(name, '/');
    for (int k = 0; k < 2; k++)
        for (int i = 0; i < both[k]->nparts; i++)
            if (!strcmp(both[k]->parts[i].name, slash ? slash + 1 : name)) return &both[k]->parts[i];
    return NULL;
}

/* Rows before an offset; -1: it lies within one. A file that took another's place begins with blank lines. */
static int rows_before(const Part *p, int generation, int64_t offset)
{
    int first = 0;
    while (first < p->n && p->rows[first].generation < generation) first++;
    if (offset <= generation) return first;
    for (int i = first; i < p->n && p->rows[i].generation == generation; i++)
        if (p->rows[i].end == offset) return i + 1;
    return -1;
}

/* Rows that were not accepted at the last look were judged by the clock of now. */
static void take_position(World *w, Part *p, int generation, int64_t offset)
{
    int taken = rows_before(p, generation, offset), before = p->taken < 0 ? 0 : p->taken;
    if (taken < 0) world_fail(w, "the position %lld of %s is within a record", (long long)offset, p->name);
    if (taken < before && !w->may_step_back) world_fail(w, "the position of %s went back from row %d to %d", p->name, before, taken);
    for (int i = before; i < taken; i++) {
        p->rows[i].clock = w->clock_us / 1000;
        p->rows[i].table_state = w->table.seen;
    }
    if (taken >= 0) p->taken = taken;
}

static void read_positions(World *w)
{
    sqlite3_stmt *q;
    int rc = sqlite3_prepare_v2(w->reader, "SELECT part, offset, ended, generation FROM _weir_positions"
                                            " WHERE stream IN (SELECT id FROM _weir_relations WHERE name IN ('s', 'r'))", -1, &q, NULL);
    bool seen[2][PARTS_MAX] = {0};
    while (rc == SQLITE_OK && (rc = sqlite3_step(q)) == SQLITE_ROW) {
        Part *p = part_named(w, (const char *)sqlite3_column_text(q, 0));
        if (!p) world_fail(w, "a position of %s", (const char *)sqlite3_column_text(q, 0));
        if (!p) break;
        int generation = sqlite3_column_int(q, 3);
        if (generation > p->generation) world_fail(w, "%s is in generation %d instead of %d", p->name, generation, p->generation);
        take_position(w, p, generation, sqlite3_column_int64(q, 1));
        p->has_ended = sqlite3_column_int(q, 2);
        if (p->has_ended && p->taken < p->n) world_fail(w, "%s has ended before its end", p->name);
        seen[*p->name == 'r'][p->name[2] - '0'] = true;
        rc = SQLITE_OK;
    }
    if (rc != SQLITE_DONE) world_fail(w, "positions: %s", sqlite3_errmsg(w->reader));
    sqlite3_finalize(q);
    for (int k = 0; k < 2; k++)
        for (int i = 0; i < PARTS_MAX; i++)
            if (!seen[k][i]) (k ? &w->r : &w->s)->parts[i].taken = -1;
}

static void read_epoch(World *w)
{
    Lines rows = {0};
    if (read_rows(w, "SELECT epoch FROM _weir_epoch", &rows)) {
        int64_t epoch = rows.n ? strtoll(rows.text[0], NULL, 10) : -1;
        if (epoch < w->epoch && !w->may_step_back) world_fail(w, "epoch %lld after %lld", (long long)epoch, (long long)w->epoch);
        if (w->is_full_sync && epoch < w->acknowledged)
            world_fail(w, "epoch %lld, but %lld was acknowledged", (long long)epoch, (long long)w->acknowledged);
        w->epoch = epoch;
    }
    lines_free(&rows);
}

/* ---- the table --------------------------------------------------------------------------------------------- */

static void table_text(const TableState *t, Lines *out)
{
    for (int key = 1; key < KEYS; key++) {
        char w[32] = "~";
        if (!t->is_null[key]) snprintf(w, sizeof w, "%lld", (long long)t->w[key]);
        if (t->is_there[key]) lines_addf(out, "%d|%s", key, w);
    }
    lines_sort(out);
}

/* Which statements are in it: a commit that was told of is; the last one may be. */
static void read_table(World *w)
{
    Lines got = {0};
    Table *t = &w->table;
    if (!w->has_table) return;
    int least = w->may_step_back ? t->acknowledged : t->seen;
    if (read_rows(w, "SELECT instr('abcde', substr(k, 1, 1)), w FROM t", &got)) {
        for (t->seen = t->n - 1; t->seen >= least; t->seen--) {
            Lines want = {0};
            table_text(&t->states[t->seen], &want);
            char *difference = lines_difference(&want, &got);
            lines_free(&want);
            bool is_it = !difference;
            free(difference);
            if (is_it) break;
        }
        if (t->seen < least) world_fail(w, "table t holds what no statement left, or less than was acknowledged");
    }
    lines_free(&got);
}

/* ---- views ------------------------------------------------------------------------------------------------- */

/* Whether it takes part in the commits of the others. */
static bool read_state(World *w, const View *v, int64_t *late)
{
    char sql[SQL_BYTES];
    Lines rows = {0};
    bool is_live = false;
    snprintf(sql, sizeof sql, "SELECT min(state), sum(CASE name WHEN '%s' THEN late_rows END) FROM weir_views WHERE name IN ('%s', 'of_%s')",
             v->name, v->name, v->name); /* it, and what hands it rows */
    if (read_rows(w, sql, &rows) && rows.n == 1) {
        is_live = !strncmp(rows.text[0], "live|", 5);
        *late = is_live ? strtoll(rows.text[0] + 5, NULL, 10) : 0;
    }
    lines_free(&rows);
    return is_live;
}

static void check_view(World *w, const View *v, int64_t late)
{
    char sql[SQL_BYTES];
    Lines want = {0}, got = {0};
    int64_t want_late = 0;
    v->kind->twin(v, &w->s, &w->r, &want, &want_late);
    lines_sort(&want);
    snprintf(sql, sizeof sql, "SELECT * FROM %s", v->name);
    if (read_rows(w, sql, &got)) compare_lines(w, v->line, &want, &got);
    if (late != want_late) world_fail(w, "epoch %lld: %s: %lld late rows instead of %lld", (long long)w->epoch, v->line, (long long)late, (long long)want_late);
    w->counts->views_checked++;
    w->counts->rows_checked += got.n;
    lines_free(&want);
    lines_free(&got);
}

/* ---- dead letters -------------------------------------------------------------------------------------------- */

static void want_letters(const World *w, const Stream *s, const bool *is_live, Lines *out)
{
    for (int i = 0; i < s->nparts; i++) {
        const Part *p = &s->parts[i];
        for (int k = 0; k < p->taken; k++) {
            const Row *r = &p->rows[k];
            if (r->is_refused) lines_addf(out, "%s|%lld|", p->name, (long long)r->offset);
            for (int j = 0; j < w->nviews && !r->is_refused && r->v_is_bad; j++) {
                const ViewKind *kind = w->views[j].kind;
                bool reads = is_live[j] && !kind->leaves_v && (s == &w->s || kind->reads_r);
                if (reads) lines_addf(out, "%s|%lld|%s", p->name, (long long)r->offset, w->views[j].name);
            }
        }
    }
}

static void check_letters(World *w, const bool *is_live)
{
    char sql[SQL_BYTES];
    Lines want = {0}, got = {0};
    want_letters(w, &w->s, is_live, &want);
    want_letters(w, &w->r, is_live, &want);
    lines_sort(&want);
    int n = snprintf(sql, sizeof sql, "SELECT substr(\"partition\", -3), \"offset\", \"query\" FROM weir_errors WHERE \"query\" IN (''");
    for (int i = 0; i < w->nviews; i++)
        if (is_live[i]) n += snprintf(sql + n, sizeof sql - (size_t)n, ", '%s'", w->views[i].name);
    snprintf(sql + n, sizeof sql - (size_t)n, ")");
    if (read_rows(w, sql, &got)) compare_lines(w, "weir_errors", &want, &got);
    lines_free(&want);
    lines_free(&got);
}

/* ---- all of it --------------------------------------------------------------------------------------------------- */

static bool begin(World *w)
{
    if (!start_reading(w)) return false;
    if (sqlite3_exec(w->reader, "BEGIN", NULL, NULL, NULL) == SQLITE_OK) return true;
    world_fail(w, "cannot read: %s", sqlite3_errmsg(w->reader));
    return false;
}

static void check_all(World *w)
{
    bool is_live[VIEWS_MAX] = {0};
    int64_t late[VIEWS_MAX] = {0};
    if (w->has_failed || !begin(w)) return;
    w->counts->checks++;
    read_epoch(w);
    if (!w->has_failed) read_table(w);
    if (!w->has_failed) read_positions(w);
    w->may_step_back = false;
    if (!w->has_failed) {
        stream_judge(&w->s);
        stream_judge(&w->r);
        w->all_live = true;
        for (int i = 0; i < w->nviews && !w->has_failed; i++) {
            is_live[i] = read_state(w, &w->views[i], &late[i]);
            w->all_live &= is_live[i];
            if (is_live[i]) check_view(w, &w->views[i], late[i]);
        }
        if (!w->has_failed) check_letters(w, is_live);
    }
    sqlite3_exec(w->reader, "COMMIT", NULL, NULL, NULL);
}

void world_check(World *w)
{
    pause_faults(true);
    check_all(w);
    pause_faults(false);
}

void world_check_integrity(World *w)
{
    Lines rows = {0};
    pause_faults(true);
    if (start_reading(w) && read_rows(w, "PRAGMA integrity_check", &rows) && (rows.n != 1 || strcmp(rows.text[0], "ok")))
        world_fail(w, "integrity_check: %s", rows.n ? rows.text[0] : "nothing");
    pause_faults(false);
    lines_free(&rows);
}
