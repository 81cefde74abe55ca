/* str.h: text with a length, and a builder for it. */
#ifndef WEIR_BASE_STR_H
#define WEIR_BASE_STR_H

#include "base/arena.h"
#include <stdarg.h>
#include <string.h>

/* Bytes somebody else owns. Not NUL-terminated unless a function says so. */
typedef struct Str {
    const char *p;
    ptrdiff_t n;
} Str;

#define S(lit) ((Str){"" lit, (ptrdiff_t)sizeof(lit) - 1})
#define STR_ARG(s) (int)(s).n, (s).p /* for "%.*s" */

static inline Str str_z(const char *z) { return (Str){z, z ? (ptrdiff_t)strlen(z) : 0}; }
static inline Str str_of(const char *p, ptrdiff_t n) { return (Str){p, n}; }
static inline bool str_eq(Str a, Str b) { return a.n == b.n && (a.n == 0 || !memcmp(a.p, b.p, (size_t)a.n)); }
int str_cmp(Str a, Str b);       /* by bytes, shorter first */
bool str_ieq(Str a, Str b);      /* ASCII letters without case */
int str_icmp(Str a, Str b);
bool str_starts(Str s, Str prefix);
bool str_istarts(Str s, Str prefix);
bool str_ends(Str s, Str suffix);
ptrdiff_t str_find(Str s, Str needle); /* offset, or -1 */
Str str_trim(Str s);                   /* ASCII white space off both ends */
Str str_dup(Arena *a, Str s);          /* copy, NUL-terminated behind the end */
char *str_cstr(Arena *a, Str s);
Str str_lower(Arena *a, Str s);        /* ASCII */
Str str_printf(Arena *a, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
bool str_to_int64(Str s, int64_t *out); /* whole text, optional sign, no white space */
bool str_to_double(Str s, double *out); /* whole text, JSON or C spelling, locale-free */
int str_edit_distance(Str a, Str b, int limit); /* without case; > limit gives limit + 1 */

/* Builds text or bytes in an arena. StrBuf b = {.arena = a}; */
typedef struct StrBuf {
    Arena *arena;
    char *p;
    ptrdiff_t n, cap;
} StrBuf;

void sb_reserve(StrBuf *b, ptrdiff_t more);
void sb_str(StrBuf *b, Str s);
void sb_char(StrBuf *b, char c);
void sb_bytes(StrBuf *b, const void *p, ptrdiff_t n);
void sb_printf(StrBuf *b, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
void sb_vprintf(StrBuf *b, const char *fmt, va_list ap);
void sb_varint(StrBuf *b, uint64_t v);   /* LEB128 */
void sb_signed(StrBuf *b, int64_t v);    /* LEB128, small magnitudes short */
void sb_u64(StrBuf *b, uint64_t v);      /* 8 bytes, little endian */
/* The same where there is room: at p; return what follows. */
static inline char *put_varint(char *p, uint64_t v) /* 10 bytes at most */
{
    for (; v >= 0x80; v >>= 7) *p++ = (char)(v | 0x80);
    *p++ = (char)v;
    return p;
}
static inline char *put_u64(char *p, uint64_t v)
{
    for (int i = 0; i < 8; i++) p[i] = (char)(v >> (8 * i));
    return p + 8;
}
static inline char *put_bytes(char *p, const void *from, ptrdiff_t n)
{
    if (n) memcpy(p, from, (size_t)n);
    return p + n;
}
enum { VARINT_MAX = 10 };
Str sb_done(StrBuf *b);                  /* the text, NUL-terminated behind its end */
#define sb_lit(b, lit) sb_bytes((b), "" lit, (ptrdiff_t)sizeof(lit) - 1)
#define sb_z(b, z) sb_str((b), str_z(z))

/* Reads back what sb_varint, sb_u64 and sb_bytes wrote. Running past the end sets `bad`. */
typedef struct StrReader {
    const char *at, *end;
    bool bad;
} StrReader;
uint64_t sr_varint(StrReader *r);
int64_t sr_signed(StrReader *r);
uint64_t sr_u64(StrReader *r);
Str sr_bytes(StrReader *r, ptrdiff_t n);

#endif
