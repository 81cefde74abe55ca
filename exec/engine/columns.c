/* columns.c: the shape of a result and its current row, as the public interface shows them. */
#include "exec/engine/statement.h"

#include "base/decimal.h"

int weir_column_count(weir_stmt *s) { return s->ncols; }
int weir_row_weight(weir_stmt *s) { return s->weight; }
int weir_is_push(weir_stmt *s) { return s->is_push; }
int weir_has_retractions(weir_stmt *s) { return s->has_retractions; }
int64_t weir_changes(weir_stmt *s) { return s->changes; }

const char *weir_column_name(weir_stmt *s, int i)
{
    return i >= 0 && i < s->ncols ? str_cstr(&s->arena, s->cols[i].name) : "";
}

const char *weir_column_decltype(weir_stmt *s, int i)
{
    if (i < 0 || i >= s->ncols || s->cols[i].type.kind == TYPE_NULL) return "";
    return str_cstr(&s->arena, type_name(s->cols[i].type, &s->arena));
}

weir_type weir_column_type(weir_stmt *s, int i)
{
    static const weir_type types[TYPE_COUNT] = {
        [TYPE_NULL] = WEIR_NULL,     [TYPE_BOOLEAN] = WEIR_INTEGER, [TYPE_BIGINT] = WEIR_INTEGER,
        [TYPE_DOUBLE] = WEIR_FLOAT,  [TYPE_DECIMAL] = WEIR_FLOAT,   [TYPE_TEXT] = WEIR_TEXT,
        [TYPE_BLOB] = WEIR_BLOB,     [TYPE_TIMESTAMP] = WEIR_TEXT,  [TYPE_DATE] = WEIR_TEXT,
        [TYPE_TIME] = WEIR_TEXT,     [TYPE_INTERVAL] = WEIR_TEXT,   [TYPE_JSON] = WEIR_TEXT,
        [TYPE_ARRAY] = WEIR_TEXT,    [TYPE_ROW] = WEIR_TEXT,        [TYPE_MAP] = WEIR_TEXT,
    };
    if (i < 0 || i >= s->ncols || s->row[i].is_null) return WEIR_NULL;
    return types[s->row[i].type.kind];
}

int64_t weir_column_int64(weir_stmt *s, int i)
{
    if (weir_column_type(s, i) == WEIR_NULL) return 0;
    const Value *v = &s->row[i];
    if (v->type.kind == TYPE_DOUBLE) return (int64_t)v->d;
    if (v->type.kind == TYPE_DECIMAL) return (int64_t)decimal_to_double(v->dec, v->type.scale);
    return type_is_text(v->type.kind) ? 0 : v->i;
}

double weir_column_double(weir_stmt *s, int i)
{
    if (weir_column_type(s, i) == WEIR_NULL) return 0;
    const Value *v = &s->row[i];
    if (v->type.kind == TYPE_DOUBLE) return v->d;
    if (v->type.kind == TYPE_DECIMAL) return decimal_to_double(v->dec, v->type.scale);
    return (double)weir_column_int64(s, i);
}

const char *weir_column_text(weir_stmt *s, int i, int64_t *len)
{
    if (len) *len = 0;
    if (weir_column_type(s, i) == WEIR_NULL) return NULL;
    const Value *v = &s->row[i];
    Str out;
    if (type_is_text(v->type.kind)) {
        out = str_dup(&s->row_arena, v->s);
    } else {
        StrBuf b = {.arena = &s->row_arena};
        value_print(&b, v);
        out = sb_done(&b);
    }
    if (len) *len = out.n;
    return out.p;
}
