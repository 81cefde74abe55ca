/* source_datagen.c: rows of random or counting values, for any columns.
 *
 * Row n is computed from (seed, n) alone. For a column c: "c.kind" is 'random' or 'sequence';
 * "c.min" and "c.max" bound it, as values of its type (a sequence starts at min and again behind
 * max); "c.length" is the number of letters of a text; "c.null" the share of NULLs. A text as a
 * sequence, or with bounds, is a number. Times are a sequence unless told otherwise: row n has the
 * time base_time + n / rate. */
#include "base/datetime.h"
#include "base/decimal.h"
#include "base/hash.h"
#include "base/number.h"
#include "exec/format/field.h"
#include "exec/io/batch_maker.h"
#include "exec/io/metadata.h"

typedef struct DatagenColumn {
    bool is_sequence, is_word; /* is_word: random letters */
    int64_t min, max;          /* integers, times, days; of a DECIMAL its units */
    double real_min, real_max;
    int64_t length;
    double nulls;
} DatagenColumn;

typedef struct DatagenSource {
    Source base;
    BatchMaker maker;
    SourcePosition position;
    DatagenColumn *cols;
    int64_t rows;              /* -1: without end */
    double rate;
    int64_t base_us;
    uint64_t seed;
} DatagenSource;

/* ---- opening ----------------------------------------------------------------------------------- */

static const Option *column_option(const Relation *rel, int col, const char *what)
{
    Str name = rel->cols[col].name, suffix = str_z(what);
    for (int i = rel->options.n - 1; i >= 0; i--) {
        Str o = rel->options.items[i].name;
        if (o.n == name.n + 1 + suffix.n && str_istarts(o, name) && o.p[name.n] == '.' &&
            str_ieq(str_of(o.p + name.n + 1, suffix.n), suffix))
            return &rel->options.items[i];
    }
    return NULL;
}

static Status bad_option(const Option *o, Diags *d)
{
    return diag_error(d, WEIR_E_OPTION, o->span, "option \"%.*s\" cannot be \"%.*s\"", STR_ARG(o->name),
                      STR_ARG(o->value));
}

static Status read_bound(const Relation *rel, int col, const char *what, DatagenColumn *c, int64_t *out,
                         double *real, Diags *d)
{
    const FieldOptions plain = {.cols = rel->cols};
    const Option *o = column_option(rel, col, what);
    Type t = rel->cols[col].type;
    Value v;
    if (!o) return WEIR_OK;
    if (t.kind == TYPE_TEXT) t = TYPE_BIGINT_;
    if (!field_parse(t, o->value, &plain, NULL, &v)) return bad_option(o, d);
    if (t.kind == TYPE_DECIMAL && (v.dec > INT64_MAX || v.dec < INT64_MIN)) return bad_option(o, d);
    if (t.kind == TYPE_DOUBLE)
        *real = v.d;
    else
        *out = t.kind == TYPE_DECIMAL ? (int64_t)v.dec : v.i;
    c->is_word = false;
    return WEIR_OK;
}

static int64_t decimal_default_max(Type t)
{
    Int128 most = decimal_pow10(t.precision) - 1, usual = t.scale > 15 ? most : 1000 * decimal_pow10(t.scale);
    Int128 bound = usual < most ? usual : most;
    return bound > INT64_MAX ? INT64_MAX : (int64_t)bound;
}

/* False: values of that type are not made. */
static bool default_column(const DatagenSource *s, Type t, DatagenColumn *c)
{
    *c = (DatagenColumn){.max = 1000000, .real_max = 1, .length = 10};
    switch ((TypeKind)t.kind) {
    case TYPE_BOOLEAN: c->max = 1; return true;
    case TYPE_BIGINT:
        if (t.int_bits == 8) c->max = INT8_MAX;
        if (t.int_bits == 16) c->max = INT16_MAX;
        return true;
    case TYPE_DECIMAL: c->max = decimal_default_max(t); return true;
    case TYPE_TIMESTAMP:
        c->min = s->base_us;
        c->max = s->base_us + US_PER_DAY - 1;
        c->is_sequence = true;
        return true;
    case TYPE_DATE:
        c->min = floor_div(s->base_us, US_PER_DAY);
        c->max = c->min + 364;
        return true;
    case TYPE_TIME: c->max = US_PER_DAY - 1; return true;
    case TYPE_TEXT: c->is_word = true; return true;
    case TYPE_DOUBLE: return true;
    case TYPE_NULL:
    case TYPE_BLOB:
    case TYPE_INTERVAL:
    case TYPE_JSON:
    case TYPE_ARRAY:
    case TYPE_ROW:
    case TYPE_MAP:
    case TYPE_COUNT: return false;
    }
    return false;
}

