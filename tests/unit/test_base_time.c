/* test_base_time.c: timestamps, intervals, patterns, zones. base_oracle.py asks many more. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "base/datetime.h"
#include "base/time_format.h"
#include "base/tz.h"

#include <stdio.h>

static int64_t at(const char *text)
{
    int64_t us = INT64_MIN;
    if (!timestamp_parse(str_z(text), 6, &us)) print_error("unreadable: %s\n", text);
    return us;
}

static void timestamps_are_read(void **state)
{
    (void)state;
    const struct { const char *text; int precision; int64_t us; } cases[] = {
        {"1970-01-01", 6, 0},
        {"1970-01-01T00:00:00Z", 0, 0},
        {"1970-01-01 00:00:01", 3, 1000000},
        {"2024-02-29T12:30:45.123456789+02:00", 6, 1709202645123456},
        {"2024-02-29T12:30:45.123456789+02:00", 3, 1709202645123000},
        {"2024-02-29 10:30:45,1", 6, 1709202645100000},
        {"2024-02-29t10:30:45.1z", 0, 1709202645000000},
        {"2024-02-29 12:30+0200", 6, 1709202600000000},
        {"2024-02-29 12:30:00 +02", 6, 1709202600000000},
        {"2024-02-29 10:30:00 UTC", 6, 1709202600000000},
        {"1969-12-31T23:59:59.9999999Z", 6, -1},
        {"1969-12-31T23:59:59.9999Z", 3, -1000},
        {"1969-12-31T23:59:59.5Z", 0, -1000000},
        {"0001-01-01 00:00:00", 6, TIMESTAMP_MIN_US},
        {"9999-12-31 23:59:59.999999", 6, TIMESTAMP_MAX_US},
        {"2016-12-31 23:59:60", 6, 1483228800000000},
        {"2024-01-01T00:00:00-00:30", 6, 1704069000000000}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        int64_t us = INT64_MIN;
        if (!timestamp_parse(str_z(cases[i].text), cases[i].precision, &us) || us != cases[i].us)
            fail_msg("%s gives %lld", cases[i].text, (long long)us);
    }
    bool has_offset;
    int64_t us;
    assert_true(timestamp_parse_local(S("2024-01-01 00:00:00"), 6, &us, &has_offset) && !has_offset);
    assert_true(timestamp_parse_local(S("2024-01-01 00:00:00Z"), 6, &us, &has_offset) && has_offset);
}

static void what_is_no_timestamp_is_refused(void **state)
{
    (void)state;
    const char *bad[] = {"", "2024", "2024-02-30", "2023-02-29", "2024-13-01", "2024-00-01", "2024-01-00",
                         "0000-01-01", "2024-01-01T", "2024-01-01T24:00:00", "2024-01-01T12:60:00",
                         "2024-01-01T12:00:61", "2024-01-01T12:00:00.", "2024-01-01T12:00:00.1234567890",
                         "2024-01-01T12:00:00+24:00", "2024-01-01T12:00:00+02:60", "2024-01-01T12:00:00x",
                         "2024-01-01T12:00:00Z ", " 2024-01-01", "2024-01-01Z", "2024-01-01T12:00:00+1",
                         "2024-1-1", "20240101", "2024/01/01", "2024-01-01T12-00:00", "2024-01-01x12:00:00",
                         "0001-01-01T00:00:00+00:01", "9999-12-31T23:59:59-00:01", "2024-01-01T1\xb0:00:00Z",
                         "2024-01-01T12:00:00.5 ", "2024-0a-01T12:00:00", "2024-01-01 12:0:00:00"};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        int64_t us = 42;
        if (timestamp_parse(str_z(bad[i]), 6, &us) || us != 42) fail_msg("\"%s\" was taken", bad[i]);
    }
    /* No byte in any place of a good one may slip through the fast way. */
    const char good[] = "2024-02-29T12:30:45";
    for (int place = 0; place < 19; place++) {
        for (int c = 1; c < 256; c++) {
            char text[sizeof good];
            int64_t us;
            memcpy(text, good, sizeof good);
            text[place] = (char)c;
            bool digit = good[place] >= '0' && good[place] <= '9';
            bool fits = digit ? c >= '0' && c <= '9' : c == good[place] || (place == 10 && (c == ' ' || c == 't'));
            if (timestamp_parse(str_z(text), 6, &us) && !fits) fail_msg("\"%s\" was taken", text);
        }
    }
}

