/* source_nexmark.c: the Nexmark auction site: all its events, or one kind of them.
 *
 * One partition; the position is the number of the next event, whatever its kind. */
#include "base/datetime.h"
#include "exec/io/batch_maker.h"
#include "exec/io/metadata.h"
#include "exec/io/nexmark_gen.h"

typedef struct NexmarkSource {
    Source base;
    NexmarkConfig config;
    int kind;                    /* NexmarkKind, -1: all */
    const NexmarkField **fields; /* per column; NULL: not one of the generator's */
    BatchMaker maker;
    int64_t *events;             /* per row of the batch */
    SourcePosition position;
} NexmarkSource;

static int stream_kind(const Options *o)
{
    static const char *const names[] = {"person", "auction", "bid"};
    Str name = options_text(o, "stream", "all");
    for (int i = 0; i < 3; i++)
        if (str_ieq(name, str_z(names[i]))) return i;
    return -1;
}

/* Names that differ in case and underscores only are the same: upstream writes dateTime. */
static bool is_same_name(Str a, Str b)
{
    ptrdiff_t i = 0, k = 0;
    for (;; i++, k++) {
        while (i < a.n && a.p[i] == '_') i++;
        while (k < b.n && b.p[k] == '_') k++;
        if (i == a.n || k == b.n) return i == a.n && k == b.n;
        if (!str_ieq(str_of(a.p + i, 1), str_of(b.p + k, 1))) return false;
    }
}

static const NexmarkField *field_named(int kind, Str name)
{
    int n;
    const NexmarkField *const *fields = nexmark_fields(kind, &n);
    for (int i = 0; i < n; i++)
        if (is_same_name(str_z(fields[i]->name), name)) return fields[i];
    return NULL;
}

/* ---- opening ----------------------------------------------------------------------------------- */

static Status bind_columns(NexmarkSource *s, const Relation *rel, Arena *a, Diags *d)
{
    s->fields = new (a, const NexmarkField *, rel->ncols);
    for (int i = 0; i < rel->ncols; i++) {
        const ColumnDef *c = &rel->cols[i];
        if (c->kind != COL_PHYSICAL) continue;
        const NexmarkField *f = s->fields[i] = field_named(s->kind, c->name);
        if (!f)
            return diag_error(d, WEIR_E_NAME, c->span, "connector \"nexmark\" makes no column \"%.*s\"",
                              STR_ARG(c->name));
        if (f->type.kind != c->type.kind)
            return diag_error(d, WEIR_E_TYPE, c->span, "connector \"nexmark\" makes \"%s\" as %s", f->name,
                              type_kind_name(f->type.kind));
    }
    return WEIR_OK;
}

static Status read_base_time(const Options *o, NexmarkConfig *c, Diags *d)
{
    const Option *given = options_get(o, "base_time");
    c->base_us = INT64_C(1704067200) * US_PER_SECOND; /* 2024-01-01 */
    if (!given || timestamp_parse(given->value, 3, &c->base_us)) return WEIR_OK;
    return diag_error(d, WEIR_E_OPTION, given->span, "base_time \"%.*s\" is not a timestamp", STR_ARG(given->value));
}

static Status read_config(const Options *o, NexmarkConfig *c, Diags *d)
{
    *c = (NexmarkConfig){.seed = (uint64_t)options_int(o, "seed", 1),
                         .events = options_int(o, "events", -1),
                         .rate = options_double(o, "rate", 10000),
                         .group = options_int(o, "out_of_order_group", 1),
                         .persons = options_int(o, "person_proportion", 1),
                         .auctions = options_int(o, "auction_proportion", 3),
                         .bids = options_int(o, "bid_proportion", 46),
                         .person_bytes = options_int(o, "person_bytes", 200),
                         .auction_bytes = options_int(o, "auction_bytes", 500),
                         .bid_bytes = options_int(o, "bid_bytes", 100),
                         .hot_auctions = options_int(o, "hot_auction_ratio", 2),
                         .hot_sellers = options_int(o, "hot_seller_ratio", 4),
                         .hot_bidders = options_int(o, "hot_bidder_ratio", 4),
                         .compat_bidder = options_bool(o, "compat_bidder", true)};
    if (!(c->rate >= 0.001 && c->rate <= 1e9))
        return diag_error(d, WEIR_E_OPTION, options_get(o, "rate")->span, "rate must be from 0.001 to 1000000000 events a second");
    if (c->group % 953 == 0)
        return diag_error(d, WEIR_E_OPTION, options_get(o, "out_of_order_group")->span,
                          "out_of_order_group cannot be a multiple of 953");
    if (c->persons + c->auctions + c->bids == 0)
        return diag_error(d, WEIR_E_OPTION, (Span){0}, "the proportions of persons, auctions and bids are all 0");
    return read_base_time(o, c, d);
}

