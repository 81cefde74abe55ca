/* fold.h: what is left of records of state, one after the other, by themselves or over a base.
 *
 * Records have an order: by space, then by key, both by bytes. A base is pages of puts, cut out of
 * that order; a fold of the log is merged into it in the same order, whether to load the state
 * (recovery) or to write the pages anew (pages.h). */
#ifndef WEIR_EXEC_STATE_FOLD_H
#define WEIR_EXEC_STATE_FOLD_H

#include "base/diag.h"

typedef Status (*StateEach)(void *arg, Str space, Str key, Str value);

/* What the newest record says of a key. Key and value lie in the records that were added. */
typedef struct FoldEntry {
    struct FoldEntry *sibling; /* for who sorts entries into heaps */
    struct FoldSpace *space;
    const char *key_p, *value_p;
    uint32_t key_n, value_n;
    int64_t number;            /* of the record */
    bool is_del;
} FoldEntry;
static inline Str entry_key(const FoldEntry *e) { return str_of(e->key_p, e->key_n); }

typedef struct FoldSpace {
    struct FoldSpace *next;    /* of the same slot */
    uint64_t hash;
    Str name;
    Str place;                 /* as a place begins with it */
    int64_t dropped_at;        /* number of the record that dropped it; 0: none did */
} FoldSpace;

/* A slot of the table of entries: half of a key's hash, and which entry; 0: none. */
typedef struct FoldSlot {
    uint32_t hash, entry;
} FoldSlot;

typedef struct StateFold {
    Arena *arena;
    FoldSlot *slots;
    FoldSpace **space_slots;
    ptrdiff_t nslots, nspace_slots;
    VEC(FoldEntry *) entries;  /* in the order in which they came first */
    VEC(FoldSpace *) spaces;
    FoldSpace *last;           /* found last */
    int64_t records, drops;
    bool is_sorted;            /* nothing can be added any more */
} StateFold;

StateFold *state_fold_new(Arena *a);
/* Keeps a copy of the records, as a whole. WEIR_E_CORRUPT: not what state_* wrote. */
Status state_fold_add(StateFold *f, Str records);
/* What is left where there is no base, in order. */
Status state_fold_each(StateFold *f, StateEach each, void *arg);

/* The place of (space, key) in the order, appended to b: places compare as bytes. */
void state_place(StrBuf *b, Str space, Str key);
/* A place in two pieces: that of its space, and the key. */
typedef struct PlaceParts {
    Str space, key;
} PlaceParts;
static inline PlaceParts entry_place(const FoldEntry *e) { return (PlaceParts){e->space->place, entry_key(e)}; }
int place_cmp(PlaceParts p, Str place);
/* How many bytes two places have in common at their beginnings, at most `most`; eight bytes of a place from `at`
 * on, as a number that compares as they do. */
ptrdiff_t place_common(PlaceParts p, Str place, ptrdiff_t most);
uint64_t place_head(PlaceParts p, ptrdiff_t at);
/* Puts all entries, or n of them, in order. */
void state_fold_sort(StateFold *f);
void fold_entries_sort(FoldEntry **entries, ptrdiff_t n, Arena *scratch);

/* A merge of entries, which are in order, into pages of the base, which come in order. */
typedef struct StateMerge {
    StateFold *fold;
    FoldEntry **entries;
    ptrdiff_t n, at;
    int64_t records;   /* read from pages */
    StateEach each;    /* gets what is left */
    void *arg;
    Str space, key;    /* of the newest record of a page */
    StrBuf kept;       /* these, while no page is there */
} StateMerge;
/* Over all entries, which have been sorted. */
StateMerge state_merge_begin(StateFold *f, StateEach each, void *arg);
/* WEIR_E_CORRUPT: the page is none, or not in order. */
Status state_merge_page(StateMerge *m, Str records);
/* Entries behind the last page. */
Status state_merge_rest(StateMerge *m);

#endif
