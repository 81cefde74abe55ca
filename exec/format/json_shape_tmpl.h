/* json_shape_tmpl.h: the loop over lines that fit a shape, compiled once per instruction set.
 *
 * The including file defines SHAPE_DECODE (the function's name), LITERAL_EQUAL(p, literal, n),
 * EQUAL_RUN(base, at, stride, lines, literal, n): how many first ones of base + at[i * stride] equal
 * the literal, FIRST_SPECIAL(p): the first byte from p on that is a quote, a backslash, below 0x20 or
 * above 0x7f, SPECIALS(p, &high): a bit for each of the 64 bytes at p that is a quote, a backslash or
 * below 0x20 (high: not 0 from then on if any is above 0x7f), and PUT_POSITIONS(to, base, bits), which
 * writes base + the place of each bit and may write up to 64 places. Every line ends with a newline inside the buffer, which is special and part of no literal,
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

/* In a usual line the special bytes (bytes that are not ASCII apart) are its quotes and its newline.
 * So one pass over a piece of the input finds where everything is, and lines of one shape are read
 * many at a time, part by part: each loop does one thing, and no value waits for another. */

/* Of the less than 64 bytes from p to end: what lies behind is anything. */
static uint64_t specials_of_rest(const char *p, const char *end, uint64_t *high)
{
    char rest[64];
    memset(rest, ' ', sizeof rest);
    memcpy(rest, p, (size_t)(end - p));
    return SPECIALS(rest, high);
}

/* Which blocks have bytes that are not ASCII. */
static __attribute__((noinline)) void index_high(ShapeSet *s, const char *p, const char *stop)
{
    for (const char *block = p; block < stop; block += 64) {
        uint64_t high = 0;
        (void)(stop - block < 64 ? specials_of_rest(block, stop, &high) : SPECIALS(block, &high));
        s->index_high[(block - p) >> 6] = high != 0;
    }
}

static inline void make_index(ShapeSet *s, const char *p, const char *end)
{
    const char *stop = end - p > INDEX_BYTES ? p + INDEX_BYTES : end, *block = p;
    uint16_t *to = s->index;
    uint64_t high = 0;
    *to++ = 0;
    for (; stop - block >= 64; block += 64) {
        uint64_t bits = SPECIALS(block, &high);
        PUT_POSITIONS(to, (uint32_t)(block - p) + 1, bits);
        to += __builtin_popcountll(bits);
    }
    if (block < stop) {
        uint64_t bits = specials_of_rest(block, stop, &high);
        PUT_POSITIONS(to, (uint32_t)(block - p) + 1, bits);
        to += __builtin_popcountll(bits);
    }
    s->index_has_high = high != 0;
    if (high) index_high(s, p, stop);
    s->index_from = p;
    s->index_n = (int32_t)(to - s->index);
    s->index_end = stop;
    s->index_at = 1;
    s->index_lines = s->index_hits = 0;
}

/* The line's bytes are ASCII or valid UTF-8. */
static inline bool line_is_valid(const ShapeSet *s, const char *p, const char *end)
{
    ptrdiff_t last = (end - 1 - s->index_from) >> 6;
    for (ptrdiff_t block = (p - s->index_from) >> 6; block <= last; block++)
        if (s->index_high[block]) return utf8_is_valid(str_of(p, end - p));
    return true;
}

static inline bool word_is_plain(const char *p, const char *end)
{
    return p < end && skip_word(p) == end;
}

/* Lines of one shape in the index, n of them: those behind the first that does not fit are left out. */
typedef struct Run {
    ShapeSet *s;
    const Shape *sh;
    RowBuilder *out;
    const char *base;       /* index_from */
    const uint16_t *at;     /* of the first line's first special byte */
    int32_t stride;         /* special bytes of a line */
    int32_t n;
} Run;

/* Where the line's `check` of a part begins. */
static inline const char *run_check(const Run *r, const Part *part, int32_t line)
{
    return r->base + ((ptrdiff_t)r->at[line * r->stride + part->ord] - part->back);
}

static inline const char *run_value(const Run *r, const Part *part, int32_t line)
{
    return run_check(r, part, line) + part->check_n;
}

static inline const char *run_line_end(const Run *r, int32_t line)
{
    return r->base + (ptrdiff_t)r->at[line * r->stride + r->sh->nspecials - 1] - 1;
}

static inline const char *run_next_line(const Run *r, int32_t line)
{
    return r->base + (ptrdiff_t)r->at[(line + 1) * r->stride - 1];
}

/* As many lines as have their ends where they are to be; none if something of the first one would have
 * to stand before it. */
static inline void run_find_ends(Run *r)
{
    const Shape *sh = r->sh;
    bool has_return = r->stride > sh->nspecials;
    const char *from = run_check(r, sh->parts, 0), *first_end = run_line_end(r, 0);
    if (*first_end != '\n' && *first_end != '\r') r->n = 0;
    for (int32_t i = 0; i < sh->nparts && r->n > 0; i++)
        if (run_check(r, &sh->parts[i], 0) < from) r->n = 0;
    for (int32_t i = 0; i < r->n; i++) {
        const char *end = run_line_end(r, i);
        if (*end == '\n' ? has_return : !has_return || *end != '\r' || end[1] != '\n') r->n = i;
    }
}

