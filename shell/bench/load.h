/* load.h: what weir bench measures: a table of loads, and a file for each kind of them. */
#ifndef WEIR_SHELL_BENCH_LOAD_H
#define WEIR_SHELL_BENCH_LOAD_H

#include "shell/command.h"

#include "include/weir_test.h"

#include <sys/types.h>

typedef struct Load Load;

/* What all loads of a call share. */
typedef struct Bench {
    Session *session;   /* an engine with the streams of Nexmark, for what is read from generators */
    const char *folder; /* of files of events and databases */
    int64_t events;
    int runs;
    bool json;
} Bench;

typedef struct Named {
    const char *name;
    double value;
} Named;

enum { FIGURE_MORE = 16 };

/* What came of a load: its runs, and what else its kind can tell. */
typedef struct Figure {
    weir_bench_result r;
    int runs;
    Named more[FIGURE_MORE]; /* ends with name NULL */
} Figure;

/* A kind of load; false: it could not be measured, and has been told. */
typedef bool (*LoadRun)(const Bench *b, const Load *l, Figure *f);

struct Load {
    const char *name;
    LoadRun run;
    const char *input;  /* of files: their name (bench_input.c); of a sink: the load whose SQL it takes */
    const char *sql;    /* a SELECT */
    const char *what;
};

extern const Load bench_loads[]; /* ends with name NULL */

bool load_operators(const Bench *b, const Load *l, Figure *f);
bool load_decode(const Bench *b, const Load *l, Figure *f);
bool load_file(const Bench *b, const Load *l, Figure *f);
bool load_sink(const Bench *b, const Load *l, Figure *f);
bool load_pipe(const Bench *b, const Load *l, Figure *f);
bool load_push(const Bench *b, const Load *l, Figure *f);
bool load_rest(const Bench *b, const Load *l, Figure *f);
bool load_paced(const Bench *b, const Load *l, Figure *f);
bool load_views(const Bench *b, const Load *l, Figure *f);

/* ---- clock.c ---------------------------------------------------------------------------------------- */
/* By the wall's clock that only goes on, and by what this process has used of its processors: microseconds. */
int64_t bench_wall_us(void);
int64_t bench_cpu_us(void);

/* ---- bench_file.c: what latency needs of it --------------------------------------------------------- */
/* A process that runs `pour` with the writing end of a pipe, whose other end becomes standard input. -1: none. */
pid_t bench_pipe(void (*pour)(const void *arg, int to), const void *arg);
/* Removes a database and its companions; room for its path. */
void bench_database(const Bench *b, const Load *l, char *path, size_t size);

/* ---- figure.c --------------------------------------------------------------------------------------- */
void figure_add(Figure *f, const char *name, double value);
/* The half, the ninety-ninth hundredth and the last of n times, as figures of these names. */
void figure_times(Figure *f, int64_t *us, int n, const char *p50, const char *p99, const char *most);
/* A figure as a line of the table or as an object of JSON. */
void figure_show(const Load *l, Figure *f, bool json);

/* ---- bench_input.c: files of events in the folder of the bench ------------------------------------ */
/* Its path; it is made when it is first asked for. Caller frees; NULL: told. */
char *bench_input(const Bench *b, const char *name);
/* CREATE STREAM for what generators make: bid, auction, person, keys_100 … Caller frees. */
char *bench_streams(int64_t events);
/* CREATE STREAM `stream` over its columns: read from the file, or with path NULL from `connector`. Caller frees. */
char *bench_declare(const char *stream, const char *name, const char *connector, const char *path);

#endif
