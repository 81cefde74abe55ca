/* utf8.h: telling valid UTF-8 (RFC 3629: no surrogates, nothing overlong, up to U+10FFFF). */
#ifndef WEIR_EXEC_UTF8_H
#define WEIR_EXEC_UTF8_H

#include "base/str.h"

/* Length of the valid sequence at p, 0 where there is none before `end`. */
static inline int utf8_sequence(const char *s, const char *end)
{
    const unsigned char *p = (const unsigned char *)s;
    ptrdiff_t n = end - s;
    if (n < 1) return 0;
    if (p[0] < 0x80) return 1;
    if (p[0] < 0xc2 || p[0] > 0xf4) return 0;
    if (n < 2 || (p[1] & 0xc0) != 0x80) return 0;
    if (p[0] < 0xe0) return 2;
    if (n < 3 || (p[2] & 0xc0) != 0x80) return 0;
    if (p[0] < 0xf0) {
        if (p[0] == 0xe0 && p[1] < 0xa0) return 0;
        if (p[0] == 0xed && p[1] > 0x9f) return 0;
        return 3;
    }
    if (n < 4 || (p[3] & 0xc0) != 0x80) return 0;
    if (p[0] == 0xf0 && p[1] < 0x90) return 0;
    if (p[0] == 0xf4 && p[1] > 0x8f) return 0;
    return 4;
}

/* The whole text. */
static inline bool utf8_is_valid(const char *p, ptrdiff_t n)
{
    const char *end = p + n;
    while (p < end) {
        uint64_t w;
        if (end - p >= 8 && (memcpy(&w, p, 8), (w & 0x8080808080808080u) == 0)) {
            p += 8;
            continue;
        }
        int len = utf8_sequence(p, end);
        if (!len) return false;
        p += len;
    }
    return true;
}

/* Writes code point c (not a surrogate, at most 0x10ffff); returns the bytes, at most 4. */
static inline int utf8_put(char *out, uint32_t c)
{
    if (c < 0x80) {
        out[0] = (char)c;
        return 1;
    }
    if (c < 0x800) {
        out[0] = (char)(0xc0 | c >> 6);
        out[1] = (char)(0x80 | (c & 0x3f));
        return 2;
    }
    if (c < 0x10000) {
        out[0] = (char)(0xe0 | c >> 12);
        out[1] = (char)(0x80 | (c >> 6 & 0x3f));
        out[2] = (char)(0x80 | (c & 0x3f));
        return 3;
    }
    out[0] = (char)(0xf0 | c >> 18);
    out[1] = (char)(0x80 | (c >> 12 & 0x3f));
    out[2] = (char)(0x80 | (c >> 6 & 0x3f));
    out[3] = (char)(0x80 | (c & 0x3f));
    return 4;
}

/* The longest start of s of at most `max` bytes that does not cut a sequence in two. */
static inline Str utf8_cut(Str s, ptrdiff_t max)
{
    if (s.n <= max) return s;
    ptrdiff_t n = max;
    while (n > 0 && n > max - 4 && ((unsigned char)s.p[n] & 0xc0) == 0x80) n--;
    return str_of(s.p, n);
}

#endif
