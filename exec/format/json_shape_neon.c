/* json_shape_neon.c: the loop with the 16-byte vectors of 64-bit ARM. */
#include "exec/format/json_shape_impl.h"

#if defined(__aarch64__)
#include "exec/format/neon.h"

static inline bool literal_equal(const char *p, const char *literal, int32_t n)
{
    const uint8x16_t place = {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15};
    for (;; p += 16, literal += 16, n -= 16) {
        uint8x16_t differ = veorq_u8(vld1q_u8((const uint8_t *)p), vld1q_u8((const uint8_t *)literal));
        if (n < 16) return vmaxvq_u8(vandq_u8(differ, vcltq_u8(place, vdupq_n_u8((uint8_t)n)))) == 0;
        if (vmaxvq_u8(differ)) return false;
    }
}

static inline int32_t equal_run(const char *base, const uint16_t *at, int32_t stride, int32_t lines,
                                const char *literal, int32_t n)
{
    int32_t i = 0;
    for (; i < lines && literal_equal(base + *at, literal, n); i++) at += stride;
    return i;
}

static inline uint8x16_t special(uint8x16_t v)
{
    uint8x16_t hit = vorrq_u8(vceqq_u8(v, vdupq_n_u8('"')), vceqq_u8(v, vdupq_n_u8('\\')));
    return vorrq_u8(hit, vcltq_u8(v, vdupq_n_u8(0x20)));
}

/* A quote, a backslash, a control character or a byte that is not ASCII. */
static inline const char *first_special(const char *p)
{
    for (;; p += 16) {
        uint8x16_t v = vld1q_u8((const uint8_t *)p);
        uint8x16_t hit = vorrq_u8(special(v), vcgeq_u8(v, vdupq_n_u8(0x80)));
        /* four bits a byte */
        uint8x8_t nibbles = vshrn_n_u16(vreinterpretq_u16_u8(hit), 4);
        uint64_t mask = vget_lane_u64(vreinterpret_u64_u8(nibbles), 0);
        if (mask) return p + (__builtin_ctzll(mask) >> 2);
    }
}

static inline uint64_t specials(const char *p, uint64_t *high)
{
    Neon64 x = neon_load64(p);
    *high |= neon_has_high(&x);
    for (int i = 0; i < 4; i++) x.v[i] = special(x.v[i]);
    return neon_bits(&x);
}

#define EQUAL_RUN equal_run
#define SPECIALS specials
#define PUT_POSITIONS positions_put
#define LITERAL_EQUAL literal_equal
#define FIRST_SPECIAL first_special
#define SHAPE_DECODE shape_decode_neon
#include "exec/format/json_shape_tmpl.h"
#else
typedef int json_shape_neon_is_empty;
#endif
