/* window_spec.h: what the spellings of a window have in common.
 *
 * Each spelling fills a Measures from its own syntax; from there on there is one way. Which
 * measures a kind of window takes is said by its WindowDef. */
#ifndef WEIR_PLANNER_WINDOW_SPEC_H
#define WEIR_PLANNER_WINDOW_SPEC_H

#include "planner/bind.h"

/* What was written about a window; NULL: not written. */
typedef struct Measures {
    const WindowDef *def;
    Span span;
    const Expr *size, *slide, *step, *gap, *offset, *grace, *retention, *trigger;
    const Expr *size_rows, *slide_rows, *trigger_rows;
    bool fill;
} Measures;

/* The window's time over the relation of c: the column that was `written`, NULL: the relation's
 * event time. *out is NULL where there is none and the kind needs none. */
Status window_time_bind(Binder *b, const ExprContext *c, const WindowDef *d, const Expr *written,
                        Span at, BExpr **out);
/* Checks the measures and makes the window of them. */
Status window_make(Binder *b, const ExprContext *c, const Measures *m, BExpr *time,
                   BoundWindow *out);

/* The kind of window whose function is called `name` (tumble, hop); NULL: none is. */
const WindowDef *window_function(const Binder *b, Str name);
/* Number of durations such a function must have, its optional offset not counted. */
int window_durations(const WindowDef *d);
/* The arguments (slide, size), (step, size), (gap) or (size), then an offset. */
Status window_put_durations(Binder *b, const WindowDef *d, const Expr *const *args, int n,
                            Measures *m);

#endif
