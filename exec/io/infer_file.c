/* infer_file.c: reading the head of a file for inference (see infer_file.h). */
#include "exec/io/infer_file.h"
#include "base/datetime.h"
#include "exec/format/infer.h"
#include "exec/io/file_set.h"

#include <errno.h>
#include <sys/stat.h>
#include <unistd.h>

enum { HEAD_BYTES = 1 << 20 };

/* The first file of the path that is not empty, opened into *f. */
static Status open_first(Str base_dir, Str path, FilePart *f, Arena *a, Span at, Diags *d)
{
    FileName *names;
    int n;
    TRY(file_set_list(base_dir, path, a, &names, &n, d));
    if (n == 0) return diag_error(d, WEIR_E_IO, at, "no file matches \"%.*s\"", STR_ARG(path));
    for (int i = 0; i < n; i++) {
        bool is_last = i == n - 1;
        Status st = file_part_open(f, names[i].path.p, NULL);
        if (st == WEIR_OK && (f->size > 0 || is_last)) return WEIR_OK;
        if (st != WEIR_OK && is_last)
            return diag_error(d, WEIR_E_IO, at, "cannot read \"%s\": %s", names[i].path.p, strerror(errno));
    }
    return WEIR_OK;
}

static Status read_head(FilePart *f, Arena *a, Str *head, int32_t *year, Diags *d)
{
    char *p = arena_alloc_raw(a, HEAD_BYTES, 1);
    ssize_t n;
    do n = pread(f->fd, p, HEAD_BYTES, 0);
    while (n < 0 && errno == EINTR);
    if (n < 0) return diag_error(d, WEIR_E_IO, (Span){0}, "cannot read: %s", strerror(errno));
    struct stat st;
    *year = fstat(f->fd, &st) == 0 ? civil_from_days((int32_t)(st.st_mtime / 86400)).year : 0;
    *head = str_of(p, n);
    return WEIR_OK;
}

Status infer_file(const Registry *r, Str path, const Options *given, Relation *rel, Arena *a, Span at,
                  Diags *d)
{
    FilePart f = {.fd = -1};
    Arena scratch = {0};
    Str head = {0};
    int32_t year = 0;
    Option *items = new (a, Option, 2);
    items[0] = (Option){.name = S("connector"), .value = S("file"), .span = at};
    items[1] = (Option){.name = S("path"), .value = str_dup(a, path), .span = at};
    rel->options = (Options){items, 2};
    rel->watermark.col = -1;
    Status st = open_first(rel->base_dir, path, &f, &scratch, at, d);
    if (st == WEIR_OK) st = read_head(&f, &scratch, &head, &year, d);
    file_part_close(&f);
    if (st == WEIR_OK) st = format_infer(r, path, head, year, given, rel, a, at, d);
    arena_free(&scratch);
    return st;
}
