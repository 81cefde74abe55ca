/* log.h: how operator state reaches the database: records of (space, key) → value.
 *
 * An operator writes only what an epoch changed; storage keeps a base and the records since. A
 * space is a part of the state that goes at once: a pane, a window. Folding the records in order
 * (fold.h) gives the state: put replaces, del removes, drop removes a whole space. */
#ifndef WEIR_EXEC_STATE_LOG_H
#define WEIR_EXEC_STATE_LOG_H

#include "base/diag.h"

typedef struct StateWriter {
    StrBuf buf;       /* encoded records */
    int64_t records;
    ptrdiff_t cut;    /* from so many bytes on a new piece begins; 0: all of it is one */
    VEC(Str) pieces;  /* that are complete, in order */
} StateWriter;

void state_put(StateWriter *w, Str space, Str key, Str value);
void state_del(StateWriter *w, Str space, Str key);
void state_drop(StateWriter *w, Str space);
/* What has been written since the last piece becomes one; nothing: none. */
void state_end_piece(StateWriter *w);

typedef enum StateRecordKind { STATE_PUT = 1, STATE_DEL, STATE_DROP } StateRecordKind;

/* A record as it stands in the bytes read. */
typedef struct StateRecord {
    StateRecordKind kind;
    Str space, key, value;
} StateRecord;

/* The next one; false: the bytes are none. */
bool state_read(StrReader *in, StateRecord *out);

#endif
