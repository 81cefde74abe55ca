/* explain.c: what a plan says about itself: the facts of each operator. */
#include "planner/explain_facts.h"

#include <assert.h>
#include <string.h>

/* ---- collecting -------------------------------------------------------------------------------- */

/* One operator on its way to facts. */
typedef struct Telling {
    const PhysPlan *plan;
    const PhysOp *op;
    Arena *arena;
    OpFacts *out;
    bool in_props;
} Telling;

static void tell_items(Telling *t, const char *key, Str *items, int32_t n, bool is_list)
{
    if (n > 0) vec_push(&t->out->facts, t->arena, (Fact){key, items, n, is_list, t->in_props});
}

static void tell(Telling *t, const char *key, Str text)
{
    if (text.n == 0) return;
    Str *item = new_one(t->arena, Str);
    *item = text;
    tell_items(t, key, item, 1, false);
}

/* ---- names and expressions --------------------------------------------------------------------- */

static Str field_name(const PhysOp *op, int32_t i, Arena *a)
{
    assert(i >= 0 && i < op->nfields);
    return op->fields[i].name.n ? op->fields[i].name : str_printf(a, "#%d", i + 1);
}

static Str *field_names(const PhysOp *op, Arena *a)
{
    Str *names = new (a, Str, op->nfields);
    for (int32_t i = 0; i < op->nfields; i++) names[i] = field_name(op, i, a);
    return names;
}

/* Names of the columns `cols` of an operator. */
static Str *names_of(const PhysOp *op, const int32_t *cols, int32_t n, Arena *a)
{
    Str *names = new (a, Str, n);
    for (int32_t i = 0; i < n; i++) names[i] = field_name(op, cols[i], a);
    return names;
}

static Str expr_text(const BExpr *e, const PhysOp *over, Arena *a)
{
    StrBuf b = {.arena = a};
    bexpr_print(&b, e, field_names(over, a));
    return sb_done(&b);
}

static Str projected(const PhysOp *op, int32_t i, Arena *a)
{
    Str text = expr_text(op->exprs[i], op->inputs[0], a);
    Str name = field_name(op, i, a);
    return str_eq(text, name) ? name : str_printf(a, "%.*s AS %.*s", STR_ARG(text), STR_ARG(name));
}

static Str *typed_fields(const PhysOp *op, Arena *a)
{
    Str *items = new (a, Str, op->nfields);
    for (int32_t i = 0; i < op->nfields; i++) {
        Str type = type_name(op->fields[i].type, a);
        items[i] = str_printf(a, "%.*s %.*s", STR_ARG(field_name(op, i, a)), STR_ARG(type));
    }
    return items;
}

static bool reads_clock(const BExpr *e)
{
    if (bexpr_is_call(e, "proctime")) return true;
    for (int32_t i = 0; i < e->nargs; i++)
        if (reads_clock(e->args[i])) return true;
    return false;
}

static bool any_reads_clock(BExpr *const *exprs, int32_t n)
{
    for (int32_t i = 0; i < n; i++)
        if (reads_clock(exprs[i])) return true;
    return false;
}

/* ---- windows in words -------------------------------------------------------------------------- */

typedef struct DurationUnit {
    int64_t us;
    const char *name;
} DurationUnit;

static const DurationUnit UNITS[] = {
    {3600000000LL, "hour"}, {60000000, "minute"}, {1000000, "second"},
    {1000, "millisecond"},  {1, "microsecond"},
};

static void count_of(StrBuf *b, int64_t n, const char *what)
{
    sb_printf(b, "%s%lld %s%s", b->n ? " " : "", (long long)n, what, n == 1 || n == -1 ? "" : "s");
}

static void print_us(StrBuf *b, int64_t us)
{
    for (size_t i = 0; i < sizeof UNITS / sizeof *UNITS; i++) {
        int64_t n = us / UNITS[i].us;
        if (n != 0) count_of(b, n, UNITS[i].name);
        us -= n * UNITS[i].us;
    }
}

