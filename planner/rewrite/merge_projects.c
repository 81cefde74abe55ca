/* merge_projects.c: computing in one step what was written in several.
 *
 * A project over a project becomes one; an aggregate takes the expressions of the project below it
 * as its own; a project that changes nothing goes. Volatile expressions stay where they are, for
 * each place that computes them gives another value. */
#include "planner/rewrite/rewrite.h"

#include <assert.h>

bool is_volatile_project(const LNode *project)
{
    for (int i = 0; i < project->nfields; i++)
        if (project->exprs[i]->is_volatile) return true;
    return false;
}

static bool is_identity(const LNode *n)
{
    if (n->nfields != n->inputs[0]->nfields) return false;
    for (int i = 0; i < n->nfields; i++)
        if (n->exprs[i]->kind != BE_COLUMN || n->exprs[i]->col != i) return false;
    return true;
}

typedef struct Substitution {
    Arena *arena;
    BExpr *const *exprs;
} Substitution;

static BExpr *substitute(void *arg, BExpr *e)
{
    Substitution *s = arg;
    return bexpr_substitute(s->arena, e, s->exprs);
}

LNode *rewrite_over_input(Planner *p, LNode *n)
{
    LNode *project = n->inputs[0];
    assert(project->kind == L_PROJECT);
    Substitution s = {p->arena, project->exprs};
    return rewrite_exprs(p->arena, n, project->inputs[0], substitute, &s);
}

/* What is known of an aggregate must not get less by it: a key that is an expression is no longer
 * recognised as event time. */
static bool knows_as_much(const LNode *now, const LNode *before)
{
    return now->props.time_col == before->props.time_col &&
           now->props.has_watermark == before->props.has_watermark &&
           now->props.window_start == before->props.window_start &&
           now->props.window_end == before->props.window_end &&
           now->key_window_start == before->key_window_start &&
           now->key_window_end == before->key_window_end && now->window_time == before->window_time;
}

/* The input of a project that only names: a project below takes its names. */
static LNode *renamed(Planner *p, const LNode *n)
{
    LNode *in = n->inputs[0];
    if (in->kind != L_PROJECT) return in;
    LNode *copy = new_one(p->arena, LNode);
    *copy = *in;
    copy->fields = new (p->arena, Field, in->nfields);
    for (int i = 0; i < in->nfields; i++) {
        copy->fields[i] = in->fields[i];
        copy->fields[i].name = n->fields[i].name;
    }
    return copy;
}

static LNode *merge(Planner *p, LNode *n)
{
    if (n->kind == L_PROJECT && is_identity(n)) return renamed(p, n);
    if (n->ninputs != 1 || n->inputs[0]->kind != L_PROJECT || is_volatile_project(n->inputs[0])) return n;
    if (n->kind == L_PROJECT) return rewrite_over_input(p, n);
    if (n->kind != L_AGGREGATE) return n;
    LNode *merged = rewrite_over_input(p, n);
    return knows_as_much(merged, n) ? merged : n;
}

static LNode *apply(Planner *p, LNode *root)
{
    return rewrite_nodes(p, root, merge);
}

extern const RewriteRule rewrite_merge_projects;
const RewriteRule rewrite_merge_projects = {"merge_projects", apply,
                                            "expressions are computed in one step"};
