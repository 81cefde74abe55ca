/* check.c: what a standing query may not be.
 *
 * Looks at the query as it was bound, before any rewrite, so that no rule can change a verdict. */
#include "planner/node.h"

typedef struct Check {
    Diags *diags;
    bool emit_final;
} Check;

static Str what(const LNode *n)
{
    return n->what.n ? n->what : S("GROUP BY");
}

/* ---- EMIT FINAL ----------------------------------------------------------------------------- */

static Status never_finishes(const Check *c, const LNode *n, const char *why, const char *hint)
{
    Status st = diag_error(c->diags, WEIR_E_EMIT, n->span, "EMIT FINAL: \"%.*s\" never finishes%s",
                           STR_ARG(what(n)), why);
    diag_hint(c->diags, "%s", hint);
    return st;
}

static Status never_closes(const Check *c, const LNode *n)
{
    return never_finishes(c, n, ": its window is not over event time",
                          "declare WATERMARK FOR the time column of the stream; from a view, select "
                          "window_time");
}

static Status check_final(const Check *c, const LNode *n)
{
    const WindowSpec *w = n->window;
    if (n->key_window_end >= 0) return WEIR_OK;
    if (!w)
        return never_finishes(c, n, "",
                              "add a WINDOW clause, group by window_start and window_end, or use "
                              "EMIT CHANGES");
    switch (w->def->shape) {
    case WINDOW_SHAPE_COUNT: return WEIR_OK;
    case WINDOW_SHAPE_GLOBAL:
        return never_finishes(c, n, ": its window has no end", "use EMIT CHANGES");
    case WINDOW_SHAPE_PANES:
    case WINDOW_SHAPE_SESSION:
    case WINDOW_SHAPE_SLIDING: break;
    }
    return n->props.has_watermark ? WEIR_OK : never_closes(c, n);
}

static Status check_sessions(const Check *c, const LNode *n)
{
    return c->emit_final && is_session_rows(n) && !n->props.has_watermark ? never_closes(c, n) : WEIR_OK;
}

/* ---- retraction ----------------------------------------------------------------------------- */

/* The nearest operator below that takes rows back. */
static Str retractor(const LNode *n)
{
    if (n->kind == L_VIEW_INPUT || n->kind == L_SCAN) return n->rel->name;
    if (n->what.n) return what(n);
    for (int i = 0; i < n->ninputs; i++)
        if (!n->inputs[i]->props.is_append_only) return retractor(n->inputs[i]);
    return S("its input");
}

static Status retracts(const Check *c, Span at, Str who, const LNode *input)
{
    Str below = retractor(input);
    Status st = diag_error(c->diags, WEIR_E_RETRACT, at,
                           "\"%.*s\" cannot take rows back, and \"%.*s\" below it does",
                           STR_ARG(who), STR_ARG(below));
    diag_hint(c->diags, "rows of a window that are written once (EMIT FINAL) are never taken back");
    return st;
}

static Status check_retraction(const Check *c, const LNode *n)
{
    const LNode *in = n->inputs[0];
    if (in->props.is_append_only) return WEIR_OK;
    Status st = WEIR_OK;
    if (n->window && (n->window->def->shape == WINDOW_SHAPE_COUNT ||
                      n->window->def->shape == WINDOW_SHAPE_GLOBAL))
        st = retracts(c, n->span, str_z(n->window->def->name), in);
    for (int i = 0; i < n->naggs; i++)
        if (!(n->aggs[i].def->flags & AGG_RETRACTABLE))
            st = retracts(c, n->aggs[i].span, n->aggs[i].text, in);
    return st;
}

/* ---- joins ---------------------------------------------------------------------------------- */