static void times_print_at_fixed_width(void **state)
{
    (void)state;
    char text[TIME_TEXT_MAX + 1];
    int64_t us = at("2024-02-29T12:30:45.120456");
    assert_int_equal(timestamp_print(us, 0, text), 19);
    assert_string_equal(text, "2024-02-29 12:30:45");
    assert_int_equal(timestamp_print(us, 2, text), 23);
    assert_string_equal(text, "2024-02-29 12:30:45.120");
    assert_int_equal(timestamp_print(us, 4, text), 26);
    assert_string_equal(text, "2024-02-29 12:30:45.120456");
    timestamp_print(-1, 6, text);
    assert_string_equal(text, "1969-12-31 23:59:59.999999");
    timestamp_print(TIMESTAMP_MIN_US, 0, text);
    assert_string_equal(text, "0001-01-01 00:00:00");
    date_print(DATE_MAX, text);
    assert_string_equal(text, "9999-12-31");
    time_print(45296500000, text);
    assert_string_equal(text, "12:34:56.500");
    time_print(0, text);
    assert_string_equal(text, "00:00:00");
    int32_t days;
    assert_true(date_parse(S("1969-12-31"), &days) && days == -1);
    assert_false(date_parse(S("1969-12-31 "), &days));
    assert_true(time_parse(S("12:34:56.5"), &us) && us == 45296500000);
    assert_false(time_parse(S("24:00"), &us) || time_parse(S("23:59:60"), &us));
}

static void intervals_are_read_and_printed(void **state)
{
    (void)state;
    const struct { const char *text; Interval iv; const char *printed; } cases[] = {
        {"10", {0, 0, 10000000}, "00:00:10"},
        {"10 SECONDS", {0, 0, 10000000}, "00:00:10"},
        {"1 hour 30 minutes", {0, 0, 5400000000}, "01:30:00"},
        {"1hour30min", {0, 0, 5400000000}, "01:30:00"},
        {"1.5 days", {0, 1, 43200000000}, "1 day 12:00:00"},
        {"-1.5 days", {0, -1, -43200000000}, "-1 days -12:00:00"},
        {"1 week", {0, 7, 0}, "7 days"},
        {"1 year 2 mons 3 days 04:05:06.5", {14, 3, 14706500000}, "1 year 2 mons 3 days 04:05:06.5"},
        {"-1 mons +02:03:04", {-1, 0, 7384000000}, "-1 mons +02:03:04"},
        {"1.5 months", {1, 15, 0}, "1 mon 15 days"},
        {"1.5 years", {18, 0, 0}, "1 year 6 mons"},
        {"2 10:00:00", {0, 2, 36000000000}, "2 days 10:00:00"},
        {"1 day ago", {0, -1, 0}, "-1 days"},
        {"250 ms", {0, 0, 250000}, "00:00:00.25"},
        {"1 us", {0, 0, 1}, "00:00:00.000001"},
        {"0.000001 seconds", {0, 0, 1}, "00:00:00.000001"},
        {"P1Y2M3DT4H5M6.5S", {14, 3, 14706500000}, "1 year 2 mons 3 days 04:05:06.5"},
        {"PT10M", {0, 0, 600000000}, "00:10:00"},
        {"-P1D", {0, -1, 0}, "-1 days"},
        {"0 seconds", {0, 0, 0}, "00:00:00"},
        {"100:00:00", {0, 0, 360000000000}, "100:00:00"},
        {"1 century", {1200, 0, 0}, "100 years"}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        Interval iv = {9, 9, 9}, back;
        char text[TIME_TEXT_MAX + 1];
        const Interval *want = &cases[i].iv;
        if (!interval_parse(str_z(cases[i].text), &iv) || iv.months != want->months ||
            iv.days != want->days || iv.us != want->us)
            fail_msg("%s gives %d %d %lld", cases[i].text, iv.months, iv.days, (long long)iv.us);
        interval_print(iv, text);
        assert_string_equal(text, cases[i].printed);
        assert_true(interval_parse(str_z(text), &back));
        assert_memory_equal(&back, &iv, sizeof iv);
    }
    const char *bad[] = {"", " ", "x", "1 foo", "1 dow", "--1 day", "1 day x", "P", "PT", "P1", "1 2", "1:2:3:4",
                         "1 hour ago 2", "99999999999999999999 s", "3000000000 days", "9999999999 years"};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        Interval iv;
        if (interval_parse(str_z(bad[i]), &iv)) fail_msg("\"%s\" was taken", bad[i]);
    }
    Interval iv;
    char text[TIME_TEXT_MAX + 1];
    int64_t us;
    interval_print((Interval){INT32_MIN, INT32_MIN, INT64_MIN}, text);
    assert_string_equal(text, "-178956970 years -8 mons -2147483648 days -2562047788:00:54.775808");
    assert_true(interval_parse_unit(S("-1.5"), UNIT_HOUR, &iv) && iv.us == -5400000000);
    assert_false(interval_parse_unit(S("1 2"), UNIT_HOUR, &iv) || interval_parse_unit(S("1"), UNIT_DOW, &iv));
    assert_true(interval_to_us((Interval){0, 1, 5}, &us) && us == US_PER_DAY + 5);
    assert_false(interval_to_us((Interval){1, 0, 0}, &us));
}

