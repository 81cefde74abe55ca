/* planner_fixture.h: a catalog with a few streams and functions, and plans as short text.
 *
 * The definitions here have no implementation: the planner never runs anything. One operator a
 * line: id(inputs) kind what. */
#ifndef WEIR_TESTS_PLANNER_FIXTURE_H
#define WEIR_TESTS_PLANNER_FIXTURE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "base/datetime.h"
#include "base/decimal.h"
#include "parser/parser.h"
#include "planner/planner.h"

/* ---- definitions ---------------------------------------------------------------------------- */

static bool wider_decimal(const Type *args, const Value *const *consts, int nargs, Type *out)
{
    (void)consts, (void)nargs;
    *out = TYPE_DECIMAL_(38, args[0].scale > args[1].scale ? args[0].scale : args[1].scale);
    return true;
}
static bool same_time(const Type *args, const Value *const *consts, int nargs, Type *out)
{
    (void)consts, (void)nargs;
    *out = args[0];
    return true;
}

#define OP(n, pattern, res, f) {.name = n, .args = pattern, .result = res, .flags = FUNC_INTERNAL | (f)}
static const FuncDef test_funcs[] = {
    OP("+", "ii", "i", FUNC_CAN_FAIL),
    {.name = "+", .args = "mm", .result_of = wider_decimal, .flags = FUNC_INTERNAL | FUNC_CAN_FAIL},
    OP("+", "dd", "d", 0),
    {.name = "+", .args = "sv", .result_of = same_time, .flags = FUNC_INTERNAL | FUNC_CAN_FAIL},
    OP("-", "ii", "i", FUNC_CAN_FAIL),
    OP("-", "dd", "d", 0),
    {.name = "-", .args = "sv", .result_of = same_time, .flags = FUNC_INTERNAL | FUNC_CAN_FAIL},
    OP("-", "ss", "v", 0),
    OP("*", "ii", "i", FUNC_CAN_FAIL),
    OP("*", "dd", "d", 0),
    OP("%", "ii", "i", 0),
    OP("neg", "n", "1", FUNC_CAN_FAIL),
    OP("||", "tt", "t", 0),
    OP("=", "cc", "b", 0),
    OP("<>", "cc", "b", 0),
    OP("<", "cc", "b", 0),
    OP("<=", "cc", "b", 0),
    OP(">", "cc", "b", 0),
    OP(">=", "cc", "b", 0),
    OP("not", "b", "b", 0),
    OP("is_null", "a", "b", FUNC_NULL_CALL),
    OP("is_not_null", "a", "b", FUNC_NULL_CALL),
    OP("is_true", "b", "b", FUNC_NULL_CALL),
    OP("is_not_true", "b", "b", FUNC_NULL_CALL),
    OP("is_distinct", "cc", "b", FUNC_NULL_CALL),
    OP("is_not_distinct", "cc", "b", FUNC_NULL_CALL),
    OP("like", "ttt?", "b", 0),
    OP("row_position", "", "x", FUNC_VOLATILE),
    {.name = "abs", .args = "n", .result = "1", .flags = FUNC_CAN_FAIL},
    {.name = "lower", .aliases = "lcase", .args = "t", .result = "t"},
    {.name = "length", .aliases = "char_length", .args = "t", .result = "i"},
    {.name = "length", .args = "x", .result = "i"},
    {.name = "round", .args = "di?", .result = "d"},
    {.name = "greatest", .args = "c*", .result = "c"},
    {.name = "extract", .args = "ts", .result = "i"},
    {.name = "random", .args = "", .result = "d", .flags = FUNC_VOLATILE},
    {.name = "now", .aliases = "current_timestamp", .args = "", .result = "s", .flags = FUNC_VOLATILE},
    {0},
};
static const FuncDef *const test_func_lists[] = {test_funcs, NULL};

