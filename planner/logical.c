/* logical.c: making the nodes of a query. */
#include "planner/node.h"

#include <assert.h>

static LNode *make(Arena *a, LKind kind, LNode *input, Span at)
{
    LNode *n = new_one(a, LNode);
    n->kind = kind;
    n->span = at;
    if (input) {
        n->inputs = new (a, LNode *, 1);
        n->inputs[0] = input;
        n->ninputs = 1;
    }
    return n;
}

LNode *lnode_make(Arena *a, LKind kind, LNode *const *inputs, int32_t ninputs, Span at)
{
    LNode *n = make(a, kind, NULL, at);
    n->inputs = new (a, LNode *, ninputs);
    memcpy(n->inputs, inputs, (size_t)ninputs * sizeof *inputs);
    n->ninputs = ninputs;
    return n;
}

static LNode *finish(Arena *a, LNode *n)
{
    lnode_props(a, n);
    return n;
}

LNode *lnode_scan(Arena *a, Relation *rel, const int32_t *cols, int32_t ncols, Span at)
{
    LNode *n = make(a, L_SCAN, NULL, at);
    n->rel = rel;
    n->scan_cols = new (a, int32_t, ncols);
    n->fields = new (a, Field, ncols);
    n->nfields = ncols;
    for (int i = 0; i < ncols; i++) {
        n->scan_cols[i] = cols[i];
        n->fields[i] = cols[i] == SCAN_END_OF_ROW ? (Field){S("end of row"), TYPE_OF(TYPE_BOOLEAN)}
                                                  : (Field){rel->cols[cols[i]].name, rel->cols[cols[i]].type};
    }
    return finish(a, n);
}

LNode *lnode_view_input(Arena *a, Relation *rel, Span at)
{
    LNode *n = make(a, L_VIEW_INPUT, NULL, at);
    n->rel = rel;
    n->fields = new (a, Field, rel->ncols);
    n->nfields = rel->ncols;
    for (int i = 0; i < rel->ncols; i++)
        n->fields[i] = (Field){rel->cols[i].name, rel->cols[i].type};
    return finish(a, n);
}

LNode *lnode_values(Arena *a, BExpr ***rows, int32_t nrows, Field *fields, int32_t nfields, Span at)
{
    LNode *n = make(a, L_VALUES, NULL, at);
    n->rows = rows;
    n->nrows = nrows;
    n->fields = fields;
    n->nfields = nfields;
    return finish(a, n);
}

LNode *lnode_filter(Arena *a, LNode *input, BExpr *pred, Span at)
{
    LNode *n = make(a, L_FILTER, input, at);
    n->pred = pred;
    n->fields = input->fields;
    n->nfields = input->nfields;
    return finish(a, n);
}

LNode *lnode_project(Arena *a, LNode *input, BExpr **exprs, const Field *fields, int32_t nfields,
                     Span at)
{
    LNode *n = make(a, L_PROJECT, input, at);
    n->exprs = exprs;
    n->fields = new (a, Field, nfields);
    n->nfields = nfields;
    for (int i = 0; i < nfields; i++) n->fields[i] = (Field){fields[i].name, exprs[i]->type};
    return finish(a, n);
}

LNode *lnode_window(Arena *a, LNode *input, WindowSpec *w, BExpr *time, BExpr **partition,
                    int32_t npartition, bool emit_final, Span at)
{
    LNode *n = make(a, L_WINDOW, input, at);
    int32_t k = input->nfields;
    n->window = w;
    n->time = time;
    n->partition = partition;
    n->npartition = npartition;
    n->emit_final = emit_final;
    if (is_session_rows(n)) n->what = S("SESSION");
    n->nfields = k + 3;
    n->fields = new (a, Field, n->nfields);
    memcpy(n->fields, input->fields, (size_t)k * sizeof(Field));
    Type t = window_bound_type(n);
    n->fields[k] = (Field){S("window_start"), t};
    n->fields[k + 1] = (Field){S("window_end"), t};
    n->fields[k + 2] = (Field){S("window_time"), t};
    return finish(a, n);
}

LNode *lnode_union(Arena *a, LNode **inputs, int32_t ninputs, Span at)
{
    assert(ninputs > 0);
    LNode *n = make(a, L_UNION, NULL, at);
    n->inputs = inputs;
    n->ninputs = ninputs;
    n->fields = inputs[0]->fields;
    n->nfields = inputs[0]->nfields;
    return finish(a, n);
}

/* The name of a key column: that of the column it is, else its text. */
static Str key_name(Arena *a, const LNode *input, const BExpr *key)
{
    if (key->kind == BE_COLUMN) return input->fields[key->col].name;
    Str *names = new (a, Str, input->nfields);
    for (int i = 0; i < input->nfields; i++) names[i] = input->fields[i].name;
    StrBuf b = {.arena = a};
    bexpr_print(&b, key, names);
    return sb_done(&b);
}

static int32_t put_window_fields(Field *out, const LNode *n)
{
    int32_t count = window_column_count(n->window), i = 0;
    if (count == 3) out[i++] = (Field){S("window_no"), TYPE_BIGINT_};
    if (count == 0) return 0;
    out[i++] = (Field){S("window_start"), window_bound_type(n)};
    out[i++] = (Field){S("window_end"), window_bound_type(n)};
    return i;
}

LNode *lnode_aggregate(Arena *a, const LNode *parts, Span at)
{
    LNode *n = make(a, L_AGGREGATE, parts->inputs[0], at);
    n->keys = parts->keys;
    n->nkeys = parts->nkeys;
    n->window = parts->window;
    n->time = parts->time;
    n->aggs = parts->aggs;
    n->naggs = parts->naggs;
    n->is_global = parts->is_global;
    n->emit_final = parts->emit_final;
    n->what = parts->what;
    n->sets = parts->sets;
    n->nsets = parts->nsets;
    n->nfields = n->nkeys + window_column_count(n->window) + n->naggs + (n->nsets > 0);
    n->fields = new (a, Field, n->nfields);
    int32_t f = 0;
    for (int i = 0; i < n->nkeys; i++)
        n->fields[f++] = (Field){key_name(a, n->inputs[0], n->keys[i]), n->keys[i]->type};
    f += put_window_fields(n->fields + f, n);
    for (int i = 0; i < n->naggs; i++) n->fields[f++] = (Field){n->aggs[i].text, n->aggs[i].type};
    if (n->nsets > 0) n->fields[f] = (Field){S("grouping_id"), TYPE_BIGINT_};
    return finish(a, n);
}

LNode *lnode_with_inputs(Arena *a, const LNode *n, LNode **inputs)
{
    LNode *copy = new_one(a, LNode);
    *copy = *n;
    copy->inputs = inputs;
    if (n->kind == L_FILTER || n->kind == L_UNION || n->kind == L_SETOP) copy->fields = inputs[0]->fields;
    return finish(a, copy);
}

int32_t window_column_count(const WindowSpec *w)
{
    if (!w) return 0;
    switch (w->def->shape) {
    case WINDOW_SHAPE_PANES:
    case WINDOW_SHAPE_SESSION:
    case WINDOW_SHAPE_SLIDING: return 2;
    case WINDOW_SHAPE_COUNT: return 3;
    case WINDOW_SHAPE_GLOBAL: return 0;
    }
    return 0;
}

Type window_bound_type(const LNode *n)
{
    return n->time ? n->time->type : TYPE_TIMESTAMP_(6);
}
