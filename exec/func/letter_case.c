/* letter_case.c: see letter_case.h. */
#include "exec/func/letter_case.h"

#ifdef WEIR_HAVE_UTF8PROC
#include <utf8proc.h>
#endif

uint32_t letter_lower(uint32_t c)
{
    if (c < 0x80) return (unsigned char)ascii_lower((char)c);
#ifdef WEIR_HAVE_UTF8PROC
    return (uint32_t)utf8proc_tolower((utf8proc_int32_t)c);
#else
    return c;
#endif
}

uint32_t letter_upper(uint32_t c)
{
    if (c < 0x80) return (unsigned char)ascii_upper((char)c);
#ifdef WEIR_HAVE_UTF8PROC
    if (c == 0xdf) return c; /* Unicode's simple mapping has no capital for it */
    return (uint32_t)utf8proc_toupper((utf8proc_int32_t)c);
#else
    return c;
#endif
}

bool letter_is_alnum(uint32_t c)
{
    if (c < 0x80) return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
#ifdef WEIR_HAVE_UTF8PROC
    utf8proc_category_t k = utf8proc_category((utf8proc_int32_t)c);
    return (k >= UTF8PROC_CATEGORY_LU && k <= UTF8PROC_CATEGORY_LO) ||
           (k >= UTF8PROC_CATEGORY_ND && k <= UTF8PROC_CATEGORY_NO);
#else
    return true;
#endif
}
