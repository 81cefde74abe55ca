/* scope.c: looking up columns.
 *
 * Hidden columns lose against others: below an outer window the inner window's columns are hidden,
 * so "window_end" is the outer one, while "inner_alias.window_end" prefers the hidden one. */
#include "planner/scope.h"

Scope scope_of(Arena *a, const LNode *n, Str table)
{
    Scope s = {.cols = new (a, ScopeColumn, n->nfields), .ncols = n->nfields};
    const Relation *r = n->kind == L_SCAN || n->kind == L_VIEW_INPUT ? n->rel : NULL;
    for (int i = 0; i < n->nfields; i++) {
        int32_t rel_col = n->kind == L_SCAN ? n->scan_cols[i] : i;
        s.cols[i] = (ScopeColumn){.table = table, .name = n->fields[i].name, .col = i,
                                  .type = n->fields[i].type,
                                  .hidden = rel_col < 0 || (r && r->cols[rel_col].hidden)};
    }
    return s;
}

static bool matches(const ScopeColumn *c, Str table, Str name)
{
    return str_ieq(c->name, name) && (table.n == 0 ? !c->is_merged : str_ieq(c->table, table));
}

static const ScopeColumn *find_visible(const Scope *s, Str table, Str name, bool hidden, int *count)
{
    const ScopeColumn *found = NULL;
    *count = 0;
    for (int i = 0; i < s->ncols; i++) {
        if (s->cols[i].hidden != hidden || !matches(&s->cols[i], table, name)) continue;
        if (!found) found = &s->cols[i];
        (*count)++;
    }
    return found;
}

const ScopeColumn *scope_find(const Scope *s, Str table, Str name, bool *ambiguous)
{
    bool hidden_first = table.n > 0;
    for (int round = 0; round < 2; round++) {
        int count;
        const ScopeColumn *c = find_visible(s, table, name, hidden_first ^ (round == 1), &count);
        *ambiguous = count > 1;
        if (count > 0) return count == 1 ? c : NULL;
    }
    return NULL;
}

bool scope_has_table(const Scope *s, Str table)
{
    for (int i = 0; i < s->ncols; i++)
        if (str_ieq(s->cols[i].table, table)) return true;
    return false;
}

static Str nearest_column(Planner *p, const Scope *s, Str name)
{
    Str *names = new (p->arena, Str, s->ncols);
    for (int i = 0; i < s->ncols; i++) names[i] = s->cols[i].name;
    return diag_nearest(name, names, s->ncols);
}

static Str list_columns(Planner *p, const Scope *s)
{
    StrBuf b = {.arena = p->arena};
    for (int i = 0; i < s->ncols && i < 12; i++) {
        if (i) sb_lit(&b, ", ");
        sb_str(&b, s->cols[i].name);
    }
    if (s->ncols > 12) sb_lit(&b, ", …");
    return sb_done(&b);
}

/* "a.price", "b.price": the ways to write an ambiguous name. */
static Str list_owners(Planner *p, const Scope *s, Str name)
{
    StrBuf b = {.arena = p->arena};
    for (int i = 0; i < s->ncols; i++) {
        const ScopeColumn *c = &s->cols[i];
        if (c->hidden || c->is_merged || c->table.n == 0 || !str_ieq(c->name, name)) continue;
        if (b.n) sb_lit(&b, " or ");
        sb_printf(&b, "%.*s.%.*s", STR_ARG(c->table), STR_ARG(name));
    }
    return sb_done(&b);
}

Status scope_error(Planner *p, const Scope *s, Str table, Str name, bool ambiguous, Span at)
{
    if (ambiguous) {
        Status st =
            diag_error(p->diags, WEIR_E_NAME, at, "column \"%.*s\" is ambiguous", STR_ARG(name));
        Str owners = list_owners(p, s, name);
        if (owners.n)
            diag_hint(p->diags, "write %.*s", STR_ARG(owners));
        else
            diag_hint(p->diags, "write it with its table: t.%.*s", STR_ARG(name));
        return st;
    }
    Str dot = table.n ? S(".") : S("");
    Status st = diag_error(p->diags, WEIR_E_NAME, at, "unknown column \"%.*s%.*s%.*s\"",
                           STR_ARG(table), STR_ARG(dot), STR_ARG(name));
    Str near = nearest_column(p, s, name);
    if (near.n)
        diag_hint(p->diags, "did you mean \"%.*s\"?", STR_ARG(near));
    else if (s->ncols > 0)
        diag_hint(p->diags, "there are %.*s", STR_ARG(list_columns(p, s)));
    return st;
}
