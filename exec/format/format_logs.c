/* format_logs.c: access logs of web servers: Apache's common and combined formats, nginx's.
 *
 *   client ident user [10/Oct/2000:13:55:36 -0700] "GET /path HTTP/1.0" 200 2326 "referer" "agent"
 *
 * A quoted piece ends at the first quote that has no backslash before it and a space or the line's
 * end behind it (the request: a space and the status), so that a quote a client sent unescaped does
 * no harm. "-" is NULL. A request that
 * is not of three words leaves method or protocol NULL. What follows the last piece is ignored, as
 * servers are often told to log more there. A line that ends inside a quoted piece has been cut
 * off: what is left of it is no value, so it is refused, and kept whole in weir_errors. */
#include "exec/format/log_columns.h"
#include "exec/format/quick_value.h"

typedef enum Piece {
    CLIENT, IDENT, USER, TIME, METHOD, PATH, PROTOCOL, STATUS, BYTES, REFERER, AGENT, REQUEST, PIECES
} Piece;

static const LogPiece combined_pieces[] = {
    [CLIENT] = {"client", "host,ip,remote_addr,remote_host,client_ip", LOG_TEXT},
    [IDENT] = {"ident", "logname,identity", LOG_TEXT},
    [USER] = {"user_name", "user,remote_user,auth", LOG_TEXT},
    [TIME] = {"time", "ts,timestamp,time_local,date_time,event_time", LOG_TIME(0), .is_time = true},
    [METHOD] = {"method", "verb", LOG_TEXT},
    [PATH] = {"path", "url,uri,resource", LOG_TEXT},
    [PROTOCOL] = {"protocol", "http_version", LOG_TEXT},
    [STATUS] = {"status", "status_code,code,response", LOG_NUMBER},
    [BYTES] = {"bytes", "size,body_bytes_sent,bytes_sent", LOG_NUMBER},
    [REFERER] = {"referer", "referrer,http_referer", LOG_TEXT},
    [AGENT] = {"agent", "user_agent,http_user_agent", LOG_TEXT},
    [REQUEST] = {"request", NULL, LOG_TEXT, .is_extra = true}};

/* The common format has all but referer and agent. */
static const LogPiece common_pieces[] = {
    [CLIENT] = {"client", "host,ip,remote_addr,remote_host,client_ip", LOG_TEXT},
    [IDENT] = {"ident", "logname,identity", LOG_TEXT},
    [USER] = {"user_name", "user,remote_user,auth", LOG_TEXT},
    [TIME] = {"time", "ts,timestamp,time_local,date_time,event_time", LOG_TIME(0), .is_time = true},
    [METHOD] = {"method", "verb", LOG_TEXT},
    [PATH] = {"path", "url,uri,resource", LOG_TEXT},
    [PROTOCOL] = {"protocol", "http_version", LOG_TEXT},
    [STATUS] = {"status", "status_code,code,response", LOG_NUMBER},
    [BYTES] = {"bytes", "size,body_bytes_sent,bytes_sent", LOG_NUMBER},
    [REFERER] = {"request", NULL, LOG_TEXT, .is_extra = true}};

typedef struct AccessDecoder {
    Decoder base;
    LogColumns columns;
    bool has_referer;
} AccessDecoder;

/* ---- one line ---------------------------------------------------------------------------------- */

/* Where reading a line stands. */
typedef struct Scan {
    const char *p, *end;
} Scan;

/* Up to the next space, which is taken too, or the line's end. */
static Str take_word(Scan *s)
{
    const char *from = s->p;
    const char *space = memchr(from, ' ', (size_t)(s->end - from));
    s->p = space ? space + 1 : s->end;
    return str_of(from, (space ? space : s->end) - from);
}

/* User names may have spaces: up to " [". */
static bool take_user(Scan *s, Str *out)
{
    const char *from = s->p, *mark = memmem(from, (size_t)(s->end - from), " [", 2);
    if (!mark) return false;
    *out = str_of(from, mark - from);
    s->p = mark + 2;
    return true;
}

static bool take_time(Scan *s, Str *out)
{
    const char *from = s->p, *close = memchr(from, ']', (size_t)(s->end - from));
    if (!close || s->end - close < 2 || close[1] != ' ') return false;
    *out = str_of(from, close - from);
    s->p = close + 2;
    return true;
}

/* Does the quote at p end its piece? */
static bool is_closing(const char *p, const char *end, bool is_request)
{
    if (p + 1 == end) return true;
    if (p[1] != ' ') return false;
    return !is_request || p + 2 == end || (p[2] >= '0' && p[2] <= '9') || p[2] == '-';
}

/* "…" and the space behind it. *has_escape: there is a backslash in it. */
static bool take_quoted(Scan *s, bool is_request, Str *out, bool *has_escape)
{
    *has_escape = false;
    if (s->p == s->end || *s->p != '"') return false;
    const char *from = s->p + 1;
    for (const char *p = quick_find(from, s->end, '"', '\\'); p < s->end; p = quick_find(p + 1, s->end, '"', '\\')) {
        if (*p == '\\') {
            *has_escape = true;
            p++;
        } else if (is_closing(p, s->end, is_request)) {
            *out = str_of(from, p - from);
            s->p = p + 1 < s->end ? p + 2 : p + 1;
            return true;
        }
    }
    return false;
}

