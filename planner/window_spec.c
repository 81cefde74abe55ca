/* window_spec.c: from what was written about a window to its WindowSpec: lengths, units, the time
 * it goes by, and what a kind of window takes and needs. */
#include "planner/window_spec.h"
#include "planner/casts.h"
#include "planner/interval.h"

/* ---- values --------------------------------------------------------------------------------- */

static Status constant_value(Binder *b, const Expr *e, const char *what, BExpr **out)
{
    ExprContext none = {.clause = what};
    TRY(bind_expr(b, &none, e, out));
    if ((*out)->kind == BE_CONST || !b->p->constant) return WEIR_OK;
    Value v;
    TRY(b->p->constant(b->p->callback_arg, *out, b->p->arena, &v, b->p->diags));
    v.type = (*out)->type;
    *out = bexpr_const(b->p->arena, v, (*out)->span);
    return WEIR_OK;
}

static Status not_a(Binder *b, const BExpr *e, const char *what, const char *wanted,
                    const char *hint)
{
    Status st = diag_error(b->p->diags, WEIR_E_WINDOW, e->span, "%s takes %s", what, wanted);
    diag_hint(b->p->diags, "%s", hint);
    return st;
}

static Status duration(Binder *b, const Expr *e, const char *what, Interval *out)
{
    BExpr *v;
    TRY(constant_value(b, e, what, &v));
    if (is_text_literal(v)) TRY(cast_insert(b->p, v, TYPE_OF(TYPE_INTERVAL), &v));
    if (v->kind != BE_CONST || v->value.is_null || v->type.kind != TYPE_INTERVAL)
        return not_a(b, v, what, "a length of time", "write 10 SECONDS or INTERVAL '10' SECOND");
    *out = v->value.iv;
    return WEIR_OK;
}

/* A duration that is not a calendar size. */
static Status duration_us(Binder *b, const Expr *e, const char *what, int64_t min, int64_t *us)
{
    Interval iv;
    TRY(duration(b, e, what, &iv));
    if (!interval_length_us(iv, us))
        return diag_error(b->p->diags, WEIR_E_WINDOW, bind_at(b, e->span),
                          "%s takes a fixed length of time, and months differ", what);
    if (*us >= min) return WEIR_OK;
    return diag_error(b->p->diags, WEIR_E_WINDOW, bind_at(b, e->span), "%s must be %s", what,
                      min > 0 ? "positive" : "zero or more");
}

static Status row_count(Binder *b, const Expr *e, const char *what, int64_t *out)
{
    BExpr *v;
    TRY(constant_value(b, e, what, &v));
    if (v->kind != BE_CONST || v->value.is_null || v->type.kind != TYPE_BIGINT || v->value.i < 1)
        return not_a(b, v, what, "a number of rows from 1 on", "write 100 ROWS");
    *out = v->value.i;
    return WEIR_OK;
}

/* ---- which measures a kind takes ------------------------------------------------------------ */

typedef struct MeasureName {
    unsigned param;
    const char *name, *example;
} MeasureName;
static const MeasureName MEASURE_NAMES[] = {
    {WINDOW_SIZE, "SIZE", "SIZE 10 SECONDS"},
    {WINDOW_ADVANCE, "ADVANCE BY", "ADVANCE BY 2 SECONDS"},
    {WINDOW_STEP, "STEP", "STEP 1 HOUR"},
    {WINDOW_GAP, "GAP", "GAP 30 SECONDS"},
    {WINDOW_ROWS, "SIZE … ROWS", "SIZE 100 ROWS"},
    {WINDOW_TRIGGER, "TRIGGER", "TRIGGER EVERY 100 ROWS"},
    {WINDOW_OFFSET, "OFFSET", "OFFSET 2 SECONDS"},
    {WINDOW_GRACE, "GRACE PERIOD", "GRACE PERIOD 5 SECONDS"},
};

static unsigned given_params(const Measures *m)
{
    unsigned g = 0;
    if (m->size) g |= WINDOW_SIZE;
    if (m->slide || m->slide_rows) g |= WINDOW_ADVANCE;
    if (m->step) g |= WINDOW_STEP;
    if (m->gap) g |= WINDOW_GAP;
    if (m->size_rows) g |= WINDOW_ROWS;
    if (m->trigger || m->trigger_rows) g |= WINDOW_TRIGGER;
    if (m->offset) g |= WINDOW_OFFSET;
    if (m->grace) g |= WINDOW_GRACE;
    return g;
}

static Status takes_no(Binder *b, const Measures *m, const char *what)
{
    return diag_error(b->p->diags, WEIR_E_WINDOW, m->span, "a %s window takes no %s", m->def->name,
                      what);
}

