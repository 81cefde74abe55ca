/* log_columns.c: pieces of log lines to columns (see log_columns.h). */
#include "exec/format/log_columns.h"
#include "base/utf8.h"
#include "exec/format/quick_value.h"

#include <assert.h>

static int piece_named(const LogPiece *pieces, int n, Str name)
{
    for (int i = 0; i < n; i++)
        if (str_ieq(str_z(pieces[i].name), name) || name_in_list(pieces[i].aliases, name)) return i;
    return -1;
}

static Status no_such_piece(const LogPiece *pieces, int n, const ColumnDef *col, Diags *d)
{
    StrBuf names = {.arena = d ? d->arena : NULL};
    diag_error(d, WEIR_E_NAME, col->span, "such lines have no \"%.*s\"", STR_ARG(col->name));
    if (!d) return WEIR_E_NAME;
    for (int i = 0; i < n; i++) sb_printf(&names, "%s%s", i ? ", " : "", pieces[i].name);
    diag_hint(d, "they have %.*s", STR_ARG(sb_done(&names)));
    return WEIR_E_NAME;
}

Status log_columns_open(LogColumns *c, const Relation *rel, const bool *wanted, const LogPiece *pieces,
                        int npieces, const char *time_style, Arena *a, Diags *d)
{
    assert(npieces <= LOG_PIECES_MAX);
    lines_init(&c->lines, rel);
    TRY(field_options_read(rel, time_style, a, &c->fields, d));
    c->is_usual_time = str_eq(options_text(&rel->options, "timestamp_format", time_style ? time_style : ""), S("%d/%b/%Y:%H:%M:%S %z"));
    if (!options_get(&rel->options, "null")) c->fields.null_text = S("-");
    c->cols = new (a, int32_t, rel->ncols);
    c->pieces = new (a, int32_t, rel->ncols);
    for (int i = 0; i < rel->ncols; i++) {
        const ColumnDef *col = &rel->cols[i];
        if (col->kind != COL_PHYSICAL) continue;
        bool has_path = str_starts(col->path, S("$."));
        Str name = has_path ? str_of(col->path.p + 2, col->path.n - 2) : col->name;
        int piece = piece_named(pieces, npieces, name);
        if (piece < 0) return no_such_piece(pieces, npieces, col, d);
        if (!wanted[i]) continue;
        c->cols[c->n] = i;
        c->pieces[c->n++] = piece;
    }
    return WEIR_OK;
}

/* "dd/Mon/yyyy:hh:mm:ss +hhmm": where the seconds stand. */
enum { SECONDS_AT = 18, SECONDS_END = 20, USUAL_LENGTH = 26 };

/* The time s differs from the last one by its seconds at most: by how many. */
static bool differs_in_seconds(const LogColumns *c, Str s, int64_t *by)
{
    const char *last = c->time_text;
    if (!c->is_usual_time || s.n != USUAL_LENGTH || memcmp(last, s.p, SECONDS_AT) != 0) return false;
    if (memcmp(last + SECONDS_END, s.p + SECONDS_END, USUAL_LENGTH - SECONDS_END) != 0) return false;
    uint32_t was = two_digits(last + SECONDS_AT), is = two_digits(s.p + SECONDS_AT);
    *by = (int64_t)is - (int64_t)was;
    return last[SECONDS_AT - 1] == ':' && last[SECONDS_END] == ' ' && was < 60 && is < 60;
}

static void put_time(LogColumns *c, int col, Str s, RowBuilder *out)
{
    int64_t us, by = 0;
    bool is_near = c->time_n == s.n && c->time_col == col && s.n > 0 &&
                   (differs_in_seconds(c, s, &by) || !memcmp(c->time_text, s.p, (size_t)s.n));
    if (is_near) {
        COL(int64_t, &out->cols[col])[out->rows] = c->time_us + by * US_PER_SECOND;
        return;
    }
    if (s.n > (ptrdiff_t)sizeof c->time_text || !field_time(out->cols[col].type, s, &c->fields, &us)) {
        field_decode(out, col, s.p, s.n, &c->fields);
        return;
    }
    memcpy(c->time_text, s.p, (size_t)s.n);
    c->time_n = (int32_t)s.n;
    c->time_col = col;
    c->time_us = us;
    COL(int64_t, &out->cols[col])[out->rows] = us;
}

void log_columns_put(LogColumns *c, const Str *pieces, RowBuilder *out)
{
    for (int i = 0; i < c->n; i++) {
        Str s = pieces[c->pieces[i]];
        Column *col = &out->cols[c->cols[i]];
        int64_t v;
        if (!s.p || str_eq(s, c->fields.null_text))
            field_null(out, c->cols[i]);
        else if (col->type.kind == TYPE_TEXT)
            COL(Text, col)[out->rows] = text_ref(s.p, s.n);
        else if (col->type.kind == TYPE_BIGINT && col->type.int_bits == 64 && s.n <= 16 && str_to_int64(s, &v))
            COL(int64_t, col)[out->rows] = v;
        else if (col->type.kind == TYPE_TIMESTAMP)
            put_time(c, c->cols[i], s, out);
        else
            field_decode(out, c->cols[i], s.p, s.n, &c->fields);
    }
}

Status log_columns_infer(const LogPiece *pieces, int npieces, Inference *inf)
{
    for (int i = 0; i < npieces; i++) {
        if (pieces[i].is_extra) continue;
        if (pieces[i].is_time) inf->time_col = (int32_t)inf->cols.len;
        vec_push(&inf->cols, inf->arena, (ColumnDef){.name = str_z(pieces[i].name), .type = pieces[i].type});
    }
    return WEIR_OK;
}

static void decode_line(LogColumns *c, LogReader read, void *state, Str line, uint64_t offset, RowBuilder *out)
{
    Str pieces[LOG_PIECES_MAX];
    if (!utf8_is_valid(line)) {
        record_error(out, offset, line, line.n, "not valid UTF-8");
        return;
    }
    const char *why = read(state, line, pieces, out->arena);
    if (why) {
        record_error(out, offset, line, line.n, "%s", why);
        return;
    }
    log_columns_put(c, pieces, out);
    builder_end_row(out, offset, 0);
}

ptrdiff_t log_decode(Decoder *dec, LogColumns *c, LogReader read, void *state, const char *buf,
                     ptrdiff_t n, bool at_end, uint64_t base, RowBuilder *out)
{
    LineInput in = {.buf = buf, .at = buf, .end = buf + n, .at_end = at_end, .base = base, .dec = dec,
                    .out = out};
    Str line;
    lines_skip_mark(&in);
    while (!builder_is_full(out) && lines_next(&c->lines, &in, &line))
        if (line.n > 0) decode_line(c, read, state, line, line_offset(&in, line.p), out);
    return in.at - buf;
}
