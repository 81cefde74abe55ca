/* run.c: evaluates a program over a batch.
 *
 * Every register has the shape of a batch column: row i belongs to row i of the input. Rows that a
 * step did not run for hold anything. A row in error (⊥) is marked and NULL at once, so that who
 * looks only at validity sees NULL; with env->faults that is all it means, and a mark only follows
 * the NULL it explains. */
#include "exec/expr/program.h"

#include <assert.h>

/* ---- registers ------------------------------------------------------------------------------- */

Column run_column(Run *r, Type t)
{
    return column_new(r->arena, t, r->rows);
}

static void zero_row(Column *c, int row)
{
    int w = type_width((TypeKind)c->type.kind);
    memset((char *)c->data + (ptrdiff_t)row * w, 0, (size_t)w);
}

static uint64_t *copy_bits(Arena *a, const uint64_t *bits, int words)
{
    uint64_t *out = new_raw(a, uint64_t, BATCH_WORDS);
    memcpy(out, bits, (size_t)words * sizeof *out);
    memset(out + words, 0xff, (size_t)(BATCH_WORDS - words) * sizeof *out);
    return out;
}

static int words_of(int rows)
{
    return (rows + 63) / 64;
}

void run_settle(Run *r, Column *c)
{
    int rows = c->is_const ? 1 : r->rows;
    if (c->err && c->err->n > 0) {
        uint64_t *valid = column_valid(c, r->arena);
        for (int i = 0; i < words_of(rows); i++) valid[i] &= ~c->err->bits[i];
    }
    if (!c->valid) return;
    for (int w = 0; w < words_of(rows); w++) {
        for (uint64_t nulls = ~c->valid[w]; nulls; nulls &= nulls - 1) {
            int row = w * 64 + __builtin_ctzll(nulls);
            if (row >= rows) break;
            zero_row(c, row);
        }
    }
}

/* An input column whose marked rows are NULL. */
static Column load_column(Run *r, const Column *in)
{
    Column c = *in;
    if (!in->err || in->err->n == 0) {
        c.err = NULL;
        return c;
    }
    assert(!in->is_const);
    int words = words_of(r->rows);
    if (in->valid) {
        c.valid = copy_bits(r->arena, in->valid, words);
    } else {
        c.valid = NULL;
        column_valid(&c, r->arena);
    }
    for (int w = 0; w < words; w++) c.valid[w] &= ~in->err->bits[w];
    return c;
}

static Column error_column(Run *r, const Reg *reg)
{
    Column c = run_column(r, reg->constant.type);
    for (int k = 0; k < batch_count(r->batch); k++)
        column_set_err(&c, r->arena, batch_row(r->batch, k), reg->code, reg->message);
    run_settle(r, &c);
    return c;
}

Run run_start(const ExprProgram *p, const Batch *b, const EvalEnv *env, Arena *arena)
{
    Run r = {.program = p, .batch = b, .env = env, .arena = arena, .rows = b->rows};
    r.regs = new_raw(arena, Column, p->nregs);
    for (int i = 0; i < p->nregs; i++) {
        const Reg *reg = &p->regs[i];
        switch (reg->kind) {
        case REG_STEP:
            r.regs[i] = (Column){.type = reg->constant.type};
            break;
        case REG_COLUMN:
            r.regs[i] = reg->col < b->ncols ? load_column(&r, &b->cols[reg->col]) : (Column){0};
            break;
        case REG_CONST:
            r.regs[i] = reg->constant;
            break;
        case REG_ERROR:
            r.regs[i] = error_column(&r, reg);
            break;
        }
    }
    return r;
}

/* ---- marks ----------------------------------------------------------------------------------- */

static uint64_t *rows_bits(Run *r, Rows rows)
{
    uint64_t *bits = new (r->arena, uint64_t, BATCH_WORDS);
    for (int k = 0; k < rows.n; k++) bit_set(bits, rows_at(rows, k));
    return bits;
}

