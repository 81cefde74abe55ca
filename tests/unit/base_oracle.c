/* base_oracle.c: base's arithmetic behind lines of text, for base_oracle.py to ask and to judge.
 * Doubles travel as the hexadecimal of their bits. One answer line per question. */
#include "base/datetime.h"
#include "base/decimal.h"
#include "base/exact.h"
#include "base/number.h"
#include "base/time_format.h"
#include "base/tz.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

typedef struct Words {
    char *word[4096];
    int n, at;
} Words;

static char *next(Words *w)
{
    return w->at < w->n ? w->word[w->at++] : "";
}

static int64_t next_int(Words *w)
{
    int64_t v = 0;
    str_to_int64(str_z(next(w)), &v);
    return v;
}

static double next_double(Words *w)
{
    uint64_t bits = strtoull(next(w), NULL, 16);
    double d;
    memcpy(&d, &bits, sizeof d);
    return d;
}

static Int128 next_int128(Words *w)
{
    const char *p = next(w);
    bool negative = *p == '-';
    UInt128 v = 0;
    for (p += negative; *p; p++) v = v * 10 + (unsigned)(*p - '0');
    return negative ? -(Int128)v : (Int128)v;
}

static void say_double(bool ok, double d)
{
    uint64_t bits;
    memcpy(&bits, &d, sizeof bits);
    if (ok)
        printf("%016" PRIx64 " ", bits);
    else
        printf("none ");
}

static void *resize(void *arg, void *p, ptrdiff_t old_size, ptrdiff_t new_size)
{
    (void)arg;
    if (new_size == 0) {
        mem_free(p, old_size);
        return NULL;
    }
    void *q = mem_alloc(new_size);
    if (p) memcpy(q, p, (size_t)(old_size < new_size ? old_size : new_size));
    mem_free(p, old_size);
    return q;
}

static const ExactMem MEM = {.resize = resize};

/* A copy by way of its saved form, so that save and load are part of every case. */
static void reload(ExactSum *s, Arena *a)
{
    StrBuf b = {.arena = a};
    exact_save(s, &b);
    exact_free(s, MEM);
    StrReader r = {.at = b.p, .end = b.p + b.n};
    if (!exact_load(s, MEM, &r) || r.at != r.end) abort();
}

/* sum n (weight x)…: the sum, and it divided by n; half of the terms go by a merge. */
static void ask_sum(Words *w, Arena *a)
{
    ExactSum s = {0}, other = {0};
    int64_t n = next_int(w);
    for (int i = 0; w->at < w->n; i++) {
        int64_t weight = next_int(w);
        exact_add_double(i & 1 ? &s : &other, MEM, next_double(w), i & 1 ? weight : -weight);
    }
    reload(&other, a);
    exact_merge(&s, MEM, &other, -1);
    reload(&s, a);
    double d = 0, q = 0;
    bool ok = exact_round(&s, &d), ok_div = exact_round_div(&s, n, &q);
    say_double(ok, d);
    say_double(ok_div, q);
    printf("%d\n", exact_is_zero(&s));
    exact_free(&s, MEM);
    exact_free(&other, MEM);
}

/* moment (x y)…: n·Σxy − Σx·Σy */
static void ask_moment(Words *w)
{
    ExactSum x = {0}, y = {0}, xy = {0};
    int64_t n = 0;
    for (; w->at < w->n; n++) {
        double p = next_double(w), q = next_double(w);
        exact_add_double(&x, MEM, p, 1);
        exact_add_double(&y, MEM, q, 1);
        exact_add_product(&xy, MEM, p, q, 1);
    }
    double d = 0;
    bool ok = exact_round_moment(n, &x, &y, &xy, &d);
    say_double(ok, d);
    printf("\n");
    exact_free(&x, MEM);
    exact_free(&y, MEM);
    exact_free(&xy, MEM);
}

static void ask_int_sum(Words *w)
{
    ExactSum s = {0};
    while (w->at < w->n) {
        int64_t weight = next_int(w);
        exact_add_int128(&s, MEM, next_int128(w), weight);
    }
    double d = 0;
    bool ok = exact_round(&s, &d);
    say_double(ok, d);
    printf("\n");
    exact_free(&s, MEM);
}

typedef bool (*DecimalOp)(Int128 a, int as, Int128 b, int bs, Type to, Int128 *out);
typedef Type (*DecimalType)(Type a, Type b);

static void say_decimal(bool ok, Type t, Int128 v)
{
    char text[INT128_TEXT_MAX + 1];
    if (ok) int128_print(v, text);
    printf("%d %d %s\n", t.precision, t.scale, ok ? text : "overflow");
}

/* decimal op a p s b p s */
static void ask_decimal(Words *w)
{
    static const DecimalOp OPS[] = {decimal_add, decimal_sub, decimal_mul, decimal_div, decimal_mod};
    static const DecimalType TYPES[] = {decimal_type_add, decimal_type_add, decimal_type_mul,
                                        decimal_type_div, decimal_type_mod};
    int op = (int)next_int(w);
    Int128 a = next_int128(w), v = 0;
    int ap = (int)next_int(w), as = (int)next_int(w);
    Int128 b = next_int128(w);
    int bp = (int)next_int(w), bs = (int)next_int(w);
    Type t = TYPES[op](TYPE_DECIMAL_((uint8_t)ap, (uint8_t)as), TYPE_DECIMAL_((uint8_t)bp, (uint8_t)bs));
    bool ok = OPS[op](a, as, b, bs, t, &v);
    say_decimal(ok, t, v);
}

