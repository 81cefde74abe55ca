/* agg_order.c: the order of rows inside an aggregate, as bytes that memcmp compares.
 *
 * ORDER BY, then the position in the stream. Rows that may come back as retractions, or have no
 * position, are told apart by the arguments: so the same row has the same key, and nothing depends
 * on arrival. */
#include "base/keyenc.h"
#include "exec/agg/agg_set.h"

static void encode_row(const AggCall *call, const Batch *b, int row, StrBuf *out)
{
    for (int i = 0; i < call->norder; i++) {
        const OrderKey *o = &call->order[i];
        key_encode(out, &b->cols[o->col], row, (KeyOrder){o->descending, o->nulls_first});
    }
    if (call->by_position) key_encode_pos(out, batch_pos(b, row));
    if (call->by_position && !call->input_retracts) return;
    for (int i = 0; i < call->nargs; i++) key_encode(out, &b->cols[call->args[i]], row, KEY_PLAIN);
}

void agg_order_keys(const AggCall *call, const Batch *b, const int32_t *rows, int n, Str *keys,
                    Arena *scratch)
{
    StrBuf bytes = {.arena = scratch};
    ptrdiff_t *ends = new_raw(scratch, ptrdiff_t, n);
    for (int i = 0; i < n; i++) {
        encode_row(call, b, rows[i], &bytes);
        ends[i] = bytes.n;
    }
    for (int i = 0; i < n; i++) {
        ptrdiff_t start = i ? ends[i - 1] : 0;
        keys[i] = str_of(bytes.p + start, ends[i] - start);
    }
}
