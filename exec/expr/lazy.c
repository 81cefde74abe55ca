/* lazy.c: AND, OR, CASE and COALESCE: what runs for a part of the rows.
 *
 * Errors (semantics.md §7): false AND ⊥ is false and true OR ⊥ is true in either order; CASE and
 * COALESCE meet only the errors of the branch they take. Of several errors the first one written
 * stays. */
#include "exec/expr/program.h"

/* ---- moving values --------------------------------------------------------------------------- */

/* One loop a width, so that the compiler sees plain loads and stores. */
#define COPY_ROWS(T) \
    do { \
        const T *from = src->data; \
        T *to = dst->data; \
        if (src->is_const) \
            for (int k = 0; k < rows.n; k++) to[rows_at(rows, k)] = from[0]; \
        else \
            for (int k = 0; k < rows.n; k++) to[rows_at(rows, k)] = from[rows_at(rows, k)]; \
    } while (0)

/* dst takes src's values, NULLs and marks in `rows`. */
static void copy_rows(Run *r, Column *dst, const Column *src, Rows rows)
{
    switch (type_width((TypeKind)dst->type.kind)) {
    case 1:
        COPY_ROWS(uint8_t);
        break;
    case 4:
        COPY_ROWS(uint32_t);
        break;
    case 8:
        COPY_ROWS(uint64_t);
        break;
    case 16:
        COPY_ROWS(Interval);
        break;
    }
    if (src->valid) {
        for (int k = 0; k < rows.n; k++) {
            int row = rows_at(rows, k);
            if (col_is_null(src, row)) column_set_null(dst, r->arena, row);
        }
    }
    run_merge_errors(r, dst, src, rows);
}

static uint16_t *new_sel(Run *r, int n)
{
    return new_raw(r->arena, uint16_t, n);
}

/* ---- AND, OR --------------------------------------------------------------------------------- */

/* Rows that c does not decide (false for AND, true for OR); decided ones get their value. */
static Rows undecided(Run *r, const Column *c, uint8_t decider, Rows rows, uint8_t *truth)
{
    uint16_t *sel = new_sel(r, rows.n);
    const uint8_t *v = c->data;
    int n = 0;
    for (int k = 0; k < rows.n; k++) {
        int row = rows_at(rows, k);
        bool decided = !col_is_null(c, row) && v[col_at(c, row)] == decider;
        if (decided) truth[row] = decider;
        sel[n] = (uint16_t)row;
        n += !decided;
    }
    return (Rows){sel, n};
}

/* Whether it costs less to run for a row than to ask whether the row needs it. */
static bool is_cheap(const Operand *o)
{
    for (int i = 0; i < o->before.n; i++) {
        const Step *s = &o->before.steps[i];
        if (s->kind != BE_CALL || !s->impl->columns || s->flags & (FUNC_CAN_FAIL | FUNC_VOLATILE)) return false;
        for (int k = 0; k < s->nargs; k++)
            if (type_width((TypeKind)s->e->args[k]->type.kind) > 8) return false;
    }
    return true;
}

static bool is_plain(const Column *c)
{
    return !c->valid && !c->err && !c->is_const;
}

/* Without NULLs and errors truth is a byte, and who decides does not matter. */
static bool combine_plain(Run *r, const Step *s, Rows rows, uint8_t *restrict truth)
{
    if (rows.n < r->rows / 4) return false;
    for (int i = 0; i < s->nargs; i++)
        if (!is_cheap(&s->args[i])) return false;
    for (int i = 0; i < s->nargs; i++) {
        const Column *c = run_operand(r, &s->args[i], rows);
        if (!is_plain(c)) return false;
        const uint8_t *restrict v = c->data;
        if (i == 0) memcpy(truth, v, (size_t)r->rows);
        else if (s->kind == BE_OR)
            for (int k = 0; k < r->rows; k++) truth[k] |= v[k];
        else
            for (int k = 0; k < r->rows; k++) truth[k] &= v[k];
    }
    return true;
}