Str explain_duration(int64_t us, Arena *a)
{
    StrBuf b = {.arena = a};
    print_us(&b, us);
    if (b.n == 0) sb_lit(&b, "0 seconds");
    return sb_done(&b);
}

/* A size that may be counted in calendar units. */
static Str calendar_size(int32_t months, int32_t days, int64_t us, Arena *a)
{
    StrBuf b = {.arena = a};
    if (months) count_of(&b, months, "month");
    if (days) count_of(&b, days, "day");
    print_us(&b, us);
    return sb_done(&b);
}

static void window_panes(StrBuf *b, const WindowSpec *w)
{
    Str size = calendar_size(w->size_months, w->size_days, w->size_us, b->arena);
    Str slide = calendar_size(w->slide_months, w->slide_days, w->slide_us, b->arena);
    sb_printf(b, "%s of %.*s", w->def->name, STR_ARG(size));
    bool steps = ((w->def->required | w->def->optional) & (WINDOW_ADVANCE | WINDOW_STEP)) != 0;
    if (!steps || slide.n == 0) return;
    bool grows = (w->def->required & WINDOW_STEP) != 0;
    sb_printf(b, grows ? ", growing by %.*s" : ", every %.*s", STR_ARG(slide));
}

static void window_rows(StrBuf *b, const WindowSpec *w)
{
    sb_printf(b, "the last %lld rows", (long long)w->size_rows);
    if (w->advance_rows == 1)
        sb_lit(b, ", every row");
    else if (w->advance_rows > 1)
        sb_printf(b, ", every %lld rows", (long long)w->advance_rows);
}

static void window_global(StrBuf *b, const WindowSpec *w)
{
    sb_lit(b, "global");
    if (w->size_rows) sb_printf(b, ", shown every %lld rows", (long long)w->size_rows);
    if (w->trigger_us) {
        Str every = explain_duration(w->trigger_us, b->arena);
        sb_printf(b, ", shown every %.*s", STR_ARG(every));
    }
}

static void window_shape(StrBuf *b, const WindowSpec *w)
{
    Str size = explain_duration(w->size_us, b->arena);
    switch (w->def->shape) {
    case WINDOW_SHAPE_PANES: window_panes(b, w); break;
    case WINDOW_SHAPE_SESSION: sb_printf(b, "session with a gap of %.*s", STR_ARG(size)); break;
    case WINDOW_SHAPE_SLIDING: sb_printf(b, "sliding over %.*s", STR_ARG(size)); break;
    case WINDOW_SHAPE_COUNT: window_rows(b, w); break;
    case WINDOW_SHAPE_GLOBAL: window_global(b, w); break;
    }
}

static Str window_text(const WindowSpec *w, const PhysOp *over, Arena *a)
{
    StrBuf b = {.arena = a};
    window_shape(&b, w);
    bool by_time = w->def->shape != WINDOW_SHAPE_COUNT && w->def->shape != WINDOW_SHAPE_GLOBAL;
    if (w->time_col >= 0 && by_time) {
        Str on = field_name(over, w->time_col, a);
        sb_printf(&b, " on %.*s", STR_ARG(on));
    }
    if (w->offset_us) {
        Str by = explain_duration(w->offset_us, a);
        sb_printf(&b, ", shifted by %.*s", STR_ARG(by));
    }
    if (w->time_zone.n) sb_printf(&b, ", days of %.*s", STR_ARG(w->time_zone));
    if (w->by_value) sb_lit(&b, ", by value: nothing is late, nothing closes");
    return sb_done(&b);
}

static bool closes_by_watermark(const WindowSpec *w)
{
    return !w->by_value && w->def->shape != WINDOW_SHAPE_COUNT && w->def->shape != WINDOW_SHAPE_GLOBAL;
}

