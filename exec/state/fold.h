/* fold.h: what is left of records of state, one after the other, by themselves or over a base.
 *
 * Records have an order: by space, then by key, both by bytes. A base is pages of puts, cut out of
 * that order; a fold of the log is merged into it in the same order, whether to load the state
 * (recovery) or to write the pages anew (pages.h). */
#ifndef WEIR_EXEC_STATE_FOLD_H
#define WEIR_EXEC_STATE_FOLD_H

#include "base/diag.h"

typedef Status (*StateEach)(void *arg, Str space, Str key, Str value);

/* What the newest record says of a key. */
typedef struct FoldEntry {
    struct FoldEntry *next;    /* of the same slot */
    struct FoldEntry *sibling; /* for who sorts entries into heaps */
    struct FoldSpace *space;
    uint64_t hash;
    Str place;                 /* in the order: state_place of space and key */
    int32_t key_at;            /* where the key begins in it */
    bool is_del;
    Str value;
    ptrdiff_t room;            /* bytes that value.p, behind the place at first, may hold */
    int64_t number;            /* of the record */
} FoldEntry;

typedef struct FoldSpace {
    struct FoldSpace *next;
    uint64_t hash;
    Str name;
    int64_t dropped_at;        /* number of the record that dropped it; 0: none did */
} FoldSpace;

typedef struct StateFold {
    Arena *arena;
    FoldEntry **slots;
    FoldSpace **space_slots;
    ptrdiff_t nslots, nspace_slots;
    VEC(FoldEntry *) entries;  /* in the order in which they came first */
    VEC(FoldSpace *) spaces;
    FoldSpace *last;           /* found last */
    int64_t records, drops;
} StateFold;

StateFold *state_fold_new(Arena *a);
Status state_fold_add(StateFold *f, Str records); /* WEIR_E_CORRUPT: not what state_* wrote */
/* What is left where there is no base, in order. */
Status state_fold_each(StateFold *f, StateEach each, void *arg);

/* The place of (space, key) in the order, appended to b: places compare as bytes. */
void state_place(StrBuf *b, Str space, Str key);
/* Puts all entries, or n of them, in order. */
void state_fold_sort(StateFold *f);
void fold_entries_sort(FoldEntry **entries, ptrdiff_t n, Arena *scratch);
/* How many bytes two places have in common at their beginnings, at most `most`; eight bytes of a place from `at`
 * on, as a number that compares as they do. */
ptrdiff_t place_common(Str a, Str b, ptrdiff_t most);
uint64_t place_head(Str place, ptrdiff_t at);

/* A merge of entries, which are in order, into pages of the base, which come in order. */
typedef struct StateMerge {
    StateFold *fold;
    FoldEntry **entries;
    ptrdiff_t n, at;
    StateEach each;    /* gets what is left */
    void *arg;
    StrBuf place, before; /* of the newest record of a page, and of the one before it */
} StateMerge;
/* Over all entries, which have been sorted. */
StateMerge state_merge_begin(StateFold *f, StateEach each, void *arg);
/* WEIR_E_CORRUPT: the page is none, or not in order. */
Status state_merge_page(StateMerge *m, Str records);
/* Entries behind the last page. */
Status state_merge_rest(StateMerge *m);

#endif
