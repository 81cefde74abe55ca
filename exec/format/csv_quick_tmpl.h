/* csv_quick_tmpl.h: the loop over plain records, compiled once per instruction set.
 *
 * The including file defines CSV_NAME(x) and SPECIALS(block, marks): a bit for each of the 64 bytes
 * at `block` that is a delimiter, a quote, a newline or not ASCII. The bits are taken one by one;
 * so finding a field's end does not wait for the field before it to be read. */

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

static inline void CSV_NAME(put)(CsvDecoder *d, int32_t i, const CsvPiece *x, RowBuilder *out)
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
        CSV_NAME(put)(d, i, &x, out);
        p = q + 1;
        if (i == last) return !high || utf8_is_valid(str_of(from, p - from)) ? p : NULL;
    }
}

static const char *CSV_NAME(decode)(CsvDecoder *d, const char *p, const char *end, uint64_t offset,
                                    RowBuilder *out)
{
    const char *from = p;
    CSV_NAME(Cursor) c = {.marks = CSV_NAME(marks)(d)};
    CSV_NAME(seek)(&c, p);
    while (p < end && out->rows < out->cap) {
        const char *next = CSV_NAME(record)(&c, d, p, out);
        if (!next || next - p > d->limit) break;
        for (int32_t i = 0; i < d->npending; i++)
            csv_put_field(d, d->pending[i].field, &d->pending[i].piece, out);
        csv_finish_row(d, out);
        builder_end_row(out, offset + (uint64_t)(p - from), 0);
        p = next;
    }
    return p;
}
