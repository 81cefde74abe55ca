/* field.c: text to typed values, and what is said where that fails (see field.h). */
#include "exec/format/field.h"
#include "base/utf8.h"
#include "base/datetime.h"
#include "base/decimal.h"
#include "exec/expr/nested.h"
#include "exec/format/json_value.h"

#include <assert.h>
#include <math.h>

/* ---- options ----------------------------------------------------------------------------------- */

static const struct {
    Str name;
    TimeStyle style;
} TIME_STYLES[] = {{{"iso", 3}, TIME_STYLE_ISO},
                   {{"epoch_s", 7}, TIME_STYLE_EPOCH_S},
                   {{"epoch_ms", 8}, TIME_STYLE_EPOCH_MS},
                   {{"epoch_us", 8}, TIME_STYLE_EPOCH_US}};

static Span option_span(const Relation *rel, const char *name)
{
    const Option *o = options_get(&rel->options, name);
    return o ? o->span : (Span){0};
}

static Status read_time_style(const Relation *rel, Str text, Arena *a, FieldOptions *out, Diags *d)
{
    Span at = option_span(rel, "timestamp_format");
    for (size_t i = 0; i < sizeof TIME_STYLES / sizeof *TIME_STYLES; i++) {
        if (!str_ieq(text, TIME_STYLES[i].name)) continue;
        out->time_style = TIME_STYLES[i].style;
        return WEIR_OK;
    }
    if (!memchr(text.n ? text.p : "", '%', (size_t)text.n)) {
        diag_error(d, WEIR_E_OPTION, at, "unknown timestamp_format \"%.*s\"", STR_ARG(text));
        diag_hint(d, "'iso', 'epoch_s', 'epoch_ms', 'epoch_us' or a pattern such as '%%d/%%b/%%Y:%%H:%%M:%%S %%z'");
        return WEIR_E_OPTION;
    }
    out->time_style = TIME_STYLE_PATTERN;
    return time_format_compile(a, text, &out->time_pattern, d, at);
}

static Status read_zone(const Relation *rel, Arena *a, FieldOptions *out, Diags *d)
{
    Str name = options_text(&rel->options, "time_zone", "UTC");
    if (str_ieq(name, S("UTC"))) return WEIR_OK;
    TimeZones *zones = new_one(a, TimeZones);
    zones->arena = a;
    out->zone = tz_find(zones, name);
    if (out->zone) return WEIR_OK;
    return diag_error(d, WEIR_E_OPTION, option_span(rel, "time_zone"), "unknown time zone \"%.*s\"",
                      STR_ARG(name));
}

Status field_options_read(const Relation *rel, const char *default_time, Arena *a, FieldOptions *out,
                          Diags *d)
{
    *out = (FieldOptions){.cols = rel->cols};
    out->is_lenient = options_bool(&rel->options, "lenient", false);
    out->null_text = options_text(&rel->options, "null", "");
    Str time = options_text(&rel->options, "timestamp_format", default_time ? default_time : "iso");
    TRY(read_time_style(rel, time, a, out, d));
    return read_zone(rel, a, out, d);
}

/* ---- numbers ----------------------------------------------------------------------------------- */

bool field_int_fits(Type t, int64_t v)
{
    switch (t.int_bits) {
    case 8: return v >= INT8_MIN && v <= INT8_MAX;
    case 16: return v >= INT16_MIN && v <= INT16_MAX;
    case 32: return v >= INT32_MIN && v <= INT32_MAX;
    case 65: return v >= 0;
    }
    return true;
}

bool field_double(Str s, bool may_be_infinite, double *out)
{
    double d;
    if (!str_to_double(s, &d)) return false;
    if (isinf(d)) {
        char last = s.p[s.n - 1];
        bool is_word = last == 'y' || last == 'Y' || last == 'f' || last == 'F';
        if (!is_word || !may_be_infinite) return false;
    }
    *out = d;
    return true;
}

static bool parse_bool(Str s, int64_t *out)
{
    static const struct {
        Str word;
        bool value;
    } words[] = {{{"true", 4}, true}, {{"false", 5}, false}, {{"t", 1}, true}, {{"f", 1}, false},
                 {{"1", 1}, true},    {{"0", 1}, false}};
    for (size_t i = 0; i < sizeof words / sizeof *words; i++) {
        if (!str_ieq(s, words[i].word)) continue;
        *out = words[i].value;
        return true;
    }
    return false;
}

/* ---- times ------------------------------------------------------------------------------------- */

int64_t field_cut_time(Type t, int64_t us)
{
    if (t.kind != TYPE_TIMESTAMP) return us;
    int64_t tick = type_tick_us(t);
    return tick == 1 ? us : us - floor_mod(us, tick);
}

/* "1700000000" or "1700000000.123" in units of 1 s, 1 ms or 1 us; cut toward the past. */
static bool parse_epoch(Str s, int64_t units_per_second, int64_t *us)
{
    const char *point = s.n ? memchr(s.p, '.', (size_t)s.n) : NULL;
    Str whole = point ? str_of(s.p, point - s.p) : s;
    int64_t v, t, scale = US_PER_SECOND / units_per_second, fraction = 0;
    if (!str_to_int64(whole, &v) || !timestamp_from_epoch(v, units_per_second, &t)) return false;
    bool negative = s.p[0] == '-', is_exact = true;
    if (point) {
        const char *p = point + 1, *end = s.p + s.n;
        if (p == end) return false;
        for (; p < end; p++) {
            if (*p < '0' || *p > '9') return false;
            is_exact &= scale > 1 || *p == '0';
            scale /= 10;
            fraction += (*p - '0') * scale;
        }
    }
    t += negative ? -fraction - !is_exact : fraction;
    if (!timestamp_is_valid(t)) return false;
    *us = t;
    return true;
}

