/* bind_window_table.c: TABLE(TUMBLE(TABLE bid, DESCRIPTOR(ts), INTERVAL '10' SECOND)) in FROM.
 *
 * The table argument may be a name, a subquery or TABLE t; arguments may be named. The rows of the
 * table come out once per window, with the window's columns added. */
#include "planner/window_spec.h"

typedef struct TableCall {
    const Expr *data, *time;
    VEC(const Expr *) durations;
    Measures m;
    bool is_named;
} TableCall;

static Status put_named(Binder *b, const Expr *arg, TableCall *t)
{
    const struct {
        Str name;
        const Expr **place;
    } PLACES[] = {{S("data"), &t->data},        {S("timecol"), &t->time},   {S("size"), &t->m.size},
                  {S("slide"), &t->m.slide},    {S("step"), &t->m.step},    {S("gap"), &t->m.gap},
                  {S("offset"), &t->m.offset}};
    const Name *name = &arg->parts.data[0];
    for (size_t i = 0; i < sizeof PLACES / sizeof *PLACES; i++) {
        if (!str_ieq(PLACES[i].name, name->text)) continue;
        *PLACES[i].place = arg->args.data[0];
        t->is_named = true;
        return WEIR_OK;
    }
    Status st =
        diag_error(b->p->diags, WEIR_E_NAME, bind_at(b, name->span), "%s has no argument \"%.*s\"",
                   t->m.def->table_func, STR_ARG(name->text));
    diag_hint(b->p->diags, "there are DATA, TIMECOL, SIZE, SLIDE, STEP, GAP, OFFSET");
    return st;
}

static Status read_call(Binder *b, const Expr *f, TableCall *t)
{
    for (int i = 0; i < f->args.len; i++) {
        const Expr *arg = f->args.data[i];
        if (arg->kind == EX_NAMED_ARG)
            TRY(put_named(b, arg, t));
        else if (!t->data)
            t->data = arg;
        else if (!t->time)
            t->time = arg;
        else
            vec_push(&t->durations, b->p->arena, arg);
    }
    if (t->data && t->time) {
        if (t->is_named && t->durations.len == 0) return WEIR_OK;
        return window_put_durations(b, t->m.def, t->durations.data, (int)t->durations.len, &t->m);
    }
    Status st = diag_error(b->p->diags, WEIR_E_WINDOW, bind_at(b, f->span),
                           "%s takes a table and a time column", t->m.def->table_func);
    diag_hint(b->p->diags, "write TABLE(%s(TABLE t, DESCRIPTOR(ts), INTERVAL '10' SECOND))",
              t->m.def->table_func);
    return st;
}

/* The table argument as if it stood in FROM. */
static Status table_of(Binder *b, const Expr *data, TableRef *out)
{
    *out = (TableRef){.span = data->span};
    if (data->kind == EX_TABLE_ARG && data->call && data->call->table) {
        *out = *data->call->table;
        return WEIR_OK;
    }
    if (data->kind == EX_COLUMN) {
        out->kind = TABLE_NAME;
        out->parts = data->parts;
        return WEIR_OK;
    }
    if (data->kind == EX_SUBQUERY) {
        out->kind = TABLE_SUBQUERY;
        out->query = data->query;
        return WEIR_OK;
    }
    return diag_error(b->p->diags, WEIR_E_WINDOW, bind_at(b, data->span),
                      "a window function takes TABLE t");
}

/* DESCRIPTOR(ts) as the column it names. */
static Status time_of(Binder *b, const Expr *e, Expr *out)
{
    *out = *e;
    if (e->kind == EX_COLUMN) return WEIR_OK;
    out->kind = EX_COLUMN;
    if (e->kind == EX_DESCRIPTOR && e->parts.len == 1) return WEIR_OK;
    return diag_error(b->p->diags, WEIR_E_WINDOW, bind_at(b, e->span),
                      "a window goes by one column: DESCRIPTOR(ts)");
}

static bool is_window_name(Str name)
{
    return name_in_list("window_start,window_end,window_time", name);
}

/* The input's columns and the three of the window. Older window columns step back: they are
 * reached by the name of their own table only. */
static Scope window_scope(Arena *a, const Scope *in, const LNode *n, Str alias)
{
    Scope s = {.cols = new (a, ScopeColumn, in->ncols + 3), .ncols = in->ncols + 3};
    Str table = alias.n || in->ncols == 0 ? alias : in->cols[0].table;
    for (int i = 0; i < in->ncols; i++) {
        s.cols[i] = in->cols[i];
        if (is_window_name(in->cols[i].name))
            s.cols[i].hidden = true;
        else if (alias.n)
            s.cols[i].table = alias;
    }
    for (int i = 0; i < 3; i++) {
        int32_t col = n->nfields - 3 + i;
        s.cols[in->ncols + i] = (ScopeColumn){
            .table = table, .name = n->fields[col].name, .col = col, .type = n->fields[col].type};
    }
    return s;
}

/* PARTITION BY k, PARTITION BY (k, l) */
static Status bind_partition(Binder *b, const ExprContext *c, const TableCall *t, BExpr ***out,
                             int *n)
{
    const ExprList *list = &t->data->args;
    if (list->len == 1 && list->data[0]->kind == EX_ROW) list = &list->data[0]->args;
    *n = t->data->kind == EX_TABLE_ARG ? (int)list->len : 0;
    if (*n > 0 && t->m.def->shape != WINDOW_SHAPE_SESSION)
        return diag_error(b->p->diags, WEIR_E_WINDOW, bind_at(b, t->data->span),
                          "only SESSION takes PARTITION BY; others need none");
    *out = new (b->p->arena, BExpr *, *n);
    return bind_list(b, c, (const Expr *const *)list->data, *n, *out);
}

bool is_table_window(const Binder *b, const TableRef *t)
{
    return t->kind == TABLE_FUNCTION && t->func->kind == EX_CALL &&
           window_function(b, t->func->text);
}

Status bind_table_window(Binder *b, const TableRef *ref, LNode **out, Scope *scope)
{
    Span at = bind_at(b, ref->span);
    TableCall t = {
        .m = {.def = window_function(b, ref->func->text), .span = bind_at(b, ref->func->span)}};
    TableRef data;
    Expr time_name;
    LNode *input;
    Scope in;
    TRY(read_call(b, ref->func, &t));
    TRY(table_of(b, t.data, &data));
    TRY(time_of(b, t.time, &time_name));
    TRY(bind_from(b, &data, &input, &in));
    ExprContext c = {.scope = &in, .props = &input->props, .clause = "a window function"};
    BExpr *time, **partition = NULL;
    int npartition = 0;
    BoundWindow w;
    TRY(window_time_bind(b, &c, t.m.def, &time_name, t.m.span, &time));
    TRY(window_make(b, &c, &t.m, time, &w));
    TRY(bind_partition(b, &c, &t, &partition, &npartition));
    /* Rows of sessions are kept and are the same rows when they come out: what tells them apart goes along. */
    if (t.m.def->shape == WINDOW_SHAPE_SESSION) input = lnode_identified(b->p, input);
    *out = lnode_window(b->p->arena, input, w.spec, w.time, partition, npartition, b->emit_final, at);
    *scope = window_scope(b->p->arena, &in, *out, ref->alias.text);
    return WEIR_OK;
}
