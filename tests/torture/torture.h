/* torture.h: what the files of the harness share.
 *
 * A case is a text of lines (case.c makes one from a seed); a world carries the lines out one by one on
 * an engine whose clock, disk and input are the harness's own (world.c), and after every commit compares
 * each view with what a naive computation over the accepted rows gives (twin.c, compare.c). */
#ifndef WEIR_TORTURE_H
#define WEIR_TORTURE_H

#include "include/weir.h"
#include "include/weir_test.h"

#include <stdbool.h>
#include <stdint.h>

/* ---- chance.c: one seed, and all that follows from it ------------------------------------------- */
typedef struct Chance {
    uint64_t state;
} Chance;
uint64_t chance_next(Chance *c);
int chance_below(Chance *c, int n);      /* 0 … n − 1 */
bool chance_one_in(Chance *c, int n);

/* ---- lines.c: texts, owned ---------------------------------------------------------------------- */
typedef struct Lines {
    char **text;
    int n, cap;
} Lines;
void lines_add(Lines *l, const char *text);
void lines_addf(Lines *l, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
void lines_sort(Lines *l);
void lines_free(Lines *l);
/* The first line by which sorted lists differ, in both; NULL: they are the same. */
char *lines_difference(const Lines *want, const Lines *got);
bool lines_read(Lines *l, const char *path);
bool lines_write(const Lines *l, const char *path);
/* The number after "name=" in a line. */
int64_t line_number(const char *line, const char *name, int64_t fallback);

/* ---- disk.c: a disk in memory under SQLite, which can fail and lose power ------------------------ */
enum { DISK_VFS_CALLS_MAX = 1 << 30 };
typedef enum DiskFault {
    DISK_WELL,
    DISK_FULL,    /* writes end in SQLITE_FULL */
    DISK_IOERR,   /* writes end in SQLITE_IOERR_WRITE */
    DISK_NO_SYNC, /* syncs end in SQLITE_IOERR_FSYNC */
    DISK_BUSY,    /* somebody else is writing */
    DISK_ANY      /* every call fails in its own way */
} DiskFault;
typedef struct DiskStats {
    int64_t writes, syncs, kept, dropped, torn, garbled; /* sectors from the third on */
} DiskStats;
extern const char disk_vfs[];
void disk_register(void);
/* An empty disk with sectors of `sector` bytes. */
void disk_reset(uint64_t seed, int sector);
/* Power goes at the n-th call from now that would change the disk. */
void disk_die_at(int64_t n);
bool disk_is_dead(void);
/* The n-th call of the kind from now fails, and `count` in all. */
void disk_fail_at(DiskFault kind, int64_t n, int64_t count);
bool disk_has_failed(void); /* since disk_fail_at */
bool disk_is_well(void);    /* nothing is left to fail */
bool disk_fails_for_good(void);
void disk_pause(bool is_paused); /* nothing fails meanwhile */
/* Power is back: what was not synced is kept, dropped, torn or garbled, by chance. All handles must be
 * closed. */
void disk_power_up(uint64_t seed);
const DiskStats *disk_stats(void);

/* ---- memory.c: SQLite's allocator, told to fail -------------------------------------------------- */
void memory_register(void); /* before anything of SQLite is used */
void memory_fail_at(int64_t n, int64_t count);
bool memory_has_failed(void);
bool memory_fails_for_good(void);
void memory_pause(bool is_paused);

/* ---- case.c ------------------------------------------------------------------------------------- */
typedef enum Kind { KIND_SIM, KIND_POWER, KIND_KILL, KIND_COUNT } Kind;
extern const char *const kind_names[KIND_COUNT];
/* The lines of a case, from its seed alone. */
void case_make(Kind kind, uint64_t seed, Lines *out);

/* ---- views.c: kinds of views: their SQL ---------------------------------------------------------- */
enum { NAME_BYTES = 16, KEYS = 6 /* NULL and a to e */ };
typedef struct View View;
typedef struct Stream Stream;
typedef struct ViewKind {
    const char *name;
    void (*sql)(const View *v, char *out, int cap);       /* the SELECT */
    void (*twin)(const View *v, const Stream *s, const Stream *r, Lines *rows, int64_t *late);
    void (*before)(const View *v, char *out, int cap); /* statements that come first, or NULL */
    const char *params;   /* names a case may give it */
    bool reads_r;         /* the second stream too */
    bool leaves_v;        /* does not look at v: a v that cannot be read is no error for it */
    bool reads_table;
} ViewKind;
extern const ViewKind view_kinds[];
struct View {
    char name[NAME_BYTES];
    const ViewKind *kind;
    const char *line;      /* of the case: its parameters */
    const struct Table *table;
    bool is_acknowledged;
};
const ViewKind *view_kind(const char *name);
int64_t view_param(const View *v, const char *name, int64_t fallback);
/* CREATE MATERIALIZED VIEW …; */
void view_sql(const View *v, char *out, int cap);

/* ---- the input ----------------------------------------------------------------------------------- */
enum { PARTS_MAX = 3 };
/* One record of a file. */
typedef struct Row {
    int64_t at;          /* event time, milliseconds */
    int key;             /* 0: NULL, 1 … 5: a … e */
    bool is_bad;         /* no record at all */
    bool v_is_null, v_is_bad;
    int64_t v;
    int64_t offset, end; /* bytes in the file */
    int generation;      /* of the file */
    int64_t clock;       /* milliseconds, when it was accepted */
    int table_state;     /* then */
    bool is_history;     /* in the file before the stream was first opened */
    /* made by stream_judge: */
    bool is_refused;
    int64_t judge;       /* watermark of its partition before it; INT64_MIN: none */
    int64_t place;       /* in the order of positions */
} Row;
typedef struct Part {
    char name[NAME_BYTES], path[512];
    Row *rows;
    int n, cap, taken;   /* rows in the file and those that had its name; rows that the database has accepted */
    int generation;
    int64_t size;
    bool has_ended;
} Part;
struct Stream {
    char name[NAME_BYTES];
    Part parts[PARTS_MAX];
    int nparts;
    int64_t delay;       /* of the watermark, milliseconds */
    bool follows, has_ended;
    /* made by stream_judge: rows accepted, in the order of positions */
    const Row **rows;
    int nrows;
    int64_t refused;     /* records that are in weir_errors */
    int64_t watermark;   /* least of the partitions: INT64_MIN none, INT64_MAX ended */
    int64_t greatest;    /* that rows have made in any of them */
};

/* ---- the table, which statements change ------------------------------------------------------------ */
enum { TABLE_STATES_MAX = 256 };
typedef struct TableState {
    bool is_there[KEYS], is_null[KEYS];
    int64_t w[KEYS];
} TableState;
typedef struct Table {
    TableState states[TABLE_STATES_MAX]; /* after each statement */
    int n, seen, acknowledged; /* the last one may have failed; what the database had; what it has to have */
} Table;

/* ---- twin.c, twin_windows.c, twin_tables.c: what views must hold, row by row ---------------------------------------------------- */
/* Which of the rows taken were accepted, and how they are judged. */
void stream_judge(Stream *s);
void stream_forget(Stream *s);
void twin_group(const View *v, const Stream *s, const Stream *r, Lines *rows, int64_t *late);
void twin_global(const View *v, const Stream *s, const Stream *r, Lines *rows, int64_t *late);
void twin_counts(const View *v, const Stream *s, const Stream *r, Lines *rows, int64_t *late);
void twin_distinct(const View *v, const Stream *s, const Stream *r, Lines *rows, int64_t *late);
void twin_histogram(const View *v, const Stream *s, const Stream *r, Lines *rows, int64_t *late);
void twin_filter(const View *v, const Stream *s, const Stream *r, Lines *rows, int64_t *late);
void twin_windows(const View *v, const Stream *s, const Stream *r, Lines *rows, int64_t *late);
void twin_late(const View *v, const Stream *s, const Stream *r, Lines *rows, int64_t *late);
void twin_clock(const View *v, const Stream *s, const Stream *r, Lines *rows, int64_t *late);
void twin_sliding(const View *v, const Stream *s, const Stream *r, Lines *rows, int64_t *late);
void twin_count(const View *v, const Stream *s, const Stream *r, Lines *rows, int64_t *late);
void twin_trigger(const View *v, const Stream *s, const Stream *r, Lines *rows, int64_t *late);
void twin_table_join(const View *v, const Stream *s, const Stream *r, Lines *rows, int64_t *late);
void twin_lookup(const View *v, const Stream *s, const Stream *r, Lines *rows, int64_t *late);
void twin_table(const View *v, const Stream *s, const Stream *r, Lines *rows, int64_t *late);
void twin_session(const View *v, const Stream *s, const Stream *r, Lines *rows, int64_t *late);
void twin_join(const View *v, const Stream *s, const Stream *r, Lines *rows, int64_t *late);
void twin_interval(const View *v, const Stream *s, const Stream *r, Lines *rows, int64_t *late);
void twin_top(const View *v, const Stream *s, const Stream *r, Lines *rows, int64_t *late);
void twin_best(const View *v, const Stream *s, const Stream *r, Lines *rows, int64_t *late);
void twin_over(const View *v, const Stream *s, const Stream *r, Lines *rows, int64_t *late);

/* ---- world.c: a case at work ---------------------------------------------------------------------- */
enum { VIEWS_MAX = 12, POWER_MAX = 256, SETTINGS_MAX = 8 };
typedef struct PowerCut {
    int64_t at;
    uint64_t keep;
} PowerCut;
typedef struct Counts {
    int64_t cases, runs, checks, views_checked, rows_checked, restarts, power_cuts, nested_cuts, faults, faults_reached,
        kills, changes, rotations;
} Counts;
typedef struct World {
    char folder[256], db_path[300];
    const char *vfs;       /* NULL: real files */
    weir *db;
    struct sqlite3 *reader;
    Stream s, r;
    Table table;
    bool has_r, has_table, is_begun, is_registered;
    bool all_live;         /* at the last look: no view reads its past */
    int rotations;         /* files that were put aside */
    View views[VIEWS_MAX];
    int nviews;
    char settings[SETTINGS_MAX][64];
    const char *settings_list[SETTINGS_MAX + 1];
    int nsettings;
    bool is_full_sync;
    char rules_off[64];
    int cache_pages;   /* few: a commit's pages are in the log before it is */
    int64_t clock_us, mono_us;
    weir_seams seams;
    PowerCut cuts[POWER_MAX];
    int ncuts, next_cut;
    bool has_cut;          /* cuts[next_cut] is armed */
    int cuts_in_a_row;
    bool may_step_back;    /* the power went since the last check */
    bool may_fault;        /* a fault has been injected that stops an engine */
    bool fails_memory;     /* … an allocation of the library's */
    int64_t acknowledged, epoch; /* last commit a run has told of; last seen */
    Counts *counts;
    bool has_failed;
    char failure[4096];
} World;
/* Carries a case out. False: `world->failure` says what went wrong. Leaves nothing behind. */
bool case_run(const Lines *c, Counts *counts, char *failure, int cap);
void world_init(World *w, Counts *counts);
void world_line(World *w, const char *line);
/* Everything that was written is read and compared. */
void world_finish(World *w);
void world_close(World *w);
void world_free(World *w);
void world_fail(World *w, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
/* Definitions, as the program that owns the engine would make them. */
void world_script(const World *w, char *out, int cap);
void world_seams(World *w);

/* ---- compare.c ------------------------------------------------------------------------------------- */
/* Reads positions, views, counters and dead letters in one transaction and compares. */
void world_check(World *w);
void world_stop_reading(World *w);
void world_check_integrity(World *w);
/* A key as JSON text, as it stands in records. */
extern const char *const key_json[KEYS];
/* Whether the database has a relation; -1: it cannot be told now. */
int world_has(World *w, const char *name);

/* ---- the other suites ------------------------------------------------------------------------------- */
typedef struct Plan {
    uint64_t seed;
    int64_t cases;       /* 0: until the time is up */
    double seconds;
    const char *regress; /* folder for what failed */
    const char *program;
    const char *weir;    /* the program to be killed, or NULL: processes of our own alone */
} Plan;
double seconds_now(void);
/* Makes a case that fails smaller; each try runs in a process of its own. */
void case_shrink(Lines *c);
int cases_run(const Plan *p, Kind kind);   /* 0: all well */
/* Seeds it took until one failed, and how; 0: none did. */
int64_t cases_until_failure(const Plan *p, Kind kind, char *failure, int cap);
int case_replay(const char *path);
int kill_run(const Plan *p);
int sweep_run(const Plan *p, int one_in);
int planted_run(const Plan *p);

#endif