static Status read_kind(const Relation *rel, int col, DatagenColumn *c, Diags *d)
{
    const Option *kind = column_option(rel, col, "kind");
    if (!kind) return WEIR_OK;
    c->is_sequence = str_ieq(kind->value, S("sequence"));
    if (c->is_sequence) c->is_word = false;
    return c->is_sequence || str_ieq(kind->value, S("random")) ? WEIR_OK : bad_option(kind, d);
}

static Status read_column(DatagenSource *s, const Relation *rel, int col, Diags *d)
{
    enum { LENGTH_MAX = 65536 };
    DatagenColumn *c = &s->cols[col];
    const ColumnDef *def = &rel->cols[col];
    if (!default_column(s, def->type, c))
        return diag_error(d, WEIR_E_UNSUPPORTED, def->span, "connector \"datagen\" makes no %s",
                          type_kind_name(def->type.kind));
    const Option *length = column_option(rel, col, "length"), *nulls = column_option(rel, col, "null");
    if (length && (!str_to_int64(length->value, &c->length) || c->length < 0 || c->length > LENGTH_MAX))
        return bad_option(length, d);
    if (nulls && (!str_to_double(nulls->value, &c->nulls) || c->nulls < 0 || c->nulls > 1))
        return bad_option(nulls, d);
    TRY(read_kind(rel, col, c, d));
    TRY(read_bound(rel, col, "min", c, &c->min, &c->real_min, d));
    TRY(read_bound(rel, col, "max", c, &c->max, &c->real_max, d));
    if (c->min > c->max || c->real_min > c->real_max)
        return diag_error(d, WEIR_E_OPTION, def->span, "the least \"%.*s\" is greater than the greatest",
                          STR_ARG(def->name));
    return WEIR_OK;
}

static Status datagen_open(const SourceSpec *spec, Arena *a, Source **out, Diags *d)
{
    DatagenSource *s = new_one(a, DatagenSource);
    const Relation *rel = spec->rel;
    const Option *base = options_get(&rel->options, "base_time"), *rate = options_get(&rel->options, "rate");
    s->rows = options_int(&rel->options, "rows", -1);
    s->rate = options_double(&rel->options, "rate", 1000);
    s->seed = (uint64_t)options_int(&rel->options, "seed", 1);
    s->base_us = INT64_C(1704067200) * US_PER_SECOND; /* 2024-01-01 */
    s->position.label = 1;
    TRY(metadata_check(rel, d));
    if (base && !timestamp_parse(base->value, 6, &s->base_us)) return bad_option(base, d);
    if (!(s->rate >= 1e-6 && s->rate <= 1e9)) return bad_option(rate, d);
    s->cols = new (a, DatagenColumn, rel->ncols);
    for (int i = 0; i < rel->ncols; i++)
        if (rel->cols[i].kind == COL_PHYSICAL) TRY(read_column(s, rel, i, d));
    batch_maker_open(&s->maker, spec, a);
    *out = &s->base;
    return WEIR_OK;
}

static void datagen_close(Source *source)
{
    batch_maker_close(&((DatagenSource *)source)->maker);
}

/* ---- making rows ------------------------------------------------------------------------------- */

/* The k-th random number of a value: SplitMix64 (Steele, Lea, Flood 2014) from a state that is a
 * function of (seed, row, column). */
