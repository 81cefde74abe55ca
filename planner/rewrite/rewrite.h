/* rewrite.h: rules that make a query cheaper and leave its meaning as it is.
 *
 * A rule takes the root of a query and gives another one with the same rows in the same columns
 * (names of inner columns may change), or the same pointer when there is nothing to do. Rules are
 * listed in meson.build, run in that order, and again until none changes anything. Each can be
 * switched off by name (Planner.rules_off), so that tests compare a query with and without it. */
#ifndef WEIR_PLANNER_REWRITE_H
#define WEIR_PLANNER_REWRITE_H

#include "planner/logical.h"
#include "planner/planner.h"

typedef struct RewriteRule {
    const char *name; /* as in rules_off */
    LNode *(*apply)(Planner *p, LNode *root);
    const char *doc;  /* one line */
} RewriteRule;

/* Made from meson.build; ends with NULL. */
extern const RewriteRule *const rewrite_table[];

LNode *rewrite_all(Planner *p, LNode *root);
/* What a query over joins, OVER or Top-N needs whatever is switched off: an error in a column
 * withholds a row only from a node that takes the column, and rows that a filter refuses don't come
 * to it. */
LNode *rewrite_needed(Planner *p, LNode *root);
/* planner/rewrite/share_parts.c, "share_parts" in rules_off: the settled plan with equal aggregates made
 * one; the last of all. */
LNode *rewrite_shared(Planner *p, LNode *root);

/* planner/rewrite/contenders.c, "contenders" in rules_off: behind that, rows that cannot be the MAX or MIN
 * of their window don't come to a join with it. `rel`: the view, or NULL. */
LNode *rewrite_contenders(Planner *p, const Relation *rel, LNode *root);

/* e with its constant parts computed: what a condition is taken for must not depend on the rules. */
BExpr *rewrite_folded(Planner *p, BExpr *e);

/* An aggregate of whole sessions over their table function: one with a window of its own. */
LNode *rewrite_session(Planner *p, LNode *n);

/* What earlier versions had not, as rules_off, ends with NULL: views that they made are planned without, where their state
 * cannot be made anew. */
extern const char *const rewrite_later[];

bool rewrite_is_on(const Planner *p, const char *name);

/* ---- for rules ------------------------------------------------------------------------------ */

/* Applies `f` to every node once, inputs first. */
typedef LNode *(*NodeRule)(Planner *p, LNode *n);
LNode *rewrite_nodes(Planner *p, LNode *n, NodeRule f);

/* n over `input` with every expression passed through `f`; n itself if nothing changed. */
typedef BExpr *(*ExprRule)(void *arg, BExpr *e);
LNode *rewrite_exprs(Arena *a, LNode *n, LNode *input, ExprRule f, void *arg);
/* Calls f for each expression of n. */
typedef void (*ExprVisit)(void *arg, const BExpr *e);
void visit_exprs(const LNode *n, ExprVisit f, void *arg);

/* planner/rewrite/merge_projects.c. A node over a project, over the input of that. */
LNode *rewrite_over_input(Planner *p, LNode *n);
bool is_volatile_project(const LNode *project);

/* All columns that e reads are below `n` (of nfields columns). */
bool reads_only_below(const BExpr *e, int32_t n);

#endif