static Status nexmark_open(const SourceSpec *spec, Arena *a, Source **out, Diags *d)
{
    NexmarkSource *s = new_one(a, NexmarkSource);
    const Options *o = &spec->rel->options;
    s->kind = stream_kind(o);
    TRY(metadata_check(spec->rel, d));
    TRY(read_config(o, &s->config, d));
    int64_t share[] = {s->config.persons, s->config.auctions, s->config.bids};
    if (s->kind >= 0 && share[s->kind] == 0)
        return diag_error(d, WEIR_E_OPTION, options_get(o, "stream")->span, "the proportion of these events is 0");
    TRY(bind_columns(s, spec->rel, a, d));
    bool channels = false;
    for (int i = 0; i < spec->rel->ncols; i++)
        channels |= spec->wanted[i] && s->fields[i] && s->fields[i]->needs_channels;
    nexmark_make_texts(&s->config, channels, a);
    s->events = new (a, int64_t, spec->rows_max);
    s->position.label = 1;
    batch_maker_open(&s->maker, spec, a);
    *out = &s->base;
    return WEIR_OK;
}

static void nexmark_close(Source *source)
{
    batch_maker_close(&((NexmarkSource *)source)->maker);
}

/* ---- making rows ------------------------------------------------------------------------------- */

/* The next events of the wanted kind, their numbers and positions. False: there are none. */
static bool choose_events(NexmarkSource *s)
{
    const NexmarkConfig *c = &s->config;
    RowBuilder *b = &s->maker.rows;
    int64_t n = (int64_t)s->position.offset;
    for (; b->rows < b->cap && (c->events < 0 || n < c->events); n++) {
        int64_t e = nexmark_event(c, n);
        if (s->kind >= 0 && (int)nexmark_kind(c, e) != s->kind) continue;
        s->events[b->rows] = e;
        builder_end_row(b, (uint64_t)n, 0);
    }
    s->position.offset = (uint64_t)n;
    return b->rows > 0;
}

static bool has_field(const NexmarkSource *s, const NexmarkField *f, int row)
{
    return f->kinds == NEXMARK_OF_ALL || f->kinds & 1u << nexmark_kind(&s->config, s->events[row]);
}

static void fill_column(NexmarkSource *s, const NexmarkField *f, Column *col)
{
    const NexmarkConfig *c = &s->config;
    RowBuilder *b = &s->maker.rows;
    int64_t tick = col->type.kind == TYPE_TIMESTAMP ? type_tick_us(col->type) : 1;
    bool is_whole = s->kind >= 0;
    for (int i = 0; i < b->rows; i++) {
        if (!is_whole && !has_field(s, f, i)) {
            column_set_null(col, b->arena, i);
        } else if (f->integer) {
            int64_t v = f->integer(c, s->events[i]);
            COL(int64_t, col)[i] = tick > 1 ? v - floor_mod(v, tick) : v;
        } else {
            COL(Text, col)[i] = f->text(c, s->events[i], b->arena);
        }
    }
}

static SourceStatus nexmark_poll(Source *source, SourceBatch *out, Diags *d)
{
    NexmarkSource *s = (NexmarkSource *)source;
    const SourceSpec *spec = s->base.spec;
    (void)d;
    if (s->position.ended) return SOURCE_ENDED;
    batch_maker_begin(&s->maker);
    if (!choose_events(s)) {
        if (spec->once) return SOURCE_DRAINED;
        s->position.ended = true;
        return SOURCE_ENDED;
    }
    for (int i = 0; i < spec->rel->ncols; i++)
        if (s->fields[i] && s->maker.rows.cols[i].data) fill_column(s, s->fields[i], &s->maker.rows.cols[i]);
    BatchFacts facts = {.partition = S(""), .ingest_us = spec->env->now_us(spec->env->arg)};
    metadata_fill(spec->rel, &s->maker.rows, &facts);
    batch_maker_end(&s->maker, out);
    out->batch.label = s->position.label;
    out->is_history = true;
    return SOURCE_ROWS;
}

/* ---- positions --------------------------------------------------------------------------------- */

static Status nexmark_seek(Source *source, const SourcePosition *p, int n, Diags *d)
{
    NexmarkSource *s = (NexmarkSource *)source;
    if (n < 1) return WEIR_OK;
    s->position.offset = p[0].offset;
    s->position.ended = p[0].ended;
    if (!p[0].ended || s->config.events < 0 || s->config.events <= (int64_t)p[0].offset) return WEIR_OK;
    return diag_error(d, WEIR_E_ENDED, (Span){0}, "\"%.*s\" has ended at event %lld; build the views in a new database",
                      STR_ARG(s->base.spec->rel->name), (long long)p[0].offset);
}

static int nexmark_positions(Source *source, const SourcePosition **out)
{
    *out = &((NexmarkSource *)source)->position;
    return 1;
}

/* In events, for want of bytes. */
static void nexmark_progress(const Source *source, int64_t *read, int64_t *total)
{
    const NexmarkSource *s = (const NexmarkSource *)source;
    *read = (int64_t)s->position.offset;
    *total = s->config.events;
}

static bool nexmark_is_bounded(const Source *source)
{
    return ((const NexmarkSource *)source)->config.events >= 0;
}

