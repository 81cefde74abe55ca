/* world.c: a case at work: the lines are carried out one by one on an engine whose clock, disk and
 * input belong to the harness. Whatever breaks on the way because the harness broke it is followed by a
 * reopening, as an operator would do; whatever else breaks is a failure. */
#include "tests/torture/torture.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

enum { SCRIPT_BYTES = 16384, TRIES_MAX = 400 };

void world_fail(World *w, const char *fmt, ...)
{
    va_list ap;
    if (w->has_failed) return;
    w->has_failed = true;
    va_start(ap, fmt);
    vsnprintf(w->failure, sizeof w->failure, fmt, ap);
    va_end(ap);
}

/* ---- seams ---------------------------------------------------------------------------------------------- */

static int64_t world_now(void *arg) { return ((World *)arg)->clock_us; }

static int64_t world_mono(void *arg)
{
    World *w = arg;
    return w->mono_us += 100;
}

/* Nobody waits for a disk whose power is gone, or for what fails for good. */
static void world_sleep(void *arg, int64_t us)
{
    World *w = arg;
    w->mono_us += us;
    if (disk_is_dead() || disk_fails_for_good() || memory_fails_for_good()) weir_interrupt(w->db);
}

void world_seams(World *w)
{
    w->seams = (weir_seams){.now_us = world_now, .mono_us = world_mono, .sleep_us = world_sleep, .arg = w, .seed = 1,
                            .rules_off = *w->rules_off ? w->rules_off : NULL, .vfs = w->vfs, .state_log_min = 200,
                            .cache_pages = w->cache_pages};
}

/* ---- definitions ------------------------------------------------------------------------------------------ */

static int stream_sql(const World *w, const Stream *s, char *out, int cap)
{
    return snprintf(out, (size_t)cap,
                    "CREATE STREAM %s (ts TIMESTAMP(3), k TEXT, v BIGINT%s, WATERMARK FOR ts AS ts - INTERVAL '%d' SECOND) "
                    "WITH (connector = 'file', path = '%s/%s.*', format = 'json'%s);\n",
                    s->name, s == &w->s ? ", p TIMESTAMP(3) AS (proctime())" : "", (int)(s->delay / 1000), w->folder, s->name, s->follows ? ", follow = true" : "");
}

void world_script(const World *w, char *out, int cap)
{
    int n = stream_sql(w, &w->s, out, cap);
    if (w->has_r) n += stream_sql(w, &w->r, out + n, cap - n);
    if (w->has_table) n += snprintf(out + n, (size_t)(cap - n), "CREATE TABLE t (k TEXT PRIMARY KEY, w BIGINT);\n");
    for (int i = 0; i < w->nviews; i++) {
        view_sql(&w->views[i], out + n, cap - n);
        n += (int)strlen(out + n);
    }
}

static weir_status register_views(World *w)
{
    for (int i = 0; i < w->nviews; i++) {
        View *v = &w->views[i];
        char sql[SCRIPT_BYTES];
        int found = world_has(w, v->name);
        if (found == 0) {
            if (v->is_acknowledged && w->is_full_sync) world_fail(w, "view %s was acknowledged and is lost", v->name);
            view_sql(v, sql, sizeof sql);
            weir_status st = weir_exec(w->db, sql, -1, "case", NULL);
            if (st != WEIR_OK) return st;
        }
        v->is_acknowledged = true;
    }
    return WEIR_OK;
}

static weir_status register_all(World *w)
{
    char sql[SCRIPT_BYTES];
    if (world_has(w, w->s.name) != 0) return register_views(w);
    if (w->is_registered && w->is_full_sync) world_fail(w, "stream %s was acknowledged and is lost", w->s.name);
    world_script(w, sql, sizeof sql);
    weir_status st = weir_exec(w->db, sql, -1, "case", NULL);
    if (st != WEIR_OK) return st;
    for (int i = 0; i < w->nviews; i++) w->views[i].is_acknowledged = true;
    w->is_registered = true;
    return st;
}

/* ---- up and down ---------------------------------------------------------------------------------------------- */

