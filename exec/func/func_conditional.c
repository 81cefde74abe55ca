/* func_conditional.c: choosing among values. COALESCE, NULLIF, IF and CASE are forms of the
 * language and not here. */
#include "exec/func/call.h"
#include "exec/kernel/kernel.h"

/* ---- greatest, least ------------------------------------------------------------------------- */

static void take(Column *out, int row, const Column *from)
{
    int w = type_width((TypeKind)out->type.kind);
    memcpy((char *)out->data + (ptrdiff_t)row * w,
           (const char *)from->data + (ptrdiff_t)col_at(from, row) * w, (size_t)w);
}

/* NULLs are left out, as in PostgreSQL; the result is NULL where all are. */
static void extreme(EvalCtx *c, const Column *args, int nargs, CompareOp better, Column *out)
{
    uint8_t *wins = new (c->arena, uint8_t, c->rows);
    uint64_t *has = new (c->arena, uint64_t, BATCH_WORDS);
    CompareKernel compare = kernel_compare((TypeKind)out->type.kind, better);
    for (int i = 0; i < nargs; i++) {
        compare(args[i].data, args[i].is_const, out->data, false, wins, c->sel, c->n);
        EACH_ROW (c, row) {
            if (col_is_null(&args[i], row) || (bit_get(has, row) && !wins[row])) continue;
            take(out, row, &args[i]);
            bit_set(has, row);
        }
    }
    EACH_ROW (c, row)
        if (!bit_get(has, row)) column_set_null(out, c->arena, row);
}
static void greatest(EvalCtx *c, const Column *args, int nargs, Column *out)
{
    extreme(c, args, nargs, CMP_GT, out);
}
static void least(EvalCtx *c, const Column *args, int nargs, Column *out)
{
    extreme(c, args, nargs, CMP_LT, out);
}
static const FuncImpl greatest_impl = {.columns = greatest};
static const FuncImpl least_impl = {.columns = least};

/* ---- NULLs ----------------------------------------------------------------------------------- */

static void num_nulls(EvalCtx *c, const Column *args, int nargs, Column *out)
{
    int64_t *to = out->data;
    EACH_ROW (c, row) {
        to[row] = 0;
        for (int i = 0; i < nargs; i++) to[row] += col_is_null(&args[i], row);
    }
}
static void num_nonnulls(EvalCtx *c, const Column *args, int nargs, Column *out)
{
    int64_t *to = out->data;
    EACH_ROW (c, row) {
        to[row] = 0;
        for (int i = 0; i < nargs; i++) to[row] += !col_is_null(&args[i], row);
    }
}
static const FuncImpl num_nulls_impl = {.columns = num_nulls};
static const FuncImpl num_nonnulls_impl = {.columns = num_nonnulls};

static void type_of(EvalCtx *c, const Column *args, int nargs, Column *out)
{
    (void)nargs;
    Str name = type_name(args[0].type, c->arena);
    EACH_ROW (c, row) put_text(out, row, name);
}
static const FuncImpl typeof_impl = {.columns = type_of};

#define FN(n, other, pattern, res, f, about) \
    { \
        .name = n, .aliases = other, .args = pattern, .result = res, .impl = &f, \
        .flags = FUNC_NULL_CALL | FUNC_ORDERS, .group = "conditional", .doc = about \
    }

#define ASK(n, other, pattern, res, f, about) \
    { \
        .name = n, .aliases = other, .args = pattern, .result = res, .impl = &f, .flags = FUNC_NULL_CALL, \
        .group = "conditional", .doc = about \
    }

const FuncDef func_conditional[] = {
    FN("greatest", NULL, "c*", "c", greatest_impl, "the greatest of the arguments, without NULLs"),
    FN("least", NULL, "c*", "c", least_impl, "the least of the arguments, without NULLs"),
    ASK("num_nulls", NULL, "a*", "i", num_nulls_impl, "how many arguments are NULL"),
    ASK("num_nonnulls", NULL, "a*", "i", num_nonnulls_impl, "how many arguments are not NULL"),
    ASK("typeof", "pg_typeof", "a", "t", typeof_impl, "the type's name"),
    {0},
};