static Status needs(Binder *b, const Measures *m, const MeasureName *n)
{
    Status st = diag_error(b->p->diags, WEIR_E_WINDOW, m->span, "a %s window needs %s",
                           m->def->name, n->name);
    diag_hint(b->p->diags, "add %s", n->example);
    return st;
}

static Status check_params(Binder *b, const Measures *m)
{
    unsigned given = given_params(m), taken = m->def->required | m->def->optional;
    int n = sizeof MEASURE_NAMES / sizeof *MEASURE_NAMES;
    for (int i = 0; i < n; i++)
        if (MEASURE_NAMES[i].param & given & ~taken) return takes_no(b, m, MEASURE_NAMES[i].name);
    for (int i = 0; i < n; i++)
        if (MEASURE_NAMES[i].param & m->def->required & ~given)
            return needs(b, m, &MEASURE_NAMES[i]);
    return m->fill && m->def->shape != WINDOW_SHAPE_PANES ? takes_no(b, m, "FILL") : WEIR_OK;
}

/* ---- sizes ---------------------------------------------------------------------------------- */

static bool is_months(Interval iv)
{
    return iv.months != 0 && iv.days == 0 && iv.us == 0;
}

static bool is_days(Interval iv)
{
    return iv.days != 0 && iv.months == 0 && iv.us == 0;
}

/* Weeks begin on Monday: 1969-12-29, three days before the epoch. */
static bool is_weeks(const Expr *e)
{
    if (!e || e->kind != EX_INTERVAL) return false;
    if (e->unit == IUNIT_WEEK) return true;
    if (e->unit != IUNIT_NONE) return false;
    for (ptrdiff_t i = 0; i + 4 <= e->text.n; i++)
        if (str_istarts(str_of(e->text.p + i, e->text.n - i), S("week"))) return true;
    return false;
}

static Status positive(Binder *b, const Expr *e, const char *what, Interval iv)
{
    bool some = iv.months > 0 || iv.days > 0 || iv.us > 0;
    bool none = iv.months < 0 || iv.days < 0 || iv.us < 0;
    if (some && !none) return WEIR_OK;
    return diag_error(b->p->diags, WEIR_E_WINDOW, bind_at(b, e->span), "%s must be positive", what);
}

static Status mixed_units(Binder *b, const Expr *e, const char *what)
{
    Status st = diag_error(b->p->diags, WEIR_E_WINDOW, bind_at(b, e->span),
                           "%s mixes months with other units", what);
    diag_hint(b->p->diags, "use whole months or years, or a fixed length");
    return st;
}

static Status fixed_length(Binder *b, const Expr *e, const char *what, Interval iv, int64_t *us)
{
    return interval_length_us(iv, us) ? WEIR_OK : mixed_units(b, e, what);
}

static Status set_size(Binder *b, const Measures *m, const Expr *e, const char *what, Interval *iv,
                       WindowSpec *w)
{
    bool calendar = ((m->def->required | m->def->optional) & WINDOW_CALENDAR) != 0;
    TRY(duration(b, e, what, iv));
    TRY(positive(b, e, what, *iv));
    if (calendar && is_months(*iv)) {
        w->size_months = iv->months;
        return WEIR_OK;
    }
    if (calendar && is_days(*iv)) w->size_days = iv->days;
    return fixed_length(b, e, what, *iv, &w->size_us);
}

/* The distance of windows, in the units of their size where both are calendar units. Otherwise a
 * day is 24 hours, except that a cumulating step may divide a calendar size. */
static Status set_slide(Binder *b, const Measures *m, const Expr *e, const char *what,
                        WindowSpec *w)
{
    Interval iv;
    TRY(duration(b, e, what, &iv));
    TRY(positive(b, e, what, iv));
    bool same_months = w->size_months && is_months(iv);
    if (is_months(iv) && !same_months) return mixed_units(b, e, what);
    if (w->size_months && !same_months && !m->step) return mixed_units(b, e, what);
    if (same_months) {
        w->slide_months = iv.months;
        return WEIR_OK;
    }
    if (w->size_days && is_days(iv))
        w->slide_days = iv.days;
    else if (!m->step)
        w->size_days = 0;
    return fixed_length(b, e, what, iv, &w->slide_us);
}

static bool divides(int64_t size, int64_t step)
{
    return step > 0 && size % step == 0;
}

/* A cumulating window ends where a step ends. */
static Status check_step(Binder *b, const Measures *m, const WindowSpec *w)
{
    bool fits = w->size_months ? (w->slide_months ? divides(w->size_months, w->slide_months)
                                                  : divides(us_of_days(1), w->slide_us))
                               : divides(w->size_us, w->slide_us);
    if (fits) return WEIR_OK;
    return diag_error(b->p->diags, WEIR_E_WINDOW, bind_at(b, m->size->span),
                      "SIZE of a %s window must be a multiple of STEP", m->def->name);
}

