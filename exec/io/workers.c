/* workers.c: a queue of tasks and the threads that empty it (see workers.h). */
#include "exec/io/workers.h"
#include "base/arena.h"

#include <assert.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>

struct Workers {
    pthread_mutex_t lock;
    pthread_cond_t has_work;  /* a task was queued, or threads are to go or to begin again */
    pthread_cond_t has_ended; /* a task is done */
    Task *first, *last;       /* queued */
    int running;              /* tasks in threads */
    int idle;                 /* threads that wait for one */
    int count;                /* see workers_new */
    bool inline_only, is_active, is_closing;
    pthread_t threads[WORKERS_MAX];
    int nthreads;
};

/* ---- the queue; under the lock --------------------------------------------------------------------- */

static void enqueue(Workers *w, Task *t)
{
    assert(t->state != TASK_QUEUED && t->state != TASK_RUNNING);
    t->state = TASK_QUEUED;
    t->next = NULL;
    if (w->last) w->last->next = t;
    else w->first = t;
    w->last = t;
}

static void unqueue(Workers *w, Task *t)
{
    Task *before = NULL;
    for (Task *x = w->first; x != t; x = x->next) before = x;
    if (before) before->next = t->next;
    else w->first = t->next;
    if (w->last == t) w->last = before;
    t->state = TASK_IDLE;
}

/* The first that whoever waits for t may run. */
static Task *first_beside(const Workers *w, const Task *t)
{
    Task *x = w->first;
    while (x && x->is_apart && x != t) x = x->next;
    return x;
}

/* Runs a queued task, without the lock. */
static void run(Workers *w, Task *t)
{
    unqueue(w, t);
    t->state = TASK_RUNNING;
    pthread_mutex_unlock(&w->lock);
    t->run(t->arg);
    pthread_mutex_lock(&w->lock);
    t->state = TASK_DONE;
    pthread_cond_broadcast(&w->has_ended);
}

/* ---- threads --------------------------------------------------------------------------------------- */

typedef struct Seat {
    Workers *w;
    int number; /* from 1: the caller is 0 */
} Seat;

static bool may_work(const Workers *w, int number)
{
    return w->first && w->is_active && number < w->count;
}

static void *work(void *arg)
{
    Seat seat = *(Seat *)arg;
    Workers *w = seat.w;
    mem_free(arg, sizeof seat);
    pthread_mutex_lock(&w->lock);
    while (!w->is_closing) {
        if (may_work(w, seat.number)) {
            w->running++;
            run(w, w->first);
            w->running--;
            if (!w->running) pthread_cond_broadcast(&w->has_ended);
        } else {
            w->idle++;
            pthread_cond_wait(&w->has_work, &w->lock);
            w->idle--;
        }
    }
    pthread_mutex_unlock(&w->lock);
    return NULL;
}

/* One thread more; signals are for the others. Where none can be had the caller works alone. */
static void begin_thread(Workers *w)
{
    sigset_t all, before;
    Seat *seat = mem_alloc(sizeof *seat);
    *seat = (Seat){w, w->nthreads + 1};
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    bool is_on = pthread_create(&w->threads[w->nthreads], NULL, work, seat) == 0;
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    if (is_on) w->nthreads++;
    else mem_free(seat, sizeof *seat);
}

/* ---- life ------------------------------------------------------------------------------------------ */

int workers_cores(void)
{
    cpu_set_t set;
    int n = sched_getaffinity(0, sizeof set, &set) == 0 ? CPU_COUNT(&set) : 1;
    return n < 1 ? 1 : n > WORKERS_MAX ? WORKERS_MAX : n;
}

Workers *workers_new(int n, bool inline_only)
{
    Workers *w = mem_alloc(sizeof *w);
    pthread_mutex_init(&w->lock, NULL);
    pthread_cond_init(&w->has_work, NULL);
    pthread_cond_init(&w->has_ended, NULL);
    w->inline_only = inline_only;
    w->count = n;
    return w;
}

void workers_free(Workers *w)
{
    if (!w) return;
    pthread_mutex_lock(&w->lock);
    assert(!w->first);
    w->is_closing = true;
    pthread_cond_broadcast(&w->has_work);
    pthread_mutex_unlock(&w->lock);
    for (int i = 0; i < w->nthreads; i++) pthread_join(w->threads[i], NULL);
    pthread_cond_destroy(&w->has_ended);
    pthread_cond_destroy(&w->has_work);
    pthread_mutex_destroy(&w->lock);
    mem_free(w, sizeof *w);
}

int workers_count(const Workers *w) { return w ? w->count : 1; }

void workers_set_count(Workers *w, int n)
{
    pthread_mutex_lock(&w->lock);
    w->count = n < 1 ? 1 : n > WORKERS_MAX ? WORKERS_MAX : n;
    pthread_mutex_unlock(&w->lock);
}

void workers_resume(Workers *w)
{
    pthread_mutex_lock(&w->lock);
    w->is_active = true;
    if (w->first) pthread_cond_broadcast(&w->has_work);
    pthread_mutex_unlock(&w->lock);
}

void workers_pause(Workers *w)
{
    pthread_mutex_lock(&w->lock);
    w->is_active = false;
    while (w->running) pthread_cond_wait(&w->has_ended, &w->lock);
    pthread_mutex_unlock(&w->lock);
}

/* ---- tasks ----------------------------------------------------------------------------------------- */

void workers_submit(Workers *w, Task *t)
{
    pthread_mutex_lock(&w->lock);
    bool is_short = !w->inline_only && !w->idle && w->nthreads < w->count - 1;
    pthread_mutex_unlock(&w->lock);
    if (is_short) begin_thread(w);
    pthread_mutex_lock(&w->lock);
    enqueue(w, t);
    if (w->is_active && w->nthreads < w->count) pthread_cond_signal(&w->has_work);
    else if (w->is_active) pthread_cond_broadcast(&w->has_work); /* not every thread may work */
    pthread_mutex_unlock(&w->lock);
}

void workers_finish(Workers *w, Task *t)
{
    pthread_mutex_lock(&w->lock);
    while (t->state != TASK_DONE) {
        Task *next = first_beside(w, t);
        if (next) run(w, next);
        else pthread_cond_wait(&w->has_ended, &w->lock);
    }
    pthread_mutex_unlock(&w->lock);
}

bool workers_are_at(Workers *w, const Task *t)
{
    pthread_mutex_lock(&w->lock);
    bool are_at = w->nthreads > 0 && t->state != TASK_DONE;
    pthread_mutex_unlock(&w->lock);
    return are_at;
}

void workers_cancel(Workers *w, Task *t)
{
    pthread_mutex_lock(&w->lock);
    if (t->state == TASK_QUEUED) unqueue(w, t);
    while (t->state == TASK_RUNNING) pthread_cond_wait(&w->has_ended, &w->lock);
    pthread_mutex_unlock(&w->lock);
}
