/* json_shape_tmpl.h: the loop over lines that fit a shape, compiled once per instruction set.
 *
 * The including file defines SHAPE_DECODE (the function's name), LITERAL_EQUAL(p, literal, n),
 * FIRST_SPECIAL(p): the first byte from p on that is a quote, a backslash, below 0x20 or above
 * 0x7f, SPECIALS(p, &high): a bit for each of the 64 bytes at p that is a quote, a backslash or
 * below 0x20, and whether any is above 0x7f, and PUT_POSITIONS(to, base, bits), which writes base + the place of each bit and may write up to 64
 * places. Every line ends with a newline inside the buffer, which is special and part of no literal,
 * so nothing runs past it by more than one load of at most 64 bytes. */

/* ---- strings ----------------------------------------------------------------------------------- */

/* The inside of the string that begins at p (behind the quote); its end, or NULL: not a string.
 * *kind tells whether it has escapes. */
static inline const char *read_string(const char *p, const char *end, JsonKind *kind)
{
    const char *q = FIRST_SPECIAL(p);
    *kind = JSON_STRING;
    if (__builtin_expect(*q == '"', 1)) return q;
    bool has_escape;
    const char *why;
    if ((unsigned char)*q < 0x20) return NULL;
    q = json_string_end(q, end, &has_escape, &why);
    if (has_escape) *kind = JSON_ESCAPED;
    return q;
}

/* ---- one line ---------------------------------------------------------------------------------- */

static inline const char *pend(ShapeSet *s, int32_t part, const char *p, ptrdiff_t n, JsonKind kind,
                               const char *next)
{
    s->pending[s->npending].part = part;
    s->pending[s->npending++].span = (JsonSpan){p, n, kind};
    return next;
}

/* A value whose column has no quick way, or that the quick way does not take. */
static inline const char *any_value(ShapeSet *s, int32_t part, const char *p, const char *end)
{
    if (*p == '"') {
        JsonKind kind;
        const char *q = read_string(p + 1, end, &kind);
        return q ? pend(s, part, p + 1, q - p - 1, kind, q + 1) : NULL;
    }
    const char *q = skip_word(p);
    return q > p ? pend(s, part, p, q - p, JSON_WORD, q) : NULL;
}

static inline const char *skip_value(const char *p, const char *end)
{
    if (*p == '"') {
        JsonKind kind;
        const char *q = read_string(p + 1, end, &kind);
        return q ? q + 1 : NULL;
    }
    const char *q = skip_word(p);
    return q > p ? q : NULL;
}

static inline const char *int_value(ShapeSet *s, int32_t i, const Part *part, const char *p,
                                    const char *end, RowBuilder *out)
{
    int64_t v;
    const char *q = quick_integer(p, &v);
    if (__builtin_expect(!q || is_word_byte(*q), 0)) return any_value(s, i, p, end);
    COL(int64_t, &out->cols[part->col])[out->rows] = v;
    return q;
}

static inline const char *epoch_value(ShapeSet *s, int32_t i, const Part *part, const char *p,
                                      const char *end, RowBuilder *out)
{
    int64_t v, us;
    const char *q = quick_integer(p, &v);
    if (!q || is_word_byte(*q) || !quick_epoch(v, part->unit_us, &us)) return any_value(s, i, p, end);
    COL(int64_t, &out->cols[part->col])[out->rows] = us;
    return q;
}

static inline const char *text_value(ShapeSet *s, int32_t i, const Part *part, const char *p,
                                     const char *end, RowBuilder *out)
{
    if (*p != '"') return any_value(s, i, p, end);
    JsonKind kind;
    const char *q = read_string(p + 1, end, &kind);
    if (!q) return NULL;
    if (kind == JSON_ESCAPED) return pend(s, i, p + 1, q - p - 1, kind, q + 1);
    put_text(&COL(Text, &out->cols[part->col])[out->rows], p + 1, (uint32_t)(q - p - 1));
    return q + 1;
}

static inline const char *time_value(ShapeSet *s, int32_t i, const Part *part, const char *p,
                                     const char *end, RowBuilder *out)
{
    if (*p != '"') return any_value(s, i, p, end);
    JsonKind kind;
    const char *q = read_string(p + 1, end, &kind);
    if (!q) return NULL;
    int64_t us;
    if (kind == JSON_ESCAPED || !quick_time(&s->time_cache, p + 1, q - p - 1, part->precision, &us))
        return pend(s, i, p + 1, q - p - 1, kind, q + 1);
    COL(int64_t, &out->cols[part->col])[out->rows] = us;
    return q + 1;
}

static inline const char *double_value(ShapeSet *s, int32_t i, const Part *part, const char *p,
                                       const char *end, RowBuilder *out)
{
    double v;
    const char *q = quick_double(p, &v);
    if (!q) return any_value(s, i, p, end);
    COL(double, &out->cols[part->col])[out->rows] = v;
    return q;
}

