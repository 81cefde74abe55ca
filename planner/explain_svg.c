/* explain_svg.c: a plan as a picture: boxes for operators, rows flowing down.
 *
 * Sizes are those of a monospaced font, so that no text has to be measured. A box of an operator at
 * work is the warmer the more of the plan's time it takes; an edge carries how many rows went over it. */
#include "planner/explain_layout.h"
#include "planner/explain_facts.h"

#include <string.h>

static const double CHAR_W = 7.25, LINE_H = 17, PAD_X = 14, PAD_Y = 10, TITLE_H = 21, MARGIN = 24, BAR_W = 5;
enum { WRAP = 44, FACT_LINES = 3 };

typedef enum LineKind { LINE_FACT, LINE_STATE, LINE_ACTUAL } LineKind;
typedef struct Line {
    LineKind kind;
    Str key, text; /* key: before the text; only on a fact's first line */
} Line;

typedef struct Box {
    const PhysOp *op;
    Str title;
    VEC(Line) lines;
    int32_t chars; /* of the longest line */
} Box;

typedef struct Picture {
    const Explained *explained;
    StrBuf *out;
    Arena *arena;
    Box *boxes;
    Layout layout;
    int64_t time_us; /* of all operators */
} Picture;

/* ---- text ------------------------------------------------------------------------------------- */

static int32_t chars_of(Str s)
{
    int32_t n = 0;
    for (ptrdiff_t i = 0; i < s.n; i++) n += ((unsigned char)s.p[i] & 0xc0) != 0x80;
    return n;
}

/* Bytes of the first n characters. */
static ptrdiff_t bytes_of(Str s, int32_t n)
{
    ptrdiff_t i = 0;
    for (; i < s.n; i++)
        if (((unsigned char)s.p[i] & 0xc0) != 0x80 && n-- == 0) break;
    return i;
}

/* Where to break so that at most `room` characters stand in the line. */
static ptrdiff_t break_at(Str s, int32_t room)
{
    ptrdiff_t most = bytes_of(s, room);
    if (most == s.n) return s.n;
    for (ptrdiff_t i = most; i > most / 2; i--)
        if (s.p[i] == ' ') return i;
    return most;
}

static void add_line(Picture *p, Box *b, Line line)
{
    int32_t n = chars_of(line.key) + (line.key.n ? 2 : 0) + chars_of(line.text);
    if (!line.key.n) n += 2;
    if (n > b->chars) b->chars = n;
    vec_push(&b->lines, p->arena, line);
}

static Str one_line(Str s, Arena *a)
{
    StrBuf b = {.arena = a};
    for (ptrdiff_t i = 0; i < s.n; i++) {
        bool blank = s.p[i] == '\n' || s.p[i] == ' ' || s.p[i] == '\t';
        if (!blank) sb_char(&b, s.p[i]);
        else if (b.n && b.p[b.n - 1] != ' ') sb_char(&b, ' ');
    }
    return sb_done(&b);
}

static void add_wrapped(Picture *p, Box *b, LineKind kind, const char *key, Str text)
{
    Line line = {.kind = kind, .key = str_z(key)};
    int32_t room = WRAP - chars_of(line.key) - 2;
    for (int i = 0; i < FACT_LINES; i++) {
        ptrdiff_t n = break_at(text, room);
        line.text = str_of(text.p, n);
        text = str_of(text.p + n, text.n - n);
        while (text.n && text.p[0] == ' ') text = str_of(text.p + 1, text.n - 1);
        if (i == FACT_LINES - 1 && text.n) line.text = str_printf(p->arena, "%.*s …", STR_ARG(line.text));
        add_line(p, b, line);
        if (!text.n) return;
        line.key = (Str){0};
        room = WRAP - 2;
    }
}

/* ---- kinds ------------------------------------------------------------------------------------ */

static const char *group_of(const PhysOp *op)
{
    switch (op->kind) {
    case PHYS_SCAN: case PHYS_VIEW_INPUT: case PHYS_VALUES: case PHYS_TABLE: return "source";
    case PHYS_FILTER: case PHYS_PROJECT: case PHYS_WINDOW: case PHYS_UNION: case PHYS_UNNEST: case PHYS_CONTEND: return "passing";
    case PHYS_UPSERT: case PHYS_AGGREGATE: case PHYS_JOIN: case PHYS_OVER: case PHYS_TOPN: case PHYS_SETOP: return "keeping";
    case PHYS_VIEW: case PHYS_OUTPUT: return "result";
    }
    return "passing";
}

