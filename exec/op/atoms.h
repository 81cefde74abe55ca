/* atoms.h: rows of a group kept apart by time, for windows that move with the rows: sessions over
 * input that retracts, sliding windows.
 *
 * An atom is the cell of all rows of a group with one time that count in windows from `from` on.
 * What was shown before the epoch and is touched in it is remembered as Shown, with its results. */
#ifndef WEIR_EXEC_OP_ATOMS_H
#define WEIR_EXEC_OP_ATOMS_H

#include "exec/op/aggregate.h"
#include "exec/op/due_heap.h"

typedef struct Atom {
    int64_t t, from;       /* from >= t; equal: the row is in time for its own time */
    uint8_t *group;
    int32_t shown;         /* place of what it began before the epoch + 1 (see below) */
    bool is_dirty;         /* in the epoch's list of the dirty */
    bool is_changed;       /* stepped in this epoch: its record is to be written */
    bool is_saved, is_dead, is_listed, in_heap, is_visited;
    bool is_closed;        /* sliding: the window that ends with it has been closed */
    _Alignas(8) uint8_t cell[];
} Atom;

/* Payload of a group: by (t, from). */
typedef struct AtomList {
    Atom **items;
    uint32_t n, cap;
} AtomList;

/* A window as it was before the epoch. */
typedef struct Shown {
    uint8_t *group;
    int64_t start, end;
    BeforeRef before;
    bool is_same;          /* it still is */
} Shown;

typedef struct Atoms {
    AggregateOp agg;
    GroupTable groups;     /* payload: AtomList */
    DueHeap due;           /* atoms */
    StateHeap merged;      /* of cells merged for one result */
    VEC(Atom *) dirty;     /* in the epoch's arena, as what follows */
    VEC(Atom *) changed;
    VEC(Atom *) ended;     /* dead since this epoch */
    VEC(Shown) shown;
    VEC(Column *) images;
    int64_t live;
    /* When the atom is looked at first: loading and making both ask. */
    int64_t (*due_of)(const struct Atoms *s, const Atom *e);
} Atoms;

Status atoms_init(Atoms *s, const OpClass *cls, const PhysOp *p, OpContext *c, Arena *a, Diags *d);
/* Settles what the last epoch left behind: dead atoms, empty ones, empty groups. */
void atoms_begin(Atoms *s);
void atoms_close(Op *op);

static inline AtomList *atom_list(uint8_t *group) { return (AtomList *)(void *)group; }
/* Index of the first atom with (t, from) not less. */
uint32_t atoms_find(const AtomList *l, int64_t t, int64_t from);
/* The atom of (t, from), made and marked dirty where it is missing. */
Atom *atoms_get(Atoms *s, uint8_t *group, int64_t t, int64_t from);
void atoms_mark_dirty(Atoms *s, Atom *e);
void atoms_mark_changed(Atoms *s, Atom *e);
/* Takes it out of its group for good. */
void atoms_end(Atoms *s, Atom *e);
void atoms_await(Atoms *s, Atom *e, int64_t due);
/* Of a dead one that nothing refers to any more. */
void atoms_free(Atoms *s, Atom *e);

/* A run of atoms whose rows make a window. */
typedef struct AtomRun {
    uint8_t *group;
    int64_t start, end;
    Atom **atoms;
    int32_t n;
    int32_t shown;         /* what to compare with, place + 1; 0: nothing */
} AtomRun;
typedef VEC(AtomRun) AtomRuns;
/* Results of n <= BATCH_ROWS_MAX runs, each of at least one atom, as columns in `a`. */
Column *atoms_results(Atoms *s, const AtomRun *runs, int n, Arena *scratch, Arena *a);
/* Remembers the runs as shown before the epoch; shown[i].before is set, the order kept. */
void atoms_take_before(Atoms *s, const AtomRun *runs, int64_t n, Arena *scratch);
/* Hands on what is shown no more and what is new or different among the runs. */
void atoms_emit_changes(Atoms *s, const AtomRun *runs, int64_t n);
/* Hands on the runs, in the order of (end, key); `runs` may be reordered. */
void atoms_emit_final(Atoms *s, AtomRun *runs, int64_t n);

void atoms_save(Op *op, StateWriter *w, bool all);
Status atoms_load(Op *op, Str space, Str key, Str value);
int64_t atoms_state_bytes(const Op *op);
int64_t atoms_state_rows(const Op *op);
/* Each atom, by group and time. */
void atoms_tell(Op *op, struct StateRows *out);

#endif
