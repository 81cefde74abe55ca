/* positions_avx512.h: bits to positions with AVX-512; to be included where that is the target. */
#ifndef WEIR_EXEC_POSITIONS_AVX512_H
#define WEIR_EXEC_POSITIONS_AVX512_H

#include <immintrin.h>
#include <stdint.h>

/* Up to 32 places in one go; more only where hardly anything else is. */
static inline void positions_put_avx512(uint16_t *to, uint32_t base, uint64_t bits)
{
    const __m512i places = _mm512_set_epi8(
        63, 62, 61, 60, 59, 58, 57, 56, 55, 54, 53, 52, 51, 50, 49, 48, 47, 46, 45, 44, 43, 42, 41, 40, 39,
        38, 37, 36, 35, 34, 33, 32, 31, 30, 29, 28, 27, 26, 25, 24, 23, 22, 21, 20, 19, 18, 17, 16, 15, 14,
        13, 12, 11, 10, 9, 8, 7, 6, 5, 4, 3, 2, 1, 0);
    __m512i packed = _mm512_maskz_compress_epi8(bits, places);
    __m512i base16 = _mm512_set1_epi16((short)base);
    __m512i first = _mm512_cvtepu8_epi16(_mm512_castsi512_si256(packed));
    _mm512_storeu_si512(to, _mm512_add_epi16(first, base16));
    if (__builtin_popcountll(bits) <= 32) return;
    __m512i second = _mm512_cvtepu8_epi16(_mm512_extracti64x4_epi64(packed, 1));
    _mm512_storeu_si512(to + 32, _mm512_add_epi16(second, base16));
}

#endif
