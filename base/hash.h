/* hash.h: hashing. XXH3, 64 bits, inlined.
 *
 * Equal inputs hash alike in every process and on every machine of one byte order, so hashes may
 * be persisted, together with HASH_VERSION: who reads another version hashes again. */
#ifndef WEIR_BASE_HASH_H
#define WEIR_BASE_HASH_H

#include <stddef.h>
#include <stdint.h>
#include <string.h>
#define XXH_INLINE_ALL
#include <xxhash.h>

enum { HASH_VERSION = 1 };

static inline uint64_t hash_bytes(const void *p, ptrdiff_t n)
{
    return XXH3_64bits(n ? p : "", (size_t)n);
}

static inline uint64_t hash_seeded(const void *p, ptrdiff_t n, uint64_t seed)
{
    return XXH3_64bits_withSeed(n ? p : "", (size_t)n, seed);
}

/* One 64-bit number. A bijection: D. Stafford's "Mix13" of MurmurHash3's finalizer. */
static inline uint64_t hash_u64(uint64_t x)
{
    x = (x ^ x >> 30) * 0xbf58476d1ce4e5b9u;
    x = (x ^ x >> 27) * 0x94d049bb133111ebu;
    return x ^ x >> 31;
}

static inline uint64_t hash_int64(int64_t v)
{
    return hash_u64((uint64_t)v + 0x9e3779b97f4a7c15u);
}

/* By value: -0.0 as 0.0. */
static inline uint64_t hash_double(double d)
{
    uint64_t bits;
    if (d == 0) d = 0;
    memcpy(&bits, &d, sizeof bits);
    return hash_u64(bits + 0x9e3779b97f4a7c15u);
}

/* The hash of a row so far and of its next column; order matters. */
static inline uint64_t hash_mix(uint64_t h, uint64_t next)
{
    unsigned __int128 m = h ^ 0x9e3779b97f4a7c15u;
    m *= next ^ 0xd6e8feb86659fd93u;
    return hash_u64((uint64_t)m ^ (uint64_t)(m >> 64) ^ next);
}

enum { HASH_NULL = 0x6e756c6c }; /* stands for a NULL */

#endif