static Str closing_text(const WindowSpec *w, Arena *a)
{
    if (!closes_by_watermark(w)) return (Str){0};
    if (w->grace_us == 0) return S("when the watermark reaches its end");
    Str grace = explain_duration(w->grace_us, a);
    return str_printf(a, "when the watermark is %.*s past its end", STR_ARG(grace));
}

static void tell_window(Telling *t)
{
    const WindowSpec *w = t->op->window;
    if (!w) return;
    tell(t, "window", window_text(w, t->op->inputs[0], t->arena));
    tell(t, "closes", closing_text(w, t->arena));
    if (w->retention_us) {
        Str kept = explain_duration(w->retention_us, t->arena);
        tell(t, "retention", str_printf(t->arena, "%.*s after closing", STR_ARG(kept)));
    }
    if (w->fill) tell(t, "fill", S("empty windows are written"));
    if (w->def->shape == WINDOW_SHAPE_COUNT || w->def->shape == WINDOW_SHAPE_GLOBAL)
        tell(t, "order", S("arrival"));
}

/* ---- kinds of operators ------------------------------------------------------------------------ */

static void tell_columns(Telling *t)
{
    tell_items(t, "columns", typed_fields(t->op, t->arena), t->op->nfields, true);
}

static void tell_watermark(Telling *t, const Relation *r)
{
    const WatermarkDef *w = &r->watermark;
    if (w->col < 0) return;
    Str name = r->cols[w->col].name;
    Str delay = explain_duration(w->delay_us, t->arena);
    tell(t, "watermark",
         w->delay_us ? str_printf(t->arena, "%.*s - %.*s", STR_ARG(name), STR_ARG(delay)) : name);
}

static void tell_scan(Telling *t)
{
    const Relation *r = t->op->rel;
    tell_columns(t);
    if (t->op->scan_filter) tell(t, "filter", expr_text(t->op->scan_filter, t->op, t->arena));
    tell_watermark(t, r);
    Str connector = options_text(&r->options, "connector", "INSERT");
    tell(t, "source", str_printf(t->arena, "%.*s, one scan for all queries over %.*s",
                                 STR_ARG(connector), STR_ARG(r->name)));
}

static void tell_view_input(Telling *t)
{
    tell_columns(t);
}

static void tell_values(Telling *t)
{
    tell_columns(t);
    tell(t, "rows", str_printf(t->arena, "%d", t->op->nrows));
}

static void tell_upsert(Telling *t)
{
    tell(t, "order", S("of a key's rows the one of the greatest position counts"));
}

static void tell_filter(Telling *t)
{
    tell(t, "where", expr_text(t->op->pred, t->op->inputs[0], t->arena));
}

static void tell_project(Telling *t)
{
    const PhysOp *op = t->op;
    Str *items = new (t->arena, Str, op->nfields);
    for (int32_t i = 0; i < op->nfields; i++) items[i] = projected(op, i, t->arena);
    tell_items(t, "output", items, op->nfields, true);
    if (any_reads_clock(op->exprs, op->nfields)) tell(t, "order", S("arrival"));
}

static void agg_order(StrBuf *b, const AggCall *c, const PhysOp *over)
{
    for (int32_t i = 0; i < c->norder; i++) {
        const OrderKey *k = &c->order[i];
        Str name = field_name(over, k->col, b->arena);
        sb_printf(b, "%s%.*s%s", i ? ", " : " ORDER BY ", STR_ARG(name), k->descending ? " DESC" : "");
    }
}

/* The call in SQL, made up where the planner left no text. */
static Str agg_text(const AggCall *c, const PhysOp *over, Arena *a)
{
    if (c->text.n) return c->text;
    StrBuf b = {.arena = a};
    sb_printf(&b, "%s(%s", c->def->name, c->distinct ? "DISTINCT " : "");
    if (c->nargs == 0 && (c->def->flags & AGG_STAR)) sb_char(&b, '*');
    for (int32_t i = 0; i < c->nargs; i++) {
        if (i) sb_lit(&b, ", ");
        sb_str(&b, field_name(over, c->args[i], a));
    }
    agg_order(&b, c, over);
    sb_char(&b, ')');
    if (c->filter >= 0) {
        Str filter = field_name(over, c->filter, a);
        sb_printf(&b, " FILTER (WHERE %.*s)", STR_ARG(filter));
    }
    return sb_done(&b);
}

