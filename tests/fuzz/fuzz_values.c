/* fuzz_values.c: texts of numbers, times, intervals, zones and patterns: what is read is printed as
 * something that reads as the same; digits are cut toward the past; garbage is refused. */
#include "base/datetime.h"
#include "base/decimal.h"
#include "base/exact.h"
#include "base/number.h"
#include "base/time_format.h"
#include "base/tz.h"
#include "base/utf8.h"
#include "tests/fuzz/fuzz.h"

#include <math.h>

static void timestamps(Choices *c, Arena *a)
{
    (void)a;
    int precision = (int)choose(c, 7);
    Str text = choices_rest(c);
    int64_t tick = type_tick_us(TYPE_TIMESTAMP_(precision)), fine, cut, again;
    bool has_offset;
    bool reads = timestamp_parse_local(text, 6, &fine, &has_offset);
    must(reads == timestamp_parse_local(text, precision, &cut, &has_offset), "read at one precision only");
    if (!reads) return;
    must(timestamp_is_valid(fine) || !has_offset, "outside of the type");
    must(cut == floor_div(fine, tick) * tick, "%lld is not %lld cut toward the past", (long long)cut, (long long)fine);
    if (!timestamp_is_valid(cut)) return;
    char printed[TIME_TEXT_MAX + 1];
    int n = timestamp_print(cut, precision, printed);
    must(timestamp_parse(str_of(printed, n), 6, &again) && again == cut, "%s reads as another time", printed);
}

static void dates(Choices *c, Arena *a)
{
    (void)a;
    Str text = choices_rest(c);
    char printed[TIME_TEXT_MAX + 1];
    int32_t days, days2;
    int64_t us, us2;
    if (date_parse(text, &days)) {
        int n = date_print(days, printed);
        must(date_is_valid(days) && date_parse(str_of(printed, n), &days2) && days2 == days, "date %s", printed);
    }
    if (time_parse(text, &us)) {
        int n = time_print(us, printed);
        must(us >= 0 && us <= US_PER_DAY && time_parse(str_of(printed, n), &us2) && us2 == us, "time %s", printed);
    }
}

static void intervals(Choices *c, Arena *a)
{
    (void)a;
    TimeUnit unit = (TimeUnit)choose(c, UNIT_COUNT);
    Str text = choices_rest(c);
    Interval iv, again;
    char printed[TIME_TEXT_MAX + 1];
    bool reads = choose(c, 2) ? interval_parse_unit(choices_rest(c), unit, &iv) : interval_parse(text, &iv);
    if (!reads) return;
    int n = interval_print(iv, printed);
    must(interval_parse(str_of(printed, n), &again), "%s is not read back", printed);
    must(again.months == iv.months && again.days == iv.days && again.us == iv.us, "%s reads as another interval", printed);
}

/* The C library reads what we read, to the same bits. */
static void doubles(Choices *c, Arena *a)
{
    Str text = choices_rest(c);
    double d, again;
    int64_t i;
    char printed[DOUBLE_TEXT_MAX + 1];
    if (str_to_int64(text, &i)) {
        int n = int64_print(i, printed);
        int64_t i2;
        must(str_to_int64(str_of(printed, n), &i2) && i2 == i, "integer %s", printed);
        must(i == strtoll(str_cstr(a, text), NULL, 10), "integer %s", printed);
    }
    if (!str_to_double(text, &d) || isnan(d)) return;
    double want = strtod(str_cstr(a, text), NULL);
    must(!memcmp(&d, &want, sizeof d), "%.17g instead of %.17g", d, want);
    int n = double_print(d, printed);
    must(str_to_double(str_of(printed, n), &again) && again == d, "%s is not %.17g", printed, d);
}

static void decimals(Choices *c, Arena *a)
{
    (void)a;
    int precision = 1 + (int)choose(c, 38), scale = (int)choose(c, (uint32_t)precision + 1);
    Type t = TYPE_DECIMAL_(precision, scale), literal;
    Int128 v, again;
    char printed[DECIMAL_TEXT_MAX + 1];
    if (decimal_parse(choices_rest(c), t, &v) == DECIMAL_OK) {
        int n = decimal_print(v, scale, printed);
        must(decimal_fits(v, precision), "more digits than the type");
        must(decimal_parse(str_of(printed, n), t, &again) == DECIMAL_OK && again == v, "decimal %s", printed);
    }
    if (decimal_parse_literal(choices_rest(c), &literal, &v) == DECIMAL_OK) {
        int n = decimal_print(v, literal.scale, printed);
        must(decimal_parse(str_of(printed, n), literal, &again) == DECIMAL_OK && again == v, "literal %s", printed);
    }
}

