/* plant.c: which planted bug is awake. Built with -Dplanted=true alone; the name is the only state. */
#include "base/plant.h"

#ifdef WEIR_PLANTED
#include <stdlib.h>
#include <string.h>

static const char *awake;
static bool is_chosen;

bool plant_is_awake(const char *name)
{
    if (!is_chosen) plant_wake(getenv("WEIR_PLANT"));
    return awake && !strcmp(awake, name);
}

void plant_wake(const char *name)
{
    awake = name;
    is_chosen = true;
}
#endif
