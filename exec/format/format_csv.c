/* format_csv.c: records of delimited fields (RFC 4180), with the liberties that files take.
 *
 * A field that begins with a quote runs to the closing quote: delimiters and line ends are text in
 * it, two quotes are one. A quote elsewhere is text. With a header, fields belong to the columns
 * of their names; without, they are the columns in order. Where `header` is not given, the first
 * record is one if any of its fields is the name of a column. A record has as many fields as the
 * header (or the columns): anything else makes it unusable. The plain way is here; csv_quick.c
 * takes the records that need no thought. */
#include "base/utf8.h"
#include "exec/format/csv_impl.h"
#include "exec/format/infer_formats.h"

#include <assert.h>

/* ---- opening ----------------------------------------------------------------------------------- */

/* A one-character option; "\t" may be written as such. */
static Status read_char(const Relation *rel, const char *name, char fallback, char *out, Diags *d)
{
    const Option *o = options_get(&rel->options, name);
    *out = fallback;
    if (!o) return WEIR_OK;
    if (str_eq(o->value, S("\\t")) || str_ieq(o->value, S("tab"))) {
        *out = '\t';
        return WEIR_OK;
    }
    char first = o->value.n ? o->value.p[0] : ' ';
    bool ok = o->value.n <= 1 && first > 0 && first != '\n' && first != '\r';
    if (!ok)
        return diag_error(d, WEIR_E_OPTION, o->span, "%s must be one ASCII character, not \"%.*s\"", name,
                          STR_ARG(o->value));
    *out = o->value.n ? o->value.p[0] : 0;
    return WEIR_OK;
}

static Status read_options(CsvDecoder *c, char delimiter, Diags *d)
{
    const Relation *rel = c->rel;
    TRY(read_char(rel, "delimiter", delimiter, &c->delimiter, d));
    TRY(read_char(rel, "quote", '"', &c->quote, d));
    TRY(read_char(rel, "comment", 0, &c->comment, d));
    if (!c->delimiter || c->delimiter == c->quote)
        return diag_error(d, WEIR_E_OPTION, (Span){0}, "delimiter must be one character other than the quote");
    c->header = HEADER_AUTO;
    if (options_get(&rel->options, "header"))
        c->header = options_bool(&rel->options, "header", true) ? HEADER_YES : HEADER_NO;
    return WEIR_OK;
}

static Status open_with(const Relation *rel, const bool *wanted, char delimiter, Arena *a, Decoder **out,
                        Diags *d)
{
    CsvDecoder *c = new_one(a, CsvDecoder);
    c->rel = rel;
    c->wanted = wanted;
    c->limit = options_int(&rel->options, "line_limit", LINE_LIMIT_DEFAULT);
    c->next_col = new (a, int32_t, rel->ncols);
    c->missing = new (a, int32_t, rel->ncols);
    c->skip_head = new (a, char, FIELD_RAW_MAX);
    c->index = new_raw(a, uint16_t, CSV_INDEX_BYTES + 128);
    TRY(field_options_read(rel, NULL, a, &c->options, d));
    TRY(read_options(c, delimiter, d));
    csv_quick_level(c, SIMD_MOST);
    *out = &c->base;
    return WEIR_OK;
}

/* ---- which field is which column --------------------------------------------------------------- */

/* The quickest way to the column's values. */
static void choose_op(const CsvDecoder *c, CsvField *f)
{
    f->op = CSV_SKIP;
    if (f->col < 0) return;
    Type t = c->rel->cols[f->col].type;
    f->op = CSV_ANY;
    f->precision = t.precision;
    if (c->next_col[f->col] >= 0 || c->options.null_text.n) return;
    if (t.kind == TYPE_BIGINT && t.int_bits != 8 && t.int_bits != 16 && t.int_bits != 32 && t.int_bits != 65)
        f->op = CSV_INT;
    else if (t.kind == TYPE_TEXT)
        f->op = CSV_TEXT;
    else if (t.kind == TYPE_DOUBLE)
        f->op = CSV_DOUBLE;
    if (t.kind != TYPE_TIMESTAMP) return;
    switch (c->options.time_style) {
    case TIME_STYLE_ISO:
        if (!c->options.zone) f->op = CSV_TIME;
        break;
    case TIME_STYLE_EPOCH_S: f->unit_us = US_PER_SECOND; break;
    case TIME_STYLE_EPOCH_MS: f->unit_us = 1000; break;
    case TIME_STYLE_EPOCH_US: f->unit_us = 1; break;
    case TIME_STYLE_PATTERN: break;
    }
    if (f->unit_us && f->unit_us % type_tick_us(t) == 0) f->op = CSV_EPOCH;
}