static void months_keep_the_day_where_they_can(void **state)
{
    (void)state;
    int64_t us;
    assert_true(timestamp_add_interval(at("2024-01-31 10:00"), (Interval){1, 0, 0}, 1, &us));
    assert_int_equal(us, at("2024-02-29 10:00"));
    assert_true(timestamp_add_interval(at("2024-03-31"), (Interval){13, 1, -1}, -1, &us));
    assert_int_equal(us, at("2023-02-27 00:00:00.000001"));
    assert_false(timestamp_add_interval(at("9999-12-31"), (Interval){0, 1, 0}, 1, &us));
    assert_false(timestamp_add_interval(at("2024-01-01"), (Interval){INT32_MIN, 0, 0}, -1, &us));
    assert_false(timestamp_add_interval(0, (Interval){0, INT32_MAX, 0}, 1, &us));
    assert_false(timestamp_add_interval(0, (Interval){0, 0, INT64_MIN}, -1, &us));
    assert_int_equal(timestamp_diff(at("2024-01-31"), at("2024-02-29"), UNIT_MONTH), 1);
    assert_int_equal(timestamp_diff(at("2024-01-31"), at("2024-02-28"), UNIT_MONTH), 0);
    assert_int_equal(timestamp_diff(at("2024-01-01"), at("2022-06-01"), UNIT_YEAR), -1);
    assert_int_equal(timestamp_diff(at("2024-01-01"), at("2024-01-15 23:00"), UNIT_WEEK), 2);
}

