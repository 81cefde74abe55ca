/* tz_data.c: reading TZif files (RFC 8536).
 *
 * A file holds its data twice: for 32-bit times, which is skipped, and for 64-bit ones, then a
 * POSIX TZ rule for what follows the last transition. Leap seconds and the standard/UT indicators
 * are of no use here. */
#include "base/tz_data.h"

typedef struct Counts {
    uint32_t isut, isstd, leap, time, type, chars;
} Counts;

enum { HEADER_BYTES = 44, COUNT_MAX = 1 << 16 };

static uint64_t take_be(StrReader *r, int bytes)
{
    Str s = sr_bytes(r, bytes);
    uint64_t v = 0;
    for (ptrdiff_t i = 0; i < s.n; i++) v = v << 8 | (unsigned char)s.p[i];
    return v;
}

static bool read_header(StrReader *r, Counts *c, char *version)
{
    Str magic = sr_bytes(r, 4), v = sr_bytes(r, 1);
    sr_bytes(r, 15);
    uint32_t n[6];
    for (int i = 0; i < 6; i++) n[i] = (uint32_t)take_be(r, 4);
    if (r->bad || !str_eq(magic, S("TZif"))) return false;
    for (int i = 0; i < 6; i++)
        if (n[i] > COUNT_MAX) return false;
    *c = (Counts){n[0], n[1], n[2], n[3], n[4], n[5]};
    *version = v.p[0];
    return true;
}

static void skip_block(StrReader *r, const Counts *c, int time_bytes)
{
    sr_bytes(r, (ptrdiff_t)c->time * (time_bytes + 1) + (ptrdiff_t)c->type * 6 + c->chars +
                    (ptrdiff_t)c->leap * (time_bytes + 4) + c->isstd + c->isut);
}

static void read_transitions(StrReader *r, Arena *a, const Counts *c, TimeZone *z)
{
    z->ntimes = (int32_t)c->time;
    z->times = new (a, int64_t, c->time);
    z->type_of = new (a, uint8_t, c->time);
    for (uint32_t i = 0; i < c->time; i++) z->times[i] = (int64_t)take_be(r, 8);
    for (uint32_t i = 0; i < c->time; i++) z->type_of[i] = (uint8_t)take_be(r, 1);
}

static bool transitions_are_sound(const TimeZone *z)
{
    for (int32_t i = 0; i < z->ntimes; i++) {
        if (z->type_of[i] >= z->ntypes) return false;
        if (i && z->times[i] <= z->times[i - 1]) return false;
    }
    return z->ntypes > 0;
}

/* Types refer into the designations, NUL-terminated texts behind them. */
static bool read_types(StrReader *r, Arena *a, const Counts *c, TimeZone *z)
{
    uint8_t *text_at = new (a, uint8_t, c->type);
    z->ntypes = (int32_t)c->type;
    z->types = new (a, TzOffset, c->type);
    for (uint32_t i = 0; i < c->type; i++) {
        z->types[i].seconds = (int32_t)take_be(r, 4);
        z->types[i].is_dst = take_be(r, 1) != 0;
        text_at[i] = (uint8_t)take_be(r, 1);
    }
    Str chars = sr_bytes(r, c->chars);
    for (uint32_t i = 0; i < c->type; i++) {
        if (r->bad || text_at[i] >= chars.n) return false;
        if (z->types[i].seconds < -100000 || z->types[i].seconds > 100000) return false;
        Str name = str_of(chars.p + text_at[i], chars.n - text_at[i]);
        const char *end = memchr(name.p, 0, (size_t)name.n);
        z->types[i].abbreviation = str_dup(a, str_of(name.p, end ? end - name.p : name.n));
    }
    return true;
}

/* ---- the closing rule ---- */

static bool take(StrReader *r, char wanted)
{
    if (r->at == r->end || *r->at != wanted) return false;
    r->at++;
    return true;
}

static bool take_number(StrReader *r, int32_t max, int32_t *out)
{
    int32_t v = 0;
    const char *start = r->at;
    for (; r->at < r->end && *r->at >= '0' && *r->at <= '9' && v <= max; r->at++)
        v = v * 10 + (*r->at - '0');
    *out = v;
    return r->at > start && v <= max;
}