static bool is_keeping(const PhysOp *op) { return !strcmp(group_of(op), "keeping"); }

/* ---- boxes ------------------------------------------------------------------------------------ */

static Str joined(const Fact *f, Arena *a)
{
    StrBuf b = {.arena = a};
    for (int32_t i = 0; i < f->n; i++) sb_printf(&b, "%s%.*s", i ? ", " : "", STR_ARG(f->items[i]));
    return one_line(sb_done(&b), a);
}

/* Edges show what retracts; of operators that keep nothing the bound is that of others. */
static bool is_shown(const Fact *f, const PhysOp *op)
{
    if (!strcmp(f->key, "state")) return is_keeping(op) && !str_eq(f->items[0], S("none"));
    if (!strcmp(f->key, "emits")) return str_eq(f->items[0], S("final"));
    return !f->is_property && strcmp(f->key, "input") != 0;
}

/* Rows stand at the edges. */
static void add_actual(Picture *p, Box *b)
{
    const OpActual *x = &p->explained->actual[b->op->id];
    Str time = explain_time(x->time_us, p->arena), bytes = explain_bytes(x->state_bytes, p->arena);
    double part = p->time_us > 0 ? (double)x->time_us * 100 / (double)p->time_us : 0;
    add_wrapped(p, b, LINE_ACTUAL, "time", str_printf(p->arena, "%.*s, %.0f %%", STR_ARG(time), part));
    if (x->state_rows >= 0)
        add_wrapped(p, b, LINE_ACTUAL, "holds", str_printf(p->arena, "%lld rows, %.*s", (long long)x->state_rows, STR_ARG(bytes)));
    if (actual_has_watermark(x) && x->watermark_us != INT64_MAX)
        add_wrapped(p, b, LINE_ACTUAL, "watermark now", explain_moment(x->watermark_us, p->arena));
    if (x->has_rates && x->busy > 0)
        add_wrapped(p, b, LINE_ACTUAL, "of late", str_printf(p->arena, "busy %.1f %%", x->busy * 100));
}

static void fill_box(Picture *p, Box *b, const PhysOp *op)
{
    OpFacts facts;
    explain_facts(p->explained, op, p->arena, &facts);
    b->op = op;
    b->title = facts.subject.n ? str_printf(p->arena, "%s %.*s", facts.kind, STR_ARG(facts.subject)) : str_z(facts.kind);
    b->chars = (int32_t)((double)chars_of(b->title) * 1.12) + 1;
    for (ptrdiff_t i = 0; i < facts.facts.len; i++) {
        const Fact *f = &facts.facts.data[i];
        if (!is_shown(f, op)) continue;
        add_wrapped(p, b, strcmp(f->key, "state") ? LINE_FACT : LINE_STATE, f->key, joined(f, p->arena));
    }
    if (p->explained->actual) add_actual(p, b);
}

static void make_boxes(Picture *p)
{
    const PhysPlan *plan = p->explained->plan;
    p->boxes = new (p->arena, Box, plan->nops);
    for (int32_t i = 0; p->explained->actual && i < plan->nops; i++) p->time_us += p->explained->actual[i].time_us;
    for (int32_t i = 0; i < plan->nops; i++) {
        Box *b = &p->boxes[i];
        fill_box(p, b, plan->ops[i]);
        LayoutNode *n = &p->layout.nodes.data[i];
        n->w = b->chars * CHAR_W + 2 * PAD_X + BAR_W;
        n->h = 2 * PAD_Y + TITLE_H + (double)b->lines.len * LINE_H;
    }
}

/* ---- drawing ---------------------------------------------------------------------------------- */

static void xml(StrBuf *b, Str s)
{
    for (ptrdiff_t i = 0; i < s.n; i++) switch (s.p[i]) {
        case '<': sb_lit(b, "&lt;"); break;
        case '>': sb_lit(b, "&gt;"); break;
        case '&': sb_lit(b, "&amp;"); break;
        case '"': sb_lit(b, "&quot;"); break;
        default:
            if ((unsigned char)s.p[i] >= 0x20) sb_char(b, s.p[i]);
        }
}

