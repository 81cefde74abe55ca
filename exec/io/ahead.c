/* ahead.c: morsels and their order (see ahead.h).
 *
 * Morsels are numbered along the grid. Each has a slot of a ring while it is worked on: a buffer, a
 * decoder, columns, all in an arena of its own, since arenas belong to one thread. The reader's thread
 * submits them in order and takes them in order; between the two only the slot's worker touches it.
 * What a worker cannot do (read, get memory) makes a morsel that is not used: the reader meets the same
 * and says so. */
#include "exec/io/ahead.h"

#include <assert.h>
#include <errno.h>
#include <pthread.h>
#include <unistd.h>

extern const FormatDef *const format_table[]; /* made by the build */

enum {
    PAD = 64,              /* decoders may look that far past the end */
    SPAN = 1 << 16,        /* a record may reach that far into the next morsels */
    BLOCK = 4096,          /* read at a time to find its end */
    AHEAD_DEFAULT_MAX = 16, /* one thread takes what they give: more workers than that feed it are idle */
    PIECES_MAX = 16,       /* batches of a morsel that are decoded ahead */
    CREDIT_START = 4, CREDIT_MAX = 16, /* a morsel that is used earns 1, a wrong guess costs CREDIT_START */
};

typedef struct Piece {
    BatchMaker maker;
    bool is_open;
    AheadPiece made;
} Piece;

typedef struct Morsel {
    Task task;
    Ahead *ahead;
    Arena arena;
    Decoder *dec;          /* NULL: the slot is empty */
    char *buf;
    uint64_t base;         /* offset of buf[0] */
    uint64_t from, to;     /* records that begin here are this morsel's */
    int64_t number;
    bool is_failed;        /* it could not be read or decoded */
    bool is_checked;       /* it begins where the one before ended */
    bool is_done;          /* no whole record is left in it */
    ptrdiff_t at, end;     /* what is not decoded yet */
    Piece pieces[PIECES_MAX];
    int npieces, taken;
} Morsel;

/* Which morsels begin inside of quotes: each worker counts its own, in turn. */
typedef struct QuoteChain {
    pthread_mutex_t lock;
    pthread_cond_t moved;
    int64_t next;          /* morsel whose start is known */
    bool is_inside;        /* ... to lie inside of quotes */
    bool is_ending;
} QuoteChain;

struct Ahead {
    const SourceSpec *spec;
    Arena *arena;          /* of the source */
    Workers *workers;
    int64_t morsel_bytes;
    Morsel **slots;
    int nslots;
    QuoteChain chain;
    bool is_on;
    int fd;                /* a descriptor of its own */
    uint64_t from, stop;
    StrBuf state, usual;   /* of the decoder at the start, and at those of further morsels, as is assumed */
    char quote;            /* 0: line ends are record ends */
    bool ignores_quotes;   /* they have misled */
    int64_t next, first;   /* morsels submitted, taken */
    int credit;
};

/* ---- quotes ------------------------------------------------------------------------------------ */

static bool has_odd(const char *p, ptrdiff_t n, char c)
{
    unsigned char odd = 0;
    for (ptrdiff_t i = 0; i < n; i++) odd ^= p[i] == c;
    return odd;
}

/* Nothing more is to be waited for on behalf of the morsel. */
static void pass_on(QuoteChain *c, const Morsel *m)
{
    if (c->next <= m->number) c->next = m->number + 1;
    pthread_cond_broadcast(&c->moved);
}

/* Whether the morsel begins inside of quotes; whether its own are odd in number is passed on. */
static bool begins_inside(QuoteChain *c, const Morsel *m, bool is_odd)
{
    pthread_mutex_lock(&c->lock);
    while (c->next < m->number && !c->is_ending) pthread_cond_wait(&c->moved, &c->lock);
    bool is_inside = c->is_inside;
    c->is_inside ^= is_odd;
    pass_on(c, m);
    pthread_mutex_unlock(&c->lock);
    return is_inside;
}

/* The morsel was not read: nothing is known of the ones behind it, but they need not wait. */
static void pass_over(QuoteChain *c, const Morsel *m)
{
    pthread_mutex_lock(&c->lock);
    pass_on(c, m);
    pthread_mutex_unlock(&c->lock);
}

