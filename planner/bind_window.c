/* bind_window.c: a window in any of its spellings becomes one WindowSpec.
 *
 * Each spelling fills a Measures from its own syntax; from there on there is one way. Which
 * measures a kind of window takes is said by its WindowDef. */
#include "planner/bind.h"
#include "planner/casts.h"
#include "planner/interval.h"

/* What was written about a window; NULL: not written. */
typedef struct Measures {
    const WindowDef *def;
    Span span;
    const Expr *size, *slide, *step, *gap, *offset, *grace, *retention, *trigger;
    const Expr *size_rows, *slide_rows, *trigger_rows;
    bool fill;
} Measures;

/* ---- values ------------------------------------------------------------------------------------ */

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

static Status not_a(Binder *b, const BExpr *e, const char *what, const char *wanted, const char *hint)
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

/* ---- which measures a kind takes --------------------------------------------------------------- */

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
    return diag_error(b->p->diags, WEIR_E_WINDOW, m->span, "a %s window takes no %s", m->def->name, what);
}

static Status needs(Binder *b, const Measures *m, const MeasureName *n)
{
    Status st = diag_error(b->p->diags, WEIR_E_WINDOW, m->span, "a %s window needs %s", m->def->name, n->name);
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
        if (MEASURE_NAMES[i].param & m->def->required & ~given) return needs(b, m, &MEASURE_NAMES[i]);
    return m->fill && m->def->shape != WINDOW_SHAPE_PANES ? takes_no(b, m, "FILL") : WEIR_OK;
}

/* ---- sizes ------------------------------------------------------------------------------------- */

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
static Status set_slide(Binder *b, const Measures *m, const Expr *e, const char *what, WindowSpec *w)
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

static Str session_time_zone(const Binder *b)
{
    Str zone = options_text(&b->p->catalog->settings, "time_zone", "");
    return str_ieq(zone, S("UTC")) ? (Str){0} : zone;
}

static Status make_spec(Binder *b, const Measures *m, const BExpr *time, bool by_value, WindowSpec **out)
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
    if (m->grace) TRY(duration_us(b, m->grace, "GRACE PERIOD", 0, &w->grace_us));
    if (m->retention) TRY(duration_us(b, m->retention, "RETENTION", 1, &w->retention_us));
    if (w->size_months || w->size_days) w->time_zone = session_time_zone(b);
    *out = w;
    return WEIR_OK;
}

/* ---- the time of a window ---------------------------------------------------------------------- */

static bool is_event_time(const ExprContext *c, const BExpr *time)
{
    return time && time->kind == BE_COLUMN && c->props && time->col == c->props->time_col;
}

static Status check_time_type(Binder *b, const BExpr *time)
{
    if (time->type.kind == TYPE_TIMESTAMP) return WEIR_OK;
    Status st = diag_error(b->p->diags, WEIR_E_WINDOW, time->span,
                           "a window goes by a TIMESTAMP, and this is %.*s",
                           STR_ARG(type_name(time->type, b->p->arena)));
    diag_hint(b->p->diags, "declare the column as TIMESTAMP; numbers are read with timestamp_format = "
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
    diag_hint(b->p->diags, "declare WATERMARK FOR its time column, select window_time from a windowed "
                           "view, or name a column with ON");
    return st;
}

/* `written`: the time column, NULL: the event time. */
static Status bind_time(Binder *b, const ExprContext *c, const WindowDef *d, const Expr *written, Span at,
                        BExpr **out)
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

static Status finish(Binder *b, const ExprContext *c, const Measures *m, BExpr *time, BoundWindow *out)
{
    bool by_value = needs_time(m->def) && !is_event_time(c, time);
    out->time = m->def->shape == WINDOW_SHAPE_GLOBAL ? NULL : time;
    out->span = m->span;
    return make_spec(b, m, out->time, by_value, &out->spec);
}

/* ---- WINDOW TUMBLING (…) ----------------------------------------------------------------------- */

static Status unknown_window(Binder *b, const Name *name)
{
    const Registry *r = b->p->catalog->registry;
    VEC(Str) names = {0};
    for (const WindowDef *const *l = r->windows; l && *l; l++)
        for (const WindowDef *d = *l; d->name; d++) vec_push(&names, b->p->arena, str_z(d->name));
    Status st = diag_error(b->p->diags, WEIR_E_WINDOW, bind_at(b, name->span), "unknown window \"%.*s\"",
                           STR_ARG(name->text));
    Str near = diag_nearest(name->text, names.data, names.len);
    if (near.n)
        diag_hint(b->p->diags, "did you mean %.*s?", STR_ARG(near));
    else
        diag_hint(b->p->diags, "windows are TUMBLING, HOPPING, CUMULATING, SESSION, SLIDING, COUNT, GLOBAL");
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
    TRY(bind_time(b, c, d, w->on, m.span, &time));
    return finish(b, c, &m, time, out);
}

/* ---- functions --------------------------------------------------------------------------------- */

static const WindowDef *window_function(const Binder *b, Str name)
{
    const WindowDef *d = registry_window(b->p->catalog->registry, name);
    return d && d->table_func && str_ieq(str_z(d->table_func), name) ? d : NULL;
}

/* Number of durations a window function must have, its optional offset not counted. */
static int durations_of(const WindowDef *d)
{
    return d->required & (WINDOW_ADVANCE | WINDOW_STEP) ? 2 : 1;
}

/* (slide, size), (step, size), (gap) or (size), and an offset. */
static Status put_durations(Binder *b, const WindowDef *d, const Expr *const *args, int n, Measures *m)
{
    int need = durations_of(d);
    if (n < need || n > need + 1)
        return diag_error(b->p->diags, WEIR_E_WINDOW, m->span, "%s takes %d length%s of time%s", d->table_func,
                          need, need > 1 ? "s" : "", d->optional & WINDOW_OFFSET ? " and an offset" : "");
    if (d->required & WINDOW_ADVANCE) m->slide = args[0];
    if (d->required & WINDOW_STEP) m->step = args[0];
    if (d->required & WINDOW_GAP) m->gap = args[need - 1];
    if (d->required & WINDOW_SIZE) m->size = args[need - 1];
    if (n > need) m->offset = args[need];
    return WEIR_OK;
}

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
    if (n > 0 && (args[0]->kind == EX_COLUMN || args[0]->kind == EX_DESCRIPTOR || n > durations_of(d) + 1))
        time_arg = args[first++];
    TRY(put_durations(b, d, args + first, n - first, &m));
    BExpr *time;
    TRY(bind_time(b, c, d, time_arg, m.span, &time));
    return finish(b, c, &m, time, out);
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
    } SUFFIXES[] = {{{"_start", 6}, WINCOL_START}, {{"_end", 4}, WINCOL_END}, {{"_rowtime", 8}, WINCOL_TIME}};
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
    return same_time && a->def == b->def && a->size_us == b->size_us && a->slide_us == b->slide_us &&
           a->size_months == b->size_months && a->slide_months == b->slide_months &&
           a->size_days == b->size_days && a->slide_days == b->slide_days && a->offset_us == b->offset_us;
}

