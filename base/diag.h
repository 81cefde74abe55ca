/* diag.h: what went wrong, where, and what would work.
 *
 * Errors climb one way: a Status (must be used) and a Diags list filled once, where the fact is
 * known. Several errors can be reported before giving up: all of a file's errors in one run. */
#ifndef WEIR_BASE_DIAG_H
#define WEIR_BASE_DIAG_H

#include "base/str.h"
#include "include/weir.h"

typedef weir_status Status; /* WEIR_OK or an error */
#define MUST_USE __attribute__((warn_unused_result))
#define TRY(e) \
    do { \
        Status try_status = (e); \
        if (try_status != WEIR_OK) return try_status; \
    } while (0)

/* A piece of the source text of a script. len 0 and line 0: no place. */
typedef struct Span {
    int32_t off, len;
    int32_t line, col; /* from 1; col in bytes */
} Span;
Span span_join(Span a, Span b); /* from the start of a to the end of b; an empty one is ignored */

typedef struct Diag {
    Status code;
    Span span;
    Str message, hint; /* hint.n 0: none */
} Diag;

/* The errors of one call. `arena` owns the texts. */
typedef struct Diags {
    Arena *arena;
    VEC(Diag) list;
    Str file, text; /* the script's name and source, for rendering; may be empty */
} Diags;

/* "WEIR_E_SYNTAX" */
const char *status_name(Status s);
/* Adds an error and returns its code. A NULL `d` is allowed: only the code is passed on. */
Status diag_error(Diags *d, Status code, Span at, const char *fmt, ...)
    __attribute__((format(printf, 4, 5)));
/* Sets the hint of the newest error. */
void diag_hint(Diags *d, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
/* Code of the first error, WEIR_OK if there is none. */
Status diag_status(const Diags *d);
/* "file:line:col: WEIR_E_X: message", the source line, the caret, the hint. */
Str diag_render(const Diags *d, const Diag *e, Arena *a);
/* The candidate nearest to `name` within two edits, or an empty Str. */
Str diag_nearest(Str name, const Str *candidates, ptrdiff_t n);

#endif
