/* cast.c: CAST and TRY_CAST between all types.
 *
 * Which casts there are is the planner's table (planner/casts.c); here is how each is done. DOUBLE
 * and DECIMAL to BIGINT truncate toward zero; to fewer decimals rounds half away from zero; a
 * TIMESTAMP is cut toward the past. Text is read with the white space around it left off. */
#include "base/datetime.h"
#include "base/decimal.h"
#include "base/number.h"
#include "base/utf8.h"
#include "exec/expr/json_text.h"
#include "exec/expr/nested.h"
#include "exec/expr/program.h"
#include "exec/kernel/kernel.h"

#include <math.h>

/* ---- failing --------------------------------------------------------------------------------- */

enum { QUOTED_MAX = 60 };

static void cast_failed(EvalCtx *c, const Column *in, Column *out, int row)
{
    if (c->call->is_try) {
        column_set_null(out, c->arena, row);
        return;
    }
    Value v = column_value(in, row);
    StrBuf b = {.arena = c->arena};
    sb_lit(&b, "cannot cast \"");
    ptrdiff_t start = b.n;
    value_print(&b, &v);
    if (b.n - start > QUOTED_MAX) {
        b.n = start + utf8_cut(str_of(b.p + start, b.n - start), QUOTED_MAX);
        sb_lit(&b, "…");
    }
    sb_lit(&b, "\" to ");
    sb_str(&b, type_name(c->call->type, c->arena));
    column_set_err(out, c->arena, row, WEIR_E_VALUE, sb_done(&b));
}

/* ---- numbers --------------------------------------------------------------------------------- */

static bool fits_bits(int64_t v, int bits)
{
    if (bits == 65) return v >= 0;
    if (bits == 0 || bits >= 64) return true;
    int64_t limit = INT64_C(1) << (bits - 1);
    return v >= -limit && v < limit;
}

static bool int_from_int(EvalCtx *c, Type from, Type to, int64_t x, int64_t *y)
{
    (void)c, (void)from;
    *y = x;
    return fits_bits(x, to.int_bits);
}

static bool int_from_double(EvalCtx *c, Type from, Type to, double x, int64_t *y)
{
    (void)c, (void)from;
    return double_to_int64(x, y) && fits_bits(*y, to.int_bits);
}

static bool int_from_decimal(EvalCtx *c, Type from, Type to, Int128 x, int64_t *y)
{
    (void)c;
    return decimal_to_int64(x, from.scale, y) && fits_bits(*y, to.int_bits);
}

static bool int_from_bool(EvalCtx *c, Type from, Type to, uint8_t x, int64_t *y)
{
    (void)c, (void)from, (void)to;
    *y = x;
    return true;
}

static bool double_from_int(EvalCtx *c, Type from, Type to, int64_t x, double *y)
{
    (void)c, (void)from, (void)to;
    *y = (double)x;
    return true;
}

static bool double_from_decimal(EvalCtx *c, Type from, Type to, Int128 x, double *y)
{
    (void)c, (void)to;
    *y = decimal_to_double(x, from.scale);
    return true;
}

static bool decimal_from_int(EvalCtx *c, Type from, Type to, int64_t x, Int128 *y)
{
    (void)c, (void)from;
    return decimal_rescale(x, 0, to, y);
}

static bool decimal_of_double(EvalCtx *c, Type from, Type to, double x, Int128 *y)
{
    (void)c, (void)from;
    return isfinite(x) && decimal_from_double(x, to, y);
}

static bool decimal_of_decimal(EvalCtx *c, Type from, Type to, Int128 x, Int128 *y)
{
    (void)c;
    return decimal_rescale(x, from.scale, to, y);
}

#define NONZERO(c, from, to, x, y) (*(y) = (x) != 0, true)

/* ---- times ----------------------------------------------------------------------------------- */

static bool timestamp_cut(EvalCtx *c, Type from, Type to, int64_t x, int64_t *y)
{
    (void)c, (void)from;
    int64_t tick = type_tick_us(to);
    *y = x - floor_mod(x, tick);
    return true;
}

