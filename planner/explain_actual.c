/* explain_actual.c: what an operator has done, in words and as JSON. */
#include "planner/explain_facts.h"

#include "base/datetime.h"

/* "950 B", "3.1 kB", "12 MB": powers of ten. */
Str explain_bytes(int64_t n, Arena *a)
{
    static const char *const UNITS[] = {"B", "kB", "MB", "GB", "TB"};
    size_t unit = 0;
    double x = (double)n;
    while (x >= 999.5 && unit + 1 < sizeof UNITS / sizeof *UNITS) {
        x /= 1000;
        unit++;
    }
    return str_printf(a, unit > 0 && x < 9.95 ? "%.1f %s" : "%.0f %s", x, UNITS[unit]);
}

/* "0.031 ms", "12.5 ms", "3.42 s" */
Str explain_time(int64_t us, Arena *a)
{
    if (us < 10000) return str_printf(a, "%.3f ms", (double)us / 1e3);
    if (us < 1000000) return str_printf(a, "%.1f ms", (double)us / 1e3);
    return str_printf(a, "%.2f s", (double)us / 1e6);
}

/* "0", "0.4", "85", "12.3 k", "4.1 M" */
Str explain_rate(double n, Arena *a)
{
    if (n >= 999500) return str_printf(a, "%.1f M", n / 1e6);
    if (n >= 999.5) return str_printf(a, "%.1f k", n / 1e3);
    return str_printf(a, n > 0 && n < 9.95 ? "%.1f" : "%.0f", n);
}

/* Without a fraction where there is none. */
Str explain_moment(int64_t us, Arena *a)
{
    char text[64];
    int n = timestamp_print(us, us % 1000000 == 0 ? 0 : us % 1000 == 0 ? 3 : 6, text);
    return str_dup(a, str_of(text, n));
}

bool actual_has_watermark(const OpActual *x) { return x->watermark_us != INT64_MIN; }

static void say(OpFacts *f, Arena *a, const char *key, Str text)
{
    Str *item = new_one(a, Str);
    *item = text;
    vec_push(&f->actual, a, (Fact){.key = key, .items = item, .n = 1});
}

void explain_actual(const OpActual *x, Arena *a, OpFacts *out)
{
    if (!x) return;
    Str time = explain_time(x->time_us, a);
    say(out, a, "actual", str_printf(a, "%lld rows in, %lld out; %lld batches; %.*s", (long long)x->rows_in,
                                     (long long)x->rows_out, (long long)x->batches, STR_ARG(time)));
    if (x->state_rows >= 0) {
        Str bytes = explain_bytes(x->state_bytes, a);
        say(out, a, "holds", str_printf(a, "%lld rows, %.*s", (long long)x->state_rows, STR_ARG(bytes)));
    }
    if (actual_has_watermark(x))
        say(out, a, "watermark now", x->watermark_us == INT64_MAX ? S("the input has ended") : explain_moment(x->watermark_us, a));
    if (!x->has_rates || (x->in_per_s == 0 && x->out_per_s == 0)) return;
    Str in = explain_rate(x->in_per_s, a), gone = explain_rate(x->out_per_s, a);
    say(out, a, "of late", str_printf(a, "%.*s/s in, %.*s/s out, busy %.1f %%", STR_ARG(in), STR_ARG(gone), x->busy * 100));
}

void actual_as_json(StrBuf *b, const OpActual *x)
{
    sb_printf(b, ", \"actual\": {\"rows_in\": %lld, \"rows_out\": %lld, \"batches\": %lld, \"time_ms\": %.3f",
              (long long)x->rows_in, (long long)x->rows_out, (long long)x->batches, (double)x->time_us / 1e3);
    if (x->state_rows >= 0)
        sb_printf(b, ", \"state_rows\": %lld, \"state_bytes\": %lld", (long long)x->state_rows, (long long)x->state_bytes);
    if (x->watermark_us == INT64_MAX) sb_lit(b, ", \"ended\": true");
    else if (actual_has_watermark(x)) {
        Str at = explain_moment(x->watermark_us, b->arena);
        sb_printf(b, ", \"watermark\": \"%.*s\"", STR_ARG(at));
    }
    if (x->has_rates)
        sb_printf(b, ", \"rows_in_per_s\": %.1f, \"rows_out_per_s\": %.1f, \"busy\": %.4f", x->in_per_s, x->out_per_s, x->busy);
    sb_char(b, '}');
}
