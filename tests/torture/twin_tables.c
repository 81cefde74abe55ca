/* twin_tables.c: what views over a table that statements change must hold, and streams that look it up. */
#include "tests/torture/twin.h"

#include <stdlib.h>

static const TableState *present(const View *v) { return &v->table->states[v->table->seen]; }

static void pair(const Row *r, const TableState *t, Lines *rows)
{
    char at[CELL], value[CELL], w[CELL];
    time_text(r->at, at);
    v_text(r, value);
    number_text(!t || t->is_null[r->key], t ? t->w[r->key] : 0, w);
    lines_addf(rows, "%s|%s|%s|%s", key_text(r->key), at, value, w);
}

/* Follows the table's changes. */
void twin_table_join(const View *v, const Stream *s, const Stream *r, Lines *rows, int64_t *late)
{
    (void)r, (void)late;
    Picked p = pick(s);
    const TableState *t = present(v);
    for (int i = 0; i < p.n; i++) {
        bool is_there = t->is_there[p.rows[i]->key];
        if (is_there || view_param(v, "left", 0)) pair(p.rows[i], is_there ? t : NULL, rows);
    }
    free(p.rows);
}

/* Each row meets the table as it was when the row was taken. */
void twin_lookup(const View *v, const Stream *s, const Stream *r, Lines *rows, int64_t *late)
{
    (void)r, (void)late;
    Picked p = pick(s);
    for (int i = 0; i < p.n; i++) {
        const TableState *t = &v->table->states[p.rows[i]->table_state];
        bool is_there = t->is_there[p.rows[i]->key];
        if (is_there || view_param(v, "left", 0)) pair(p.rows[i], is_there ? t : NULL, rows);
    }
    free(p.rows);
}

/* How many keys have the same w. */
void twin_table(const View *v, const Stream *s, const Stream *r, Lines *rows, int64_t *late)
{
    (void)s, (void)r, (void)late;
    const TableState *t = present(v);
    for (int key = 0; key < KEYS; key++) {
        char w[CELL];
        int n = 0;
        bool is_first = t->is_there[key];
        for (int other = 0; other < KEYS; other++) {
            bool same = t->is_there[other] && t->is_null[other] == t->is_null[key] && (t->is_null[key] || t->w[other] == t->w[key]);
            n += same;
            is_first &= !same || other >= key;
        }
        number_text(t->is_null[key], t->w[key], w);
        if (is_first) lines_addf(rows, "%s|%d", w, n);
    }
}
