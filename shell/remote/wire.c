/* wire.c: see wire.h. */
#include "shell/remote/wire.h"

#include <stdlib.h>
#include <string.h>

void wire_free(Wire *w)
{
    free(w->data);
    *w = (Wire){0};
}

size_t wire_waits(const Wire *w) { return w->len - w->head; }

char *wire_room(Wire *w, size_t n)
{
    if (w->head > 0 && (w->head == w->len || w->head >= w->cap / 2)) {
        memmove(w->data, w->data + w->head, w->len - w->head);
        w->len -= w->head;
        w->head = 0;
    }
    if (w->cap - w->len < n) w->data = realloc(w->data, w->cap = (w->len + n) * 2);
    return w->data + w->len;
}

void wire_added(Wire *w, size_t n) { w->len += n; }

void wire_sent(Wire *w, size_t n) { w->head += n; }

/* ---- putting --------------------------------------------------------------------------------------------- */

static void put(Wire *w, const void *p, size_t n)
{
    if (n) memcpy(wire_room(w, n), p, n);
    w->len += n;
}

/* Frames may move within the buffer while one is made: `at` counts from what waits. */
size_t wire_begin(Wire *w, WireKind kind)
{
    size_t at = wire_waits(w);
    put(w, (char[WIRE_HEAD]){0, 0, 0, 0, (char)kind}, WIRE_HEAD);
    return at;
}

bool wire_end(Wire *w, size_t at, size_t max)
{
    size_t n = wire_waits(w) - at - WIRE_HEAD;
    if (n > max) {
        w->len = w->head + at;
        return false;
    }
    for (int i = 0; i < 4; i++) w->data[w->head + at + (size_t)i] = (char)(n >> (8 * i));
    return true;
}

void wire_put_number(Wire *w, int64_t n)
{
    char bytes[8];
    for (int i = 0; i < 8; i++) bytes[i] = (char)((uint64_t)n >> (8 * i));
    put(w, bytes, sizeof bytes);
}

void wire_put_text(Wire *w, const char *p, int64_t n)
{
    wire_put_number(w, p ? n : -1);
    if (p) put(w, p, (size_t)n);
}

void wire_put_string(Wire *w, const char *z) { wire_put_text(w, z, z ? (int64_t)strlen(z) : 0); }

/* ---- taking ---------------------------------------------------------------------------------------------- */

WireTaken wire_take(Wire *w, size_t max, Frame *out)
{
    if (wire_waits(w) < WIRE_HEAD) return WIRE_SHORT;
    const char *p = w->data + w->head;
    size_t n = 0;
    for (int i = 0; i < 4; i++) n |= (size_t)(unsigned char)p[i] << (8 * i);
    if (n > max) return WIRE_TOO_LONG;
    if (wire_waits(w) < WIRE_HEAD + n) return WIRE_SHORT;
    *out = (Frame){.kind = (WireKind)(unsigned char)p[4], .p = p + WIRE_HEAD, .end = p + WIRE_HEAD + n};
    w->head += WIRE_HEAD + n;
    return WIRE_TAKEN;
}

int64_t frame_number(Frame *f)
{
    uint64_t n = 0;
    if (f->end - f->p < 8) {
        f->is_bad = true;
        return 0;
    }
    for (int i = 0; i < 8; i++) n |= (uint64_t)(unsigned char)f->p[i] << (8 * i);
    f->p += 8;
    return (int64_t)n;
}

const char *frame_text(Frame *f, int64_t *n)
{
    int64_t len = frame_number(f);
    *n = 0;
    if (len == -1) return NULL;
    if (f->is_bad || len < 0 || len > f->end - f->p) {
        f->is_bad = true;
        return NULL;
    }
    const char *p = f->p;
    f->p += len;
    *n = len;
    return p;
}

char *frame_string(Frame *f)
{
    int64_t n;
    const char *p = frame_text(f, &n);
    return strndup(p ? p : "", (size_t)n);
}

bool frame_is_whole(const Frame *f) { return !f->is_bad && f->p == f->end; }
