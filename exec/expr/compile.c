/* compile.c: from bound expressions to a program.
 *
 * First every subexpression is interned: equal ones become one node, so that it is compiled once.
 * Then the nodes a root needs are compiled in the order of their dependencies. Where a node is
 * first met inside a branch but every row needs it anyway, its step moves to the outermost block;
 * a branch may read what was computed around it, never what another branch computed. */
#include "base/hash.h"
#include "exec/expr/program.h"

#include <assert.h>

typedef struct Node {
    const BExpr *e;
    int *kids;
    uint64_t hash;
    bool is_foldable; /* depends on nothing but constants */
    bool is_shared;   /* not volatile: one value a row wherever it stands */
    bool is_always;   /* every row of the batch needs it */
    int reg;          /* of a constant, column or step of the body; -1: none yet */
    void *prepared;
    bool is_prepared;
} Node;

/* Where the value of a node is within a block. */
typedef struct Place {
    int node, reg;
} Place;

/* A block in the making. It may read its own registers and those of the blocks around it. */
typedef struct Scope {
    struct Scope *outer;
    bool is_body; /* outermost block of the program's body: its places are in the nodes */
    VEC(Place) places;
    VEC(Step) steps;
} Scope;

typedef struct Compiler {
    Arena *arena;
    Diags *diags;
    VEC(Node) nodes;
    int32_t *slots; /* nodes by hash: index + 1, 0 empty */
    ptrdiff_t nslots;
    VEC(Reg) regs;
    Status status;
} Compiler;

/* ---- interning ------------------------------------------------------------------------------- */

static bool same_constant(const Value *a, const Value *b)
{
    if (a->is_null || b->is_null) return a->is_null && b->is_null;
    switch ((TypeKind)a->type.kind) {
    case TYPE_NULL:
        return true;
    case TYPE_DOUBLE:
        return memcmp(&a->d, &b->d, sizeof a->d) == 0;
    case TYPE_DECIMAL:
        return a->dec == b->dec;
    case TYPE_INTERVAL:
        return memcmp(&a->iv, &b->iv, sizeof a->iv) == 0;
    case TYPE_TEXT:
    case TYPE_BLOB:
    case TYPE_JSON:
    case TYPE_ARRAY:
    case TYPE_ROW:
    case TYPE_MAP:
        return str_eq(a->s, b->s);
    case TYPE_BOOLEAN:
    case TYPE_BIGINT:
    case TYPE_TIMESTAMP:
    case TYPE_DATE:
    case TYPE_TIME:
    case TYPE_COUNT:
        return a->i == b->i;
    }
    return false;
}

static bool same_node(const Node *x, const BExpr *e, const int *kids)
{
    const BExpr *f = x->e;
    if (!x->is_shared || f->kind != e->kind || f->nargs != e->nargs) return false;
    if (!type_eq(f->type, e->type) || f->type.int_bits != e->type.int_bits) return false;
    if (f->func != e->func || f->col != e->col || f->is_try != e->is_try) return false;
    if (e->kind == BE_CONST) return same_constant(&f->value, &e->value);
    return e->nargs == 0 || memcmp(x->kids, kids, (size_t)e->nargs * sizeof *kids) == 0;
}

static uint64_t hash_constant(const Value *v)
{
    if (v->is_null) return HASH_NULL;
    if (type_is_text((TypeKind)v->type.kind)) return hash_bytes(v->s.p, v->s.n);
    return hash_int64(v->i);
}

static uint64_t hash_node(const BExpr *e, const int *kids)
{
    uint64_t h = hash_mix((uint64_t)e->kind << 8 | e->type.kind, (uint64_t)(uintptr_t)e->func);
    h = hash_mix(h, e->kind == BE_CONST ? hash_constant(&e->value) : (uint64_t)e->col);
    for (int i = 0; i < e->nargs; i++) h = hash_mix(h, (uint64_t)kids[i]);
    return h;
}

