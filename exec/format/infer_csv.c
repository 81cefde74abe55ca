/* infer_csv.c: the delimiter, header and columns of delimited text. */
#include "exec/format/infer_formats.h"

enum { SAMPLE_LINES = 50 };

typedef struct Csv {
    char delimiter, quote, comment;
} Csv;

/* One field from *at on, its text; *at behind its delimiter. *last: it ends the record. */
static Str next_field(const Csv *c, const char **at, const char *end, bool *last, Arena *a)
{
    StrBuf b = {.arena = a};
    const char *p = *at;
    bool is_quoted = c->quote && p < end && *p == c->quote;
    if (is_quoted) {
        for (p++; p < end; p++) {
            if (*p == c->quote && !(p + 1 < end && p[1] == c->quote)) break;
            if (*p == c->quote) p++;
            sb_char(&b, *p);
        }
        if (p < end) p++;
    }
    const char *from = p;
    while (p < end && *p != c->delimiter && *p != '\n') p++;
    if (!is_quoted) sb_bytes(&b, from, p - from);
    *last = p == end || *p == '\n';
    *at = p < end ? p + 1 : p;
    return str_trim(sb_done(&b));
}

typedef VEC(Str) Record;

/* False: none is left. */
static bool next_record(const Csv *c, const char **at, const char *end, Record *out, Arena *a)
{
    bool last = false;
    out->len = 0;
    while (*at < end) {
        bool is_comment = c->comment && **at == c->comment;
        bool is_blank = **at == '\n' || (**at == '\r' && *at + 1 < end && (*at)[1] == '\n');
        if (!is_comment && !is_blank) break;
        const char *newline = memchr(*at, '\n', (size_t)(end - *at));
        *at = newline ? newline + 1 : end;
    }
    if (*at == end) return false;
    while (!last) vec_push(out, a, next_field(c, at, end, &last, a));
    return true;
}

/* How many records have as many fields as the first, if that is more than one. */
static int agreement(const Csv *c, Str head, Arena *a)
{
    ArenaMark mark = arena_mark(a);
    Record r = {0};
    const char *at = head.p, *end = head.p + head.n;
    ptrdiff_t fields = 0;
    int n = 0, agree = 0;
    for (; n < SAMPLE_LINES && next_record(c, &at, end, &r, a); n++) {
        if (n == 0) fields = r.len;
        agree += r.len == fields;
    }
    arena_release(a, mark);
    return fields > 1 ? agree * 1000 + (int)(fields > 900 ? 900 : fields) : 0;
}

static char find_delimiter(const Csv *c, Str head, Arena *a)
{
    static const char candidates[] = {',', '\t', ';', '|'};
    char best = ',';
    int most = 0;
    for (size_t i = 0; i < sizeof candidates; i++) {
        Csv with = *c;
        with.delimiter = candidates[i];
        int n = agreement(&with, head, a);
        if (n <= most) continue;
        most = n;
        best = candidates[i];
    }
    return best;
}

/* Names: all there, all different, none a number, a time or a boolean. */
static bool is_header(const Record *r)
{
    for (ptrdiff_t i = 0; i < r->len; i++) {
        TypeGuess g = {0};
        guess_text(&g, r->data[i]);
        if (g.values == 0 || guess_type(&g).kind != TYPE_TEXT) return false;
        for (ptrdiff_t k = 0; k < i; k++)
            if (str_ieq(r->data[k], r->data[i])) return false;
    }
    return true;
}

static char option_char(const Inference *inf, const char *name, char fallback)
{
    const Option *o = options_get(inf->given, name);
    if (!o) return fallback;
    if (str_eq(o->value, S("\\t")) || str_ieq(o->value, S("tab"))) return '\t';
    return o->value.n == 1 ? o->value.p[0] : 0;
}

static Status too_many(Diags *d)
{
    return diag_error(d, WEIR_E_LIMIT, (Span){0}, "more than %d fields", INFER_COLUMNS_MAX);
}

static Status infer_with(Inference *inf, char delimiter, Diags *d)
{
    Csv c = {.delimiter = option_char(inf, "delimiter", delimiter), .quote = option_char(inf, "quote", '"'),
             .comment = option_char(inf, "comment", 0)};
    if (!c.delimiter) {
        c.delimiter = find_delimiter(&c, inf->head, inf->scratch);
        if (c.delimiter != ',') infer_option(inf, "delimiter", c.delimiter == '\t' ? S("\\t") : str_dup(inf->arena, str_of(&c.delimiter, 1)));
    }
    Record r = {0};
    Str null_text = options_text(inf->given, "null", "");
    const char *at = inf->head.p, *end = at + inf->head.n;
    if (!next_record(&c, &at, end, &r, inf->scratch))
        return diag_error(d, WEIR_E_DATA, (Span){0}, "the input is empty");
    bool header = is_header(&r);
    if (options_get(inf->given, "header"))
        header = options_bool(inf->given, "header", header);
    else
        infer_option(inf, "header", header ? S("true") : S("false"));
    for (ptrdiff_t i = 0; i < r.len; i++) {
        Str name = header ? r.data[i] : str_printf(inf->arena, "c%d", (int)i + 1);
        if (!infer_column(inf, name)) return too_many(d);
    }
    ptrdiff_t fields = inf->found.len;
    if (!header) at = inf->head.p;
    for (int n = 0; n < INFER_RECORDS_MAX && next_record(&c, &at, end, &r, inf->scratch); n++)
        for (ptrdiff_t i = 0; i < r.len && r.len == fields; i++)
            if (!str_eq(r.data[i], null_text)) guess_text(&inf->found.data[i].guess, r.data[i]);
    return WEIR_OK;
}

Status csv_infer(Inference *inf, Diags *d) { return infer_with(inf, 0, d); }
Status tsv_infer(Inference *inf, Diags *d) { return infer_with(inf, '\t', d); }