/* What stands between the values. */
static inline void run_compare(Run *r, const Part *part)
{
    r->n = EQUAL_RUN(r->base - part->back, r->at + part->ord, r->stride, r->n, part->check, part->check_n);
}

static inline void run_compare_end(Run *r, const Part *part)
{
    run_compare(r, part);
    for (int32_t i = 0; i < r->n; i++)
        if (run_value(r, part, i) != run_line_end(r, i)) r->n = i;
}

static inline void run_validate(Run *r)
{
    for (int32_t i = 0; i < r->n; i++)
        if (!line_is_valid(r->s, run_check(r, r->sh->parts, i), run_next_line(r, i))) r->n = i;
}

static inline void run_limit(Run *r)
{
    for (int32_t i = 0; i < r->n; i++)
        if (run_next_line(r, i) - run_check(r, r->sh->parts, i) > r->s->limit) r->n = i;
}

/* Everything that makes lines of the shape of them but the values. */
static inline void run_compare_all(Run *r)
{
    const Part *part = r->sh->parts;
    for (; part->op != PART_END && r->n > 0; part++) run_compare(r, part);
    if (r->n > 0) run_compare_end(r, part);
    if (r->s->index_has_high) run_validate(r);
    if (r->s->limit < INDEX_BYTES) run_limit(r);
}

/* A value that the quick way does not take: to json_field, if it is one. False: the line is left out. */
static __attribute__((noinline)) bool run_defer(Run *r, const Part *part, int32_t line, const char *p, const char *end)
{
    ShapeSet *s = r->s;
    bool is_value = part->is_string || word_is_plain(p, end);
    if (!is_value || s->npending == SHAPE_PARTS_MAX) {
        r->n = line;
        return false;
    }
    s->pending[s->npending].line = line;
    s->pending[s->npending].part = (int32_t)(part - r->sh->parts);
    s->pending[s->npending++].span = (JsonSpan){p, end - p, part->is_string ? JSON_STRING : JSON_WORD};
    return true;
}

static inline void run_words(Run *r, const Part *part)
{
    for (int32_t i = 0; i < r->n; i++)
        if (!word_is_plain(run_value(r, part, i), run_check(r, part + 1, i))) r->n = i;
}

/* The bits of the lines whose value is spelled otherwise than the quick way takes it. */
static inline uint64_t run_take(Run *r, const Part *part)
{
    Values x = {.base = r->base + (part->check_n - part->back), .base_end = r->base - part[1].back,
                .from = r->at + part->ord, .to = r->at + part[1].ord, .stride = r->stride, .n = r->n};
    const Column *col = &r->out->cols[part->col];
    int32_t first = r->out->rows;
    switch ((PartOp)part->run_op) {
    case PART_INT: return run_ints(&x, COL(int64_t, col) + first);
    case PART_EPOCH: return run_epochs(&x, part->unit_us, COL(int64_t, col) + first);
    case PART_TEXT: run_texts(&x, COL(Text, col) + first); return 0;
    case PART_TIME: return run_times(&x, &r->s->time_cache, part->precision, COL(int64_t, col) + first);
    case PART_DOUBLE: return run_doubles(&x, COL(double, col) + first);
    case PART_BOOL: return run_bools(&x, COL(uint8_t, col) + first);
    case PART_SKIP:
    case PART_FIELD:
    case PART_END: return 0;
    }
    return 0;
}

static inline void run_values(Run *r, const Part *part)
{
    if ((part->run_op == PART_SKIP || part->run_op == PART_FIELD) && !part->is_string) run_words(r, part);
    for (uint64_t odd = run_take(r, part); odd; odd &= odd - 1) {
        int32_t line = __builtin_ctzll(odd);
        if (!run_defer(r, part, line, run_value(r, part, line), run_check(r, part + 1, line))) return;
    }
}

/* The rows of a run, once it is known how many they are. */
static __attribute__((noinline)) void run_finish(Run *r)
{
    ShapeSet *s = r->s;
    const Shape *sh = r->sh;
    RowBuilder *out = r->out;
    int32_t first = out->rows;
    for (int i = 0; i < s->npending; i++) {
        if (s->pending[i].line >= r->n) continue;
        out->rows = first + s->pending[i].line;
        shape_field(s, sh, &sh->parts[s->pending[i].part], s->pending[i].span, out);
    }
    s->npending = 0;
    for (int32_t line = 0; line < r->n && sh->is_finished; line++) {
        out->rows = first + line;
        for (const Part *part = sh->parts; part->op != PART_END; part++) {
            const char *p = run_value(r, part, line);
            s->starts[part - sh->parts] = run_check(r, part, line) + (part > sh->parts && part[-1].is_string);
            if (part->run_op != PART_FIELD) continue;
            JsonSpan span = {p, run_check(r, part + 1, line) - p, part->is_string ? JSON_STRING : JSON_WORD};
            shape_field(s, sh, part, span, out);
        }
        s->starts[sh->nparts - 1] = run_line_end(r, line) - sh->parts[sh->nparts - 1].n;
        shape_finish_line(s, sh, out);
    }
    out->rows = first;
}