/* \" and \\ as they were sent; other escapes (\xhh) stay. */
static Str unescape(Str s, Arena *a)
{
    char *copy = arena_alloc_raw(a, s.n, 1);
    ptrdiff_t n = 0;
    for (ptrdiff_t i = 0; i < s.n; i++) {
        bool is_escape = s.p[i] == '\\' && i + 1 < s.n && (s.p[i + 1] == '"' || s.p[i + 1] == '\\');
        copy[n++] = s.p[is_escape ? ++i : i];
    }
    return str_of(copy, n);
}

static bool take_text(Scan *s, bool is_request, Str *out, Arena *a)
{
    bool has_escape;
    if (!take_quoted(s, is_request, out, &has_escape)) return false;
    if (has_escape) *out = unescape(*out, a);
    return true;
}

/* "GET /a b HTTP/1.1": the first word, the last if it is a protocol, and what is between. */
static void split_request(Str request, Str *method, Str *path, Str *protocol)
{
    *method = *path = *protocol = (Str){0};
    if (str_eq(request, S("-"))) return;
    const char *end = request.p + request.n;
    const char *first = request.n ? memchr(request.p, ' ', (size_t)request.n) : NULL;
    if (!first) {
        *path = request;
        return;
    }
    *method = str_of(request.p, first - request.p);
    const char *from = first + 1;
    const char *last = from < end ? memrchr(from, ' ', (size_t)(end - from)) : NULL;
    if (last && str_starts(str_of(last + 1, end - last - 1), S("HTTP/"))) {
        *protocol = str_of(last + 1, end - last - 1);
        end = last;
    }
    *path = str_of(from, end - from);
}

static const char *read_line(void *state, Str line, Str *pieces, Arena *a)
{
    const AccessDecoder *dec = state;
    Scan s = {line.p, line.p + line.n};
    Str request;
    pieces[CLIENT] = take_word(&s);
    pieces[IDENT] = take_word(&s);
    if (!take_user(&s, &pieces[USER])) return "no time in brackets";
    if (!take_time(&s, &pieces[TIME])) return "the time's bracket does not close";
    if (!take_text(&s, true, &request, a)) return "no request in quotes";
    split_request(request, &pieces[METHOD], &pieces[PATH], &pieces[PROTOCOL]);
    pieces[STATUS] = take_word(&s);
    if (pieces[STATUS].n == 0) return "no status";
    pieces[BYTES] = take_word(&s);
    if (pieces[BYTES].n == 0) return "no number of bytes";
    pieces[dec->has_referer ? REQUEST : REFERER] = request;
    if (!dec->has_referer) return NULL;
    if (!take_text(&s, false, &pieces[REFERER], a)) return "no referer in quotes";
    if (!take_text(&s, false, &pieces[AGENT], a)) return "no agent in quotes";
    return NULL;
}

/* ---- the formats ------------------------------------------------------------------------------- */

#define COUNT(list) (int)(sizeof(list) / sizeof *(list))

static Status open_with(bool has_referer, const Relation *rel, const bool *wanted, Arena *a,
                        Decoder **out, Diags *d)
{
    static const char time_style[] = "%d/%b/%Y:%H:%M:%S %z";
    AccessDecoder *dec = new_one(a, AccessDecoder);
    const LogPiece *pieces = has_referer ? combined_pieces : common_pieces;
    int n = has_referer ? COUNT(combined_pieces) : COUNT(common_pieces);
    dec->has_referer = has_referer;
    *out = &dec->base;
    return log_columns_open(&dec->columns, rel, wanted, pieces, n, time_style, a, d);
}

static Status combined_open(const Relation *rel, const bool *wanted, Arena *a, Decoder **out, Diags *d)
{
    return open_with(true, rel, wanted, a, out, d);
}

static Status common_open(const Relation *rel, const bool *wanted, Arena *a, Decoder **out, Diags *d)
{
    return open_with(false, rel, wanted, a, out, d);
}

static ptrdiff_t access_decode(Decoder *dec, const char *buf, ptrdiff_t n, bool at_end, uint64_t base,
                               RowBuilder *out)
{
    AccessDecoder *access = (AccessDecoder *)dec;
    return log_decode(dec, &access->columns, read_line, access, buf, n, at_end, base, out);
}

static void access_reset(Decoder *dec)
{
    lines_reset(&((AccessDecoder *)dec)->columns.lines, dec);
}

static Status combined_infer(Inference *inf, Diags *d)
{
    (void)d;
    return log_columns_infer(combined_pieces, COUNT(combined_pieces), inf);
}

static Status common_infer(Inference *inf, Diags *d)
{
    (void)d;
    return log_columns_infer(common_pieces, COUNT(common_pieces), inf);
}

static const FormatImpl combined_impl = {.open = combined_open, .decode = access_decode,
                                         .reset = access_reset, .infer = combined_infer};
static const FormatImpl common_impl = {.open = common_open, .decode = access_decode,
                                       .reset = access_reset, .infer = common_infer};

static const OptionDef access_options[] = {
    {"null", OPT_TEXT, .fallback = "-", .doc = "text that stands for NULL"},
    {"timestamp_format", OPT_TEXT, .fallback = "%d/%b/%Y:%H:%M:%S %z", .doc = "how times are written"},
    LINE_OPTIONS,
    {0}};

extern const FormatDef format_logs[];
const FormatDef format_logs[] = {
    {.name = "apache_combined", .aliases = "combined", .options = access_options, .impl = &combined_impl,
     .doc = "access log with referer and agent"},
    {.name = "apache_common", .aliases = "common,clf", .options = access_options, .impl = &common_impl,
     .doc = "access log in the common format"},
    {.name = "nginx", .options = access_options, .impl = &combined_impl,
     .doc = "access log as nginx writes it unless told otherwise"},
    {0}};