enum { MERGES = AGG_RETRACTABLE | AGG_MERGEABLE };
static const AggDef test_aggs_list[] = {
    {.name = "count", .args = "a?", .result = "i", .flags = MERGES | AGG_STAR},
    {.name = "sum", .args = "i", .result = "i", .flags = MERGES},
    {.name = "sum", .args = "d", .result = "d", .flags = MERGES},
    {.name = "min", .args = "a", .result = "1", .flags = MERGES},
    {.name = "max", .args = "a", .result = "1", .flags = MERGES},
    {.name = "avg", .args = "d", .result = "d", .flags = MERGES},
    {.name = "bool_or", .args = "b", .result = "b", .flags = MERGES},
    {.name = "single_value", .args = "a", .result = "1", .flags = MERGES | AGG_NULL_INPUT | AGG_INTERNAL},
    {.name = "last_value", .args = "a", .result = "1", .flags = MERGES | AGG_ORDERED | AGG_NULL_INPUT},
    {.name = "string_agg", .aliases = "listagg", .args = "tt", .result = "t", .flags = MERGES | AGG_ORDERED},
    {.name = "percentile_cont", .args = "dd", .result = "d", .flags = MERGES},
    {.name = "approx_count_distinct", .args = "a", .result = "i", .flags = AGG_MERGEABLE},
    {0},
};
static const AggDef *const test_agg_lists[] = {test_aggs_list, NULL};

enum { PANES = WINDOW_OFFSET | WINDOW_CALENDAR | WINDOW_GRACE };
static const WindowDef test_windows[] = {
    {.name = "tumbling", .table_func = "tumble", .shape = WINDOW_SHAPE_PANES, .required = WINDOW_SIZE, .optional = PANES},
    {.name = "hopping", .table_func = "hop", .shape = WINDOW_SHAPE_PANES,
     .required = WINDOW_SIZE | WINDOW_ADVANCE, .optional = PANES},
    {.name = "cumulating", .table_func = "cumulate", .shape = WINDOW_SHAPE_PANES,
     .required = WINDOW_SIZE | WINDOW_STEP, .optional = PANES},
    {.name = "session", .table_func = "session", .shape = WINDOW_SHAPE_SESSION, .required = WINDOW_GAP,
     .optional = WINDOW_GRACE},
    {.name = "sliding", .shape = WINDOW_SHAPE_SLIDING, .required = WINDOW_SIZE, .optional = WINDOW_GRACE},
    {.name = "count", .shape = WINDOW_SHAPE_COUNT, .required = WINDOW_ROWS, .optional = WINDOW_ADVANCE},
    {.name = "global", .shape = WINDOW_SHAPE_GLOBAL, .required = WINDOW_TRIGGER},
    {0},
};
static const WindowDef *const test_window_lists[] = {test_windows, NULL};

static const Registry test_registry = {
    .funcs = test_func_lists, .aggs = test_agg_lists, .windows = test_window_lists};

/* ---- constants ------------------------------------------------------------------------------ */

static Status cast_constant(const BExpr *e, Value *out, Diags *d)
{
    const Value *from = &e->args[0]->value;
    *out = (Value){.type = e->type, .is_null = from->is_null};
    if (from->is_null) return WEIR_OK;
    bool ok = false;
    if (e->type.kind == TYPE_TIMESTAMP && from->type.kind == TYPE_TEXT)
        ok = timestamp_parse(from->s, e->type.precision, &out->i);
    else if (e->type.kind == TYPE_INTERVAL && from->type.kind == TYPE_TEXT)
        ok = interval_parse(from->s, &out->iv);
    else if (e->type.kind == TYPE_BIGINT && from->type.kind == TYPE_TEXT)
        ok = str_to_int64(from->s, &out->i);
    else if (e->type.kind == TYPE_DOUBLE && from->type.kind == TYPE_BIGINT)
        ok = true, out->d = (double)from->i;
    else if (e->type.kind == TYPE_DECIMAL && from->type.kind == TYPE_BIGINT)
        ok = decimal_rescale(from->i, 0, e->type, &out->dec);
    else if (e->type.kind == TYPE_DECIMAL && from->type.kind == TYPE_DECIMAL)
        ok = decimal_rescale(from->dec, from->type.scale, e->type, &out->dec);
    else
        return WEIR_E_UNSUPPORTED;
    return ok ? WEIR_OK : diag_error(d, WEIR_E_VALUE, e->span, "bad constant");
}

