/* explain_render.c: the facts of a plan as an indented tree, as JSON and as a graph for dot. */
#include "planner/explain_facts.h"

static void print_items(StrBuf *b, const Fact *f)
{
    for (int32_t i = 0; i < f->n; i++) {
        if (i) sb_lit(b, ", ");
        sb_str(b, f->items[i]);
    }
}

static void print_title(StrBuf *b, const OpFacts *facts)
{
    sb_z(b, facts->kind);
    if (facts->subject.n == 0) return;
    sb_char(b, ' ');
    sb_str(b, facts->subject);
}

/* ---- text -------------------------------------------------------------------------------------- */

typedef struct TextPlan {
    const Explained *explained;
    StrBuf *out;
    int *users;   /* per operator: how many read it */
    bool *is_told; /* per operator: written in full already */
} TextPlan;

static void indent(StrBuf *b, int depth)
{
    for (int i = 0; i < depth; i++) sb_lit(b, "  ");
}

/* A line a fact; properties of the output share the last one. */
static void text_facts(StrBuf *b, const OpFacts *facts, int depth)
{
    bool in_line = false;
    for (ptrdiff_t i = 0; i < facts->facts.len; i++) {
        const Fact *f = &facts->facts.data[i];
        if (in_line)
            sb_lit(b, "; ");
        else
            indent(b, depth);
        sb_printf(b, "%s: ", f->key);
        print_items(b, f);
        in_line = f->is_property;
        if (!in_line) sb_char(b, '\n');
    }
    if (in_line) sb_char(b, '\n');
    for (ptrdiff_t i = 0; i < facts->actual.len; i++) {
        const Fact *f = &facts->actual.data[i];
        indent(b, depth);
        sb_printf(b, "%s: %.*s\n", f->key, STR_ARG(f->items[0]));
    }
}

/* An operator and, two columns further in, its inputs. One that several read is written once. */
static void text_op(TextPlan *t, const PhysOp *op, int depth)
{
    StrBuf *b = t->out;
    OpFacts facts;
    explain_facts(t->explained, op, b->arena, &facts);
    indent(b, depth);
    if (depth) sb_lit(b, "-> ");
    print_title(b, &facts);
    if (t->users[op->id] > 1) sb_printf(b, t->is_told[op->id] ? " (#%d, as above)" : " (#%d, shared)", op->id);
    sb_char(b, '\n');
    if (t->is_told[op->id]) return;
    t->is_told[op->id] = true;
    text_facts(b, &facts, depth + 2);
    for (int32_t i = 0; i < op->ninputs; i++) text_op(t, op->inputs[i], depth + 1);
}

static int *count_users(const PhysPlan *plan, Arena *a)
{
    int *users = new (a, int, plan->nops);
    for (int32_t i = 0; i < plan->nops; i++)
        for (int32_t k = 0; k < plan->ops[i]->ninputs; k++) users[plan->ops[i]->inputs[k]->id]++;
    return users;
}

void explain_as_text(const Explained *e, StrBuf *out)
{
    const PhysPlan *plan = e->plan;
    TextPlan t = {e, out, count_users(plan, out->arena), new (out->arena, bool, plan->nops)};
    text_op(&t, plan->ops[plan->nops - 1], 0);
}

/* ---- JSON -------------------------------------------------------------------------------------- */

static void json_char(StrBuf *b, char c)
{
    switch (c) {
    case '"': sb_lit(b, "\\\""); break;
    case '\\': sb_lit(b, "\\\\"); break;
    case '\n': sb_lit(b, "\\n"); break;
    case '\t': sb_lit(b, "\\t"); break;
    default:
        if ((unsigned char)c < 0x20)
            sb_printf(b, "\\u%04x", c);
        else
            sb_char(b, c);
    }
}

static void json_text(StrBuf *b, Str s)
{
    sb_char(b, '"');
    for (ptrdiff_t i = 0; i < s.n; i++) json_char(b, s.p[i]);
    sb_char(b, '"');
}