static void begin_layout(CsvDecoder *c, int32_t nfields)
{
    c->nfields = nfields;
    c->fields = new (&c->layout, CsvField, nfields);
    c->pieces = new (&c->layout, CsvPiece, nfields + 1);
    c->pending = arena_alloc(&c->layout, checked_mul(nfields + 1, sizeof *c->pending), 8);
    c->nmissing = 0;
    for (int32_t i = 0; i < nfields; i++) c->fields[i] = (CsvField){.col = -1};
    for (int32_t i = 0; i < c->rel->ncols; i++) c->next_col[i] = -1;
}

static void bind(CsvDecoder *c, int32_t field, int32_t col)
{
    c->next_col[col] = c->fields[field].col;
    c->fields[field].col = col;
}

static void end_layout(CsvDecoder *c)
{
    for (int32_t i = 0; i < c->nfields; i++) choose_op(c, &c->fields[i]);
    c->is_started = true;
}

static bool is_physical(const CsvDecoder *c, int32_t col)
{
    return c->rel->cols[col].kind == COL_PHYSICAL;
}

static void layout_by_order(CsvDecoder *c, int32_t nfields)
{
    int32_t field = 0, physical = 0;
    for (int32_t i = 0; i < c->rel->ncols; i++) physical += is_physical(c, i);
    begin_layout(c, nfields > 0 ? nfields : physical);
    for (int32_t i = 0; i < c->rel->ncols; i++) {
        if (!is_physical(c, i)) continue;
        if (c->wanted[i] && field < c->nfields) bind(c, field, i);
        if (c->wanted[i] && field >= c->nfields) c->missing[c->nmissing++] = i;
        field++;
    }
    end_layout(c);
}

static Str next_name(Str *names)
{
    const char *nul = memchr(names->p, 0, (size_t)names->n);
    Str name = str_of(names->p, nul - names->p);
    *names = str_of(nul + 1, names->n - name.n - 1);
    return name;
}

/* The column's name in a header: its PATH without "$.", or its own. */
static Str header_name(const ColumnDef *col)
{
    if (col->path.n == 0) return col->name;
    return str_starts(col->path, S("$.")) ? str_of(col->path.p + 2, col->path.n - 2) : col->path;
}

/* The field with that name: spelled alike, or else alike but for case. */
static int32_t find_name(const CsvDecoder *c, Str wanted)
{
    int32_t loose = -1;
    Str names = c->names;
    for (int32_t i = 0; names.n > 0; i++) {
        Str name = next_name(&names);
        if (str_eq(name, wanted)) return i;
        if (loose < 0 && str_ieq(name, wanted)) loose = i;
    }
    return loose;
}

static bool names_any_column(const CsvDecoder *c)
{
    for (int32_t i = 0; i < c->rel->ncols; i++)
        if (is_physical(c, i) && find_name(c, header_name(&c->rel->cols[i])) >= 0) return true;
    return false;
}

/* c->names is set. A header that names no column only says how many fields there are. */
static void layout_by_name(CsvDecoder *c)
{
    int32_t n = 0;
    for (Str rest = c->names; rest.n > 0; n++) next_name(&rest);
    if (!names_any_column(c)) {
        layout_by_order(c, n);
        return;
    }
    begin_layout(c, n);
    for (int32_t i = 0; i < c->rel->ncols; i++) {
        if (!is_physical(c, i) || !c->wanted[i]) continue;
        int32_t field = find_name(c, header_name(&c->rel->cols[i]));
        if (field >= 0)
            bind(c, field, i);
        else
            c->missing[c->nmissing++] = i;
    }
    end_layout(c);
}

/* ---- cutting a record -------------------------------------------------------------------------- */

typedef enum CutStatus { CUT_DONE, CUT_MORE, CUT_OPEN_QUOTE, CUT_BEHIND_QUOTE } CutStatus;

/* One record, cut into fields as far as there is room for them. */
typedef struct Cut {
    CsvPiece *pieces;
    int32_t n, cap;        /* n counts all fields */
    const char *stop;      /* behind the record's line end */
} Cut;

static void add_piece(Cut *cut, CsvPiece x)
{
    if (cut->n < cut->cap) cut->pieces[cut->n] = x;
    cut->n++;
}