void run_merge_errors(Run *r, Column *to, const Column *from, Rows rows)
{
    if (!from->err || from->err->n == 0) return;
    const uint64_t *wanted = rows_bits(r, rows);
    for (int i = 0; i < from->err->n; i++) {
        const RowError *e = &from->err->list[i];
        if (bit_get(wanted, e->row) && !col_is_err(to, e->row))
            column_set_err(to, r->arena, e->row, e->code, e->message);
    }
}

/* ---- calls ----------------------------------------------------------------------------------- */

static bool is_constant_null(const Column *c)
{
    return c->is_const && c->valid && !bit_get(c->valid, 0);
}

/* out is valid where all arguments are; a constant's one bit stands for all rows. */
static void merge_nulls(Run *r, const Column *args, int nargs, int rows, Column *out)
{
    int words = words_of(rows);
    for (int i = 0; i < nargs; i++) {
        if (!args[i].valid || (args[i].is_const && bit_get(args[i].valid, 0))) continue;
        if (is_constant_null(&args[i])) {
            out->valid = new (r->arena, uint64_t, BATCH_WORDS);
            return;
        }
        if (!out->valid) {
            out->valid = copy_bits(r->arena, args[i].valid, words);
            continue;
        }
        for (int w = 0; w < words; w++) out->valid[w] &= args[i].valid[w];
    }
}

/* The rows among `rows` that are neither NULL nor marked in c. */
static Rows present_rows(Run *r, const Column *c, Rows rows)
{
    bool has_errors = c->err && c->err->n > 0;
    if (!c->valid && !has_errors) return rows;
    uint16_t *sel = new_raw(r->arena, uint16_t, rows.n);
    int n = 0;
    for (int k = 0; k < rows.n; k++) {
        int row = rows_at(rows, k);
        sel[n] = (uint16_t)row;
        n += (!c->valid || bit_get(c->valid, row)) && !(has_errors && bit_get(c->err->bits, row));
    }
    return (Rows){sel, n};
}

static void call_rows(EvalCtx *ctx, const FuncImpl *impl, const Column *args, int nargs,
                      Column *out, Rows rows)
{
    Value *values = new (ctx->arena, Value, nargs);
    for (int k = 0; k < rows.n; k++) {
        int row = rows_at(rows, k);
        for (int i = 0; i < nargs; i++) {
            values[i] = column_value(&args[i], args[i].is_const ? 0 : row);
        }
        Value v = {.type = out->type};
        Str message = {0};
        Status st = impl->row(ctx, values, nargs, &v, &message);
        if (st != WEIR_OK) {
            column_set_err(out, ctx->arena, row, st, message);
            continue;
        }
        v.type = out->type;
        column_put(out, ctx->arena, row, &v);
    }
}

/* A NULL for every row. */
static Column null_column(Run *r, Type t)
{
    Value v = value_null(t);
    return column_const(r->arena, &v);
}

/* The arguments as the call sees them. */
static Column *call_args(Run *r, const Step *s)
{
    Column *args = new_raw(r->arena, Column, s->nargs);
    for (int i = 0; i < s->nargs; i++) args[i] = r->regs[s->args[i].reg];
    return args;
}

static bool has_marks(const Column *args, int nargs)
{
    for (int i = 0; i < nargs; i++)
        if (args[i].err && args[i].err->n > 0) return true;
    return false;
}

static bool all_const(const Column *args, int nargs)
{
    for (int i = 0; i < nargs; i++)
        if (!args[i].is_const) return false;
    return true;
}

/* One value stands for all rows, or one error. */
static Column spread(Run *r, Column c, Rows rows)
{
    const RowError *e = column_error(&c, 0);
    if (!e) {
        c.is_const = true;
        c.err = NULL;
        return c;
    }
    RowError first = *e;
    Column out = run_column(r, c.type);
    for (int k = 0; k < rows.n; k++)
        column_set_err(&out, r->arena, rows_at(rows, k), first.code, first.message);
    run_settle(r, &out);
    return out;
}