static void times_are_cut_to_units(void **state)
{
    (void)state;
    const struct { const char *from; TimeUnit unit; const char *to; } cases[] = {
        {"2024-02-29 12:34:56.789123", UNIT_MILLISECOND, "2024-02-29 12:34:56.789"},
        {"1969-12-31 23:59:59.5", UNIT_SECOND, "1969-12-31 23:59:59"},
        {"1969-12-31 23:59:59.5", UNIT_HOUR, "1969-12-31 23:00:00"},
        {"2024-02-29 12:34", UNIT_DAY, "2024-02-29"},
        {"2024-03-03 12:34", UNIT_WEEK, "2024-02-26"},
        {"1969-12-31 12:34", UNIT_WEEK, "1969-12-29"},
        {"2024-12-31", UNIT_QUARTER, "2024-10-01"},
        {"2024-12-31", UNIT_YEAR, "2024-01-01"},
        {"2024-12-31", UNIT_DECADE, "2020-01-01"},
        {"2000-12-31", UNIT_CENTURY, "1901-01-01"},
        {"2001-12-31", UNIT_MILLENNIUM, "2001-01-01"},
        {"0001-01-03", UNIT_WEEK, "0001-01-01"}};
    int64_t us;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        assert_true(timestamp_trunc(at(cases[i].from), cases[i].unit, &us));
        if (us != at(cases[i].to)) fail_msg("%s", cases[i].from);
    }
    assert_false(timestamp_trunc(at("0005-01-01"), UNIT_DECADE, &us));
    assert_false(timestamp_trunc(0, UNIT_DOW, &us));
    TimeUnit u;
    assert_true(time_unit_parse(S("Mons"), &u) && u == UNIT_MONTH);
    assert_true(time_unit_parse(S("MS"), &u) && u == UNIT_MILLISECOND);
    assert_true(time_unit_parse(S("s"), &u) && u == UNIT_SECOND);
    assert_false(time_unit_parse(S("lightyear"), &u));
    assert_true(timestamp_from_epoch(-1, 1000, &us) && us == -1000);
    assert_false(timestamp_from_epoch(INT64_MAX, 1, &us) || timestamp_from_epoch(INT64_MAX, 1000000, &us));
}

static bool read_by(Arena *a, const char *pattern, const char *text, int64_t *us, bool *has_offset)
{
    const TimeFormat *f;
    assert_int_equal(time_format_compile(a, str_z(pattern), &f, NULL, (Span){0}), WEIR_OK);
    return time_format_parse(f, str_z(text), 6, us, has_offset);
}

static void patterns_read_and_refuse(void **state)
{
    (void)state;
    Arena a = {0};
    const struct { const char *pattern, *text, *want; bool has_offset; } cases[] = {
        {"%d/%b/%Y:%H:%M:%S %z", "29/Feb/2024:12:30:00 +0200", "2024-02-29 10:30:00", true},
        {"%b %e %H:%M:%S", "Jan  2 03:04:05", "1970-01-02 03:04:05", false},
        {"%Y-%m-%dT%H:%M:%S.%fZ", "2024-02-29T12:30:00.5Z", "2024-02-29 12:30:00.5", false},
        {"%I:%M %p", "12:05 am", "1970-01-01 00:05:00", false},
        {"%I:%M %p", "12:05 PM", "1970-01-01 12:05:00", false},
        {"%Y %j", "2024 366", "2024-12-31", false},
        {"%G-W%V-%u", "2020-W53-7", "2021-01-03", false},
        {"%s.%f", "1709202645.123456789", "2024-02-29 10:30:45.123456", true},
        {"%A %d %B %y", "thursday 29 february 24", "2024-02-29", false},
        {"%a %F %T %Z", "Thu 2024-02-29 10:30:45 UTC", "2024-02-29 10:30:45", true},
        {"%D", "02/29/72", "1972-02-29", false}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        int64_t us = 0;
        bool has_offset = false;
        if (!read_by(&a, cases[i].pattern, cases[i].text, &us, &has_offset) || us != at(cases[i].want) ||
            has_offset != cases[i].has_offset)
            fail_msg("%s of %s gives %lld", cases[i].pattern, cases[i].text, (long long)us);
    }
    const char *bad[][2] = {{"%Y-%m-%d", "2024-02-30"}, {"%Y", "2024x"}, {"%Y", ""}, {"%b", "Foo"}, {"%H", "24"},
                            {"%j %Y", "366 2023"}, {"%p", "XM"}, {"%z", "+2"}, {"%Z", "CET"}, {"%Y-%m", "2024/01"},
                            {"%f", ""}, {"%G-%V-%u", "2021-53-1"}, {"%s", "-"}, {"%L", "1234"}};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        int64_t us;
        bool has_offset;
        if (read_by(&a, bad[i][0], bad[i][1], &us, &has_offset)) fail_msg("%s of %s", bad[i][0], bad[i][1]);
    }
    const TimeFormat *f;
    Diags d = {.arena = &a};
    assert_int_equal(time_format_compile(&a, S("%Y %Q"), &f, &d, (Span){0}), WEIR_E_VALUE);
    assert_non_null(strstr(d.list.data[0].message.p, "\"%Q\""));
    assert_int_equal(time_format_compile(&a, S("abc%"), &f, &d, (Span){0}), WEIR_E_VALUE);
    StrBuf b = {.arena = &a};
    assert_int_equal(time_format_compile(&a, S("%a %d %b %Y %T.%L %z (%Z) %%"), &f, &d, (Span){0}), WEIR_OK);
    time_format_print(f, at("2024-02-29 10:30:45.123"), -12600, S("NST"), &b);
    assert_string_equal(sb_done(&b).p, "Thu 29 Feb 2024 07:00:45.123 -0330 (NST) %");
    arena_free(&a);
}