/* Casts, and + and comparison of BIGINT: enough to see folding at work. */
static Status test_constant(void *arg, const BExpr *e, Arena *a, Value *out, Diags *d)
{
    (void)arg, (void)a;
    if (e->kind == BE_CONST) {
        *out = e->value;
        return WEIR_OK;
    }
    for (int i = 0; i < e->nargs; i++)
        if (e->args[i]->kind != BE_CONST) return WEIR_E_UNSUPPORTED;
    if (e->kind == BE_CAST) return cast_constant(e, out, d);
    if (e->kind != BE_CALL || e->nargs != 2 || e->args[0]->type.kind != TYPE_BIGINT) return WEIR_E_UNSUPPORTED;
    int64_t x = e->args[0]->value.i, y = e->args[1]->value.i;
    if (strcmp(e->func->name, "+") == 0) {
        *out = value_int(0);
        return __builtin_add_overflow(x, y, &out->i) ? WEIR_E_VALUE : WEIR_OK;
    }
    if (strcmp(e->func->name, "=") == 0) return *out = value_bool(x == y), WEIR_OK;
    return WEIR_E_UNSUPPORTED;
}

/* ---- a catalog ------------------------------------------------------------------------------ */

typedef struct Fixture {
    Arena arena;
    Catalog catalog;
    Diags diags;
    Planner p;
    Str dump; /* of the last plan */
    PhysPlan *plan;
} Fixture;

typedef struct TestColumn {
    const char *name;
    Type type;
} TestColumn;

static void add_stream(Fixture *f, const char *name, const TestColumn *cols, int n, int32_t time_col)
{
    Relation *r = new_one(&f->arena, Relation);
    *r = (Relation){.kind = REL_STREAM, .id = ++f->catalog.next_id, .name = str_z(name), .ncols = n,
                    .watermark.col = time_col, .is_append_only = true};
    r->cols = new (&f->arena, ColumnDef, n);
    for (int i = 0; i < n; i++)
        r->cols[i] = (ColumnDef){.name = str_z(cols[i].name), .type = cols[i].type};
    catalog_put(&f->catalog, r);
}

static int fixture_setup(void **state)
{
    Fixture *f = test_calloc(1, sizeof *f);
    f->catalog = (Catalog){.arena = &f->arena, .registry = &test_registry};
    f->diags.arena = &f->arena;
    f->p = (Planner){.catalog = &f->catalog, .arena = &f->arena, .diags = &f->diags, .constant = test_constant};
    static const TestColumn BID[] = {{"auction", {.kind = TYPE_BIGINT}}, {"bidder", {.kind = TYPE_BIGINT}},
                                     {"price", {.kind = TYPE_BIGINT}}, {"channel", {.kind = TYPE_TEXT}},
                                     {"date_time", {.kind = TYPE_TIMESTAMP, .precision = 3}}};
    static const TestColumn PLAIN[] = {{"id", {.kind = TYPE_BIGINT}}, {"v", {.kind = TYPE_DOUBLE}},
                                       {"d", {.kind = TYPE_DECIMAL, .precision = 10, .scale = 2}},
                                       {"note", {.kind = TYPE_TEXT}}, {"ok", {.kind = TYPE_BOOLEAN}},
                                       {"ts", {.kind = TYPE_TIMESTAMP, .precision = 6}},
                                       {"day", {.kind = TYPE_DATE}}};
    add_stream(f, "bid", BID, 5, 4);
    add_stream(f, "plain", PLAIN, 7, -1);
    *state = f;
    return 0;
}

static int fixture_teardown(void **state)
{
    Fixture *f = *state;
    arena_free(&f->arena);
    test_free(f);
    return 0;
}

/* ---- plans as text -------------------------------------------------------------------------- */

static void dump_exprs(StrBuf *b, const PhysOp *op, const Str *names)
{
    for (int i = 0; i < op->nfields; i++) {
        sb_z(b, i ? ", " : " ");
        bexpr_print(b, op->exprs[i], names);
    }
}

