/* prefetch.h: functions that do nothing but bring memory into the cache.
 *
 * To gcc such a function has neither effect nor result, and it drops calls of it, unless it has been put into
 * its caller before that is looked at. */
#ifndef WEIR_BASE_PREFETCH_H
#define WEIR_BASE_PREFETCH_H

#define PREFETCHER static inline __attribute__((always_inline))

#endif
