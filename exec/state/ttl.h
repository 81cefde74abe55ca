/* ttl.h: which groups of a table nothing has touched for long enough that their state goes.
 *
 * The clock never goes back, so the groups in the order of their last touch are a list: a touch moves
 * its group to the end, and what is due stands in front. The operator gives back what a group holds;
 * the list takes the group out of the table, keeps the records of that until the save, and writes when
 * each group was touched into a space of its own, "t", which is read after all others. */
#ifndef WEIR_EXEC_STATE_TTL_H
#define WEIR_EXEC_STATE_TTL_H

#include "exec/state/group_table.h"
#include "exec/state/log.h"

/* Ends the payload of a group. */
typedef struct TtlLink {
    struct TtlLink *prev, *next;
    int64_t touched_us; /* INT64_MIN: before there was a time */
} TtlLink;

typedef struct Ttl {
    int64_t span_us;    /* 0: state never goes */
    GroupTable *table;
    TtlLink *first, *last;
    bool is_loaded;     /* from records, in any order */
    StateWriter gone;   /* records of what went since the last save */
    Arena arena;        /* of these */
    /* Gives back what the group holds, with records that delete it; false: it must stay. */
    bool (*forget)(void *arg, uint8_t *group, StateWriter *w);
    void *arg;
} Ttl;

/* Bytes that a payload needs at its end. */
static inline int ttl_payload(int64_t span_us) { return span_us > 0 ? (int)sizeof(TtlLink) : 0; }
/* The table's payload ends with a TtlLink where span_us > 0. */
void ttl_init(Ttl *t, int64_t span_us, GroupTable *table, bool (*forget)(void *, uint8_t *, StateWriter *), void *arg);
void ttl_free(Ttl *t);
/* The touched groups of the table have been touched at `now`. */
void ttl_touch(Ttl *t, int64_t now);
/* Groups untouched for the span go; none of them may be on the table's list of the touched. */
void ttl_expire(Ttl *t, int64_t now);
/* The group is about to leave the table for another reason. */
void ttl_leave(Ttl *t, uint8_t *group);
/* Before the operator's own records of this epoch. */
void ttl_save(Ttl *t, StateWriter *w, bool all);
static inline bool ttl_is_space(const Ttl *t, Str space) { return t->span_us > 0 && space.n == 1 && space.p[0] == 't'; }
Status ttl_load(Ttl *t, Str key, Str value);

#endif
