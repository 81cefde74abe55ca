/* json_shape_any.c: the loop for any machine, 8 bytes at a time. */
#include "exec/format/json_shape_impl.h"

static inline bool literal_equal(const char *p, const char *literal, int32_t n)
{
    for (; n >= 8; p += 8, literal += 8, n -= 8)
        if (memcmp(p, literal, 8) != 0) return false;
    for (int32_t i = 0; i < n; i++)
        if (p[i] != literal[i]) return false;
    return true;
}

static inline int32_t equal_run(const char *base, const uint16_t *at, int32_t stride, int32_t lines,
                                const char *literal, int32_t n)
{
    int32_t i = 0;
    for (; i < lines && literal_equal(base + *at, literal, n); i++) at += stride;
    return i;
}

static inline const char *first_special(const char *p)
{
    for (;; p += 8) {
        uint64_t w, ones = 0x0101010101010101u;
        memcpy(&w, p, 8);
        uint64_t quote = w ^ ones * '"', slash = w ^ ones * '\\';
        uint64_t hit = ((quote - ones) & ~quote) | ((slash - ones) & ~slash) | (w - ones * 0x20) | w;
        hit &= ones * 0x80;
        if (!hit) continue;
#if __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
        return p + (__builtin_ctzll(hit) >> 3);
#else
        while (*p != '"' && *p != '\\' && (unsigned char)*p >= 0x20 && (unsigned char)*p < 0x80) p++;
        return p;
#endif
    }
}

static inline uint64_t specials(const char *p, uint64_t *high)
{
    uint64_t bits = 0;
    for (int i = 0; i < 8; i++) {
        const uint64_t low = EIGHT(0x7f), top = EIGHT(0x80);
        uint64_t w = load8(p + 8 * i), quote = w ^ EIGHT('"'), slash = w ^ EIGHT('\\');
        uint64_t no_quote = ((quote & low) + low) | quote, no_slash = ((slash & low) + low) | slash;
        uint64_t printable = ((w & low) + EIGHT(0x60)) | w; /* high bit: at least 0x20 */
        uint64_t hit = ~(no_quote & no_slash & printable) & top;
        *high |= w & top;
        bits |= (hit >> 7) * 0x0102040810204080u >> 56 << 8 * i;
    }
    return bits;
}

#define EQUAL_RUN equal_run
#define SPECIALS specials
#define PUT_POSITIONS positions_put
#define LITERAL_EQUAL literal_equal
#define FIRST_SPECIAL first_special
#define SHAPE_DECODE shape_decode_any
#include "exec/format/json_shape_tmpl.h"