static inline const char *bool_value(ShapeSet *s, int32_t i, const Part *part, const char *p,
                                     const char *end, RowBuilder *out)
{
    bool is_true = memcmp(p, "true", 4) == 0;
    if ((!is_true && memcmp(p, "false", 5) != 0) || is_word_byte(p[is_true ? 4 : 5]))
        return any_value(s, i, p, end);
    COL(uint8_t, &out->cols[part->col])[out->rows] = is_true;
    return p + (is_true ? 4 : 5);
}

/* The line at p by the shape: behind its newline, or NULL: it is built otherwise. */
static inline const char *read_line(ShapeSet *s, const Shape *sh, const char *p, const char *end,
                                    RowBuilder *out)
{
    s->npending = 0;
    for (int32_t i = 0;; i++) {
        const Part *part = &sh->parts[i];
        if (!LITERAL_EQUAL(p, part->literal, part->n)) return NULL;
        s->starts[i] = p;
        p += part->n;
        switch ((PartOp)part->op) {
        case PART_SKIP: p = skip_value(p, end); break;
        case PART_INT: p = int_value(s, i, part, p, end, out); break;
        case PART_TEXT: p = text_value(s, i, part, p, end, out); break;
        case PART_TIME: p = time_value(s, i, part, p, end, out); break;
        case PART_EPOCH: p = epoch_value(s, i, part, p, end, out); break;
        case PART_DOUBLE: p = double_value(s, i, part, p, end, out); break;
        case PART_BOOL: p = bool_value(s, i, part, p, end, out); break;
        case PART_FIELD: p = any_value(s, i, p, end); break;
        case PART_END:
            p += *p == '\r';
            return *p == '\n' ? p + 1 : NULL;
        }
        if (!p) return NULL;
    }
}

static __attribute__((noinline)) const char *read_other(ShapeSet *s, const char *p, const char *end,
                                                        RowBuilder *out)
{
    for (int32_t i = 0; i < s->nshapes; i++) {
        if (i == s->current) continue;
        const char *next = read_line(s, s->shapes[i], p, end, out);
        if (!next) continue;
        s->current = i;
        return next;
    }
    return NULL;
}

/* ---- by the index ------------------------------------------------------------------------------ */

/* In a usual line the special bytes (bytes that are not ASCII apart) are its quotes and its newline. So one pass over a piece of
 * the input finds where everything is, and the parts of a line are read without one waiting for
 * another; that the quotes are those of the shape is known once all literals have been compared. */

/* Of the less than 64 bytes from p to end: what lies behind is anything. */
static uint64_t specials_of_rest(const char *p, const char *end, bool *high)
{
    char rest[64];
    memset(rest, ' ', sizeof rest);
    memcpy(rest, p, (size_t)(end - p));
    return SPECIALS(rest, high);
}

static inline void make_index(ShapeSet *s, const char *p, const char *end)
{
    const char *stop = end - p > INDEX_BYTES ? p + INDEX_BYTES : end;
    uint16_t *to = s->index;
    s->index_from = p;
    s->index_has_high = false;
    for (const char *block = p; block < stop; block += 64) {
        bool high;
        uint64_t bits = stop - block < 64 ? specials_of_rest(block, stop, &high) : SPECIALS(block, &high);
        s->index_high[(block - p) >> 6] = high;
        s->index_has_high |= high;
        PUT_POSITIONS(to, (uint32_t)(block - p), bits);
        to += __builtin_popcountll(bits);
    }
    s->index_n = (int32_t)(to - s->index);
    s->index_end = stop;
    s->index_at = s->index_lines = s->index_hits = 0;
}

/* The line's bytes are ASCII or valid UTF-8. */
static inline bool line_is_valid(const ShapeSet *s, const char *p, const char *end)
{
    if (!s->index_has_high) return true;
    ptrdiff_t last = (end - 1 - s->index_from) >> 6;
    for (ptrdiff_t block = (p - s->index_from) >> 6; block <= last; block++)
        if (s->index_high[block]) return utf8_is_valid(str_of(p, end - p));
    return true;
}

static inline bool word_is_plain(const char *p, const char *end)
{
    return p < end && skip_word(p) == end;
}