static void arm_cut(World *w)
{
    if (w->has_cut || w->next_cut == w->ncuts) return;
    disk_die_at(w->cuts[w->next_cut].at);
    w->has_cut = true;
}

void world_close(World *w)
{
    world_stop_reading(w);
    weir_close(w->db);
    w->db = NULL;
    if (!disk_is_dead()) return;
    disk_power_up(w->cuts[w->next_cut].keep);
    w->counts->power_cuts++;
    w->counts->nested_cuts += ++w->cuts_in_a_row > 1;
    w->next_cut++;
    w->has_cut = false;
    w->may_step_back = true;
}

/* Whether the fault in wait has come to pass; one that lasts is repaired. */
static bool take_fault(World *w)
{
    bool has_come = w->may_fault && (disk_has_failed() || memory_has_failed());
    if (w->fails_memory) {
        int64_t left = weir_test_fail_allocation(-1);
        if (left >= 0) weir_test_fail_allocation(left);
        has_come |= left < 0;
    }
    if (!has_come) return false;
    disk_fail_at(DISK_WELL, 0, 0);
    memory_fail_at(0, 0);
    w->may_fault = w->fails_memory = false;
    w->counts->faults_reached++;
    return true;
}

/* After a call that went wrong: whether the harness made it so. Closes the engine. */
static bool was_harmed(World *w, weir_status st)
{
    char why[2048];
    bool is_harmed = disk_is_dead();
    snprintf(why, sizeof why, "%s", w->db ? weir_errmsg(w->db) : "");
    world_close(w);
    is_harmed |= take_fault(w);
    if (!is_harmed) world_fail(w, "%s: %s", weir_status_name(st), why);
    return is_harmed;
}

static void world_up(World *w)
{
    bool is_cut = false;
    if (w->db) return;
    for (int i = 0; i < TRIES_MAX && !w->has_failed; i++) {
        weir_options opt = {.settings = w->settings_list, .seams = &w->seams};
        world_seams(w);
        arm_cut(w);
        weir_status st = weir_open(w->db_path, &opt, &w->db);
        if (st == WEIR_OK) st = register_all(w);
        is_cut |= w->may_step_back;
        if (st == WEIR_OK && !disk_is_dead()) break;
        if (st == WEIR_OK) world_close(w); /* the power went after the commit */
        else was_harmed(w, st);
    }
    if (!w->db) world_fail(w, "it never comes up");
    if (!w->has_failed && is_cut) world_check_integrity(w);
    if (!w->has_failed) world_check(w);
}

/* ---- input ------------------------------------------------------------------------------------------------------ */

static void append(World *w, Part *p, const char *text)
{
    FILE *f = fopen(p->path, "a");
    if (!f || fputs(text, f) < 0 || fclose(f) != 0) world_fail(w, "%s: %s", p->path, strerror(errno));
    p->size += (int64_t)strlen(text);
}

static Row *part_add(Part *p)
{
    if (p->n == p->cap) {
        p->cap = p->cap ? 2 * p->cap : 64;
        p->rows = realloc(p->rows, (size_t)p->cap * sizeof *p->rows);
    }
    memset(&p->rows[p->n], 0, sizeof *p->rows);
    return &p->rows[p->n++];
}

/* Seconds and milliseconds apart, since a time before 1970 is written like any other. */
static void iso_time(int64_t ms, char *out, int cap)
{
    int64_t seconds = ms / 1000 - (ms % 1000 < 0);
    time_t t = (time_t)seconds;
    struct tm tm;
    gmtime_r(&t, &tm);
    snprintf(out, (size_t)cap, "%04d-%02d-%02dT%02d:%02d:%02d.%03d", tm.tm_year + 1900, tm.tm_mon + 1, tm.tm_mday,
             tm.tm_hour, tm.tm_min, tm.tm_sec, (int)(ms - seconds * 1000));
}

const char *const key_json[KEYS] = {
    "null", "\"a\"", "\"b\"", "\"c, longer than what lies in the column\"", "\"d \\u00e9, escaped in its record\"", "\"e\""};

