/* ddl_options.c: options of WITH and SET: known names, values that fit, one canonical spelling. */
#include "base/datetime.h"
#include "planner/ddl.h"

#include <assert.h>

enum { WORDS_SHOWN = 24 };

void ddl_hint_words(Planner *p, Str wrong, const Words *known, const char *what)
{
    Str near = diag_nearest(wrong, known->data, known->len);
    if (near.n) {
        diag_hint(p->diags, "did you mean \"%.*s\"?", STR_ARG(near));
        return;
    }
    if (known->len == 0) return;
    StrBuf b = {.arena = p->arena};
    for (ptrdiff_t i = 0; i < known->len && i < WORDS_SHOWN; i++) {
        if (i) sb_lit(&b, ", ");
        sb_str(&b, known->data[i]);
    }
    if (known->len > WORDS_SHOWN) sb_lit(&b, ", …");
    diag_hint(p->diags, "%s: %.*s", what, STR_ARG(sb_done(&b)));
}

bool ddl_duration(Str text, int64_t *us)
{
    Interval iv;
    int64_t v;
    if (!interval_parse(str_trim(text), &iv) || !interval_to_us(iv, &v) || v < 0) return false;
    *us = v;
    return true;
}

static bool is_plain(Str name)
{
    for (ptrdiff_t i = 0; i < name.n; i++) {
        char c = name.p[i];
        bool letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
        if (!letter && !(i > 0 && c >= '0' && c <= '9')) return false;
    }
    return name.n > 0;
}

void ddl_print_name(StrBuf *b, Str name)
{
    if (is_plain(name)) {
        sb_str(b, name);
        return;
    }
    sb_char(b, '"');
    for (ptrdiff_t i = 0; i < name.n; i++) {
        if (name.p[i] == '"') sb_char(b, '"');
        sb_char(b, name.p[i]);
    }
    sb_char(b, '"');
}

/* ---- values: each returns the canonical text, or false ------------------------------------------ */

/* The item of a comma-separated list that equals v, as the list spells it. */
static bool choice(const char *choices, Str v, Str *out)
{
    for (Str rest = str_z(choices); rest.n;) {
        ptrdiff_t comma = str_find(rest, S(","));
        ptrdiff_t end = comma < 0 ? rest.n : comma;
        Str item = str_trim(str_of(rest.p, end));
        if (str_ieq(item, v)) {
            *out = item;
            return true;
        }
        ptrdiff_t used = comma < 0 ? rest.n : comma + 1;
        rest = str_of(rest.p + used, rest.n - used);
    }
    return false;
}

static bool bool_value(Str v, Str *out)
{
    bool yes = name_in_list("true,on,yes,1", v);
    if (!yes && !name_in_list("false,off,no,0", v)) return false;
    *out = yes ? S("true") : S("false");
    return true;
}

typedef struct ByteUnit {
    const char *names;
    int64_t bytes;
} ByteUnit;

static const ByteUnit BYTE_UNITS[] = {
    {"kb", 1000},           {"mb", 1000000},         {"gb", 1000000000},
    {"k,kib", INT64_C(1) << 10}, {"m,mib", INT64_C(1) << 20}, {"g,gib", INT64_C(1) << 30},
};

/* "64 MiB", "64MB": a number and a unit of bytes. */
static bool bytes_value(Str v, int64_t *out)
{
    ptrdiff_t digits = 0;
    while (digits < v.n && v.p[digits] >= '0' && v.p[digits] <= '9') digits++;
    Str unit = str_trim(str_of(v.p + digits, v.n - digits));
    int64_t n;
    if (!str_to_int64(str_of(v.p, digits), &n)) return false;
    for (size_t i = 0; i < sizeof BYTE_UNITS / sizeof *BYTE_UNITS; i++)
        if (name_in_list(BYTE_UNITS[i].names, unit))
            return !__builtin_mul_overflow(n, BYTE_UNITS[i].bytes, out);
    return false;
}

static bool int_value(const OptionDef *def, Str v, Arena *a, Str *out)
{
    int64_t n;
    if (!str_to_int64(v, &n) && !bytes_value(v, &n)) return false;
    if (def->min < def->max && (n < def->min || n > def->max)) return false;
    *out = str_printf(a, "%lld", (long long)n);
    return true;
}

static bool double_value(const OptionDef *def, Str v, Str *out)
{
    double x;
    if (!str_to_double(v, &x)) return false;
    if (def->min < def->max && (x < (double)def->min || x > (double)def->max)) return false;
    *out = v;
    return true;
}

static bool interval_value(Str v, Str *out)
{
    int64_t us;
    if (!ddl_duration(v, &us)) return false;
    *out = v;
    return true;
}

static bool fits(const OptionDef *def, Str given, Arena *a, Str *out)
{
    Str v = str_trim(given);
    if (choice(def->choices, v, out)) return true;
    switch (def->type) {
    case OPT_TEXT: *out = given; return true;
    case OPT_BOOL: return bool_value(v, out);
    case OPT_INT: return int_value(def, v, a, out);
    case OPT_DOUBLE: return double_value(def, v, out);
    case OPT_INTERVAL: return interval_value(v, out);
    case OPT_ENUM: return false;
    }
    return false;
}