void run_and_or(Run *r, const Step *s, Rows rows)
{
    uint8_t decider = s->kind == BE_OR;
    Column out = run_column(r, s->e->type);
    uint8_t *truth = out.data;
    if (combine_plain(r, s, rows, truth)) {
        r->regs[s->out] = out;
        return;
    }
    for (int i = 0; i < s->nargs && rows.n > 0; i++)
        rows = undecided(r, run_operand(r, &s->args[i], rows), decider, rows, truth);
    for (int k = 0; k < rows.n; k++) truth[rows_at(rows, k)] = !decider;
    for (int i = 0; i < s->nargs && rows.n > 0; i++) {
        const Column *c = &r->regs[s->args[i].reg];
        run_merge_errors(r, &out, c, rows);
        if (!c->valid) continue;
        for (int k = 0; k < rows.n; k++)
            if (col_is_null(c, rows_at(rows, k))) column_set_null(&out, r->arena, rows_at(rows, k));
    }
    run_settle(r, &out);
    r->regs[s->out] = out;
}

/* ---- CASE ------------------------------------------------------------------------------------ */

/* Splits rows into those where c is true and the others. Errors end a row, except as faults. */
static void split(Run *r, const Column *c, Rows rows, Rows *yes, Rows *no, Column *out)
{
    uint16_t *taken = new_sel(r, rows.n), *rest = new_sel(r, rows.n);
    const uint8_t *truth = c->data;
    bool errors_end = c->err && c->err->n > 0 && !r->env->faults;
    int ntaken = 0, nrest = 0;
    if (errors_end) run_merge_errors(r, out, c, rows);
    for (int k = 0; k < rows.n; k++) {
        int row = rows_at(rows, k);
        bool is_true = !col_is_null(c, row) && truth[col_at(c, row)];
        taken[ntaken] = rest[nrest] = (uint16_t)row;
        ntaken += is_true;
        nrest += !is_true && !(errors_end && col_is_err(c, row));
    }
    *yes = (Rows){taken, ntaken};
    *no = (Rows){rest, nrest};
}

static void set_all_null(Run *r, Column *c, Rows rows)
{
    for (int k = 0; k < rows.n; k++) column_set_null(c, r->arena, rows_at(rows, k));
}

void run_case(Run *r, const Step *s, Rows rows)
{
    Column out = run_column(r, s->e->type);
    int i = 0;
    for (; i + 1 < s->nargs && rows.n > 0; i += 2) {
        Rows yes, no;
        split(r, run_operand(r, &s->args[i], rows), rows, &yes, &no, &out);
        if (yes.n > 0) copy_rows(r, &out, run_operand(r, &s->args[i + 1], yes), yes);
        rows = no;
    }
    if (rows.n > 0) {
        if (s->nargs % 2)
            copy_rows(r, &out, run_operand(r, &s->args[s->nargs - 1], rows), rows);
        else
            set_all_null(r, &out, rows);
    }
    run_settle(r, &out);
    r->regs[s->out] = out;
}

/* ---- COALESCE -------------------------------------------------------------------------------- */

void run_coalesce(Run *r, const Step *s, Rows rows)
{
    Column out = run_column(r, s->e->type);
    for (int i = 0; i < s->nargs && rows.n > 0; i++) {
        const Column *c = run_operand(r, &s->args[i], rows);
        bool is_last = i == s->nargs - 1;
        bool errors_end = c->err && !r->env->faults;
        uint16_t *found = new_sel(r, rows.n), *rest = new_sel(r, rows.n);
        int nfound = 0, nrest = 0;
        for (int k = 0; k < rows.n; k++) {
            int row = rows_at(rows, k);
            bool ends = is_last || !col_is_null(c, row) || (errors_end && col_is_err(c, row));
            found[nfound] = rest[nrest] = (uint16_t)row;
            nfound += ends;
            nrest += !ends;
        }
        copy_rows(r, &out, c, (Rows){found, nfound});
        rows = (Rows){rest, nrest};
    }
    run_settle(r, &out);
    r->regs[s->out] = out;
}
