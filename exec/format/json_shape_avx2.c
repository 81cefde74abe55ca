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

static inline int32_t equal_run(const char *base, const uint16_t *at, int32_t stride, int32_t lines,
                                const char *literal, int32_t n)
{
    int32_t i = 0;
    if (n <= 32) {
        char first[64];
        memset(first, 0xff, 32);
        memset(first + 32, 0, 32);
        __m256i mask = _mm256_loadu_si256((const __m256i *)(first + 32 - n)), differ = _mm256_setzero_si256();
        __m256i want = _mm256_loadu_si256((const __m256i *)literal);
        for (const uint16_t *a = at; i < lines; i++, a += stride)
            differ = _mm256_or_si256(differ, _mm256_xor_si256(_mm256_loadu_si256((const __m256i *)(base + *a)), want));
        if (_mm256_testz_si256(differ, mask)) return lines;
    }
    for (i = 0; i < lines && literal_equal(base + *at, literal, n); i++) at += stride;
    return i;
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

static inline uint64_t specials(const char *p, uint64_t *high)
{
    __m256i v = _mm256_loadu_si256((const __m256i *)p), w = _mm256_loadu_si256((const __m256i *)(p + 32));
    *high |= (uint32_t)_mm256_movemask_epi8(_mm256_or_si256(v, w));
    return specials_of_half(v) | (uint64_t)specials_of_half(w) << 32;
}

#define EQUAL_RUN equal_run
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