#define DATE_OF_TIMESTAMP(c, from, to, x, y) (*(y) = (int32_t)floor_div(x, US_PER_DAY), true)
#define TIME_OF_TIMESTAMP(c, from, to, x, y) (*(y) = floor_mod(x, US_PER_DAY), true)
#define TIMESTAMP_OF_DATE(c, from, to, x, y) (*(y) = (int64_t)(x)*US_PER_DAY, true)

/* ---- from text ------------------------------------------------------------------------------- */

static bool bool_of_text(EvalCtx *c, Type from, Type to, Text x, uint8_t *y)
{
    static const char *const WORDS[] = {"false", "true", "f",   "t",  "no", "yes",
                                        "n",     "y",    "off", "on", "0",  "1"};
    (void)c, (void)from, (void)to;
    Str s = str_trim(text_str(&x));
    for (int i = 0; i < 12; i++) {
        if (!str_ieq(s, str_z(WORDS[i]))) continue;
        *y = i & 1;
        return true;
    }
    return false;
}

static bool int_of_text(EvalCtx *c, Type from, Type to, Text x, int64_t *y)
{
    (void)c, (void)from;
    return str_to_int64(str_trim(text_str(&x)), y) && fits_bits(*y, to.int_bits);
}

static bool double_of_text(EvalCtx *c, Type from, Type to, Text x, double *y)
{
    (void)c, (void)from, (void)to;
    return str_to_double(str_trim(text_str(&x)), y) && !isnan(*y);
}

static bool decimal_of_text(EvalCtx *c, Type from, Type to, Text x, Int128 *y)
{
    (void)c, (void)from;
    return decimal_parse(str_trim(text_str(&x)), to, y) == DECIMAL_OK;
}

static bool timestamp_of_text(EvalCtx *c, Type from, Type to, Text x, int64_t *y)
{
    (void)c, (void)from;
    return timestamp_parse(str_trim(text_str(&x)), to.precision, y);
}

/* A timestamp's text gives its date. */
static bool date_of_text(EvalCtx *c, Type from, Type to, Text x, int32_t *y)
{
    (void)c, (void)from, (void)to;
    Str s = str_trim(text_str(&x));
    int64_t us;
    if (date_parse(s, y)) return true;
    if (!timestamp_parse(s, 6, &us)) return false;
    *y = (int32_t)floor_div(us, US_PER_DAY);
    return true;
}

static bool time_of_text(EvalCtx *c, Type from, Type to, Text x, int64_t *y)
{
    (void)c, (void)from, (void)to;
    return time_parse(str_trim(text_str(&x)), y);
}

static bool interval_of_text(EvalCtx *c, Type from, Type to, Text x, Interval *y)
{
    (void)c, (void)from, (void)to;
    return interval_parse(str_trim(text_str(&x)), y);
}

static bool json_of_text(EvalCtx *c, Type from, Type to, Text x, Text *y)
{
    (void)from, (void)to;
    Str value, s = text_str(&x);
    if (json_check(s, &value) == JSON_INVALID) return false;
    *y = value.n == s.n ? x : text_ref(str_dup(c->arena, value).p, value.n);
    return true;
}

static bool text_of_blob(EvalCtx *c, Type from, Type to, Text x, Text *y)
{
    (void)c, (void)from, (void)to;
    *y = x;
    return utf8_is_valid(text_str(&x));
}

#define SAME(c, from, to, x, y) (*(y) = (x), true)

/* ---- the scalar ones, stamped ---------------------------------------------------------------- */

