/* window_global.c: one window that never closes and shows its value when triggered. */
#include "base/def.h"

extern const WindowDef window_global[];
const WindowDef window_global[] = {
    {.name = "global", .shape = WINDOW_SHAPE_GLOBAL, .required = WINDOW_TRIGGER,
     .doc = "one window per group, shown at every TRIGGER"},
    {0},
};