static void record_text(const Row *r, const char *line, char *out, int cap)
{
    char at[64], v[32];
    iso_time(r->at, at, sizeof at);
    if (r->v_is_bad) snprintf(v, sizeof v, "\"x\"");
    else if (r->v_is_null) snprintf(v, sizeof v, "null");
    else snprintf(v, sizeof v, "%lld", (long long)r->v);
    switch (r->is_bad ? line_number(line, "bad", 1) : 0) {
    case 0: /* digits past the third are cut off toward the past */
        snprintf(out, (size_t)cap, "{\"ts\":\"%s%sZ\",\"k\":%s,\"v\":%s}\n", at, line_number(line, "more", 0) ? "999" : "", key_json[r->key], v);
        break;
    case 1: snprintf(out, (size_t)cap, "{\"ts\":\"%sZ\",\"k\":%s,\n", at, key_json[r->key]); break;
    case 2: snprintf(out, (size_t)cap, "{\"k\":%s,\"v\":%s}\n", key_json[r->key], v); break;
    default: snprintf(out, (size_t)cap, "not a record\n"); break;
    }
}

static Stream *stream_named(World *w, char name) { return name == 's' ? &w->s : &w->r; }

/* row s 0 at=… key=… v=… */
static void do_row(World *w, const char *line)
{
    char text[512];
    Stream *s = stream_named(w, line[4]);
    int number = line[6] - '0';
    if (number < 0 || number >= s->nparts) return;
    Part *p = &s->parts[number];
    Row *r = part_add(p);
    r->at = line_number(line, "at", 0);
    r->key = (int)line_number(line, "key", 0);
    r->is_bad = line_number(line, "bad", 0);
    r->v_is_bad = line_number(line, "vbad", 0);
    r->v = line_number(line, "v", INT64_MIN);
    r->v_is_null = r->v == INT64_MIN;
    r->generation = p->generation;
    r->offset = p->size;
    record_text(r, line, text, sizeof text);
    append(w, p, text);
    r->end = p->size;
}

/* rotate s 0 way=…: once all of a file is in the database it is put aside, or emptied. Blank lines tell the new
 * one from the old: content is what a file is known by. */
static void do_rotate(World *w, const char *line)
{
    char aside[600];
    Stream *s = stream_named(w, line[7]);
    Part *p = &s->parts[line[9] - '0'];
    if (!w->all_live || !s->follows || p >= s->parts + s->nparts || !p->n || p->taken < p->n) return;
    if (p->rows[p->n - 1].generation < p->generation) return; /* blank lines alone tell nothing apart */
    snprintf(aside, sizeof aside, "%s/aside.%d", w->folder, w->rotations);
    if (line_number(line, "way", 0) ? truncate(p->path, 0) != 0 : rename(p->path, aside) != 0) world_fail(w, "%s: %s", p->path, strerror(errno));
    w->rotations++;
    w->counts->rotations++;
    p->generation++;
    p->size = 0;
    for (int i = 0; i < p->generation; i++) append(w, p, "\n");
}

/* ---- the table ----------------------------------------------------------------------------------------------------- */

/* A key as SQL text. */
static const char *key_sql(int key)
{
    static const char *const texts[KEYS] = {"NULL", "'a'", "'b'", "'c, longer than what lies in the column'",
                                            "'d \xc3\xa9, escaped in its record'", "'e'"};
    return texts[key];
}

static void change_text(const char *line, TableState *t, char *out, int cap)
{
    char value[32] = "NULL";
    int key = (int)line_number(line, "key", 1);
    bool is_null = line_number(line, "w", -1) < 0;
    int64_t w = is_null ? 0 : line_number(line, "w", 0);
    if (!is_null) snprintf(value, sizeof value, "%lld", (long long)w);
    switch (line_number(line, "way", 0)) {
    case 0: /* puts a key there, or changes what it has */
        snprintf(out, (size_t)cap, "INSERT INTO t VALUES (%s, %s) ON CONFLICT (k) DO UPDATE SET w = excluded.w;", key_sql(key), value);
        t->is_there[key] = true;
        t->is_null[key] = is_null;
        t->w[key] = w;
        return;
    case 1:
        snprintf(out, (size_t)cap, "DELETE FROM t WHERE k = %s;", key_sql(key));
        t->is_there[key] = false;
        return;
    default: /* all of them at once */
        snprintf(out, (size_t)cap, "UPDATE t SET w = w + 1 WHERE w < %lld;", (long long)w);
        for (int i = 0; i < KEYS; i++)
            if (t->is_there[i] && !t->is_null[i] && t->w[i] < w) t->w[i]++;
        return;
    }
}