static void json_key(StrBuf *b, const char *key)
{
    sb_lit(b, ", \"");
    for (; *key; key++) sb_char(b, *key == ' ' ? '_' : *key);
    sb_lit(b, "\": ");
}

static void json_fact(StrBuf *b, const Fact *f)
{
    json_key(b, f->key);
    if (f->is_list) sb_char(b, '[');
    for (int32_t i = 0; i < f->n; i++) {
        if (i) sb_lit(b, ", ");
        json_text(b, f->items[i]);
    }
    if (f->is_list) sb_char(b, ']');
}

static void json_inputs(StrBuf *b, const PhysOp *op)
{
    sb_lit(b, ", \"inputs\": [");
    for (int32_t i = 0; i < op->ninputs; i++) sb_printf(b, "%s%d", i ? ", " : "", op->inputs[i]->id);
    sb_char(b, ']');
}

static void json_op(StrBuf *b, const Explained *e, const PhysOp *op)
{
    OpFacts facts;
    explain_facts(e, op, b->arena, &facts);
    sb_printf(b, "{\"id\": %d, \"operator\": ", op->id);
    json_text(b, str_z(facts.kind));
    if (facts.subject.n) {
        json_key(b, "relation");
        json_text(b, facts.subject);
    }
    json_inputs(b, op);
    for (ptrdiff_t i = 0; i < facts.facts.len; i++) json_fact(b, &facts.facts.data[i]);
    if (e->actual) actual_as_json(b, &e->actual[op->id]);
    sb_char(b, '}');
}

void explain_as_json(const Explained *e, StrBuf *out)
{
    const PhysPlan *plan = e->plan;
    sb_lit(out, "{\"sql\": ");
    json_text(out, plan->sql);
    sb_lit(out, ",\n \"operators\": [");
    for (int32_t i = 0; i < plan->nops; i++) {
        sb_z(out, i ? ",\n  " : "\n  ");
        json_op(out, e, plan->ops[i]);
    }
    sb_lit(out, "\n ]}\n");
}

/* ---- dot --------------------------------------------------------------------------------------- */

/* Text inside a quoted label; \l ends a line that is set flush left. */
static void dot_text(StrBuf *b, Str s)
{
    for (ptrdiff_t i = 0; i < s.n; i++) {
        if (s.p[i] == '"' || s.p[i] == '\\') sb_char(b, '\\');
        sb_char(b, s.p[i] == '\n' ? ' ' : s.p[i]);
    }
}

static void dot_facts(StrBuf *b, const Fact *facts, ptrdiff_t n)
{
    for (ptrdiff_t i = 0; i < n; i++) {
        StrBuf line = {.arena = b->arena};
        sb_printf(&line, "%s: ", facts[i].key);
        print_items(&line, &facts[i]);
        dot_text(b, sb_done(&line));
        sb_lit(b, "\\l");
    }
}

static void dot_op(StrBuf *b, const Explained *e, const PhysOp *op)
{
    OpFacts facts;
    explain_facts(e, op, b->arena, &facts);
    StrBuf line = {.arena = b->arena};
    print_title(&line, &facts);
    sb_printf(b, "  op%d [label=\"", op->id);
    dot_text(b, sb_done(&line));
    sb_lit(b, "\\n");
    dot_facts(b, facts.facts.data, facts.facts.len);
    dot_facts(b, facts.actual.data, facts.actual.len);
    sb_lit(b, "\"];\n");
}

void explain_as_dot(const Explained *e, StrBuf *out)
{
    const PhysPlan *plan = e->plan;
    sb_lit(out, "digraph plan {\n  rankdir=BT;\n  node [shape=box, fontname=\"monospace\"];\n");
    for (int32_t i = 0; i < plan->nops; i++) dot_op(out, e, plan->ops[i]);
    for (int32_t i = 0; i < plan->nops; i++)
        for (int32_t k = 0; k < plan->ops[i]->ninputs; k++)
            sb_printf(out, "  op%d -> op%d;\n", plan->ops[i]->inputs[k]->id, plan->ops[i]->id);
    sb_lit(out, "}\n");
}
