/* infer.c: from the first bytes of an input to a stream's declaration (see infer.h). */
#include "exec/format/infer.h"
#include "base/datetime.h"
#include "exec/format/lines.h"

#include <assert.h>

/* ---- what formats note ------------------------------------------------------------------------- */

TypeGuess *infer_column(Inference *inf, Str name)
{
    for (ptrdiff_t i = 0; i < inf->found.len; i++)
        if (str_eq(inf->found.data[i].name, name)) return &inf->found.data[i].guess;
    if (inf->found.len == INFER_COLUMNS_MAX) return NULL;
    vec_push(&inf->found, inf->arena, (InferredColumn){.name = str_dup(inf->arena, name)});
    return &inf->found.data[inf->found.len - 1].guess;
}

void infer_option(Inference *inf, const char *name, Str value)
{
    if (options_get(inf->given, name)) return;
    vec_push(&inf->options, inf->arena, (Option){.name = str_z(name), .value = value});
}

/* ---- which format ------------------------------------------------------------------------------ */

/* How many of the first lines a ready-made format takes. */
static double share_taken(const Registry *r, Str format, Str head, Arena *a)
{
    static ColumnDef none[1];
    enum { ROWS = 64 };
    bool wanted[1] = {false};
    Option o = {.name = S("format"), .value = format};
    Relation rel = {.cols = none, .options = {&o, 1}};
    Decoder *dec;
    if (format_open(r, &rel, wanted, a, &dec, NULL) != WEIR_OK) return 0;
    RowBuilder b = {.arena = a, .cap = ROWS, .offset = new (a, uint64_t, ROWS), .ordinal = new (a, uint32_t, ROWS)};
    char *padded = arena_alloc(a, head.n + 64, 64);
    memcpy(padded, head.p, (size_t)head.n);
    dec->impl->decode(dec, padded, head.n, true, 0, &b);
    format_close(dec);
    ptrdiff_t all = b.rows + b.errors.len;
    return all ? (double)b.rows / (double)all : 0;
}

static Str format_by_content(const Registry *r, Str head, Arena *a)
{
    static const char *const logs[] = {"apache_combined", "apache_common", "syslog"};
    Str start = str_trim(head);
    if (start.n && (start.p[0] == '{' || start.p[0] == '[')) return S("json");
    for (size_t i = 0; i < sizeof logs / sizeof *logs; i++)
        if (registry_format(r, str_z(logs[i])) && share_taken(r, str_z(logs[i]), head, a) > 0.9) return str_z(logs[i]);
    const char *newline = head.n ? memchr(head.p, '\n', (size_t)head.n) : NULL;
    Str line = str_of(head.p, newline ? newline - head.p : head.n);
    bool has_pairs = line.n && memchr(line.p, '=', (size_t)line.n) && !memchr(line.p, ',', (size_t)line.n);
    if (has_pairs && share_taken(r, S("logfmt"), head, a) > 0.9) return S("logfmt");
    for (const char *c = ",\t;|"; *c; c++)
        if (line.n && memchr(line.p, *c, (size_t)line.n)) return S("csv");
    return S("raw");
}

static Str find_format(const Registry *r, Str path, Str head, const Options *given, Arena *a)
{
    static const struct {
        Str ending;
        const char *format;
    } endings[] = {{{".csv", 4}, "csv"},    {{".tsv", 4}, "tsv"},    {{".tab", 4}, "tsv"},
                   {{".json", 5}, "json"},  {{".ndjson", 7}, "json"}, {{".jsonl", 6}, "json"}};
    const Option *o = options_get(given, "format");
    if (o) return o->value;
    Str lower = str_lower(a, path);
    for (size_t i = 0; i < sizeof endings / sizeof *endings; i++)
        if (str_ends(lower, endings[i].ending)) return str_z(endings[i].format);
    return format_by_content(r, head, a);
}

/* ---- times ------------------------------------------------------------------------------------- */

/* The names of times, likeliest first. */
static const char *const TIME_NAMES[] = {"ts", "time", "timestamp", "@timestamp", "event_time", "eventtime",
                                         "date_time", "datetime", "created_at", "occurred_at", "at", "date"};
enum { TIME_NAMES_COUNT = sizeof TIME_NAMES / sizeof *TIME_NAMES };

/* 0: the best; TIME_NAMES_COUNT: only its ending says so; above: not the name of a time. */
static int time_name_rank(Str name)
{
    for (int i = 0; i < TIME_NAMES_COUNT; i++)
        if (str_ieq(name, str_z(TIME_NAMES[i]))) return i;
    Str tail3 = name.n > 3 ? str_of(name.p + name.n - 3, 3) : (Str){0};
    Str tail4 = name.n > 4 ? str_of(name.p + name.n - 4, 4) : (Str){0};
    bool ends = str_ieq(tail3, S("_at")) || str_ieq(tail3, S("_ts")) || str_ieq(tail4, S("time"));
    return ends ? TIME_NAMES_COUNT : TIME_NAMES_COUNT + 1;
}

