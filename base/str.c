/* str.c: comparing, searching and converting text. */
#include "base/str.h"

#include <assert.h>
#include <stdio.h>

static unsigned char lower(char c)
{
    return c >= 'A' && c <= 'Z' ? (unsigned char)(c + 32) : (unsigned char)c;
}

int str_cmp(Str a, Str b)
{
    ptrdiff_t n = a.n < b.n ? a.n : b.n;
    int c = n ? memcmp(a.p, b.p, (size_t)n) : 0;
    return c ? c : (a.n > b.n) - (a.n < b.n);
}

int str_icmp(Str a, Str b)
{
    ptrdiff_t n = a.n < b.n ? a.n : b.n;
    for (ptrdiff_t i = 0; i < n; i++) {
        int c = lower(a.p[i]) - lower(b.p[i]);
        if (c) return c;
    }
    return (a.n > b.n) - (a.n < b.n);
}

bool str_ieq(Str a, Str b)
{
    return a.n == b.n && str_icmp(a, b) == 0;
}

bool str_starts(Str s, Str prefix)
{
    return s.n >= prefix.n && str_eq(str_of(s.p, prefix.n), prefix);
}

bool str_istarts(Str s, Str prefix)
{
    return s.n >= prefix.n && str_ieq(str_of(s.p, prefix.n), prefix);
}

bool str_ends(Str s, Str suffix)
{
    if (s.n < suffix.n) return false;
    return suffix.n == 0 || str_eq(str_of(s.p + s.n - suffix.n, suffix.n), suffix);
}

ptrdiff_t str_find(Str s, Str needle)
{
    if (needle.n == 0) return 0;
    if (s.n < needle.n) return -1;
    const char *at = memmem(s.p, (size_t)s.n, needle.p, (size_t)needle.n);
    return at ? at - s.p : -1;
}

static bool is_space(char c)
{
    return c == ' ' || (c >= '\t' && c <= '\r');
}

Str str_trim(Str s)
{
    while (s.n && is_space(s.p[0])) s.p++, s.n--;
    while (s.n && is_space(s.p[s.n - 1])) s.n--;
    return s;
}

Str str_dup(Arena *a, Str s)
{
    char *p = arena_alloc_raw(a, s.n + 1, 1);
    if (s.n) memcpy(p, s.p, (size_t)s.n);
    p[s.n] = 0;
    return (Str){p, s.n};
}

char *str_cstr(Arena *a, Str s)
{
    return (char *)str_dup(a, s).p;
}

Str str_lower(Arena *a, Str s)
{
    Str copy = str_dup(a, s);
    char *p = (char *)copy.p;
    for (ptrdiff_t i = 0; i < s.n; i++) p[i] = (char)lower(p[i]);
    return copy;
}

Str str_printf(Arena *a, const char *fmt, ...)
{
    StrBuf b = {.arena = a};
    va_list ap;
    va_start(ap, fmt);
    sb_vprintf(&b, fmt, ap);
    va_end(ap);
    return sb_done(&b);
}

bool str_to_int64(Str s, int64_t *out)
{
    ptrdiff_t i = 0;
    bool negative = s.n > 0 && s.p[0] == '-';
    if (s.n > 0 && (s.p[0] == '-' || s.p[0] == '+')) i++;
    if (i == s.n) return false;
    int64_t v = 0; /* kept negative: that side reaches one further */
    for (; i < s.n; i++) {
        unsigned digit = (unsigned char)s.p[i] - '0';
        if (digit > 9 || __builtin_mul_overflow(v, 10, &v) ||
            __builtin_sub_overflow(v, (int)digit, &v))
            return false;
    }
    if (!negative && v == INT64_MIN) return false;
    *out = negative ? v : -v;
    return true;
}