/* The closing quote of the field whose text begins at p, or NULL. */
static const char *closing_quote(const char *p, const char *end, char quote, bool *has_doubled)
{
    *has_doubled = false;
    while (p < end) {
        const char *q = memchr(p, quote, (size_t)(end - p));
        if (!q || q + 1 >= end || q[1] != quote) return q;
        *has_doubled = true;
        p = q + 2;
    }
    return NULL;
}

static const char *field_end(const CsvDecoder *c, const char *p, const char *end)
{
    while (p < end && *p != c->delimiter && *p != '\n') p++;
    return p;
}

/* Cuts the record at p. CUT_MORE: its end is not there yet. A broken record ends at its line. */
static CutStatus cut_record(const CsvDecoder *c, const char *p, const char *end, bool at_end, Cut *cut)
{
    for (;;) {
        CsvPiece x = {.p = p};
        const char *q;
        if (c->quote && p < end && *p == c->quote) {
            x.is_quoted = true;
            x.p = p + 1;
            q = closing_quote(p + 1, end, c->quote, &x.has_doubled);
            bool may_go_on = !q || q + 1 == end; /* another quote may follow */
            if (may_go_on && !at_end) return CUT_MORE;
            cut->stop = end;
            if (!q) return CUT_OPEN_QUOTE;
            x.n = q - x.p;
            p = q + 1;
            q = field_end(c, p, end);
            bool is_return = q - p == 1 && *p == '\r' && (q == end || *q == '\n');
            if (q != p && !is_return) {
                const char *newline = memchr(q, '\n', (size_t)(end - q));
                if (!newline && !at_end) return CUT_MORE;
                cut->stop = newline ? newline + 1 : end;
                return CUT_BEHIND_QUOTE;
            }
        } else {
            q = field_end(c, p, end);
            x.n = q - p;
            bool ends_line = q == end || *q == '\n';
            if (ends_line && x.n && x.p[x.n - 1] == '\r') x.n--;
        }
        add_piece(cut, x);
        if (q == end && !at_end) return CUT_MORE;
        cut->stop = q < end ? q + 1 : q;
        if (q == end || *q == '\n') return CUT_DONE;
        p = q + 1;
    }
}

/* ---- records ----------------------------------------------------------------------------------- */

static Str unquoted(const CsvDecoder *c, const CsvPiece *x, Arena *a)
{
    if (!x->has_doubled) return str_of(x->p, x->n);
    char *copy = arena_alloc_raw(a, x->n, 1);
    ptrdiff_t n = 0;
    for (ptrdiff_t i = 0; i < x->n; i++) {
        copy[n++] = x->p[i];
        if (x->p[i] == c->quote) i++;
    }
    return str_of(copy, n);
}

void csv_put_field(CsvDecoder *c, int32_t field, const CsvPiece *piece, RowBuilder *out)
{
    Str text = unquoted(c, piece, out->arena);
    bool is_null = !piece->is_quoted && str_eq(text, c->options.null_text);
    for (int32_t col = c->fields[field].col; col >= 0; col = c->next_col[col]) {
        if (is_null)
            field_null(out, col);
        else
            field_decode(out, col, text.p, text.n, &c->options);
    }
}

void csv_finish_row(CsvDecoder *c, RowBuilder *out)
{
    for (int32_t i = 0; i < c->nmissing; i++) field_null(out, c->missing[i]);
}

static Str record_text(const char *p, const char *stop)
{
    Str s = str_of(p, stop - p);
    if (s.n && s.p[s.n - 1] == '\n') s.n--;
    if (s.n && s.p[s.n - 1] == '\r') s.n--;
    return s;
}

static void put_record(CsvDecoder *c, const Cut *cut, Str text, uint64_t offset, RowBuilder *out)
{
    if (!utf8_is_valid(text)) {
        record_error(out, offset, text, text.n, "not valid UTF-8");
        return;
    }
    if (cut->n != c->nfields) {
        record_error(out, offset, text, text.n, "%d field%s instead of %d", cut->n,
                     cut->n == 1 ? "" : "s", c->nfields);
        return;
    }
    for (int32_t i = 0; i < cut->n; i++) csv_put_field(c, i, &cut->pieces[i], out);
    csv_finish_row(c, out);
    builder_end_row(out, offset, 0);
}

