/* format_logfmt.c: key=value pairs: level=info msg="hello \"you\"" took=1.5 ok
 *
 * A value is bare up to the next space, or quoted with the escapes of JSON. A key alone is true.
 * Columns take the keys of their names; of equal keys the last counts. */
#include "base/utf8.h"
#include "exec/format/infer.h"
#include "exec/format/json_tree.h"
#include "exec/format/lines.h"

typedef struct LogfmtDecoder {
    Decoder base;
    Lines lines;
    FieldOptions fields;
    JsonTree keys;         /* one level: the wanted keys */
    int32_t *cols, *slot_of, ncols;
    Str *values;           /* per slot; p NULL: not there */
} LogfmtDecoder;

static Status logfmt_open(const Relation *rel, const bool *wanted, Arena *a, Decoder **out, Diags *d)
{
    LogfmtDecoder *l = new_one(a, LogfmtDecoder);
    lines_init(&l->lines, rel);
    TRY(field_options_read(rel, NULL, a, &l->fields, d));
    json_tree_init(&l->keys, a);
    l->cols = new (a, int32_t, rel->ncols);
    l->slot_of = new (a, int32_t, rel->ncols);
    for (int i = 0; i < rel->ncols; i++) {
        const ColumnDef *c = &rel->cols[i];
        if (c->kind != COL_PHYSICAL || !wanted[i]) continue;
        Str key = str_starts(c->path, S("$.")) ? str_of(c->path.p + 2, c->path.n - 2) : c->name;
        TRY(json_tree_add(&l->keys, (Str){0}, key, &l->slot_of[l->ncols], d, c->span));
        l->cols[l->ncols++] = i;
    }
    l->values = new (a, Str, l->keys.nslots);
    *out = &l->base;
    return WEIR_OK;
}

/* The value at p, which is behind a '='. NULL: it is quoted and does not end as it should. */
static const char *read_value(const char *p, const char *end, Str *value, Arena *a)
{
    if (p == end || *p != '"') {
        const char *stop = p < end ? memchr(p, ' ', (size_t)(end - p)) : NULL;
        if (!stop) stop = end;
        *value = str_of(p, stop - p);
        return stop;
    }
    const char *q = p + 1;
    bool has_escape = false;
    for (; q < end && *q != '"'; q++) {
        if (*q != '\\') continue;
        has_escape = true;
        q++;
    }
    if (q >= end || (q + 1 < end && q[1] != ' ')) return NULL;
    *value = str_of(p + 1, q - p - 1);
    if (has_escape && !json_unescape(*value, a, value)) return NULL;
    return q + 1;
}

/* The pair at *at, where *at < end. False: it is none. */
static bool read_pair(const char **at, const char *end, Str *key, Str *value, Arena *a)
{
    const char *from = *at, *p = from;
    while (p < end && *p != '=' && *p != ' ' && *p != '"') p++;
    *key = str_of(from, p - from);
    *value = S("true");
    if (key->n == 0 || (p < end && *p == '"')) return false;
    *at = p < end && *p == '=' ? read_value(p + 1, end, value, a) : p;
    return *at != NULL;
}

static const char *skip_blanks(const char *p, const char *end)
{
    while (p < end && (*p == ' ' || *p == '\t')) p++;
    return p;
}

/* All pairs of a line. False: it is none of such pairs. */
static bool read_pairs(LogfmtDecoder *l, Str line, Arena *a)
{
    const char *p = line.p, *end = line.p + line.n;
    int32_t hint = l->keys.nodes.data[0].child;
    for (int32_t i = 0; i < l->keys.nslots; i++) l->values[i] = (Str){0};
    for (;;) {
        Str key, value;
        p = skip_blanks(p, end);
        if (p == end) return true;
        if (!read_pair(&p, end, &key, &value, a)) return false;
        int32_t node = json_tree_member(&l->keys, 0, key, hint);
        if (node < 0) continue;
        l->values[l->keys.nodes.data[node].slot] = value;
        hint = l->keys.nodes.data[node].next;
    }
}

static void decode_line(LogfmtDecoder *l, Str line, uint64_t offset, RowBuilder *out)
{
    if (!utf8_is_valid(line)) {
        record_error(out, offset, line, line.n, "not valid UTF-8");
        return;
    }
    if (!read_pairs(l, line, out->arena)) {
        record_error(out, offset, line, line.n, "not a line of key=value pairs");
        return;
    }
    for (int i = 0; i < l->ncols; i++) {
        Str v = l->values[l->slot_of[i]];
        bool is_empty = v.n == 0 && out->cols[l->cols[i]].type.kind != TYPE_TEXT;
        if (!v.p || is_empty)
            field_null(out, l->cols[i]);
        else
            field_decode(out, l->cols[i], v.p, v.n, &l->fields);
    }
    builder_end_row(out, offset, 0);
}

static ptrdiff_t logfmt_decode(Decoder *dec, const char *buf, ptrdiff_t n, bool at_end, uint64_t base,
                               RowBuilder *out)
{
    LogfmtDecoder *l = (LogfmtDecoder *)dec;
    LineInput in = {.buf = buf, .at = buf, .end = buf + n, .at_end = at_end, .base = base, .dec = dec,
                    .out = out};
    Str line;
    lines_skip_mark(&in);
    while (!builder_is_full(out) && lines_next(&l->lines, &in, &line))
        if (!line_is_blank(line)) decode_line(l, line, line_offset(&in, line.p), out);
    return in.at - buf;
}

static void logfmt_reset(Decoder *dec)
{
    lines_reset(&((LogfmtDecoder *)dec)->lines, dec);
}

static Status logfmt_infer(Inference *inf, Diags *d)
{
    const char *p = inf->head.p, *end = p + inf->head.n;
    while (p < end) {
        const char *newline = memchr(p, '\n', (size_t)(end - p));
        const char *stop = newline ? newline : end;
        if (stop > p && stop[-1] == '\r') stop--;
        while ((p = skip_blanks(p, stop)) < stop) {
            Str key, value;
            if (!read_pair(&p, stop, &key, &value, inf->scratch)) break;
            TypeGuess *g = infer_column(inf, key);
            if (!g) return diag_error(d, WEIR_E_LIMIT, (Span){0}, "more than %d different keys", INFER_COLUMNS_MAX);
            guess_text(g, value);
        }
        p = newline ? newline + 1 : end;
    }
    if (inf->found.len > 0) return WEIR_OK;
    return diag_error(d, WEIR_E_DATA, (Span){0}, "no key=value pairs in the first lines");
}

static const FormatImpl logfmt_impl = {.open = logfmt_open, .decode = logfmt_decode, .reset = logfmt_reset,
                                       .infer = logfmt_infer};

static const OptionDef logfmt_options[] = {TIME_OPTIONS, LINE_OPTIONS, {0}};

extern const FormatDef format_logfmt[];
const FormatDef format_logfmt[] = {
    {.name = "logfmt", .options = logfmt_options, .impl = &logfmt_impl, .doc = "lines of key=value pairs"},
    {0}};
