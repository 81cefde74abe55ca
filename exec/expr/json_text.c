/* json_text.c: a strict reader of JSON text that builds nothing. */
#include "exec/expr/json_text.h"
#include "base/utf8.h"

/* ---- judging --------------------------------------------------------------------------------- */

static bool is_space(char c)
{
    return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

static const char *skip_space(const char *p, const char *end)
{
    while (p < end && is_space(*p)) p++;
    return p;
}

static bool is_digit(const char *p, const char *end)
{
    return p < end && *p >= '0' && *p <= '9';
}

static const char *skip_digits(const char *p, const char *end)
{
    while (is_digit(p, end)) p++;
    return p;
}

/* Each check_ function returns the end of what it read, or NULL. */
static const char *check_number(const char *p, const char *end)
{
    if (p < end && *p == '-') p++;
    if (!is_digit(p, end)) return NULL;
    p = *p == '0' ? p + 1 : skip_digits(p, end);
    if (p < end && *p == '.') {
        if (!is_digit(++p, end)) return NULL;
        p = skip_digits(p, end);
    }
    if (p < end && (*p == 'e' || *p == 'E')) {
        p++;
        if (p < end && (*p == '+' || *p == '-')) p++;
        if (!is_digit(p, end)) return NULL;
        p = skip_digits(p, end);
    }
    return p;
}

static int hex_value(char c)
{
    if (c >= '0' && c <= '9') return c - '0';
    if (c >= 'a' && c <= 'f') return c - 'a' + 10;
    if (c >= 'A' && c <= 'F') return c - 'A' + 10;
    return -1;
}

static int hex4(const char *p, const char *end)
{
    int v = 0;
    if (end - p < 4) return -1;
    for (int i = 0; i < 4; i++) {
        int h = hex_value(p[i]);
        if (h < 0) return -1;
        v = v * 16 + h;
    }
    return v;
}

/* p behind the backslash. */
static const char *check_escape(const char *p, const char *end)
{
    if (p >= end) return NULL;
    if (*p == 'u') return hex4(p + 1, end) < 0 ? NULL : p + 5;
    return strchr("\"\\/bfnrt", *p) && *p ? p + 1 : NULL;
}

static const char *check_string(const char *p, const char *end)
{
    for (p++; p < end;) {
        if (*p == '"') return p + 1;
        if ((unsigned char)*p < 0x20) return NULL;
        p = *p == '\\' ? check_escape(p + 1, end) : p + 1;
        if (!p) return NULL;
    }
    return NULL;
}

static const char *check_word(const char *p, const char *end, const char *word)
{
    size_t n = strlen(word);
    return (size_t)(end - p) >= n && memcmp(p, word, n) == 0 ? p + n : NULL;
}

static const char *check_value(const char *p, const char *end, int depth);

static const char *check_members(const char *p, const char *end, int depth, bool is_object)
{
    char close = is_object ? '}' : ']';
    p = skip_space(p + 1, end);
    if (p < end && *p == close) return p + 1;
    for (;;) {
        if (is_object) {
            p = skip_space(p, end);
            if (p >= end || *p != '"' || !(p = check_string(p, end))) return NULL;
            p = skip_space(p, end);
            if (p >= end || *p++ != ':') return NULL;
        }
        if (!(p = check_value(p, end, depth + 1))) return NULL;
        p = skip_space(p, end);
        if (p >= end) return NULL;
        if (*p == close) return p + 1;
        if (*p++ != ',') return NULL;
    }
}

static const char *check_value(const char *p, const char *end, int depth)
{
    p = skip_space(p, end);
    if (p >= end || depth > JSON_DEPTH_MAX) return NULL;
    switch (*p) {
    case '{':
        return check_members(p, end, depth, true);
    case '[':
        return check_members(p, end, depth, false);
    case '"':
        return check_string(p, end);
    case 't':
        return check_word(p, end, "true");
    case 'f':
        return check_word(p, end, "false");
    case 'n':
        return check_word(p, end, "null");
    default:
        return check_number(p, end);
    }
}

JsonKind json_kind(Str v)
{
    if (v.n == 0) return JSON_INVALID;
    switch (v.p[0]) {
    case '{':
        return JSON_OBJECT;
    case '[':
        return JSON_ARRAY;
    case '"':
        return JSON_STRING;
    case 't':
        return JSON_TRUE;
    case 'f':
        return JSON_FALSE;
    case 'n':
        return JSON_NULL;
    default:
        return v.p[0] == '-' || (v.p[0] >= '0' && v.p[0] <= '9') ? JSON_NUMBER : JSON_INVALID;
    }
}

JsonKind json_check(Str text, Str *value)
{
    if (text.n == 0) return JSON_INVALID;
    const char *end = text.p + text.n;
    const char *start = skip_space(text.p, end);
    const char *stop = check_value(start, end, 0);
    if (!stop || skip_space(stop, end) != end) return JSON_INVALID;
    *value = str_of(start, stop - start);
    return json_kind(*value);
}

/* ---- walking --------------------------------------------------------------------------------- */

static const char *skip_string(const char *p, const char *end)
{
    for (p++; p < end; p++) {
        if (*p == '\\')
            p++;
        else if (*p == '"')
            return p + 1;
    }
    return end;
}

static const char *skip_container(const char *p, const char *end)
{
    int64_t open = 0;
    while (p < end) {
        if (*p == '"') {
            p = skip_string(p, end);
            continue;
        }
        open += (*p == '{' || *p == '[') - (*p == '}' || *p == ']');
        p++;
        if (open == 0) break;
    }
    return p;
}

static const char *skip_value(const char *p, const char *end)
{
    if (p < end && (*p == '{' || *p == '[')) return skip_container(p, end);
    if (p < end && *p == '"') return skip_string(p, end);
    while (p < end && !is_space(*p) && *p != ',' && *p != ']' && *p != '}') p++;
    return p;
}

JsonIter json_iter(Str c)
{
    JsonKind k = json_kind(c);
    if (k != JSON_ARRAY && k != JSON_OBJECT) return (JsonIter){0};
    return (JsonIter){.at = c.p + 1, .end = c.p + c.n, .is_object = k == JSON_OBJECT};
}

static const char *read_key(JsonIter *it, const char *p)
{
    if (*p != '"') return NULL;
    const char *stop = skip_string(p, it->end);
    it->key = str_of(p, stop - p);
    p = skip_space(stop, it->end);
    if (p >= it->end || *p != ':') return NULL;
    return skip_space(p + 1, it->end);
}

bool json_next(JsonIter *it)
{
    const char *p = skip_space(it->at, it->end);
    if (p < it->end && *p == ',') p = skip_space(p + 1, it->end);
    if (p >= it->end || *p == ']' || *p == '}') return false;
    if (it->is_object && !(p = read_key(it, p))) return false;
    const char *stop = skip_value(p, it->end);
    it->value = str_of(p, stop - p);
    it->at = stop;
    return stop > p;
}

int64_t json_count(Str c)
{
    int64_t n = 0;
    JsonIter it = json_iter(c);
    while (json_next(&it)) n++;
    return n;
}

/* ---- strings --------------------------------------------------------------------------------- */

enum { LETTER_BYTES = 4 }; /* what an escape stands for, at most */

/* p at the 'u'. A high surrogate takes the low one that follows. */
static const char *unescape_unicode(const char *p, const char *end, char out[LETTER_BYTES], int *n)
{
    int c = hex4(p + 1, end);
    if (c < 0) return NULL;
    p += 5;
    if (c >= 0xd800 && c < 0xdc00 && end - p >= 6 && p[0] == '\\' && p[1] == 'u') {
        int low = hex4(p + 2, end);
        if (low >= 0xdc00 && low < 0xe000) {
            *n = utf8_encode(0x10000u + ((uint32_t)(c - 0xd800) << 10) + (uint32_t)(low - 0xdc00), out);
            return p + 6;
        }
    }
    *n = utf8_encode(c >= 0xd800 && c < 0xe000 ? 0xfffd : (uint32_t)c, out);
    return p;
}

/* p behind the '\'. Where the text goes on; NULL: it is no escape. */
static const char *unescape(const char *p, const char *end, char out[LETTER_BYTES], int *n)
{
    static const char LETTERS[] = "\"\\/bfnrt", MEANINGS[] = "\"\\/\b\f\n\r\t";
    if (p >= end) return NULL;
    if (*p == 'u') return unescape_unicode(p, end, out, n);
    const char *found = *p ? strchr(LETTERS, *p) : NULL;
    if (!found) return NULL;
    *out = MEANINGS[found - LETTERS];
    *n = 1;
    return p + 1;
}

bool json_unquote(Arena *a, Str q, Str *out)
{
    if (q.n < 2 || q.p[0] != '"' || q.p[q.n - 1] != '"') return false;
    Str inner = str_of(q.p + 1, q.n - 2);
    if (!inner.n || !memchr(inner.p, '\\', (size_t)inner.n)) {
        *out = inner;
        return true;
    }
    StrBuf b = {.arena = a};
    const char *p = inner.p, *end = inner.p + inner.n;
    while (p < end) {
        if (*p == '\\') {
            char bytes[LETTER_BYTES];
            int n;
            p = unescape(p + 1, end, bytes, &n);
            if (!p) return false;
            sb_bytes(&b, bytes, n);
        } else {
            sb_char(&b, *p++);
        }
    }
    *out = sb_done(&b);
    return true;
}

void json_quote(StrBuf *b, Str s)
{
    static const char LETTERS[] = "\"\\\b\f\n\r\t", ESCAPES[] = "\"\\bfnrt";
    sb_char(b, '"');
    for (ptrdiff_t i = 0; i < s.n; i++) {
        char c = s.p[i];
        const char *found = c ? strchr(LETTERS, c) : NULL;
        if (found) {
            sb_char(b, '\\');
            sb_char(b, ESCAPES[found - LETTERS]);
        } else if ((unsigned char)c < 0x20) {
            sb_printf(b, "\\u%04x", (unsigned)c);
        } else {
            sb_char(b, c);
        }
    }
    sb_char(b, '"');
}

/* ---- members --------------------------------------------------------------------------------- */

/* Escape by escape, so that no memory is needed. */
static bool same_key(Str quoted, Str key)
{
    if (quoted.n < 2) return false;
    if (!memchr(quoted.p, '\\', (size_t)quoted.n)) return str_eq(str_of(quoted.p + 1, quoted.n - 2), key);
    const char *p = quoted.p + 1, *end = quoted.p + quoted.n - 1, *at = key.p, *stop = key.p + key.n;
    while (p < end) {
        char bytes[LETTER_BYTES];
        int n = 1;
        bytes[0] = *p;
        p = *p == '\\' ? unescape(p + 1, end, bytes, &n) : p + 1;
        if (!p || n > stop - at || memcmp(at, bytes, (size_t)n)) return false;
        at += n;
    }
    return at == stop;
}

bool json_member(Str object, Str key, Str *value)
{
    if (json_kind(object) != JSON_OBJECT) return false;
    bool found = false;
    JsonIter it = json_iter(object);
    while (json_next(&it)) {
        if (!same_key(it.key, key)) continue;
        *value = it.value;
        found = true;
    }
    return found;
}

bool json_element(Str array, int64_t i, Str *value)
{
    if (json_kind(array) != JSON_ARRAY) return false;
    if (i < 0) i += json_count(array);
    if (i < 0) return false;
    JsonIter it = json_iter(array);
    while (json_next(&it)) {
        if (i-- > 0) continue;
        *value = it.value;
        return true;
    }
    return false;
}

/* ---- paths ----------------------------------------------------------------------------------- */

static const char *parse_index(const char *p, const char *end, JsonStep *step)
{
    const char *close = memchr(p, ']', (size_t)(end - p));
    if (!close) return NULL;
    Str inner = str_trim(str_of(p + 1, close - p - 1));
    if (inner.n >= 2 && (inner.p[0] == '\'' || inner.p[0] == '"') &&
        inner.p[inner.n - 1] == inner.p[0])
        step->key = str_of(inner.p + 1, inner.n - 2);
    else if (!str_to_int64(inner, &step->index))
        return NULL;
    return close + 1;
}

static const char *parse_key(const char *p, const char *end, JsonStep *step)
{
    if (p < end && *p == '"') {
        const char *close = memchr(p + 1, '"', (size_t)(end - p - 1));
        if (!close) return NULL;
        step->key = str_of(p + 1, close - p - 1);
        return close + 1;
    }
    const char *start = p;
    while (p < end && *p != '.' && *p != '[') p++;
    step->key = str_of(start, p - start);
    return p > start ? p : NULL;
}

bool json_path_parse(Str text, Arena *a, JsonPath *out)
{
    VEC(JsonStep) steps = {0};
    text = str_trim(text);
    const char *p = text.p, *end = text.p + text.n;
    if (p == end) return false;
    bool has_root = *p == '$';
    if (has_root) p++;
    for (bool is_first = !has_root; p < end; is_first = false) {
        JsonStep step = {0};
        if (*p == '[')
            p = parse_index(p, end, &step);
        else if (*p == '.')
            p = parse_key(p + 1, end, &step);
        else
            p = is_first ? parse_key(p, end, &step) : NULL;
        if (!p) return false;
        vec_push(&steps, a, step);
    }
    *out = (JsonPath){steps.data, (int)steps.len};
    return true;
}

bool json_path_find(Str value, const JsonPath *path, Str *out)
{
    for (int i = 0; i < path->n; i++) {
        const JsonStep *s = &path->steps[i];
        bool found =
            s->key.p ? json_member(value, s->key, &value) : json_element(value, s->index, &value);
        if (!found) return false;
    }
    *out = value;
    return true;
}