/* Takes the record for the header, if it is one. False: it is data. */
static bool take_header(CsvDecoder *c, const Cut *cut)
{
    if (c->header == HEADER_NO) {
        layout_by_order(c, 0);
        return false;
    }
    StrBuf b = {.arena = &c->layout};
    for (int32_t i = 0; i < cut->n && i < cut->cap; i++) {
        Str name = str_trim(unquoted(c, &cut->pieces[i], &c->layout));
        const char *nul = name.n ? memchr(name.p, 0, (size_t)name.n) : NULL;
        sb_str(&b, nul ? str_of(name.p, nul - name.p) : name);
        sb_char(&b, 0);
    }
    c->names = sb_done(&b);
    if (c->header == HEADER_AUTO && !names_any_column(c)) {
        c->names = (Str){0};
        layout_by_order(c, 0);
        return false;
    }
    layout_by_name(c);
    return true;
}

/* ---- records that are too long ----------------------------------------------------------------- */

/* Such a record is taken to end at the first line end from the limit on. */
static void skip_begin(CsvDecoder *c, LineInput *in)
{
    c->is_skipping = true;
    c->skip_offset = line_offset(in, in->at);
    c->skip_bytes = c->limit;
    memcpy(c->skip_head, in->at, c->limit < FIELD_RAW_MAX ? (size_t)c->limit : FIELD_RAW_MAX);
    in->at += c->limit;
    in->dec->held = c->skip_bytes;
}

static bool skip_on(CsvDecoder *c, LineInput *in)
{
    ptrdiff_t n = in->end - in->at;
    const char *newline = n ? memchr(in->at, '\n', (size_t)n) : NULL;
    c->skip_bytes += newline ? newline - in->at : n;
    in->at = newline ? newline + 1 : in->end;
    in->dec->held = c->skip_bytes;
    if (!newline && !in->at_end) return false;
    int64_t kept = c->skip_bytes < FIELD_RAW_MAX ? c->skip_bytes : FIELD_RAW_MAX;
    record_error(in->out, c->skip_offset, str_of(c->skip_head, kept), c->skip_bytes,
                 "record of %lld bytes is longer than line_limit (%lld)", (long long)c->skip_bytes,
                 (long long)c->limit);
    c->is_skipping = false;
    in->dec->held = 0;
    return true;
}

/* ---- decoding ---------------------------------------------------------------------------------- */

/* Blank lines and comments. False: the line's end is not there yet. */
static bool skip_lines(const CsvDecoder *c, LineInput *in)
{
    while (in->at < in->end) {
        const char *p = in->at;
        bool is_comment = c->comment && *p == c->comment;
        if (!is_comment && *p == '\r') p++;
        if (!is_comment && p < in->end && *p != '\n') return true;
        const char *newline = p < in->end ? memchr(p, '\n', (size_t)(in->end - p)) : NULL;
        if (!newline && !in->at_end) return false;
        in->at = newline ? newline + 1 : in->end;
    }
    return in->at < in->end;
}

static void cut_error(const CsvDecoder *c, CutStatus st, Str text, uint64_t offset, RowBuilder *out)
{
    if (st == CUT_OPEN_QUOTE)
        record_error(out, offset, text, text.n, "a quoted field does not end");
    else
        record_error(out, offset, text, text.n, "text behind the closing quote of a field");
    (void)c;
}

/* One record the plain way. False: no whole one is left. */
static bool decode_one(CsvDecoder *c, LineInput *in)
{
    enum { HEADER_FIELDS_MAX = 4096 };
    if (c->is_skipping && !skip_on(c, in)) return false;
    if (!skip_lines(c, in)) return false;
    if (in->out->errors.len >= in->out->cap) return false;
    ArenaMark mark = arena_mark(in->out->arena);
    Cut cut = {.pieces = c->pieces, .cap = c->nfields};
    if (!c->is_started) {
        cut.cap = HEADER_FIELDS_MAX;
        cut.pieces = new_raw(in->out->arena, CsvPiece, HEADER_FIELDS_MAX);
    }
    const char *from = in->at, *end = in->end;
    bool is_cut_off = end - from > c->limit;
    if (is_cut_off) end = from + c->limit + 1;
    CutStatus st = cut_record(c, from, end, in->at_end && !is_cut_off, &cut);
    if (st == CUT_MORE) {
        if (is_cut_off) skip_begin(c, in);
        if (!c->is_started) arena_release(in->out->arena, mark);
        return is_cut_off;
    }
    in->at = cut.stop;
    Str text = record_text(from, cut.stop);
    if (st != CUT_DONE) {
        cut_error(c, st, text, line_offset(in, from), in->out);
        return true;
    }
    if (!c->is_started) {
        bool is_header = take_header(c, &cut);
        in->at = is_header ? cut.stop : from;
        arena_release(in->out->arena, mark);
        return true;
    }
    put_record(c, &cut, text, line_offset(in, from), in->out);
    return true;
}