static void tell_aggregate(Telling *t)
{
    const PhysOp *op = t->op, *in = op->inputs[0];
    tell_items(t, "group by", names_of(in, op->keys, op->nkeys, t->arena), op->nkeys, true);
    Str *items = new (t->arena, Str, op->naggs);
    for (int32_t i = 0; i < op->naggs; i++) items[i] = agg_text(&op->aggs[i], in, t->arena);
    tell_items(t, "aggregates", items, op->naggs, true);
    tell_window(t);
    if (!op->window && op->key_window_end >= 0) {
        Str end = field_name(in, op->keys[op->key_window_end], t->arena);
        tell(t, "closes", str_printf(t->arena, "when the watermark reaches %.*s", STR_ARG(end)));
    }
    tell(t, "emits", op->emit_final ? S("final") : S("changes"));
    if (op->input_retracts) tell(t, "input", S("retracts"));
}

/* ---- joins ------------------------------------------------------------------------------------- */

static const char *join_word(JoinKind k)
{
    static const char *const WORDS[] = {[JOIN_INNER] = "inner", [JOIN_LEFT] = "left", [JOIN_RIGHT] = "right",
                                        [JOIN_FULL] = "full",   [JOIN_SEMI] = "semi", [JOIN_ANTI] = "anti"};
    return WORDS[k];
}

static const char *match_word(const JoinSpec *j)
{
    static const char *const WORDS[] = {[JOIN_REGULAR] = "regular",   [JOIN_INTERVAL] = "interval",
                                        [JOIN_WINDOW] = "window",     [JOIN_ASOF] = "asof",
                                        [JOIN_TEMPORAL] = "temporal", [JOIN_LOOKUP] = "lookup"};
    return j->match == JOIN_REGULAR && j->nkeys == 0 && !j->residual ? "cross" : WORDS[j->match];
}

/* A name that both sides have is told apart by l and r. */
static Str *pair_names(const PhysOp *op, Arena *a)
{
    const PhysOp *l = op->inputs[0], *r = op->inputs[1];
    int32_t n = l->nfields + r->nfields;
    Str *plain = new (a, Str, n), *names = new (a, Str, n);
    for (int32_t i = 0; i < n; i++)
        plain[i] = i < l->nfields ? field_name(l, i, a) : field_name(r, i - l->nfields, a);
    for (int32_t i = 0; i < n; i++) {
        bool is_left = i < l->nfields, is_twice = false;
        for (int32_t k = is_left ? l->nfields : 0; k < (is_left ? n : l->nfields); k++)
            is_twice |= str_ieq(plain[i], plain[k]);
        names[i] = is_twice ? str_printf(a, "%s.%.*s", is_left ? "l" : "r", STR_ARG(plain[i])) : plain[i];
    }
    return names;
}

static void tell_join_keys(Telling *t, const Str *names)
{
    const JoinSpec *j = t->op->join;
    int32_t nleft = t->op->inputs[0]->nfields;
    Str *items = new (t->arena, Str, j->nkeys);
    for (int32_t i = 0; i < j->nkeys; i++)
        items[i] = str_printf(t->arena, "%.*s %s %.*s", STR_ARG(names[j->left_keys[i]]),
                              j->null_safe[i] ? "IS NOT DISTINCT FROM" : "=", STR_ARG(names[nleft + j->right_keys[i]]));
    tell_items(t, "on", items, j->nkeys, true);
}

/* "r.ts + 10 minutes" */
static Str time_and(Str time, int64_t us, Arena *a)
{
    if (us == 0) return time;
    Str d = explain_duration(us < 0 ? -us : us, a);
    return str_printf(a, "%.*s %c %.*s", STR_ARG(time), us < 0 ? '-' : '+', STR_ARG(d));
}

