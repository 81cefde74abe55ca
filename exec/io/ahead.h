/* ahead.h: decoding ahead of a reader: the bytes behind a position, in morsels, by workers.
 *
 * A range of a file is cut by a grid into morsels. A worker reads one, finds where its first record
 * begins and its last one ends, and decodes what lies between with a decoder of its own. Where a
 * record begins is a guess: behind a line end, for formats with quotes one outside of them, counted
 * from the start of the range. The guess is checked before it counts: a morsel's rows are handed out
 * only if its first record begins exactly where the record before ended, with the decoder in the very
 * state that it was given. So rows, errors and positions are those of a reader that goes from
 * record to record, or there are none and that reader has to go on. */
#ifndef WEIR_EXEC_AHEAD_H
#define WEIR_EXEC_AHEAD_H

#include "exec/io/batch_maker.h"

typedef struct Ahead Ahead;

/* A batch decoded ahead; valid until the next call. */
typedef struct AheadPiece {
    BatchMaker *maker;     /* has its rows */
    Str bytes;             /* that were there to decode */
    ptrdiff_t used;        /* of them */
    uint64_t offset;       /* of the first */
    uint64_t position;     /* behind what was used up */
    Str state;             /* of the decoder at the position */
} AheadPiece;

/* NULL: nothing is to be decoded ahead. */
Ahead *ahead_new(const SourceSpec *spec, Arena *a);
void ahead_free(Ahead *h); /* NULL is allowed */
/* Another partition: what the last one has shown of its records counts no more. */
void ahead_forget(Ahead *h);
bool ahead_is_on(const Ahead *h);
/* Whether so many bytes are worth the start. */
bool ahead_pays(const Ahead *h, uint64_t bytes);
/* Reads from..stop of the file from now on. A record begins at `from`, with the decoder in that state;
 * behind it the usual one is assumed. */
void ahead_begin(Ahead *h, int fd, uint64_t from, uint64_t stop, Str state, Str usual);
/* Ends it; returns when nobody reads any more. */
void ahead_end(Ahead *h);
/* The rows behind `position`, if they have been decoded from there, in that state. */
bool ahead_next(Ahead *h, uint64_t position, Str state, AheadPiece *out);

#endif