static void dump_window(StrBuf *b, const PhysOp *op, const Field *in)
{
    const WindowSpec *w = op->window;
    sb_printf(b, " %s", w->def->name);
    if (w->size_months || w->size_days) sb_printf(b, " %dmon %dd", w->size_months, w->size_days);
    if (w->size_us) sb_printf(b, " %lld", (long long)(w->size_us / 1000000));
    if (w->slide_us) sb_printf(b, "/%lld", (long long)(w->slide_us / 1000000));
    if (w->size_rows) sb_printf(b, " %lldr/%lldr", (long long)w->size_rows, (long long)w->advance_rows);
    if (w->offset_us) sb_printf(b, " +%lld", (long long)(w->offset_us / 1000000));
    if (w->grace_us) sb_printf(b, " grace %lld", (long long)(w->grace_us / 1000000));
    if (w->time_col >= 0) sb_printf(b, " on %.*s", STR_ARG(in[w->time_col].name));
    if (w->by_value) sb_lit(b, " by value");
}

static void dump_agg(StrBuf *b, const AggCall *g, const Field *in)
{
    sb_printf(b, " %s(", g->def->name);
    for (int i = 0; i < g->nargs; i++) sb_printf(b, "%s%.*s", i ? ", " : "", STR_ARG(in[g->args[i]].name));
    sb_char(b, ')');
    if (g->distinct) sb_lit(b, " distinct");
    if (g->filter >= 0) sb_printf(b, " if %.*s", STR_ARG(in[g->filter].name));
    for (int i = 0; i < g->norder; i++)
        sb_printf(b, "%s%.*s%s", i ? "," : " order ", STR_ARG(in[g->order[i].col].name),
                  g->order[i].descending ? " desc" : "");
    if (g->by_position) sb_lit(b, " by position");
}

static void dump_aggregate(StrBuf *b, const PhysOp *op)
{
    const Field *in = op->inputs[0]->fields;
    for (int i = 0; i < op->nkeys; i++) sb_printf(b, "%s%.*s", i ? ", " : " by ", STR_ARG(in[op->keys[i]].name));
    if (op->window) sb_lit(b, ";");
    if (op->window) dump_window(b, op, in);
    for (int i = 0; i < op->naggs; i++) {
        sb_lit(b, ";");
        dump_agg(b, &op->aggs[i], in);
    }
    if (op->key_window_end >= 0) sb_lit(b, "; key window");
    if (op->is_global) sb_lit(b, "; one group");
    if (op->emit_final) sb_lit(b, "; final");
    if (op->input_retracts) sb_lit(b, "; retracts");
}

static void dump_ranks(StrBuf *b, const PhysOp *op)
{
    const Field *in = op->inputs[0]->fields;
    const RankSpec *r = op->ranks;
    for (int i = 0; i < op->nkeys; i++) sb_printf(b, "%s%.*s", i ? ", " : " by ", STR_ARG(in[op->keys[i]].name));
    for (int i = 0; i < r->norder; i++)
        sb_printf(b, "%s%.*s%s", i && i == r->npeer ? " then " : i ? ", " : r->npeer ? " order " : " then ",
                  STR_ARG(in[r->order[i].col].name), r->order[i].descending ? " desc" : "");
    if (op->kind == PHYS_TOPN) {
        static const char *const RANKS[] = {"row_number", "rank", "dense_rank"};
        sb_printf(b, "; %s %lld+%lld%s", RANKS[r->rank], (long long)r->offset, (long long)r->limit,
                  r->shows_rank ? " shown" : "");
    }
    for (int i = 0; i < op->novers; i++) {
        sb_printf(b, "; %.*s", (int)str_find(op->overs[i].text, S(" OVER")), op->overs[i].text.p);
        for (int k = 0; k < op->overs[i].nargs; k++) sb_printf(b, " #%d", op->overs[i].args[k]);
    }
    if (op->key_window_end >= 0) sb_lit(b, "; key window");
    if (op->emit_final) sb_lit(b, "; final");
    if (op->input_retracts) sb_lit(b, "; retracts");
}

