/* columns.c: the shape of a result and its current row, as the public interface shows them. */
#include "exec/engine/statement.h"

#include "base/decimal.h"

int weir_column_count(weir_stmt *s) { return s ? s->ncols : 0; }
int weir_row_weight(weir_stmt *s) { return s ? s->weight : 0; }
int weir_is_push(weir_stmt *s) { return s && s->is_push; }
int weir_reads_engine(weir_stmt *s) { return s && s->reads_engine; }
int weir_has_retractions(weir_stmt *s) { return s && s->has_retractions; }
int64_t weir_changes(weir_stmt *s) { return s ? s->changes : 0; }

static bool has_column(const weir_stmt *s, int i) { return s && i >= 0 && i < s->ncols; }

const char *weir_column_name(weir_stmt *s, int i) { return has_column(s, i) ? s->names[i] : ""; }
const char *weir_column_decltype(weir_stmt *s, int i) { return has_column(s, i) ? s->types[i] : ""; }

weir_type weir_column_type(weir_stmt *s, int i)
{
    static const weir_type types[TYPE_COUNT] = {
        [TYPE_NULL] = WEIR_NULL,     [TYPE_BOOLEAN] = WEIR_INTEGER, [TYPE_BIGINT] = WEIR_INTEGER,
        [TYPE_DOUBLE] = WEIR_FLOAT,  [TYPE_DECIMAL] = WEIR_FLOAT,   [TYPE_TEXT] = WEIR_TEXT,
        [TYPE_BLOB] = WEIR_BLOB,     [TYPE_TIMESTAMP] = WEIR_TEXT,  [TYPE_DATE] = WEIR_TEXT,
        [TYPE_TIME] = WEIR_TEXT,     [TYPE_INTERVAL] = WEIR_TEXT,   [TYPE_JSON] = WEIR_TEXT,
        [TYPE_ARRAY] = WEIR_TEXT,    [TYPE_ROW] = WEIR_TEXT,        [TYPE_MAP] = WEIR_TEXT,
    };
    if (!has_column(s, i) || s->row[i].is_null) return WEIR_NULL;
    return types[s->row[i].type.kind];
}

/* Cut towards zero; beyond the range the end of it. */
static int64_t whole(double d)
{
    if (d >= 0x1p63) return INT64_MAX;
    return d < -0x1p63 ? INT64_MIN : (int64_t)d;
}

int64_t weir_column_int64(weir_stmt *s, int i)
{
    if (weir_column_type(s, i) == WEIR_NULL) return 0;
    const Value *v = &s->row[i];
    if (v->type.kind == TYPE_DOUBLE) return whole(v->d);
    if (v->type.kind == TYPE_DECIMAL) return whole(decimal_to_double(v->dec, v->type.scale));
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

static Str row_text(weir_stmt *s, const Value *v)
{
    if (type_is_text(v->type.kind)) return str_dup(&s->row_arena, v->s);
    StrBuf b = {.arena = &s->row_arena};
    value_print(&b, v);
    return sb_done(&b);
}

const char *weir_column_text(weir_stmt *s, int i, int64_t *len)
{
    OomFrame f;
    if (len) *len = 0;
    if (weir_column_type(s, i) == WEIR_NULL) return NULL;
    if (OOM_TRY(&f)) {
        Str out = row_text(s, &s->row[i]);
        OOM_END(&f);
        if (len) *len = out.n;
        return out.p;
    }
    return NULL;
}
