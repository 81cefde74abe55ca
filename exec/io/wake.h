/* wake.h: being told that a source may have something new, instead of looking again and again.
 *
 * One descriptor can be read when a file of a watched stream, or its folder, has changed, when standard
 * input has something, or when somebody rings: to wait for by poll(2), together with others. It tells too much at
 * times (the neighbours of a file change as well), and of what others write over a network nothing: who waits looks
 * now and then. */
#ifndef WEIR_EXEC_WAKE_H
#define WEIR_EXEC_WAKE_H

#include "base/catalog.h"

typedef struct Wake Wake;

/* NULL: the system has none to give. */
Wake *wake_new(void);
void wake_free(Wake *w); /* or NULL */
typedef enum WakeTells {
    TELLS_NOTHING, /* it cannot */
    TELLS_SOME,    /* the folder may be changed by other machines */
    TELLS_ALL      /* but for what comes by another name of a file, or through a mapping */
} WakeTells;
/* From now on it tells of a stream, too; as often as you like. */
WakeTells wake_watch(Wake *w, const Relation *rel, Arena *scratch);
/* What has ended is told of no more. */
void wake_forget(Wake *w, const Relation *rel);
/* To be read: there is something. wake_clear, before the sources are looked at, makes it tell anew; true: files
 * have come, gone or got other names, and whoever does that may be in the middle of it. */
int wake_fd(const Wake *w);
/* It can be read until wake_clear; from a signal handler or another thread. */
void wake_ring(Wake *w);
bool wake_clear(Wake *w);
bool wake_tells(const Wake *w);

#endif
