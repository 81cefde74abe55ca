/* csv_quick_tmpl.h: the loop over plain records, compiled once per instruction set.
 *
 * The including file defines CSV_NAME(x), and with it
 *   specials(block, marks): a bit for each of the 64 bytes at `block` that is a delimiter, a quote, a
 *     newline or not ASCII;
 *   ends(block, marks, &quotes, &high): for each that is a delimiter or newline; the bits of quotes, and
 *     high is not 0 from then on if a byte is not ASCII;
 *   put_positions(to, base, bits): writes base + the place of each bit, and anything up to 64 places.
 *
 * Where no quote stands, records are read many at a time, field by field. Else the bits are taken one
 * by one; so finding a field's end does not wait for the field before it to be read. */

typedef struct CSV_NAME(Cursor) {
    const char *block;
    uint64_t bits;
    CSV_NAME(Marks) marks;
} CSV_NAME(Cursor);

static inline const char *CSV_NAME(next)(CSV_NAME(Cursor) *c)
{
    while (c->bits == 0) {
        c->block += 64;
        c->bits = CSV_NAME(specials)(c->block, &c->marks);
    }
    const char *p = c->block + __builtin_ctzll(c->bits);
    c->bits &= c->bits - 1;
    return p;
}

static inline void CSV_NAME(seek)(CSV_NAME(Cursor) *c, const char *p)
{
    c->block = p;
    c->bits = CSV_NAME(specials)(p, &c->marks);
}

/* The next special byte that is ASCII; *high: there were others. */
static inline const char *CSV_NAME(next_ascii)(CSV_NAME(Cursor) *c, bool *high)
{
    const char *q = CSV_NAME(next)(c);
    while (__builtin_expect((signed char)*q < 0, 0)) {
        *high = true;
        q = CSV_NAME(next)(c);
    }
    return q;
}

/* The field's end: a delimiter or newline; NULL: not plain. */
static inline const char *CSV_NAME(piece)(CSV_NAME(Cursor) *c, const CsvDecoder *d, const char *p,
                                          CsvPiece *out, bool *high)
{
    const char *q = CSV_NAME(next_ascii)(c, high);
    *out = (CsvPiece){.p = p};
    if (__builtin_expect(*q == d->quote && d->quote, 0)) {
        if (q != p) return NULL; /* a quote inside */
        out->is_quoted = true;
        out->p = p + 1;
        do q = CSV_NAME(next_ascii)(c, high);
        while (*q == d->delimiter);
        if (*q != d->quote) return NULL;
        out->n = q - p - 1;
        const char *behind = CSV_NAME(next)(c);
        if (behind == q + 1) return *behind == d->quote ? NULL : behind;
        return behind == q + 2 && q[1] == '\r' && *behind == '\n' ? behind : NULL;
    }
    out->n = q - p;
    if (*q == '\n' && q > p && q[-1] == '\r') out->n--;
    return q;
}

static inline void CSV_NAME(put_piece)(CsvDecoder *d, int32_t i, const CsvPiece *x, RowBuilder *out)
{
    const CsvField *f = &d->fields[i];
    const char *stop;
    int64_t v, us;
    double real;
    bool is_null = x->n == 0;
    switch (is_null ? CSV_ANY : (CsvOp)f->op) {
    case CSV_SKIP: return;
    case CSV_INT:
        stop = quick_integer(x->p, &v);
        if (stop != x->p + x->n) break;
        COL(int64_t, &out->cols[f->col])[out->rows] = v;
        return;
    case CSV_TEXT:
        put_text(&COL(Text, &out->cols[f->col])[out->rows], x->p, (uint32_t)x->n);
        return;
    case CSV_TIME:
        if (!quick_time(&d->time_cache, x->p, x->n, f->precision, &us)) break;
        COL(int64_t, &out->cols[f->col])[out->rows] = us;
        return;
    case CSV_EPOCH:
        stop = quick_integer(x->p, &v);
        if (stop != x->p + x->n || !quick_epoch(v, f->unit_us, &us)) break;
        COL(int64_t, &out->cols[f->col])[out->rows] = us;
        return;
    case CSV_DOUBLE:
        stop = quick_double(x->p, &real);
        if (stop != x->p + x->n) break;
        COL(double, &out->cols[f->col])[out->rows] = real;
        return;
    case CSV_ANY: break;
    }
    if (f->col < 0) return;
    d->pending[d->npending].field = i;
    d->pending[d->npending++].piece = *x;
}