/* The first line end outside of quotes, or NULL. */
static const char *record_end(const char *p, const char *end, char quote, bool *is_inside)
{
    if (!quote) return p < end ? memchr(p, '\n', (size_t)(end - p)) : NULL;
    for (; p < end; p++) {
        *is_inside ^= *p == quote;
        if (*p == '\n' && !*is_inside) return p;
    }
    return NULL;
}

/* ---- a worker's part --------------------------------------------------------------------------- */

/* Bytes that were read, -1: none can be. */
static ptrdiff_t read_at(int fd, char *p, ptrdiff_t n, uint64_t at)
{
    ptrdiff_t had = 0;
    while (had < n) {
        ssize_t got = pread(fd, p + had, (size_t)(n - had), (off_t)(at + (uint64_t)had));
        if (got < 0 && errno == EINTR) continue;
        if (got < 0) return -1;
        if (got == 0) break;
        had += got;
    }
    return had;
}

/* Reads on until the record that reaches past the morsel's end has ended, as far as there is room. */
static bool read_end(Morsel *m, bool is_inside)
{
    const Ahead *h = m->ahead;
    ptrdiff_t own = (ptrdiff_t)(m->to - m->base), looked = own - 1;
    uint64_t room = h->stop - m->to < SPAN ? h->stop - m->to : SPAN;
    if (m->to == h->stop) return true; /* the reader knows how the file ends */
    for (;;) {
        const char *p = record_end(m->buf + looked, m->buf + m->end, h->quote, &is_inside);
        if (p) {
            m->end = p + 1 - m->buf;
            return true;
        }
        looked = m->end;
        ptrdiff_t more = own + (ptrdiff_t)room - m->end;
        if (more <= 0) return true;
        if (more > BLOCK) more = BLOCK;
        if (read_at(h->fd, m->buf + m->end, more, m->base + (uint64_t)m->end) != more) return false;
        m->end += more;
    }
}

/* Moves to the first record that begins in the morsel. False: none does. */
static bool find_start(Morsel *m, const char *last, bool is_inside)
{
    if (m->from == m->ahead->from) return true;
    is_inside ^= m->buf[0] == m->ahead->quote; /* as it was before that byte */
    const char *p = record_end(m->buf, last, m->ahead->quote, &is_inside);
    m->at = p ? p + 1 - m->buf : m->end;
    return p != NULL;
}

/* Reads the morsel and cuts it at records: from `at` to `end`. False: it cannot be read. */
static bool read_morsel(Morsel *m)
{
    Ahead *h = m->ahead;
    ptrdiff_t before = m->from > h->from; /* the byte before it may be a line end */
    ptrdiff_t own = (ptrdiff_t)(m->to - m->from) + before;
    ptrdiff_t extra = h->stop - m->to < BLOCK ? (ptrdiff_t)(h->stop - m->to) : BLOCK;
    const char *last = m->buf + own - 1;
    bool is_inside = false, is_odd = false;
    m->base = m->from - (uint64_t)before;
    m->at = 0;
    m->end = own + extra;
    if (read_at(h->fd, m->buf, m->end, m->base) != m->end) return false;
    if (h->quote) {
        is_odd = has_odd(m->buf + before, own - before, h->quote);
        is_inside = begins_inside(&h->chain, m, is_odd);
    }
    if (!find_start(m, last, is_inside)) return true;
    return read_end(m, is_inside ^ is_odd ^ (*last == h->quote && h->quote));
}

/* One batch more. False: no whole record is left. */
static bool decode_piece(Morsel *m)
{
    Piece *p = &m->pieces[m->npieces];
    if (!p->is_open) batch_maker_open(&p->maker, m->ahead->spec, &m->arena);
    p->is_open = true;
    batch_maker_begin(&p->maker);
    const FormatImpl *f = m->dec->impl;
    AheadPiece *made = &p->made;
    made->maker = &p->maker;
    made->bytes = str_of(m->buf + m->at, m->end - m->at);
    made->offset = m->base + (uint64_t)m->at;
    made->used = f->decode(m->dec, made->bytes.p, made->bytes.n, false, made->offset, &p->maker.rows);
    m->at += made->used;
    if (!made->used && !p->maker.rows.rows && !p->maker.rows.errors.len) return false;
    made->position = m->base + (uint64_t)m->at - (uint64_t)m->dec->held;
    made->state = f->save ? f->save(m->dec, &p->maker.arena) : (Str){0};
    m->npieces++;
    return m->dec->held == 0; /* a record that is too long is the reader's */
}

