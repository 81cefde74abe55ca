/* arena.h: memory by lifetime.
 *
 * Everything that lives as long as something else is allocated from that thing's arena and goes
 * with it. Nothing is freed one by one. Memory comes from the process's allocator seam
 * (mem_alloc), which can be made to fail on purpose and keeps accounts.
 *
 * Running out: an allocation never returns NULL. It leaves by longjmp to the innermost OOM_TRY of
 * its thread, which turns it into WEIR_E_NOMEM. Only API entry points and thread mains hold one. */
#ifndef WEIR_BASE_ARENA_H
#define WEIR_BASE_ARENA_H

#include <setjmp.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef struct ArenaChunk ArenaChunk;
typedef struct ArenaCleanup ArenaCleanup;

/* Zero-initialised is ready to use. */
typedef struct Arena {
    char *at, *end;    /* the free part of the newest chunk */
    ArenaChunk *chunk; /* newest chunk, linked to older ones */
    int64_t bytes;     /* held from the allocator */
    ArenaCleanup *cleanups; /* newest first */
    ArenaChunk *spare; /* given back, kept for the next need; or NULL */
    ptrdiff_t wanted;  /* a new chunk is at least as large: what was needed between two resets */
} Arena;

typedef struct ArenaMark {
    ArenaChunk *chunk;
    char *at;
    ArenaCleanup *cleanups;
} ArenaMark;

/* `size` zeroed bytes aligned to `align` (a power of two). size 0 gives a valid pointer. */
void *arena_alloc(Arena *a, ptrdiff_t size, ptrdiff_t align);
/* The same without zeroing: for buffers that are filled at once. */
void *arena_alloc_raw(Arena *a, ptrdiff_t size, ptrdiff_t align);
/* Frees everything. The arena can be used again. */
void arena_free(Arena *a);
/* Forgets everything but keeps the largest chunk, and one more, for reuse. */
void arena_reset(Arena *a);
/* arena_release gives back all that was allocated since the mark was taken. */
ArenaMark arena_mark(const Arena *a);
void arena_release(Arena *a, ArenaMark m);
/* Has run(arg) called when what is allocated now is given back: for the few things that hold more
 * than memory (compiled machine code, a foreign library's object). */
void arena_on_release(Arena *a, void (*run)(void *arg), void *arg);

#define new(a, T, n) ((T *)arena_alloc((a), checked_mul((n), sizeof(T)), _Alignof(T)))
#define new_raw(a, T, n) ((T *)arena_alloc_raw((a), checked_mul((n), sizeof(T)), _Alignof(T)))
#define new_one(a, T) new (a, T, 1)

/* n * size, or out-of-memory when that does not fit or n < 0. */
ptrdiff_t checked_mul(ptrdiff_t n, size_t size);

/* The allocator seam. mem_alloc gives zeroed memory and never NULL; mem_free(NULL) is allowed. */
void *mem_alloc(ptrdiff_t size);
void *mem_alloc_raw(ptrdiff_t size); /* not zeroed */
void *mem_realloc(void *p, ptrdiff_t old_size, ptrdiff_t new_size);
void mem_free(void *p, ptrdiff_t size);
int64_t mem_in_use(void);          /* bytes, of the whole process */
int64_t mem_allocations(void);     /* how often memory has been asked for */
/* Tests: the n-th allocation from now fails; -1: none. Returns what was left of the last request. */
int64_t mem_fail_after(int64_t n);

/* if (OOM_TRY(f)) { ... OOM_END(f); } else { out of memory } */
typedef struct OomFrame {
    jmp_buf env;
    struct OomFrame *outer;
} OomFrame;
extern _Thread_local OomFrame *oom_top;
#define OOM_TRY(f) ((f)->outer = oom_top, oom_top = (f), setjmp((f)->env) == 0)
#define OOM_END(f) ((void)(oom_top = (f)->outer))
_Noreturn void oom_raise(void); /* also pops the frame it jumps to */

/* A growing array in an arena: VEC(T) v = {0}; vec_push(&v, arena, item). */
#define VEC(T) struct { T *data; ptrdiff_t len, cap; }
#define vec_push(v, a, ...) \
    ((v)->len < (v)->cap ? (void)0 \
                         : vec_grow((void **)&(v)->data, (v)->len, &(v)->cap, sizeof *(v)->data, (a)), \
     (v)->data[(v)->len++] = (__VA_ARGS__))
void vec_grow(void **data, ptrdiff_t len, ptrdiff_t *cap, size_t item, Arena *a);

#endif
