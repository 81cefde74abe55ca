/* plant.h: known bugs that a build with -Dplanted=true holds asleep.
 *
 * A suite is worth what it finds: each of these bugs, once woken, has to be caught. In any other build
 * WEIR_PLANT is the constant false and nothing of them is left. */
#ifndef WEIR_BASE_PLANT_H
#define WEIR_BASE_PLANT_H

#include <stdbool.h>

#ifdef WEIR_PLANTED
/* Whether it is awake: woken by plant_wake, or named by the environment's WEIR_PLANT. */
bool plant_is_awake(const char *name);
/* Wakes this one alone; NULL: none. */
void plant_wake(const char *name);
#define WEIR_PLANT(name) plant_is_awake(name)
#else
#define WEIR_PLANT(name) false
#endif

#endif