static void decode_pieces(Morsel *m, int max)
{
    m->npieces = m->taken = 0;
    while (!m->is_done && m->npieces < max) m->is_done = m->at == m->end || !decode_piece(m);
}

static Str state_at(const Morsel *m)
{
    const StrBuf *b = m->number ? &m->ahead->usual : &m->ahead->state;
    return str_of(b->p, b->n);
}

static bool begin_morsel(Morsel *m)
{
    const FormatImpl *f = m->dec->impl;
    m->dec->held = 0;
    if (f->reset) f->reset(m->dec);
    if (f->load && f->load(m->dec, state_at(m)) != WEIR_OK) return false;
    return read_morsel(m);
}

static void run_morsel(void *arg)
{
    Morsel *m = arg;
    OomFrame f;
    m->is_failed = true;
    if (OOM_TRY(&f)) {
        if (begin_morsel(m)) {
            decode_pieces(m, PIECES_MAX);
            m->is_failed = false;
        }
        OOM_END(&f);
    }
    if (m->ahead->quote) pass_over(&m->ahead->chain, m);
}

/* ---- slots ------------------------------------------------------------------------------------- */

static void morsel_close(Morsel *m)
{
    format_close(m->dec);
    m->dec = NULL;
    for (int i = 0; i < PIECES_MAX; i++) {
        if (m->pieces[i].is_open) batch_maker_close(&m->pieces[i].maker);
        m->pieces[i] = (Piece){0};
    }
    arena_free(&m->arena);
}

static bool morsel_open(Morsel *m)
{
    const SourceSpec *spec = m->ahead->spec;
    Registry formats = {.formats = format_table};
    if (m->dec) return true;
    if (format_open(&formats, spec->rel, spec->wanted, &m->arena, &m->dec, NULL) != WEIR_OK) {
        m->dec = NULL;
        morsel_close(m);
        return false;
    }
    format_adapt(m->dec, spec->env);
    m->buf = arena_alloc_raw(&m->arena, 1 + m->ahead->morsel_bytes + SPAN + PAD, 64);
    return true;
}

static Morsel *slot_of(const Ahead *h, int64_t number) { return h->slots[number % h->nslots]; }

/* Where the morsel of that number begins. */
static uint64_t grid(const Ahead *h, int64_t number)
{
    uint64_t at = h->from + (uint64_t)number * (uint64_t)h->morsel_bytes;
    return at < h->stop ? at : h->stop;
}

static void submit_some(Ahead *h)
{
    while (h->next - h->first < h->nslots && grid(h, h->next) < h->stop) {
        Morsel *m = slot_of(h, h->next);
        if (!morsel_open(m)) return;
        m->number = h->next;
        m->from = grid(h, h->next);
        m->to = grid(h, h->next + 1);
        m->is_checked = m->is_done = m->is_failed = false;
        m->npieces = m->taken = 0;
        m->task.run = run_morsel;
        m->task.arg = m;
        workers_submit(h->workers, &m->task);
        h->next++;
    }
}

/* ---- life -------------------------------------------------------------------------------------- */

Ahead *ahead_new(const SourceSpec *spec, Arena *a)
{
    const Decoding *x = &spec->decoding;
    if (!x->workers || workers_count(x->workers) < 2) return NULL;
    Ahead *h = new_one(a, Ahead);
    h->spec = spec;
    h->arena = a;
    h->workers = x->workers;
    h->morsel_bytes = x->morsel_bytes;
    h->nslots = x->ahead_max ? x->ahead_max : 2 * workers_count(x->workers);
    if (!x->ahead_max && h->nslots > AHEAD_DEFAULT_MAX) h->nslots = AHEAD_DEFAULT_MAX;
    h->slots = new (a, Morsel *, h->nslots);
    for (int i = 0; i < h->nslots; i++) {
        h->slots[i] = new_one(a, Morsel);
        h->slots[i]->ahead = h;
    }
    h->state.arena = h->usual.arena = a;
    h->fd = -1;
    h->credit = CREDIT_START;
    pthread_mutex_init(&h->chain.lock, NULL);
    pthread_cond_init(&h->chain.moved, NULL);
    return h;
}

