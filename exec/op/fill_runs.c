/* fill_runs.c: see fill.h. */
#include "exec/op/fill.h"

#include "base/datetime.h"

static Str time_text(const Fill *f, int64_t us, Arena *a)
{
    char text[TIME_TEXT_MAX];
    const PhysOp *p = f->agg->op.plan;
    int n = timestamp_print(us, p->fields[p->nkeys].type.precision, text);
    return str_dup(a, str_of(text, n));
}

static void list_run(const Fill *f, TimeSpan run, bool is_there)
{
    OpContext *c = f->agg->op.ctx;
    if (!c->on_fault) return;
    Arena *a = c->epoch_scratch;
    Str from = time_text(f, run.start, a), to = time_text(f, run.end, a);
    Str key = str_printf(a, "['%.*s', '%.*s']", STR_ARG(from), STR_ARG(to));
    Str what = str_printf(a, "FILL leaves out a run of more than %d windows without rows", FILL_RUN_MAX);
    c->on_fault(c, is_there, key, S("window_end"), WEIR_E_LIMIT, what);
}

static bool has_run(const TimeSpan *list, ptrdiff_t n, TimeSpan run)
{
    for (ptrdiff_t i = 0; i < n; i++)
        if (list[i].start == run.start && list[i].end == run.end) return true;
    return false;
}

void fill_add_run(Fill *f, TimeSpan run)
{
    if (has_run(f->runs.data, f->runs.len, run)) return;
    vec_push(&f->runs, f->agg->op.arena, run);
    f->are_runs_new = true;
    list_run(f, run, true);
}

static void drop_run(Fill *f, ptrdiff_t at)
{
    list_run(f, f->runs.data[at], false);
    f->runs.data[at] = f->runs.data[--f->runs.len];
    f->are_runs_new = true;
}

void fill_set_runs(Fill *f, const TimeSpan *open, int n)
{
    for (ptrdiff_t i = f->runs.len - 1; i >= 0; i--) {
        bool is_closed = f->has_last && f->runs.data[i].end <= f->last.end;
        if (!is_closed && !has_run(open, n, f->runs.data[i])) drop_run(f, i);
    }
    for (int i = 0; i < n; i++) fill_add_run(f, open[i]);
}

void fill_expire_runs(Fill *f)
{
    int64_t now = f->agg->op.ctx->data_watermark, gone;
    int64_t retention = f->agg->window->retention_us;
    if (!f->runs.len || !retention || now == INT64_MIN || __builtin_sub_overflow(now, retention, &gone)) return;
    for (ptrdiff_t i = f->runs.len - 1; i >= 0; i--)
        if (f->runs.data[i].end <= gone) drop_run(f, i);
}

void fill_save_runs(Fill *f, StateWriter *w, bool all)
{
    if (!f->are_runs_new && !(all && f->runs.len)) return;
    f->are_runs_new = false;
    state_put(w, S("f.runs"), (Str){0}, str_of((const char *)f->runs.data, f->runs.len * (ptrdiff_t)sizeof *f->runs.data));
}

Status fill_load_runs(Fill *f, Str value)
{
    if (value.n % (ptrdiff_t)sizeof *f->runs.data) return WEIR_E_CORRUPT;
    f->runs.len = 0;
    for (ptrdiff_t i = 0; i < value.n; i += (ptrdiff_t)sizeof *f->runs.data) {
        TimeSpan run;
        memcpy(&run, value.p + i, sizeof run);
        vec_push(&f->runs, f->agg->op.arena, run);
    }
    return WEIR_OK;
}
