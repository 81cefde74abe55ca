/* base64.h: bytes as text after RFC 4648. */
#ifndef WEIR_BASE_BASE64_H
#define WEIR_BASE_BASE64_H

#include "base/str.h"

void base64_put(StrBuf *b, Str bytes);
/* White space is skipped, the padding may be missing. False: not base 64. */
bool base64_read(Str text, Arena *a, Str *out);

#endif
