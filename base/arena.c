/* arena.c: arenas, and the one place that asks for memory; what is large comes from pages.h.
 *
 * The count of bytes in use and the injected failure are state of the process: they are what the
 * allocator seam is for. */
#include "base/arena.h"
#include "base/pages.h"
#include "base/poison.h"

#include <assert.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

struct ArenaChunk {
    ArenaChunk *older;
    ptrdiff_t size; /* of the whole block, this header included */
};

enum {
    CHUNK_MIN = 4096, CHUNK_MAX = 2 << 20, /* doubling; then by a CHUNK_PARTth of what the arena holds */
    CHUNK_PART = 8, CHUNK_PART_MAX = 32 << 20, WANTED_MAX = 32 << 20
};

static _Atomic int64_t bytes_in_use;
static _Atomic int64_t allocations;
static _Atomic int64_t failures_in = -1;

_Thread_local OomFrame *oom_top;

_Noreturn void oom_raise(void)
{
    OomFrame *f = oom_top;
    if (!f) abort(); /* a thread without a frame cannot go on */
    oom_top = f->outer;
    longjmp(f->env, 1);
}

int64_t mem_fail_after(int64_t n)
{
    return atomic_exchange(&failures_in, n);
}

int64_t mem_in_use(void)
{
    return atomic_load_explicit(&bytes_in_use, memory_order_relaxed);
}

int64_t mem_allocations(void)
{
    return atomic_load_explicit(&allocations, memory_order_relaxed);
}

static void check_injected_failure(void)
{
    atomic_fetch_add_explicit(&allocations, 1, memory_order_relaxed);
    if (atomic_load_explicit(&failures_in, memory_order_relaxed) < 0) return;
    if (atomic_fetch_sub(&failures_in, 1) <= 1) {
        atomic_store(&failures_in, -1);
        oom_raise();
    }
}

static void account(int64_t more)
{
    atomic_fetch_add_explicit(&bytes_in_use, more, memory_order_relaxed);
}

static inline bool is_large(ptrdiff_t size) { return size >= HUGE_PAGE; }

static void *block_alloc(ptrdiff_t size, bool is_zeroed)
{
    check_injected_failure();
    if (size < 0) oom_raise();
    size_t bytes = size ? (size_t)size : 1;
    void *p = is_large(size) ? pages_alloc(size, is_zeroed) : is_zeroed ? calloc(1, bytes) : malloc(bytes);
    if (!p) oom_raise();
    account(size);
    return p;
}

void *mem_alloc_raw(ptrdiff_t size) { return block_alloc(size, false); }
void *mem_alloc(ptrdiff_t size) { return block_alloc(size, true); }

static void *move_block(void *p, ptrdiff_t old_size, ptrdiff_t new_size)
{
    void *q = mem_alloc(new_size);
    memcpy(q, p, (size_t)(old_size < new_size ? old_size : new_size));
    mem_free(p, old_size);
    return q;
}

void *mem_realloc(void *p, ptrdiff_t old_size, ptrdiff_t new_size)
{
    if (!p) return mem_alloc(new_size);
    if (is_large(old_size) || is_large(new_size)) return move_block(p, old_size, new_size);
    check_injected_failure();
    if (new_size < 0) oom_raise();
    char *q = realloc(p, new_size ? (size_t)new_size : 1);
    if (!q) oom_raise();
    account(new_size - old_size);
    if (new_size > old_size) memset(q + old_size, 0, (size_t)(new_size - old_size));
    return q;
}

void mem_free(void *p, ptrdiff_t size)
{
    if (!p) return;
    account(-size);
    if (is_large(size)) pages_free(p, size);
    else free(p);
}

ptrdiff_t checked_mul(ptrdiff_t n, size_t size)
{
    ptrdiff_t product;
    if (n < 0 || __builtin_mul_overflow(n, size, &product)) oom_raise();
    return product;
}

static char *chunk_start(ArenaChunk *c)
{
    return (char *)(c + 1);
}

static void chunk_use(Arena *a, ArenaChunk *c)
{
    a->chunk = c;
    a->at = chunk_start(c);
    a->end = (char *)c + c->size;
    POISON(a->at, a->end - a->at);
}

static void chunk_drop(Arena *a, ArenaChunk *c)
{
    UNPOISON(chunk_start(c), c->size - (ptrdiff_t)sizeof *c);
    a->bytes -= c->size;
    mem_free(c, c->size);
}

/* What has been given back and is large enough. */
static ArenaChunk *spare_take(Arena *a, ptrdiff_t least)
{
    ArenaChunk *c = a->spare;
    if (!c || c->size < least) return NULL;
    a->spare = NULL;
    return c;
}

/* The larger of the chunk and the spare one is kept for the next time, unless it is huge. */
static void chunk_spare(Arena *a, ArenaChunk *c)
{
    ArenaChunk *less = c;
    if (c->size <= CHUNK_MAX && (!a->spare || a->spare->size < c->size)) {
        less = a->spare;
        a->spare = c;
        POISON(chunk_start(c), c->size - (ptrdiff_t)sizeof *c);
    }
    if (less) chunk_drop(a, less);
}