static Column call(Run *r, const Step *s, const Column *args, Rows rows, int height)
{
    bool plain = !type_is_text((TypeKind)s->e->type.kind) && !s->impl->row && rows.n == height;
    Column out =
        plain ? column_new_raw(r->arena, s->e->type, height) : column_new(r->arena, s->e->type, height);
    bool sees_nulls = s->flags & FUNC_NULL_CALL;
    if (!sees_nulls) merge_nulls(r, args, s->nargs, height, &out);
    bool marks_count = !(sees_nulls && r->env->faults);
    if (marks_count && has_marks(args, s->nargs))
        for (int i = 0; i < s->nargs; i++) run_merge_errors(r, &out, &args[i], rows);
    Rows wanted = rows;
    if (s->impl->row || (s->flags & FUNC_CAN_FAIL) || out.err) wanted = present_rows(r, &out, rows);
    EvalCtx ctx = {.env = r->env,
                   .arena = r->arena,
                   .batch = r->batch,
                   .sel = wanted.sel,
                   .n = wanted.n,
                   .rows = height,
                   .call = s->e,
                   .prepared = s->prepared};
    if (s->impl->columns)
        s->impl->columns(&ctx, args, s->nargs, &out);
    else
        call_rows(&ctx, s->impl, args, s->nargs, &out, wanted);
    out.type = s->e->type;
    run_settle(r, &out);
    return out;
}

static void run_call(Run *r, const Step *s, Rows rows)
{
    const Column *args = call_args(r, s);
    if (!(s->flags & FUNC_NULL_CALL) && !has_marks(args, s->nargs)) {
        for (int i = 0; i < s->nargs; i++) {
            if (!is_constant_null(&args[i])) continue;
            r->regs[s->out] = null_column(r, s->e->type);
            return;
        }
    }
    if (!(s->flags & FUNC_VOLATILE) && all_const(args, s->nargs)) {
        if (rows.n > 0)
            r->regs[s->out] = spread(r, call(r, s, args, (Rows){NULL, 1}, 1), rows);
        else
            r->regs[s->out] = null_column(r, s->e->type);
        return;
    }
    r->regs[s->out] = call(r, s, args, rows, r->rows);
}

/* ---- blocks ---------------------------------------------------------------------------------- */

void run_step(Run *r, const Step *s, Rows rows)
{
    switch (s->kind) {
    case BE_CONST:
    case BE_COLUMN:
    case BE_OUTER:
    case BE_SUBQUERY:
        assert(!"leaves have no step");
        break;
    case BE_CALL:
    case BE_CAST:
        run_call(r, s, rows);
        break;
    case BE_AND:
    case BE_OR:
        run_and_or(r, s, rows);
        break;
    case BE_CASE:
        run_case(r, s, rows);
        break;
    case BE_COALESCE:
        run_coalesce(r, s, rows);
        break;
    case BE_IN:
        run_in(r, s, rows);
        break;
    }
}

void run_block(Run *r, const Block *b, Rows rows)
{
    for (int i = 0; i < b->n; i++) run_step(r, &b->steps[i], rows);
}

const Column *run_operand(Run *r, const Operand *o, Rows rows)
{
    run_block(r, &o->before, rows);
    return &r->regs[o->reg];
}

static Rows batch_rows(const Batch *b)
{
    return (Rows){b->sel, batch_count(b)};
}

void expr_eval(const ExprProgram *p, const Batch *b, const EvalEnv *env, Arena *scratch,
               Column *out)
{
    assert(b->rows <= BATCH_ROWS_MAX);
    Run r = run_start(p, b, env, scratch);
    run_block(&r, &p->body, batch_rows(b));
    for (int i = 0; i < p->nroots; i++) {
        const Reg *reg = &p->regs[p->roots[i].reg];
        out[i] = reg->kind == REG_COLUMN ? b->cols[reg->col] : r.regs[p->roots[i].reg];
    }
}

