/* explain_facts.h: what is worth saying about an operator, apart from how it is written down.
 *
 * Text, JSON and dot show the same facts: each fact is gathered once, by explain.c, and written by
 * explain_render.c. */
#ifndef WEIR_PLANNER_EXPLAIN_FACTS_H
#define WEIR_PLANNER_EXPLAIN_FACTS_H

#include "planner/planner.h"

/* "filter": "price > 100". A fact with several items is a list. */
typedef struct Fact {
    const char *key; /* words with spaces; "_" instead in JSON */
    Str *items;
    int32_t n;
    bool is_list; /* an array in JSON even with one item */
    bool is_property; /* of the output: one line in text for all of them */
} Fact;

typedef struct OpFacts {
    const char *kind; /* "Scan" */
    Str subject;      /* the relation, or empty */
    VEC(Fact) facts;
} OpFacts;

/* Everything known about one operator of a plan; texts live in `a`. */
void explain_facts(const PhysPlan *plan, const PhysOp *op, Arena *a, OpFacts *out);
/* "10 seconds", "1 hour 30 minutes", "250 milliseconds"; hours are the largest unit. */
Str explain_duration(int64_t us, Arena *a);

void explain_as_text(const PhysPlan *plan, StrBuf *out);
void explain_as_json(const PhysPlan *plan, StrBuf *out);
void explain_as_dot(const PhysPlan *plan, StrBuf *out);

#endif
