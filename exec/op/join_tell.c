/* join_tell.c: the rows that a join keeps, side by side with their weights, for whoever looks. */
#include "exec/op/join.h"
#include "exec/op/state_rows.h"

void join_tell_key(const JoinOp *j, const JoinSide *s, uint8_t *group, StrBuf *members)
{
    for (int i = 0; i < j->spec->nkeys; i++) state_rows_key(members, s->input->fields[s->keys[i]].name, &j->keys, group, i);
}

static void tell_kept(const JoinSide *s, const JoinRow *r, StrBuf *members)
{
    uint32_t nulls = group_head(&s->rows, row_entry(r))->nulls;
    for (int i = 0; i < s->ncols; i++) {
        const Field *f = &s->input->fields[s->cols[i]];
        Column col = column_new(members->arena, f->type, 1);
        key_unpack(&s->layout, row_words(s, r), nulls, s->first_col + i, &col, members->arena, 0);
        state_rows_column(members, f->name, &col, 0);
    }
}

static void tell_side(const JoinOp *j, const JoinSide *s, StateRows *out)
{
    for (uint32_t i = 0; i < s->rows.len; i++) {
        const uint8_t *entry = group_table_at(&s->rows, i);
        const JoinRow *r = (const JoinRow *)(const void *)entry;
        if (!entry || r->weight == 0 || (r->flags & (ROW_GONE | ROW_NEVER))) continue;
        ArenaMark mark = arena_mark(out->scratch);
        StateRow row = {.part = s->no == SIDE_LEFT ? "left" : "right", .key.arena = out->scratch, .value.arena = out->scratch,
                        .count = r->weight};
        join_tell_key(j, s, row_group(s, r), &row.key);
        tell_kept(s, r, &row.value);
        out->take(out, &row);
        arena_release(out->scratch, mark);
    }
}

void join_tell(Op *op, StateRows *out)
{
    const JoinOp *j = (const JoinOp *)op;
    tell_side(j, &j->side[SIDE_LEFT], out);
    tell_side(j, &j->side[SIDE_RIGHT], out);
}