/* The distance of Levenshtein, one row of the table at a time. */
int str_edit_distance(Str a, Str b, int limit)
{
    enum { LONGEST = 64 };
    int row[LONGEST + 1];
    ptrdiff_t apart = a.n > b.n ? a.n - b.n : b.n - a.n;
    if (apart > limit || b.n > LONGEST) return limit + 1;
    for (int j = 0; j <= b.n; j++) row[j] = j;
    for (int i = 1; i <= a.n; i++) {
        int diagonal = row[0];
        row[0] = i;
        for (int j = 1; j <= b.n; j++) {
            int change = diagonal + (lower(a.p[i - 1]) != lower(b.p[j - 1]));
            int gap = (row[j] < row[j - 1] ? row[j] : row[j - 1]) + 1;
            diagonal = row[j];
            row[j] = change < gap ? change : gap;
        }
    }
    return row[b.n] > limit ? limit + 1 : row[b.n];
}

void sb_reserve(StrBuf *b, ptrdiff_t more)
{
    if (more < b->cap - b->n) return; /* one byte stays for the closing NUL */
    if (more > PTRDIFF_MAX / 4 - b->n) oom_raise();
    ptrdiff_t cap = b->cap ? b->cap * 2 : 64;
    while (cap <= b->n + more) cap *= 2;
    char *p = arena_alloc_raw(b->arena, cap, 8);
    if (b->n) memcpy(p, b->p, (size_t)b->n);
    b->p = p;
    b->cap = cap;
}

void sb_bytes(StrBuf *b, const void *p, ptrdiff_t n)
{
    sb_reserve(b, n);
    if (n) memcpy(b->p + b->n, p, (size_t)n);
    b->n += n;
}

void sb_str(StrBuf *b, Str s)
{
    sb_bytes(b, s.p, s.n);
}

void sb_char(StrBuf *b, char c)
{
    sb_reserve(b, 1);
    b->p[b->n++] = c;
}

void sb_vprintf(StrBuf *b, const char *fmt, va_list ap)
{
    va_list again;
    va_copy(again, ap);
    sb_reserve(b, 64);
    int n = vsnprintf(b->p + b->n, (size_t)(b->cap - b->n), fmt, ap);
    assert(n >= 0);
    if (n >= b->cap - b->n) {
        sb_reserve(b, n);
        vsnprintf(b->p + b->n, (size_t)(b->cap - b->n), fmt, again);
    }
    b->n += n;
    va_end(again);
}

void sb_printf(StrBuf *b, const char *fmt, ...)
{
    va_list ap;
    va_start(ap, fmt);
    sb_vprintf(b, fmt, ap);
    va_end(ap);
}

void sb_varint(StrBuf *b, uint64_t v)
{
    sb_reserve(b, VARINT_MAX);
    b->n = put_varint(b->p + b->n, v) - b->p;
}

/* 0, -1, 1, -2, … as 0, 1, 2, 3, … */
void sb_signed(StrBuf *b, int64_t v)
{
    sb_varint(b, (uint64_t)v << 1 ^ (uint64_t)(v >> 63));
}

void sb_u64(StrBuf *b, uint64_t v)
{
    sb_reserve(b, 8);
    b->n = put_u64(b->p + b->n, v) - b->p;
}

Str sb_done(StrBuf *b)
{
    sb_reserve(b, 0);
    b->p[b->n] = 0;
    return (Str){b->p, b->n};
}

uint64_t sr_varint(StrReader *r)
{
    uint64_t v = 0;
    for (int shift = 0; r->at < r->end && shift < 64; shift += 7) {
        unsigned char c = (unsigned char)*r->at++;
        v |= (uint64_t)(c & 0x7f) << shift;
        if (c < 0x80) return v;
    }
    r->bad = true;
    return 0;
}

int64_t sr_signed(StrReader *r)
{
    uint64_t u = sr_varint(r);
    return (int64_t)(u >> 1) ^ -(int64_t)(u & 1);
}

Str sr_bytes(StrReader *r, ptrdiff_t n)
{
    if (r->bad || n < 0 || n > r->end - r->at) {
        r->bad = true;
        return (Str){"", 0};
    }
    Str s = {r->at, n};
    r->at += n;
    return s;
}

uint64_t sr_u64(StrReader *r)
{
    Str s = sr_bytes(r, 8);
    uint64_t v = 0;
    for (ptrdiff_t i = 0; i < s.n; i++) v |= (uint64_t)(unsigned char)s.p[i] << (8 * i);
    return v;
}