#define K_IN uint8_t
#define K_OUT int64_t
#define K_NAME cast_bool_int
#define K_CAST int_from_bool
#include "exec/expr/cast_tmpl.h"
#undef K_OUT
#define K_OUT uint8_t
#define K_NAME cast_same_8
#define K_CAST SAME
#include "exec/expr/cast_tmpl.h"
#undef K_IN
#define K_IN int64_t
#define K_NAME cast_int_bool
#define K_CAST NONZERO
#include "exec/expr/cast_tmpl.h"
#undef K_OUT
#define K_OUT int64_t
#define K_NAME cast_int_int
#define K_CAST int_from_int
#include "exec/expr/cast_tmpl.h"
#define K_NAME cast_timestamp_timestamp
#define K_CAST timestamp_cut
#include "exec/expr/cast_tmpl.h"
#define K_NAME cast_timestamp_time
#define K_CAST TIME_OF_TIMESTAMP
#include "exec/expr/cast_tmpl.h"
#define K_NAME cast_same_64
#define K_CAST SAME
#include "exec/expr/cast_tmpl.h"
#undef K_OUT
#define K_OUT double
#define K_NAME cast_int_double
#define K_CAST double_from_int
#include "exec/expr/cast_tmpl.h"
#undef K_OUT
#define K_OUT Int128
#define K_NAME cast_int_decimal_checked
#define K_CAST decimal_from_int
#include "exec/expr/cast_tmpl.h"
#undef K_OUT
#define K_OUT int32_t
#define K_NAME cast_timestamp_date
#define K_CAST DATE_OF_TIMESTAMP
#include "exec/expr/cast_tmpl.h"
#undef K_IN
#define K_IN int32_t
#define K_NAME cast_same_32
#define K_CAST SAME
#include "exec/expr/cast_tmpl.h"
#undef K_OUT
#define K_OUT int64_t
#define K_NAME cast_date_timestamp
#define K_CAST TIMESTAMP_OF_DATE
#include "exec/expr/cast_tmpl.h"
#undef K_IN
#define K_IN double
#define K_NAME cast_double_int
#define K_CAST int_from_double
#include "exec/expr/cast_tmpl.h"
#undef K_OUT
#define K_OUT uint8_t
#define K_NAME cast_double_bool
#define K_CAST NONZERO
#include "exec/expr/cast_tmpl.h"
#undef K_OUT
#define K_OUT Int128
#define K_NAME cast_double_decimal
#define K_CAST decimal_of_double
#include "exec/expr/cast_tmpl.h"
#undef K_IN
#define K_IN Int128
#define K_NAME cast_decimal_decimal_checked
#define K_CAST decimal_of_decimal
#include "exec/expr/cast_tmpl.h"
#undef K_OUT
#define K_OUT double
#define K_NAME cast_decimal_double
#define K_CAST double_from_decimal
#include "exec/expr/cast_tmpl.h"
#undef K_OUT
#define K_OUT int64_t
#define K_NAME cast_decimal_int
#define K_CAST int_from_decimal
#include "exec/expr/cast_tmpl.h"
#undef K_OUT
#define K_OUT uint8_t
#define K_NAME cast_decimal_bool
#define K_CAST NONZERO
#include "exec/expr/cast_tmpl.h"
#undef K_IN
#undef K_OUT

#define K_IN Interval
#define K_OUT Interval
#define K_NAME cast_interval_interval
#define K_CAST SAME
#include "exec/expr/cast_tmpl.h"
#undef K_IN

#define K_IN Text
#define K_NAME cast_text_interval
#define K_CAST interval_of_text
#include "exec/expr/cast_tmpl.h"
#undef K_OUT
#define K_OUT uint8_t
#define K_NAME cast_text_bool
#define K_CAST bool_of_text
#include "exec/expr/cast_tmpl.h"
#undef K_OUT
#define K_OUT int64_t
#define K_NAME cast_text_int
#define K_CAST int_of_text
#include "exec/expr/cast_tmpl.h"
#define K_NAME cast_text_timestamp
#define K_CAST timestamp_of_text
#include "exec/expr/cast_tmpl.h"
#define K_NAME cast_text_time
#define K_CAST time_of_text
#include "exec/expr/cast_tmpl.h"
#undef K_OUT
#define K_OUT int32_t
#define K_NAME cast_text_date
#define K_CAST date_of_text
#include "exec/expr/cast_tmpl.h"
#undef K_OUT
#define K_OUT double
#define K_NAME cast_text_double
#define K_CAST double_of_text
#include "exec/expr/cast_tmpl.h"
#undef K_OUT
#define K_OUT Int128
#define K_NAME cast_text_decimal
#define K_CAST decimal_of_text
#include "exec/expr/cast_tmpl.h"
#undef K_OUT
#define K_OUT Text
#define K_NAME cast_same_text
#define K_CAST SAME
#include "exec/expr/cast_tmpl.h"
#define K_NAME cast_text_json
#define K_CAST json_of_text
#include "exec/expr/cast_tmpl.h"
#define K_NAME cast_blob_text
#define K_CAST text_of_blob
#include "exec/expr/cast_tmpl.h"
#undef K_IN
#undef K_OUT

