/* op_unnest.c: UNNEST: each row once per element of its list, with the element and its place as
 * columns. Nothing is kept and nothing is late here.
 *
 * The elements of a row share its position and are told apart by their ordinal. A row whose list
 * is in error is withheld below state; above it, the list is NULL and the row's mark travels on
 * where the row does. */
#include "exec/expr/json_text.h"
#include "exec/expr/nested.h"
#include "exec/op/expand.h"
#include "exec/op/op.h"

/* By how much ordinals are multiplied; longer lists share the last. */
enum { ELEMENTS_TOLD_APART = 1 << 16 };

typedef struct UnnestOp {
    Op op;
    ExprProgram *list;
    Type element;
} UnnestOp;

/* Elements that wait to go out. */
typedef struct Elements {
    int32_t *rows;
    Str *json;      /* p NULL: none, the row of an empty list */
    int64_t *place; /* from 1 */
    uint32_t *ordinal;
    int32_t n;
} Elements;

static Elements elements_new(Arena *a)
{
    return (Elements){new_raw(a, int32_t, BATCH_ROWS_MAX), new_raw(a, Str, BATCH_ROWS_MAX),
                      new_raw(a, int64_t, BATCH_ROWS_MAX), new_raw(a, uint32_t, BATCH_ROWS_MAX), 0};
}

static void put_value(UnnestOp *u, Column *values, int row, Str json, Arena *a)
{
    Value v = value_null(u->element);
    bool is_there = json.p && json_kind(json) != JSON_NULL;
    if (is_there && !nested_read(json, NULL, u->element, NESTED_CAST, a, &v)) {
        column_set_null(values, a, row);
        column_set_err(values, a, row, WEIR_E_VALUE, S("an element does not fit the type of its list"));
        return;
    }
    v.type = u->element;
    column_put(values, a, row, &v);
}

static void elements_emit(UnnestOp *u, const Batch *b, const Column *list, Elements *x)
{
    if (x->n == 0) return;
    Arena *a = u->op.ctx->batch_scratch;
    ArenaMark mark = arena_mark(a);
    int first = b->ncols;
    bool shows_place = u->op.plan->unnest_ordinality;
    Batch out = batch_expand(b, x->rows, x->ordinal, x->n, 1 + shows_place, a);
    Column *values = &out.cols[first];
    *values = column_new(a, u->element, x->n);
    for (int i = 0; i < x->n; i++) put_value(u, values, i, x->json[i], a);
    column_copy_errors(values, list, x->rows, x->n, a);
    if (shows_place) out.cols[first + 1] = column_new(a, TYPE_BIGINT_, x->n);
    for (int i = 0; shows_place && i < x->n; i++) {
        COL(int64_t, &out.cols[first + 1])[i] = x->place[i];
        if (!x->json[i].p) column_set_null(&out.cols[first + 1], a, i);
    }
    op_emit(&u->op, &out);
    arena_release(a, mark);
    x->n = 0;
}

static uint32_t ordinal_of(const Batch *b, int row, int64_t place)
{
    uint64_t base = b->ordinal ? b->ordinal[row] : 0;
    uint64_t own = place < ELEMENTS_TOLD_APART ? (uint64_t)place : ELEMENTS_TOLD_APART - 1;
    uint64_t ordinal = base * ELEMENTS_TOLD_APART + own;
    return ordinal < UINT32_MAX ? (uint32_t)ordinal : UINT32_MAX;
}

static void elements_add(UnnestOp *u, const Batch *b, const Column *list, Elements *x, int row, Str json,
                         int64_t place)
{
    x->rows[x->n] = row;
    x->json[x->n] = json;
    x->place[x->n] = place + 1;
    x->ordinal[x->n++] = ordinal_of(b, row, place);
    if (x->n == BATCH_ROWS_MAX) elements_emit(u, b, list, x);
}

/* Below state a list that cannot be told withholds its row. */
static bool is_withheld(UnnestOp *u, const Batch *b, const Column *list, int row)
{
    if (u->op.plan->props.above_state || !col_is_err(list, row)) return false;
    const RowError *e = column_error(list, row);
    op_row_error(&u->op, b, row, e->code, e->message);
    return true;
}

static bool is_list(UnnestOp *u, const Batch *b, int row, Str json)
{
    JsonKind kind = json_kind(json);
    if (kind == JSON_ARRAY || kind == JSON_NULL) return true;
    if (!u->op.plan->props.above_state)
        op_row_error(&u->op, b, row, WEIR_E_VALUE, S("UNNEST takes an array, and this JSON value is none"));
    return false;
}

static void unnest_row(UnnestOp *u, const Batch *b, const Column *list, Elements *x, int row)
{
    bool keeps_row = u->op.plan->unnest_outer, is_null = col_is_null(list, row) || col_is_err(list, row);
    Str json = is_null ? (Str){0} : text_str(&COL(Text, list)[col_at(list, row)]);
    int64_t place = 0;
    if (is_withheld(u, b, list, row)) return;
    if (!is_null) {
        json = str_trim(json);
        if (!is_list(u, b, row, json) && !u->op.plan->props.above_state) return;
    }
    if (!is_null && json_kind(json) == JSON_ARRAY) {
        JsonIter it = json_iter(json);
        while (json_next(&it)) elements_add(u, b, list, x, row, it.value, place++);
    }
    if (place == 0 && keeps_row) elements_add(u, b, list, x, row, (Str){0}, 0);
}

static void unnest_push(Op *op, int port, const Batch *b)
{
    (void)port;
    UnnestOp *u = (UnnestOp *)op;
    Arena *a = op->ctx->batch_scratch;
    ArenaMark mark = arena_mark(a);
    EvalEnv env = op->ctx->eval;
    env.faults = op->plan->props.above_state;
    Column list;
    expr_eval(u->list, b, &env, a, &list);
    Elements x = elements_new(a);
    for (int i = 0; i < batch_count(b); i++) unnest_row(u, b, &list, &x, batch_row(b, i));
    elements_emit(u, b, &list, &x);
    arena_release(a, mark);
}

static const OpClass unnest_class = {.name = "unnest", .push = unnest_push};

Status op_unnest_open(const PhysOp *p, OpContext *c, Arena *a, Op **out, Diags *d)
{
    UnnestOp *u = new_one(a, UnnestOp);
    op_init(&u->op, &unnest_class, p, c, a);
    const BExpr *list = p->unnest;
    u->element = p->fields[p->inputs[0]->nfields].type;
    TRY(expr_compile(&list, 1, a, &u->list, d));
    *out = &u->op;
    return WEIR_OK;
}
