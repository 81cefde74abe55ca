/* func_position.c: the position of a row in the total order of its stream, as bytes that compare as
 * positions do. Internal: the planner puts it where an order needs it. */
#include "exec/func/call.h"

enum { POSITION_BYTES = 24 };

static uint8_t *put_big_endian(uint8_t *to, uint64_t value, int bytes)
{
    for (int i = bytes - 1; i >= 0; i--) *to++ = (uint8_t)(value >> (8 * i));
    return to;
}

static void row_position(EvalCtx *c, const Column *args, int nargs, Column *out)
{
    (void)args, (void)nargs;
    uint8_t *bytes = new_raw(c->arena, uint8_t, (ptrdiff_t)c->n * POSITION_BYTES);
    EACH_ROW (c, row) {
        Pos p = c->batch->offset ? batch_pos(c->batch, row) : (Pos){0};
        uint8_t *to = put_big_endian(bytes, p.label, 8);
        to = put_big_endian(to, p.generation, 4);
        to = put_big_endian(to, p.offset, 8);
        to = put_big_endian(to, p.ordinal, 4);
        put_text(out, row, (Str){(const char *)bytes, POSITION_BYTES});
        bytes = to;
    }
}
static const FuncImpl row_position_impl = {.columns = row_position};

const FuncDef func_position[] = {
    {.name = "row_position", .args = "", .result = "x", .impl = &row_position_impl,
     .flags = FUNC_INTERNAL | FUNC_VOLATILE, .group = "operator", .doc = "the place of a row in its stream"},
    {0},
};