static void dump_join(StrBuf *b, const PhysOp *op)
{
    static const char *const KINDS[] = {"inner", "left", "right", "full", "semi", "anti"};
    static const char *const MATCHES[] = {"regular", "interval", "window", "asof", "temporal", "lookup"};
    const JoinSpec *j = op->join;
    const PhysOp *l = op->inputs[0], *r = op->inputs[1];
    Str *names = new (b->arena, Str, l->nfields + r->nfields);
    for (int i = 0; i < l->nfields + r->nfields; i++)
        names[i] = str_printf(b->arena, "%s.%.*s", i < l->nfields ? "l" : "r",
                              STR_ARG((i < l->nfields ? l->fields[i] : r->fields[i - l->nfields]).name));
    sb_printf(b, "%s join %s", KINDS[j->kind], MATCHES[j->match]);
    for (int i = 0; i < j->nkeys; i++)
        sb_printf(b, "%s%.*s %s %.*s", i ? ", " : " on ", STR_ARG(names[j->left_keys[i]]), j->null_safe[i] ? "==" : "=",
                  STR_ARG(names[l->nfields + j->right_keys[i]]));
    if (j->match == JOIN_INTERVAL) sb_printf(b, " [%lld, %lld]", -(long long)j->before_us, (long long)j->after_us);
    if (j->match == JOIN_ASOF) sb_printf(b, " by %d %d %d", j->left_time, j->asof, j->right_time);
    if (j->residual) sb_lit(b, " and ");
    if (j->residual) bexpr_print(b, j->residual, names);
    if (j->emit_final) sb_lit(b, " final");
}

static void dump_op(StrBuf *b, const PhysOp *op)
{
    const PhysOp *from = op->ninputs ? op->inputs[0] : op;
    Str *names = new (b->arena, Str, from->nfields);
    for (int i = 0; i < from->nfields; i++) names[i] = from->fields[i].name;
    switch (op->kind) {
    case PHYS_SCAN:
        sb_printf(b, "scan %.*s", STR_ARG(op->rel->name));
        for (int i = 0; i < op->nfields; i++) sb_printf(b, "%s%.*s", i ? "," : " ", STR_ARG(op->fields[i].name));
        if (op->scan_filter) sb_lit(b, " where ");
        if (op->scan_filter) bexpr_print(b, op->scan_filter, names);
        break;
    case PHYS_VIEW_INPUT: sb_printf(b, "view input %.*s", STR_ARG(op->rel->name)); break;
    case PHYS_TABLE: sb_printf(b, "table %.*s", STR_ARG(op->rel->name)); break;
    case PHYS_UPSERT: sb_printf(b, "upsert %.*s", STR_ARG(op->rel->name)); break;
    case PHYS_VALUES: sb_printf(b, "values %dx%d", op->nrows, op->nfields); break;
    case PHYS_FILTER:
        sb_lit(b, "filter ");
        bexpr_print(b, op->pred, names);
        break;
    case PHYS_PROJECT:
        sb_lit(b, "project");
        dump_exprs(b, op, names);
        break;
    case PHYS_WINDOW:
        sb_lit(b, "window");
        dump_window(b, op, from->fields);
        break;
    case PHYS_AGGREGATE:
        sb_lit(b, "aggregate");
        dump_aggregate(b, op);
        break;
    case PHYS_UNION: sb_lit(b, "union"); break;
    case PHYS_JOIN: dump_join(b, op); break;
    case PHYS_OVER:
    case PHYS_TOPN:
        sb_z(b, op->kind == PHYS_OVER ? "over" : "top-n");
        dump_ranks(b, op);
        break;
    case PHYS_SETOP:
        sb_printf(b, "%s%s%s", op->set == SETOP_EXCEPT ? "except" : "intersect", op->set_all ? " all" : "",
                  op->key_window_end >= 0 ? "; key window" : "");
        break;
    case PHYS_UNNEST: sb_lit(b, "unnest"); break;
    case PHYS_CONTEND:
        sb_printf(b, "contend %s %.*s [%lld, %lld]", op->contend->is_least ? "min" : "max",
                  STR_ARG(names[op->contend->value]), (long long)op->contend->after_us, (long long)op->contend->until_us);
        for (int i = 0; i < op->contend->nkeys; i++) sb_printf(b, ", %.*s", STR_ARG(names[op->contend->keys[i]]));
        break;
    case PHYS_VIEW: sb_printf(b, "view %.*s", STR_ARG(op->rel->name)); break;
    case PHYS_OUTPUT: sb_lit(b, "output"); break;
    }
}

