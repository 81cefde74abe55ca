/* source_datagen.c: rows of random or counting values, for any columns.
 *
 * Row n is computed from (seed, n) alone. For a column c: "c.kind" is 'random' or 'sequence',
 * "c.min" and "c.max" bound it (as values of its type; a sequence starts at min and starts again
 * behind max), "c.length" is the number of letters of a text, "c.null" the share of NULLs. The
 * event-time column is a sequence by default: row n has the time base_time + n / rate. */
#include "base/datetime.h"
#include "base/decimal.h"
#include "base/hash.h"
#include "exec/format/field.h"
#include "exec/io/batch_maker.h"
#include "exec/io/metadata.h"

typedef struct DatagenColumn {
    bool is_made, is_sequence;
    int64_t min, max;      /* integers, times, days; of a DECIMAL its units */
    double real_min, real_max;
    int64_t length;
    double nulls;
} DatagenColumn;

typedef struct DatagenSource {
    Source base;
    BatchMaker maker;
    SourcePosition position;
    DatagenColumn *cols;
    int64_t rows;          /* -1: without end */
    double rate;
    int64_t base_us;
    uint64_t seed;
} DatagenSource;

/* ---- opening ----------------------------------------------------------------------------------- */

static const Option *column_option(const Relation *rel, int col, const char *what)
{
    Str name = rel->cols[col].name;
    for (int i = rel->options.n - 1; i >= 0; i--) {
        Str o = rel->options.items[i].name;
        if (o.n == name.n + 1 + (ptrdiff_t)strlen(what) && str_istarts(o, name) && o.p[name.n] == '.' &&
            str_ieq(str_of(o.p + name.n + 1, o.n - name.n - 1), str_z(what)))
            return &rel->options.items[i];
    }
    return NULL;
}

static Status bad_option(const Option *o, Diags *d)
{
    return diag_error(d, WEIR_E_OPTION, o->span, "option \"%.*s\" cannot be \"%.*s\"", STR_ARG(o->name),
                      STR_ARG(o->value));
}

/* "c.min" or "c.max" as a value of the column's type. */
static Status read_bound(const Relation *rel, int col, const char *what, int64_t *out, double *real, Diags *d)
{
    const FieldOptions plain = {.cols = rel->cols};
    const Option *o = column_option(rel, col, what);
    Type t = rel->cols[col].type;
    Value v;
    if (!o) return WEIR_OK;
    if (!field_parse(t, o->value, &plain, &v)) return bad_option(o, d);
    if (t.kind == TYPE_DOUBLE)
        *real = v.d;
    else if (t.kind == TYPE_DECIMAL && (v.dec > INT64_MAX || v.dec < INT64_MIN))
        return bad_option(o, d);
    else
        *out = t.kind == TYPE_DECIMAL ? (int64_t)v.dec : v.i;
    return WEIR_OK;
}

static void default_bounds(const DatagenSource *s, Type t, DatagenColumn *c)
{
    *c = (DatagenColumn){.is_made = true, .max = 1000000, .real_max = 1, .length = 10};
    switch ((TypeKind)t.kind) {
    case TYPE_BOOLEAN: c->max = 1; break;
    case TYPE_BIGINT:
        if (t.int_bits == 8) c->max = INT8_MAX;
        if (t.int_bits == 16) c->max = INT16_MAX;
        break;
    case TYPE_DECIMAL: {
        Int128 most = decimal_pow10(t.precision) - 1, usual = 1000 * decimal_pow10(t.scale);
        Int128 bound = usual < most ? usual : most;
        c->max = bound > INT64_MAX ? INT64_MAX : (int64_t)bound;
        break;
    }
    case TYPE_TIMESTAMP:
        c->min = s->base_us;
        c->max = s->base_us + US_PER_DAY - 1;
        c->is_sequence = true;
        break;
    case TYPE_DATE:
        c->min = (int64_t)(s->base_us / US_PER_DAY);
        c->max = c->min + 364;
        break;
    case TYPE_TIME: c->max = US_PER_DAY - 1; break;
    case TYPE_DOUBLE:
    case TYPE_TEXT: break;
    case TYPE_NULL:
    case TYPE_BLOB:
    case TYPE_INTERVAL:
    case TYPE_JSON:
    case TYPE_ARRAY:
    case TYPE_ROW:
    case TYPE_MAP:
    case TYPE_COUNT: c->is_made = false; break;
    }
}

static Status read_column(DatagenSource *s, const Relation *rel, int col, Diags *d)
{
    DatagenColumn *c = &s->cols[col];
    const ColumnDef *def = &rel->cols[col];
    default_bounds(s, def->type, c);
    if (!c->is_made)
        return diag_error(d, WEIR_E_UNSUPPORTED, def->span, "connector \"datagen\" makes no %s",
                          type_kind_name(def->type.kind));
    const Option *kind = column_option(rel, col, "kind"), *length = column_option(rel, col, "length");
    const Option *nulls = column_option(rel, col, "null");
    if (kind) c->is_sequence = str_ieq(kind->value, S("sequence"));
    if (kind && !c->is_sequence && !str_ieq(kind->value, S("random"))) return bad_option(kind, d);
    if (length && (!str_to_int64(length->value, &c->length) || c->length < 0 || c->length > 65536))
        return bad_option(length, d);
    if (nulls && (!str_to_double(nulls->value, &c->nulls) || c->nulls < 0 || c->nulls > 1)) return bad_option(nulls, d);
    bool is_text = def->type.kind == TYPE_TEXT;
    Relation as_number = *rel;
    ColumnDef number = *def;
    if (is_text) { /* bounds of a text are those of the number it shows */
        as_number.cols = new_one(s->maker.arena.chunk ? &s->maker.arena : &s->maker.arena, ColumnDef);
        (void)number;
    }
    TRY(read_bound(rel, col, "min", &c->min, &c->real_min, d));
    TRY(read_bound(rel, col, "max", &c->max, &c->real_max, d));
    if (c->min > c->max || c->real_min > c->real_max)
        return diag_error(d, WEIR_E_OPTION, def->span, "\"%.*s.min\" is greater than \"%.*s.max\"",
                          STR_ARG(def->name), STR_ARG(def->name));
    return WEIR_OK;
}
