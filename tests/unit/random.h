/* random.h: numbers that a seed decides: splitmix64, for tests that compare with a twin. */
#ifndef WEIR_TESTS_RANDOM_H
#define WEIR_TESTS_RANDOM_H

#include <stdbool.h>
#include <stdint.h>

__attribute__((unused)) static uint64_t rng_state;
__attribute__((unused)) static uint64_t rng(void)
{
    rng_state += 0x9e3779b97f4a7c15u;
    uint64_t x = rng_state;
    x = (x ^ x >> 30) * 0xbf58476d1ce4e5b9u;
    x = (x ^ x >> 27) * 0x94d049bb133111ebu;
    return x ^ x >> 31;
}
__attribute__((unused)) static int64_t below(int64_t n) { return (int64_t)(rng() % (uint64_t)n); }
__attribute__((unused)) static bool one_in(int64_t n) { return below(n) == 0; }

#endif