/* A pattern, a NUL, and a text by it. */
static void patterns(Choices *c, Arena *a)
{
    int precision = (int)choose(c, 7);
    Str rest = choices_rest(c), pattern = str_of(rest.p, (ptrdiff_t)strnlen(rest.p ? rest.p : "", (size_t)rest.n));
    Str text = pattern.n < rest.n ? str_of(rest.p + pattern.n + 1, rest.n - pattern.n - 1) : S("");
    Diags d = {.arena = a};
    const TimeFormat *f;
    if (time_format_compile(a, pattern, &f, &d, (Span){0}) != WEIR_OK) return;
    int64_t us = 0;
    bool has_offset;
    if (!time_format_parse(f, text, precision, &us, &has_offset)) return;
    StrBuf out = {.arena = a};
    if (timestamp_is_valid(us)) time_format_print(f, us, 3600, S("CET"), &out);
}

/* The bytes of a file of the zone database, and moments in it. */
static void zones(Choices *c, Arena *a)
{
    int64_t at = ((int64_t)choose(c, 256) << 32 | (int64_t)choose(c, 256) << 24) * 1000000 - INT64_C(2200000000000000);
    Str bytes = choices_rest(c);
    const TimeZone *z = tz_from_bytes(a, S("Fuzz/Zone"), bytes);
    if (!z) return;
    for (int i = 0; i < 4; i++, at += INT64_C(86400000000) * 365 * 40) {
        tz_at(z, at);
        int64_t local = tz_to_local(z, at);
        tz_to_utc(z, local, TZ_EARLIER);
        tz_to_utc(z, local, TZ_LATER);
    }
}

static void characters(Choices *c, Arena *a)
{
    (void)a;
    Str text = choices_rest(c);
    bool is_valid = utf8_is_valid(text);
    int64_t count = 0;
    ptrdiff_t at = 0;
    for (int n; at < text.n && (n = utf8_sequence(text.p + at, text.p + text.n)) > 0; at += n) {
        char back[4];
        uint32_t code = utf8_decode(text, at);
        must(utf8_encode(code, back) == n && !memcmp(back, text.p + at, (size_t)n), "character U+%04X", code);
        if (is_valid) must(utf8_len(text, at) == n, "length of U+%04X", code);
        count++;
    }
    must(is_valid == (at == text.n), "validity depends on who asks");
    if (is_valid) must(utf8_count(text) == count, "number of characters");
    if (is_valid) must(utf8_offset(text, count) == text.n, "end of the last character");
    must(utf8_cut(text, text.n / 2) <= text.n / 2 || text.n == 0, "cut behind its bound");
}

static void *resize(void *arg, void *p, ptrdiff_t old_size, ptrdiff_t new_size)
{
    Arena *a = arg;
    if (new_size == 0) return NULL;
    void *fresh = arena_alloc_raw(a, new_size, 16);
    if (p) memcpy(fresh, p, (size_t)(old_size < new_size ? old_size : new_size));
    return fresh;
}

/* A saved sum of any bytes is refused, or is a sum that is saved as it is read. */
static void sums(Choices *c, Arena *a)
{
    ExactMem mem = {resize, a};
    ExactSum s = {0}, again = {0};
    Str bytes = choices_rest(c);
    StrReader r = {.at = bytes.p, .end = bytes.p + bytes.n};
    if (!exact_load(&s, mem, &r)) return;
    StrBuf one = {.arena = a}, two = {.arena = a};
    exact_save(&s, &one);
    StrReader r2 = {.at = one.p, .end = one.p + one.n};
    must(exact_load(&again, mem, &r2) && r2.at == r2.end, "a saved sum is not read back");
    exact_save(&again, &two);
    must(str_eq(sb_done(&one), sb_done(&two)), "a sum is saved in another way");
    double d;
    exact_add_double(&s, mem, 1e300, 3);
    exact_merge(&s, mem, &again, -1);
    exact_round(&s, &d);
    exact_round_div(&s, 3, &d);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
    static void (*const KINDS[])(Choices *, Arena *) = {timestamps, dates, intervals, doubles, decimals,
                                                        patterns, zones, characters, sums};
    Choices c = {data, data + n};
    Arena arena = {0};
    KINDS[choose(&c, sizeof KINDS / sizeof *KINDS)](&c, &arena);
    arena_free(&arena);
    return 0;
}
