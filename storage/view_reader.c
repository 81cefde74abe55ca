/* view_reader.c: a view's table read back into typed columns (the inverse of view_value.c). */
#include "storage/view_reader.h"

#include "base/datetime.h"
#include "base/decimal.h"
#include "storage/storage_impl.h"

struct ViewReader {
    Storage *storage;
    const Relation *view;
    Sql sql;             /* a borrowed connection, with statements of our own */
    SqlStmt stmt;
    int64_t timestamp_units; /* per second where times are integers, 0: text */
    bool at_end;
};

static int64_t timestamp_units(const Relation *r)
{
    Str how = options_text(&r->options, "timestamps", "text");
    return str_ieq(how, S("ms")) ? 1000 : str_ieq(how, S("s")) ? 1 : 0;
}

static Str select_text(const Relation *r, const char *rest, Arena *a)
{
    StrBuf b = {.arena = a};
    sb_lit(&b, "SELECT ");
    for (int i = 0; i < r->ncols; i++) {
        if (i) sb_lit(&b, ", ");
        sql_quote_name(&b, relation_stored_name(r, i, a));
    }
    sb_printf(&b, " FROM \"_weir_mv_%lld\" ", (long long)r->id);
    sb_z(&b, rest);
    return sb_done(&b);
}

static Status reader_open(Storage *s, const Relation *view, const char *rest, Arena *a, ViewReader **out, Diags *d)
{
    ViewReader *r = new_one(a, ViewReader);
    *r = (ViewReader){.storage = s, .view = view, .timestamp_units = timestamp_units(view)};
    TRY(sql_prepare(&s->db, select_text(view, rest, a), &r->stmt, d));
    *out = r;
    return WEIR_OK;
}

Status view_reader_open(Storage *s, const Relation *view, Arena *a, ViewReader **out, Diags *d)
{
    return reader_open(s, view, "ORDER BY _id", a, out, d);
}

Status view_reader_open_rows(Storage *s, const Relation *view, Arena *a, ViewReader **out, Diags *d)
{
    return reader_open(s, view, "WHERE _id = ?1", a, out, d);
}

void view_reader_close(ViewReader *r)
{
    if (r) sql_finalize(&r->stmt);
}

static bool parse_decimal(Str s, Type t, Int128 *out)
{
    return decimal_parse(s, t, out) == DECIMAL_OK;
}

/* One stored value as a value of type t. False: it is not one. */
static bool read_value(ViewReader *r, int col, Value *v)
{
    Str s = sql_str(&r->stmt, col);
    v->s = s;
    switch ((TypeKind)v->type.kind) {
    case TYPE_BOOLEAN:
    case TYPE_BIGINT: v->i = sql_int(&r->stmt, col); return true;
    case TYPE_DOUBLE: v->d = sqlite3_column_double(r->stmt.handle, col); return true;
    case TYPE_DECIMAL: return parse_decimal(s, v->type, &v->dec);
    case TYPE_TIMESTAMP:
        if (r->timestamp_units) return timestamp_from_epoch(sql_int(&r->stmt, col), r->timestamp_units, &v->i);
        return timestamp_parse(s, v->type.precision, &v->i);
    case TYPE_DATE: {
        int32_t days;
        bool ok = date_parse(s, &days);
        v->i = ok ? days : 0;
        return ok;
    }
    case TYPE_TIME: return time_parse(s, &v->i);
    case TYPE_INTERVAL: return interval_parse(s, &v->iv);
    case TYPE_TEXT:
    case TYPE_BLOB:
    case TYPE_JSON:
    case TYPE_ARRAY:
    case TYPE_ROW:
    case TYPE_MAP: return true;
    case TYPE_NULL:
    case TYPE_COUNT: return false;
    }
    return false;
}

static Status read_typed(ViewReader *r, int c, Arena *scratch, Value *v, Diags *d)
{
    *v = value_null(r->view->cols[c].type);
    if (sqlite3_column_type(r->stmt.handle, c) == SQLITE_NULL) return WEIR_OK;
    v->is_null = false;
    if (!read_value(r, c, v))
        return diag_error(d, WEIR_E_CORRUPT, (Span){0}, "\"%.*s\" holds a value that is not of column \"%.*s\"'s type",
                          STR_ARG(r->view->name), STR_ARG(r->view->cols[c].name));
    if (type_is_text(v->type.kind)) v->s = str_dup(scratch, v->s);
    return WEIR_OK;
}

static Status read_row(ViewReader *r, Arena *scratch, Batch *b, Diags *d)
{
    for (int c = 0; c < r->view->ncols; c++) {
        Value v;
        TRY(read_typed(r, c, scratch, &v, d));
        column_put(&b->cols[c], scratch, b->rows, &v);
    }
    return WEIR_OK;
}

Status view_reader_row(ViewReader *r, int64_t id, Arena *a, Value *out, bool *found, Diags *d)
{
    sql_put_int(&r->stmt, id);
    Status st = sql_step(&r->storage->db, &r->stmt, found, d);
    for (int c = 0; st == WEIR_OK && *found && c < r->view->ncols; c++) st = read_typed(r, c, a, &out[c], d);
    sql_reset(&r->stmt);
    return st;
}

Status view_reader_next(ViewReader *r, Arena *scratch, Batch *b, Diags *d)
{
    b->ncols = r->view->ncols;
    b->cols = new (scratch, Column, b->ncols);
    for (int c = 0; c < b->ncols; c++) b->cols[c] = column_new(scratch, r->view->cols[c].type, BATCH_ROWS_MAX);
    while (!r->at_end && b->rows < BATCH_ROWS_MAX) {
        bool row = false;
        TRY(sql_step(&r->storage->db, &r->stmt, &row, d));
        r->at_end = !row;
        if (!row) break;
        TRY(read_row(r, scratch, b, d));
        b->rows++;
    }
    return WEIR_OK;
}
