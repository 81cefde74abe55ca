/* pages.h: large blocks of memory, from the system itself.
 *
 * The first touch of fresh memory costs more than writing it: the system finds a page, clears it and
 * maps it. With pages of 2 MB that is a third of what it is with small ones, and a look into a large
 * block needs no walk through page tables; so blocks begin with a huge page. What has been given back
 * waits for the next block of its size, up to KEPT_MAX bytes; the system may take it when it has
 * little. */
#ifndef WEIR_BASE_PAGES_H
#define WEIR_BASE_PAGES_H

#include <stdbool.h>
#include <stddef.h>

enum { HUGE_PAGE = 2 << 20 };

/* At least HUGE_PAGE bytes; NULL: there are none. Not zeroed, unless asked for. */
void *pages_alloc(ptrdiff_t size, bool is_zeroed);
/* `size` as it was asked for. */
void pages_free(void *p, ptrdiff_t size);

#endif
