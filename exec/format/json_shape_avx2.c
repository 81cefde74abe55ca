/* json_shape_avx2.c: the loop with 32-byte vectors. */
#include "exec/format/json_shape_impl.h"

#if defined(__x86_64__)
#include <immintrin.h>

#if defined(__clang__)
#pragma clang attribute push(__attribute__((target("avx2,bmi,bmi2,popcnt"))), apply_to = function)
#else
#pragma GCC push_options
#pragma GCC target("avx2,bmi,bmi2,popcnt")
#endif

static inline bool literal_equal(const char *p, const char *literal, int32_t n)
{
    for (;; p += 32, literal += 32, n -= 32) {
        __m256i a = _mm256_loadu_si256((const __m256i *)p);
        __m256i b = _mm256_loadu_si256((const __m256i *)literal);
        uint32_t differ = ~(uint32_t)_mm256_movemask_epi8(_mm256_cmpeq_epi8(a, b));
        if (n < 32) return (differ & ((1u << n) - 1)) == 0;
        if (differ) return false;
    }
}

/* A byte compared as signed is below 0x20 where it is a control character or not ASCII. */
static inline const char *first_special(const char *p)
{
    const __m256i quote = _mm256_set1_epi8('"'), slash = _mm256_set1_epi8('\\');
    const __m256i space = _mm256_set1_epi8(0x20);
    for (;; p += 32) {
        __m256i v = _mm256_loadu_si256((const __m256i *)p);
        __m256i hit = _mm256_or_si256(_mm256_cmpeq_epi8(v, quote), _mm256_cmpeq_epi8(v, slash));
        hit = _mm256_or_si256(hit, _mm256_cmpgt_epi8(space, v));
        uint32_t mask = (uint32_t)_mm256_movemask_epi8(hit);
        if (mask) return p + __builtin_ctz(mask);
    }
}

static inline uint32_t specials_of_half(__m256i v)
{
    __m256i hit = _mm256_or_si256(_mm256_cmpeq_epi8(v, _mm256_set1_epi8('"')),
                                  _mm256_cmpeq_epi8(v, _mm256_set1_epi8('\\')));
    __m256i low = _mm256_cmpeq_epi8(_mm256_min_epu8(v, _mm256_set1_epi8(0x1f)), v);
    return (uint32_t)_mm256_movemask_epi8(_mm256_or_si256(hit, low));
}

static inline uint64_t specials(const char *p, bool *has_high)
{
    __m256i v = _mm256_loadu_si256((const __m256i *)p), w = _mm256_loadu_si256((const __m256i *)(p + 32));
    *has_high = _mm256_movemask_epi8(_mm256_or_si256(v, w)) != 0;
    return specials_of_half(v) | (uint64_t)specials_of_half(w) << 32;
}

#define SPECIALS specials
#define PUT_POSITIONS positions_put
#define LITERAL_EQUAL literal_equal
#define FIRST_SPECIAL first_special
#define SHAPE_DECODE shape_decode_avx2
#include "exec/format/json_shape_tmpl.h"

#if defined(__clang__)
#pragma clang attribute pop
#else
#pragma GCC pop_options
#endif
#else
typedef int json_shape_avx2_is_empty;
#endif
