/* in_list.c: x IN (a, b, …).
 *
 * A constant list becomes a set: compared one by one while it is short, hashed when it is long.
 * Values other than text are reduced to 128-bit keys that are equal where the values are. */
#include "base/hash.h"
#include "exec/expr/program.h"
#include "exec/kernel/kernel.h"

#include <assert.h>

enum { LINEAR_MAX = 8 };

typedef struct Key {
    uint64_t lo, hi;
} Key;

struct InSet {
    bool is_text, has_null;
    int n;
    const int64_t *ints; /* the keys again, for columns of 64-bit integers */
    Key *keys;
    Text *texts;
    int32_t *slots; /* index + 1; NULL: linear */
    uint32_t mask;
};

static Key key_at(const Column *c, int row)
{
    int at = col_at(c, row);
    switch ((TypeKind)c->type.kind) {
    case TYPE_BOOLEAN:
        return (Key){COL(uint8_t, c)[at], 0};
    case TYPE_DATE:
        return (Key){(uint64_t)(int64_t)COL(int32_t, c)[at], 0};
    case TYPE_BIGINT:
    case TYPE_TIMESTAMP:
    case TYPE_TIME:
        return (Key){(uint64_t)COL(int64_t, c)[at], 0};
    case TYPE_DOUBLE: {
        Key k = {0};
        double d = COL(double, c)[at];
        if (d != 0) memcpy(&k.lo, &d, sizeof d);
        return k;
    }
    case TYPE_DECIMAL: {
        UInt128 v = (UInt128)COL(Int128, c)[at];
        return (Key){(uint64_t)v, (uint64_t)(v >> 64)};
    }
    case TYPE_INTERVAL: {
        UInt128 v = (UInt128)interval_span(COL(Interval, c)[at]);
        return (Key){(uint64_t)v, (uint64_t)(v >> 64)};
    }
    case TYPE_TEXT:
    case TYPE_BLOB:
    case TYPE_JSON:
    case TYPE_ARRAY:
    case TYPE_ROW:
    case TYPE_MAP:
    case TYPE_NULL:
    case TYPE_COUNT:
        break;
    }
    return (Key){0};
}

static bool same_key(Key a, Key b)
{
    return a.lo == b.lo && a.hi == b.hi;
}

static uint32_t hash_key(Key k)
{
    return (uint32_t)hash_u64(k.lo ^ k.hi * 0x9e3779b97f4a7c15u);
}

static uint32_t hash_text(const Text *t)
{
    return (uint32_t)hash_bytes(text_p(t), t->len);
}

static uint32_t hash_item(const InSet *s, int i)
{
    return s->is_text ? hash_text(&s->texts[i]) : hash_key(s->keys[i]);
}

static void build_slots(InSet *s, Arena *a)
{
    uint32_t size = 16;
    while (size < 2 * (uint32_t)s->n) size *= 2;
    s->mask = size - 1;
    s->slots = new (a, int32_t, size);
    for (int i = 0; i < s->n; i++) {
        uint32_t at = hash_item(s, i) & s->mask;
        while (s->slots[at]) at = (at + 1) & s->mask;
        s->slots[at] = i + 1;
    }
}

static void add_item(InSet *s, const Column *item, int64_t *ints)
{
    if (col_is_null(item, 0)) {
        s->has_null = true;
        return;
    }
    if (s->is_text) {
        s->texts[s->n++] = COL(Text, item)[0];
        return;
    }
    Key k = key_at(item, 0);
    ints[s->n] = (int64_t)k.lo;
    s->keys[s->n++] = k;
}

const InSet *in_set_new(Arena *a, const Column *items, int n)
{
    InSet *s = new_one(a, InSet);
    s->is_text = n > 1 && type_is_text((TypeKind)items[1].type.kind);
    s->keys = new (a, Key, n);
    s->texts = new (a, Text, n);
    int64_t *ints = new (a, int64_t, n);
    s->ints = ints;
    for (int i = 1; i < n; i++) add_item(s, &items[i], ints);
    if (s->n > LINEAR_MAX) build_slots(s, a);
    return s;
}