/* What a value has to look like, in words. */
static Str wanted(const OptionDef *def, Arena *a)
{
    bool bounded = def->min < def->max;
    switch (def->type) {
    case OPT_TEXT: return S("text");
    case OPT_BOOL: return S("true or false");
    case OPT_INT:
    case OPT_DOUBLE: {
        const char *what = def->type == OPT_INT ? "a whole number" : "a number";
        if (!bounded) return str_z(what);
        return str_printf(a, "%s from %lld to %lld", what, (long long)def->min, (long long)def->max);
    }
    case OPT_INTERVAL: return S("a length of time such as '10 SECONDS' or '1 DAY'");
    case OPT_ENUM: return str_printf(a, "one of %s", def->choices);
    }
    return (Str){0};
}

static Status bad_value(Planner *p, const OptionDef *def, Str name, Str value, Span at)
{
    Str what = wanted(def, p->arena);
    Status st = diag_error(p->diags, WEIR_E_OPTION, at, "option \"%.*s\" cannot be \"%.*s\"",
                           STR_ARG(name), STR_ARG(value));
    if (def->choices && def->type != OPT_ENUM)
        diag_hint(p->diags, "give %.*s, or %s", STR_ARG(what), def->choices);
    else
        diag_hint(p->diags, "give %.*s", STR_ARG(what));
    return st;
}

/* ---- lists of options --------------------------------------------------------------------------- */

/* "*.min" stands for that option of any column: "price.min". */
static bool matches_pattern(const char *pattern, Str name)
{
    if (pattern[0] != '*') return false;
    Str tail = str_z(pattern + 1);
    return name.n > tail.n && str_ieq(str_of(name.p + name.n - tail.n, tail.n), tail);
}

static const OptionDef *find_option(const OptionDef *const *lists, int nlists, Str name)
{
    for (int i = 0; i < nlists; i++) {
        const OptionDef *def = options_find(lists[i], name);
        if (def) return def;
    }
    for (int i = 0; i < nlists; i++)
        for (const OptionDef *d = lists[i]; d && d->name; d++)
            if (matches_pattern(d->name, name)) return d;
    return NULL;
}

static Status unknown_option(Planner *p, Str name, const OptionDef *const *lists, int nlists, Span at)
{
    Words words = {0};
    for (int i = 0; i < nlists; i++)
        for (const OptionDef *d = lists[i]; d && d->name; d++) vec_push(&words, p->arena, str_z(d->name));
    Status st = diag_error(p->diags, WEIR_E_OPTION, at, "unknown option \"%.*s\"", STR_ARG(name));
    ddl_hint_words(p, name, &words, "options here");
    return st;
}

static Status check_item(Planner *p, const OptionItem *item, const OptionDef *const *lists, int nlists,
                         Options *out)
{
    Str name = item->key.text;
    const OptionDef *def = find_option(lists, nlists, name);
    if (!def) return unknown_option(p, name, lists, nlists, item->key.span);
    for (int32_t i = 0; i < out->n; i++)
        if (str_ieq(out->items[i].name, name))
            return diag_error(p->diags, WEIR_E_OPTION, item->key.span, "option \"%.*s\" is given twice",
                              STR_ARG(name));
    Str value;
    if (!fits(def, item->value, p->arena, &value)) return bad_value(p, def, name, item->value, item->span);
    Str canonical = def->name[0] == '*' ? str_lower(p->arena, name) : str_z(def->name);
    out->items[out->n++] = (Option){canonical, str_dup(p->arena, value), item->span};
    return WEIR_OK;
}

Status ddl_options(Planner *p, const OptionList *given, const OptionDef *const *lists, int nlists,
                   Options *out)
{
    Options o = {new (p->arena, Option, given->len), 0};
    Status first = WEIR_OK;
    for (ptrdiff_t i = 0; i < given->len; i++) {
        Status st = check_item(p, &given->data[i], lists, nlists, &o);
        if (first == WEIR_OK) first = st;
    }
    if (first == WEIR_OK) *out = o;
    return first;
}

Status ddl_setting(Planner *p, Name name, Str value, Span at, Str *out)
{
    const OptionDef *list = p->catalog->registry->settings;
    const OptionDef *def = options_find(list, name.text);
    if (!def) {
        Words words = {0};
        for (const OptionDef *d = list; d && d->name; d++) vec_push(&words, p->arena, str_z(d->name));
        Status st = diag_error(p->diags, WEIR_E_OPTION, name.span, "unknown setting \"%.*s\"",
                               STR_ARG(name.text));
        ddl_hint_words(p, name.text, &words, "settings");
        return st;
    }
    Str canonical;
    if (fits(def, value, p->arena, &canonical)) {
        *out = str_dup(p->arena, canonical);
        return WEIR_OK;
    }
    Str what = wanted(def, p->arena);
    Status st = diag_error(p->diags, WEIR_E_OPTION, at, "setting \"%s\" cannot be \"%.*s\"", def->name,
                           STR_ARG(value));
    diag_hint(p->diags, "give %.*s", STR_ARG(what));
    return st;
}
