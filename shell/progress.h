/* progress.h: what `weir run` shows while it works. */
#ifndef WEIR_SHELL_PROGRESS_H
#define WEIR_SHELL_PROGRESS_H

#include "include/weir.h"

#include <stdbool.h>

/* A counter and how fast it grows: the last seconds count most. */
typedef struct Pace {
    int64_t value;
    double at, per_second;
} Pace;

enum { PACES_MAX = 64 };

typedef struct Progress {
    bool live;        /* a terminal: redrawn in place */
    int lines;        /* drawn last time */
    double started, drawn;
    Pace rows[PACES_MAX], bytes[PACES_MAX]; /* of sources */
    Pace changes[PACES_MAX];                /* of views */
} Progress;

/* What there is by now is not counted as progress. */
void progress_begin(Progress *p, bool live, weir *db);
/* Redraws, at most ten times a second. */
void progress_tick(Progress *p, weir *db);
/* The last picture, and one line that sums up. */
void progress_end(Progress *p, weir *db, bool summary);

#endif