/* The record at p: behind its newline, or NULL: not plain, or not the right number of fields. */
static inline const char *CSV_NAME(record)(CSV_NAME(Cursor) *c, CsvDecoder *d, const char *p,
                                           RowBuilder *out)
{
    d->npending = 0;
    if (*p == '\n' || *p == '\r' || (d->comment && *p == d->comment)) return NULL;
    int32_t last = d->nfields - 1;
    const char *from = p;
    bool high = false;
    for (int32_t i = 0;; i++) {
        CsvPiece x;
        const char *q = CSV_NAME(piece)(c, d, p, &x, &high);
        if (!q || *q != (i == last ? '\n' : d->delimiter)) return NULL;
        CSV_NAME(put_piece)(d, i, &x, out);
        p = q + 1;
        if (i == last) return !high || utf8_is_valid(str_of(from, p - from)) ? p : NULL;
    }
}

/* ---- many at a time ---------------------------------------------------------------------------- */

/* Of the less than 64 bytes from p to end: what lies behind is anything. */
static uint64_t CSV_NAME(ends_of_rest)(const CSV_NAME(Marks) *marks, const char *p, const char *end, uint64_t *quotes,
                                       uint64_t *high)
{
    uint64_t inside = ((uint64_t)1 << (end - p)) - 1;
    char rest[64] = {0};
    memcpy(rest, p, (size_t)(end - p));
    uint64_t bits = CSV_NAME(ends)(rest, marks, quotes, high);
    *quotes &= inside;
    return bits & inside;
}

/* Up to the first quote, or as far as the index goes. */
static inline void CSV_NAME(make_index)(CsvDecoder *d, const CSV_NAME(Marks) *marks, const char *p, const char *end)
{
    const char *stop = end - p > CSV_INDEX_BYTES ? p + CSV_INDEX_BYTES : end;
    uint16_t *to = d->index;
    uint64_t high = 0, quotes = 0;
    *to++ = 0;
    for (const char *block = p; block < stop && !quotes; block += 64) {
        uint64_t bits = stop - block < 64 ? CSV_NAME(ends_of_rest)(marks, block, stop, &quotes, &high)
                                          : CSV_NAME(ends)(block, marks, &quotes, &high);
        if (quotes) bits &= (quotes & -quotes) - 1;
        CSV_NAME(put_positions)(to, (uint32_t)(block - p) + 1, bits);
        to += __builtin_popcountll(bits);
    }
    d->index_from = p;
    d->index_end = stop;
    d->index_n = (int32_t)(to - d->index);
    d->index_at = 1;
    d->index_has_high = high != 0;
}

/* A run: records from d->index_at on, n of them. Where the field's value begins, and where what ends it. */
static inline const char *CSV_NAME(field_start)(const CsvDecoder *d, int32_t line, int32_t field)
{
    return d->index_from + d->index[d->index_at + line * d->nfields + field - 1];
}

static inline const char *CSV_NAME(field_end)(const CsvDecoder *d, int32_t line, int32_t field)
{
    const char *end = CSV_NAME(field_start)(d, line, field + 1) - 1;
    bool has_return = field == d->nfields - 1 && end > CSV_NAME(field_start)(d, line, field) && end[-1] == '\r';
    return end - has_return;
}

/* How many of n records have their fields ended as they are to be. */
static inline int32_t CSV_NAME(count_fit)(const CsvDecoder *d, int32_t n)
{
    int32_t stride = d->nfields, last = stride - 1;
    for (int32_t field = last; field >= 0; field--) {
        char mark = field == last ? '\n' : d->delimiter;
        const uint16_t *at = d->index + d->index_at + field;
        const char *base = d->index_from - 1;
        for (int32_t i = 0; i < n; i++, at += stride)
            if (base[*at] != mark) n = i;
    }
    return n;
}

