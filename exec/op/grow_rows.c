/* grow_rows.c: the blocks in which the rows of a side are kept, and the buckets that go as a whole. */
#include "exec/op/grow.h"

#include <assert.h>

enum { COLUMN_ALIGN = 64, BUCKETS_MIN = 8, BLOCK_LIST_MIN = 64, RESIDENT_MIN = 8 /* rows of a batch that stays */ };

/* ---- blocks ------------------------------------------------------------------------------------- */

static ptrdiff_t aligned(ptrdiff_t bytes) { return (bytes + COLUMN_ALIGN - 1) & ~(ptrdiff_t)(COLUMN_ALIGN - 1); }

static ptrdiff_t head_bytes(const GrowSide *s)
{
    return aligned((ptrdiff_t)sizeof(GrowBlock) + s->layout.ncols * (ptrdiff_t)sizeof(Column));
}

static ptrdiff_t block_bytes(const GrowSide *s, int cap, bool is_resident)
{
    ptrdiff_t bytes = head_bytes(s);
    for (int c = 0; c < s->layout.ncols && !is_resident; c++) bytes += aligned((ptrdiff_t)cap * type_width(s->layout.cols[c].type.kind));
    return bytes + aligned((ptrdiff_t)cap * 4) * 3;
}

/* One piece of memory: the block, its columns if they are its own, what it has of each row. */
static GrowBlock *block_make(GrowSide *s, int cap, bool is_resident)
{
    GrowBlock *b = arena_alloc_raw(&s->store, block_bytes(s, cap, is_resident), COLUMN_ALIGN);
    *b = (GrowBlock){.cap = cap, .cols = (Column *)(void *)(b + 1), .is_resident = is_resident};
    char *at = (char *)b + head_bytes(s);
    for (int c = 0; c < s->layout.ncols && !is_resident; c++) {
        b->cols[c] = (Column){.type = s->layout.cols[c].type, .data = at};
        at += aligned((ptrdiff_t)cap * type_width(b->cols[c].type.kind));
    }
    b->next = (GrowPlace *)(void *)at;
    b->keys = (uint32_t *)(void *)(at + aligned((ptrdiff_t)cap * 4));
    b->numbers = (uint32_t *)(void *)(at + aligned((ptrdiff_t)cap * 4) * 2);
    return b;
}

static int size_of(int cap) { return __builtin_ctz((unsigned)cap) - __builtin_ctz(BLOCK_ROWS_MIN); }

static GrowBlock *block_take(GrowSide *s, int cap, bool is_resident)
{
    GrowBlock **spare = &s->spare[is_resident][size_of(cap)], *b = *spare;
    if (!b) return block_make(s, cap, is_resident);
    assert(b->cap == cap && b->is_resident == is_resident);
    *spare = b->older;
    return b;
}

static void block_give_back(GrowSide *s, GrowBlock *b)
{
    for (int c = 0; c < s->layout.ncols; c++) b->cols[c].valid = NULL;
    b->weights = NULL;
    b->n = b->nsaved = 0;
    b->is_dirty = false;
    b->older = s->spare[b->is_resident][size_of(b->cap)];
    s->spare[b->is_resident][size_of(b->cap)] = b;
}

static void block_number(GrowSide *s, GrowBlock *b)
{
    if (s->nblocks == BLOCKS_MAX) oom_raise();
    if (s->nblocks + 1 >= s->blocks_cap) {
        uint32_t cap = s->blocks_cap ? s->blocks_cap * 2 : BLOCK_LIST_MIN;
        s->blocks = mem_realloc(s->blocks, checked_mul(s->blocks_cap, sizeof *s->blocks), checked_mul(cap, sizeof *s->blocks));
        s->blocks_cap = cap;
    }
    s->blocks[0] = NULL;
    b->no = ++s->nblocks;
    s->blocks[b->no] = b;
    s->nlive++;
}