/* ---- to DECIMALs that hold every value ------------------------------------------------------- */

enum { BIGINT_DIGITS = 19 };

static void cast_int_decimal(EvalCtx *c, const Column *args, int nargs, Column *out)
{
    Type to = c->call->type;
    KernelRows r = kernel_rows(c);
    if (args[0].is_const || to.precision - to.scale < BIGINT_DIGITS)
        cast_int_decimal_checked(c, args, nargs, out);
    else
        kernel_widen_i64(args[0].data, (uint64_t)decimal_pow10(to.scale), out->data, r.sel, r.n);
}

static void cast_decimal_decimal(EvalCtx *c, const Column *args, int nargs, Column *out)
{
    Type from = args[0].type, to = c->call->type;
    KernelRows r = kernel_rows(c);
    if (to.scale < from.scale || to.precision - to.scale < from.precision - from.scale) {
        cast_decimal_decimal_checked(c, args, nargs, out);
        return;
    }
    Int128 unit = decimal_pow10(to.scale - from.scale);
    kernel_mul_i128(args[0].data, args[0].is_const, &unit, true, out->data, r.sel, r.n);
}

/* ---- to text --------------------------------------------------------------------------------- */

static void cast_any_text(EvalCtx *c, const Column *args, int nargs, Column *out)
{
    (void)nargs;
    Text *to = out->data;
    for (int k = 0; k < c->n; k++) {
        int row = c->sel ? c->sel[k] : k;
        Value v = column_value(&args[0], row);
        if (v.is_null) continue;
        StrBuf b = {.arena = c->arena};
        value_print(&b, &v);
        to[row] = text_ref(b.p, b.n);
    }
}

/* The commonest one, without a builder. */
static void cast_int_text(EvalCtx *c, const Column *args, int nargs, Column *out)
{
    (void)nargs;
    const int64_t *in = args[0].data;
    Text *to = out->data;
    for (int k = 0; k < c->n; k++) {
        int row = c->sel ? c->sel[k] : k;
        char digits[INT128_TEXT_MAX + 1];
        int n = int64_print(in[col_at(&args[0], row)], digits);
        char *p = digits;
        if (n > TEXT_INLINE) {
            p = arena_alloc_raw(c->arena, n, 1);
            memcpy(p, digits, (size_t)n);
        }
        to[row] = text_ref(p, n);
    }
}

/* A number's text is JSON as it is; times become strings. */
static void cast_any_json(EvalCtx *c, const Column *args, int nargs, Column *out)
{
    (void)nargs;
    Text *to = out->data;
    for (int k = 0; k < c->n; k++) {
        int row = c->sel ? c->sel[k] : k;
        Value v = column_value(&args[0], row);
        if (v.is_null) continue;
        StrBuf b = {.arena = c->arena};
        if (v.type.kind == TYPE_DOUBLE && isinf(v.d))
            sb_lit(&b, "null");
        else
            value_print(&b, &v);
        to[row] = text_ref(b.p, b.n);
    }
}

/* ---- from JSON ------------------------------------------------------------------------------- */

/* JSON to a scalar: null is NULL, a string stands for its characters, anything else for its text;
 * that is then cast as text is. */
static Column json_scalars(EvalCtx *c, const Column *in, Column *out)
{
    int rows = in->is_const ? 1 : c->rows;
    Column text = column_new(c->arena, TYPE_OF(TYPE_TEXT), rows);
    text.is_const = in->is_const;
    for (int k = 0; k < c->n; k++) {
        int row = c->sel ? c->sel[k] : k;
        Str v = str_trim(text_str(&COL(Text, in)[col_at(in, row)]));
        JsonKind kind = json_kind(v);
        if (kind == JSON_NULL) {
            column_set_null(out, c->arena, row);
            column_set_null(&text, c->arena, row);
        } else if (kind == JSON_STRING && !json_unquote(c->arena, v, &v)) {
            v = (Str){0};
        }
        if (kind != JSON_NULL) COL(Text, &text)[col_at(&text, row)] = text_ref(v.p, v.n);
    }
    return text;
}

