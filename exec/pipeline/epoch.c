/* epoch.c: an epoch's memory, and its dead letters, bounded like the table they go to. */
#include "exec/pipeline/epoch.h"

static void keep_earliest(Epoch *e, const ErrorRow *row)
{
    if (e->has_earliest && e->earliest.offset <= row->offset) return;
    e->has_earliest = true;
    e->earliest = *row;
}

void epoch_take_error(Epoch *e, const ErrorRow *row)
{
    keep_earliest(e, row);
    e->errors++;
    if (e->ws.errors.len < e->error_limit) {
        vec_push(&e->ws.errors, &e->arena, *row);
    } else if (e->error_limit > 0) { /* a ring: the newest stay */
        e->ws.errors.data[(e->errors - 1) % e->error_limit] = *row;
    }
}

void epoch_error(Epoch *e, const ErrorRow *row)
{
    ErrorRow copy = *row;
    copy.at_us = e->now_us;
    copy.partition = str_dup(&e->arena, row->partition);
    copy.message = str_dup(&e->arena, row->message);
    copy.raw = str_dup(&e->arena, row->raw);
    epoch_take_error(e, &copy);
}

void epoch_sort_errors(Epoch *e)
{
    ptrdiff_t n = e->ws.errors.len, first = n ? e->errors % n : 0;
    if (e->errors <= n || first == 0) return;
    ErrorRow *sorted = new_raw(&e->arena, ErrorRow, n);
    for (ptrdiff_t i = 0; i < n; i++) sorted[i] = e->ws.errors.data[(first + i) % n];
    e->ws.errors.data = sorted;
}

static void swap_arenas(Arena *a, Arena *b)
{
    Arena was = *a;
    *a = *b;
    *b = was;
}

void epoch_set_aside(Epoch *e, Arena *arena, Arena *batch)
{
    memset(&e->ws, 0, sizeof e->ws);
    swap_arenas(&e->arena, arena);
    swap_arenas(&e->batch, batch);
}
