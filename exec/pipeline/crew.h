/* crew.h: queries that know nothing of each other work side by side.
 *
 * Work comes in steps, each at one query: a batch to each leaf of a scan, the flush of each query. Queries that
 * read each other's views, directly or by others, are a group; the steps of a group run in their order by one
 * thread, and no two threads are in one group. What a step would put into the epoch (dead letters, faults) is
 * put there in the order of the steps once all are done. So the number of threads cannot show. */
#ifndef WEIR_EXEC_CREW_H
#define WEIR_EXEC_CREW_H

#include "exec/io/workers.h"
#include "exec/pipeline/query.h"

typedef struct Crew Crew;

typedef struct CrewWork {
    int n;
    Query *(*query)(void *arg, int step);
    void (*run)(void *arg, int step);
    void *arg;
    int64_t rows; /* how much there is to do */
} CrewWork;

/* `rows_min`: work on fewer rows is left to the caller. */
Crew *crew_new(Workers *w, const Env *env, int64_t rows_min);
void crew_free(Crew *c);
/* All of `work`, within epoch `e`. False: nothing was done, since one thread does as well. NULL is allowed. */
bool crew_run(Crew *c, Epoch *e, const CrewWork *work);
/* What the epoch refers to is committed. */
void crew_end_epoch(Crew *c);
/* The epoch is saved and another one begins: what it refers to stays until crew_end_kept. NULL is allowed. */
void crew_keep_epoch(Crew *c);
void crew_end_kept(Crew *c);

#endif