static void tell_join_time(Telling *t, const Str *names)
{
    static const char *const OPS[] = {[ASOF_GE] = ">=", [ASOF_GT] = ">", [ASOF_LE] = "<=", [ASOF_LT] = "<"};
    const JoinSpec *j = t->op->join;
    Arena *a = t->arena;
    if (j->left_time < 0 || j->right_time < 0) return;
    Str l = names[j->left_time], r = names[t->op->inputs[0]->nfields + j->right_time];
    if (j->match == JOIN_ASOF)
        tell(t, "nearest", str_printf(a, "%.*s %s %.*s", STR_ARG(l), OPS[j->asof], STR_ARG(r)));
    if (j->match != JOIN_INTERVAL) return;
    Str low = time_and(r, -j->before_us, a), high = time_and(r, j->after_us, a);
    if (j->before_us == 0 && j->after_us == 0)
        tell(t, "bound", str_printf(a, "%.*s = %.*s", STR_ARG(l), STR_ARG(r)));
    else
        tell(t, "bound", str_printf(a, "%.*s BETWEEN %.*s AND %.*s", STR_ARG(l), STR_ARG(low), STR_ARG(high)));
}

static void tell_join_residual(Telling *t, const Str *names)
{
    StrBuf b = {.arena = t->arena};
    if (!t->op->join->residual) return;
    bexpr_print(&b, t->op->join->residual, names);
    tell(t, "and", sb_done(&b));
}

static Str retracting_sides(const JoinSpec *j)
{
    if (j->left_retracts) return j->right_retracts ? S("both sides retract") : S("left retracts");
    return j->right_retracts ? S("right retracts") : S("");
}

static void tell_join(Telling *t)
{
    const JoinSpec *j = t->op->join;
    Str *names = pair_names(t->op, t->arena);
    tell(t, "kind", str_printf(t->arena, "%s, %s", join_word(j->kind), match_word(j)));
    tell_join_keys(t, names);
    tell_join_time(t, names);
    tell_join_residual(t, names);
    if (j->key_window_end >= 0)
        tell(t, "closes", str_printf(t->arena, "when the watermark reaches %.*s", STR_ARG(names[j->left_keys[j->key_window_end]])));
    tell(t, "emits", j->emit_final ? S("final") : S("changes"));
    tell(t, "input", retracting_sides(j));
}

/* ---- OVER, Top-N, set operations --------------------------------------------------------------- */

/* The first n columns of an order. */
static Str *order_texts(const OrderKey *order, int32_t n, const PhysOp *over, Arena *a)
{
    Str *items = new (a, Str, n);
    for (int32_t i = 0; i < n; i++) {
        const OrderKey *k = &order[i];
        Str name = field_name(over, k->col, a);
        const char *nulls = k->nulls_first != k->descending ? "" : k->nulls_first ? " NULLS FIRST" : " NULLS LAST";
        items[i] = str_printf(a, "%.*s%s%s", STR_ARG(name), k->descending ? " DESC" : "", nulls);
    }
    return items;
}

static void tell_partition(Telling *t)
{
    const PhysOp *op = t->op, *in = op->inputs[0];
    const RankSpec *r = op->ranks;
    tell_items(t, "partition by", names_of(in, op->keys, op->nkeys, t->arena), op->nkeys, true);
    tell_items(t, "order by", order_texts(r->order, r->npeer, in, t->arena), r->npeer, true);
    int32_t rest = r->norder - r->npeer;
    tell_items(t, "ties by", order_texts(r->order + r->npeer, rest, in, t->arena), rest, true);
    if (rest == 0 && in->props.has_position && in->props.is_append_only) tell(t, "ties by", S("position"));
}