static void ask_decimal_parse(Words *w)
{
    Str text = str_z(next(w));
    int p = (int)next_int(w), s = (int)next_int(w);
    Type t = TYPE_DECIMAL_((uint8_t)p, (uint8_t)s);
    Int128 v = 0;
    DecimalParse r = decimal_parse(text, t, &v);
    say_decimal(r == DECIMAL_OK, t, v);
}

static void ask_decimal_rescale(Words *w)
{
    Int128 v = next_int128(w), out = 0;
    int from = (int)next_int(w), p = (int)next_int(w), s = (int)next_int(w);
    Type t = TYPE_DECIMAL_((uint8_t)p, (uint8_t)s);
    bool ok = decimal_rescale(v, from, t, &out);
    say_decimal(ok, t, out);
}

static void ask_decimal_cmp(Words *w)
{
    Int128 a = next_int128(w);
    int as = (int)next_int(w);
    Int128 b = next_int128(w);
    int bs = (int)next_int(w);
    printf("%d ", decimal_cmp(a, as, b, bs));
    say_double(true, decimal_to_double(a, as));
    printf("\n");
}

static void ask_read_double(Words *w)
{
    double d = 0;
    bool ok = str_to_double(str_z(next(w)), &d);
    say_double(ok, d);
    printf("\n");
}

static void ask_print_double(Words *w)
{
    char text[DOUBLE_TEXT_MAX + 1];
    double_print(next_double(w), text);
    printf("%s\n", text);
}

/* zone name utc_us local_us */
static void ask_zone(Words *w, TimeZones *zones)
{
    const TimeZone *z = tz_find(zones, str_z(next(w)));
    if (!z) {
        printf("none\n");
        return;
    }
    int64_t utc = next_int(w), local = next_int(w);
    TzOffset o = tz_at(z, utc);
    printf("%d %.*s %" PRId64 " %" PRId64 "\n", o.seconds, STR_ARG(o.abbreviation),
           tz_to_utc(z, local, TZ_EARLIER), tz_to_utc(z, local, TZ_LATER));
}

/* time us: fields and texts */
static void ask_time(Words *w)
{
    int64_t us = next_int(w);
    char text[TIME_TEXT_MAX + 1];
    timestamp_print(us, 6, text);
    printf("%s", text);
    for (int u = 0; u < UNIT_COUNT; u++) printf(" %" PRId64, timestamp_extract(us, (TimeUnit)u));
    printf("\n");
}

/* strftime us pattern-with-~-for-space: text, and what it reads back as */
static void ask_strftime(Words *w, Arena *a)
{
    int64_t us = next_int(w), back = 0;
    char *pattern = next(w);
    const TimeFormat *f;
    StrBuf b = {.arena = a};
    bool has_offset;
    for (char *p = pattern; *p; p++)
        if (*p == '~') *p = ' ';
    if (time_format_compile(a, str_z(pattern), &f, NULL, (Span){0}) != WEIR_OK) {
        printf("bad\n");
        return;
    }
    time_format_print(f, us, 0, S("UTC"), &b);
    Str text = sb_done(&b);
    bool ok = time_format_parse(f, text, 6, &back, &has_offset);
    printf("%.*s|%s%" PRId64 "\n", STR_ARG(text), ok ? "" : "none ", back);
}

static void ask(Words *w, Arena *a, TimeZones *zones)
{
    Str what = str_z(next(w));
    if (str_eq(what, S("sum"))) ask_sum(w, a);
    else if (str_eq(what, S("moment"))) ask_moment(w);
    else if (str_eq(what, S("intsum"))) ask_int_sum(w);
    else if (str_eq(what, S("decimal"))) ask_decimal(w);
    else if (str_eq(what, S("parse"))) ask_decimal_parse(w);
    else if (str_eq(what, S("rescale"))) ask_decimal_rescale(w);
    else if (str_eq(what, S("cmp"))) ask_decimal_cmp(w);
    else if (str_eq(what, S("read"))) ask_read_double(w);
    else if (str_eq(what, S("print"))) ask_print_double(w);
    else if (str_eq(what, S("zone"))) ask_zone(w, zones);
    else if (str_eq(what, S("time"))) ask_time(w);
    else if (str_eq(what, S("strftime"))) ask_strftime(w, a);
    else printf("?\n");
}

int main(void)
{
    static char line[1 << 20];
    static Words words;
    Arena zone_arena = {0}, a = {0};
    TimeZones zones = {.arena = &zone_arena};
    while (fgets(line, sizeof line, stdin)) {
        words.n = words.at = 0;
        for (char *p = line, *word; (word = strsep(&p, " \n"));)
            if (*word && words.n < 4096) words.word[words.n++] = word;
        ask(&words, &a, &zones);
        arena_reset(&a);
    }
    arena_free(&a);
    arena_free(&zone_arena);
    return ferror(stdin) || mem_in_use() != 0;
}
