/* json_shape_avx512.c: the loop with 64-byte vectors and masks. */
#include "exec/format/json_shape_impl.h"

#if defined(__x86_64__)
#include <immintrin.h>

#if defined(__clang__)
#pragma clang attribute push(__attribute__((target("avx512f,avx512bw,avx512vl,avx512vbmi2,avx2,bmi,bmi2,popcnt"))), apply_to = function)
#else
#pragma GCC push_options
#pragma GCC target("avx512f,avx512bw,avx512vl,avx512vbmi2,avx2,bmi,bmi2,popcnt")
#endif

static inline bool literal_equal(const char *p, const char *literal, int32_t n)
{
    for (;; p += 32, literal += 32, n -= 32) {
        __m256i a = _mm256_loadu_si256((const __m256i *)p);
        __m256i b = _mm256_loadu_si256((const __m256i *)literal);
        if (n < 32) return _mm256_mask_cmpneq_epi8_mask((1u << n) - 1, a, b) == 0;
        if (_mm256_cmpneq_epi8_mask(a, b)) return false;
    }
}

static inline int32_t equal_run(const char *base, const uint16_t *at, int32_t stride, int32_t lines,
                                const char *literal, int32_t n)
{
    int32_t i = 0;
    if (n <= 32) {
        __mmask32 mask = n < 32 ? (1u << n) - 1 : ~0u, differ = 0;
        __m256i want = _mm256_loadu_si256((const __m256i *)literal);
        for (const uint16_t *a = at; i < lines; i++, a += stride)
            differ |= _mm256_mask_cmpneq_epi8_mask(mask, _mm256_loadu_si256((const __m256i *)(base + *a)), want);
        if (!differ) return lines;
    }
    for (i = 0; i < lines && literal_equal(base + *at, literal, n); i++) at += stride;
    return i;
}

/* A byte compared as signed is below 0x20 where it is a control character or not ASCII. */
static inline const char *first_special(const char *p)
{
    const __m512i quote = _mm512_set1_epi8('"'), slash = _mm512_set1_epi8('\\');
    const __m512i space = _mm512_set1_epi8(0x20);
    for (;; p += 64) {
        __m512i v = _mm512_loadu_si512(p);
        uint64_t mask = _mm512_cmpeq_epi8_mask(v, quote) | _mm512_cmpeq_epi8_mask(v, slash) |
                        _mm512_cmplt_epi8_mask(v, space);
        if (mask) return p + __builtin_ctzll(mask);
    }
}

static inline uint64_t specials(const char *p, uint64_t *high)
{
    __m512i v = _mm512_loadu_si512(p);
    *high |= _mm512_movepi8_mask(v);
    return _mm512_cmpeq_epi8_mask(v, _mm512_set1_epi8('"')) |
           _mm512_cmpeq_epi8_mask(v, _mm512_set1_epi8('\\')) |
           _mm512_cmplt_epu8_mask(v, _mm512_set1_epi8(0x20));
}

#include "exec/format/positions_avx512.h"

#define EQUAL_RUN equal_run
#define SPECIALS specials
#define PUT_POSITIONS positions_put_avx512
#define LITERAL_EQUAL literal_equal
#define FIRST_SPECIAL first_special
#define SHAPE_DECODE shape_decode_avx512
#include "exec/format/json_shape_tmpl.h"

#if defined(__clang__)
#pragma clang attribute pop
#else
#pragma GCC pop_options
#endif
#else
typedef int json_shape_avx512_is_empty;
#endif
