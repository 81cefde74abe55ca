/* progress.h: what `weir run` shows while it works. */
#ifndef WEIR_SHELL_PROGRESS_H
#define WEIR_SHELL_PROGRESS_H

#include "include/weir.h"

#include <stdbool.h>

typedef struct Progress {
    bool live;        /* a terminal: redrawn in place */
    int lines;        /* drawn last time */
    double started, drawn;
} Progress;

void progress_begin(Progress *p, bool live);
/* Redraws, at most ten times a second. */
void progress_tick(Progress *p, weir *db);
/* The last picture, and one line that sums up. */
void progress_end(Progress *p, weir *db, bool summary);

#endif