/* The next lines by the index, as far as they are built by the shape: behind the last; p: none is. */
static const char *read_run(ShapeSet *s, Shape *sh, const char *p, uint64_t offset, RowBuilder *out)
{
    const uint16_t *at = s->index + s->index_at;
    if (!sh->is_indexable || s->index_at + sh->nspecials > s->index_n) return p;
    assert(s->index_from + at[-1] == p);
    int32_t stride = sh->nspecials + (s->index_from[at[sh->nspecials - 1] - 1] == '\r');
    Run r = {s, sh, out, s->index_from, at, stride, (s->index_n - s->index_at) / stride};
    if (r.n > s->run_max) r.n = s->run_max;
    if (r.n > out->cap - out->rows) r.n = out->cap - out->rows;
    s->npending = 0;
    run_find_ends(&r);
    int32_t asked = r.n;
    run_compare_all(&r);
    for (const Part *part = sh->parts; part->op != PART_END && r.n > 0; part++) run_values(&r, part);
    s->run_max = r.n < asked ? r.n + 1 : s->run_max * 2 < RUN_LINES ? s->run_max * 2 : RUN_LINES;
    if (r.n == 0) return p;
    if (s->npending || sh->is_finished) run_finish(&r);
    for (int32_t i = 0; i < r.n; i++) {
        out->offset[out->rows + i] = offset + (uint64_t)(run_check(&r, sh->parts, i) - p);
        out->ordinal[out->rows + i] = 0;
    }
    out->rows += r.n;
    sh->hits += r.n;
    s->index_hits += r.n;
    s->index_lines += r.n;
    s->index_at += r.n * stride;
    return run_next_line(&r, r.n - 1);
}

static inline const char *read_other_run(ShapeSet *s, const char *p, uint64_t offset, RowBuilder *out)
{
    for (int32_t i = 0; i < s->nshapes; i++) {
        const char *next = i == s->current ? p : read_run(s, s->shapes[i], p, offset, out);
        if (next == p) continue;
        s->current = i;
        return next;
    }
    return p;
}

/* Whether lines may be read by the index at p, which is made where it ends. */
static inline bool has_index(ShapeSet *s, const char *p, const char *end)
{
    const Shape *sh = s->shapes[s->current];
    if (s->index_rest > 0) {
        s->index_rest--;
        return false;
    }
    if (p < s->index_end && s->index_at + sh->nspecials <= s->index_n) return true;
    if (s->index_end && s->index_lines > 32 && s->index_hits * 4 < s->index_lines) {
        s->index_rest = 4096;
        s->index_end = NULL;
        return false;
    }
    if (p == s->index_from && s->index_end) return false; /* a line longer than the index */
    make_index(s, p, end);
    return true;
}

/* The next lines by the index: behind the last; p: it goes another way. */
static inline const char *try_index(ShapeSet *s, const char *p, const char *end, uint64_t offset, RowBuilder *out)
{
    if (!has_index(s, p, end)) return p;
    const char *next = read_run(s, s->shapes[s->current], p, offset, out);
    if (next == p && s->nshapes > 1) next = read_other_run(s, p, offset, out);
    if (next == p) s->index_lines++;
    return next;
}

/* After a line that was read otherwise: its special bytes are behind us. */
static inline void index_catch_up(ShapeSet *s, const char *p)
{
    if (p >= s->index_end) return;
    while (s->index_at < s->index_n && s->index_from + s->index[s->index_at] <= p) s->index_at++;
}

/* One line from left to right: behind it, or NULL: it is built otherwise. */
static inline const char *read_one(ShapeSet *s, const char *p, const char *end, uint64_t offset, RowBuilder *out)
{
    const char *next = read_line(s, s->shapes[s->current], p, end, out);
    if (!next) next = read_other(s, p, end, out);
    if (!next || next - p > s->limit) return NULL;
    Shape *sh = s->shapes[s->current];
    sh->hits++;
    s->misfits += sh->is_indexable;
    for (int i = 0; i < s->npending; i++) shape_field(s, sh, &sh->parts[s->pending[i].part], s->pending[i].span, out);
    if (sh->is_finished) shape_finish_line(s, sh, out);
    builder_end_row(out, offset, 0);
    if (s->index_end) index_catch_up(s, next);
    return next;
}

const char *SHAPE_DECODE(ShapeSet *s, const char *p, const char *end, uint64_t offset, RowBuilder *out)
{
    const char *from = p;
    if (s->index_end) index_catch_up(s, p);
    while (p < end && out->rows < out->cap) {
        uint64_t at = offset + (uint64_t)(p - from);
        const char *next = try_index(s, p, end, at, out);
        if (next == p) next = read_one(s, p, end, at, out);
        if (!next) break;
        if (s->misfits == MISFITS_MAX) shape_learn(s, str_of(p, next - 1 - (next - p > 1 && next[-2] == '\r') - p));
        p = next;
    }
    return p;
}
