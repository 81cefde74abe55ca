/* program.h: what an expression is compiled to.
 *
 * A program is a tree of blocks. A block is a flat list of steps that run for one set of rows;
 * steps that need not run for every row (the branches of CASE, the later arguments of AND, OR and
 * COALESCE) hold blocks of their own, one an operand. A step writes one register and no two steps
 * write the same one, so a block may read every register of the blocks around it. */
#ifndef WEIR_EXEC_EXPR_PROGRAM_H
#define WEIR_EXEC_EXPR_PROGRAM_H

#include "exec/expr/expr.h"

typedef struct Step Step;

typedef struct Block {
    Step *steps;
    int n;
} Block;

/* A register, and what has to run before it holds its value (nothing, for most). */
typedef struct Operand {
    Block before;
    int reg;
} Operand;

typedef struct InSet InSet;

struct Step {
    BExprKind kind; /* never BE_CONST or BE_COLUMN */
    int out;        /* register */
    const BExpr *e;
    Operand *args;
    int nargs;
    const FuncImpl *impl; /* BE_CALL, BE_CAST */
    unsigned flags;       /* FuncFlags of the same */
    void *prepared;
    const InSet *set; /* BE_IN with a constant list */
};

typedef enum RegKind {
    REG_STEP,   /* written by a step */
    REG_COLUMN, /* column `col` of the input */
    REG_CONST,  /* `constant` */
    REG_ERROR   /* a constant expression in error: ⊥ in every row */
} RegKind;

typedef struct Reg {
    RegKind kind;
    int col;
    Column constant;
    Status code;
    Str message;
} Reg;

struct ExprProgram {
    Reg *regs;
    int nregs;
    Operand *roots; /* `before` is used by the conjuncts of a filter only */
    int nroots;
    Block body;
    /* Root 0 as a filter: its conjuncts (itself, if it is no AND), each over the rows the ones
     * before left. Runs in place of `body`. */
    Operand *conjuncts;
    int nconjuncts;
};

/* One evaluation. */
typedef struct Run {
    const ExprProgram *program;
    const Batch *batch;
    const EvalEnv *env;
    Arena *arena;
    Column *regs;
    int rows;
} Run;

/* The rows a step runs for: sel NULL means 0..n. */
typedef struct Rows {
    const uint16_t *sel;
    int n;
} Rows;
static inline int rows_at(Rows r, int k)
{
    return r.sel ? r.sel[k] : k;
}

Run run_start(const ExprProgram *p, const Batch *b, const EvalEnv *env, Arena *arena);
void run_block(Run *r, const Block *b, Rows rows);
void run_step(Run *r, const Step *s, Rows rows);
/* The operand's register after what it needs has run for `rows`. */
const Column *run_operand(Run *r, const Operand *o, Rows rows);
/* A fresh column for r->rows values, zeroed. */
Column run_column(Run *r, Type t);
/* Copies marks of `from` for `rows` to `to`; rows marked already keep theirs. */
void run_merge_errors(Run *r, Column *to, const Column *from, Rows rows);
/* Marked rows become NULL and NULL rows zero bytes: the shape every register has. */
void run_settle(Run *r, Column *c);

void run_and_or(Run *r, const Step *s, Rows rows);
void run_case(Run *r, const Step *s, Rows rows);
void run_coalesce(Run *r, const Step *s, Rows rows);
void run_in(Run *r, const Step *s, Rows rows);

/* A set of the constants items[1..n); NULL ones are remembered apart. */
const InSet *in_set_new(Arena *a, const Column *items, int n);

/* The kernel that casts; *can_fail: some value may have no place in `to`. NULL: no such cast. */
const FuncImpl *cast_find(Type from, Type to, bool *can_fail);

#endif
