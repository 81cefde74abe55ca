/* log.c: records of state, written and read.
 *
 * A record is its kind (one byte), then its parts, each a LEB128 length and bytes: put has space,
 * key and value, del space and key, drop the space. */
#include "exec/state/log.h"

static void write_part(StrBuf *b, Str s)
{
    sb_varint(b, (uint64_t)s.n);
    sb_str(b, s);
}

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

static void write_head(StateWriter *w, StateRecordKind kind, Str space)
{
    if (w->cut && w->buf.n >= w->cut) begin_piece(w);
    sb_char(&w->buf, (char)kind);
    write_part(&w->buf, space);
    w->records++;
}

void state_put(StateWriter *w, Str space, Str key, Str value)
{
    write_head(w, STATE_PUT, space);
    write_part(&w->buf, key);
    write_part(&w->buf, value);
}

void state_del(StateWriter *w, Str space, Str key)
{
    write_head(w, STATE_DEL, space);
    write_part(&w->buf, key);
}

void state_drop(StateWriter *w, Str space)
{
    write_head(w, STATE_DROP, space);
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