static uint64_t draw(const DatagenSource *s, int64_t n, int col, int k)
{
    const uint64_t gamma = 0x9e3779b97f4a7c15u;
    uint64_t key = hash_u64(s->seed + gamma) + (uint64_t)n * 0xd1342543de82ef95u + (uint64_t)col * 0x2545f4914f6cdd1du;
    return hash_u64(hash_u64(key) + gamma * ((uint64_t)k + 1));
}

static int64_t integer(const DatagenSource *s, const DatagenColumn *c, int64_t n, int col)
{
    uint64_t span = (uint64_t)c->max - (uint64_t)c->min + 1; /* 0: all of them */
    uint64_t r = c->is_sequence ? (uint64_t)n : draw(s, n, col, 0);
    if (span == 0) return (int64_t)(c->is_sequence ? (uint64_t)c->min + r : r);
    uint64_t at = c->is_sequence ? r % span : (uint64_t)((unsigned __int128)r * span >> 64);
    return (int64_t)((uint64_t)c->min + at);
}

static double real(const DatagenSource *s, const DatagenColumn *c, int64_t n, int col)
{
    if (c->is_sequence) return c->real_min + (double)n;
    double u = (double)(draw(s, n, col, 0) >> 11) * 0x1p-53;
    return c->real_min + u * (c->real_max - c->real_min);
}

static Text text(const DatagenSource *s, const DatagenColumn *c, int64_t n, int col, Arena *a)
{
    char *p = arena_alloc_raw(a, c->is_word ? c->length + 8 : 24, 1);
    if (!c->is_word) return text_ref(p, int64_print(integer(s, c, n, col), p));
    for (int64_t i = 0; i < c->length; i += 8) {
        uint64_t r = draw(s, n, col, 2 + (int)(i / 8));
        for (int k = 0; k < 8; k++, r >>= 8) p[i + k] = (char)('a' + ((r & 0xff) * 26 >> 8));
    }
    return text_ref(p, c->length);
}

static int64_t moment(const DatagenSource *s, const DatagenColumn *c, int64_t n, int col, Type t)
{
    int64_t us = c->is_sequence ? s->base_us + (int64_t)((double)n * 1e6 / s->rate) : integer(s, c, n, col);
    return field_cut_time(t, us);
}

static void put_value(DatagenSource *s, int col, int row, int64_t n)
{
    const DatagenColumn *c = &s->cols[col];
    Column *to = &s->maker.rows.cols[col];
    switch ((TypeKind)to->type.kind) {
    case TYPE_BOOLEAN: COL(uint8_t, to)[row] = integer(s, c, n, col) != 0; break;
    case TYPE_BIGINT:
    case TYPE_TIME: COL(int64_t, to)[row] = integer(s, c, n, col); break;
    case TYPE_DATE: COL(int32_t, to)[row] = (int32_t)integer(s, c, n, col); break;
    case TYPE_TIMESTAMP: COL(int64_t, to)[row] = moment(s, c, n, col, to->type); break;
    case TYPE_DOUBLE: COL(double, to)[row] = real(s, c, n, col); break;
    case TYPE_DECIMAL: COL(Int128, to)[row] = integer(s, c, n, col); break;
    case TYPE_TEXT: COL(Text, to)[row] = text(s, c, n, col, s->maker.rows.arena); break;
    case TYPE_NULL:
    case TYPE_BLOB:
    case TYPE_INTERVAL:
    case TYPE_JSON:
    case TYPE_ARRAY:
    case TYPE_ROW:
    case TYPE_MAP:
    case TYPE_COUNT: break; /* refused when opened */
    }
}

static void fill_column(DatagenSource *s, int col, int64_t first)
{
    RowBuilder *b = &s->maker.rows;
    double nulls = s->cols[col].nulls;
    for (int row = 0; row < b->rows; row++) {
        bool is_null = nulls > 0 && (double)(draw(s, first + row, col, 1) >> 11) * 0x1p-53 < nulls;
        if (is_null)
            column_set_null(&b->cols[col], b->arena, row);
        else
            put_value(s, col, row, first + row);
    }
}