/* A value that begins at p; a string ends at `end`, a word must. False: not in the quick way. */
static inline bool indexed_value(ShapeSet *s, const Part *part, const char *p, const char *end, RowBuilder *out)
{
    int64_t v = 0, us;
    double real = 0;
    Column *col = &out->cols[part->col];
    switch ((PartOp)part->op) {
    case PART_SKIP: return part->is_string || word_is_plain(p, end);
    case PART_INT:
        if (part->is_string || quick_integer(p, &v) != end) return false;
        COL(int64_t, col)[out->rows] = v;
        return true;
    case PART_TEXT:
        if (!part->is_string) return false;
        put_text(&COL(Text, col)[out->rows], p, (uint32_t)(end - p));
        return true;
    case PART_TIME:
        if (!part->is_string || !quick_time(&s->time_cache, p, end - p, part->precision, &us)) return false;
        COL(int64_t, col)[out->rows] = us;
        return true;
    case PART_EPOCH:
        if (part->is_string || quick_integer(p, &v) != end || !quick_epoch(v, part->unit_us, &us)) return false;
        COL(int64_t, col)[out->rows] = us;
        return true;
    case PART_DOUBLE:
        if (part->is_string || quick_double(p, &real) != end) return false;
        COL(double, col)[out->rows] = real;
        return true;
    case PART_BOOL:
        if (part->is_string || (end - p != 4 && end - p != 5)) return false;
        if (memcmp(p, end - p == 4 ? "true" : "false", (size_t)(end - p)) != 0) return false;
        COL(uint8_t, col)[out->rows] = end - p == 4;
        return true;
    case PART_FIELD: {
        JsonKind kind = part->is_string ? JSON_STRING : JSON_WORD;
        if (!part->is_string && !word_is_plain(p, end)) return false;
        pend(s, (int32_t)(part - s->shapes[s->current]->parts), p, end - p, kind, NULL);
        return true;
    }
    case PART_END: break;
    }
    return true;
}

/* The line at p, whose special bytes begin at `at` (offsets from `base`): behind its newline, or
 * NULL. */
static inline const char *read_indexed(ShapeSet *s, const Shape *sh, const char *base, const uint16_t *at,
                                       const char *p, RowBuilder *out)
{
    const Part *parts = sh->parts;
    const char *start = p;
    bool fits = true;
    s->npending = 0;
    for (int32_t i = 0;; i++) {
        const Part *part = &parts[i];
        fits &= LITERAL_EQUAL(start, part->check, part->check_n);
        s->starts[i] = start + (i > 0 && parts[i - 1].is_string);
        if (part->op == PART_END) {
            if (!fits) return NULL; /* the check may be longer than what is left */
            start += part->check_n;
            start += *start == '\r';
            return *start == '\n' ? start + 1 : NULL;
        }
        const Part *next = part + 1;
        const char *value = start + part->check_n;
        start = base + at[next->ord] - next->back;
        if (!fits || start < value || !indexed_value(s, part, value, start, out)) return NULL;
    }
}

/* The next line by the index, if it is in there and built as it should. */
static inline const char *try_index(ShapeSet *s, const char *p, const char *end, RowBuilder *out)
{
    const Shape *sh = s->shapes[s->current];
    if (!sh->is_indexable) return NULL;
    if (s->index_rest > 0) {
        s->index_rest--;
        return NULL;
    }
    if (p >= s->index_end || s->index_at + sh->nspecials > s->index_n) {
        if (s->index_end && s->index_lines > 32 && s->index_hits * 4 < s->index_lines) {
            s->index_rest = 4096;
            s->index_end = NULL;
            return NULL;
        }
        if (p == s->index_from && s->index_end) return NULL; /* a line longer than the index */
        make_index(s, p, end);
        if (sh->nspecials > s->index_n) return NULL;
    }
    s->index_lines++;
    const char *next = read_indexed(s, sh, s->index_from, s->index + s->index_at, p, out);
    if (!next || !line_is_valid(s, p, next)) return NULL;
    s->index_hits++;
    s->index_at += sh->nspecials + (next[-2] == '\r');
    return next;
}

/* After a line that was read otherwise: its special bytes are behind us. */
static inline void index_catch_up(ShapeSet *s, const char *p)
{
    if (p >= s->index_end) return;
    while (s->index_at < s->index_n && s->index_from + s->index[s->index_at] < p) s->index_at++;
}

const char *SHAPE_DECODE(ShapeSet *s, const char *p, const char *end, uint64_t offset, RowBuilder *out)
{
    const char *from = p;
    if (s->index_end) index_catch_up(s, p);
    while (p < end && out->rows < out->cap) {
        const char *next = try_index(s, p, end, out);
        if (!next) {
            next = read_line(s, s->shapes[s->current], p, end, out);
            if (!next) next = read_other(s, p, end, out);
            if (!next) break;
            if (s->index_end) index_catch_up(s, next);
        }
        if (next - p > s->limit) break;
        Shape *sh = s->shapes[s->current];
        sh->hits++;
        if (s->npending || sh->nmissing || sh->ncontainers) shape_finish_line(s, sh, out);
        builder_end_row(out, offset + (uint64_t)(p - from), 0);
        p = next;
    }
    return p;
}