static void draw_line(Picture *p, const Line *line, double x, double y)
{
    static const char *const CLASSES[] = {
        [LINE_FACT] = "fact", [LINE_STATE] = "state", [LINE_ACTUAL] = "actual"};
    if (!line->key.n) x += 2 * CHAR_W;
    sb_printf(p->out, "    <text class=\"%s\" x=\"%.1f\" y=\"%.1f\">", CLASSES[line->kind], x, y);
    if (line->key.n) {
        sb_lit(p->out, "<tspan class=\"key\">");
        xml(p->out, line->key);
        sb_lit(p->out, ": </tspan>");
    }
    xml(p->out, line->text);
    sb_lit(p->out, "</text>\n");
}

/* The part of the plan's time that it takes, as how warm it is. */
static double warmth(const Picture *p, const PhysOp *op)
{
    if (!p->explained->actual || p->time_us <= 0) return 0;
    return (double)p->explained->actual[op->id].time_us / (double)p->time_us;
}

static void draw_box(Picture *p, const Box *b)
{
    const LayoutNode *n = &p->layout.nodes.data[b->op->id];
    double left = MARGIN + n->x - n->w / 2, top = MARGIN + n->y, x = left + BAR_W + PAD_X, warm = warmth(p, b->op);
    sb_printf(p->out, "  <g class=\"%s\" id=\"op%d\">\n", group_of(b->op), b->op->id);
    sb_printf(p->out, "    <rect class=\"box\" x=\"%.1f\" y=\"%.1f\" width=\"%.1f\" height=\"%.1f\" rx=\"6\"/>\n", left, top, n->w, n->h);
    if (warm > 0.005)
        sb_printf(p->out, "    <rect class=\"warm\" x=\"%.1f\" y=\"%.1f\" width=\"%.1f\" height=\"%.1f\" rx=\"6\" opacity=\"%.2f\"/>\n",
                  left, top, n->w, n->h, warm * 0.55);
    sb_printf(p->out, "    <path class=\"bar\" d=\"M%.1f %.1f h%.1f v%.1f h-%.1f a6 6 0 0 1 -6 -6 v-%.1f a6 6 0 0 1 6 -6 z\"/>\n",
              left + 6, top, BAR_W - 4, n->h, BAR_W - 4, n->h - 12);
    double y = top + PAD_Y + 13;
    sb_printf(p->out, "    <text class=\"title\" x=\"%.1f\" y=\"%.1f\">", x, y);
    xml(p->out, b->title);
    sb_lit(p->out, "</text>\n");
    y += TITLE_H - LINE_H + 2;
    for (ptrdiff_t i = 0; i < b->lines.len; i++) draw_line(p, &b->lines.data[i], x, y += LINE_H);
    sb_lit(p->out, "  </g>\n");
}

static double middle(const LayoutNode *n) { return MARGIN + n->x; }

/* Edges meet a user side by side, in the order of its inputs as they stand. */
static double landing(const Picture *p, const LayoutEdge *e, const PhysOp *user)
{
    const LayoutNode *to = &p->layout.nodes.data[user->id];
    double step = to->w / (user->ninputs + 1);
    int32_t rank = 0;
    double mine = p->layout.nodes.data[e->path.data[e->path.len - 2]].x;
    for (ptrdiff_t i = 0; i < p->layout.edges.len; i++) {
        const LayoutEdge *o = &p->layout.edges.data[i];
        if (o->path.data[o->path.len - 1] != user->id || o == e) continue;
        double x = p->layout.nodes.data[o->path.data[o->path.len - 2]].x;
        rank += x < mine || (x == mine && o->port < e->port);
    }
    return middle(to) - to->w / 2 + step * (rank + 1);
}

