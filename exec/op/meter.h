/* meter.h: whose time it is.
 *
 * One clock of an engine is read where work passes from one account to another: at each push and
 * flush, never per row. What lies between two readings goes to the account that was open. To keep
 * the price of looking below what is looked at, a leaf that has seen many batches measures one in
 * METER_EVERY of them and counts that one so many times. */
#ifndef WEIR_EXEC_METER_H
#define WEIR_EXEC_METER_H

#include "base/env.h"

#include <stdbool.h>
#include <stddef.h>

enum { METER_ALL_BATCHES = 64, METER_EVERY = 16 };

typedef struct Meter {
    const Env *env;
    int64_t at_us;      /* the last reading */
    int64_t *account;   /* microseconds of who is at work; NULL: nobody's */
    int64_t weight;     /* how often what is measured counts; 0: the clock is not read */
} Meter;

/* Nobody is at work. At the beginning of each call: the last one may have left by longjmp. */
static inline void meter_begin(Meter *m, const Env *env) { *m = (Meter){.env = env, .weight = 1}; }

static inline int64_t meter_now(const Meter *m) { return m->env->mono_us(m->env->arg); }

/* From now on it is the time of `to`; who had it before. Without a meter nothing is measured. */
static inline int64_t *meter_switch(Meter *m, int64_t *to)
{
    if (!m || m->weight == 0) return NULL;
    int64_t now = meter_now(m);
    if (m->account) *m->account += (now - m->at_us) * m->weight;
    int64_t *was = m->account;
    m->account = to;
    m->at_us = now;
    return was;
}

/* How often the nth batch of a leaf counts; 0: it is not measured. */
static inline int64_t meter_weight(int64_t n)
{
    if (n < METER_ALL_BATCHES) return 1;
    return n % METER_EVERY == 0 ? METER_EVERY : 0;
}

/* What a counter had reached at two times, so that "of late" is between METER_RATE_US and twice that. */
enum { METER_RATE_US = 5000000 };
typedef struct MeterMark {
    int64_t at_us[2], value[2]; /* the older one, the newer one */
    bool is_set;
} MeterMark;

/* Called whenever the loop comes by. True: it is time for new marks. */
static inline bool meter_mark(MeterMark *m, int64_t now_us, int64_t value)
{
    if (m->is_set && now_us - m->at_us[1] < METER_RATE_US) return false;
    m->at_us[0] = m->is_set ? m->at_us[1] : now_us;
    m->value[0] = m->is_set ? m->value[1] : value;
    m->at_us[1] = now_us;
    m->value[1] = value;
    return m->is_set = true;
}

/* Growth a second since the older mark. */
static inline double meter_rate(const MeterMark *m, int64_t now_us, int64_t value)
{
    int64_t us = now_us - m->at_us[0];
    return m->is_set && us > 0 ? (double)(value - m->value[0]) * 1e6 / (double)us : 0;
}

#endif
