/* bind_frame.c: frames of OVER: which rows of the partition a value is computed over.
 *
 * Every frame has two bounds that can be met; offsets are constants. An offset in RANGE is a
 * distance in the one column of the order, so its type follows from that column. */
#include "planner/bind.h"
#include "planner/casts.h"

const OverFrame DEFAULT_FRAME = {.mode = OVER_RANGE,
                                 .start = {.kind = OVER_UNBOUNDED_PRECEDING},
                                 .end = {.kind = OVER_CURRENT_ROW}};

static const OverMode MODES[] = {
    [FRAME_RANGE] = OVER_RANGE, [FRAME_ROWS] = OVER_ROWS, [FRAME_GROUPS] = OVER_GROUPS};
static const OverExclude EXCLUDES[] = {[EXCLUDE_NONE] = OVER_EXCLUDE_NONE,
                                       [EXCLUDE_CURRENT] = OVER_EXCLUDE_CURRENT,
                                       [EXCLUDE_GROUP] = OVER_EXCLUDE_GROUP,
                                       [EXCLUDE_TIES] = OVER_EXCLUDE_TIES};
static const OverBoundKind BOUNDS[] = {[BOUND_UNBOUNDED_PRECEDING] = OVER_UNBOUNDED_PRECEDING,
                                       [BOUND_PRECEDING] = OVER_PRECEDING,
                                       [BOUND_CURRENT_ROW] = OVER_CURRENT_ROW,
                                       [BOUND_FOLLOWING] = OVER_FOLLOWING,
                                       [BOUND_UNBOUNDED_FOLLOWING] = OVER_UNBOUNDED_FOLLOWING};

static bool has_offset(const FrameBound *f)
{
    return f->kind == BOUND_PRECEDING || f->kind == BOUND_FOLLOWING;
}

static Status bad_frame(Binder *b, Span at, const char *why, const char *hint)
{
    Status st = diag_error(b->p->diags, WEIR_E_WINDOW, bind_at(b, at), "%s", why);
    if (hint) diag_hint(b->p->diags, "%s", hint);
    return st;
}

/* ---- bounds --------------------------------------------------------------------------------- */

static Status check_bounds(Binder *b, const FrameSpec *f)
{
    if (f->start.kind == BOUND_UNBOUNDED_FOLLOWING)
        return bad_frame(b, f->start.span, "a frame does not start at UNBOUNDED FOLLOWING", NULL);
    if (f->end.kind == BOUND_UNBOUNDED_PRECEDING)
        return bad_frame(b, f->end.span, "a frame does not end at UNBOUNDED PRECEDING", NULL);
    if (f->start.kind == BOUND_CURRENT_ROW && f->end.kind == BOUND_PRECEDING)
        return bad_frame(b, f->span, "a frame that starts at CURRENT ROW does not end before it",
                         NULL);
    if (f->start.kind == BOUND_FOLLOWING &&
        (f->end.kind == BOUND_PRECEDING || f->end.kind == BOUND_CURRENT_ROW))
        return bad_frame(b, f->span, "a frame that starts after CURRENT ROW does not end before it",
                         f->end.kind == BOUND_CURRENT_ROW
                             ? "write BETWEEN … FOLLOWING AND … FOLLOWING"
                             : NULL);
    return WEIR_OK;
}

/* ---- offsets -------------------------------------------------------------------------------- */

/* What is added to a column of type t. False: nothing is. */
static bool distance_type(Type t, Type *out)
{
    *out = t;
    if (t.kind == TYPE_TIMESTAMP || t.kind == TYPE_DATE) *out = TYPE_OF(TYPE_INTERVAL);
    return out->kind == TYPE_INTERVAL ? t.kind != TYPE_INTERVAL : type_is_number(t.kind);
}

static Status offset_type(Binder *b, const FrameSpec *f, const FrameBound *bound,
                          const LOrder *order, int32_t norder, Type *out)
{
    *out = TYPE_BIGINT_;
    if (f->mode != FRAME_RANGE) return WEIR_OK;
    if (norder != 1)
        return bad_frame(b, bound->span, "RANGE with an offset needs exactly one ORDER BY column",
                         "count rows with ROWS, or order by one column");
    Type t = order[0].expr->type;
    if (distance_type(t, out)) return WEIR_OK;
    Str name = type_name(t, b->p->arena);
    return diag_error(b->p->diags, WEIR_E_TYPE, bind_at(b, bound->span),
                      "RANGE with an offset orders by a number, TIMESTAMP or DATE, not %.*s",
                      STR_ARG(name));
}

static bool is_negative(const Value *v)
{
    if (v->type.kind == TYPE_DOUBLE) return v->d < 0;
    if (v->type.kind == TYPE_DECIMAL) return v->dec < 0;
    if (v->type.kind == TYPE_INTERVAL) return v->iv.months < 0 || v->iv.days < 0 || v->iv.us < 0;
    return v->i < 0;
}

static Status bind_bound(Binder *b, const FrameSpec *f, const FrameBound *bound,
                         const LOrder *order, int32_t norder, OverBound *out)
{
    *out = (OverBound){.kind = BOUNDS[bound->kind]};
    if (!has_offset(bound)) return WEIR_OK;
    static const char *const CLAUSES[] = {
        [FRAME_RANGE] = "RANGE", [FRAME_ROWS] = "ROWS", [FRAME_GROUPS] = "GROUPS"};
    Type t;
    TRY(offset_type(b, f, bound, order, norder, &t));
    Status st = bind_constant_value(b, CLAUSES[f->mode], bound->value, t, &out->offset);
    if (st == WEIR_E_TYPE && t.kind == TYPE_INTERVAL) diag_hint(b->p->diags, "write INTERVAL '10' SECOND");
    TRY(st);
    if (!out->offset.is_null && !is_negative(&out->offset)) return WEIR_OK;
    return diag_error(b->p->diags, WEIR_E_VALUE, bind_at(b, bound->value->span),
                      "the offset of a frame is not NULL and not negative");
}

/* ---- the frame ------------------------------------------------------------------------------ */

Status bind_frame(Binder *b, const FrameSpec *f, const LOrder *order, int32_t norder,
                  OverFrame *out)
{
    *out = DEFAULT_FRAME;
    if (!f) return WEIR_OK;
    TRY(check_bounds(b, f));
    if (f->mode == FRAME_GROUPS && norder == 0)
        return bad_frame(b, f->span, "GROUPS needs ORDER BY", "rows equal in the order are a group");
    out->mode = MODES[f->mode];
    out->exclude = EXCLUDES[f->exclude];
    TRY(bind_bound(b, f, &f->start, order, norder, &out->start));
    return bind_bound(b, f, &f->end, order, norder, &out->end);
}
