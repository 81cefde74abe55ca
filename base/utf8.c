/* utf8.c: counting, finding and coding characters. */
#include "base/utf8.h"

static const uint64_t HIGH_BITS = 0x8080808080808080u;

bool utf8_is_ascii(Str s)
{
    ptrdiff_t i = 0;
    uint64_t bits = 0, word;
    for (; i + 8 <= s.n; i += 8) {
        memcpy(&word, s.p + i, 8);
        bits |= word;
    }
    for (; i < s.n; i++) bits |= (uint64_t)(unsigned char)s.p[i];
    return !(bits & HIGH_BITS);
}

int utf8_sequence(const char *s, const char *end)
{
    const unsigned char *p = (const unsigned char *)s;
    if (s >= end) return 0;
    if (p[0] < 0x80) return 1;
    if (p[0] < 0xc2 || p[0] > 0xf4) return 0;
    int len = p[0] < 0xe0 ? 2 : p[0] < 0xf0 ? 3 : 4;
    if (end - s < len) return 0;
    unsigned char low = 0x80, high = 0xbf;
    if (p[0] == 0xe0) low = 0xa0;
    if (p[0] == 0xed) high = 0x9f;
    if (p[0] == 0xf0) low = 0x90;
    if (p[0] == 0xf4) high = 0x8f;
    if (p[1] < low || p[1] > high) return 0;
    for (int i = 2; i < len; i++)
        if ((p[i] & 0xc0) != 0x80) return 0;
    return len;
}

bool utf8_is_valid(Str s)
{
    const char *p = s.p, *end = s.p + s.n;
    while (p < end) {
        uint64_t word;
        if (end - p >= 8 && (memcpy(&word, p, 8), (word & HIGH_BITS) == 0)) {
            p += 8;
            continue;
        }
        int len = utf8_sequence(p, end);
        if (!len) return false;
        p += len;
    }
    return true;
}

int64_t utf8_count(Str s)
{
    int64_t n = 0;
    for (ptrdiff_t i = 0; i < s.n; i++) n += !utf8_is_tail(s.p[i]);
    return n;
}

ptrdiff_t utf8_offset(Str s, int64_t i)
{
    if (i >= s.n) return s.n;
    ptrdiff_t at = 0;
    for (; i > 0 && at < s.n; i--) at += utf8_len(s, at);
    return at;
}

ptrdiff_t utf8_cut(Str s, ptrdiff_t max)
{
    if (s.n <= max) return s.n;
    while (max > 0 && utf8_is_tail(s.p[max])) max--;
    return max;
}

ptrdiff_t utf8_len(Str s, ptrdiff_t at)
{
    ptrdiff_t i = at + 1;
    while (i < s.n && utf8_is_tail(s.p[i])) i++;
    return i - at;
}

uint32_t utf8_decode(Str s, ptrdiff_t at)
{
    const unsigned char *p = (const unsigned char *)s.p + at;
    switch (utf8_sequence(s.p + at, s.p + s.n)) {
    case 2:
        return (uint32_t)(p[0] & 0x1f) << 6 | (p[1] & 0x3f);
    case 3:
        return (uint32_t)(p[0] & 0x0f) << 12 | (uint32_t)(p[1] & 0x3f) << 6 | (p[2] & 0x3f);
    case 4:
        return (uint32_t)(p[0] & 0x07) << 18 | (uint32_t)(p[1] & 0x3f) << 12 |
               (uint32_t)(p[2] & 0x3f) << 6 | (p[3] & 0x3f);
    default:
        return p[0];
    }
}

int utf8_encode(uint32_t c, char *out)
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
