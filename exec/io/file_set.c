/* file_set.c: listing the files of a path (see file_set.h). */
#include "exec/io/file_set.h"

#include <assert.h>
#include <dirent.h>
#include <errno.h>
#include <glob.h>
#include <stdlib.h>
#include <sys/stat.h>

static bool is_pattern(Str path)
{
    for (ptrdiff_t i = 0; i < path.n; i++)
        if (path.p[i] == '*' || path.p[i] == '?' || path.p[i] == '[') return true;
    return false;
}

static Str join(Arena *a, Str dir, Str path)
{
    if (dir.n == 0 || (path.n && path.p[0] == '/')) return str_dup(a, path);
    const char *slash = dir.p[dir.n - 1] == '/' ? "" : "/";
    return str_printf(a, "%.*s%s%.*s", STR_ARG(dir), slash, STR_ARG(path));
}

/* The folder with what glob(3) takes for wildcards made literal. */
static Str escape_pattern(Arena *a, Str s)
{
    StrBuf b = {.arena = a};
    for (ptrdiff_t i = 0; i < s.n; i++) {
        if (strchr("*?[]\\", s.p[i])) sb_char(&b, '\\');
        sb_char(&b, s.p[i]);
    }
    return sb_done(&b);
}

static bool is_kind(const char *path, mode_t kind)
{
    struct stat st;
    return stat(path, &st) == 0 && (st.st_mode & S_IFMT) == kind;
}

static int by_name(const void *x, const void *y)
{
    return str_cmp(((const FileName *)x)->name, ((const FileName *)y)->name);
}

typedef VEC(FileName) FileNames;

static void close_folder(void *handle) { closedir(handle); }

static void free_glob(void *g) { globfree(g); }

static Status list_folder(Str dir, Str name, Arena *a, FileNames *out, Diags *d)
{
    DIR *handle = opendir(dir.p);
    if (!handle)
        return diag_error(d, WEIR_E_IO, (Span){0}, "cannot read \"%s\": %s", dir.p, strerror(errno));
    arena_on_release(a, close_folder, handle);
    for (struct dirent *e; (e = readdir(handle));) {
        if (e->d_name[0] == '.') continue;
        Str file = str_z(e->d_name), path = join(a, dir, file);
        if (is_kind(path.p, S_IFREG)) vec_push(out, a, (FileName){join(a, name, file), path});
    }
    return WEIR_OK;
}

static Status list_pattern(Str base_dir, Str path, Arena *a, FileNames *out, Diags *d)
{
    bool is_relative = base_dir.n && path.p[0] != '/';
    Str pattern = is_relative ? join(a, escape_pattern(a, base_dir), path) : str_dup(a, path);
    ptrdiff_t prefix = is_relative ? join(a, base_dir, S("")).n : 0;
    glob_t *g = new_one(a, glob_t);
    int rc = glob(pattern.p, 0, NULL, g);
    if (rc != GLOB_NOMATCH) arena_on_release(a, free_glob, g);
    for (size_t i = 0; rc == 0 && i < g->gl_pathc; i++) {
        Str found = str_dup(a, str_z(g->gl_pathv[i]));
        if (is_kind(found.p, S_IFREG))
            vec_push(out, a, (FileName){str_of(found.p + prefix, found.n - prefix), found});
    }
    if (rc == 0 || rc == GLOB_NOMATCH) return WEIR_OK;
    return diag_error(d, WEIR_E_IO, (Span){0}, "cannot list \"%.*s\"", STR_ARG(path));
}

Status file_set_list(Str base_dir, Str path, Arena *a, FileName **out, int *n, Diags *d)
{
    FileNames names = {0};
    Str full = join(a, base_dir, path);
    if (is_kind(full.p, S_IFDIR))
        TRY(list_folder(full, path, a, &names, d));
    else if (is_pattern(path) && !is_kind(full.p, S_IFREG))
        TRY(list_pattern(base_dir, path, a, &names, d));
    else
        vec_push(&names, a, (FileName){path, full});
    if (names.len) qsort(names.data, (size_t)names.len, sizeof *names.data, by_name);
    *out = names.data;
    *n = (int)names.len;
    return WEIR_OK;
}

uint64_t file_label_between(uint64_t before, uint64_t after)
{
    if (!before && !after) return LABEL_FIRST;
    if (!after) return before + LABEL_STEP < LABEL_END ? before + LABEL_STEP : 0;
    if (!before) return after > LABEL_STEP ? after - LABEL_STEP : 0;
    assert(before < after);
    return after - before > 1 ? before + (after - before) / 2 : 0;
}
