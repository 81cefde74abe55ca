/* build_call.c: calls, and OVER.
 *
 * The standard's spellings with words between the arguments become calls with commas: EXTRACT(DAY
 * FROM t) is extract('day', t), TRIM(LEADING 'x' FROM s) is ltrim(s, 'x'), FLOOR(t TO DAY) is
 * date_trunc('day', t). */
#include "parser/build.h"

NameList build_path1(Build *b, Name name)
{
    NameList path = {0};
    vec_push(&path, b->arena, name);
    return path;
}

CallParts *build_args(Build *b, bool distinct, ExprList args, OrderList order, NullTreatment nulls)
{
    CallParts *p = new_one(b->arena, CallParts);
    p->args = args;
    p->info.is_distinct = distinct;
    p->info.nulls = nulls;
    p->info.order_by = order;
    return p;
}

CallParts *build_args_star(Build *b, Name star)
{
    CallParts *p = new_one(b->arena, CallParts);
    vec_push(&p->args, b->arena, build_star(b, (NameList){0}, star.span));
    return p;
}

/* The parts beside the arguments, made when the first of them comes. */
static CallInfo *call_info(Build *b, Expr *call)
{
    if (!call->call) call->call = new_one(b->arena, CallInfo);
    return call->call;
}

static Expr *new_call(Build *b, NameList path)
{
    Name last = path.data[path.len - 1];
    Expr *e = build_node(b, EX_CALL, build_span_to_here(b, path.data[0].span));
    e->parts = path;
    e->text = last.text;
    e->op_span = span_join(path.data[0].span, last.span);
    return e;
}

static bool is_named(const Expr *call, const char *name)
{
    return call->parts.len == 1 && str_ieq(call->text, str_z(name));
}

/* HOUR as an argument is the unit's name, not a column. */
static Expr *unit_literal(Build *b, Expr *x)
{
    if (x->kind != EX_COLUMN || x->parts.len != 1 || x->parts.data[0].quoted) return x;
    Name unit = {.text = str_lower(b->arena, x->parts.data[0].text), .span = x->span};
    return build_literal(b, EX_STRING, unit);
}

/* POSITION(a IN b) was read as a membership test. */
static ExprList position_args(ExprList args)
{
    if (args.len != 1) return args;
    const Expr *x = args.data[0];
    bool is_in = x->kind == EX_QUANTIFIED && x->args.len == 2 && !x->is_all;
    return is_in ? x->args : args;
}

static const char *const UNIT_FIRST[] = {"timestampadd", "timestampdiff", "extract"};

/* ORDER BY after a table argument orders the table's rows. */
static void settle_order(Build *b, Expr *e)
{
    Expr *last = e->args.len ? e->args.data[e->args.len - 1] : NULL;
    if (!last || last->kind != EX_TABLE_ARG || !e->call) return;
    call_info(b, last)->order_by = e->call->order_by;
    e->call->order_by = (OrderList){0};
    if (!e->call->is_distinct && e->call->nulls == NULLS_UNSAID) e->call = NULL;
}

Expr *build_call(Build *b, NameList path, CallParts *parts)
{
    Expr *e = new_call(b, path);
    if (!parts) return e;
    ExprList args = is_named(e, "position") ? position_args(parts->args) : parts->args;
    for (size_t i = 0; i < sizeof UNIT_FIRST / sizeof *UNIT_FIRST; i++)
        if (is_named(e, UNIT_FIRST[i])) args.data[0] = unit_literal(b, args.data[0]);
    for (ptrdiff_t i = 0; i < args.len; i++) build_add(b, e, args.data[i]);
    build_raise(b, &e->depth, build_order_depth(parts->info.order_by), e->span);
    bool has_info = parts->info.is_distinct || parts->info.order_by.len || parts->info.nulls;
    if (has_info) *call_info(b, e) = parts->info;
    settle_order(b, e);
    return e;
}

Expr *build_call1(Build *b, Name name, Expr *arg)
{
    Expr *e = new_call(b, build_path1(b, name));
    build_add(b, e, arg);
    return e;
}

static void refuse_words(Build *b, const Expr *call)
{
    if (b->failed) return;
    b->failed = true;
    diag_error(b->diags, WEIR_E_SYNTAX, call->op_span, "\"%.*s\" takes its arguments separated by commas",
               STR_ARG(call->text));
}

static void rename_call(Expr *call, Str name)
{
    call->text = name;
    call->parts.data[call->parts.len - 1].text = name;
}

static void add_args(Build *b, Expr *call, Expr *x, Expr *y, Expr *z, Expr *w)
{
    build_add(b, call, x);
    build_add(b, call, y);
    build_add(b, call, z);
    build_add(b, call, w);
}

Expr *build_call_from(Build *b, NameList path, Expr *x, Expr *from, Expr *length)
{
    Expr *e = new_call(b, path);
    bool is_substring = is_named(e, "substring") || is_named(e, "substr");
    if (is_substring) add_args(b, e, x, from ? from : build_one(b), length, NULL);
    else if (is_named(e, "extract") && !length) add_args(b, e, unit_literal(b, x), from, NULL, NULL);
    else if (is_named(e, "trim") && !length) add_args(b, e, from, x, NULL, NULL);
    else refuse_words(b, e);
    return e;
}