#define COLUMN(n, ...) {.name = {n, sizeof(n) - 1}, .type = {__VA_ARGS__}}
#define INTEGER(n) COLUMN(n, .kind = TYPE_BIGINT, .int_bits = 64)
#define TEXT(n) COLUMN(n, .kind = TYPE_TEXT)
#define TIME(n) COLUMN(n, .kind = TYPE_TIMESTAMP, .precision = 3)

static const ColumnDef PERSON[] = {INTEGER("id"), TEXT("name"), TEXT("email_address"), TEXT("credit_card"),
                                   TEXT("city"), TEXT("state"), TIME("date_time"), TEXT("extra")};
static const ColumnDef AUCTION[] = {INTEGER("id"), TEXT("item_name"), TEXT("description"), INTEGER("initial_bid"),
                                    INTEGER("reserve"), TIME("date_time"), TIME("expires"), INTEGER("seller"),
                                    INTEGER("category"), TEXT("extra")};
static const ColumnDef BID[] = {INTEGER("auction"), INTEGER("bidder"), INTEGER("price"), TEXT("channel"),
                                TEXT("url"), TIME("date_time"), TEXT("extra")};
static const ColumnDef ALL[] = {
    INTEGER("event_type"), INTEGER("id"), TEXT("name"), TEXT("email_address"), TEXT("credit_card"),
    TEXT("city"), TEXT("state"), TEXT("item_name"), TEXT("description"), INTEGER("initial_bid"),
    INTEGER("reserve"), TIME("expires"), INTEGER("seller"), INTEGER("category"), INTEGER("auction"),
    INTEGER("bidder"), INTEGER("price"), TEXT("channel"), TEXT("url"), TIME("date_time"), TEXT("extra")};

static const ColumnDef *nexmark_schema(const Options *o, int *n)
{
    static const ColumnDef *const schemas[] = {PERSON, AUCTION, BID, ALL};
    int kind = stream_kind(o);
    nexmark_fields(kind, n);
    return schemas[kind < 0 ? 3 : kind];
}

static const OptionDef nexmark_options[] = {
    {"stream", OPT_ENUM, .choices = "all,person,auction,bid", .fallback = "all", .doc = "which events"},
    {"events", OPT_INT, .min = 0, .max = INT64_C(1) << 50, .doc = "events of all kinds; without end where not given"},
    {"rate", OPT_DOUBLE, .fallback = "10000", .doc = "events a second of event time"},
    {"seed", OPT_INT, .fallback = "1", .min = 0, .max = INT64_MAX, .doc = "other seeds make other events"},
    {"base_time", OPT_TEXT, .fallback = "2024-01-01 00:00:00", .doc = "time of the first event"},
    {"out_of_order_group", OPT_INT, .fallback = "1", .min = 1, .max = 1 << 20,
     .doc = "events are shuffled within groups of that many"},
    {"person_proportion", OPT_INT, .fallback = "1", .min = 0, .max = 1000, .doc = "persons in a round of events"},
    {"auction_proportion", OPT_INT, .fallback = "3", .min = 0, .max = 1000, .doc = "auctions in a round of events"},
    {"bid_proportion", OPT_INT, .fallback = "46", .min = 0, .max = 1000, .doc = "bids in a round of events"},
    {"person_bytes", OPT_INT, .fallback = "200", .min = 0, .max = 4000, .doc = "average size of a person"},
    {"auction_bytes", OPT_INT, .fallback = "500", .min = 0, .max = 4000, .doc = "average size of an auction"},
    {"bid_bytes", OPT_INT, .fallback = "100", .min = 0, .max = 3000, .doc = "average size of a bid without its url"},
    {"hot_auction_ratio", OPT_INT, .fallback = "2", .min = 1, .max = 1000, .doc = "k: k - 1 of k bids are for a hot auction"},
    {"hot_seller_ratio", OPT_INT, .fallback = "4", .min = 1, .max = 1000, .doc = "k: k - 1 of k auctions are of a hot seller"},
    {"hot_bidder_ratio", OPT_INT, .fallback = "4", .min = 1, .max = 1000, .doc = "k: k - 1 of k bids are by a hot bidder"},
    {"compat_bidder", OPT_BOOL, .fallback = "true", .doc = "add 1000 twice to bidders, as other generators do"},
    {0}};

static const SourceImpl nexmark_impl = {.open = nexmark_open, .close = nexmark_close, .seek = nexmark_seek,
                                        .poll = nexmark_poll, .positions = nexmark_positions,
                                        .progress = nexmark_progress, .delivery = "exactly-once",
                                        .is_bounded = nexmark_is_bounded, .schema = nexmark_schema,
                                        .time_column = "date_time", .time_delay_us = 4 * US_PER_SECOND};

extern const ConnectorDef source_nexmark[];
const ConnectorDef source_nexmark[] = {
    {.name = "nexmark", .is_source = true, .makes_rows = true, .options = nexmark_options,
     .impl = &nexmark_impl, .doc = "events of an auction site, the Nexmark benchmark"},
    {0}};