/* ---- filters --------------------------------------------------------------------------------- */

/* What the conjuncts so far left. Rows that are NULL or marked wait for one that is false. */
typedef struct Narrowing {
    uint64_t *unknown; /* NULL until one is: rows that are NULL or in error */
    Column errors;     /* marks only */
} Narrowing;

static void note_unknown(Run *r, Narrowing *w, int row)
{
    if (!w->unknown) w->unknown = new (r->arena, uint64_t, BATCH_WORDS);
    bit_set(w->unknown, row);
}

/* Keeps the rows of `rows` where c is true or unknown; sel may be rows.sel. */
static int narrow(Run *r, Narrowing *w, const Column *c, Rows rows, uint16_t *sel)
{
    const uint8_t *truth = c->data;
    int n = 0;
    if (c->is_const && !c->valid && !c->err) {
        if (!truth[0]) return 0;
        for (int k = 0; k < rows.n; k++) sel[k] = (uint16_t)rows_at(rows, k);
        return rows.n;
    }
    if (!c->valid && !c->is_const) {
        if (!rows.sel)
            for (int i = 0; i < rows.n; i++) sel[n] = (uint16_t)i, n += truth[i];
        else
            for (int k = 0; k < rows.n; k++) {
                uint16_t row = rows.sel[k];
                sel[n] = row;
                n += truth[row];
            }
        return n;
    }
    run_merge_errors(r, &w->errors, c, rows);
    for (int k = 0; k < rows.n; k++) {
        int row = rows_at(rows, k);
        bool null = col_is_null(c, row);
        if (null) note_unknown(r, w, row);
        sel[n] = (uint16_t)row;
        n += null || truth[col_at(c, row)];
    }
    return n;
}

static int drop_unknown(const Narrowing *w, uint16_t *sel, int n)
{
    if (!w->unknown) return n;
    int kept = 0;
    for (int k = 0; k < n; k++) {
        uint16_t row = sel[k];
        sel[kept] = row;
        kept += !bit_get(w->unknown, row);
    }
    return kept;
}

/* The marks of rows that no conjunct made false. */
static ErrMask *surviving_errors(Run *r, const Narrowing *w, const uint16_t *sel, int n)
{
    if (!w->errors.err) return NULL;
    Column kept = run_column(r, TYPE_OF(TYPE_BOOLEAN));
    run_merge_errors(r, &kept, &w->errors, (Rows){sel, n});
    return kept.err;
}

int expr_filter(const ExprProgram *p, const Batch *b, const EvalEnv *env, Arena *scratch,
                uint16_t *sel, ErrMask **errors)
{
    assert(p->nconjuncts > 0);
    Run r = run_start(p, b, env, scratch);
    Narrowing w = {.errors = run_column(&r, TYPE_OF(TYPE_BOOLEAN))};
    Rows rows = batch_rows(b);
    for (int i = 0; i < p->nconjuncts && rows.n > 0; i++) {
        const Column *c = run_operand(&r, &p->conjuncts[i], rows);
        rows = (Rows){sel, narrow(&r, &w, c, rows, sel)};
    }
    if (errors) *errors = surviving_errors(&r, &w, sel, rows.n);
    return drop_unknown(&w, sel, rows.n);
}

/* ---- constants ------------------------------------------------------------------------------- */

Status expr_constant(const BExpr *e, const EvalEnv *env, Arena *a, Value *out, Diags *d)
{
    ExprProgram *p;
    Batch one = {.rows = 1};
    Column c;
    TRY(expr_compile(&e, 1, a, &p, d));
    expr_eval(p, &one, env, a, &c);
    const RowError *error = column_error(&c, 0);
    if (error) return diag_error(d, error->code, e->span, "%.*s", STR_ARG(error->message));
    *out = column_value(&c, 0);
    out->type = e->type;
    return WEIR_OK;
}