static bool has_text(const InSet *s, const Text *t)
{
    if (!s->slots) {
        for (int i = 0; i < s->n; i++)
            if (text_eq(t, &s->texts[i])) return true;
        return false;
    }
    for (uint32_t at = hash_text(t) & s->mask; s->slots[at]; at = (at + 1) & s->mask)
        if (text_eq(t, &s->texts[s->slots[at] - 1])) return true;
    return false;
}

static bool has_key(const InSet *s, Key k)
{
    if (!s->slots) {
        for (int i = 0; i < s->n; i++)
            if (same_key(k, s->keys[i])) return true;
        return false;
    }
    for (uint32_t at = hash_key(k) & s->mask; s->slots[at]; at = (at + 1) & s->mask)
        if (same_key(k, s->keys[s->slots[at] - 1])) return true;
    return false;
}

static bool is_int64(const Column *c)
{
    return c->type.kind == TYPE_BIGINT || c->type.kind == TYPE_TIMESTAMP ||
           c->type.kind == TYPE_TIME;
}

static void probe(const InSet *s, const Column *c, Rows rows, uint8_t *found)
{
    if (!s->slots && is_int64(c) && !c->is_const) {
        kernel_in_i64(c->data, s->ints, s->n, found, rows.sel, rows.n);
    } else if (s->is_text) {
        const Text *t = c->data;
        for (int k = 0; k < rows.n; k++)
            found[rows_at(rows, k)] = has_text(s, &t[col_at(c, rows_at(rows, k))]);
    } else {
        for (int k = 0; k < rows.n; k++)
            found[rows_at(rows, k)] = has_key(s, key_at(c, rows_at(rows, k)));
    }
}

static Rows present(Run *r, const Column *c, Rows rows, Column *out)
{
    if (!c->valid) return rows;
    uint16_t *sel = new_raw(r->arena, uint16_t, rows.n);
    int n = 0;
    for (int k = 0; k < rows.n; k++) {
        int row = rows_at(rows, k);
        sel[n] = (uint16_t)row;
        if (col_is_null(c, row))
            column_set_null(out, r->arena, row);
        else
            n++;
    }
    return (Rows){sel, n};
}

static void in_constants(Run *r, const InSet *s, const Column *x, Rows rows, Column *out)
{
    uint8_t *found = out->data;
    probe(s, x, rows, found);
    if (!s->has_null) return;
    for (int k = 0; k < rows.n; k++) {
        int row = rows_at(rows, k);
        if (!found[row]) column_set_null(out, r->arena, row);
    }
}

static bool same_value(const Column *a, const Column *b, int row)
{
    if (!type_is_text((TypeKind)a->type.kind)) return same_key(key_at(a, row), key_at(b, row));
    return text_eq(&COL(Text, a)[col_at(a, row)], &COL(Text, b)[col_at(b, row)]);
}

/* Rows in which item equals x are found; of the others those with a NULL or marked item stay
 * unknown. */
static void in_expressions(Run *r, const Step *s, const Column *x, Rows rows, Column *out)
{
    uint8_t *found = out->data;
    for (int i = 1; i < s->nargs; i++) {
        const Column *item = &r->regs[s->args[i].reg];
        for (int k = 0; k < rows.n; k++) {
            int row = rows_at(rows, k);
            if (!col_is_null(item, row) && same_value(x, item, row)) found[row] = 1;
        }
    }
    uint16_t *rest = new_raw(r->arena, uint16_t, rows.n);
    int n = 0;
    for (int k = 0; k < rows.n; k++) {
        rest[n] = (uint16_t)rows_at(rows, k);
        n += !found[rest[n]];
    }
    for (int i = 1; i < s->nargs; i++) {
        const Column *item = &r->regs[s->args[i].reg];
        run_merge_errors(r, out, item, (Rows){rest, n});
        for (int k = 0; item->valid && k < n; k++)
            if (col_is_null(item, rest[k])) column_set_null(out, r->arena, rest[k]);
    }
}

void run_in(Run *r, const Step *s, Rows rows)
{
    const Column *x = &r->regs[s->args[0].reg];
    Column out = run_column(r, s->e->type);
    run_merge_errors(r, &out, x, rows);
    rows = present(r, x, rows, &out);
    if (s->set)
        in_constants(r, s->set, x, rows, &out);
    else
        in_expressions(r, s, x, rows, &out);
    run_settle(r, &out);
    r->regs[s->out] = out;
}
