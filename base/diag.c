/* diag.c: collecting errors and showing them under their place in the source. */
#include "base/diag.h"

typedef struct StatusName {
    Status code;
    const char *name;
} StatusName;

#define NAME(s) {s, #s}
static const StatusName STATUS_NAMES[] = {
    NAME(WEIR_OK),          NAME(WEIR_ROW),          NAME(WEIR_DONE),      NAME(WEIR_IDLE),
    NAME(WEIR_E_SYNTAX),    NAME(WEIR_E_NAME),       NAME(WEIR_E_TYPE),    NAME(WEIR_E_VALUE),
    NAME(WEIR_E_UNSUPPORTED), NAME(WEIR_E_EMIT),     NAME(WEIR_E_RETRACT), NAME(WEIR_E_WINDOW),
    NAME(WEIR_E_GROUP),     NAME(WEIR_E_OPTION),     NAME(WEIR_E_EXISTS),  NAME(WEIR_E_NOT_FOUND),
    NAME(WEIR_E_DEPENDS),   NAME(WEIR_E_LIMIT),      NAME(WEIR_E_NOMEM),   NAME(WEIR_E_IO),
    NAME(WEIR_E_STORAGE),   NAME(WEIR_E_LOCKED),     NAME(WEIR_E_CORRUPT), NAME(WEIR_E_FORMAT),
    NAME(WEIR_E_DATA),      NAME(WEIR_E_ENDED),      NAME(WEIR_E_MISUSE),  NAME(WEIR_E_INTERRUPTED),
    NAME(WEIR_E_FAULTED),   NAME(WEIR_E_READONLY),   NAME(WEIR_E_INTERNAL),
        NAME(WEIR_E_GONE)};

const char *status_name(Status s)
{
    for (size_t i = 0; i < sizeof STATUS_NAMES / sizeof *STATUS_NAMES; i++)
        if (STATUS_NAMES[i].code == s) return STATUS_NAMES[i].name;
    return "WEIR_E_INTERNAL";
}

static bool span_is_empty(Span s)
{
    return s.len == 0 && s.line == 0;
}

Span span_join(Span a, Span b)
{
    if (span_is_empty(a)) return b;
    if (span_is_empty(b)) return a;
    Span first = a.off <= b.off ? a : b;
    int32_t end_a = a.off + a.len, end_b = b.off + b.len;
    first.len = (end_a > end_b ? end_a : end_b) - first.off;
    return first;
}

Status diag_error(Diags *d, Status code, Span at, const char *fmt, ...)
{
    if (!d) return code;
    StrBuf b = {.arena = d->arena};
    va_list ap;
    va_start(ap, fmt);
    sb_vprintf(&b, fmt, ap);
    va_end(ap);
    Diag e = {.code = code, .span = at, .message = sb_done(&b)};
    vec_push(&d->list, d->arena, e);
    return code;
}

void diag_hint(Diags *d, const char *fmt, ...)
{
    if (!d || d->list.len == 0) return;
    StrBuf b = {.arena = d->arena};
    va_list ap;
    va_start(ap, fmt);
    sb_vprintf(&b, fmt, ap);
    va_end(ap);
    d->list.data[d->list.len - 1].hint = sb_done(&b);
}

Status diag_status(const Diags *d)
{
    return d->list.len ? d->list.data[0].code : WEIR_OK;
}

/* The line of `text` that holds the byte `off`, without its end. */
static Str line_at(Str text, ptrdiff_t off, ptrdiff_t *start)
{
    ptrdiff_t from = off, to = off;
    while (from > 0 && text.p[from - 1] != '\n') from--;
    while (to < text.n && text.p[to] != '\n' && text.p[to] != '\r') to++;
    *start = from;
    return str_of(text.p + from, to - from);
}

static bool is_continuation(char c)
{
    return ((unsigned char)c & 0xC0) == 0x80;
}

/* The source line, and carets under the span: one a character, tabs kept so that they line up. */
static void render_source(StrBuf *b, Str text, Span at)
{
    ptrdiff_t off = at.off < text.n ? at.off : text.n;
    ptrdiff_t start;
    Str line = line_at(text, off, &start);
    sb_lit(b, "\n  ");
    sb_str(b, line);
    sb_lit(b, "\n  ");
    for (ptrdiff_t i = 0; i < off - start; i++)
        if (!is_continuation(text.p[start + i])) sb_char(b, text.p[start + i] == '\t' ? '\t' : ' ');
    sb_char(b, '^');
    ptrdiff_t end = off + at.len < start + line.n ? off + at.len : start + line.n;
    for (ptrdiff_t i = off + 1; i < end; i++)
        if (!is_continuation(text.p[i])) sb_char(b, '^');
}

Str diag_render(const Diags *d, const Diag *e, Arena *a)
{
    StrBuf b = {.arena = a};
    bool has_place = e->span.line > 0;
    if (d->file.n) {
        sb_str(&b, d->file);
        sb_char(&b, ':');
    }
    if (has_place) sb_printf(&b, "%d:%d:", e->span.line, e->span.col);
    if (b.n) sb_char(&b, ' ');
    sb_printf(&b, "%s: ", status_name(e->code));
    sb_str(&b, e->message);
    if (has_place && d->text.n && e->span.off >= 0) render_source(&b, d->text, e->span);
    if (e->hint.n) {
        sb_lit(&b, "\n  hint: ");
        sb_str(&b, e->hint);
    }
    return sb_done(&b);
}

Str diag_nearest(Str name, const Str *candidates, ptrdiff_t n)
{
    Str best = {0};
    int best_distance = name.n <= 3 ? 2 : 3; /* one edit for very short names, else two */
    for (ptrdiff_t i = 0; i < n; i++) {
        int distance = str_edit_distance(name, candidates[i], 2);
        if (distance < best_distance) {
            best_distance = distance;
            best = candidates[i];
        }
    }
    return best;
}