static void tell_key_window(Telling *t, const Str *end)
{
    if (end) tell(t, "closes", str_printf(t->arena, "when the watermark reaches %.*s", STR_ARG(*end)));
    tell(t, "emits", t->op->emit_final ? S("final") : S("changes"));
    if (t->op->input_retracts) tell(t, "input", S("retracts"));
}

static void tell_rank_window(Telling *t)
{
    const PhysOp *op = t->op;
    Str end;
    if (op->key_window_end >= 0) end = field_name(op->inputs[0], op->keys[op->key_window_end], t->arena);
    tell_key_window(t, op->key_window_end >= 0 ? &end : NULL);
}

static void tell_over(Telling *t)
{
    const PhysOp *op = t->op;
    tell_partition(t);
    Str *items = new (t->arena, Str, op->novers);
    for (int32_t i = 0; i < op->novers; i++) items[i] = op->overs[i].text;
    tell_items(t, "calls", items, op->novers, true);
    tell_rank_window(t);
}

/* A session keeps its rows. */
static void tell_table_window(Telling *t)
{
    tell_window(t);
    if (!t->op->ranks) return;
    tell_partition(t);
    tell(t, "emits", t->op->emit_final ? S("final") : S("changes"));
}

static Str kept_ranks(const RankSpec *r, Arena *a)
{
    static const char *const NAMES[] = {
        [TOP_ROW_NUMBER] = "row_number", [TOP_RANK] = "rank", [TOP_DENSE_RANK] = "dense_rank"};
    long long first = r->offset + 1, last = r->limit < 0 ? -1 : r->offset + r->limit;
    if (last < 0) return str_printf(a, "%s >= %lld", NAMES[r->rank], first);
    if (first == last) return str_printf(a, "%s = %lld", NAMES[r->rank], first);
    if (first == 1) return str_printf(a, "%s <= %lld", NAMES[r->rank], last);
    return str_printf(a, "%s BETWEEN %lld AND %lld", NAMES[r->rank], first, last);
}

static void tell_topn(Telling *t)
{
    tell_partition(t);
    tell(t, "keeps", kept_ranks(t->op->ranks, t->arena));
    if (t->op->ranks->shows_rank) tell(t, "shows", S("rank"));
    tell_rank_window(t);
}

static void tell_setop(Telling *t)
{
    const PhysOp *op = t->op;
    static const char *const NAMES[][2] = {[SETOP_INTERSECT] = {"INTERSECT", "INTERSECT ALL"},
                                           [SETOP_EXCEPT] = {"EXCEPT", "EXCEPT ALL"}};
    tell(t, "operation", str_z(NAMES[op->set][op->set_all]));
    Str end;
    if (op->key_window_end >= 0) end = field_name(op, op->key_window_end, t->arena);
    tell_key_window(t, op->key_window_end >= 0 ? &end : NULL);
}

static void tell_unnest(Telling *t)
{
    const PhysOp *op = t->op;
    tell(t, "list", expr_text(op->unnest, op->inputs[0], t->arena));
    if (op->unnest_outer) tell(t, "keeps", S("rows without elements"));
    if (op->unnest_ordinality) tell(t, "shows", S("ordinality"));
}

static void tell_contenders(Telling *t)
{
    const PhysOp *op = t->op, *in = op->inputs[0];
    const ContendSpec *c = op->contend;
    Str value = field_name(in, c->value, t->arena);
    tell(t, "keeps", str_printf(t->arena, "%.*s %s %.*s so far", STR_ARG(value), c->is_least ? "<=" : ">=", STR_ARG(c->text)));
    tell_items(t, "group by", names_of(in, c->keys, c->nkeys, t->arena), c->nkeys, true);
    tell(t, "window", window_text(c->window, in, t->arena));
}

static void tell_nothing(Telling *t)
{
    (void)t;
}

static void tell_output(Telling *t)
{
    tell_columns(t);
    if (t->plan->limit >= 0) tell(t, "limit", str_printf(t->arena, "%lld", (long long)t->plan->limit));
}

