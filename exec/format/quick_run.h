/* quick_run.h: the values of a column in many records at once, where an index tells where each begins
 * and ends.
 *
 * Every loop does one thing and no value waits for another; what a loop does not take is a bit of the
 * mask that it returns, and is left to the caller. The functions are compiled into their callers, with
 * the callers' instruction set. */
#ifndef WEIR_EXEC_QUICK_RUN_H
#define WEIR_EXEC_QUICK_RUN_H

#include "exec/format/quick_value.h"

enum { RUN_LINES = 64 }; /* records at once: a bit each */

/* Value i is from base + from[i * stride] on, up to base_end + to[i * stride]. */
typedef struct Values {
    const char *base, *base_end;
    const uint16_t *from, *to;
    int32_t stride, n;
} Values;

#define RUN_INLINE static inline __attribute__((always_inline))

RUN_INLINE const char *value_start(const Values *x, int i) { return x->base + x->from[i * x->stride]; }
RUN_INLINE const char *value_end(const Values *x, int i) { return x->base_end + x->to[i * x->stride]; }

/* The bits of the values for which TAKE is false. */
#define VALUES_LOOP(TAKE) \
    uint64_t odd = 0; \
    Values v = *x; \
    for (int i = 0; i < v.n; i++, v.from += v.stride, v.to += v.stride) { \
        const char *p = v.base + *v.from; \
        ptrdiff_t n = v.base_end + *v.to - p; \
        odd |= (uint64_t)!(TAKE) << i; \
    } \
    return odd;

static __attribute__((noinline, unused)) uint64_t run_long_ints(const Values *x, uint64_t which, int64_t *out)
{
    VALUES_LOOP(!(which >> i & 1) || exact_integer(p, n, &out[i]))
}

/* The second loop has no branch: the compiler makes vectors of it. */
RUN_INLINE uint64_t run_ints(const Values *x, int64_t *out)
{
    uint64_t words[RUN_LINES], lengths[RUN_LINES], odd[RUN_LINES], any = 0, which = 0;
    Values v = *x;
    if (v.n > 0 && value_end(x, 0) - value_start(x, 0) > 8) return run_long_ints(x, ~(uint64_t)0, out);
    for (int i = 0; i < v.n; i++, v.from += v.stride, v.to += v.stride) {
        words[i] = load8(v.base + *v.from);
        lengths[i] = (uint64_t)(v.base_end + *v.to - (v.base + *v.from));
    }
    for (int i = 0; i < v.n; i++) {
        odd[i] = short_integer(words[i], lengths[i], &out[i]);
        any |= odd[i];
    }
    if (!any) return 0;
    for (int i = 0; i < v.n; i++) which |= (uint64_t)(odd[i] != 0) << i;
    return run_long_ints(x, which, out);
}

RUN_INLINE uint64_t run_epochs(const Values *x, int64_t unit_us, int64_t *out)
{
    int64_t units;
    VALUES_LOOP(exact_integer(p, n, &units) && quick_epoch(units, unit_us, &out[i]))
}

/* The empty ones are odd. */
RUN_INLINE uint64_t run_texts(const Values *x, Text *out)
{
    VALUES_LOOP((put_text(&out[i], p, (uint32_t)n), n > 0))
}

RUN_INLINE uint64_t run_times(const Values *x, TimeCache *kept, int precision, int64_t *out)
{
    TimeCache cache = *kept;
    bool usual = precision >= 3;
    uint64_t odd = 0;
    Values v = *x;
    for (int i = 0; i < v.n; i++, v.from += v.stride, v.to += v.stride) {
        const char *p = v.base + *v.from;
        ptrdiff_t n = v.base_end + *v.to - p;
        if (usual && usual_time(&cache, p, n, &out[i])) continue;
        odd |= (uint64_t)!quick_time(&cache, p, n, precision, &out[i]) << i;
    }
    *kept = cache;
    return odd;
}

RUN_INLINE uint64_t run_doubles(const Values *x, double *out)
{
    VALUES_LOOP(quick_double(p, &out[i]) == p + n)
}

RUN_INLINE bool exact_bool(const char *p, ptrdiff_t n, uint8_t *out)
{
    *out = n == 4;
    return (n == 4 && memcmp(p, "true", 4) == 0) || (n == 5 && memcmp(p, "false", 5) == 0);
}

RUN_INLINE uint64_t run_bools(const Values *x, uint8_t *out)
{
    VALUES_LOOP(exact_bool(p, n, &out[i]))
}

#undef VALUES_LOOP

#endif