static void place_node(Compiler *c, int node)
{
    const Node *n = &c->nodes.data[node];
    ptrdiff_t at = (ptrdiff_t)(n->hash & (uint64_t)(c->nslots - 1));
    while (c->slots[at]) at = (at + 1) & (c->nslots - 1);
    c->slots[at] = node + 1;
}

static void grow_slots(Compiler *c)
{
    c->nslots = c->nslots ? c->nslots * 2 : 64;
    c->slots = new (c->arena, int32_t, c->nslots);
    for (int i = 0; i < c->nodes.len; i++)
        if (c->nodes.data[i].is_shared) place_node(c, i);
}

/* The node that is equal, or -1. */
static int find_node(const Compiler *c, uint64_t hash, const BExpr *e, const int *kids)
{
    if (!c->nslots) return -1;
    ptrdiff_t at = (ptrdiff_t)(hash & (uint64_t)(c->nslots - 1));
    for (; c->slots[at]; at = (at + 1) & (c->nslots - 1)) {
        const Node *n = &c->nodes.data[c->slots[at] - 1];
        if (n->hash == hash && same_node(n, e, kids)) return c->slots[at] - 1;
    }
    return -1;
}

static int add_node(Compiler *c, Node n)
{
    vec_push(&c->nodes, c->arena, n);
    int node = (int)c->nodes.len - 1;
    if (c->nodes.len * 2 > c->nslots)
        grow_slots(c);
    else if (n.is_shared)
        place_node(c, node);
    return node;
}

static int intern(Compiler *c, const BExpr *e)
{
    int *kids = new (c->arena, int, e->nargs);
    unsigned flags = e->kind == BE_CALL ? e->func->flags : 0;
    Node n = {.e = e, .kids = kids, .reg = -1};
    n.is_shared = !(flags & FUNC_VOLATILE);
    n.is_foldable = e->kind != BE_COLUMN && e->kind != BE_OUTER && e->kind != BE_SUBQUERY && !(flags & (FUNC_VOLATILE | FUNC_SETTING));
    for (int i = 0; i < e->nargs; i++) {
        kids[i] = intern(c, e->args[i]);
        n.is_shared &= c->nodes.data[kids[i]].is_shared;
        n.is_foldable &= c->nodes.data[kids[i]].is_foldable;
    }
    n.hash = hash_node(e, kids);
    int found = n.is_shared ? find_node(c, n.hash, e, kids) : -1;
    return found >= 0 ? found : add_node(c, n);
}

/* How many of a node's arguments every row evaluates. */
static int eager_args(const BExpr *e)
{
    switch (e->kind) {
    case BE_CONST:
    case BE_COLUMN:
    case BE_OUTER:
    case BE_SUBQUERY:
        return 0;
    case BE_CALL:
    case BE_CAST:
    case BE_IN:
        return e->nargs;
    case BE_AND:
    case BE_OR:
    case BE_CASE:
    case BE_COALESCE:
        return 1;
    }
    return 0;
}

static void mark_always(Compiler *c, int node)
{
    Node *n = &c->nodes.data[node];
    if (n->is_always) return;
    n->is_always = n->is_shared;
    for (int i = 0; i < eager_args(n->e); i++) mark_always(c, n->kids[i]);
}

/* ---- registers and folding ------------------------------------------------------------------- */

static int add_reg(Compiler *c, Reg r)
{
    vec_push(&c->regs, c->arena, r);
    return (int)c->regs.len - 1;
}

static bool is_constant_reg(const Compiler *c, int reg)
{
    RegKind k = c->regs.data[reg].kind;
    return k == REG_CONST || k == REG_ERROR;
}

static const EvalEnv FOLD_ENV = {.watermark_us = INT64_MIN, .regex_match_limit = 10000000};

/* Runs a step whose operands are constants, once, now. */
static Reg fold(Compiler *c, const Step *s)
{
    ExprProgram p = {.regs = c->regs.data, .nregs = (int)c->regs.len};
    Batch one = {.rows = 1};
    Run r = run_start(&p, &one, &FOLD_ENV, c->arena);
    run_step(&r, s, (Rows){NULL, 1});
    Column *v = &r.regs[s->out];
    const RowError *e = column_error(v, 0);
    if (e)
        return (Reg){.kind = REG_ERROR,
                     .code = e->code,
                     .message = e->message,
                     .constant = {.type = s->e->type}};
    v->is_const = true;
    v->err = NULL;
    return (Reg){.kind = REG_CONST, .constant = *v};
}