static void tell_view(Telling *t)
{
    tell_columns(t);
    tell(t, "emits", t->op->rel && t->op->rel->emit_final ? S("final") : S("changes"));
}

typedef struct KindWords {
    const char *name;
    void (*tell)(Telling *t);
} KindWords;

static const KindWords KINDS[] = {
    [PHYS_SCAN] = {"Scan", tell_scan},
    [PHYS_VIEW_INPUT] = {"View Input", tell_view_input},
    [PHYS_VALUES] = {"Values", tell_values},
    [PHYS_TABLE] = {"Statements", tell_columns},
    [PHYS_UPSERT] = {"Upsert", tell_upsert},
    [PHYS_FILTER] = {"Filter", tell_filter},
    [PHYS_PROJECT] = {"Project", tell_project},
    [PHYS_WINDOW] = {"Window", tell_table_window},
    [PHYS_AGGREGATE] = {"Aggregate", tell_aggregate},
    [PHYS_UNION] = {"Union", tell_nothing},
    [PHYS_JOIN] = {"Join", tell_join},
    [PHYS_OVER] = {"Over", tell_over},
    [PHYS_TOPN] = {"Top-N", tell_topn},
    [PHYS_SETOP] = {"Set Operation", tell_setop},
    [PHYS_UNNEST] = {"Unnest", tell_unnest},
    [PHYS_CONTEND] = {"Contenders", tell_contenders},
    [PHYS_VIEW] = {"Materialized View", tell_view},
    [PHYS_OUTPUT] = {"Output", tell_output},
};

static void tell_props(Telling *t)
{
    const Props *p = &t->op->props;
    t->in_props = true;
    tell(t, "changes", p->is_append_only ? S("append-only") : S("retracts"));
    if (p->time_col >= 0) tell(t, "event time", field_name(t->op, p->time_col, t->arena));
    tell_items(t, "key", names_of(t->op, p->key, p->nkey, t->arena), p->nkey, true);
    tell(t, "state", p->state_bound);
}

const char *explain_kind(const PhysOp *op)
{
    return op->kind == PHYS_VIEW && op->rel->kind == REL_TABLE ? "Table" : KINDS[op->kind].name;
}

void explain_facts(const Explained *e, const PhysOp *op, Arena *a, OpFacts *out)
{
    *out = (OpFacts){.kind = explain_kind(op)};
    if (op->rel) out->subject = op->rel->name;
    Telling t = {.plan = e->plan, .op = op, .arena = a, .out = out};
    KINDS[op->kind].tell(&t);
    tell_props(&t);
    explain_actual(e->actual ? &e->actual[op->id] : NULL, a, out);
}

Str explain_detail(const PhysPlan *plan, const PhysOp *op, Arena *a)
{
    OpFacts facts;
    StrBuf b = {.arena = a};
    explain_facts(&(Explained){plan, NULL}, op, a, &facts);
    sb_str(&b, facts.subject);
    for (ptrdiff_t i = 0; i < facts.facts.len; i++) {
        const Fact *f = &facts.facts.data[i];
        if (f->is_property || !strcmp(f->key, "columns")) continue;
        sb_printf(&b, "%s%s: ", b.n ? "; " : "", f->key);
        for (int32_t k = 0; k < f->n; k++) sb_printf(&b, "%s%.*s", k ? ", " : "", STR_ARG(f->items[k]));
    }
    return sb_done(&b);
}

void explain_plan(const PhysPlan *plan, ExplainFormat f, const OpActual *actual, StrBuf *out)
{
    Explained e = {plan, actual};
    assert(plan->nops > 0);
    switch (f) {
    case EXPLAIN_TEXT: explain_as_text(&e, out); break;
    case EXPLAIN_JSON: explain_as_json(&e, out); break;
    case EXPLAIN_DOT: explain_as_dot(&e, out); break;
    case EXPLAIN_SVG: explain_as_svg(&e, out); break;
    }
}
