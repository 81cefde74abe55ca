/* wire.h: frames: what client and engine say to each other, as bytes.
 *
 * A frame is the length of its content (4 bytes, little-endian), its kind (1 byte) and its content.
 * Numbers are 8 bytes, little-endian; a text is its length as a number and its bytes, length -1 is NULL. */
#ifndef WEIR_SHELL_WIRE_H
#define WEIR_SHELL_WIRE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
    WIRE_VERSION = 1,
    WIRE_HEAD = 5,
    WIRE_REQUEST_MAX = 8 << 20, /* content of a client's frame */
    WIRE_ANSWER_MAX = 64 << 20  /* of the engine's: one row */
};

typedef enum WireKind {
    /* of the client */
    WIRE_HELLO = 'H',     /* "weir", version, working folder */
    WIRE_STATEMENT = 'S', /* text */
    WIRE_RUN = 'R',       /* take what the sources have now */
    WIRE_PUSH = 'P',      /* stream, format, record */
    WIRE_CANCEL = 'X',    /* what runs; the only frame that may come before the answer's end */
    /* of the engine */
    WIRE_WELCOME = 'W',   /* "weir", version, weir's version, process id */
    WIRE_COLUMNS = 'C',   /* how many, is_push, has_retractions, names */
    WIRE_ROW = 'D',       /* weight; per column a type and a text */
    WIRE_PROGRESS = 'G',  /* what, done, total */
    WIRE_DONE = 'Z',      /* generation, in_transaction, changes */
    WIRE_FAILED = 'E'     /* generation, in_transaction, how many; per error: code, line, column, file, text */
} WireKind;

/* Bytes on their way: data[head..len) are still to go. */
typedef struct Wire {
    char *data;
    size_t head, len, cap;
} Wire;

/* One whole frame, within the wire it was taken from until the next wire_take. Reading beyond its end
 * gives zeros and sets is_bad. */
typedef struct Frame {
    WireKind kind;
    const char *p, *end;
    bool is_bad;
} Frame;

void wire_free(Wire *w);
size_t wire_waits(const Wire *w);
/* Room for n more bytes; what was put there counts after wire_added. */
char *wire_room(Wire *w, size_t n);
void wire_added(Wire *w, size_t n);
void wire_sent(Wire *w, size_t n);

/* Begins a frame; wire_end knows its length. */
size_t wire_begin(Wire *w, WireKind kind);
/* False, and the frame is taken back: it is longer than `max`. */
bool wire_end(Wire *w, size_t at, size_t max);
void wire_put_number(Wire *w, int64_t n);
void wire_put_text(Wire *w, const char *p, int64_t n); /* p NULL: NULL */
void wire_put_string(Wire *w, const char *z);

typedef enum WireTaken { WIRE_SHORT, WIRE_TAKEN, WIRE_TOO_LONG } WireTaken;
WireTaken wire_take(Wire *w, size_t max, Frame *out);
int64_t frame_number(Frame *f);
/* NULL: it was NULL, or the frame is bad. Not NUL-terminated. */
const char *frame_text(Frame *f, int64_t *n);
/* A copy that ends with NUL; "" for NULL. Caller frees. */
char *frame_string(Frame *f);
/* Whether all of it was read, and no more. */
bool frame_is_whole(const Frame *f);

#endif
