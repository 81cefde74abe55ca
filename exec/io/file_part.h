/* file_part.h: one partition of a file source: a path, the file that is read for it, how far.
 *
 * A partition is known by its path as the source names it and keeps that name when its file is
 * renamed; the file itself is known by its content: hashes of the first and of the last bytes
 * before the position (at most FILE_MARK_MAX each). The inode only says where to look first. */
#ifndef WEIR_EXEC_FILE_PART_H
#define WEIR_EXEC_FILE_PART_H

#include "base/diag.h"
#include "exec/io/source.h"

enum { FILE_MARK_MAX = 1024, FILE_PAST_MAX = 8 };

/* What a file was known by when reading stopped at `length`. */
typedef struct FileMark {
    uint64_t length, head, tail;
    uint64_t inode;
} FileMark;

typedef struct FilePart {
    Arena *arena;          /* of the source */
    Str name;              /* of the partition */
    Str path;              /* where the name lies in the file system */
    uint64_t label;
    uint32_t generation;
    uint64_t offset;       /* position: of the first record not handed out */
    bool ended;
    bool is_changed;       /* since its position was last told */
    int64_t empty_us;      /* monotonic clock when a look found nothing to read; 0: never */
    bool is_dry;           /* the last look found nothing */
    int fd;                /* -1: not open */
    uint64_t device, inode; /* of the open file */
    bool is_link;          /* it may lie in another folder */
    int64_t size;          /* when last looked at, -1: never */
    int64_t changed_ns;    /* when the file was changed last, at the same look */
    bool at_end;           /* all of `size` has been read */
    int64_t limit;         /* `once`: read no further; -1: no limit */
    uint64_t history_end;  /* rows below were there when the stream was first opened */
    int64_t line;          /* at the position; 0: unknown */
    char head[FILE_MARK_MAX], tail[FILE_MARK_MAX]; /* bytes at the start, bytes before the position */
    int32_t head_n, tail_n;
    FileMark kept;         /* stands for head and tail where the file has not been read */
    bool is_kept;
    FileMark past[FILE_PAST_MAX]; /* earlier generations, newest first */
    int32_t npast;
    Str decoder;           /* its state at the position */
    ptrdiff_t decoder_cap;
    char *identity;        /* buffer of the position's identity */
    ptrdiff_t identity_cap;
} FilePart;

/* Opens the file at `path`; WEIR_E_IO. */
Status file_part_open(FilePart *f, const char *path, Diags *d);
void file_part_close(FilePart *f);
/* The size of the open file now (-1: it cannot be told), and when it was changed last. */
int64_t file_part_look(const FilePart *f, int64_t *changed_ns);
struct stat;
int64_t file_changed_ns(const struct stat *st);

/* The bytes p[0..n) at the position were handed out. */
void file_part_advance(FilePart *f, const char *p, ptrdiff_t n);
/* Begins the next generation, from 0. What was read so far is remembered. */
void file_part_next_generation(FilePart *f);
FileMark file_part_mark(const FilePart *f);
/* Is the open file `fd` the one with that mark: at least as long, with the same bytes? */
bool file_has_mark(int fd, const FileMark *m);
/* Takes over the bytes around the position from the open file (after a restart). */
bool file_part_read_marks(FilePart *f);
/* The same without the file: only its mark is known. */
void file_part_keep_mark(FilePart *f, const FileMark *m);

/* The identity kept with a position, and back. `decoder` is copied. */
Str file_part_identity(FilePart *f);
bool file_part_restore(FilePart *f, const SourcePosition *p, FileMark *mark);
void file_part_set_decoder(FilePart *f, Str state);

#endif
