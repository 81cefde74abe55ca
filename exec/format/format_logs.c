/* format_logs.c: the logs of common servers, ready-made: a pattern, its columns, how times look.
 *
 * Declared columns are a choice of these, in any order; without a list all of them are there. */
#include "exec/format/lines.h"
#include "exec/format/pattern_lines.h"

#define TEXT_COLUMN(n) {.name = {n, sizeof(n) - 1}, .type = {.kind = TYPE_TEXT}}
#define NUMBER_COLUMN(n) {.name = {n, sizeof(n) - 1}, .type = {.kind = TYPE_BIGINT, .int_bits = 64}}
#define TIME_COLUMN(n, p) {.name = {n, sizeof(n) - 1}, .type = {.kind = TYPE_TIMESTAMP, .precision = (p)}, .not_null = true}
#define QUOTED(group) "\"(?<" group ">(?:\\\\.|[^\"\\\\])*)\""

#define COMMON_START \
    "^(?<client>\\S+) (?<ident>\\S+) (?<user_name>\\S+) \\[(?<time>[^\\]]+)\\] " \
    "\"(?:(?<method>[A-Z]+) )?(?<path>(?:\\\\.|[^\"\\\\ ])*)(?: (?<protocol>(?:\\\\.|[^\"\\\\])*))?\" " \
    "(?<status>\\d+) (?<bytes>\\d+|-)"

static const char common_pattern[] = COMMON_START "$";
static const char combined_pattern[] = COMMON_START " " QUOTED("referer") " " QUOTED("agent");
static const char syslog_pattern[] =
    "^(?:<(?<priority>\\d+)>(?:1 )?)?(?<time>\\d{4}-\\d\\d-\\d\\d[T ]\\S+) (?<host>\\S+) "
    "(?<program>[^\\s:\\[]+)(?:\\[(?<pid>\\d+)\\])?:? ?(?<message>.*)$";

#define COMMON_COLUMNS \
    TEXT_COLUMN("client"), TEXT_COLUMN("ident"), TEXT_COLUMN("user_name"), TIME_COLUMN("time", 0), \
    TEXT_COLUMN("method"), TEXT_COLUMN("path"), TEXT_COLUMN("protocol"), NUMBER_COLUMN("status"), \
    NUMBER_COLUMN("bytes")

static const ColumnDef combined_columns[] = {COMMON_COLUMNS, TEXT_COLUMN("referer"), TEXT_COLUMN("agent")};
static const ColumnDef common_columns[] = {COMMON_COLUMNS};
static const ColumnDef syslog_columns[] = {
    NUMBER_COLUMN("priority"), TIME_COLUMN("time", 6), TEXT_COLUMN("host"), TEXT_COLUMN("program"),
    NUMBER_COLUMN("pid"), TEXT_COLUMN("message")};

typedef struct LogFormat {
    const char *pattern, *time_style, *null_text;
    const ColumnDef *cols;
    int32_t ncols, time_col;
} LogFormat;

#define APACHE_TIME "%d/%b/%Y:%H:%M:%S %z"
#define COLUMNS(list, time) list, (int32_t)(sizeof list / sizeof *list), time
static const LogFormat combined_log = {combined_pattern, APACHE_TIME, "-", COLUMNS(combined_columns, 3)};
static const LogFormat common_log = {common_pattern, APACHE_TIME, "-", COLUMNS(common_columns, 3)};
static const LogFormat syslog_log = {syslog_pattern, NULL, NULL, COLUMNS(syslog_columns, 1)};

static Status log_open(const LogFormat *f, const Relation *rel, const bool *wanted, Arena *a, Decoder **out, Diags *d)
{
    return pattern_decoder_open(rel, wanted, str_z(f->pattern), (Span){0}, f->time_style, f->null_text, a, out, d);
}

static Status log_infer(const LogFormat *f, Arena *a, ColumnDef **cols, int *ncols, int *time_col)
{
    *cols = new (a, ColumnDef, f->ncols);
    memcpy(*cols, f->cols, (size_t)f->ncols * sizeof **cols);
    *ncols = f->ncols;
    *time_col = f->time_col;
    return WEIR_OK;
}

/* FormatImpl has no room for the log it stands for, so each gets its two functions. */
#define LOG_FORMAT(name) \
    static Status name##_open(const Relation *rel, const bool *wanted, Arena *a, Decoder **out, Diags *d) \
    { \
        return log_open(&name##_log, rel, wanted, a, out, d); \
    } \
    static Status name##_infer(const Options *o, const char *buf, ptrdiff_t n, Arena *a, ColumnDef **cols, \
                               int *ncols, int *time_col, Diags *d) \
    { \
        (void)o, (void)buf, (void)n, (void)d; \
        return log_infer(&name##_log, a, cols, ncols, time_col); \
    } \
    static const FormatImpl name##_impl = {.open = name##_open, .decode = pattern_decode, \
        .reset = pattern_reset, .close = pattern_close, .infer = name##_infer}

LOG_FORMAT(combined);
LOG_FORMAT(common);
LOG_FORMAT(syslog);

static const OptionDef log_options[] = {
    {"null", OPT_TEXT, .fallback = "-", .doc = "text that stands for NULL"},
    PATTERN_OPTIONS, TIME_OPTIONS, LINE_OPTIONS, {0}};

extern const FormatDef format_logs[];
const FormatDef format_logs[] = {
    {.name = "apache_combined", .aliases = "nginx", .options = log_options, .impl = &combined_impl,
     .doc = "access log with referer and agent, as Apache and nginx write it"},
    {.name = "apache_common", .options = log_options, .impl = &common_impl, .doc = "access log in the common format"},
    {.name = "syslog", .options = log_options, .impl = &syslog_impl,
     .doc = "system log with ISO times, as RFC 5424 and rsyslog's file format have them"},
    {0}};