Expr *build_call_trim(Build *b, NameList path, Name side, Expr *chars, Expr *x)
{
    Expr *e = new_call(b, path);
    if (!is_named(e, "trim")) refuse_words(b, e);
    if (str_ieq(side.text, S("leading"))) rename_call(e, S("ltrim"));
    if (str_ieq(side.text, S("trailing"))) rename_call(e, S("rtrim"));
    add_args(b, e, x, chars, NULL, NULL);
    return e;
}

Expr *build_call_overlay(Build *b, NameList path, Expr *x, Expr *placing, Expr *from, Expr *length)
{
    Expr *e = new_call(b, path);
    if (!is_named(e, "overlay")) refuse_words(b, e);
    add_args(b, e, x, placing, from, length);
    return e;
}

Expr *build_call_to_unit(Build *b, NameList path, Expr *x, Name unit)
{
    Expr *e = new_call(b, path);
    bool is_ceil = is_named(e, "ceil") || is_named(e, "ceiling");
    if (is_ceil && !b->failed) {
        b->failed = true;
        diag_error(b->diags, WEIR_E_UNSUPPORTED, e->op_span, "rounding up to a unit of time is not built");
        diag_hint(b->diags, "floor(x TO unit) and date_trunc('unit', x) round down");
    } else if (!is_named(e, "floor")) {
        refuse_words(b, e);
    }
    Str word = str_lower(b->arena, unit.text);
    if (word.p[word.n - 1] == 's') word.n--;
    rename_call(e, S("date_trunc"));
    add_args(b, e, build_literal(b, EX_STRING, (Name){.text = word, .span = unit.span}), x, NULL, NULL);
    return e;
}

static int32_t over_depth(const OverSpec *o)
{
    int32_t depth = build_exprs_depth(o->partition_by), order = build_order_depth(o->order_by);
    if (order > depth) depth = order;
    const Expr *start = o->frame ? o->frame->start.value : NULL;
    const Expr *end = o->frame ? o->frame->end.value : NULL;
    if (start && start->depth > depth) depth = start->depth;
    if (end && end->depth > depth) depth = end->depth;
    return depth;
}

Expr *build_call_suffix(Build *b, Expr *call, OrderList within, Expr *filter, NullTreatment nulls,
                        OverSpec *over)
{
    call->span = build_span_to_here(b, call->span);
    if (!within.len && !filter && !over) return call;
    CallInfo *info = call_info(b, call);
    if (within.len) {
        info->order_by = within;
        info->is_within_group = true;
        build_raise(b, &call->depth, build_order_depth(within), call->span);
    }
    info->filter = filter;
    if (filter) build_raise(b, &call->depth, filter->depth, filter->span);
    info->over = over;
    if (over) build_raise(b, &call->depth, over_depth(over), over->span);
    if (nulls != NULLS_UNSAID) info->nulls = nulls;
    return call;
}

Expr *build_named_arg(Build *b, Name name, Expr *value)
{
    Expr *e = build_node(b, EX_NAMED_ARG, span_join(name.span, value->span));
    e->op_span = name.span;
    vec_push(&e->parts, b->arena, name);
    build_add(b, e, value);
    return e;
}

Expr *build_descriptor(Build *b, Name word, NameList columns)
{
    Expr *e = build_node(b, EX_DESCRIPTOR, build_span_to_here(b, word.span));
    e->parts = columns;
    return e;
}

Expr *build_table_arg(Build *b, Name word, TableRef *table, Expr *partition)
{
    Expr *e = build_node(b, EX_TABLE_ARG, build_span_to_here(b, word.span));
    e->op_span = word.span;
    call_info(b, e)->table = table;
    build_raise(b, &e->depth, table->depth, table->span);
    if (!partition) return e;
    bool is_list = partition->kind == EX_ROW;
    if (!is_list) build_add(b, e, partition);
    for (ptrdiff_t i = 0; is_list && i < partition->args.len; i++) build_add(b, e, partition->args.data[i]);
    return e;
}

OverSpec *build_over_name(Build *b, Name name)
{
    OverSpec *o = new_one(b->arena, OverSpec);
    o->span = name.span;
    o->is_name = true;
    o->base = name;
    return o;
}

OverSpec *build_over(Build *b, Name paren, Name base, ExprList partition, OrderList order, FrameSpec *frame)
{
    OverSpec *o = new_one(b->arena, OverSpec);
    *o = (OverSpec){.span = build_span_to_here(b, paren.span), .base = base, .partition_by = partition,
                    .order_by = order, .frame = frame};
    return o;
}

static FrameMode frame_mode(Name word)
{
    if (str_ieq(word.text, S("rows"))) return FRAME_ROWS;
    return str_ieq(word.text, S("groups")) ? FRAME_GROUPS : FRAME_RANGE;
}

FrameSpec *build_frame(Build *b, Name mode, FrameBound start, const FrameBound *end, FrameExclude exclude)
{
    FrameSpec *f = new_one(b->arena, FrameSpec);
    *f = (FrameSpec){.span = build_span_to_here(b, mode.span), .mode = frame_mode(mode), .start = start,
                     .exclude = exclude};
    f->end = end ? *end : (FrameBound){.kind = BOUND_CURRENT_ROW, .span = start.span};
    return f;
}