void grow_blocks_renumber(GrowSide *s, uint32_t *map)
{
    uint32_t n = 0;
    for (uint32_t i = 1; i <= s->nblocks; i++) {
        GrowBlock *b = s->blocks[i];
        map[i] = b ? ++n : 0;
        if (!b) continue;
        s->blocks[n] = b;
        b->no = n;
    }
    map[0] = 0;
    s->nblocks = n;
}

/* ---- buckets ------------------------------------------------------------------------------------ */

static GrowBucket *bucket_insert(GrowSide *s, int32_t at, int64_t number)
{
    if (s->nbuckets == s->buckets_cap) {
        int32_t cap = s->buckets_cap ? s->buckets_cap * 2 : BUCKETS_MIN;
        s->buckets = mem_realloc(s->buckets, checked_mul(s->buckets_cap, sizeof *s->buckets), checked_mul(cap, sizeof *s->buckets));
        s->buckets_cap = cap;
    }
    memmove(s->buckets + at + 1, s->buckets + at, (size_t)(s->nbuckets - at) * sizeof *s->buckets);
    s->buckets[at] = (GrowBucket){.number = number};
    s->nbuckets++;
    s->last = at;
    return &s->buckets[at];
}

static GrowBucket *bucket_of(GrowSide *s, int64_t number)
{
    if (s->last >= s->ngone && s->last < s->nbuckets && s->buckets[s->last].number == number) return &s->buckets[s->last];
    int32_t low = s->ngone, high = s->nbuckets;
    while (low < high) {
        int32_t mid = (low + high) / 2;
        if (s->buckets[mid].number < number) low = mid + 1;
        else high = mid;
    }
    if (low == s->nbuckets || s->buckets[low].number != number) return bucket_insert(s, low, number);
    s->last = low;
    return &s->buckets[low];
}

static Arena *bucket_room(GrowSide *s, GrowBucket *b)
{
    if (!b->room && s->spare_rooms) {
        b->room = s->spare_rooms;
        s->spare_rooms = b->room->next;
    } else if (!b->room) {
        b->room = mem_alloc(sizeof *b->room);
    }
    return &b->room->arena;
}

const GrowBucket *grow_bucket_take(GrowSide *s, int64_t number)
{
    if (s->nbuckets == s->ngone || s->buckets[s->ngone].number > number) return NULL;
    GrowBucket *bucket = &s->buckets[s->ngone++];
    for (const GrowBlock *b = bucket->blocks; b; b = b->older) {
        s->blocks[b->no] = NULL;
        s->nlive--;
        s->live -= b->n;
    }
    return bucket;
}

static void bucket_give_back(GrowSide *s, GrowBucket *bucket)
{
    for (GrowBlock *b = bucket->blocks, *older; b; b = older) {
        older = b->older;
        block_give_back(s, b);
    }
    if (!bucket->room) return;
    arena_reset(&bucket->room->arena);
    bucket->room->next = s->spare_rooms;
    s->spare_rooms = bucket->room;
}

void grow_rows_settle(GrowSide *s)
{
    for (int32_t i = 0; i < s->ngone; i++) bucket_give_back(s, &s->buckets[i]);
    s->nbuckets -= s->ngone;
    if (s->ngone) memmove(s->buckets, s->buckets + s->ngone, (size_t)s->nbuckets * sizeof *s->buckets);
    s->ngone = s->last = 0;
}

void grow_rows_free(GrowSide *s)
{
    s->ngone = s->nbuckets;
    grow_rows_settle(s);
    for (GrowRoom *room = s->spare_rooms, *next; room; room = next) {
        next = room->next;
        arena_free(&room->arena);
        mem_free(room, sizeof *room);
    }
    arena_free(&s->store);
    mem_free(s->buckets, s->buckets_cap * (ptrdiff_t)sizeof *s->buckets);
    mem_free(s->blocks, (ptrdiff_t)s->blocks_cap * (ptrdiff_t)sizeof *s->blocks);
}