static Value reg_value(const Compiler *c, int reg)
{
    return column_value(&c->regs.data[reg].constant, 0);
}

/* The call with its folded arguments as constants, which is how `prepare` finds them. */
static const BExpr *with_constants(Compiler *c, const Step *s)
{
    BExpr *e = new_one(c->arena, BExpr);
    *e = *s->e;
    e->args = new (c->arena, BExpr *, e->nargs);
    for (int i = 0; i < e->nargs; i++) {
        e->args[i] = s->e->args[i];
        if (e->args[i]->kind == BE_CONST || c->regs.data[s->args[i].reg].kind != REG_CONST)
            continue;
        e->args[i] = new_one(c->arena, BExpr);
        *e->args[i] = (BExpr){.kind = BE_CONST,
                              .type = s->e->args[i]->type,
                              .span = s->e->args[i]->span,
                              .value = reg_value(c, s->args[i].reg)};
    }
    return e;
}

/* ---- steps ----------------------------------------------------------------------------------- */

static int compile_node(Compiler *c, Scope *at, int node);

static Scope *open_scope(Compiler *c, Scope *outer)
{
    Scope *s = new_one(c->arena, Scope);
    s->outer = outer;
    return s;
}

static Block close_scope(const Scope *s)
{
    return (Block){s->steps.data, (int)s->steps.len};
}

/* Compiles `node` into a block of its own inside `outer`; *inner (if given) is its scope. */
static Operand compile_branch(Compiler *c, Scope *outer, int node, Scope **inner)
{
    Scope *s = open_scope(c, outer);
    Operand o = {.reg = compile_node(c, s, node)};
    o.before = close_scope(s);
    if (inner) *inner = s;
    return o;
}

/* Every argument runs for a part of the rows of the one before it. */
static void compile_chain(Compiler *c, Scope *at, const int *kids, Step *s)
{
    s->args[0].reg = compile_node(c, at, kids[0]);
    Scope *outer = at;
    for (int i = 1; i < s->nargs; i++) s->args[i] = compile_branch(c, outer, kids[i], &outer);
}

/* Conditions form a chain; a result runs inside its condition's block. */
static void compile_case(Compiler *c, Scope *at, const int *kids, Step *s)
{
    Scope *outer = at;
    for (int i = 0; i < s->nargs; i++) {
        bool is_condition = i % 2 == 0 && i + 1 < s->nargs;
        if (i == 0)
            s->args[i].reg = compile_node(c, at, kids[i]);
        else
            s->args[i] = compile_branch(c, outer, kids[i], is_condition ? &outer : NULL);
    }
}

static void compile_strict(Compiler *c, Scope *at, const int *kids, Step *s)
{
    for (int i = 0; i < s->nargs; i++) s->args[i].reg = compile_node(c, at, kids[i]);
}

static void resolve_call(Compiler *c, Node *n, Step *s)
{
    s->impl = s->e->func->impl;
    s->flags = s->e->func->flags;
    if (s->impl->prepare && !n->is_prepared && c->status == WEIR_OK) {
        n->is_prepared = true;
        Status st = s->impl->prepare(with_constants(c, s), c->arena, &n->prepared, c->diags);
        if (st != WEIR_OK) c->status = st;
    }
    s->prepared = n->prepared;
}

static void resolve_cast(Compiler *c, Step *s)
{
    bool can_fail;
    s->impl = cast_find(s->e->args[0]->type, s->e->type, &can_fail);
    s->flags = can_fail ? FUNC_CAN_FAIL : 0;
    if (!s->impl)
        c->status = diag_error(c->diags, WEIR_E_TYPE, s->e->span, "cannot cast %s to %s",
                               type_kind_name((TypeKind)s->e->args[0]->type.kind),
                               type_kind_name((TypeKind)s->e->type.kind));
}