static Status check_join_final(const Check *c, const LNode *n)
{
    static const char *const HINT =
        "bound the distance of the two event times (l.ts BETWEEN r.ts - INTERVAL … AND r.ts + INTERVAL …), "
        "join equal windows, or use EMIT CHANGES";
    const LJoin *j = n->join;
    const Props *l = &n->inputs[0]->props, *r = &n->inputs[1]->props;
    switch (j->match) {
    case JOIN_REGULAR: return never_finishes(c, n, "", HINT);
    case JOIN_WINDOW:
    case JOIN_LOOKUP: return WEIR_OK;
    case JOIN_ASOF:
        if (l->has_watermark && r->has_watermark && j->left_time == l->time_col && j->right_time == r->time_col)
            break;
        return never_finishes(c, n, ": it does not go by the event time of both sides", "use EMIT CHANGES");
    case JOIN_INTERVAL:
    case JOIN_TEMPORAL: break;
    }
    for (int i = 0; i < 2; i++)
        if (!n->inputs[i]->props.is_append_only) return retracts(c, n->span, what(n), n->inputs[i]);
    return WEIR_OK;
}

/* ---- OVER, Top-N, set operations ------------------------------------------------------------- */

static Status check_over(const Check *c, const LNode *n)
{
    const LNode *in = n->inputs[0];
    Span at;
    const char *why = c->emit_final ? over_never_finishes(n, &at) : NULL;
    if (why) {
        Status st = diag_error(c->diags, WEIR_E_EMIT, at, "EMIT FINAL: \"%.*s\" never finishes%s",
                               STR_ARG(what(n)), why);
        diag_hint(c->diags, "partition by window_start and window_end, or order by event time "
                            "and look back only, or use EMIT CHANGES");
        return st;
    }
    if (in->props.is_append_only) return WEIR_OK;
    if (c->emit_final && n->key_window_end < 0) return retracts(c, n->span, what(n), in);
    Status st = WEIR_OK;
    for (int i = 0; i < n->novers; i++)
        if (n->overs[i].func == OVER_AGGREGATE && !(n->overs[i].agg.def->flags & AGG_RETRACTABLE))
            st = retracts(c, n->overs[i].span, n->overs[i].text, in);
    return st;
}

/* Top-N and set operations finish with the window that their rows belong to. */
static Status check_closing(const Check *c, const LNode *n)
{
    if (!c->emit_final || n->key_window_end >= 0) return WEIR_OK;
    return never_finishes(c, n, "",
                          n->kind == L_SETOP ? "select window_start and window_end on both sides, or "
                                               "use EMIT CHANGES"
                                             : "rank within a window: PARTITION BY window_start, "
                                               "window_end; or use EMIT CHANGES");
}

static Status check_aggregate(const Check *c, const LNode *n)
{
    Status st = c->emit_final ? check_final(c, n) : WEIR_OK;
    return st == WEIR_OK ? check_retraction(c, n) : st;
}

/* ---- the tree ------------------------------------------------------------------------------- */

static Status check_node(const Check *c, const LNode *n)
{
    Status st = WEIR_OK;
    for (int i = 0; i < n->ninputs; i++) {
        Status below = check_node(c, n->inputs[i]);
        if (st == WEIR_OK) st = below;
    }
    if (st != WEIR_OK) return st;
    switch (n->kind) {
    case L_AGGREGATE: return check_aggregate(c, n);
    case L_JOIN: return c->emit_final ? check_join_final(c, n) : WEIR_OK;
    case L_OVER: return check_over(c, n);
    case L_TOPN:
    case L_SETOP: return check_closing(c, n);
    case L_WINDOW: return check_sessions(c, n);
    case L_SCAN:
    case L_VIEW_INPUT:
    case L_VALUES:
    case L_FILTER:
    case L_PROJECT:
    case L_UNION:
    case L_UNNEST:
    case L_CONTEND: break;
    }
    return WEIR_OK;
}

Status lnode_check(Diags *d, const LNode *root, bool emit_final)
{
    Check c = {.diags = d, .emit_final = emit_final};
    return check_node(&c, root);
}

Status check_bound(Diags *d, Str bound, Span at)
{
    if (!str_starts(bound, S("UNBOUNDED"))) return WEIR_OK;
    Status st = diag_error(d, WEIR_E_LIMIT, at,
                           "strict: the state of this query has no bound (%.*s)", STR_ARG(bound));
    diag_hint(d, "add a window over event time, a time bound to joins, or WITH (state_ttl = …); or SET strict = false");
    return st;
}
