/* file_set.h: which files a path means, and in which order.
 *
 * A path is a file, a folder (all files directly in it but hidden ones) or a pattern of glob(3).
 * Files are named as the path names them, without the folder that a relative path is relative to,
 * and ordered by these names, byte by byte. */
#ifndef WEIR_EXEC_FILE_SET_H
#define WEIR_EXEC_FILE_SET_H

#include "exec/io/file_part.h"

typedef struct FileName {
    Str name, path;
} FileName;

/* The files that are there now, in order. A path without wildcards always names one, there or
 * not. WEIR_E_IO: the folder cannot be read. */
Status file_set_list(Str base_dir, Str path, Arena *a, FileName **out, int *n, Diags *d);

/* A label between those of two neighbours (0: none on that side). Labels grow by LABEL_STEP at
 * both ends, so that new files at the end, the usual case, never run out of them. 0: no room. */
#define LABEL_STEP (UINT64_C(1) << 24)
#define LABEL_FIRST (UINT64_C(1) << 47)
#define LABEL_END (UINT64_C(1) << 48)
uint64_t file_label_between(uint64_t before, uint64_t after);

#endif
