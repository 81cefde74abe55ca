/* memory.c: SQLite's allocator, told to fail. The library's own is told by weir_test_fail_allocation. */
#include "tests/torture/torture.h"

#include <sqlite3.h>
#include <stddef.h>

static sqlite3_mem_methods beneath;
static struct {
    int64_t fails_in, count; /* 0: never */
    bool has_failed, is_paused;
} memory;

static bool fails(void)
{
    if (!memory.fails_in || memory.is_paused) return false;
    if (memory.fails_in > 1) {
        memory.fails_in--;
        return false;
    }
    memory.has_failed = true;
    if (--memory.count <= 0) memory.fails_in = 0;
    return true;
}

static void *memory_alloc(int n) { return fails() ? NULL : beneath.xMalloc(n); }
static void *memory_realloc(void *p, int n) { return fails() ? NULL : beneath.xRealloc(p, n); }

void memory_register(void)
{
    sqlite3_config(SQLITE_CONFIG_GETMALLOC, &beneath);
    sqlite3_mem_methods ours = beneath;
    ours.xMalloc = memory_alloc;
    ours.xRealloc = memory_realloc;
    sqlite3_config(SQLITE_CONFIG_MALLOC, &ours);
}

void memory_fail_at(int64_t n, int64_t count)
{
    memory.fails_in = n;
    memory.count = count;
    memory.has_failed = false;
}

bool memory_has_failed(void) { return memory.has_failed; }
bool memory_fails_for_good(void) { return memory.has_failed && memory.fails_in && memory.count > 1000; }
void memory_pause(bool is_paused) { memory.is_paused = is_paused; }
