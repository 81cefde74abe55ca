/* utf8.h: characters in text. Text in columns is valid UTF-8 (RFC 3629: no surrogates, nothing
 * overlong, up to U+10FFFF); these are safe on any bytes. */
#ifndef WEIR_BASE_UTF8_H
#define WEIR_BASE_UTF8_H

#include "base/str.h"

static inline bool utf8_is_tail(char c)
{
    return ((unsigned char)c & 0xc0) == 0x80;
}
/* Length of the well-formed sequence at p (Unicode table 3-7), 0 where there is none before `end`. */
int utf8_sequence(const char *p, const char *end);
bool utf8_is_valid(Str s);
bool utf8_is_ascii(Str s);
/* Number of characters. */
int64_t utf8_count(Str s);
/* Byte offset of character i (from 0); s.n if there are fewer. */
ptrdiff_t utf8_offset(Str s, int64_t i);
/* The largest length ≤ max that does not cut a character. */
ptrdiff_t utf8_cut(Str s, ptrdiff_t max);
/* Bytes of the character at s.p[at], at least 1, never past the end. */
ptrdiff_t utf8_len(Str s, ptrdiff_t at);
uint32_t utf8_decode(Str s, ptrdiff_t at);
/* Writes 1 to 4 bytes; returns how many. */
int utf8_encode(uint32_t c, char *out);

#endif