static void cast_json_scalar(EvalCtx *c, const Column *args, int nargs, Column *out)
{
    Column text = json_scalars(c, &args[0], out);
    EvalCtx inner = *c;
    uint16_t *sel = new_raw(c->arena, uint16_t, c->n);
    inner.n = 0;
    for (int k = 0; k < c->n; k++) {
        int row = c->sel ? c->sel[k] : k;
        sel[inner.n] = (uint16_t)row;
        inner.n += !col_is_null(&text, row);
    }
    inner.sel = sel;
    bool can_fail;
    const FuncImpl *impl = cast_find(text.type, c->call->type, &can_fail);
    impl->columns(&inner, &text, nargs, out);
}

/* ---- ARRAY, ROW, MAP ------------------------------------------------------------------------- */

/* JSON, text that holds JSON, or a nested value as another nested type; JSON as a BLOB, which is base 64 in
 * it. JSON's null is NULL. */
static void cast_nested(EvalCtx *c, const Column *args, int nargs, Column *out)
{
    (void)nargs;
    const Column *in = &args[0];
    bool is_nested = in->type.kind != TYPE_TEXT && in->type.kind != TYPE_JSON;
    for (int k = 0; k < c->n; k++) {
        int row = c->sel ? c->sel[k] : k;
        Str json = text_str(&COL(Text, in)[col_at(in, row)]);
        Value v;
        bool ok = in->type.kind != TYPE_TEXT || json_check(json, &json) != JSON_INVALID;
        ok = ok && nested_read(json, is_nested ? &in->type : NULL, out->type, NESTED_CAST, c->arena, &v);
        if (!ok)
            cast_failed(c, in, out, row);
        else
            column_put(out, c->arena, row, &v);
    }
}

static void cast_null(EvalCtx *c, const Column *args, int nargs, Column *out)
{
    (void)args, (void)nargs;
    for (int k = 0; k < c->n; k++) column_set_null(out, c->arena, c->sel ? c->sel[k] : k);
}

/* ---- which ----------------------------------------------------------------------------------- */

typedef struct CastDef {
    FuncImpl impl;
    bool can_fail;
} CastDef;

#define CAST(f) \
    { \
        .impl = {.columns = f } \
    }
#define FAILS(f) \
    { \
        .impl = {.columns = f}, .can_fail = true \
    }