/* change way=… key=… w=… */
static void do_change(World *w, const char *line)
{
    char sql[512];
    Table *t = &w->table;
    if (!w->has_table || t->seen + 2 > TABLE_STATES_MAX || !w->is_begun) return;
    world_up(w);
    if (w->has_failed) return;
    t->n = t->seen + 2; /* what came after what the database has never came to be */
    t->states[t->n - 1] = t->states[t->seen];
    change_text(line, &t->states[t->n - 1], sql, sizeof sql);
    weir_status st = weir_exec(w->db, sql, -1, "case", NULL);
    w->counts->changes++;
    if (st == WEIR_OK && w->is_full_sync) t->acknowledged = t->n - 1;
    if (st == WEIR_OK && disk_is_dead()) world_close(w);
    else if (st == WEIR_OK && !w->may_step_back) t->seen = t->n - 1;
    else if (st != WEIR_OK) was_harmed(w, st);
    world_up(w);
    if (!w->has_failed) world_check(w);
}

static void do_table(World *w, const char *line)
{
    (void)line;
    w->has_table = true;
    w->table.n = 1;
}

/* ---- lines ---------------------------------------------------------------------------------------------------------- */

static void do_stream(World *w, const char *line)
{
    Stream *s = stream_named(w, line[7]);
    snprintf(s->name, sizeof s->name, "%c", line[7]);
    if (line[7] == 'r') w->has_r = true;
    s->delay = 1000 * line_number(line, "delay", 0);
    s->follows = line_number(line, "follow", 1);
    s->nparts = (int)line_number(line, "parts", 1);
    for (int i = 0; i < s->nparts; i++) {
        snprintf(s->parts[i].path, sizeof s->parts[i].path, "%s/%s.%d", w->folder, s->name, i);
        snprintf(s->parts[i].name, sizeof s->parts[i].name, "%c.%d", *s->name, i);
        append(w, &s->parts[i], "");
    }
}

/* view NAME KIND parameters; once the engine is at work the view is made at once. */
static void do_view(World *w, const char *line)
{
    View *v = &w->views[w->nviews];
    char kind[32];
    if (w->nviews == VIEWS_MAX || sscanf(line, "view %15s %31s", v->name, kind) != 2) return;
    v->kind = view_kind(kind);
    v->line = line;
    v->table = &w->table;
    if (!v->kind || (v->kind->reads_r && !w->has_r) || (v->kind->reads_table && !w->has_table)) return;
    if (w->rotations) return; /* the past is not there any more */
    w->nviews++;
    if (!w->is_begun) return;
    world_up(w);
    if (w->has_failed) return;
    weir_status st = register_views(w);
    if (st == WEIR_OK && disk_is_dead()) world_close(w);
    else if (st != WEIR_OK) was_harmed(w, st);
    world_up(w);
    if (!w->has_failed) world_check(w);
}

static void do_set(World *w, const char *line)
{
    const char *given = line + 4;
    size_t name = strcspn(given, "=") + 1;
    int i = 0;
    while (i < w->nsettings && strncmp(w->settings[i], given, name)) i++;
    if (i == SETTINGS_MAX) return;
    if (i == w->nsettings) w->nsettings++;
    snprintf(w->settings[i], sizeof w->settings[i], "%s", given);
    w->settings_list[i] = w->settings[i];
    if (!strncmp(given, "synchronous=", 12)) w->is_full_sync = !strcmp(given + 12, "full");
}

