/* chance.c: pseudo-random numbers (splitmix64): all that a case does follows from one seed. */
#include "tests/torture/torture.h"

uint64_t chance_next(Chance *c)
{
    uint64_t z = c->state += UINT64_C(0x9e3779b97f4a7c15);
    z = (z ^ z >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
    z = (z ^ z >> 27) * UINT64_C(0x94d049bb133111eb);
    return z ^ z >> 31;
}

int chance_below(Chance *c, int n) { return n > 1 ? (int)(chance_next(c) % (uint64_t)n) : 0; }

bool chance_one_in(Chance *c, int n) { return chance_below(c, n) == 0; }
