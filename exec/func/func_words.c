/* func_words.c: short text: how far two words are apart, choosing among words, what they are made of. */
#include "base/utf8.h"
#include "exec/func/call.h"

enum { DISTANCE_TEXT_MAX = 4096, SPACES_MAX = 1 << 24 };

/* ---- distance -------------------------------------------------------------------------------- */

typedef struct Characters {
    uint32_t *at;
    int n;
} Characters;

static Characters characters_of(Arena *a, Str s)
{
    Characters c = {new_raw(a, uint32_t, s.n), 0};
    for (ptrdiff_t i = 0; i < s.n; i += utf8_len(s, i)) c.at[c.n++] = utf8_decode(s, i);
    return c;
}

static int64_t least(int64_t a, int64_t b, int64_t c)
{
    int64_t m = a < b ? a : b;
    return m < c ? m : c;
}

/* Wagner and Fischer, one line of the table at a time. */
static Status levenshtein(EvalCtx *c, const Value *args, int nargs, Value *out, Str *message)
{
    (void)nargs;
    Characters x = characters_of(c->arena, args[0].s), y = characters_of(c->arena, args[1].s);
    if (x.n > DISTANCE_TEXT_MAX || y.n > DISTANCE_TEXT_MAX) {
        *message = S("levenshtein takes texts of up to 4096 characters");
        return WEIR_E_VALUE;
    }
    int64_t *line = new_raw(c->arena, int64_t, y.n + 1);
    for (int j = 0; j <= y.n; j++) line[j] = j;
    for (int i = 1; i <= x.n; i++) {
        int64_t diagonal = line[0];
        line[0] = i;
        for (int j = 1; j <= y.n; j++) {
            int64_t above = line[j];
            line[j] = least(above + 1, line[j - 1] + 1, diagonal + (x.at[i - 1] != y.at[j - 1]));
            diagonal = above;
        }
    }
    out->i = line[y.n];
    return WEIR_OK;
}
static const FuncImpl levenshtein_impl = {.row = levenshtein};

/* ---- choosing -------------------------------------------------------------------------------- */

static Status elt(EvalCtx *c, const Value *args, int nargs, Value *out, Str *message)
{
    (void)c, (void)message;
    bool none = args[0].is_null || args[0].i < 1 || args[0].i >= nargs || args[args[0].i].is_null;
    if (none)
        *out = value_null(out->type);
    else
        out->s = args[args[0].i].s;
    return WEIR_OK;
}
static const FuncImpl elt_impl = {.row = elt};

static void find_in_set(EvalCtx *c, const Column *args, int nargs, Column *out)
{
    (void)nargs;
    EACH_ROW (c, row) {
        Str word = ARG_STR(0, row), rest = ARG_STR(1, row);
        int64_t place = 0, found = 0;
        bool more = rest.n > 0;
        while (more && !found) {
            ptrdiff_t comma = str_find(rest, S(","));
            place++;
            if (str_eq(comma < 0 ? rest : str_of(rest.p, comma), word)) found = place;
            more = comma >= 0;
            if (more) rest = str_of(rest.p + comma + 1, rest.n - comma - 1);
        }
        COL(int64_t, out)[row] = found;
    }
}
static const FuncImpl find_in_set_impl = {.columns = find_in_set};

/* ---- making ---------------------------------------------------------------------------------- */

static Status space(EvalCtx *c, const Value *args, int nargs, Value *out, Str *message)
{
    (void)nargs;
    int64_t n = args[0].i < 0 ? 0 : args[0].i;
    if (n > SPACES_MAX) {
        *message = S("the text would be too long");
        return WEIR_E_VALUE;
    }
    char *p = arena_alloc_raw(c->arena, (ptrdiff_t)n + 1, 1);
    memset(p, ' ', (size_t)n);
    out->s = str_of(p, (ptrdiff_t)n);
    return WEIR_OK;
}
static const FuncImpl space_impl = {.row = space};

static Status bin(EvalCtx *c, const Value *args, int nargs, Value *out, Str *message)
{
    (void)nargs, (void)message;
    uint64_t v = (uint64_t)args[0].i;
    int n = v ? 64 - __builtin_clzll(v) : 1;
    char *p = arena_alloc_raw(c->arena, n, 1);
    for (int i = 0; i < n; i++) p[i] = v >> (n - 1 - i) & 1 ? '1' : '0';
    out->s = str_of(p, n);
    return WEIR_OK;
}
static const FuncImpl bin_impl = {.row = bin};

/* ---- what text is made of -------------------------------------------------------------------- */

static bool is_digit(unsigned char b) { return b >= '0' && b <= '9'; }
static bool is_alpha(unsigned char b) { return (b | 32) >= 'a' && (b | 32) <= 'z'; }

static bool all(Str s, bool (*is)(unsigned char b))
{
    for (ptrdiff_t i = 0; i < s.n; i++)
        if (!is((unsigned char)s.p[i])) return false;
    return s.n > 0;
}

static void text_is_digit(EvalCtx *c, const Column *args, int nargs, Column *out)
{
    (void)nargs;
    EACH_ROW (c, row) COL(uint8_t, out)[row] = all(ARG_STR(0, row), is_digit);
}
static const FuncImpl is_digit_impl = {.columns = text_is_digit};

static void text_is_alpha(EvalCtx *c, const Column *args, int nargs, Column *out)
{
    (void)nargs;
    EACH_ROW (c, row) COL(uint8_t, out)[row] = all(ARG_STR(0, row), is_alpha);
}
static const FuncImpl is_alpha_impl = {.columns = text_is_alpha};

static void text_is_number(EvalCtx *c, const Column *args, int nargs, Column *out)
{
    (void)nargs;
    EACH_ROW (c, row) {
        double d;
        COL(uint8_t, out)[row] = str_to_double(str_trim(ARG_STR(0, row)), &d) && d - d == 0;
    }
}
static const FuncImpl is_number_impl = {.columns = text_is_number};

/* ---- definitions ----------------------------------------------------------------------------- */

#define FN(n, other, pattern, res, f, more, about) \
    {.name = n, .aliases = other, .args = pattern, .result = res, .impl = &f, .flags = more, .group = "text", \
     .doc = about}

extern const FuncDef func_words[];
const FuncDef func_words[] = {
    FN("levenshtein", "edit_distance,editdist3", "tt", "i", levenshtein_impl, FUNC_CAN_FAIL,
       "how many characters have to be changed, added or left out to make one text of the other"),
    FN("elt", NULL, "it*", "t", elt_impl, FUNC_NULL_CALL, "the text at that place among those that follow, from 1"),
    FN("find_in_set", NULL, "tt", "i", find_in_set_impl, 0, "the place of a word in a list with commas, from 1; 0: nowhere"),
    FN("space", NULL, "i", "t", space_impl, FUNC_CAN_FAIL, "so many spaces"),
    FN("bin", "to_binary", "i", "t", bin_impl, 0, "the number in base 2, a negative one in 64 digits"),
    FN("is_digit", NULL, "t", "b", is_digit_impl, 0, "whether there are digits 0 to 9 only"),
    FN("is_alpha", NULL, "t", "b", is_alpha_impl, 0, "whether there are letters a to z only"),
    FN("is_decimal", "is_number", "t", "b", is_number_impl, 0, "whether the text reads as a finite number"),
    {0},
};
