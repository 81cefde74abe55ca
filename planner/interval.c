/* interval.c: INTERVAL '1:30' HOUR TO MINUTE and its kind.
 *
 * Texts with several units are read by PostgreSQL's reader in base; only those that name two units
 * outside the text are taken apart here. */
#include "planner/interval.h"
#include "base/datetime.h"

#include <limits.h>

/* Units that may stand in a TO literal, from large to small, and what separates each from the
 * one before it in the text. */
typedef struct Part {
    const char *unit;
    char separator;
} Part;
static const Part PARTS[] = {{"year", 0},   {"month", '-'},  {"day", 0},
                             {"hour", ' '}, {"minute", ':'}, {"second", ':'}};
enum { NPARTS = sizeof PARTS / sizeof *PARTS };

static int part_index(const char *unit)
{
    for (int i = 0; i < NPARTS; i++)
        if (str_eq(str_z(PARTS[i].unit), str_z(unit))) return i;
    return -1;
}

static bool add_interval(Interval *sum, Interval iv)
{
    return !__builtin_add_overflow(sum->months, iv.months, &sum->months) &&
           !__builtin_add_overflow(sum->days, iv.days, &sum->days) &&
           !__builtin_add_overflow(sum->us, iv.us, &sum->us);
}

static bool negate(Interval *iv)
{
    if (iv->months == INT32_MIN || iv->days == INT32_MIN || iv->us == INT64_MIN) return false;
    *iv = (Interval){-iv->months, -iv->days, -iv->us};
    return true;
}

/* Takes the text up to the separator of the next part off *rest. */
static Str take(Str *rest, char separator)
{
    ptrdiff_t n = 0;
    while (n < rest->n && (separator == 0 || rest->p[n] != separator)) n++;
    Str part = str_of(rest->p, n);
    ptrdiff_t used = n < rest->n ? n + 1 : n;
    *rest = str_of(rest->p + used, rest->n - used);
    return part;
}

static bool parse_parts(Str text, int from, int to, Interval *out)
{
    Interval sum = {0};
    for (int i = from; i <= to; i++) {
        Str part = str_trim(take(&text, i < to ? PARTS[i + 1].separator : 0));
        TimeUnit u;
        Interval iv;
        if (!time_unit_parse(str_z(PARTS[i].unit), &u)) return false;
        if (part.n == 0 || part.p[0] == '-' || !interval_parse_unit(part, u, &iv)) return false;
        if (!add_interval(&sum, iv)) return false;
    }
    *out = sum;
    return text.n == 0;
}

bool interval_literal(Str text, const char *unit, const char *unit_to, Interval *out)
{
    text = str_trim(text);
    TimeUnit u;
    if (!*unit) return interval_parse(text, out);
    if (!time_unit_parse(str_z(unit), &u)) return false;
    if (!*unit_to) return interval_parse_unit(text, u, out);
    bool is_negative = text.n > 0 && text.p[0] == '-';
    if (is_negative) text = str_of(text.p + 1, text.n - 1);
    int from = part_index(unit), to = part_index(unit_to);
    if (from < 0 || to <= from || (from < 2 && to > 1)) return false;
    return parse_parts(text, from, to, out) && (!is_negative || negate(out));
}

bool interval_length_us(Interval iv, int64_t *us)
{
    return interval_to_us(iv, us);
}

int64_t us_of_days(int64_t days)
{
    return days * US_PER_DAY;
}
