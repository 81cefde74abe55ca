/* compact.h: what operators have logged goes over into the base, a few pages an epoch. */
#ifndef WEIR_EXEC_COMPACT_H
#define WEIR_EXEC_COMPACT_H

#include "exec/pipeline/query.h"
#include "storage/storage.h"

/* After query_save: does some work on logs that have grown too long, in proportion to what the epoch has
 * logged, and puts what it changes into the epoch's write set. `committed`: number of the newest
 * commit; a log of up to `log_min` bytes is left alone. */
Status query_compact(Query *q, Storage *s, int64_t committed, int64_t log_min, Diags *d);
void compaction_free(Compaction *c);

#endif