static void resolve_in(Compiler *c, Step *s)
{
    Column *items = new (c->arena, Column, s->nargs);
    for (int i = 1; i < s->nargs; i++) {
        if (c->regs.data[s->args[i].reg].kind != REG_CONST) return;
        items[i] = c->regs.data[s->args[i].reg].constant;
    }
    s->set = in_set_new(c->arena, items, s->nargs);
    s->nargs = 1;
}

static void compile_args(Compiler *c, Scope *at, int node, Step *s)
{
    const int *kids = c->nodes.data[node].kids;
    s->args = new (c->arena, Operand, s->nargs);
    switch (s->kind) {
    case BE_CONST:
    case BE_COLUMN:
        assert(!"leaves have no step");
        break;
    case BE_CALL:
        compile_strict(c, at, kids, s);
        if (c->status == WEIR_OK) resolve_call(c, &c->nodes.data[node], s);
        break;
    case BE_CAST:
        compile_strict(c, at, kids, s);
        resolve_cast(c, s);
        break;
    case BE_IN:
        compile_strict(c, at, kids, s);
        resolve_in(c, s);
        break;
    case BE_AND:
    case BE_OR:
    case BE_COALESCE:
        compile_chain(c, at, kids, s);
        break;
    case BE_CASE:
        compile_case(c, at, kids, s);
        break;
    case BE_OUTER:
    case BE_SUBQUERY:
        c->status = diag_error(c->diags, WEIR_E_UNSUPPORTED, s->e->span,
                               "a subquery or a column of an outer query cannot stand here");
        break;
    }
}

static int compile_leaf(Compiler *c, const BExpr *e)
{
    if (e->kind == BE_COLUMN) return add_reg(c, (Reg){.kind = REG_COLUMN, .col = e->col});
    Value v = e->value;
    v.type = e->type;
    return add_reg(c, (Reg){.kind = REG_CONST, .constant = column_const(c->arena, &v)});
}

static bool all_constant(const Compiler *c, const Step *s)
{
    for (int i = 0; i < s->nargs; i++)
        if (!is_constant_reg(c, s->args[i].reg)) return false;
    return true;
}

static int compile_step(Compiler *c, Scope *at, int node)
{
    const BExpr *e = c->nodes.data[node].e;
    Step s = {.kind = e->kind, .e = e, .nargs = e->nargs};
    compile_args(c, at, node, &s);
    s.out = add_reg(c, (Reg){.kind = REG_STEP, .constant = {.type = e->type}});
    if (c->status != WEIR_OK) return s.out;
    if (c->nodes.data[node].is_foldable && all_constant(c, &s)) {
        Reg folded = fold(c, &s);
        c->regs.data[s.out] = folded;
    } else {
        vec_push(&at->steps, c->arena, s);
    }
    return s.out;
}

static int find_reg(const Compiler *c, const Scope *at, int node)
{
    for (; at; at = at->outer)
        for (ptrdiff_t i = 0; i < at->places.len; i++)
            if (at->places.data[i].node == node) return at->places.data[i].reg;
    return c->nodes.data[node].reg;
}

static Scope *outermost(Scope *at)
{
    while (at->outer) at = at->outer;
    return at;
}

static void remember(Compiler *c, Scope *home, int node, int reg)
{
    if (home->is_body || is_constant_reg(c, reg))
        c->nodes.data[node].reg = reg;
    else
        vec_push(&home->places, c->arena, (Place){node, reg});
}

static int compile_node(Compiler *c, Scope *at, int node)
{
    const BExpr *e = c->nodes.data[node].e;
    bool is_shared = c->nodes.data[node].is_shared;
    int reg = is_shared ? find_reg(c, at, node) : -1;
    if (reg >= 0) return reg;
    if (e->kind == BE_CONST || e->kind == BE_COLUMN)
        return c->nodes.data[node].reg = compile_leaf(c, e);
    Scope *home = outermost(at);
    if (!home->is_body || !c->nodes.data[node].is_always) home = at;
    reg = compile_step(c, home, node);
    if (is_shared) remember(c, home, node, reg);
    return reg;
}