/* Records that are not empty, no comments, not too long, and valid UTF-8. */
static inline int32_t CSV_NAME(count_usual)(const CsvDecoder *d, int32_t n)
{
    bool may_be_empty = d->nfields == 1 || d->comment;
    if (!may_be_empty && !d->index_has_high && d->limit >= CSV_INDEX_BYTES) return n;
    for (int32_t i = 0; i < n; i++) {
        const char *p = CSV_NAME(field_start)(d, i, 0), *next = CSV_NAME(field_start)(d, i, d->nfields);
        bool is_unusual = *p == '\n' || *p == '\r' || (d->comment && *p == d->comment);
        if (is_unusual || next - p > d->limit) return i;
        if (d->index_has_high && !utf8_is_valid(str_of(p, next - p))) return i;
    }
    return n;
}

static inline bool CSV_NAME(has_return)(const CsvDecoder *d, int32_t line)
{
    const char *end = CSV_NAME(field_start)(d, line, d->nfields) - 1;
    return end > CSV_NAME(field_start)(d, line, d->nfields - 1) && end[-1] == '\r';
}

/* The bits of the records whose value is spelled otherwise than the quick way takes it. */
static inline uint64_t CSV_NAME(take)(CsvDecoder *d, int32_t field, int32_t n, RowBuilder *out)
{
    const CsvField *f = &d->fields[field];
    const uint16_t *to = d->index + d->index_at + field;
    bool is_last = field == d->nfields - 1, has_return = is_last && CSV_NAME(has_return)(d, 0);
    Values x = {.base = d->index_from, .base_end = d->index_from - 1 - has_return, .from = to - 1, .to = to,
                .stride = d->nfields, .n = n};
    const Column *col = &out->cols[f->col < 0 ? 0 : f->col];
    uint64_t odd = 0;
    switch ((CsvOp)f->op) {
    case CSV_SKIP:
    case CSV_ANY: return 0;
    case CSV_INT: odd = run_ints(&x, COL(int64_t, col) + out->rows); break;
    case CSV_TEXT: odd = run_texts(&x, COL(Text, col) + out->rows); break;
    case CSV_TIME: odd = run_times(&x, &d->time_cache, f->precision, COL(int64_t, col) + out->rows); break;
    case CSV_EPOCH: odd = run_epochs(&x, f->unit_us, COL(int64_t, col) + out->rows); break;
    case CSV_DOUBLE: odd = run_doubles(&x, COL(double, col) + out->rows); break;
    }
    for (int32_t i = 0; is_last && i < n; i++) odd |= (uint64_t)(CSV_NAME(has_return)(d, i) != has_return) << i;
    return odd;
}

/* The field of n records. How many of them there is room for. */
static inline int32_t CSV_NAME(read_field)(CsvDecoder *d, int32_t field, int32_t n, RowBuilder *out)
{
    for (uint64_t odd = CSV_NAME(take)(d, field, n, out); odd; odd &= odd - 1) {
        int32_t line = __builtin_ctzll(odd);
        if (d->nodd == CSV_ODD_MAX) return line;
        d->odd[d->nodd].field = field;
        d->odd[d->nodd++].line = line;
    }
    return n;
}

static inline void CSV_NAME(put)(CsvDecoder *d, int32_t field, int32_t line, RowBuilder *out)
{
    const char *p = CSV_NAME(field_start)(d, line, field);
    CsvPiece piece = {.p = p, .n = CSV_NAME(field_end)(d, line, field) - p};
    csv_put_field(d, field, &piece, out);
}

