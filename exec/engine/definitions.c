/* definitions.c: settings and options that belong to no connector or format, and the registry. */
#include "exec/engine/engine.h"

extern const FuncDef *const func_table[];
extern const AggDef *const agg_table[];
extern const WindowDef *const window_table[];
extern const ConnectorDef *const io_table[];
extern const FormatDef *const format_table[];

static const OptionDef settings[] = {
    {"refresh", OPT_INTERVAL, .fallback = "100 MILLISECONDS",
     .doc = "longest time between a row's arrival and the commit that shows it"},
    {"refresh_max", OPT_INTERVAL, .fallback = "0 SECONDS",
     .doc = "the same under load, where commits take more than commit_share of the time; 0 SECONDS: four times refresh"},
    {"commit_share", OPT_INT, .fallback = "33", .min = 1, .max = 90,
     .doc = "percent of the time that commits are to take: beyond it rows are taken for longer, and gather between commits"},
    {"poll_interval", OPT_INTERVAL, .fallback = "100 MILLISECONDS",
     .doc = "time between two looks at sources that have nothing; those that can tell are heard at once; "
            "where all can it grows up to 20 times as long"},
    {"memory_limit", OPT_INT, .fallback = "0", .min = 0, .max = INT64_C(1) << 50,
     .doc = "bytes that the process may allocate for rows and state before nothing more is taken; 0: any number"},
    {"batch_rows", OPT_INT, .fallback = "4096", .min = 1, .max = BATCH_ROWS_MAX,
     .doc = "rows that go through the operators at a time"},
    {"epoch_rows", OPT_INT, .fallback = "1048576", .min = 1, .max = INT64_C(1) << 31,
     .doc = "rows after which a commit is made whatever the refresh interval"},
    {"synchronous", OPT_ENUM, .choices = "auto,normal,full,off", .fallback = "auto",
     .doc = "durability of a commit against power loss; auto: normal where all input can be read again, else full"},
    {"wal_limit", OPT_INT, .fallback = "134217728", .min = 1 << 16, .max = INT64_C(1) << 40,
     .doc = "bytes of write-ahead log after which it is moved into the database"},
    {"error_limit", OPT_INT, .fallback = "10000", .min = 0, .max = 1 << 30,
     .doc = "rows kept in weir_errors; the oldest go first"},
    {"pull_timeout", OPT_INTERVAL, .fallback = "0 SECONDS",
     .doc = "longest time that the rows of a SELECT over views may take; 0 SECONDS: any"},
    {"changes_retention", OPT_INTERVAL, .fallback = "1 HOUR",
     .doc = "how long changes of views are kept for SUBSCRIBE ... SINCE"},
    {"changes_limit", OPT_INT, .fallback = "67108864", .min = 1 << 10, .max = INT64_C(1) << 40,
     .doc = "bytes of a view's changes that are kept for it at most"},
    {"regex_limit", OPT_INT, .fallback = "1000000", .min = 100, .max = INT64_C(1) << 31,
     .doc = "steps after which matching a regular expression is an error"},
    {"time_zone", OPT_TEXT, .fallback = "UTC",
     .doc = "zone of local times and of calendar windows"},
    {"seed", OPT_INT, .fallback = "1", .min = 0, .max = INT64_MAX, .doc = "seed of random() and uuid()"},
    {"strict", OPT_BOOL, .fallback = "off", .doc = "refuse queries whose state is unbounded"},
    {"workers", OPT_INT, .fallback = "0", .min = 0, .max = WORKERS_MAX,
     .doc = "threads that work at the same time, the caller's among them; 0: one for each core that the process may use"},
    {"morsel_size", OPT_INT, .fallback = "262144", .min = 1, .max = 1 << 28,
     .doc = "bytes of a file that a worker decodes at a time"},
    {"read_ahead", OPT_INT, .fallback = "0", .min = 0, .max = 4 * WORKERS_MAX,
     .doc = "morsels of a file that are decoded ahead at most; 0: two for each worker, but no more than 16"},
    {0}};

static const OptionDef stream_options[] = {
    {"connector", OPT_TEXT, .doc = "where the bytes come from"},
    {"format", OPT_TEXT, .doc = "how the bytes become rows"},
    {"on_error", OPT_ENUM, .choices = "skip,fail", .fallback = "skip",
     .doc = "what a bad record does: kept in weir_errors and skipped, or the source stops"},
    {"max_future", OPT_TEXT, .fallback = "1 DAY",
     .doc = "how far ahead of the clock an event may be in a live source; 'OFF': any"},
    {"idle_timeout", OPT_INTERVAL,
     .doc = "a partition of a live source that is silent for so long holds time back no more"},
    {"max_drift", OPT_INTERVAL,
     .doc = "how far the time of one input may run ahead of the others while these have something to read"},
    {"time_zone", OPT_TEXT, .fallback = "UTC", .doc = "zone of times written without an offset"},
    {"state_ttl", OPT_INTERVAL,
     .doc = "state_ttl of views that have none, if all that they read has one: the longest"},
    {0}};

static const OptionDef view_options[] = {
    {"late_into", OPT_TEXT, .doc = "a stream without connector that gets the rows that are too late for the view"},
    {"retention", OPT_INTERVAL, .doc = "how long rows of closed windows stay in the view"},
    {"state_ttl", OPT_INTERVAL,
     .doc = "how long state of a key stays that nothing touches, where no window or time bound frees it"},
    {"decimals", OPT_ENUM, .choices = "auto,text,real", .fallback = "auto",
     .doc = "how DECIMAL is stored: exact text, or a number"},
    {"timestamps", OPT_ENUM, .choices = "text,ms,s", .fallback = "text",
     .doc = "how TIMESTAMP is stored: ISO text, or an integer of milliseconds or seconds"},
    {"time_zone", OPT_TEXT, .doc = "zone of calendar windows; default: the setting when the view was made"},
    {0}};

void definitions_fill(Registry *r)
{
    *r = (Registry){.funcs = func_table, .aggs = agg_table, .windows = window_table,
                    .connectors = io_table, .formats = format_table, .settings = settings,
                    .stream_options = stream_options, .view_options = view_options};
}