static ptrdiff_t csv_decode(Decoder *dec, const char *buf, ptrdiff_t n, bool at_end, uint64_t base,
                            RowBuilder *out)
{
    CsvDecoder *c = (CsvDecoder *)dec;
    LineInput in = {.buf = buf, .at = buf, .end = buf + n, .at_end = at_end, .base = base, .dec = dec,
                    .out = out};
    lines_skip_mark(&in);
    while (!builder_is_full(out)) {
        if (c->is_started && !c->is_skipping) {
            in.at = csv_quick(c, in.at, in.end, line_offset(&in, in.at), out);
            if (builder_is_full(out)) break;
        }
        if (!decode_one(c, &in)) break;
    }
    return in.at - buf;
}

/* ---- the head of a partition ------------------------------------------------------------------- */

static void csv_reset(Decoder *dec)
{
    CsvDecoder *c = (CsvDecoder *)dec;
    arena_reset(&c->layout);
    c->names = (Str){0};
    c->is_started = c->is_skipping = false;
    c->nfields = 0;
    dec->held = 0;
}

/* "" before the first record, then 'o' for fields by order or 'n' and the header's names. */
static Str csv_save(Decoder *dec, Arena *a)
{
    const CsvDecoder *c = (const CsvDecoder *)dec;
    StrBuf b = {.arena = a};
    if (c->is_started) {
        sb_char(&b, c->names.n ? 'n' : 'o');
        sb_str(&b, c->names);
    }
    return sb_done(&b);
}

static Status csv_load(Decoder *dec, Str saved)
{
    CsvDecoder *c = (CsvDecoder *)dec;
    csv_reset(dec);
    if (saved.n == 0) return WEIR_OK;
    if (saved.p[0] == 'o' && saved.n == 1) {
        layout_by_order(c, 0);
        return WEIR_OK;
    }
    if (saved.p[0] != 'n' || saved.n < 2 || saved.p[saved.n - 1] != 0) return WEIR_E_CORRUPT;
    c->names = str_dup(&c->layout, str_of(saved.p + 1, saved.n - 1));
    layout_by_name(c);
    return WEIR_OK;
}

static char csv_quote(const Decoder *dec) { return ((const CsvDecoder *)dec)->quote; }

/* ---- definitions ------------------------------------------------------------------------------- */

static Status csv_open(const Relation *rel, const bool *wanted, Arena *a, Decoder **out, Diags *d)
{
    return open_with(rel, wanted, ',', a, out, d);
}

static Status tsv_open(const Relation *rel, const bool *wanted, Arena *a, Decoder **out, Diags *d)
{
    return open_with(rel, wanted, '\t', a, out, d);
}

static void csv_close(Decoder *dec)
{
    arena_free(&((CsvDecoder *)dec)->layout);
}

static void csv_limit_simd(Decoder *dec, int most) { csv_quick_level((CsvDecoder *)dec, most); }

static const FormatImpl csv_impl = {.open = csv_open, .decode = csv_decode, .reset = csv_reset,
                                    .save = csv_save, .load = csv_load, .close = csv_close,
                                    .quote = csv_quote, .limit_simd = csv_limit_simd, .infer = csv_infer};
static const FormatImpl tsv_impl = {.open = tsv_open, .decode = csv_decode, .reset = csv_reset,
                                    .save = csv_save, .load = csv_load, .close = csv_close,
                                    .quote = csv_quote, .limit_simd = csv_limit_simd, .infer = tsv_infer};

static const OptionDef csv_options[] = {
    {"header", OPT_BOOL, .doc = "the first record names the fields; by default it does if it names a column"},
    {"delimiter", OPT_TEXT, .doc = "character between fields"},
    {"quote", OPT_TEXT, .fallback = "\"", .doc = "character around fields that hold delimiters; '' for none"},
    {"null", OPT_TEXT, .fallback = "", .doc = "text of a field, unquoted, that stands for NULL"},
    {"comment", OPT_TEXT, .doc = "character that begins a line to be skipped"},
    TIME_OPTIONS,
    LINE_OPTIONS,
    {0}};

extern const FormatDef format_csv[];
const FormatDef format_csv[] = {
    {.name = "csv", .options = csv_options, .impl = &csv_impl, .doc = "comma-separated values"},
    {.name = "tsv", .options = csv_options, .impl = &tsv_impl, .doc = "tab-separated values"},
    {0}};
