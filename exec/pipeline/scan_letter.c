/* scan_letter.c: what dead letters say of a row: where it stood, and its record. */
#include "base/utf8.h"
#include "exec/pipeline/scan_impl.h"

enum { RAW_MAX = 4096 };

Str scan_partition_name(const Scan *s)
{
    return s->current_part ? s->current_part->name : S("");
}

int64_t scan_batch_number(const Scan *s) { return s->batch_number; }

/* The first row of a batch at an offset, -1: none. Offsets ascend. */
static int row_at(const Batch *b, uint64_t offset)
{
    int lo = 0, hi = b->rows;
    while (lo < hi) {
        int mid = (lo + hi) / 2;
        if (b->offset[mid] < offset) lo = mid + 1;
        else hi = mid;
    }
    return lo < b->rows && b->offset[lo] == offset ? lo : -1;
}

int scan_row_of(const Scan *s, const Batch *b, int row)
{
    const Batch *mine = s->current ? &s->current->batch : NULL;
    if (!mine || !mine->offset || !b->offset) return -1;
    if (b->offset == mine->offset) return row;
    return mine->ordinal ? -1 : row_at(mine, b->offset[row]);
}

int scan_record_row(const Scan *s, const Batch *b, int row)
{
    const Batch *mine = s->current ? &s->current->batch : NULL;
    if (!mine || !mine->offset || !b->offset) return -1;
    return b->offset == mine->offset ? row : row_at(mine, b->offset[row]);
}

bool scan_value(const Scan *s, int col, int row, Value *out)
{
    const Column *c = s->cols ? &s->cols[col] : NULL;
    if (!c || !c->data) return false;
    *out = column_value(c, row);
    out->is_null |= col_is_err(c, row);
    return true;
}

static void render_text(StrBuf *b, Str s)
{
    sb_char(b, '"');
    for (ptrdiff_t i = 0; i < s.n && b->n < RAW_MAX; i++) {
        unsigned char c = (unsigned char)s.p[i];
        if (c == '"' || c == '\\') sb_printf(b, "\\%c", c);
        else if (c < 0x20) sb_printf(b, "\\u%04x", c);
        else sb_char(b, (char)c);
    }
    sb_char(b, '"');
}

static void render_value(StrBuf *b, const Column *c, int row)
{
    Value v = column_value(c, row);
    StrBuf t = {.arena = b->arena};
    if (v.is_null) {
        sb_lit(b, "null");
    } else if (type_is_text(v.type.kind)) {
        render_text(b, v.s);
    } else {
        value_print(&t, &v);
        if (type_is_number(v.type.kind) || v.type.kind == TYPE_BOOLEAN) sb_str(b, sb_done(&t));
        else render_text(b, sb_done(&t));
    }
}

static Str render_row(const Scan *s, int row, Arena *a)
{
    const Relation *r = s->spec.rel;
    StrBuf b = {.arena = a};
    sb_char(&b, '{');
    for (int i = 0; i < r->ncols && b.n < RAW_MAX; i++) {
        const Column *c = &s->cols[i];
        if (!c->data || r->cols[i].kind != COL_PHYSICAL || col_is_err(c, row)) continue;
        if (b.n > 1) sb_char(&b, ',');
        render_text(&b, r->cols[i].name);
        sb_char(&b, ':');
        render_value(&b, c, row);
    }
    sb_char(&b, '}');
    return sb_done(&b);
}

/* ---- records ---------------------------------------------------------------------------------- */

/* Where the record after that of a row begins, or the end of what was read. */
static uint64_t next_record(const SourceBatch *sb, int row)
{
    const Batch *b = &sb->batch;
    uint64_t at = b->offset[row], next = sb->raw_at + (uint64_t)sb->raw.n;
    while (row < b->rows && b->offset[row] == at) row++;
    if (row < b->rows && b->offset[row] < next) next = b->offset[row];
    for (int i = 0; i < sb->nerrors; i++)
        if (sb->errors[i].offset > at && sb->errors[i].offset < next) next = sb->errors[i].offset;
    return next;
}

static bool is_blank(Str s)
{
    return str_trim(s).n == 0;
}

/* Without the line end, and the blank lines and comments that follow the record. */
static Str record_trim(Str s, Str comment)
{
    while (s.n > 0) {
        const char *newline = memrchr(s.p, '\n', (size_t)s.n);
        ptrdiff_t at = newline ? newline - s.p + 1 : 0;
        Str line = str_of(s.p + at, s.n - at);
        bool is_comment = at > 0 && comment.n && str_starts(line, comment);
        if (newline && (is_blank(line) || is_comment))
            s.n = at - 1;
        else
            break;
    }
    if (s.n > 0 && s.p[s.n - 1] == '\r') s.n--;
    return s;
}

static bool record_of(const Scan *s, int row, Str *out)
{
    const SourceBatch *sb = s->current;
    if (!sb || !sb->raw.p || !sb->batch.offset || sb->batch.offset[row] < sb->raw_at) return false;
    uint64_t from = sb->batch.offset[row] - sb->raw_at, to = next_record(sb, row) - sb->raw_at;
    if (from > to || to > (uint64_t)sb->raw.n) return false;
    Str comment = options_text(&s->spec.rel->options, "comment", "");
    *out = record_trim(str_of(sb->raw.p + from, (ptrdiff_t)(to - from)), comment);
    return true;
}

Str scan_raw(const Scan *s, int row, Arena *a, int64_t *bytes)
{
    Str record = S("");
    if (s->cols && row >= 0 && !record_of(s, row, &record)) record = render_row(s, row, a);
    *bytes = record.n;
    return str_of(record.p, utf8_cut(record, RAW_MAX));
}