static void do_disk(World *w, const char *line)
{
    w->vfs = disk_vfs;
    w->cache_pages = (int)line_number(line, "cache", 0);
    disk_reset((uint64_t)line_number(line, "seed", 1), (int)line_number(line, "sector", 512));
}

static void do_power(World *w, const char *line)
{
    if (w->ncuts == POWER_MAX || w->vfs != disk_vfs) return;
    w->cuts[w->ncuts++] = (PowerCut){line_number(line, "at", 1), (uint64_t)line_number(line, "keep", 1)};
    if (w->db) arm_cut(w);
}

static void do_fault(World *w, const char *line)
{
    static const struct {
        const char *name;
        DiskFault kind;
    } faults[] = {{"full", DISK_FULL}, {"ioerr", DISK_IOERR}, {"nosync", DISK_NO_SYNC}, {"busy", DISK_BUSY}, {"any", DISK_ANY}};
    int64_t at = line_number(line, "at", 1), count = line_number(line, "for", 1);
    w->counts->faults++;
    if (!strncmp(line + 6, "memory ", 7)) {
        weir_test_fail_allocation(at);
        w->fails_memory = true;
        return;
    }
    w->may_fault = true;
    if (!strncmp(line + 6, "sqlite ", 7)) memory_fail_at(at, count);
    for (int i = 0; i < 5; i++)
        if (!strncmp(line + 6, faults[i].name, strlen(faults[i].name))) disk_fail_at(faults[i].kind, at, count);
}

/* What stands in a file before its stream has a position is history. */
static void mark_history(Stream *s)
{
    for (int i = 0; i < s->nparts; i++)
        for (int k = 0; k < s->parts[i].n && s->parts[i].taken < 0; k++) s->parts[i].rows[k].is_history = true;
}

static bool has_come(void) { return disk_has_failed() || memory_has_failed(); }

/* One epoch. What holds its commit up is repaired, if it does not pass; the same commit is then made. */
static weir_status run_epoch(World *w)
{
    weir_status st = weir_run(w->db, 0);
    for (int i = 0; i < TRIES_MAX && st == WEIR_IDLE && !strncmp(weir_state(w->db), "degraded", 8); i++) {
        if (disk_is_dead()) break;
        if (has_come() && i > 2) take_fault(w);
        st = weir_run(w->db, 0);
    }
    w->counts->runs++;
    return st;
}

static void do_run(World *w, const char *line)
{
    (void)line;
    if (!w->is_begun)
        for (int i = 0; i < PARTS_MAX; i++) w->s.parts[i].taken = w->r.parts[i].taken = -1;
    w->is_begun = true;
    world_up(w);
    if (w->has_failed) return;
    mark_history(&w->s);
    mark_history(&w->r);
    weir_status st = run_epoch(w);
    if (st > WEIR_IDLE) {
        if (was_harmed(w, st)) world_up(w);
        return;
    }
    if (disk_is_dead()) { /* after the commit */
        if (w->is_full_sync && st == WEIR_ROW) w->acknowledged = w->epoch + 1;
        world_close(w);
        world_up(w);
        return;
    }
    if (has_come() && disk_is_well()) take_fault(w); /* overcome */
    w->cuts_in_a_row = 0;
    world_check(w);
    if (w->is_full_sync) w->acknowledged = w->epoch;
}

static void do_restart(World *w, const char *line)
{
    (void)line;
    if (!w->is_begun) return;
    world_close(w);
    w->counts->restarts++;
    world_up(w);
}

static void do_clock(World *w, const char *line) { w->clock_us += 1000 * line_number(line, "add", 0) + 1000 * line_number(line, "at", 0); }

static void do_rules(World *w, const char *line) { snprintf(w->rules_off, sizeof w->rules_off, "%s", line + 6); }

static void do_nothing(World *w, const char *line) { (void)w, (void)line; }

