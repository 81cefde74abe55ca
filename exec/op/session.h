/* session.h: the open sessions of append-only input: per group a short list, in time order. */
#ifndef WEIR_EXEC_OP_SESSION_H
#define WEIR_EXEC_OP_SESSION_H

#include "exec/op/aggregate.h"

typedef struct Session {
    int64_t min, max;        /* times of its rows */
    int64_t saved_min;       /* names its record, where is_saved */
    uint8_t *group;
    struct Session *into;    /* the one that absorbed it */
    int32_t touched;         /* place in the epoch's list + 1 */
    bool is_saved, is_dead;  /* dead: absorbed or closed */
    bool is_listed;          /* among the epoch's ended ones */
    bool in_heap;
    _Alignas(8) uint8_t cell[];
} Session;

/* Payload of a group: disjoint, more than the gap apart, by time. */
typedef struct SessionList {
    union {
        Session *one;        /* while cap == 0 */
        Session **many;
    };
    uint32_t n, cap;
} SessionList;

static inline Session **session_items(SessionList *l) { return l->cap ? l->many : &l->one; }
void session_insert(SessionList *l, StateHeap *h, uint32_t at, Session *s);
void session_remove(SessionList *l, StateHeap *h, uint32_t at);
/* The first session that begins later than t: l->n, if none does. */
uint32_t session_after(SessionList *l, int64_t t);

#endif
