/* copy_rows.c: see copy.h. */
#include "exec/engine/copy.h"

#include "exec/expr/json_text.h"

#include <errno.h>
#include <math.h>
#include <sys/stat.h>
#include <unistd.h>

/* ---- the file ---------------------------------------------------------------------------------------- */

static Status failed(CopyOutput *o, const char *what)
{
    return diag_error(o->diags, WEIR_E_IO, o->at, "cannot %s \"%s\": %s", what, o->path, strerror(errno));
}

/* A pipe, a device or a link (/dev/stdout) is written as it is. */
static bool is_special(const char *path)
{
    struct stat st;
    return lstat(path, &st) == 0 && !S_ISREG(st.st_mode);
}

Status copy_open(CopyOutput *o, Str path, Arena *a, Span at, Diags *d)
{
    *o = (CopyOutput){.path = str_cstr(a, path), .at = at, .diags = d};
    if (!is_special(o->path)) o->beside = str_printf(a, "%s.copy-%ld", o->path, (long)getpid()).p;
    o->file = fopen(o->beside ? o->beside : o->path, o->beside ? "wbx" : "wb");
    return o->file ? WEIR_OK : failed(o, "write");
}

Status copy_finish(CopyOutput *o)
{
    bool ok = fflush(o->file) == 0 && (!o->beside || fsync(fileno(o->file)) == 0);
    if (!ok) return failed(o, "write");
    if (o->beside && rename(o->beside, o->path) != 0) return failed(o, "write");
    o->beside = NULL;
    return WEIR_OK;
}

void copy_discard(CopyOutput *o)
{
    if (!o->file) return;
    fclose(o->file);
    if (o->beside) unlink(o->beside);
    o->file = NULL;
}

/* ---- values ------------------------------------------------------------------------------------------ */

/* Views keep truth as 0 and 1. */
static Value meant(const weir_stmt *rows, int i)
{
    Value v = rows->row[i];
    bool is_truth = rows->cols[i].type.kind == TYPE_BOOLEAN && v.type.kind == TYPE_BIGINT && !v.is_null;
    return is_truth ? value_bool(v.i != 0) : v;
}

static Str text_of(const Value *v, Arena *a)
{
    if (type_is_text(v->type.kind)) return v->s;
    StrBuf b = {.arena = a};
    value_print(&b, v);
    return sb_done(&b);
}

static void put(CopyOutput *o, Str s) { fwrite(s.p, 1, (size_t)s.n, o->file); }

static bool needs_quotes(const CopyForm *f, Str text)
{
    if (text.n == 0 || str_eq(text, f->null) || text.p[0] == ' ' || text.p[text.n - 1] == ' ') return true;
    for (ptrdiff_t i = 0; i < text.n; i++)
        if (text.p[i] == f->delimiter || text.p[i] == '"' || text.p[i] == '\r' || text.p[i] == '\n') return true;
    return false;
}

static void put_field(CopyOutput *o, const CopyForm *f, Str text)
{
    if (!needs_quotes(f, text)) {
        put(o, text);
        return;
    }
    putc('"', o->file);
    for (ptrdiff_t i = 0; i < text.n; i++) {
        if (text.p[i] == '"') putc('"', o->file);
        putc(text.p[i], o->file);
    }
    putc('"', o->file);
}

static void put_quoted(CopyOutput *o, Str text, Arena *a)
{
    StrBuf b = {.arena = a};
    json_quote(&b, text);
    put(o, sb_done(&b));
}

/* What is JSON already stands as it is; its line ends are no part of a value. */
static bool put_nested(CopyOutput *o, const Value *v, TypeKind declared)
{
    Str value;
    bool is_nested = declared == TYPE_JSON || type_is_nested(declared);
    if (!is_nested || !type_is_text(v->type.kind) || !json_check(v->s, &value)) return false;
    for (ptrdiff_t i = 0; i < value.n; i++) putc(value.p[i] == '\n' || value.p[i] == '\r' ? ' ' : value.p[i], o->file);
    return true;
}

static bool is_bare(const Value *v, TypeKind declared)
{
    TypeKind k = (TypeKind)v->type.kind;
    if (k == TYPE_DOUBLE) return isfinite(v->d);
    return k == TYPE_BIGINT || k == TYPE_BOOLEAN || k == TYPE_DECIMAL || (declared == TYPE_DECIMAL && k == TYPE_TEXT);
}

static void put_value(CopyOutput *o, const Value *v, TypeKind declared, Arena *a)
{
    if (v->is_null) put(o, S("null"));
    else if (is_bare(v, declared)) put(o, text_of(v, a));
    else if (!put_nested(o, v, declared)) put_quoted(o, text_of(v, a), a);
}

/* ---- rows -------------------------------------------------------------------------------------------- */

void copy_header(CopyOutput *o, const CopyForm *f, weir_stmt *rows)
{
    if (f->is_json || !f->has_header) return;
    for (int i = 0; i < rows->ncols; i++) {
        if (i) putc(f->delimiter, o->file);
        put_field(o, f, rows->cols[i].name);
    }
    putc('\n', o->file);
}

static void put_object(CopyOutput *o, weir_stmt *rows, Arena *a)
{
    for (int i = 0; i < rows->ncols; i++) {
        Value v = meant(rows, i);
        put(o, i ? S(",") : S("{"));
        put_quoted(o, rows->cols[i].name, a);
        putc(':', o->file);
        put_value(o, &v, (TypeKind)rows->cols[i].type.kind, a);
    }
    put(o, S("}\n"));
}

static void put_line(CopyOutput *o, const CopyForm *f, weir_stmt *rows, Arena *a)
{
    for (int i = 0; i < rows->ncols; i++) {
        Value v = meant(rows, i);
        if (i) putc(f->delimiter, o->file);
        if (v.is_null) put(o, f->null);
        else put_field(o, f, text_of(&v, a));
    }
    putc('\n', o->file);
}

Status copy_row(CopyOutput *o, const CopyForm *f, weir_stmt *rows)
{
    if (f->is_json) put_object(o, rows, &rows->row_arena);
    else put_line(o, f, rows, &rows->row_arena);
    return ferror(o->file) ? failed(o, "write") : WEIR_OK;
}