static const CastDef CASTS[TYPE_COUNT][TYPE_COUNT] = {
    [TYPE_BOOLEAN] = {[TYPE_BOOLEAN] = CAST(cast_same_8),
                      [TYPE_BIGINT] = CAST(cast_bool_int),
                      [TYPE_TEXT] = CAST(cast_any_text),
                      [TYPE_JSON] = CAST(cast_any_json)},
    [TYPE_BIGINT] = {[TYPE_BOOLEAN] = CAST(cast_int_bool),
                     [TYPE_BIGINT] = FAILS(cast_int_int),
                     [TYPE_DOUBLE] = CAST(cast_int_double),
                     [TYPE_DECIMAL] = FAILS(cast_int_decimal),
                     [TYPE_TEXT] = CAST(cast_int_text),
                     [TYPE_JSON] = CAST(cast_int_text)},
    [TYPE_DOUBLE] = {[TYPE_BOOLEAN] = CAST(cast_double_bool),
                     [TYPE_BIGINT] = FAILS(cast_double_int),
                     [TYPE_DOUBLE] = CAST(cast_same_64),
                     [TYPE_DECIMAL] = FAILS(cast_double_decimal),
                     [TYPE_TEXT] = CAST(cast_any_text),
                     [TYPE_JSON] = CAST(cast_any_json)},
    [TYPE_DECIMAL] = {[TYPE_BOOLEAN] = CAST(cast_decimal_bool),
                      [TYPE_BIGINT] = FAILS(cast_decimal_int),
                      [TYPE_DOUBLE] = CAST(cast_decimal_double),
                      [TYPE_DECIMAL] = FAILS(cast_decimal_decimal),
                      [TYPE_TEXT] = CAST(cast_any_text),
                      [TYPE_JSON] = CAST(cast_any_json)},
    [TYPE_TEXT] = {[TYPE_BOOLEAN] = FAILS(cast_text_bool),
                   [TYPE_BIGINT] = FAILS(cast_text_int),
                   [TYPE_DOUBLE] = FAILS(cast_text_double),
                   [TYPE_DECIMAL] = FAILS(cast_text_decimal),
                   [TYPE_TEXT] = CAST(cast_same_text),
                   [TYPE_BLOB] = CAST(cast_same_text),
                   [TYPE_TIMESTAMP] = FAILS(cast_text_timestamp),
                   [TYPE_DATE] = FAILS(cast_text_date),
                   [TYPE_TIME] = FAILS(cast_text_time),
                   [TYPE_INTERVAL] = FAILS(cast_text_interval),
                   [TYPE_JSON] = FAILS(cast_text_json),
                   [TYPE_ARRAY] = FAILS(cast_nested),
                   [TYPE_ROW] = FAILS(cast_nested),
                   [TYPE_MAP] = FAILS(cast_nested)},
    [TYPE_BLOB] = {[TYPE_TEXT] = FAILS(cast_blob_text), [TYPE_BLOB] = CAST(cast_same_text)},
    [TYPE_TIMESTAMP] = {[TYPE_TEXT] = CAST(cast_any_text),
                        [TYPE_TIMESTAMP] = CAST(cast_timestamp_timestamp),
                        [TYPE_DATE] = CAST(cast_timestamp_date),
                        [TYPE_TIME] = CAST(cast_timestamp_time)},
    [TYPE_DATE] = {[TYPE_TEXT] = CAST(cast_any_text),
                   [TYPE_TIMESTAMP] = CAST(cast_date_timestamp),
                   [TYPE_DATE] = CAST(cast_same_32)},
    [TYPE_TIME] = {[TYPE_TEXT] = CAST(cast_any_text), [TYPE_TIME] = CAST(cast_same_64)},
    [TYPE_INTERVAL] =
        {[TYPE_TEXT] = CAST(cast_any_text), [TYPE_INTERVAL] = CAST(cast_interval_interval)},
    [TYPE_JSON] = {[TYPE_BOOLEAN] = FAILS(cast_json_scalar),
                   [TYPE_BIGINT] = FAILS(cast_json_scalar),
                   [TYPE_DOUBLE] = FAILS(cast_json_scalar),
                   [TYPE_DECIMAL] = FAILS(cast_json_scalar),
                   [TYPE_TEXT] = CAST(cast_same_text),
                   [TYPE_TIMESTAMP] = FAILS(cast_json_scalar),
                   [TYPE_DATE] = FAILS(cast_json_scalar),
                   [TYPE_TIME] = FAILS(cast_json_scalar),
                   [TYPE_INTERVAL] = FAILS(cast_json_scalar),
                   [TYPE_JSON] = CAST(cast_same_text),
                   [TYPE_BLOB] = FAILS(cast_nested),
                   [TYPE_ARRAY] = FAILS(cast_nested),
                   [TYPE_ROW] = FAILS(cast_nested),
                   [TYPE_MAP] = FAILS(cast_nested)},
    [TYPE_ARRAY] = {[TYPE_TEXT] = CAST(cast_same_text),
                    [TYPE_JSON] = CAST(cast_same_text),
                    [TYPE_ARRAY] = FAILS(cast_nested)},
    [TYPE_ROW] = {[TYPE_TEXT] = CAST(cast_same_text),
                  [TYPE_JSON] = CAST(cast_same_text),
                  [TYPE_ROW] = FAILS(cast_nested)},
    [TYPE_MAP] = {[TYPE_TEXT] = CAST(cast_same_text),
                  [TYPE_JSON] = CAST(cast_same_text),
                  [TYPE_MAP] = FAILS(cast_nested)},
};
static const CastDef FROM_NULL = CAST(cast_null);

const FuncImpl *cast_find(Type from, Type to, bool *can_fail)
{
    const CastDef *d = from.kind == TYPE_NULL ? &FROM_NULL : &CASTS[from.kind][to.kind];
    *can_fail = d->can_fail;
    return d->impl.columns ? &d->impl : NULL;
}
