/* base64.c: see base64.h. */
#include "base/base64.h"

#include <string.h>

static const char BASE64[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

void base64_put(StrBuf *b, Str s)
{
    sb_reserve(b, s.n / 3 * 4 + 5);
    for (ptrdiff_t i = 0; i < s.n; i += 3) {
        uint32_t v = 0;
        int n = s.n - i < 3 ? (int)(s.n - i) : 3;
        for (int k = 0; k < 3; k++) v = v << 8 | (k < n ? (unsigned char)s.p[i + k] : 0);
        for (int k = 0; k < 4; k++) sb_char(b, k <= n ? BASE64[v >> (18 - 6 * k) & 63] : '=');
    }
}

static int sextet(char c)
{
    const char *at = c ? strchr(BASE64, c) : NULL;
    return at ? (int)(at - BASE64) : -1;
}

bool base64_read(Str s, Arena *a, Str *out)
{
    StrBuf b = {.arena = a};
    uint32_t v = 0;
    int have = 0;
    while (s.n > 0 && s.p[s.n - 1] == '=') s.n--;
    for (ptrdiff_t i = 0; i < s.n; i++) {
        if (strchr(" \n\r\t", s.p[i]) && s.p[i]) continue;
        int six = sextet(s.p[i]);
        if (six < 0) return false;
        v = v << 6 | (uint32_t)six;
        if (++have % 4 == 0)
            for (int k = 2; k >= 0; k--) sb_char(&b, (char)(v >> 8 * k));
    }
    if (have % 4 == 1) return false;
    if (have % 4 == 2) sb_char(&b, (char)(v >> 4));
    if (have % 4 == 3) {
        sb_char(&b, (char)(v >> 10));
        sb_char(&b, (char)(v >> 2));
    }
    *out = str_of(b.p, b.n);
    return true;
}
