/* lines.h: cutting a buffer into lines, for the formats whose record is a line.
 *
 * LF and CRLF end a line; a byte order mark counts only at offset 0; a line longer than the limit
 * is one bad record, skipped without keeping more than its first bytes. */
#ifndef WEIR_EXEC_LINES_H
#define WEIR_EXEC_LINES_H

#include "exec/format/field.h"

enum { LINE_LIMIT_DEFAULT = 1 << 20 };

/* Kept from call to call. */
typedef struct Lines {
    int64_t limit;
    bool is_skipping;      /* inside a line that is too long */
    uint64_t skip_offset;
    int64_t skip_bytes;    /* of it so far */
    char head[FIELD_RAW_MAX];
} Lines;

/* One call of decode. */
typedef struct LineInput {
    const char *buf, *at, *end;
    bool at_end;
    uint64_t base;         /* offset of buf */
    Decoder *dec;          /* its `held` is kept up */
    RowBuilder *out;       /* gets the errors of lines that are too long */
} LineInput;

void lines_init(Lines *l, const Relation *rel);
void lines_reset(Lines *l, Decoder *dec);
/* Steps over a byte order mark at the very start. */
void lines_skip_mark(LineInput *in);
/* The next whole line, without its end; in->at moves behind it. False: none is left. */
bool lines_next(Lines *l, LineInput *in, Str *line);
static inline uint64_t line_offset(const LineInput *in, const char *p) { return in->base + (uint64_t)(p - in->buf); }
bool line_is_blank(Str line); /* nothing but white space */

/* The option of every line format. */
#define LINE_OPTIONS \
    {"line_limit", OPT_INT, .fallback = "1048576", .min = 16, .max = 1 << 28, \
     .doc = "bytes after which a record is too long to be read"}
#define TIME_OPTIONS \
    {"timestamp_format", OPT_TEXT, .fallback = "iso", \
     .doc = "how times are written: iso, epoch_s, epoch_ms, epoch_us or a strptime pattern"}

#endif
