/* epoch.c: dead letters of an epoch, bounded like the table they go to. */
#include "exec/pipeline/epoch.h"

void epoch_error(Epoch *e, const ErrorRow *row)
{
    e->errors++;
    ErrorRow copy = *row;
    copy.at_us = e->now_us;
    copy.partition = str_dup(&e->arena, row->partition);
    copy.message = str_dup(&e->arena, row->message);
    copy.raw = str_dup(&e->arena, row->raw);
    if (e->ws.errors.len < e->error_limit) {
        vec_push(&e->ws.errors, &e->arena, copy);
    } else if (e->error_limit > 0) { /* a ring: the newest stay */
        e->ws.errors.data[(e->errors - 1) % e->error_limit] = copy;
    }
}