static Str dump_plan(Arena *a, const PhysPlan *plan)
{
    StrBuf b = {.arena = a};
    for (int i = 0; i < plan->nops; i++) {
        const PhysOp *op = plan->ops[i];
        assert_int_equal(op->id, i);
        sb_printf(&b, "%d", i);
        for (int k = 0; k < op->ninputs; k++) sb_printf(&b, "%s%d", k ? "," : "(", op->inputs[k]->id);
        sb_z(&b, op->ninputs ? ") " : " ");
        dump_op(&b, op);
        sb_char(&b, '\n');
    }
    return sb_done(&b);
}

/* ---- planning ------------------------------------------------------------------------------- */

static Stmt *parse_one(Fixture *f, const char *sql)
{
    Stmt *stmt = NULL;
    ptrdiff_t end;
    f->diags.list.len = 0;
    f->diags.text = str_z(sql);
    Status st = parser_parse_first(str_z(sql), &f->arena, &f->diags, &stmt, &end);
    if (st != WEIR_OK) fail_msg("%s: %s", sql, f->diags.list.data[0].message.p);
    assert_non_null(stmt);
    return stmt;
}

/* Plans a SELECT as a push query, and a view as itself (which then is in the catalog). */
static Status plan_sql(Fixture *f, const char *sql)
{
    Stmt *s = parse_one(f, sql);
    if (s->kind == STMT_SELECT) {
        Status st = plan_query(&f->p, s->select, NULL, &f->plan);
        if (st == WEIR_OK) f->dump = dump_plan(&f->arena, f->plan);
        return st;
    }
    assert_int_equal(s->kind, STMT_CREATE_VIEW);
    const CreateView *v = s->create_view;
    Relation *r = new_one(&f->arena, Relation);
    *r = (Relation){.id = ++f->catalog.next_id, .name = v->name.text, .query = v->query,
                    .kind = v->kind == VIEW_PLAIN ? REL_VIEW : REL_MATERIALIZED, .watermark.col = -1};
    Status st = v->kind == VIEW_PLAIN ? plan_view_shape(&f->p, v->query, r) : plan_query(&f->p, v->query, r, &f->plan);
    if (st != WEIR_OK) return st;
    if (v->kind == VIEW_MATERIALIZED) {
        r->plan = f->plan;
        f->dump = dump_plan(&f->arena, f->plan);
    }
    catalog_put(&f->catalog, r);
    return WEIR_OK;
}

__attribute__((unused)) static void expect_plan_at(Fixture *f, const char *sql, const char *expected, const char *file, int line)
{
    if (plan_sql(f, sql) != WEIR_OK)
        print_error("%s\n", diag_render(&f->diags, &f->diags.list.data[0], &f->arena).p);
    _assert_int_equal((int)f->diags.list.len, 0, file, line);
    _assert_string_equal(f->dump.p, expected, file, line);
}
#define expect_plan(f, sql, expected) expect_plan_at((f), (sql), (expected), __FILE__, __LINE__)

/* The first error: its code, a part of its message, and the text that its caret stands under. */
__attribute__((unused)) static void expect_error_at(Fixture *f, const char *sql, Status code, const char *part, const char *under,
                            const char *file, int line)
{
    Status st = plan_sql(f, sql);
    if (st == WEIR_OK) print_error("no error in: %s\n", sql);
    if (st != WEIR_OK && st != code)
        print_error("%s\n", diag_render(&f->diags, &f->diags.list.data[0], &f->arena).p);
    _assert_int_equal(st, code, file, line);
    const Diag *d = &f->diags.list.data[0];
    if (str_find(d->message, str_z(part)) < 0) print_error("message: %s\n", d->message.p);
    _assert_true(str_find(d->message, str_z(part)) >= 0, "message", file, line);
    if (!under) return;
    Str text = str_of(sql + d->span.off, d->span.len);
    _assert_string_equal(str_cstr(&f->arena, text), under, file, line);
}
#define expect_error(f, sql, code, part, under) \
    expect_error_at((f), (sql), (code), (part), (under), __FILE__, __LINE__)

#endif
