/* bind_window.c: the WINDOW clause, windows in GROUP BY, and the functions that name their columns.
 *
 * Table functions are in bind_window_table.c; all make their WindowSpec in window_spec.c. */
#include "planner/window_spec.h"

/* ---- WINDOW TUMBLING (…) -------------------------------------------------------------------- */

static Status unknown_window(Binder *b, const Name *name)
{
    const Registry *r = b->p->catalog->registry;
    VEC(Str) names = {0};
    for (const WindowDef *const *l = r->windows; l && *l; l++)
        for (const WindowDef *d = *l; d->name; d++) vec_push(&names, b->p->arena, str_z(d->name));
    Status st = diag_error(b->p->diags, WEIR_E_WINDOW, bind_at(b, name->span),
                           "unknown window \"%.*s\"", STR_ARG(name->text));
    Str near = diag_nearest(name->text, names.data, names.len);
    if (near.n)
        diag_hint(b->p->diags, "did you mean %.*s?", STR_ARG(near));
    else
        diag_hint(b->p->diags,
                  "windows are TUMBLING, HOPPING, CUMULATING, SESSION, SLIDING, COUNT, GLOBAL");
    return st;
}

Status bind_window_clause(Binder *b, const ExprContext *c, const WindowClause *w, BoundWindow *out)
{
    const WindowDef *d = registry_window(b->p->catalog->registry, w->kind.text);
    if (!d) return unknown_window(b, &w->kind);
    Measures m = {.def = d, .span = bind_at(b, w->span), .size = w->size, .slide = w->advance,
                  .step = w->step, .gap = w->gap, .offset = w->offset, .grace = w->grace,
                  .retention = w->retention, .trigger = w->trigger, .size_rows = w->size_rows,
                  .slide_rows = w->advance_rows, .trigger_rows = w->trigger_rows, .fill = w->fill};
    if (w->bare && (d->required & WINDOW_GAP) && !m.gap)
        m.gap = w->bare;
    else if (w->bare && !m.size)
        m.size = w->bare;
    BExpr *time;
    TRY(window_time_bind(b, c, d, w->on, m.span, &time));
    return window_make(b, c, &m, time, out);
}

/* ---- functions ------------------------------------------------------------------------------ */

bool is_group_window(const Binder *b, const Expr *e)
{
    return e->kind == EX_CALL && e->parts.len <= 1 && window_function(b, e->text);
}

static Status bind_function_args(Binder *b, const ExprContext *c, const WindowDef *d, const Expr *e,
                                 BoundWindow *out)
{
    const Expr *const *args = (const Expr *const *)e->args.data;
    int n = (int)e->args.len, first = 0;
    Measures m = {.def = d, .span = bind_at(b, e->span)};
    /* The time may be left out: then it is the event time. */
    const Expr *time_arg = NULL;
    if (n > 0 && (args[0]->kind == EX_COLUMN || args[0]->kind == EX_DESCRIPTOR ||
                  n > window_durations(d) + 1))
        time_arg = args[first++];
    TRY(window_put_durations(b, d, args + first, n - first, &m));
    BExpr *time;
    TRY(window_time_bind(b, c, d, time_arg, m.span, &time));
    return window_make(b, c, &m, time, out);
}

Status bind_group_window(Binder *b, const ExprContext *c, const Expr *e, BoundWindow *out)
{
    return bind_function_args(b, c, window_function(b, e->text), e, out);
}

WindowColumn window_accessor(const Binder *b, const Expr *e, const WindowDef **def)
{
    static const struct {
        Str suffix;
        WindowColumn column;
    } SUFFIXES[] = {
        {{"_start", 6}, WINCOL_START}, {{"_end", 4}, WINCOL_END}, {{"_rowtime", 8}, WINCOL_TIME}};
    if (e->kind != EX_CALL || e->parts.len > 1) return WINCOL_NONE;
    for (int i = 0; i < 3; i++) {
        Str suffix = SUFFIXES[i].suffix;
        if (e->text.n <= suffix.n) continue;
        ptrdiff_t stem = e->text.n - suffix.n;
        if (!str_ieq(str_of(e->text.p + stem, suffix.n), suffix)) continue;
        *def = window_function(b, str_of(e->text.p, stem));
        if (*def) return SUFFIXES[i].column;
    }
    return WINCOL_NONE;
}

bool window_same(const BoundWindow *x, const BoundWindow *y)
{
    const WindowSpec *a = x->spec, *b = y->spec;
    bool same_time = x->time && y->time ? bexpr_eq(x->time, y->time) : x->time == y->time;
    return same_time && a->def == b->def && a->size_us == b->size_us &&
           a->slide_us == b->slide_us && a->size_months == b->size_months &&
           a->slide_months == b->slide_months && a->size_days == b->size_days &&
           a->slide_days == b->slide_days && a->offset_us == b->offset_us;
}