/* What is left to do once it is known how many records are read. */
static inline void CSV_NAME(finish_run)(CsvDecoder *d, int32_t n, RowBuilder *out)
{
    int32_t first = out->rows;
    for (int32_t i = 0; i < d->nodd; i++) {
        if (d->odd[i].line >= n) continue;
        out->rows = first + d->odd[i].line;
        CSV_NAME(put)(d, d->odd[i].field, d->odd[i].line, out);
    }
    for (int32_t field = 0; field < d->nfields; field++) {
        bool is_any = d->fields[field].op == CSV_ANY;
        for (int32_t line = 0; is_any && line < n; line++) {
            out->rows = first + line;
            CSV_NAME(put)(d, field, line, out);
        }
    }
    for (int32_t line = 0; d->nmissing && line < n; line++) {
        out->rows = first + line;
        csv_finish_row(d, out);
    }
    out->rows = first;
}

/* The next records by the index: behind the last; p: the next one is not in it, or not plain. */
static inline const char *CSV_NAME(read_run)(CsvDecoder *d, const char *p, uint64_t offset, RowBuilder *out)
{
    int32_t n = (d->index_n - d->index_at) / d->nfields;
    assert(d->index_from + d->index[d->index_at - 1] == p);
    if (n > RUN_LINES) n = RUN_LINES;
    if (n > out->cap - out->rows) n = out->cap - out->rows;
    n = CSV_NAME(count_usual)(d, CSV_NAME(count_fit)(d, n));
    d->nodd = 0;
    for (int32_t i = 0; i < d->nfields && n > 0; i++) n = CSV_NAME(read_field)(d, i, n, out);
    if (n <= 0) return p;
    CSV_NAME(finish_run)(d, n, out);
    for (int32_t i = 0; i < n; i++) builder_end_row(out, offset + (uint64_t)(CSV_NAME(field_start)(d, i, 0) - p), 0);
    p = CSV_NAME(field_start)(d, n, 0);
    d->index_at += n * d->nfields;
    return p;
}

/* After a record that was read otherwise. */
static inline void CSV_NAME(catch_up)(CsvDecoder *d, const char *p)
{
    while (d->index_at < d->index_n && d->index_from + d->index[d->index_at] <= p) d->index_at++;
}

static inline const char *CSV_NAME(try_run)(CsvDecoder *d, const CSV_NAME(Marks) *marks, const char *p, const char *end,
                                            uint64_t offset, RowBuilder *out)
{
    enum { REST_MAX = 256 };
    if (d->rest > 0) {
        d->rest--;
        return p;
    }
    bool is_used_up = !d->index_end || p >= d->index_end || d->index_n - d->index_at < d->nfields;
    if (is_used_up) CSV_NAME(make_index)(d, marks, p, end);
    const char *next = CSV_NAME(read_run)(d, p, offset, out);
    if (next > p) {
        d->rest_next = 0;
    } else {
        d->rest = d->rest_next;
        d->rest_next = d->rest_next * 2 < REST_MAX ? d->rest_next * 2 + 1 : REST_MAX;
    }
    return next;
}

/* ---- decoding ---------------------------------------------------------------------------------- */

static const char *CSV_NAME(decode)(CsvDecoder *d, const char *p, const char *end, uint64_t offset,
                                    RowBuilder *out)
{
    const char *from = p, *cursor_at = NULL;
    CSV_NAME(Cursor) c = {.marks = CSV_NAME(marks)(d)};
    d->index_end = NULL;
    while (p < end && out->rows < out->cap) {
        const char *next = CSV_NAME(try_run)(d, &c.marks, p, end, offset + (uint64_t)(p - from), out);
        if (next == p) {
            if (cursor_at != p) CSV_NAME(seek)(&c, p);
            next = cursor_at = CSV_NAME(record)(&c, d, p, out);
            if (!next || next - p > d->limit) break;
            for (int32_t i = 0; i < d->npending; i++)
                csv_put_field(d, d->pending[i].field, &d->pending[i].piece, out);
            csv_finish_row(d, out);
            builder_end_row(out, offset + (uint64_t)(p - from), 0);
            if (d->index_end) CSV_NAME(catch_up)(d, next);
        }
        p = next;
    }
    return p;
}