/* "epoch_ms" where all values of a column called like a time may count so from 1970. */
static const char *epoch_style(const InferredColumn *c)
{
    const TypeGuess *g = &c->guess;
    if (g->values == 0 || time_name_rank(c->name) > TIME_NAMES_COUNT) return NULL;
    if (g->seconds == g->values) return "epoch_s";
    if (g->millis == g->values && g->reals == 0) return "epoch_ms";
    if (g->micros == g->values && g->reals == 0) return "epoch_us";
    return NULL;
}

static uint8_t epoch_precision(const InferredColumn *c, const char *style)
{
    if (str_eq(str_z(style), S("epoch_s"))) return c->guess.reals ? 6 : 0;
    return str_eq(str_z(style), S("epoch_ms")) ? 3 : 6;
}

/* The column that is a time by its values and best by its name; times as text before numbers. */
static int32_t find_time(const Inference *inf)
{
    int32_t best = -1;
    int rank_of_best = 2 * (TIME_NAMES_COUNT + 2);
    for (int32_t i = 0; i < inf->found.len; i++) {
        const InferredColumn *c = &inf->found.data[i];
        bool is_text_time = guess_type(&c->guess).kind == TYPE_TIMESTAMP;
        int rank = time_name_rank(c->name) + (is_text_time ? 0 : TIME_NAMES_COUNT + 2);
        if ((!is_text_time && !epoch_style(c)) || rank >= rank_of_best) continue;
        best = i;
        rank_of_best = rank;
    }
    return best;
}

/* ---- columns ----------------------------------------------------------------------------------- */

static bool is_name_taken(const Inference *inf, Str name)
{
    for (ptrdiff_t i = 0; i < inf->cols.len; i++)
        if (str_ieq(inf->cols.data[i].name, name)) return true;
    return false;
}

/* A column for what was found; names that SQL takes for equal are told apart. */
static ColumnDef make_column(const Inference *inf, const InferredColumn *c, Type t)
{
    ColumnDef col = {.name = c->name, .type = t};
    bool needs_path = c->name.n == 0 || is_name_taken(inf, c->name);
    if (!needs_path) return col;
    for (int k = 2;; k++) {
        col.name = str_printf(inf->arena, "%.*s_%d", STR_ARG(c->name), k);
        if (!is_name_taken(inf, col.name)) break;
    }
    col.path = str_printf(inf->arena, "$[\"%.*s\"]", STR_ARG(c->name));
    return col;
}

static void make_columns(Inference *inf)
{
    inf->time_col = find_time(inf);
    const InferredColumn *time = inf->time_col >= 0 ? &inf->found.data[inf->time_col] : NULL;
    const char *style = time && guess_type(&time->guess).kind != TYPE_TIMESTAMP ? epoch_style(time) : NULL;
    if (options_get(inf->given, "timestamp_format")) style = NULL;
    if (style) infer_option(inf, "timestamp_format", str_z(style));
    for (ptrdiff_t i = 0; i < inf->found.len; i++) {
        const InferredColumn *c = &inf->found.data[i];
        Type t = guess_type(&c->guess);
        const char *its = epoch_style(c);
        if (style && t.kind == TYPE_TIMESTAMP) t = TYPE_OF(TYPE_TEXT); /* written in another way */
        if (style && its && str_eq(str_z(its), str_z(style))) t = TYPE_TIMESTAMP_(epoch_precision(c, its));
        vec_push(&inf->cols, inf->arena, make_column(inf, c, t));
    }
    if (inf->time_col >= 0 && inf->cols.data[inf->time_col].type.kind != TYPE_TIMESTAMP) inf->time_col = -1;
}

/* ---- the watermark ----------------------------------------------------------------------------- */