int64_t grow_rows_bytes(const GrowSide *s)
{
    int64_t bytes = s->store.bytes + s->buckets_cap * (int64_t)sizeof *s->buckets + (int64_t)s->blocks_cap * (int64_t)sizeof *s->blocks;
    for (int32_t i = 0; i < s->nbuckets; i++)
        if (s->buckets[i].room) bytes += (int64_t)sizeof(GrowRoom) + s->buckets[i].room->arena.bytes;
    for (const GrowRoom *room = s->spare_rooms; room; room = room->next) bytes += (int64_t)sizeof *room + room->arena.bytes;
    return bytes;
}

/* ---- rows into columns -------------------------------------------------------------------------- */

/* Rows on their way into a column of a block, from row `at` on. */
typedef struct Filling {
    const Column *from;
    const int32_t *rows;
    int n, at;
    Column *to;
    GrowSide *side;
    GrowBucket *bucket;
} Filling;

static inline int filled_row(const Filling *f, int i) { return f->from->is_const ? 0 : f->rows[i]; }

static bool are_neighbours(const Filling *f) { return !f->from->is_const && f->rows[f->n - 1] - f->rows[0] == f->n - 1; }

#define FILL(name, T, of)                                           \
    static void name(const Filling *f)                              \
    {                                                               \
        const T *v = f->from->data;                                 \
        T *to = COL(T, f->to) + f->at;                              \
        for (int i = 0; i < f->n; i++) to[i] = v[filled_row(f, i)] of; \
    }
FILL(fill_1, uint8_t, )
FILL(fill_4, uint32_t, )
FILL(fill_8, uint64_t, )
FILL(fill_16, Int128, )
FILL(fill_double, double, + 0.0) /* -0.0 becomes 0.0, as in records */
#undef FILL

static void fill_fixed(const Filling *f)
{
    int width = type_width(f->to->type.kind);
    if (are_neighbours(f)) {
        memcpy(COL(char, f->to) + (ptrdiff_t)f->at * width, COL(char, f->from) + (ptrdiff_t)f->rows[0] * width, (size_t)f->n * (size_t)width);
        return;
    }
    switch (width) {
    case 1: fill_1(f); return;
    case 4: fill_4(f); return;
    case 8: fill_8(f); return;
    default: fill_16(f); return;
    }
}

/* Bytes of text that does not last elsewhere; they are asked for on the way. */
static ptrdiff_t text_bytes(const Filling *f)
{
    ptrdiff_t bytes = 0;
    for (int i = 0; i < f->n; i++) {
        const Text *t = &COL(Text, f->from)[filled_row(f, i)];
        if (t->len <= TEXT_INLINE) continue;
        __builtin_prefetch(t->ptr);
        bytes += t->len;
    }
    return bytes;
}

static void fill_text(const Filling *f)
{
    ptrdiff_t bytes = f->from->is_lasting ? 0 : text_bytes(f);
    fill_fixed(f);
    if (bytes == 0) return;
    char *at = arena_alloc_raw(bucket_room(f->side, f->bucket), bytes, 1);
    for (int i = 0; i < f->n; i++) {
        Text *t = COL(Text, f->to) + f->at + i;
        if (t->len <= TEXT_INLINE) continue;
        memcpy(at, t->ptr, t->len);
        t->ptr = at;
        at += t->len;
    }
}

static void fill_nulls(const Filling *f, bool *has_nulls)
{
    for (int i = 0; i < f->n; i++) {
        if (bit_get(f->from->valid, filled_row(f, i))) continue;
        column_set_null(f->to, bucket_room(f->side, f->bucket), f->at + i);
        *has_nulls = true;
    }
}