/* A time without an offset is one of the stream's zone; shown twice, it is the earlier one. */
static bool to_utc(const FieldOptions *o, bool has_offset, int64_t *us)
{
    if (has_offset || !o->zone) return true;
    int64_t v = tz_to_utc(o->zone, *us, TZ_EARLIER);
    if (!timestamp_is_valid(v)) return false;
    *us = v;
    return true;
}

static bool parse_iso(Str s, const FieldOptions *o, int64_t *us)
{
    bool has_offset;
    return timestamp_parse_local(s, 6, us, &has_offset) && to_utc(o, has_offset, us);
}

static bool parse_pattern(Str s, const FieldOptions *o, int64_t *us)
{
    bool has_offset;
    return time_format_parse(o->time_pattern, s, 6, us, &has_offset) && to_utc(o, has_offset, us);
}

bool field_time(Type t, Str s, const FieldOptions *o, int64_t *us)
{
    int64_t v = 0;
    bool ok = false;
    switch (o->time_style) {
    case TIME_STYLE_ISO: ok = parse_iso(s, o, &v); break;
    case TIME_STYLE_EPOCH_S: ok = parse_epoch(s, 1, &v); break;
    case TIME_STYLE_EPOCH_MS: ok = parse_epoch(s, 1000, &v); break;
    case TIME_STYLE_EPOCH_US: ok = parse_epoch(s, 1000000, &v); break;
    case TIME_STYLE_PATTERN: ok = parse_pattern(s, o, &v); break;
    }
    if (ok) *us = field_cut_time(t, v);
    return ok;
}

/* ---- any type ---------------------------------------------------------------------------------- */

static bool parse_json(Type t, Str s, const FieldOptions *o, Arena *a, Value *v)
{
    v->s = s;
    if (!json_is_value(s, (TypeKind)t.kind)) return false;
    return t.kind == TYPE_JSON || nested_read(s, NULL, t, o->is_lenient ? NESTED_CAST : NESTED_STRICT, a, v);
}

bool field_parse(Type t, Str s, const FieldOptions *o, Arena *a, Value *out)
{
    Value v = {.type = t};
    Str word = str_trim(s);
    bool ok = false;
    int32_t days;
    switch ((TypeKind)t.kind) {
    case TYPE_NULL:
        v.is_null = ok = true;
        break;
    case TYPE_BOOLEAN: ok = parse_bool(word, &v.i); break;
    case TYPE_BIGINT: ok = str_to_int64(word, &v.i) && field_int_fits(t, v.i); break;
    case TYPE_DOUBLE: ok = field_double(word, true, &v.d); break;
    case TYPE_DECIMAL: ok = decimal_parse(word, t, &v.dec) == DECIMAL_OK; break;
    case TYPE_TIMESTAMP: ok = field_time(t, word, o, &v.i); break;
    case TYPE_DATE:
        ok = date_parse(word, &days);
        if (ok) v.i = days;
        break;
    case TYPE_TIME: ok = time_parse(word, &v.i); break;
    case TYPE_INTERVAL: ok = interval_parse(word, &v.iv); break;
    case TYPE_TEXT:
    case TYPE_BLOB:
        v.s = s;
        ok = true;
        break;
    case TYPE_JSON:
    case TYPE_ARRAY:
    case TYPE_ROW:
    case TYPE_MAP: ok = parse_json(t, word, o, a, &v); break;
    case TYPE_COUNT: break;
    }
    if (ok) *out = v;
    return ok;
}

void field_null(RowBuilder *out, int col)
{
    column_set_null(&out->cols[col], out->arena, out->rows);
}

void field_value(RowBuilder *out, int col, const Value *v)
{
    column_put(&out->cols[col], out->arena, out->rows, v);
}

static void zero_value(Column *c, int row)
{
    int width = type_width(c->type.kind);
    memset((char *)c->data + (ptrdiff_t)row * width, 0, (size_t)width);
}

void field_misfit(RowBuilder *out, int col, const char *p, ptrdiff_t n, const FieldOptions *o)
{
    enum { SHOWN_MAX = 40 };
    Column *c = &out->cols[col];
    Str shown = str_of(p, utf8_cut(str_of(p, n), SHOWN_MAX));
    Str type = type_name(c->type, out->arena), name = o->cols[col].name;
    const char *more = shown.n < n ? "..." : "";
    zero_value(c, out->rows);
    Str message = str_printf(out->arena, "column \"%.*s\": \"%.*s%s\" does not fit %.*s", STR_ARG(name),
                             STR_ARG(shown), more, STR_ARG(type));
    column_set_err(c, out->arena, out->rows, WEIR_E_VALUE, message);
}

void field_decode(RowBuilder *out, int col, const char *p, ptrdiff_t n, const FieldOptions *o)
{
    Value v;
    if (field_parse(out->cols[col].type, str_of(p, n), o, out->arena, &v))
        field_value(out, col, &v);
    else
        field_misfit(out, col, p, n, o);
}

/* ---- unusable records -------------------------------------------------------------------------- */

void record_error(RowBuilder *out, uint64_t offset, Str raw, int64_t raw_bytes, const char *fmt, ...)
{
    StrBuf b = {.arena = out->arena};
    va_list ap;
    va_start(ap, fmt);
    sb_vprintf(&b, fmt, ap);
    va_end(ap);
    StreamError e = {.offset = offset, .code = WEIR_E_DATA, .message = sb_done(&b),
                     .raw = str_dup(out->arena, str_of(raw.p, raw.n < FIELD_RAW_MAX ? raw.n : FIELD_RAW_MAX)),
                     .raw_bytes = raw_bytes};
    vec_push(&out->errors, out->arena, e);
}
