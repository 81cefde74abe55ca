/* window_sliding.c: for each time of a row the SIZE that ends with it. */
#include "base/def.h"

extern const WindowDef window_sliding[];
const WindowDef window_sliding[] = {
    {.name = "sliding", .shape = WINDOW_SHAPE_SLIDING, .required = WINDOW_SIZE, .optional = WINDOW_GRACE,
     .doc = "for each row's time the window of SIZE that ends with it"},
    {0},
};
