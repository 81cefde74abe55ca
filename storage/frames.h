/* frames.h: a VFS for the writing connection, over another one: what a commit puts into the write-ahead log
 * goes to the file in few large writes, and so do the pages that are moved when the database is closed.
 *
 * SQLite writes each page by itself, and 24 bytes before it: two calls of the system for a frame, which cost more
 * than its bytes. Frames of a transaction are held until the one that commits, or until some have gathered; nobody
 * looks at them sooner. A call that hands them on fails as the write of a page would have. */
#ifndef WEIR_STORAGE_FRAMES_H
#define WEIR_STORAGE_FRAMES_H

typedef struct Frames Frames;

/* Over the VFS of that name; NULL: the default one. NULL: there is none of that name. SQLite knows it by
 * a name of its own. */
Frames *frames_new(const char *vfs);
const char *frames_name(const Frames *f);
/* How long the pages of the database are: nothing is held before that is known. */
void frames_set_page(Frames *f, int page_bytes);
/* When what was opened by it has been closed. */
void frames_free(Frames *f);

#endif
