/* ddl_text.c: the CREATE STREAM that a relation stands for: what inference found, as a definition
 * that gives the same stream again without looking at the file. */
#include "base/datetime.h"
#include "planner/ddl.h"

static void print_text(StrBuf *b, Str s)
{
    Value v = value_text(s);
    value_literal(b, &v);
}

static Str *column_names(const Relation *rel, Arena *a)
{
    Str *names = new (a, Str, rel->ncols);
    for (int32_t i = 0; i < rel->ncols; i++) names[i] = rel->cols[i].name;
    return names;
}

static void print_kind(StrBuf *b, const ColumnDef *c, const Str *names)
{
    switch (c->kind) {
    case COL_PHYSICAL:
        if (c->path.n == 0) break;
        sb_lit(b, " PATH ");
        print_text(b, c->path);
        break;
    case COL_METADATA:
        sb_lit(b, " METADATA FROM ");
        print_text(b, c->metadata);
        break;
    case COL_COMPUTED:
        sb_lit(b, " AS (");
        bexpr_print(b, c->expr, names);
        sb_char(b, ')');
        break;
    }
}

static void print_column(StrBuf *b, const ColumnDef *c, const Str *names)
{
    ddl_print_name(b, c->name);
    sb_char(b, ' ');
    sb_str(b, type_name(c->type, b->arena));
    print_kind(b, c, names);
    if (c->primary_key)
        sb_lit(b, " PRIMARY KEY");
    else if (c->not_null)
        sb_lit(b, " NOT NULL");
    if (!c->default_value) return;
    sb_lit(b, " DEFAULT ");
    bexpr_print(b, c->default_value, names);
}

static void print_delay(StrBuf *b, int64_t us)
{
    Interval iv = {.us = us};
    if (us % US_PER_SECOND == 0) {
        sb_printf(b, "INTERVAL '%lld' SECOND", (long long)(us / US_PER_SECOND));
        return;
    }
    Value v = {.type = TYPE_OF(TYPE_INTERVAL), .iv = iv};
    value_literal(b, &v);
}

static void print_watermark(StrBuf *b, const Relation *rel, const Str *names)
{
    const WatermarkDef *w = &rel->watermark;
    if (w->col < 0) return;
    sb_lit(b, ",\n  WATERMARK FOR ");
    ddl_print_name(b, names[w->col]);
    sb_lit(b, " AS ");
    ddl_print_name(b, names[w->col]);
    if (w->delay_us) {
        sb_lit(b, " - ");
        print_delay(b, w->delay_us);
    }
    if (w->when) {
        sb_lit(b, " WHEN ");
        bexpr_print(b, w->when, names);
    }
    if (w->drop_null_time) sb_lit(b, " ON NULL TIME DROP");
    if (w->keep_null_time) sb_lit(b, " SKIP WATERMARK");
    if (w->close_after_idle_us) {
        sb_lit(b, " CLOSE AFTER IDLE ");
        print_delay(b, w->close_after_idle_us);
    }
}

static void print_options(StrBuf *b, const Options *o)
{
    for (int32_t i = 0; i < o->n; i++) {
        sb_z(b, i ? ", " : " WITH (");
        ddl_print_name(b, o->items[i].name);
        sb_lit(b, " = ");
        print_text(b, o->items[i].value);
    }
    if (o->n) sb_char(b, ')');
}

Str ddl_stream_text(const Relation *rel, Arena *a)
{
    StrBuf b = {.arena = a};
    Str *names = column_names(rel, a);
    sb_lit(&b, "CREATE STREAM ");
    ddl_print_name(&b, rel->name);
    sb_lit(&b, " (");
    for (int32_t i = 0; i < rel->ncols; i++) {
        sb_z(&b, i ? ",\n  " : "\n  ");
        print_column(&b, &rel->cols[i], names);
    }
    print_watermark(&b, rel, names);
    sb_lit(&b, "\n)");
    print_options(&b, &rel->options);
    return sb_done(&b);
}
