/* format_syslog.c: system logs: RFC 5424, RFC 3164, and files with ISO times.
 *
 *   <34>1 2003-10-11T22:14:15.003Z host program 123 ID47 [data x="y"] message
 *   <34>Oct 11 22:14:15 host program[123]: message
 *   2024-01-01T12:00:00.123456+01:00 host program[123]: message
 *
 * "<34>" may be missing. The second form has no year: the option `year` says which. */
#include "exec/format/log_columns.h"

#include <stdio.h>

typedef enum Piece {
    PRIORITY, TIME, HOST, PROGRAM, PID, MESSAGE, MESSAGE_ID, DATA, FACILITY, SEVERITY, PIECES
} Piece;

static const LogPiece pieces_of_syslog[PIECES] = {
    [PRIORITY] = {"priority", "pri", LOG_NUMBER},
    [TIME] = {"time", "ts,timestamp,date_time,event_time", LOG_TIME(6), .is_time = true},
    [HOST] = {"host", "hostname", LOG_TEXT},
    [PROGRAM] = {"program", "app,app_name,process,tag,ident", LOG_TEXT},
    [PID] = {"pid", "procid", LOG_NUMBER},
    [MESSAGE] = {"message", "msg", LOG_TEXT},
    [MESSAGE_ID] = {"msgid", "message_id", LOG_TEXT, .is_extra = true},
    [DATA] = {"data", "structured_data", LOG_TEXT, .is_extra = true},
    [FACILITY] = {"facility", NULL, LOG_NUMBER, .is_extra = true},
    [SEVERITY] = {"severity", "level", LOG_NUMBER, .is_extra = true}};

typedef struct SyslogDecoder {
    Decoder base;
    LogColumns columns;
    int32_t year; /* 0: not given */
} SyslogDecoder;

typedef struct Scan {
    const char *p, *end;
    Arena *arena;
} Scan;

static Str take_word(Scan *s)
{
    const char *from = s->p;
    const char *space = from < s->end ? memchr(from, ' ', (size_t)(s->end - from)) : NULL;
    s->p = space ? space + 1 : s->end;
    return str_of(from, (space ? space : s->end) - from);
}

/* "<34>" and what it is made of. */
static void take_priority(Scan *s, Str *pieces)
{
    int64_t priority;
    const char *close = s->p < s->end && *s->p == '<' ? memchr(s->p, '>', (size_t)(s->end - s->p)) : NULL;
    if (!close || !str_to_int64(str_of(s->p + 1, close - s->p - 1), &priority)) return;
    pieces[PRIORITY] = str_of(s->p + 1, close - s->p - 1);
    pieces[FACILITY] = str_printf(s->arena, "%d", (int)(priority >> 3));
    pieces[SEVERITY] = str_printf(s->arena, "%d", (int)(priority & 7));
    s->p = close + 1;
}

static bool is_digit(const Scan *s, int at) { return s->end - s->p > at && s->p[at] >= '0' && s->p[at] <= '9'; }

/* "Oct 11 22:14:15 " as an ISO time. */
static bool take_old_time(const SyslogDecoder *dec, Scan *s, Str *out)
{
    static const char months[] = "JanFebMarAprMayJunJulAugSepOctNovDec";
    enum { LENGTH = 15 };
    if (s->end - s->p < LENGTH) return false;
    const char *month = memmem(months, 36, s->p, 3);
    if (!month || (month - months) % 3 || s->p[3] != ' ') return false;
    int day = (s->p[4] == ' ' ? 0 : (s->p[4] - '0') * 10) + (s->p[5] - '0');
    if (dec->year == 0)
        *out = str_of(s->p, LENGTH);
    else
        *out = str_printf(s->arena, "%04d-%02d-%02d %.8s", dec->year, (int)(month - months) / 3 + 1, day, s->p + 7);
    s->p += LENGTH;
    if (s->p < s->end && *s->p == ' ') s->p++;
    return true;
}

/* "program[123]: " of the older forms. */
static void take_tag(Scan *s, Str *pieces)
{
    const char *from = s->p, *p = from;
    while (p < s->end && *p != ':' && *p != '[' && *p != ' ') p++;
    if (p == s->end || *p == ' ') return; /* no tag: all of it is the message */
    pieces[PROGRAM] = str_of(from, p - from);
    if (*p == '[') {
        const char *close = memchr(p, ']', (size_t)(s->end - p));
        if (!close) return;
        pieces[PID] = str_of(p + 1, close - p - 1);
        p = close + 1;
    }
    if (p < s->end && *p == ':') p++;
    if (p < s->end && *p == ' ') p++;
    s->p = p;
}

