/* copy.h: what COPY … TO writes: rows as text, in a file that is whole or not there. */
#ifndef WEIR_EXEC_COPY_H
#define WEIR_EXEC_COPY_H

#include "exec/engine/change.h"

#include <stdio.h>

typedef struct CopyForm {
    bool is_json;        /* an object a line; else fields with delimiters */
    bool has_header;
    char delimiter;
    Str null;
} CopyForm;

typedef struct CopyOutput {
    FILE *file;          /* NULL: none is open */
    const char *path;
    const char *beside;  /* what is written until it is whole; NULL: `path` itself, which is no plain file */
    Diags *diags;
    Span at;
} CopyOutput;

Status copy_open(CopyOutput *o, Str path, Arena *a, Span at, Diags *d);
/* The columns and the current row of a statement. */
void copy_header(CopyOutput *o, const CopyForm *f, weir_stmt *rows);
Status copy_row(CopyOutput *o, const CopyForm *f, weir_stmt *rows);
/* Everything is on the disk and has its name. */
Status copy_finish(CopyOutput *o);
/* Nothing is left, where it is not finished. */
void copy_discard(CopyOutput *o);

#endif
