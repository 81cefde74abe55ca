/* file.h: small files of the system, read whole. Input streams have readers of their own. */
#ifndef WEIR_BASE_FILE_H
#define WEIR_BASE_FILE_H

#include "base/str.h"

/* The content of a regular file of at most `max` bytes. False: errno tells why (EFBIG: longer). */
bool file_read(Arena *a, const char *path, ptrdiff_t max, Str *out);

#endif
