/* workers.h: threads that take tasks while the engine's own thread goes on.
 *
 * A task is a piece of pure work: it reads what nobody changes and writes what nobody else looks at
 * until it is done; whatever has an order is decided by whoever waits for it. So the results of tasks
 * depend neither on how many threads there are nor on which of them ran what. Tasks begin in the order
 * in which they were submitted. The thread that waits for one helps: it runs what is queued, so that
 * without threads everything is done by the caller, in order.
 *
 * Threads begin with the first task and work only between workers_resume and workers_pause: between
 * calls of the engine nothing moves. */
#ifndef WEIR_EXEC_WORKERS_H
#define WEIR_EXEC_WORKERS_H

#include <stdbool.h>

typedef struct Workers Workers;

typedef enum TaskState { TASK_IDLE, TASK_QUEUED, TASK_RUNNING, TASK_DONE } TaskState;

/* Owned by the submitter, who leaves it alone until it is idle or done. */
typedef struct Task {
    void (*run)(void *arg); /* catches its own lack of memory */
    void *arg;
    bool is_apart;          /* who waits for another task does not run it: it takes long */
    struct Task *next;
    TaskState state;        /* guarded by the workers' lock */
} Task;

enum { WORKERS_MAX = 64 };

/* n: all that work at the same time, the caller's thread among them, so n - 1 threads are made.
 * `inline_only`: none is, for tests that need one order of things. */
Workers *workers_new(int n, bool inline_only);
void workers_free(Workers *w);
int workers_count(const Workers *w);
/* From now on; what runs is finished. At most WORKERS_MAX. */
void workers_set_count(Workers *w, int n);
/* Cores that the process may use. */
int workers_cores(void);

/* The caller is back and works; goes away: returns when no task is running. */
void workers_resume(Workers *w);
void workers_pause(Workers *w);

void workers_submit(Workers *w, Task *t);
/* Returns when t is done. */
void workers_finish(Workers *w, Task *t);
/* Whether t is done sometime even if nobody waits for it, but not yet. */
bool workers_are_at(Workers *w, const Task *t);
/* t is not begun any more, and not running when this returns; its state is idle or done. */
void workers_cancel(Workers *w, Task *t);

#endif