static const struct {
    const char *name;
    void (*run)(World *w, const char *line);
} commands[] = {{"row", do_row},         {"run", do_run},     {"restart", do_restart}, {"power", do_power}, {"fault", do_fault},
                {"clock", do_clock},     {"view", do_view},   {"stream", do_stream},   {"set", do_set},     {"disk", do_disk},
                {"rules", do_rules},     {"table", do_table}, {"change", do_change},   {"rotate", do_rotate}, {"#", do_nothing}};

void world_line(World *w, const char *line)
{
    size_t n = strcspn(line, " ");
    for (size_t i = 0; i < sizeof commands / sizeof *commands && !w->has_failed; i++)
        if (strlen(commands[i].name) == n && !strncmp(commands[i].name, line, n)) commands[i].run(w, line);
}

/* ---- a whole case ------------------------------------------------------------------------------------------------------ */

void world_init(World *w, Counts *counts)
{
    memset(w, 0, sizeof *w);
    w->counts = counts;
    disk_reset(1, 512);
    const char *place = access("/dev/shm", W_OK) == 0 ? "/dev/shm" : "/tmp";
    snprintf(w->folder, sizeof w->folder, "%s/weir-torture-XXXXXX", place);
    if (!mkdtemp(w->folder)) world_fail(w, "%s: %s", w->folder, strerror(errno));
    snprintf(w->db_path, sizeof w->db_path, "%s/t.db", w->folder);
}

static bool all_taken(const Stream *s)
{
    for (int i = 0; i < s->nparts; i++)
        if (s->parts[i].taken < s->parts[i].n || (!s->follows && !s->parts[i].has_ended)) return false;
    return true;
}

/* A stream that no view looks at is not read. */
static bool is_read(const World *w, const Stream *s)
{
    for (int i = 0; i < w->nviews; i++)
        if (s == &w->s ? w->views[i].kind->twin != twin_table : w->views[i].kind->reads_r) return true;
    return false;
}

static bool has_taken_all(const World *w)
{
    return (!is_read(w, &w->s) || all_taken(&w->s)) && (!is_read(w, &w->r) || all_taken(&w->r));
}

void world_finish(World *w)
{
    int complete = 0; /* twice, for the power may still go, and commits with it */
    for (int i = 0; i < TRIES_MAX && !w->has_failed && complete < 2; i++) {
        do_run(w, "");
        complete = w->db && has_taken_all(w) ? complete + 1 : 0;
    }
    if (!w->has_failed && !has_taken_all(w)) world_fail(w, "not all rows are ever read");
    if (!w->has_failed) do_restart(w, "");
}

void world_free(World *w)
{
    static const char *const endings[] = {"", "-wal", "-shm", "-journal", "-weir.lock"};
    char path[400];
    world_close(w);
    for (int i = 0; i < 5; i++) {
        snprintf(path, sizeof path, "%s%s", w->db_path, endings[i]);
        unlink(path);
    }
    Stream *both[] = {&w->s, &w->r};
    for (int k = 0; k < 2; k++) {
        stream_forget(both[k]);
        for (int i = 0; i < PARTS_MAX; i++) {
            if (*both[k]->parts[i].path) unlink(both[k]->parts[i].path);
            free(both[k]->parts[i].rows);
        }
    }
    for (int i = 0; i < w->rotations; i++) {
        snprintf(path, sizeof path, "%s/aside.%d", w->folder, i);
        unlink(path);
    }
    rmdir(w->folder);
}

bool case_run(const Lines *c, Counts *counts, char *failure, int cap)
{
    World *w = malloc(sizeof *w);
    world_init(w, counts);
    for (int i = 0; i < c->n && !w->has_failed; i++) {
        world_line(w, c->text[i]);
        if (w->has_failed && failure) snprintf(failure, (size_t)cap, "line %d (%s): %s", i + 1, c->text[i], w->failure);
    }
    if (!w->has_failed) {
        world_finish(w);
        if (w->has_failed && failure) snprintf(failure, (size_t)cap, "at the end: %s", w->failure);
    }
    bool is_well = !w->has_failed;
    take_fault(w);
    weir_test_fail_allocation(-1);
    world_free(w);
    free(w);
    counts->cases++;
    return is_well;
}