/* How far times fall behind the greatest one before them, in the head. */
static int64_t disorder(const Registry *r, const Relation *rel, int32_t col, Str head, Arena *a)
{
    bool *wanted = new (a, bool, rel->ncols);
    Column *cols = new (a, Column, rel->ncols);
    Decoder *dec;
    wanted[col] = true;
    if (format_open(r, rel, wanted, a, &dec, NULL) != WEIR_OK) return 0;
    RowBuilder b = {.arena = a, .cols = cols, .ncols = rel->ncols, .cap = BATCH_ROWS_MAX,
                    .offset = new (a, uint64_t, BATCH_ROWS_MAX), .ordinal = new (a, uint32_t, BATCH_ROWS_MAX)};
    cols[col] = column_new(a, rel->cols[col].type, BATCH_ROWS_MAX);
    char *padded = arena_alloc(a, head.n + 64, 64);
    memcpy(padded, head.p, (size_t)head.n);
    dec->impl->decode(dec, padded, head.n, true, 0, &b);
    format_close(dec);
    int64_t greatest = INT64_MIN, most = 0;
    for (int i = 0; i < b.rows; i++) {
        if (col_is_null(&cols[col], i) || col_is_err(&cols[col], i)) continue;
        int64_t t = COL(int64_t, &cols[col])[i];
        if (t > greatest) greatest = t;
        if (greatest - t > most) most = greatest - t;
    }
    return most;
}

/* A round length of time at least twice the disorder seen, and at least five seconds. */
static int64_t round_delay(int64_t us)
{
    static const int64_t seconds[] = {5, 10, 30, 60, 300, 600, 1800, 3600, 21600, 86400};
    for (size_t i = 0; i < sizeof seconds / sizeof *seconds; i++)
        if (seconds[i] * US_PER_SECOND >= 2 * us) return seconds[i] * US_PER_SECOND;
    return (2 * us / US_PER_DAY + 1) * US_PER_DAY;
}

/* ---- the whole --------------------------------------------------------------------------------- */

/* Whole lines only, and no byte order mark. */
static Str trim_head(Str head)
{
    if (str_starts(head, S("\xef\xbb\xbf"))) head = str_of(head.p + 3, head.n - 3);
    const char *newline = head.n ? memrchr(head.p, '\n', (size_t)head.n) : NULL;
    return newline ? str_of(head.p, newline + 1 - head.p) : head;
}

static Status infer_columns(const FormatDef *f, Inference *inf, Diags *d)
{
    const FormatImpl *impl = f->impl;
    if (!impl->infer)
        return diag_error(d, WEIR_E_UNSUPPORTED, (Span){0}, "columns cannot be found in format \"%s\"; list them", f->name);
    inf->time_col = -1;
    TRY(impl->infer(inf, d));
    if (inf->cols.len == 0) make_columns(inf);
    return WEIR_OK;
}

static void fill_relation(const Inference *inf, Str format, Relation *rel)
{
    Options *o = &rel->options;
    Option *items = new (inf->arena, Option, o->n + 1 + inf->options.len);
    if (o->n) memcpy(items, o->items, (size_t)o->n * sizeof *items);
    items[o->n++] = (Option){.name = S("format"), .value = format};
    for (ptrdiff_t i = 0; i < inf->options.len; i++) items[o->n++] = inf->options.data[i];
    o->items = items;
    rel->cols = inf->cols.data;
    rel->ncols = (int32_t)inf->cols.len;
    rel->watermark = (WatermarkDef){.col = inf->time_col};
}

/* rel's options with those the user gave. */
static Relation with_given(const Relation *rel, const Options *given, Arena *a)
{
    Relation all = *rel;
    all.options.items = new (a, Option, rel->options.n + given->n);
    for (int i = 0; i < rel->options.n; i++) all.options.items[i] = rel->options.items[i];
    for (int i = 0; i < given->n; i++) all.options.items[rel->options.n + i] = given->items[i];
    all.options.n = rel->options.n + given->n;
    return all;
}

static Status infer_all(const Registry *r, Str path, Inference *inf, Relation *rel, Span at, Diags *d)
{
    if (inf->head.n == 0) return diag_error(d, WEIR_E_DATA, at, "\"%.*s\" is empty", STR_ARG(path));
    Str format = find_format(r, path, inf->head, inf->given, inf->scratch);
    const FormatDef *f = registry_format(r, format);
    if (!f) return diag_error(d, WEIR_E_OPTION, at, "unknown format \"%.*s\"", STR_ARG(format));
    TRY(infer_columns(f, inf, d));
    fill_relation(inf, str_z(f->name), rel);
    if (inf->time_col < 0) return WEIR_OK;
    Relation all = with_given(rel, inf->given, inf->scratch);
    rel->watermark.delay_us = round_delay(disorder(r, &all, inf->time_col, inf->head, inf->scratch));
    return WEIR_OK;
}

Status format_infer(const Registry *r, Str path, Str head, int32_t year, const Options *given,
                    Relation *rel, Arena *a, Span at, Diags *d)
{
    Arena scratch = {0};
    Inference inf = {.head = trim_head(head), .given = given, .arena = a, .scratch = &scratch, .time_col = -1,
                     .year = year};
    Status st = infer_all(r, path, &inf, rel, at, d);
    arena_free(&scratch);
    return st;
}
