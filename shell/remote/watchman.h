/* watchman.h: while an engine call lasts, somebody must still hear that the client has had enough. */
#ifndef WEIR_SHELL_WATCHMAN_H
#define WEIR_SHELL_WATCHMAN_H

#include "include/weir.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>

typedef struct Watchman {
    weir *db;
    int fd, stop[2]; /* the client's connection; a pipe that ends the watch */
    pthread_t thread;
    bool is_on;
    atomic_bool has_interrupted;
} Watchman;

/* Interrupts the engine when CANCEL, or the connection's end, comes first on `fd`. */
void watchman_begin(Watchman *w, weir *db, int fd);
/* Whether it has interrupted: the engine may still have to learn of it. */
bool watchman_end(Watchman *w);

#endif
