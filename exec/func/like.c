/* like.c: matching LIKE patterns.
 *
 * The common forms ('abc', 'abc%', '%abc', '%abc%') are comparisons of bytes. All others go
 * character by character; on a mismatch the last '%' takes one character more, which is enough:
 * what an earlier one could take, the last one can. */
#include "exec/func/like.h"
#include "base/utf8.h"
#include "exec/func/letter_case.h"

enum { ANY_TEXT = 0x110000, ANY_CHAR };

typedef enum LikeForm { LIKE_EQUAL, LIKE_PREFIX, LIKE_SUFFIX, LIKE_INSIDE, LIKE_GENERAL } LikeForm;

struct LikePattern {
    LikeForm form;
    bool ignore_case;
    Str literal;     /* of the simple forms */
    uint32_t *items; /* of the general one: characters, ANY_TEXT, ANY_CHAR */
    int n;
};

static bool same_text(Str a, Str b)
{
    return a.n == b.n && (a.n == 0 || memcmp(a.p, b.p, (size_t)a.n) == 0);
}

static bool read_items(LikePattern *p, Str pattern, Str escape)
{
    for (ptrdiff_t i = 0; i < pattern.n;) {
        ptrdiff_t len = utf8_len(pattern, i);
        uint32_t c = utf8_decode(pattern, i);
        bool escaped = escape.n && same_text(str_of(pattern.p + i, len), escape);
        i += len;
        if (escaped) {
            if (i >= pattern.n) return false;
            c = utf8_decode(pattern, i);
            bool is_escape = same_text(str_of(pattern.p + i, utf8_len(pattern, i)), escape);
            if (c != '%' && c != '_' && !is_escape) return false;
            i += utf8_len(pattern, i);
        } else if (c == '_') {
            c = ANY_CHAR;
        } else if (c == '%') {
            if (p->n && p->items[p->n - 1] == ANY_TEXT) continue;
            c = ANY_TEXT;
        }
        p->items[p->n++] = p->ignore_case && c < ANY_TEXT ? letter_lower(c) : c;
    }
    return true;
}

/* Finds the simple form of what was read, if it has one. */
static void simplify(LikePattern *p, Arena *a)
{
    bool open_start = p->n && p->items[0] == ANY_TEXT;
    bool open_end = p->n > open_start && p->items[p->n - 1] == ANY_TEXT;
    StrBuf b = {.arena = a};
    p->form = LIKE_GENERAL;
    if (p->ignore_case) return;
    for (int i = open_start; i < p->n - open_end; i++) {
        char bytes[4];
        if (p->items[i] >= ANY_TEXT) return;
        sb_bytes(&b, bytes, utf8_encode(p->items[i], bytes));
    }
    p->literal = str_of(b.p, b.n);
    p->form = open_start ? open_end ? LIKE_INSIDE : LIKE_SUFFIX
              : open_end ? LIKE_PREFIX
                         : LIKE_EQUAL;
}

const LikePattern *like_compile(Arena *a, Str pattern, Str escape, bool ignore_case)
{
    LikePattern *p = new_one(a, LikePattern);
    p->ignore_case = ignore_case;
    p->items = new (a, uint32_t, pattern.n + 1);
    if (!read_items(p, pattern, escape)) return NULL;
    simplify(p, a);
    return p;
}

static bool general(const LikePattern *p, Str text)
{
    int at = 0, star = -1;
    ptrdiff_t i = 0, star_end = 0;
    while (i < text.n) {
        uint32_t c = utf8_decode(text, i);
        if (p->ignore_case) c = letter_lower(c);
        if (at < p->n && p->items[at] == ANY_TEXT) {
            star = at++;
            star_end = i;
        } else if (at < p->n && (p->items[at] == c || p->items[at] == ANY_CHAR)) {
            at++;
            i += utf8_len(text, i);
        } else if (star >= 0) {
            at = star + 1;
            star_end += utf8_len(text, star_end);
            i = star_end;
        } else {
            return false;
        }
    }
    while (at < p->n && p->items[at] == ANY_TEXT) at++;
    return at == p->n;
}

bool like_matches(const LikePattern *p, Str text)
{
    switch (p->form) {
    case LIKE_EQUAL:
        return same_text(text, p->literal);
    case LIKE_PREFIX:
        return str_starts(text, p->literal);
    case LIKE_SUFFIX:
        return str_ends(text, p->literal);
    case LIKE_INSIDE:
        return p->literal.n == 0 ||
               (text.n >= p->literal.n &&
                memmem(text.p, (size_t)text.n, p->literal.p, (size_t)p->literal.n) != NULL);
    case LIKE_GENERAL:
        return general(p, text);
    }
    return false;
}
