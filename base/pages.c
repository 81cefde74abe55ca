/* pages.c: see pages.h. What waits is state of the process, as the system's own free pages are: it is
 * part of the allocator seam (arena.h). */
#include "base/pages.h"
#include "base/poison.h"

#include <assert.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#ifdef __linux__
#include <sys/mman.h>
#endif

#if defined(MADV_HUGEPAGE) && defined(MADV_FREE) && !defined(WEIR_ASAN)

enum { SMALL_PAGE = 64 << 10 /* the largest anywhere */, KEPT_BLOCKS = 64, KEPT_MAX = 64 << 20 };

typedef struct Block {
    void *p;
    size_t size;
} Block;

/* Oldest first. */
static struct {
    atomic_flag is_busy;
    size_t bytes;
    int n;
    Block blocks[KEPT_BLOCKS];
} kept = {.is_busy = ATOMIC_FLAG_INIT};

static void kept_lock(void)
{
    while (atomic_flag_test_and_set_explicit(&kept.is_busy, memory_order_acquire)) {}
}

static void kept_unlock(void) { atomic_flag_clear_explicit(&kept.is_busy, memory_order_release); }

static Block kept_remove(int at)
{
    Block b = kept.blocks[at];
    kept.n--;
    kept.bytes -= b.size;
    memmove(&kept.blocks[at], &kept.blocks[at + 1], (size_t)(kept.n - at) * sizeof b);
    return b;
}

/* The newest, whose lines may still be in a cache. */
static void *kept_take(size_t size)
{
    Block found = {NULL, 0};
    kept_lock();
    for (int i = kept.n - 1; i >= 0 && !found.p; i--)
        if (kept.blocks[i].size == size) found = kept_remove(i);
    kept_unlock();
    return found.p;
}

/* The oldest that must go to make room for so many bytes; without a block: there is room. */
static Block kept_make_room(size_t size)
{
    Block gone = {NULL, 0};
    kept_lock();
    if (kept.n > 0 && (kept.n == KEPT_BLOCKS || kept.bytes + size > KEPT_MAX)) gone = kept_remove(0);
    kept_unlock();
    return gone;
}

/* False: others have taken the room. */
static bool kept_put(Block b)
{
    kept_lock();
    bool has_room = kept.n < KEPT_BLOCKS && kept.bytes + b.size <= KEPT_MAX;
    if (has_room) {
        kept.blocks[kept.n++] = b;
        kept.bytes += b.size;
    }
    kept_unlock();
    return has_room;
}

static void *map(size_t size)
{
    char *p = mmap(NULL, size + HUGE_PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (p == MAP_FAILED) return NULL;
    size_t before = -(uintptr_t)p & (HUGE_PAGE - 1);
    if (before) (void)munmap(p, before);
    (void)munmap(p + before + size, HUGE_PAGE - before);
    (void)madvise(p + before, size & ~(size_t)(HUGE_PAGE - 1), MADV_HUGEPAGE); /* a wish */
    return p + before;
}

static size_t whole_pages(ptrdiff_t size) { return ((size_t)size + SMALL_PAGE - 1) & ~(size_t)(SMALL_PAGE - 1); }

void *pages_alloc(ptrdiff_t size, bool is_zeroed)
{
    assert(size >= HUGE_PAGE);
    if (size > PTRDIFF_MAX - 2 * (ptrdiff_t)HUGE_PAGE) return NULL;
    size_t whole = whole_pages(size);
    void *p = is_zeroed ? NULL : kept_take(whole);
    return p ? p : map(whole);
}

void pages_free(void *p, ptrdiff_t size)
{
    Block b = {p, whole_pages(size)}, gone;
    while (b.size <= KEPT_MAX && (gone = kept_make_room(b.size)).p) (void)munmap(gone.p, gone.size);
    (void)madvise(p, b.size, MADV_FREE);
    if (!kept_put(b)) (void)munmap(p, b.size);
}

#else /* what looks for leaks sees only the allocator */

void *pages_alloc(ptrdiff_t size, bool is_zeroed)
{
    return is_zeroed ? calloc(1, (size_t)size) : malloc((size_t)size);
}

void pages_free(void *p, ptrdiff_t size)
{
    (void)size;
    free(p);
}

#endif