/* CET or <+03> */
static bool take_abbreviation(StrReader *r, Str *out)
{
    bool quoted = take(r, '<');
    const char *start = r->at;
    for (; r->at < r->end; r->at++) {
        bool is_letter = (*r->at | 32) >= 'a' && (*r->at | 32) <= 'z';
        if (quoted ? *r->at == '>' : !is_letter) break;
    }
    *out = str_of(start, r->at - start);
    return out->n > 0 && (!quoted || take(r, '>'));
}

/* [+-]h[:m[:s]] */
static bool take_clock(StrReader *r, int32_t *seconds)
{
    int32_t h, m = 0, s = 0;
    int sign = take(r, '-') ? -1 : 1;
    if (sign == 1) take(r, '+');
    if (!take_number(r, 167, &h)) return false;
    if (take(r, ':')) {
        if (!take_number(r, 59, &m)) return false;
        if (take(r, ':') && !take_number(r, 59, &s)) return false;
    }
    *seconds = sign * (h * 3600 + m * 60 + s);
    return true;
}

static bool take_change(StrReader *r, TzChange *c)
{
    *c = (TzChange){.kind = TZ_DAY, .seconds = 2 * 3600};
    bool ok;
    if (take(r, 'M')) {
        c->kind = TZ_WEEKDAY;
        ok = take_number(r, 12, &c->month) && take(r, '.') && take_number(r, 5, &c->week) &&
             take(r, '.') && take_number(r, 6, &c->day) && c->month && c->week;
    } else if (take(r, 'J')) {
        c->kind = TZ_JULIAN;
        ok = take_number(r, 365, &c->day) && c->day;
    } else {
        ok = take_number(r, 365, &c->day);
    }
    return ok && (!take(r, '/') || take_clock(r, &c->seconds));
}

static bool read_rule(StrReader *r, TzRule *rule)
{
    int32_t west;
    if (!take_abbreviation(r, &rule->std.abbreviation) || !take_clock(r, &west)) return false;
    rule->std.seconds = -west;
    rule->has_dst = r->at < r->end;
    if (!rule->has_dst) return true;
    if (!take_abbreviation(r, &rule->dst.abbreviation)) return false;
    rule->dst.is_dst = true;
    rule->dst.seconds = rule->std.seconds + 3600;
    if (r->at < r->end && *r->at != ',') {
        if (!take_clock(r, &west)) return false;
        rule->dst.seconds = -west;
    }
    return take(r, ',') && take_change(r, &rule->start) && take(r, ',') &&
           take_change(r, &rule->end) && r->at == r->end;
}

/* The footer: newline, rule, newline; an empty rule means that the last type goes on. */
static bool read_footer(StrReader *r, Arena *a, TimeZone *z)
{
    if (!take(r, '\n')) return false;
    const char *end = memchr(r->at, '\n', (size_t)(r->end - r->at));
    if (!end) return false;
    Str text = str_dup(a, str_of(r->at, end - r->at));
    StrReader rule = {.at = text.p, .end = text.p + text.n};
    z->has_rule = text.n > 0;
    return !z->has_rule || read_rule(&rule, &z->rule);
}

TimeZone *tz_data_read(Arena *a, Str name, Str bytes)
{
    StrReader r = {.at = bytes.p, .end = bytes.p + bytes.n};
    Counts c;
    char version;
    TimeZone *z = new_one(a, TimeZone);
    z->name = str_dup(a, name);
    if (!read_header(&r, &c, &version) || version < '2') return NULL;
    skip_block(&r, &c, 4);
    if (!read_header(&r, &c, &version)) return NULL;
    read_transitions(&r, a, &c, z);
    if (!read_types(&r, a, &c, z) || !transitions_are_sound(z)) return NULL;
    sr_bytes(&r, (ptrdiff_t)c.leap * 12 + c.isstd + c.isut);
    return !r.bad && read_footer(&r, a, z) ? z : NULL;
}