static void fill_columns(GrowSide *s, GrowBucket *bucket, const GrowInput *in, GrowBlock *b, int n)
{
    for (int c = 0; c < s->layout.ncols; c++) {
        Filling f = {.from = &in->cols[c], .rows = in->rows, .n = n, .at = b->n, .to = &b->cols[c], .side = s, .bucket = bucket};
        assert(f.from->data);
        if (b->cols[c].type.kind == TYPE_DOUBLE) fill_double(&f);
        else if (s->layout.cols[c].is_text) fill_text(&f);
        else fill_fixed(&f);
        if (f.from->valid) fill_nulls(&f, &s->has_nulls[c]);
    }
}

static void put_weight(GrowSide *s, GrowBucket *bucket, GrowBlock *b, int row, int weight)
{
    if (weight == 1 && !b->weights) return;
    if (!b->weights) {
        b->weights = new_raw(bucket_room(s, bucket), int32_t, b->cap);
        for (int i = 0; i < b->cap; i++) b->weights[i] = 1;
    }
    b->weights[row] = weight;
    s->has_weights |= weight != 1;
}

/* ---- rows into blocks --------------------------------------------------------------------------- */

static bool takes_number(const GrowBlock *b, uint64_t number)
{
    return b->n < b->cap && !b->is_resident && (b->n == 0 || (number >= b->first_number && number - b->first_number < UINT32_MAX - BLOCK_ROWS));
}

static int cap_for(int n, int least)
{
    int cap = least;
    while (cap < n && cap < BLOCK_ROWS) cap *= 2;
    return cap < BLOCK_ROWS ? cap : BLOCK_ROWS;
}

/* A block of the bucket with room for at least one row: the newest, or one more, twice as large. */
static GrowBlock *block_for(Grow *g, int side, GrowBucket *bucket, uint64_t number, int n)
{
    GrowSide *s = &g->side[side];
    GrowBlock *b = bucket->blocks;
    if (b && takes_number(b, number)) return b;
    b = block_take(s, cap_for(n, b && !b->is_resident ? b->cap * 2 : BLOCK_ROWS_MIN), false);
    b->older = bucket->blocks;
    b->first_number = number;
    b->side = (uint8_t)side;
    b->bucket = bucket->number;
    bucket->blocks = b;
    block_number(s, b);
    return b;
}

/* How many rows from the first on lie side by side in a batch that stays, and can be a block as they are. */
static int resident_rows(const GrowSide *s, const GrowInput *in)
{
    int n = in->n < BLOCK_ROWS ? in->n : BLOCK_ROWS, first = in->rows[0];
    if (n < RESIDENT_MIN || in->rows[n - 1] - first != n - 1 || s->nblocks > BLOCKS_MAX / 2) return 0; /* numbers are for full ones */
    for (int c = 0; c < s->layout.ncols; c++)
        if (!column_stays(&in->cols[c], first, n) || (in->cols[c].valid && first % 64)) return 0;
    return n;
}

static void refer_column(Column *to, const Column *from, int first)
{
    *to = *from;
    to->data = COL(char, from) + (ptrdiff_t)first * type_width(from->type.kind);
    if (from->valid) to->valid = from->valid + first / 64;
}

/* It stands behind the bucket's newest one, in which there may still be room. */
static GrowBlock *block_of_resident(Grow *g, int side, GrowBucket *bucket, const GrowInput *in, int n)
{
    GrowSide *s = &g->side[side];
    GrowBlock *b = block_take(s, cap_for(n, BLOCK_ROWS_MIN), true), **at = bucket->blocks ? &bucket->blocks->older : &bucket->blocks;
    b->older = *at;
    *at = b;
    b->first_number = g->j.side[side].next_number;
    b->side = (uint8_t)side;
    b->bucket = bucket->number;
    for (int c = 0; c < s->layout.ncols; c++) {
        refer_column(&b->cols[c], &in->cols[c], in->rows[0]);
        s->has_nulls[c] |= b->cols[c].valid != NULL;
    }
    block_number(s, b);
    return b;
}