static SourceStatus datagen_poll(Source *source, SourceBatch *out, Diags *d)
{
    DatagenSource *s = (DatagenSource *)source;
    const SourceSpec *spec = s->base.spec;
    RowBuilder *b = &s->maker.rows;
    (void)d;
    if (s->position.ended) return SOURCE_ENDED;
    int64_t first = (int64_t)s->position.offset, n = first;
    batch_maker_begin(&s->maker);
    for (; b->rows < b->cap && (s->rows < 0 || n < s->rows); n++) builder_end_row(b, (uint64_t)n, 0);
    if (b->rows == 0) {
        if (spec->once) return SOURCE_DRAINED;
        s->position.ended = true;
        return SOURCE_ENDED;
    }
    s->position.offset = (uint64_t)n;
    for (int i = 0; i < spec->rel->ncols; i++)
        if (spec->rel->cols[i].kind == COL_PHYSICAL && b->cols[i].data) fill_column(s, i, first);
    BatchFacts facts = {.partition = S(""), .ingest_us = spec->env->now_us(spec->env->arg)};
    metadata_fill(spec->rel, b, &facts);
    batch_maker_end(&s->maker, out);
    out->batch.label = s->position.label;
    out->is_history = true;
    return SOURCE_ROWS;
}

/* ---- positions --------------------------------------------------------------------------------- */

static Status datagen_seek(Source *source, const SourcePosition *p, int n, Diags *d)
{
    DatagenSource *s = (DatagenSource *)source;
    if (n < 1) return WEIR_OK;
    s->position.offset = p[0].offset;
    s->position.ended = p[0].ended;
    if (!p[0].ended || s->rows < 0 || s->rows <= (int64_t)p[0].offset) return WEIR_OK;
    return diag_error(d, WEIR_E_ENDED, (Span){0}, "\"%.*s\" has ended at row %lld; build the views in a new database",
                      STR_ARG(s->base.spec->rel->name), (long long)p[0].offset);
}

static int datagen_positions(Source *source, const SourcePosition **out)
{
    *out = &((DatagenSource *)source)->position;
    return 1;
}

/* In rows, for want of bytes. */
static void datagen_progress(const Source *source, int64_t *read, int64_t *total)
{
    const DatagenSource *s = (const DatagenSource *)source;
    *read = (int64_t)s->position.offset;
    *total = s->rows;
}

static bool datagen_is_bounded(const Source *source)
{
    return ((const DatagenSource *)source)->rows >= 0;
}

static const OptionDef datagen_options[] = {
    {"rows", OPT_INT, .min = 0, .max = INT64_C(1) << 50, .doc = "how many; without end where not given"},
    {"rate", OPT_DOUBLE, .fallback = "1000", .doc = "rows a second of event time"},
    {"seed", OPT_INT, .fallback = "1", .min = 0, .max = INT64_MAX, .doc = "other seeds make other rows"},
    {"base_time", OPT_TEXT, .fallback = "2024-01-01 00:00:00", .doc = "time of the first row"},
    {"*.kind", OPT_ENUM, .choices = "random,sequence", .doc = "how the values of a column are made"},
    {"*.min", OPT_TEXT, .doc = "least value of a column"},
    {"*.max", OPT_TEXT, .doc = "greatest value of a column"},
    {"*.length", OPT_INT, .fallback = "10", .min = 0, .max = 65536, .doc = "letters of a text column"},
    {"*.null", OPT_DOUBLE, .fallback = "0", .doc = "share of NULLs in a column"},
    {0}};

static const SourceImpl datagen_impl = {.open = datagen_open, .close = datagen_close, .seek = datagen_seek,
                                        .poll = datagen_poll, .positions = datagen_positions,
                                        .progress = datagen_progress, .delivery = "exactly-once",
                                        .is_bounded = datagen_is_bounded};

extern const ConnectorDef source_datagen[];
const ConnectorDef source_datagen[] = {
    {.name = "datagen", .is_source = true, .makes_rows = true, .options = datagen_options,
     .impl = &datagen_impl, .doc = "random or counting values for any columns"},
    {0}};
