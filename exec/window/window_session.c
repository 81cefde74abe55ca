/* window_session.c: rows whose times are at most GAP apart in a chain. */
#include "base/def.h"

extern const WindowDef window_session[];
const WindowDef window_session[] = {
    {.name = "session", .table_func = "session", .shape = WINDOW_SHAPE_SESSION, .required = WINDOW_GAP,
     .optional = WINDOW_GRACE, .doc = "rows that follow each other within GAP"},
    {0},
};