/* ---- programs -------------------------------------------------------------------------------- */

static void compile_body(Compiler *c, const int *roots, int n, ExprProgram *p)
{
    Scope *body = open_scope(c, NULL);
    body->is_body = true;
    for (int i = 0; i < n; i++) mark_always(c, roots[i]);
    p->roots = new (c->arena, Operand, n);
    p->nroots = n;
    for (int i = 0; i < n; i++) p->roots[i].reg = compile_node(c, body, roots[i]);
    p->body = close_scope(body);
}

/* What the body computes is not there when the filter runs instead of it. */
static void forget_body(Compiler *c)
{
    for (ptrdiff_t i = 0; i < c->nodes.len; i++) {
        int reg = c->nodes.data[i].reg;
        if (reg >= 0 && c->regs.data[reg].kind == REG_STEP) c->nodes.data[i].reg = -1;
    }
}

static void compile_filter(Compiler *c, int root, ExprProgram *p)
{
    forget_body(c);
    const Node *n = &c->nodes.data[root];
    bool is_and = n->e->kind == BE_AND;
    const int *kids = is_and ? n->kids : &root;
    p->nconjuncts = is_and ? n->e->nargs : 1;
    p->conjuncts = new (c->arena, Operand, p->nconjuncts);
    Scope *outer = NULL;
    for (int i = 0; i < p->nconjuncts; i++)
        p->conjuncts[i] = compile_branch(c, outer, kids[i], &outer);
}

/* Gives the registers that are used numbers from 0 on, in the order in which they are met: what was
 * folded away takes no room in an evaluation. */
typedef struct Renumbering {
    int *to; /* by register, -1: not met */
    Reg *regs;
    int n;
} Renumbering;

static void renumber_reg(const Compiler *c, Renumbering *r, int *reg)
{
    if (r->to[*reg] < 0) {
        r->to[*reg] = r->n;
        r->regs[r->n++] = c->regs.data[*reg];
    }
    *reg = r->to[*reg];
}

static void renumber_block(const Compiler *c, Renumbering *r, Block *b)
{
    for (int i = 0; i < b->n; i++) {
        Step *s = &b->steps[i];
        for (int k = 0; k < s->nargs; k++) {
            renumber_block(c, r, &s->args[k].before);
            renumber_reg(c, r, &s->args[k].reg);
        }
        renumber_reg(c, r, &s->out);
    }
}

static void renumber_operands(const Compiler *c, Renumbering *r, Operand *o, int n)
{
    for (int i = 0; i < n; i++) {
        renumber_block(c, r, &o[i].before);
        renumber_reg(c, r, &o[i].reg);
    }
}

static void renumber(Compiler *c, ExprProgram *p)
{
    Renumbering r = {.to = new_raw(c->arena, int, c->regs.len),
                     .regs = new (c->arena, Reg, c->regs.len)};
    for (ptrdiff_t i = 0; i < c->regs.len; i++) r.to[i] = -1;
    renumber_block(c, &r, &p->body);
    renumber_operands(c, &r, p->roots, p->nroots);
    renumber_operands(c, &r, p->conjuncts, p->nconjuncts);
    p->regs = r.regs;
    p->nregs = r.n;
}

Status expr_compile(const BExpr *const *roots, int n, Arena *a, ExprProgram **out, Diags *d)
{
    Compiler c = {.arena = a, .diags = d};
    ExprProgram *p = new_one(a, ExprProgram);
    int *ids = new (a, int, n);
    for (int i = 0; i < n; i++) ids[i] = intern(&c, roots[i]);
    compile_body(&c, ids, n, p);
    if (n == 1 && roots[0]->type.kind == TYPE_BOOLEAN && c.status == WEIR_OK)
        compile_filter(&c, ids[0], p);
    if (c.status != WEIR_OK) return c.status;
    renumber(&c, p);
    *out = p;
    return WEIR_OK;
}