static void mark_dirty(Grow *g, GrowBlock *b)
{
    if (b->is_dirty) return;
    b->is_dirty = true;
    vec_push(&g->dirty, &g->j.epoch, b);
}

GrowBlock *grow_rows_add(Grow *g, int side, int64_t bucket, const GrowInput *in, int *n)
{
    GrowSide *s = &g->side[side];
    GrowBucket *to = bucket_of(s, bucket);
    uint64_t *number = &g->j.side[side].next_number;
    int resident = resident_rows(s, in);
    GrowBlock *b = resident ? block_of_resident(g, side, to, in, resident) : block_for(g, side, to, *number, in->n);
    *n = resident ? resident : in->n < b->cap - b->n ? in->n : b->cap - b->n;
    if (!resident) fill_columns(s, to, in, b, *n);
    for (int i = 0; i < *n; i++) {
        b->numbers[b->n + i] = (uint32_t)(*number - b->first_number) + (uint32_t)i;
        b->keys[b->n + i] = group_head(&g->j.keys, in->groups[i])->number;
    }
    for (int i = 0; i < *n && (in->weights || b->weights); i++) put_weight(s, to, b, b->n + i, in->weights ? in->weights[in->rows[i]] : 1);
    *number += (uint64_t)*n;
    b->n += *n;
    s->live += *n;
    mark_dirty(g, b);
    return b;
}

/* ---- rows of records ---------------------------------------------------------------------------- */

static void load_column(GrowSide *s, GrowBucket *bucket, GrowBlock *b, int c, const uint64_t *words, uint32_t nulls)
{
    Arena *room = s->layout.cols[c].is_text || key_column_is_null(&s->layout, words, nulls, c) ? bucket_room(s, bucket) : NULL;
    if (b->cols[c].valid) bit_set(b->cols[c].valid, b->n);
    key_unpack(&s->layout, words, nulls, c, &b->cols[c], room, b->n);
    s->has_nulls[c] |= b->cols[c].valid != NULL;
    Text *t = s->layout.cols[c].is_text ? COL(Text, &b->cols[c]) + b->n : NULL;
    if (!t || t->len <= TEXT_INLINE) return;
    char *bytes = arena_alloc_raw(room, t->len, 1);
    memcpy(bytes, t->ptr, t->len);
    t->ptr = bytes;
}

GrowBlock *grow_row_load(Grow *g, int side, int64_t bucket, const uint64_t *words, uint32_t nulls, uint64_t number, int weight)
{
    GrowSide *s = &g->side[side];
    GrowBucket *to = bucket_of(s, bucket);
    GrowBlock *b = block_for(g, side, to, number, 1);
    if (b->n == 0) b->first_number = number;
    for (int c = 0; c < s->layout.ncols; c++) load_column(s, to, b, c, words, nulls);
    b->numbers[b->n] = (uint32_t)(number - b->first_number);
    put_weight(s, to, b, b->n++, weight);
    b->nsaved = b->n;
    s->live++;
    return b;
}

uint32_t grow_row_words(const GrowSide *s, const GrowBlock *b, int row, uint64_t *words)
{
    uint32_t nulls = 0;
    memset(words, 0, (size_t)s->layout.words * 8);
    for (int c = 0; c < s->layout.ncols; c++) {
        const Column *col = &b->cols[c];
        uint64_t *w = &words[s->layout.cols[c].at];
        if (col_is_null(col, row)) {
            if (c < KEY_NULLS_INSIDE) nulls |= (uint32_t)1 << c;
            else bit_set(words, c - KEY_NULLS_INSIDE);
            continue;
        }
        switch (type_width(col->type.kind)) {
        case 1: *w = COL(uint8_t, col)[row]; break;
        case 4: *w = (uint64_t)(int64_t)COL(int32_t, col)[row]; break;
        case 8: *w = COL(uint64_t, col)[row]; break;
        default: memcpy(w, COL(char, col) + (ptrdiff_t)row * 16, 16); break;
        }
    }
    return nulls;
}