/* Large ones are whole huge pages. */
static ptrdiff_t next_size(const Arena *a, ptrdiff_t least)
{
    ptrdiff_t next = a->chunk ? a->chunk->size * 2 : CHUNK_MIN, part = (ptrdiff_t)(a->bytes / CHUNK_PART);
    if (next > CHUNK_MAX) next = CHUNK_MAX;
    if (next < part) next = part < CHUNK_PART_MAX ? part : CHUNK_PART_MAX;
    if (next < a->wanted) next = a->wanted;
    if (next < least) next = least;
    if (!is_large(next)) return next;
    if (next > PTRDIFF_MAX - HUGE_PAGE) oom_raise();
    return (next + HUGE_PAGE - 1) & ~(ptrdiff_t)(HUGE_PAGE - 1);
}

static void arena_add_chunk(Arena *a, ptrdiff_t size, ptrdiff_t align)
{
    if (size > PTRDIFF_MAX - align - (ptrdiff_t)sizeof(ArenaChunk)) oom_raise();
    ptrdiff_t least = size + align + (ptrdiff_t)sizeof(ArenaChunk);
    ArenaChunk *c = spare_take(a, least);
    if (!c) {
        ptrdiff_t next = next_size(a, least);
        c = mem_alloc_raw(next);
        c->size = next;
        a->bytes += next;
    }
    c->older = a->chunk;
    chunk_use(a, c);
}

void *arena_alloc_raw(Arena *a, ptrdiff_t size, ptrdiff_t align)
{
    assert(align > 0 && (align & (align - 1)) == 0);
    if (size < 0) oom_raise();
    ptrdiff_t pad = (ptrdiff_t)(-(uintptr_t)a->at & (uintptr_t)(align - 1));
    if (!a->chunk || size > a->end - a->at - pad) {
        arena_add_chunk(a, size, align);
        pad = (ptrdiff_t)(-(uintptr_t)a->at & (uintptr_t)(align - 1));
    }
    char *p = a->at + pad;
    a->at = p + size;
    UNPOISON(p, size);
    return p;
}

void *arena_alloc(Arena *a, ptrdiff_t size, ptrdiff_t align)
{
    void *p = arena_alloc_raw(a, size, align);
    if (size > 0) memset(p, 0, (size_t)size);
    return p;
}

struct ArenaCleanup {
    ArenaCleanup *older;
    void (*run)(void *arg);
    void *arg;
};

void arena_on_release(Arena *a, void (*run)(void *arg), void *arg)
{
    ArenaCleanup *c = new_one(a, ArenaCleanup);
    *c = (ArenaCleanup){a->cleanups, run, arg};
    a->cleanups = c;
}

static void run_cleanups(Arena *a, const ArenaCleanup *until)
{
    while (a->cleanups != until) {
        ArenaCleanup *c = a->cleanups;
        a->cleanups = c->older;
        c->run(c->arg);
    }
}

void arena_free(Arena *a)
{
    run_cleanups(a, NULL);
    for (ArenaChunk *c = a->chunk; c;) {
        ArenaChunk *older = c->older;
        chunk_drop(a, c);
        c = older;
    }
    if (a->spare) chunk_drop(a, a->spare);
    *a = (Arena){0};
}

void arena_reset(Arena *a)
{
    run_cleanups(a, NULL);
    ArenaChunk *largest = a->chunk;
    if (!largest) return;
    ptrdiff_t all = largest->size;
    for (ArenaChunk *c = largest->older; c; c = c->older) {
        if (c->size > largest->size) largest = c;
        all += c->size;
    }
    if (all > largest->size) a->wanted = all < WANTED_MAX ? all : WANTED_MAX;
    for (ArenaChunk *c = a->chunk; c;) {
        ArenaChunk *older = c->older;
        if (c != largest) chunk_spare(a, c);
        c = older;
    }
    largest->older = NULL;
    chunk_use(a, largest);
}

ArenaMark arena_mark(const Arena *a)
{
    return (ArenaMark){a->chunk, a->at, a->cleanups};
}

void arena_release(Arena *a, ArenaMark m)
{
    if (!m.chunk) {
        arena_reset(a);
        return;
    }
    run_cleanups(a, m.cleanups);
    while (a->chunk != m.chunk) {
        ArenaChunk *c = a->chunk;
        a->chunk = c->older;
        chunk_spare(a, c);
    }
    a->at = m.at;
    a->end = (char *)m.chunk + m.chunk->size;
    POISON(a->at, a->end - a->at);
}

void vec_grow(void **data, ptrdiff_t len, ptrdiff_t *cap, size_t item, Arena *a)
{
    ptrdiff_t wanted = *cap ? *cap * 2 : 8;
    ptrdiff_t bytes = checked_mul(wanted, item);
    char *p = arena_alloc(a, bytes, _Alignof(max_align_t));
    if (len) memcpy(p, *data, (size_t)len * item);
    *data = p;
    *cap = wanted;
}
