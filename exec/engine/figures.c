/* figures.c: what progress displays and completion ask for. */
#include "exec/engine/engine.h"

#include "include/weir_test.h"

#include "parser/parser.h"

#include <stdio.h>

int weir_source_count(weir *db) { return db ? (int)db->scans.len : 0; }
int weir_view_count(weir *db) { return db ? (int)db->queries.len : 0; }

/* Names of relations end in a NUL. */
weir_status weir_source_stat(weir *db, int i, weir_source_stats *out)
{
    if (!db || !out || i < 0 || i >= db->scans.len) return WEIR_E_MISUSE;
    const Scan *s = db->scans.data[i];
    ScanStats st;
    scan_stats(s, &st);
    int64_t watermark = st.ended ? scan_data_watermark(s) : st.watermark;
    *out = (weir_source_stats){.stream = scan_relation(s)->name.p, .rows = st.rows, .errors = st.errors,
                               .bytes = st.bytes_read, .bytes_total = st.bytes_total,
                               .watermark_us = watermark, .ended = st.ended};
    return WEIR_OK;
}

weir_status weir_view_stat(weir *db, int i, weir_view_stats *out)
{
    if (!db || !out || i < 0 || i >= db->queries.len) return WEIR_E_MISUSE;
    const Query *q = db->queries.data[i];
    ViewProgress p = op_view_progress(q->root);
    *out = (weir_view_stats){.view = q->rel->name.p, .rows = p.rows, .changes = p.changes,
                             .late_rows = p.late_rows, .errors = p.errors};
    return WEIR_OK;
}

/* ---- how far long work is ----------------------------------------------------------------------------- */

void weir_on_progress(weir *db, weir_progress_each each, void *arg)
{
    if (!db) return;
    db->progress_each = each;
    db->progress_arg = arg;
}

bool engine_progress_is_due(weir *db)
{
    enum { EVERY_US = 50000 };
    if (!db->progress_each) return false;
    int64_t now = db->env.mono_us(db->env.arg);
    if (now - db->progress_us < EVERY_US) return false;
    db->progress_us = now;
    return true;
}

void engine_tell_progress(weir *db, Str what, int64_t done, int64_t total, int64_t rows)
{
    char name[256];
    snprintf(name, sizeof name, "%.*s", STR_ARG(what));
    weir_progress p = {.what = name, .done = done, .total = total, .rows = rows};
    db->progress_each(db->progress_arg, &p);
}

int64_t weir_test_state_rows(weir *db, const char *view)
{
    const Relation *r = db && view ? catalog_find(&db->catalog, str_z(view)) : NULL;
    const Query *q = r ? engine_query(db, r->id) : NULL;
    int64_t rows = 0;
    if (!q) return -1;
    for (int i = 0; i < q->nops; i++) {
        const Op *op = q->ops[i];
        if (op != q->root && op->cls->state_rows) rows += op->cls->state_rows(op);
    }
    return rows;
}

typedef struct NameSearch {
    weir *db;
    Str prefix;
    weir_name_each each;
    void *arg;
    int found;
} NameSearch;

static void offer(NameSearch *n, Str name, const char *kind)
{
    if (!str_istarts(name, n->prefix)) return;
    n->found++;
    if (n->each) n->each(n->arg, str_cstr(&n->db->call, name), kind);
}

static void offer_catalog(NameSearch *n)
{
    static const char *const kinds[] = {[REL_STREAM] = "stream", [REL_TABLE] = "table",
        [REL_VIEW] = "view", [REL_MATERIALIZED] = "view", [REL_SINK] = "sink"};
    const Map *m = &n->db->catalog.relations;
    for (ptrdiff_t i = 0; i < m->len; i++) {
        const Relation *r = m->items[i].value;
        if (!r) continue;
        offer(n, r->name, kinds[r->kind]);
        for (int c = 0; c < r->ncols; c++) offer(n, r->cols[c].name, "column");
    }
}

static void offer_definitions(NameSearch *n)
{
    for (const FuncDef *const *list = n->db->registry.funcs; *list; list++)
        for (const FuncDef *f = *list; f->name; f++)
            if (!(f->flags & FUNC_INTERNAL)) offer(n, str_z(f->name), "function");
    for (const AggDef *const *list = n->db->registry.aggs; *list; list++)
        for (const AggDef *f = *list; f->name; f++) offer(n, str_z(f->name), "function");
    for (const OptionDef *o = n->db->registry.settings; o->name; o++) offer(n, str_z(o->name), "setting");
}

int weir_names(weir *db, const char *prefix, weir_name_each each, void *arg)
{
    OomFrame f;
    if (!db) return 0;
    NameSearch n = {.db = db, .prefix = str_z(prefix), .each = each, .arg = arg};
    if (OOM_TRY(&f)) {
        for (int i = 0; parser_keyword(i); i++) offer(&n, str_z(parser_keyword(i)), "keyword");
        offer_catalog(&n);
        offer_definitions(&n);
        OOM_END(&f);
    }
    return n.found;
}
