/* letter_case.h: upper and lower case of characters. */
#ifndef WEIR_EXEC_FUNC_LETTER_CASE_H
#define WEIR_EXEC_FUNC_LETTER_CASE_H

#include "base/str.h"

/* Simple case mappings of Unicode where utf8proc is built in, else of ASCII. */
uint32_t letter_lower(uint32_t c);
uint32_t letter_upper(uint32_t c);
bool letter_is_alnum(uint32_t c);

static inline char ascii_lower(char c)
{
    return c >= 'A' && c <= 'Z' ? (char)(c + 32) : c;
}
static inline char ascii_upper(char c)
{
    return c >= 'a' && c <= 'z' ? (char)(c - 32) : c;
}

#endif
