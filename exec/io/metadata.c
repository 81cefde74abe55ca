/* metadata.c: filling METADATA columns (see metadata.h). */
#include "exec/io/metadata.h"
#include "base/number.h"

typedef Value (*MetadataOf)(const RowBuilder *rows, const BatchFacts *f, int row);

static Value of_text(Str s)
{
    if (!s.p) return value_null(TYPE_OF(TYPE_TEXT));
    return value_text(s);
}

static Value of_offset(const RowBuilder *rows, const BatchFacts *f, int row)
{
    (void)f;
    return value_int((int64_t)rows->offset[row]);
}

static Value of_partition(const RowBuilder *rows, const BatchFacts *f, int row)
{
    (void)rows, (void)row;
    return of_text(f->partition);
}

static Value of_file(const RowBuilder *rows, const BatchFacts *f, int row)
{
    (void)rows, (void)row;
    return of_text(f->file);
}

static Value of_line(const RowBuilder *rows, const BatchFacts *f, int row)
{
    (void)rows;
    return f->lines ? value_int(f->lines[row]) : value_null(TYPE_BIGINT_);
}

static Value of_ingest_time(const RowBuilder *rows, const BatchFacts *f, int row)
{
    (void)rows, (void)row;
    return (Value){.type = TYPE_TIMESTAMP_(6), .i = f->ingest_us};
}

static Value of_timestamp(const RowBuilder *rows, const BatchFacts *f, int row)
{
    (void)f;
    if (!rows->has_weights || rows->time_us[row] == INT64_MIN) return value_null(TYPE_TIMESTAMP_(6));
    return (Value){.type = TYPE_TIMESTAMP_(6), .i = rows->time_us[row]};
}

static Value of_nothing(const RowBuilder *rows, const BatchFacts *f, int row)
{
    (void)rows, (void)f, (void)row;
    return value_null(TYPE_OF(TYPE_NULL));
}

static const struct {
    const char *key;
    MetadataOf of;
} METADATA[] = {{"offset", of_offset},   {"partition", of_partition},     {"file", of_file},
                {"line", of_line},       {"ingest_time", of_ingest_time}, {"key", of_nothing},
                {"timestamp", of_timestamp}, {"headers", of_nothing}};
enum { METADATA_COUNT = sizeof METADATA / sizeof *METADATA };

static Str metadata_key(const ColumnDef *c)
{
    return c->metadata.n ? c->metadata : c->name;
}

static int metadata_find(Str key)
{
    for (int i = 0; i < METADATA_COUNT; i++)
        if (str_ieq(str_z(METADATA[i].key), key)) return i;
    return -1;
}

Status metadata_check(const Relation *rel, Diags *d)
{
    for (int i = 0; i < rel->ncols; i++) {
        const ColumnDef *c = &rel->cols[i];
        if (c->kind != COL_METADATA || metadata_find(metadata_key(c)) >= 0) continue;
        Str key = metadata_key(c);
        diag_error(d, WEIR_E_NAME, c->span, "unknown metadata key \"%.*s\"", STR_ARG(key));
        diag_hint(d, "offset, partition, file, line, ingest_time, key, timestamp or headers");
        return WEIR_E_NAME;
    }
    return WEIR_OK;
}

bool metadata_is_wanted(const Relation *rel, const bool *wanted, const char *key)
{
    for (int i = 0; i < rel->ncols; i++)
        if (wanted[i] && rel->cols[i].kind == COL_METADATA && str_ieq(metadata_key(&rel->cols[i]), str_z(key)))
            return true;
    return false;
}

/* v as a value of the column's type, where that goes without saying; else NULL. */
static Value fit(Value v, Type t, Arena *a)
{
    if (v.is_null) return value_null(t);
    if (v.type.kind == t.kind) {
        if (t.kind == TYPE_TIMESTAMP) v.i -= ((v.i % type_tick_us(t)) + type_tick_us(t)) % type_tick_us(t);
        v.type = t;
        return v;
    }
    if (t.kind != TYPE_TEXT) return value_null(t);
    StrBuf b = {.arena = a};
    value_print(&b, &v);
    return value_text(sb_done(&b));
}

void metadata_fill(const Relation *rel, RowBuilder *rows, const BatchFacts *f)
{
    for (int i = 0; i < rel->ncols; i++) {
        Column *c = &rows->cols[i];
        if (rel->cols[i].kind != COL_METADATA || !c->data) continue;
        MetadataOf of = METADATA[metadata_find(metadata_key(&rel->cols[i]))].of;
        for (int row = 0; row < rows->rows; row++) {
            Value v = fit(of(rows, f, row), c->type, rows->arena);
            column_put(c, rows->arena, row, &v);
        }
    }
}