static Status check_tick(Binder *b, const Measures *m, const WindowSpec *w)
{
    if (w->size_us % w->tick_us == 0 && w->slide_us % w->tick_us == 0) return WEIR_OK;
    return diag_error(b->p->diags, WEIR_E_WINDOW, m->span,
                      "the window is finer than its time column, whose tick is %lld microseconds",
                      (long long)w->tick_us);
}

static Status set_lengths(Binder *b, const Measures *m, WindowSpec *w)
{
    Interval iv;
    if (m->size) TRY(set_size(b, m, m->size, "SIZE", &iv, w));
    if (m->gap) TRY(duration_us(b, m->gap, "GAP", 1, &w->size_us));
    if (m->slide) TRY(set_slide(b, m, m->slide, "ADVANCE BY", w));
    if (m->step) TRY(set_slide(b, m, m->step, "STEP", w));
    if (m->step) TRY(check_step(b, m, w));
    if (m->offset) TRY(duration_us(b, m->offset, "OFFSET", INT64_MIN, &w->offset_us));
    if (is_weeks(m->size)) w->offset_us -= us_of_days(3);
    return check_tick(b, m, w);
}

static Status set_rows(Binder *b, const Measures *m, WindowSpec *w)
{
    if (m->size_rows) {
        TRY(row_count(b, m->size_rows, "SIZE", &w->size_rows));
        w->advance_rows = w->size_rows;
    }
    if (m->slide_rows) TRY(row_count(b, m->slide_rows, "ADVANCE BY", &w->advance_rows));
    if (m->slide && m->size_rows)
        return diag_error(b->p->diags, WEIR_E_WINDOW, bind_at(b, m->slide->span),
                          "ADVANCE BY of a %s window takes a number of rows", m->def->name);
    if (m->trigger_rows) TRY(row_count(b, m->trigger_rows, "TRIGGER EVERY", &w->size_rows));
    if (m->trigger) TRY(duration_us(b, m->trigger, "TRIGGER EVERY", 1, &w->trigger_us));
    return WEIR_OK;
}

/* ---- how much a group keeps ------------------------------------------------------------------ */

enum { PANES_MAX = 10000 }; /* a window is merged from its panes, and a row changes that many windows */

static int64_t gcd(int64_t a, int64_t b)
{
    while (b) {
        int64_t rest = a % b;
        a = b;
        b = rest;
    }
    return a;
}

/* Panes of a group that are there at a time: those of one window. */
static int64_t panes_of(const WindowSpec *w)
{
    enum { DAYS_A_MONTH = 31 };
    if (w->advance_rows) return w->size_rows / gcd(w->size_rows, w->advance_rows);
    int64_t size = w->size_us, slide = w->slide_us;
    if (w->size_months && w->slide_months) {
        size = w->size_months;
        slide = w->slide_months;
    } else if (w->size_months) {
        size = us_of_days(DAYS_A_MONTH) * w->size_months;
    }
    if (slide == 0 || size <= slide) return 1;
    return size % slide ? 2 * (size / slide + 1) : size / slide;
}

static Status check_panes(Binder *b, const Measures *m, const WindowSpec *w)
{
    int64_t n = panes_of(w);
    if (n <= PANES_MAX) return WEIR_OK;
    const Expr *at = m->slide ? m->slide : m->step ? m->step : m->slide_rows;
    diag_error(b->p->diags, WEIR_E_LIMIT, bind_at(b, at->span), "a group would keep %lld panes at a time; at most %d are possible",
               (long long)n, PANES_MAX);
    diag_hint(b->p->diags, "let windows begin less often, or be shorter");
    return WEIR_E_LIMIT;
}

static Str session_time_zone(const Binder *b)
{
    Str zone = b->p->time_zone;
    if (!zone.n) zone = options_text(&b->p->catalog->settings, "time_zone", "");
    return str_ieq(zone, S("UTC")) ? (Str){0} : zone;
}