/* ---- TABLE(TUMBLE(TABLE bid, DESCRIPTOR(ts), …)) ------------------------------------------------ */

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
    Status st = diag_error(b->p->diags, WEIR_E_NAME, bind_at(b, name->span), "%s has no argument \"%.*s\"",
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
        return put_durations(b, t->m.def, t->durations.data, (int)t->durations.len, &t->m);
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
    return diag_error(b->p->diags, WEIR_E_WINDOW, bind_at(b, data->span), "a window function takes TABLE t");
}

/* DESCRIPTOR(ts) as the column it names. */
static Status time_of(Binder *b, const Expr *e, Expr *out)
{
    *out = *e;
    if (e->kind == EX_COLUMN) return WEIR_OK;
    out->kind = EX_COLUMN;
    if (e->kind == EX_DESCRIPTOR && e->parts.len == 1) return WEIR_OK;
    return diag_error(b->p->diags, WEIR_E_WINDOW, bind_at(b, e->span), "a window goes by one column: DESCRIPTOR(ts)");
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
        s.cols[in->ncols + i] = (ScopeColumn){.table = table, .name = n->fields[col].name, .col = col,
                                              .type = n->fields[col].type};
    }
    return s;
}

static Status bind_partition(Binder *b, const ExprContext *c, const TableCall *t, BExpr ***out, int *n)
{
    *n = t->data->kind == EX_TABLE_ARG ? (int)t->data->args.len : 0;
    if (*n > 0 && t->m.def->shape != WINDOW_SHAPE_SESSION)
        return diag_error(b->p->diags, WEIR_E_WINDOW, bind_at(b, t->data->span),
                          "only SESSION takes PARTITION BY; others need none");
    *out = new (b->p->arena, BExpr *, *n);
    return bind_list(b, c, (const Expr *const *)t->data->args.data, *n, *out);
}

bool is_table_window(const Binder *b, const TableRef *t)
{
    return t->kind == TABLE_FUNCTION && t->func->kind == EX_CALL && window_function(b, t->func->text);
}

Status bind_table_window(Binder *b, const TableRef *ref, LNode **out, Scope *scope)
{
    Span at = bind_at(b, ref->span);
    TableCall t = {.m = {.def = window_function(b, ref->func->text), .span = bind_at(b, ref->func->span)}};
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
    TRY(bind_time(b, &c, t.m.def, &time_name, t.m.span, &time));
    TRY(finish(b, &c, &t.m, time, &w));
    TRY(bind_partition(b, &c, &t, &partition, &npartition));
    *out = lnode_window(b->p->arena, input, w.spec, w.time, partition, npartition, at);
    *scope = window_scope(b->p->arena, &in, *out, ref->alias.text);
    return WEIR_OK;
}
