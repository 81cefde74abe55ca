/* log.c: records of state, written and read.
 *
 * A record is its kind (one byte), then its parts, each a LEB128 length and bytes: put has space,
 * key and value, del space and key, drop the space. */
#include "exec/state/log.h"

void state_end_piece(StateWriter *w)
{
    if (!w->buf.n) return;
    vec_push(&w->pieces, w->buf.arena, str_of(w->buf.p, w->buf.n));
    w->buf = (StrBuf){.arena = w->buf.arena};
}

/* A buffer that is full is left as it is: nothing is copied into a larger one. */
static void begin_piece(StateWriter *w)
{
    state_end_piece(w);
    sb_reserve(&w->buf, w->cut + w->cut / 16);
}

/* Room for a record of so many bytes beside the lengths of its parts. */
static char *begin_record(StateWriter *w, StateRecordKind kind, ptrdiff_t bytes)
{
    if (w->cut && w->buf.n >= w->cut) begin_piece(w);
    sb_reserve(&w->buf, bytes + 1 + 3 * VARINT_MAX);
    w->records++;
    char *p = w->buf.p + w->buf.n;
    *p = (char)kind;
    return p + 1;
}

static char *put_part(char *p, Str s) { return put_bytes(put_varint(p, (uint64_t)s.n), s.p, s.n); }

void state_put(StateWriter *w, Str space, Str key, Str value)
{
    char *p = begin_record(w, STATE_PUT, space.n + key.n + value.n);
    w->buf.n = put_part(put_part(put_part(p, space), key), value) - w->buf.p;
}

void state_del(StateWriter *w, Str space, Str key)
{
    char *p = begin_record(w, STATE_DEL, space.n + key.n);
    w->buf.n = put_part(put_part(p, space), key) - w->buf.p;
}

void state_drop(StateWriter *w, Str space)
{
    w->buf.n = put_part(begin_record(w, STATE_DROP, space.n), space) - w->buf.p;
}

static Str read_part(StrReader *r)
{
    uint64_t n = sr_varint(r);
    return sr_bytes(r, n > PTRDIFF_MAX ? -1 : (ptrdiff_t)n);
}

bool state_read(StrReader *in, StateRecord *out)
{
    Str kind = sr_bytes(in, 1);
    if (!kind.n || kind.p[0] < STATE_PUT || kind.p[0] > STATE_DROP) return false;
    *out = (StateRecord){.kind = (StateRecordKind)kind.p[0]};
    out->space = read_part(in);
    if (out->kind != STATE_DROP) out->key = read_part(in);
    if (out->kind == STATE_PUT) out->value = read_part(in);
    return !in->bad;
}