/* "[id key="value"][…] " or "- ". */
static bool take_data(Scan *s, Str *out)
{
    const char *from = s->p;
    if (s->p < s->end && *s->p != '[') {
        *out = take_word(s);
        return true;
    }
    bool is_quoted = false;
    for (const char *p = from; p < s->end; p++) {
        if (*p == '\\' && is_quoted) p++;
        else if (*p == '"') is_quoted = !is_quoted;
        else if (*p == ']' && !is_quoted && (p + 1 == s->end || p[1] != '[')) {
            *out = str_of(from, p + 1 - from);
            s->p = p + 1 < s->end && p[1] == ' ' ? p + 2 : p + 1;
            return true;
        }
    }
    return from == s->end;
}

static const char *read_line(void *state, Str line, Str *pieces, Arena *a)
{
    const SyslogDecoder *dec = state;
    Scan s = {line.p, line.p + line.n, a};
    memset(pieces, 0, PIECES * sizeof *pieces);
    take_priority(&s, pieces);
    bool is_5424 = pieces[PRIORITY].p && is_digit(&s, 0) && s.end - s.p > 1 && s.p[1] == ' ';
    if (is_5424) s.p += 2;
    if (is_digit(&s, 0))
        pieces[TIME] = take_word(&s);
    else if (is_5424 && s.p < s.end && *s.p == '-')
        pieces[TIME] = take_word(&s);
    else if (!take_old_time(dec, &s, &pieces[TIME]))
        return "no time";
    pieces[HOST] = take_word(&s);
    if (is_5424) {
        pieces[PROGRAM] = take_word(&s);
        pieces[PID] = take_word(&s);
        pieces[MESSAGE_ID] = take_word(&s);
        if (!take_data(&s, &pieces[DATA])) return "the structured data does not end";
    } else {
        take_tag(&s, pieces);
    }
    pieces[MESSAGE] = str_of(s.p, s.end - s.p);
    return NULL;
}

/* ---- the format -------------------------------------------------------------------------------- */

static Status syslog_open(const Relation *rel, const bool *wanted, Arena *a, Decoder **out, Diags *d)
{
    SyslogDecoder *dec = new_one(a, SyslogDecoder);
    dec->year = (int32_t)options_int(&rel->options, "year", 0);
    *out = &dec->base;
    return log_columns_open(&dec->columns, rel, wanted, pieces_of_syslog, PIECES, NULL, a, d);
}

static ptrdiff_t syslog_decode(Decoder *dec, const char *buf, ptrdiff_t n, bool at_end, uint64_t base,
                               RowBuilder *out)
{
    SyslogDecoder *s = (SyslogDecoder *)dec;
    return log_decode(dec, &s->columns, read_line, s, buf, n, at_end, base, out);
}

static void syslog_reset(Decoder *dec)
{
    lines_reset(&((SyslogDecoder *)dec)->columns.lines, dec);
}

/* Times without a year are of the year of the input's last change. */
static Status syslog_infer(Inference *inf, Diags *d)
{
    (void)d;
    bool has_year = inf->head.n > 0 && ((inf->head.p[0] >= '0' && inf->head.p[0] <= '9') || inf->head.p[0] == '<');
    if (!has_year && inf->year > 0) infer_option(inf, "year", str_printf(inf->arena, "%d", inf->year));
    return log_columns_infer(pieces_of_syslog, PIECES, inf);
}

static const FormatImpl syslog_impl = {.open = syslog_open, .decode = syslog_decode, .reset = syslog_reset,
                                       .infer = syslog_infer};

static const OptionDef syslog_options[] = {
    {"year", OPT_INT, .min = 1, .max = 9999, .doc = "the year of times without one"},
    {"null", OPT_TEXT, .fallback = "-", .doc = "text that stands for NULL"},
    TIME_OPTIONS,
    LINE_OPTIONS,
    {0}};

extern const FormatDef format_syslog[];
const FormatDef format_syslog[] = {
    {.name = "syslog", .options = syslog_options, .impl = &syslog_impl,
     .doc = "system log: RFC 5424, RFC 3164, or with ISO times"},
    {0}};