static Status make_spec(Binder *b, const Measures *m, const BExpr *time, bool by_value,
                        WindowSpec **out)
{
    TRY(check_params(b, m));
    WindowSpec *w = new_one(b->p->arena, WindowSpec);
    w->def = m->def;
    w->time_col = -1;
    w->tick_us = time ? type_tick_us(time->type) : 1;
    w->by_value = by_value;
    w->fill = m->fill;
    if (m->slide_rows && !m->size_rows)
        return diag_error(b->p->diags, WEIR_E_WINDOW, bind_at(b, m->slide_rows->span),
                          "ADVANCE BY … ROWS belongs to a count window");
    TRY(set_rows(b, m, w));
    if (!m->size_rows) TRY(set_lengths(b, m, w));
    TRY(check_panes(b, m, w));
    if (m->grace) TRY(duration_us(b, m->grace, "GRACE PERIOD", 0, &w->grace_us));
    if (m->retention) TRY(duration_us(b, m->retention, "RETENTION", 1, &w->retention_us));
    if (w->size_months || w->size_days) w->time_zone = session_time_zone(b);
    *out = w;
    return WEIR_OK;
}

/* ---- the time of a window ------------------------------------------------------------------- */

static bool is_event_time(const ExprContext *c, const BExpr *time)
{
    return time && time->kind == BE_COLUMN && c->props &&
           (time->col == c->props->time_col || (c->props->other_time >= 0 && time->col == c->props->other_time));
}

static Status check_time_type(Binder *b, const BExpr *time)
{
    if (time->type.kind == TYPE_TIMESTAMP) return WEIR_OK;
    Status st = diag_error(b->p->diags, WEIR_E_WINDOW, time->span,
                           "a window goes by a TIMESTAMP, and this is %.*s",
                           STR_ARG(type_name(time->type, b->p->arena)));
    diag_hint(b->p->diags,
              "declare the column as TIMESTAMP; numbers are read with timestamp_format = "
              "'epoch_ms'");
    return st;
}

/* The relation's own event time; NULL: it has none. */
static BExpr *event_time(Binder *b, const ExprContext *c, Span at)
{
    if (!c->props || c->props->time_col < 0) return NULL;
    for (int i = 0; i < c->scope->ncols; i++)
        if (c->scope->cols[i].col == c->props->time_col)
            return bexpr_column(b->p->arena, c->props->time_col, c->scope->cols[i].type, at);
    return NULL;
}

static bool needs_time(const WindowDef *d)
{
    return d->shape == WINDOW_SHAPE_PANES || d->shape == WINDOW_SHAPE_SESSION ||
           d->shape == WINDOW_SHAPE_SLIDING;
}

static Status no_event_time(Binder *b, Span at)
{
    Status st = diag_error(b->p->diags, WEIR_E_WINDOW, at, "this relation has no event time");
    diag_hint(b->p->diags,
              "declare WATERMARK FOR its time column, select window_time from a windowed "
              "view, or name a column with ON");
    return st;
}

Status window_time_bind(Binder *b, const ExprContext *c, const WindowDef *d, const Expr *written,
                        Span at, BExpr **out)
{
    if (!written) {
        *out = event_time(b, c, at);
        return *out || !needs_time(d) ? WEIR_OK : no_event_time(b, at);
    }
    if (d->shape == WINDOW_SHAPE_GLOBAL)
        return diag_error(b->p->diags, WEIR_E_WINDOW, bind_at(b, written->span),
                          "a global window goes by no time");
    TRY(bind_expr(b, c, written, out));
    return check_time_type(b, *out);
}

Status window_make(Binder *b, const ExprContext *c, const Measures *m, BExpr *time,
                   BoundWindow *out)
{
    bool by_value = needs_time(m->def) && !is_event_time(c, time);
    out->time = m->def->shape == WINDOW_SHAPE_GLOBAL ? NULL : time;
    out->span = m->span;
    return make_spec(b, m, out->time, by_value, &out->spec);
}

/* ---- window functions ----------------------------------------------------------------------- */

const WindowDef *window_function(const Binder *b, Str name)
{
    const WindowDef *d = registry_window(b->p->catalog->registry, name);
    return d && d->table_func && str_ieq(str_z(d->table_func), name) ? d : NULL;
}

int window_durations(const WindowDef *d)
{
    return d->required & (WINDOW_ADVANCE | WINDOW_STEP) ? 2 : 1;
}

Status window_put_durations(Binder *b, const WindowDef *d, const Expr *const *args, int n,
                            Measures *m)
{
    int need = window_durations(d);
    if (n < need || n > need + 1)
        return diag_error(b->p->diags, WEIR_E_WINDOW, m->span, "%s takes %d length%s of time%s",
                          d->table_func, need, need > 1 ? "s" : "",
                          d->optional & WINDOW_OFFSET ? " and an offset" : "");
    if (d->required & WINDOW_ADVANCE) m->slide = args[0];
    if (d->required & WINDOW_STEP) m->step = args[0];
    if (d->required & WINDOW_GAP) m->gap = args[need - 1];
    if (d->required & WINDOW_SIZE) m->size = args[need - 1];
    if (n > need) m->offset = args[need];
    return WEIR_OK;
}