static void label_edge(Picture *p, const PhysOp *from, double x, double y)
{
    if (!p->explained->actual) return;
    const OpActual *a = &p->explained->actual[from->id];
    Str rows = explain_rate((double)a->rows_out, p->arena);
    sb_printf(p->out, "  <text class=\"flow\" x=\"%.1f\" y=\"%.1f\">%.*s rows", x + 8, y, STR_ARG(rows));
    if (a->has_rates && a->out_per_s > 0) {
        Str rate = explain_rate(a->out_per_s, p->arena);
        sb_printf(p->out, ", %.*s/s", STR_ARG(rate));
    }
    sb_lit(p->out, "</text>\n");
}

static void draw_edge(Picture *p, const LayoutEdge *e)
{
    const PhysPlan *plan = p->explained->plan;
    const PhysOp *from = plan->ops[e->path.data[0]], *user = plan->ops[e->path.data[e->path.len - 1]];
    const LayoutNode *start = &p->layout.nodes.data[from->id];
    double x = middle(start), y = MARGIN + start->y + start->h;
    sb_printf(p->out, "  <path class=\"edge%s\" d=\"M%.1f %.1f", from->props.is_append_only ? "" : " changing", x, y);
    for (ptrdiff_t i = 1; i < e->path.len; i++) {
        bool is_last = i == e->path.len - 1;
        const LayoutNode *n = &p->layout.nodes.data[e->path.data[i]];
        double to_x = is_last ? landing(p, e, user) : middle(n), to_y = MARGIN + n->y - (is_last ? 5 : 0);
        double bend = (to_y - y) / 2;
        sb_printf(p->out, " C%.1f %.1f %.1f %.1f %.1f %.1f", x, y + bend, to_x, to_y - bend, to_x, to_y);
        x = to_x;
        y = to_y;
    }
    sb_lit(p->out, "\" marker-end=\"url(#tip)\"/>\n");
    label_edge(p, from, middle(start), MARGIN + start->y + start->h + 16);
}

static const char STYLE[] =
    "  <style>\n"
    "    text { font-family: 'DejaVu Sans Mono', 'SFMono-Regular', Menlo, Consolas, monospace; font-size: 12px; fill: #1f2933; }\n"
    "    .title { font-size: 13.5px; font-weight: bold; }\n"
    "    .key { fill: #7b8794; } .state { fill: #7c4a03; } .actual { fill: #0b5394; } .flow { fill: #52606d; font-size: 11px; }\n"
    "    .box { fill: #fbfcfd; stroke: #cbd2d9; } .warm { fill: #f6ad55; }\n"
    "    .source .bar { fill: #2f855a; } .passing .bar { fill: #9aa5b1; } .keeping .bar { fill: #2b6cb0; } .result .bar { fill: #b7791f; }\n"
    "    .edge { fill: none; stroke: #52606d; stroke-width: 1.4; } .changing { stroke-dasharray: 6 3; }\n"
    "  </style>\n"
    "  <defs><marker id=\"tip\" viewBox=\"0 0 8 8\" refX=\"4\" refY=\"4\" markerWidth=\"7\" markerHeight=\"7\" orient=\"auto\">"
    "<path d=\"M0 0 L8 4 L0 8 z\" fill=\"#52606d\"/></marker></defs>\n";

void explain_as_svg(const Explained *e, StrBuf *out)
{
    Picture p = {.explained = e, .out = out, .arena = out->arena};
    layout_begin(&p.layout, e->plan, p.arena);
    make_boxes(&p);
    layout_place(&p.layout);
    double w = p.layout.w + 2 * MARGIN, h = p.layout.h + 2 * MARGIN;
    sb_printf(out, "<svg xmlns=\"http://www.w3.org/2000/svg\" xml:space=\"preserve\" width=\"%.0f\" height=\"%.0f\" viewBox=\"0 0 %.0f %.0f\">\n", w, h, w, h);
    sb_lit(out, "  <title>");
    xml(out, one_line(e->plan->sql, p.arena));
    sb_lit(out, "</title>\n");
    sb_z(out, STYLE);
    sb_lit(out, "  <rect width=\"100%\" height=\"100%\" fill=\"#ffffff\"/>\n");
    for (ptrdiff_t i = 0; i < p.layout.edges.len; i++) draw_edge(&p, &p.layout.edges.data[i]);
    for (int32_t i = 0; i < e->plan->nops; i++) draw_box(&p, &p.boxes[i]);
    sb_lit(out, "</svg>\n");
}
