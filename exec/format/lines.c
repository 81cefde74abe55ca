/* lines.c: finding line ends, and getting past lines that are too long (see lines.h). */
#include "exec/format/lines.h"

#include <assert.h>

void lines_init(Lines *l, const Relation *rel)
{
    *l = (Lines){.limit = options_int(&rel->options, "line_limit", LINE_LIMIT_DEFAULT)};
}

void lines_reset(Lines *l, Decoder *dec)
{
    l->is_skipping = false;
    dec->held = 0;
}

void lines_skip_mark(LineInput *in)
{
    if (in->base + (uint64_t)(in->at - in->buf) != 0) return;
    if (in->end - in->at >= 3 && memcmp(in->at, "\xef\xbb\xbf", 3) == 0) in->at += 3;
}

bool line_is_blank(Str line)
{
    for (ptrdiff_t i = 0; i < line.n; i++)
        if (line.p[i] != ' ' && line.p[i] != '\t' && line.p[i] != '\r') return false;
    return true;
}

static void too_long(Lines *l, LineInput *in, uint64_t offset, Str head, int64_t bytes)
{
    record_error(in->out, offset, head, bytes, "record of %lld bytes is longer than line_limit (%lld)",
                 (long long)bytes, (long long)l->limit);
}

static void skip_begin(Lines *l, LineInput *in)
{
    ptrdiff_t n = in->end - in->at;
    l->is_skipping = true;
    l->skip_offset = line_offset(in, in->at);
    l->skip_bytes = n;
    memcpy(l->head, in->at, FIELD_RAW_MAX < n ? FIELD_RAW_MAX : (size_t)n);
    in->at = in->end;
    in->dec->held = l->skip_bytes;
}

/* Goes on skipping. False: the line's end is not there yet. */
static bool skip_on(Lines *l, LineInput *in)
{
    ptrdiff_t n = in->end - in->at;
    const char *newline = n ? memchr(in->at, '\n', (size_t)n) : NULL;
    l->skip_bytes += newline ? newline - in->at : n;
    in->at = newline ? newline + 1 : in->end;
    in->dec->held = l->skip_bytes;
    if (!newline && !in->at_end) return false;
    int64_t kept = l->skip_bytes < FIELD_RAW_MAX ? l->skip_bytes : FIELD_RAW_MAX;
    too_long(l, in, l->skip_offset, str_of(l->head, kept), l->skip_bytes);
    lines_reset(l, in->dec);
    return true;
}

bool lines_next(Lines *l, LineInput *in, Str *line)
{
    if (l->is_skipping && !skip_on(l, in)) return false;
    while (in->at < in->end && in->out->errors.len < in->out->cap) {
        ptrdiff_t n = in->end - in->at;
        const char *newline = memchr(in->at, '\n', (size_t)n);
        if (!newline && !in->at_end) {
            if (n > l->limit) skip_begin(l, in);
            return false;
        }
        const char *stop = newline ? newline : in->end;
        *line = str_of(in->at, stop - in->at);
        in->at = newline ? newline + 1 : in->end;
        if (line->n > l->limit) {
            too_long(l, in, line_offset(in, line->p), *line, line->n);
            continue;
        }
        if (line->n && line->p[line->n - 1] == '\r') line->n--;
        return true;
    }
    return false;
}
