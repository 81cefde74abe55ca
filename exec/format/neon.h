/* neon.h: which bytes of 64 stand out, as bits. NEON has no instruction for it: the bits are taken one a
 * byte by a mask, then neighbours are added, three times. */
#ifndef WEIR_EXEC_NEON_H
#define WEIR_EXEC_NEON_H

#if defined(__aarch64__)
#include <arm_neon.h>
#include <stdint.h>

/* 64 bytes. */
typedef struct Neon64 {
    uint8x16_t v[4];
} Neon64;

static inline Neon64 neon_load64(const char *p)
{
    const uint8_t *b = (const uint8_t *)p;
    return (Neon64){{vld1q_u8(b), vld1q_u8(b + 16), vld1q_u8(b + 32), vld1q_u8(b + 48)}};
}

/* Bit i: byte i of `hit` is all ones; the others are zero. */
static inline uint64_t neon_bits(const Neon64 *hit)
{
    const uint8x16_t weight = {1, 2, 4, 8, 16, 32, 64, 128, 1, 2, 4, 8, 16, 32, 64, 128};
    uint8x16_t a = vpaddq_u8(vandq_u8(hit->v[0], weight), vandq_u8(hit->v[1], weight));
    uint8x16_t b = vpaddq_u8(vandq_u8(hit->v[2], weight), vandq_u8(hit->v[3], weight));
    a = vpaddq_u8(a, b);
    return vgetq_lane_u64(vreinterpretq_u64_u8(vpaddq_u8(a, a)), 0);
}

/* Whether some byte is not ASCII. */
static inline uint64_t neon_has_high(const Neon64 *x)
{
    return vmaxvq_u8(vorrq_u8(vorrq_u8(x->v[0], x->v[1]), vorrq_u8(x->v[2], x->v[3]))) >> 7;
}

#endif
#endif
