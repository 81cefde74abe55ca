/* window_count.c: SIZE rows of a group, in the order of arrival. */
#include "base/def.h"

extern const WindowDef window_count[];
const WindowDef window_count[] = {
    {.name = "count", .shape = WINDOW_SHAPE_COUNT, .required = WINDOW_ROWS, .optional = WINDOW_ADVANCE,
     .doc = "the last SIZE rows of a group, every ADVANCE BY rows"},
    {0},
};