static void zones_shift_and_shift_back(void **state)
{
    (void)state;
    Arena a = {0};
    TimeZones zones = {.arena = &a};
    const TimeZone *berlin = tz_find(&zones, S("Europe/Berlin"));
    if (!berlin) skip();
    assert_ptr_equal(tz_find(&zones, S("Europe/Berlin")), berlin);
    assert_non_null(tz_find(&zones, S("europe/berlin")));
    assert_int_equal(tz_at(berlin, at("2024-07-01")).seconds, 7200);
    assert_true(tz_at(berlin, at("2024-07-01")).is_dst);
    assert_string_equal(tz_at(berlin, at("2024-01-01")).abbreviation.p, "CET");
    assert_int_equal(tz_at(berlin, at("2150-07-01")).seconds, 7200); /* by the closing rule */
    assert_int_equal(tz_at(berlin, at("2150-01-01")).seconds, 3600);
    /* 02:00 to 03:00 is skipped in spring and shown twice in autumn. */
    assert_int_equal(tz_to_utc(berlin, at("2024-03-31 02:30"), TZ_EARLIER), at("2024-03-31 01:00"));
    assert_int_equal(tz_to_utc(berlin, at("2024-03-31 02:30"), TZ_LATER), at("2024-03-31 01:00"));
    assert_int_equal(tz_to_utc(berlin, at("2024-10-27 02:30"), TZ_EARLIER), at("2024-10-27 00:30"));
    assert_int_equal(tz_to_utc(berlin, at("2024-10-27 02:30"), TZ_LATER), at("2024-10-27 01:30"));
    assert_int_equal(tz_to_local(berlin, at("2024-07-01 12:00")), at("2024-07-01 14:00"));
    assert_int_equal(tz_at(tz_find(&zones, S("-05:30")), 0).seconds, -19800);
    assert_int_equal(tz_at(tz_find(&zones, S("utc")), 0).seconds, 0);
    assert_null(tz_find(&zones, S("../../etc/passwd")));
    assert_null(tz_find(&zones, S("Europe")));
    assert_null(tz_find(&zones, S("tzdata.zi")));
    assert_null(tz_from_bytes(&a, S("x"), S("TZif2 but then nothing")));
    assert_true(tz_database_version(&zones, &a).n == 0 || tz_database_version(&zones, &a).n < 16);
    arena_free(&a);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(timestamps_are_read),
        cmocka_unit_test(what_is_no_timestamp_is_refused),
        cmocka_unit_test(times_print_at_fixed_width),
        cmocka_unit_test(intervals_are_read_and_printed),
        cmocka_unit_test(months_keep_the_day_where_they_can),
        cmocka_unit_test(times_are_cut_to_units),
        cmocka_unit_test(patterns_read_and_refuse),
        cmocka_unit_test(zones_shift_and_shift_back),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