void ahead_free(Ahead *h)
{
    if (!h) return;
    ahead_end(h);
    for (int i = 0; i < h->nslots; i++) morsel_close(h->slots[i]);
    pthread_cond_destroy(&h->chain.moved);
    pthread_mutex_destroy(&h->chain.lock);
}

void ahead_forget(Ahead *h)
{
    if (!h) return;
    ahead_end(h);
    h->credit = CREDIT_START;
    h->ignores_quotes = false;
}

bool ahead_is_on(const Ahead *h) { return h && h->is_on; }

bool ahead_pays(const Ahead *h, uint64_t bytes)
{
    return h && h->credit > 0 && bytes / 2 >= (uint64_t)h->morsel_bytes;
}

static char quote_of(const Ahead *h)
{
    const Decoder *dec = h->slots[0]->dec;
    return dec->impl->quote && !h->ignores_quotes ? dec->impl->quote(dec) : 0;
}

void ahead_begin(Ahead *h, int fd, uint64_t from, uint64_t stop, Str state, Str usual)
{
    ahead_end(h);
    if (!morsel_open(h->slots[0])) return;
    h->fd = dup(fd);
    if (h->fd < 0) return;
    h->from = from;
    h->stop = stop;
    h->next = h->first = 0;
    h->quote = quote_of(h);
    h->state.n = h->usual.n = 0;
    sb_str(&h->state, state);
    sb_str(&h->usual, usual);
    h->chain.next = 0;
    h->chain.is_inside = h->chain.is_ending = false;
    h->is_on = true;
    submit_some(h);
}

void ahead_end(Ahead *h)
{
    if (!h || !h->is_on) return;
    h->is_on = false;
    pthread_mutex_lock(&h->chain.lock);
    h->chain.is_ending = true;
    pthread_cond_broadcast(&h->chain.moved);
    pthread_mutex_unlock(&h->chain.lock);
    for (; h->first < h->next; h->first++) {
        Morsel *m = slot_of(h, h->first);
        workers_cancel(h->workers, &m->task);
        if (m->is_failed) morsel_close(m); /* a decoder that was left in the middle is not used again */
    }
    close(h->fd);
    h->fd = -1;
}

/* ---- taking ------------------------------------------------------------------------------------ */

static void release(Ahead *h, const Morsel *m)
{
    assert(m == slot_of(h, h->first));
    (void)m;
    h->first++;
    submit_some(h);
}

/* The next morsel that begins a record; NULL: it is not the one that is wanted, or there is none. */
static Morsel *next_morsel(Ahead *h, uint64_t position, Str state)
{
    while (h->first < h->next) {
        Morsel *m = slot_of(h, h->first);
        if (m->is_checked) return m;
        workers_finish(h->workers, &m->task);
        if (m->is_failed) break;
        if (m->npieces == 0 && m->at == m->end) {
            release(h, m);
            continue;
        }
        uint64_t start = m->npieces ? m->pieces[0].made.offset : m->base + (uint64_t)m->at;
        bool is_right = start == position && str_eq(state, state_at(m));
        h->credit += is_right ? 1 : -CREDIT_START;
        if (h->credit > CREDIT_MAX) h->credit = CREDIT_MAX;
        h->ignores_quotes ^= !is_right && m->dec->impl->quote != NULL;
        m->is_checked = is_right;
        return is_right ? m : NULL;
    }
    return NULL;
}

bool ahead_next(Ahead *h, uint64_t position, Str state, AheadPiece *out)
{
    if (!h || !h->is_on) return false;
    for (;;) {
        Morsel *m = next_morsel(h, position, state);
        if (!m) {
            ahead_end(h);
            return false;
        }
        if (m->taken == m->npieces && !m->is_done) decode_pieces(m, 1); /* what its worker has left */
        if (m->taken < m->npieces) {
            *out = m->pieces[m->taken++].made;
            return true;
        }
        release(h, m);
    }
}
