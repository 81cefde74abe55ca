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
    VEC(Fact) actual; /* what it has done, where that is asked for */
} OpFacts;

/* A plan to be written down. `actual`: one per operator, or NULL. */
typedef struct Explained {
    const PhysPlan *plan;
    const OpActual *actual;
} Explained;

/* Everything known about one operator of a plan; texts live in `a`. */
void explain_facts(const Explained *e, const PhysOp *op, Arena *a, OpFacts *out);
/* "10 seconds", "1 hour 30 minutes", "250 milliseconds"; hours are the largest unit. */
Str explain_duration(int64_t us, Arena *a);


/* ---- explain_actual.c ---- */
void explain_actual(const OpActual *x, Arena *a, OpFacts *out);
void actual_as_json(StrBuf *b, const OpActual *x);
bool actual_has_watermark(const OpActual *x);
Str explain_bytes(int64_t n, Arena *a);
Str explain_time(int64_t us, Arena *a);
Str explain_rate(double n, Arena *a);
Str explain_moment(int64_t us, Arena *a);

void explain_as_text(const Explained *e, StrBuf *out);
void explain_as_json(const Explained *e, StrBuf *out);
void explain_as_dot(const Explained *e, StrBuf *out);
void explain_as_svg(const Explained *e, StrBuf *out);

#endif
