/* source_file.c: files, folders and patterns, read to their end or followed as they grow.
 *
 * Each file is a partition. A bounded source reads them one after the other in the order of their
 * names, and ends; `follow` goes round all of them for ever. A file is followed through renaming
 * (read to its end, then the new file of that name begins the next generation), truncation and
 * replacement (next generation from 0). `once` reads up to the sizes found at its first poll and
 * ends nothing: a last line without its newline waits for the next time.
 *
 * Where much is there to be read, workers decode it ahead (ahead.h); what they have gives the same batches
 * and positions as the reader, which goes on wherever they have nothing. */
#include "base/plant.h"
#include "exec/io/ahead.h"
#include "exec/io/file_set.h"
#include "exec/io/reader.h"

#include <assert.h>
#include <errno.h>
#include <sys/stat.h>
#include <unistd.h>

enum {
    CHUNK = 1 << 19,         /* bytes read at a time */
    OPEN_MAX_FILES = 256,    /* followed files kept open */
    TURN = 64,               /* batches of one followed file before the next one has its turn */
    LOOK_EVERY_US = 200000,  /* how often a followed folder is listed */
    AHEAD_AFTER = 2          /* batches in a row of a file that takes turns before more of it is decoded ahead */
};

typedef struct FileSource {
    Source base;
    Reader reader;
    bool is_behind;          /* the reader: it has to be put to the position first */
    Ahead *ahead;            /* NULL: nothing is decoded ahead */
    StrBuf usual;            /* state of the decoder behind the reader's last batch */
    bool has_usual;
    Arena *arena;
    Str path;
    bool follow, start_at_end, is_started, is_seeked;
    VEC(FilePart *) parts;   /* in the order of their labels */
    SourcePosition *positions;
    int32_t positions_cap;
    int32_t current;         /* the part in the reader, -1: none */
    int32_t in_turn;         /* batches that it has given in a row */
    int64_t next_look_us;
    Arena look;              /* of one listing */
} FileSource;

/* ---- parts ------------------------------------------------------------------------------------- */

static FilePart *part_new(FileSource *s, Str name, Str path)
{
    FilePart *f = new_one(s->arena, FilePart);
    f->arena = s->arena;
    f->name = str_dup(s->arena, name);
    f->path = str_dup(s->arena, path);
    f->fd = -1;
    f->size = f->limit = -1;
    f->line = 1;
    return f;
}

static FilePart *part_named(const FileSource *s, Str name)
{
    for (ptrdiff_t i = 0; i < s->parts.len; i++)
        if (str_eq(s->parts.data[i]->name, name)) return s->parts.data[i];
    return NULL;
}

static uint64_t label_at(const FileSource *s, ptrdiff_t i)
{
    return i >= 0 && i < s->parts.len ? s->parts.data[i]->label : 0;
}

static Status part_insert(FileSource *s, FilePart *f, ptrdiff_t at, Diags *d)
{
    if (!f->label) f->label = file_label_between(label_at(s, at - 1), label_at(s, at));
    if (!f->label)
        return diag_error(d, WEIR_E_LIMIT, (Span){0}, "too many files between two names at \"%.*s\"",
                          STR_ARG(f->name));
    vec_push(&s->parts, s->arena, f);
    FilePart **p = s->parts.data;
    memmove(p + at + 1, p + at, (size_t)(s->parts.len - 1 - at) * sizeof *p);
    p[at] = f;
    if (s->current >= at) s->current++;
    return WEIR_OK;
}

/* A part without a label yet goes where its name belongs. */
static Status part_add(FileSource *s, FilePart *f, Diags *d)
{
    ptrdiff_t at = 0;
    while (at < s->parts.len && str_cmp(s->parts.data[at]->name, f->name) < 0) at++;
    return part_insert(s, f, at, d);
}

/* Is the file at `path` read for another part, or was it, under another name? A copy of what was
 * read (of a log that is then truncated) is known too, if nothing has been added to it. */
static bool is_known_elsewhere(const FileSource *s, const FilePart *self, const char *path)
{
    FilePart probe = {.fd = -1};
    bool found = false;
    if (file_part_open(&probe, path, NULL) != WEIR_OK) return false;
    for (ptrdiff_t i = 0; i < s->parts.len && !found; i++) {
        const FilePart *f = s->parts.data[i];
        bool same_file = f->inode == probe.inode && f->device == probe.device;
        FileMark now = file_part_mark(f);
        if (f != self && same_file) found = f->fd >= 0 || (now.length > 0 && file_has_mark(probe.fd, &now));
        for (int k = 0; k < f->npast && !found; k++) {
            const FileMark *m = &f->past[k];
            bool may_be = m->length > 0 && (m->inode == probe.inode || m->length == (uint64_t)probe.size);
            found = may_be && file_has_mark(probe.fd, m);
        }
    }
    file_part_close(&probe);
    return found;
}

/* ---- opening ----------------------------------------------------------------------------------- */

static Status check_compression(const Relation *rel, Str path, Diags *d)
{
    static const char *const endings[] = {".gz", ".zst", ".bz2", ".xz", ".lz4", ".zip"};
    Str given = options_text(&rel->options, "compression", "auto");
    const Option *o = options_get(&rel->options, str_ieq(given, S("auto")) ? "path" : "compression");
    bool is_packed = !str_ieq(given, S("auto")) && !str_ieq(given, S("none"));
    for (size_t i = 0; str_ieq(given, S("auto")) && i < sizeof endings / sizeof *endings; i++)
        is_packed |= str_ends(path, str_z(endings[i]));
    if (!is_packed) return WEIR_OK;
    diag_error(d, WEIR_E_UNSUPPORTED, o ? o->span : (Span){0}, "compressed input is not built yet");
    diag_hint(d, "unpack it into connector = 'stdin', or set compression = 'none' if it is plain text");
    return WEIR_E_UNSUPPORTED;
}

static Status list_parts(FileSource *s, Diags *d)
{
    FileName *names;
    int n;
    arena_reset(&s->look);
    TRY(file_set_list(s->base.spec->rel->base_dir, s->path, &s->look, &names, &n, d));
    for (int i = 0; i < n; i++) TRY(part_add(s, part_new(s, names[i].name, names[i].path), d));
    return WEIR_OK;
}

static void file_close(Source *source)
{
    FileSource *s = (FileSource *)source;
    ahead_free(s->ahead);
    s->ahead = NULL;
    for (ptrdiff_t i = 0; i < s->parts.len; i++) file_part_close(s->parts.data[i]);
    reader_close(&s->reader);
    arena_free(&s->look);
}

static void file_release(void *source) { file_close(source); }

static Status file_open(const SourceSpec *spec, Arena *a, Source **out, Diags *d)
{
    FileSource *s = new_one(a, FileSource);
    arena_on_release(a, file_release, s); /* also when memory runs out on the way */
    const Options *o = &spec->rel->options;
    s->base.spec = spec;
    s->arena = a;
    s->current = -1;
    s->path = options_text(o, "path", "");
    s->follow = options_bool(o, "follow", false);
    s->start_at_end = str_ieq(options_text(o, "start", "beginning"), S("end"));
    if (s->path.n == 0) {
        diag_error(d, WEIR_E_OPTION, (Span){0}, "connector \"file\" needs a path");
        diag_hint(d, "path = 'file', 'folder' or 'pattern*'");
        return WEIR_E_OPTION;
    }
    TRY(check_compression(spec->rel, s->path, d));
    TRY(reader_open(&s->reader, spec, CHUNK, a, d));
    s->ahead = ahead_new(spec, a);
    s->usual.arena = a;
    Status st = list_parts(s, d);
    if (st != WEIR_OK) {
        reader_close(&s->reader);
        return st;
    }
    *out = &s->base;
    return WEIR_OK;
}

/* ---- going on after a restart ------------------------------------------------------------------ */

static Status has_ended(const FileSource *s, Str what, const char *why, Diags *d)
{
    const Relation *rel = s->base.spec->rel;
    diag_error(d, WEIR_E_ENDED, (Span){0}, "\"%.*s\" has ended; file \"%.*s\" %s", STR_ARG(rel->name),
               STR_ARG(what), why);
    diag_hint(d, "use follow = true or weir run --once, or build the views in a new database");
    return WEIR_E_ENDED;
}

/* Opens the file with that mark under whatever name it has now. False: it is not there. */
static bool find_file(FileSource *s, FilePart *f, const FileMark *mark)
{
    FileName *names;
    int n;
    arena_reset(&s->look);
    if (file_set_list(s->base.spec->rel->base_dir, s->path, &s->look, &names, &n, NULL) != WEIR_OK) n = 0;
    if (mark->length == 0) n = 0; /* nothing by which it could be known under another name */
    for (int round = 0; round < 3; round++) {
        for (int i = -1; i < n; i++) { /* -1: its own path */
            struct stat st;
            const char *path = i < 0 ? f->path.p : names[i].path.p;
            bool same_path = i < 0 || str_eq(names[i].path, f->path);
            if (round == 0 && (stat(path, &st) != 0 || (uint64_t)st.st_ino != mark->inode)) continue;
            if (round == 1 && !same_path) continue;
            if (file_part_open(f, path, NULL) != WEIR_OK) continue;
            if (file_has_mark(f->fd, mark)) return true;
            file_part_close(f);
        }
    }
    return false;
}

/* The part goes on where its position says, if its file is still there. */
static Status resume_part(FileSource *s, FilePart *f, const FileMark *mark, Diags *d)
{
    bool is_there = find_file(s, f, mark);
    file_part_keep_mark(f, mark);
    if (f->ended && !s->follow) {
        struct stat st;
        if (!is_there && stat(f->path.p, &st) != 0) return WEIR_OK; /* gone: nothing to add */
        if (!is_there) return has_ended(s, f->name, "is another one now", d);
        if ((uint64_t)f->size != f->offset) return has_ended(s, f->name, "has grown", d);
        file_part_close(f);
        return WEIR_OK;
    }
    f->ended = false;
    if (is_there && file_part_read_marks(f)) return WEIR_OK;
    file_part_close(f);
    struct stat st;
    bool is_gone = stat(f->path.p, &st) != 0; /* it may come back, with its disk */
    if (mark->length > 0 && !is_gone) file_part_next_generation(f); /* replaced or truncated */
    return WEIR_OK;
}

static Status restore_part(FileSource *s, const SourcePosition *p, Diags *d)
{
    FilePart *f = part_named(s, p->partition);
    FileMark mark;
    if (f) { /* its saved label decides its place */
        ptrdiff_t at = 0;
        while (s->parts.data[at] != f) at++;
        memmove(s->parts.data + at, s->parts.data + at + 1,
                (size_t)(s->parts.len - at - 1) * sizeof *s->parts.data);
        s->parts.len--;
    } else {
        Str dir = s->base.spec->rel->base_dir;
        bool is_absolute = dir.n == 0 || (p->partition.n && p->partition.p[0] == '/');
        f = part_new(s, p->partition, is_absolute ? p->partition
                                                  : str_printf(s->arena, "%.*s/%.*s", STR_ARG(dir), STR_ARG(p->partition)));
    }
    if (!file_part_restore(f, p, &mark))
        return diag_error(d, WEIR_E_CORRUPT, (Span){0}, "the position of \"%.*s\" cannot be read",
                          STR_ARG(p->partition));
    ptrdiff_t at = 0;
    while (at < s->parts.len && s->parts.data[at]->label && s->parts.data[at]->label < f->label) at++;
    TRY(part_insert(s, f, at, d));
    return resume_part(s, f, &mark, d);
}

/* Files that are there now and have no position: new ones, unless they are known files that were
 * renamed, or the stream has ended. */
static Status add_unsaved(FileSource *s, FilePart **fresh, int nfresh, bool all_ended, Diags *d)
{
    for (int i = 0; i < nfresh; i++) {
        struct stat st;
        bool is_gone = stat(fresh[i]->path.p, &st) != 0; /* the folder itself, which is not there now */
        if (s->is_seeked && is_gone) continue;
        if (is_known_elsewhere(s, fresh[i], fresh[i]->path.p)) continue;
        if (all_ended && !s->follow) return has_ended(s, fresh[i]->name, "is new", d);
        fresh[i]->label = 0;
        TRY(part_add(s, fresh[i], d));
    }
    return WEIR_OK;
}

static Status file_seek(Source *source, const SourcePosition *p, int n, Diags *d)
{
    FileSource *s = (FileSource *)source;
    bool all_ended = n > 0;
    int nfresh = 0;
    FilePart **fresh = new (s->arena, FilePart *, s->parts.len);
    FilePart **listed = s->parts.data;
    ptrdiff_t nlisted = s->parts.len;
    memset(&s->parts, 0, sizeof s->parts);
    for (ptrdiff_t i = 0; i < nlisted; i++) {
        bool is_saved = false;
        for (int k = 0; k < n; k++) is_saved |= str_eq(p[k].partition, listed[i]->name);
        if (is_saved)
            vec_push(&s->parts, s->arena, listed[i]);
        else
            fresh[nfresh++] = listed[i];
    }
    for (ptrdiff_t i = 0; i < s->parts.len; i++) s->parts.data[i]->label = 0;
    for (int k = 0; k < n; k++) {
        all_ended &= p[k].ended;
        TRY(restore_part(s, &p[k], d));
    }
    s->is_seeked = n > 0;
    return add_unsaved(s, fresh, nfresh, all_ended, d);
}

/* ---- reading ----------------------------------------------------------------------------------- */

/* Decoder state as if the file had been read from its start: what a header says is known. */
static void read_head(FileSource *s, FilePart *f)
{
    ptrdiff_t room;
    SourceBatch ignored = {0};
    const char *at;
    reader_seek(&s->reader, 0, (Str){0});
    char *space = reader_space(&s->reader, &room);
    ssize_t n = pread(f->fd, space, (size_t)(room < CHUNK ? room : CHUNK), 0);
    if (n <= 0) return;
    reader_filled(&s->reader, n);
    reader_decode(&s->reader, false, &ignored, &at);
    file_part_set_decoder(f, reader_save(&s->reader, &s->reader.maker.arena));
}

/* Behind the last line end of the file. */
static uint64_t last_line_start(int fd, int64_t size)
{
    char block[4096];
    while (size > 0) {
        int64_t n = size < (int64_t)sizeof block ? size : (int64_t)sizeof block;
        if (pread(fd, block, (size_t)n, size - n) != n) return 0;
        const char *newline = memrchr(block, '\n', (size_t)n);
        if (newline) return (uint64_t)(size - n + (newline - block) + 1);
        size -= n;
    }
    return 0;
}

static void start_at_end(FileSource *s, FilePart *f)
{
    uint64_t at = last_line_start(f->fd, f->size);
    if (at == 0) return;
    read_head(s, f);
    f->offset = at;
    f->line = 0;
    file_part_read_marks(f);
}

/* The first look at all files: what is there now is history, and all that `once` reads. */
static void start(FileSource *s)
{
    s->is_started = true;
    for (ptrdiff_t i = 0; i < s->parts.len; i++) {
        FilePart *f = s->parts.data[i];
        struct stat st;
        bool is_there = f->fd >= 0 ? fstat(f->fd, &st) == 0 : stat(f->path.p, &st) == 0;
        f->limit = s->base.spec->once ? (is_there ? st.st_size : 0) : -1;
        if (is_there) f->size = st.st_size;
        if (s->is_seeked || f->ended || !is_there) continue;
        f->history_end = (uint64_t)st.st_size;
        if (s->start_at_end && s->follow && file_part_open(f, f->path.p, NULL) == WEIR_OK) start_at_end(s, f);
    }
}

/* Lines before the position, where nobody has counted them yet. */
static void count_lines(FilePart *f)
{
    char block[1 << 16];
    f->line = 1;
    for (uint64_t at = 0; at < f->offset;) {
        uint64_t left = f->offset - at;
        ssize_t n = pread(f->fd, block, left < sizeof block ? (size_t)left : sizeof block, (off_t)at);
        if (n <= 0) return;
        for (const char *p = block, *q; (q = memchr(p, '\n', (size_t)(block + n - p))); p = q + 1) f->line++;
        at += (uint64_t)n;
    }
}

/* Puts a part's position into the reader. */
static Status seek_reader(FileSource *s, const FilePart *f, Diags *d)
{
    s->is_behind = false;
    if (reader_seek(&s->reader, f->offset, f->decoder) == WEIR_OK) return WEIR_OK;
    return diag_error(d, WEIR_E_CORRUPT, (Span){0}, "the position of \"%.*s\" cannot be read", STR_ARG(f->name));
}

static Status take_part(FileSource *s, int32_t i, Diags *d)
{
    FilePart *f = s->parts.data[i];
    if (s->current == i) return WEIR_OK;
    ahead_forget(s->ahead);
    if (s->reader.wants_line && f->line == 0) count_lines(f);
    s->current = i;
    s->reader.facts = (ReaderFacts){.partition = f->name, .file = f->path, .line = f->line};
    return seek_reader(s, f, d);
}

static void begin_generation(FileSource *s, FilePart *f)
{
    file_part_next_generation(f);
    f->is_changed = true;
    s->current = -1;
}

/* Has the open file lost or changed what was read of it? */
static bool is_replaced(const FilePart *f)
{
    FileMark m = file_part_mark(f);
    return m.length > 0 && !WEIR_PLANT("emptied-unseen") && !file_has_mark(f->fd, &m);
}

typedef enum FillStatus {
    FILL_SOME,
    FILL_END,
    FILL_CUT, /* what comes next is no continuation of what was read */
    FILL_FAILED
} FillStatus;

/* How many bytes may be read now: `once` stops at its limit, history apart from the rest. */
static ptrdiff_t allowed(const FileSource *s, const FilePart *f, ptrdiff_t room)
{
    uint64_t at = reader_read_to(&s->reader);
    uint64_t stop = UINT64_MAX;
    if (f->limit >= 0) stop = (uint64_t)f->limit;
    if (s->follow && at < f->history_end && f->history_end < stop) stop = f->history_end;
    if (at >= stop) return 0;
    return stop - at < (uint64_t)room ? (ptrdiff_t)(stop - at) : room;
}

static FillStatus fill(FileSource *s, FilePart *f, Diags *d)
{
    ptrdiff_t room, had = reader_buffered(&s->reader);
    char *space = reader_space(&s->reader, &room);
    if (had < CHUNK && room > CHUNK - had) room = CHUNK - had;
    room = allowed(s, f, room);
    if (room <= 0) return FILL_END;
    ssize_t n;
    do n = pread(f->fd, space, (size_t)room, (off_t)reader_read_to(&s->reader));
    while (n < 0 && errno == EINTR);
    if (n < 0) {
        diag_error(d, WEIR_E_IO, (Span){0}, "cannot read \"%s\": %s", f->path.p, strerror(errno));
        return FILL_FAILED;
    }
    if (n > 0 && s->follow && is_replaced(f)) return FILL_CUT; /* emptied, and longer again already */
    reader_filled(&s->reader, n);
    return n > 0 ? FILL_SOME : FILL_END;
}

/* A batch has been made: the position moves from `before` to `now`. `bytes` are those at `before`; NULL:
 * they have left the buffer. */
static void move_on(FileSource *s, FilePart *f, const char *bytes, uint64_t before, uint64_t now)
{
    f->line = s->reader.wants_line ? s->reader.facts.line : 0;
    f->is_changed = true;
    if (now == before) return;
    if (bytes) file_part_advance(f, bytes, (ptrdiff_t)(now - before));
    f->offset = now;
    if (!bytes) file_part_read_marks(f);
}

static void set_place(const FileSource *s, const FilePart *f, SourceBatch *out)
{
    out->batch.label = f->label;
    out->batch.generation = f->generation;
    out->partition = s->current;
}

/* What the decoder knows between records is mostly the same in all of a file and in all files. */
static void note_state(FileSource *s, const FilePart *f)
{
    if (!s->ahead || (s->has_usual && str_eq(f->decoder, str_of(s->usual.p, s->usual.n)))) return;
    s->has_usual = true;
    s->usual.n = 0;
    sb_str(&s->usual, f->decoder);
}

/* A batch of what is buffered. */
static bool decode(FileSource *s, FilePart *f, bool at_end, SourceBatch *out)
{
    const char *from;
    bool is_history = !s->follow || reader_read_to(&s->reader) <= f->history_end;
    uint64_t before = reader_position(&s->reader);
    bool any = reader_decode(&s->reader, at_end, out, &from);
    uint64_t now = reader_position(&s->reader);
    set_place(s, f, out);
    out->is_history = is_history;
    f->line = s->reader.wants_line ? s->reader.facts.line : 0;
    if (now == before && !any) return false;
    /* While a long record is being skipped the position stays; then it moves past all of it. */
    uint64_t base = s->reader.base;
    move_on(s, f, before < base ? NULL : s->reader.buf + (before - base), before, now);
    file_part_set_decoder(f, reader_save(&s->reader, &s->reader.maker.arena));
    note_state(s, f);
    return any;
}

/* ---- ahead ------------------------------------------------------------------------------------- */

/* Where reading may go without looking at the file again. */
static uint64_t known_end(const FileSource *s, const FilePart *f)
{
    int64_t changed_ns, size = file_part_look(f, &changed_ns);
    uint64_t end = size < 0 ? 0 : (uint64_t)size;
    if (f->limit >= 0 && (uint64_t)f->limit < end) end = (uint64_t)f->limit;
    if (s->follow && f->offset < f->history_end && f->history_end < end) end = f->history_end;
    return end;
}

/* Lets workers begin where the position is; where files take turns, once this one has given some batches. */
static void decode_ahead(FileSource *s, FilePart *f)
{
    if (!s->has_usual || ahead_is_on(s->ahead) || s->reader.dec->held) return;
    if ((s->follow || s->base.paused) && s->in_turn < AHEAD_AFTER) return;
    uint64_t end = known_end(s, f);
    if (end <= f->offset || !ahead_pays(s->ahead, end - f->offset)) return;
    ahead_begin(s->ahead, f->fd, f->offset, end, f->decoder, str_of(s->usual.p, s->usual.n));
}

/* A batch of what workers have decoded from the position on. */
static bool take_ahead(FileSource *s, FilePart *f, SourceBatch *out)
{
    AheadPiece piece;
    while (ahead_next(s->ahead, f->offset, f->decoder, &piece)) {
        if (s->follow && is_replaced(f)) break; /* when it was decoded something else may have stood there */
        const RowBuilder *rows = &piece.maker->rows;
        s->is_behind = true;
        reader_finish(&s->reader, piece.maker, piece.bytes, piece.used, piece.offset, out);
        set_place(s, f, out);
        out->is_history = !s->follow || piece.position <= f->history_end;
        move_on(s, f, piece.bytes.p, f->offset, piece.position);
        file_part_set_decoder(f, piece.state);
        if (rows->rows > 0 || rows->errors.len > 0) return true;
    }
    return false;
}

/* ---- following --------------------------------------------------------------------------------- */

/* The part's file has been opened again: it goes on where reading stopped, if it is the same. */
static void go_on_or_begin(FileSource *s, FilePart *f)
{
    FileMark mark = file_part_mark(f);
    bool is_same = mark.length == 0 || file_has_mark(f->fd, &mark);
    if (!is_same || (f->is_kept && !file_part_read_marks(f))) begin_generation(s, f);
}

/* Opens the part's file again if it is there and has news. False: nothing to read now. */
static bool reopen_followed(FileSource *s, FilePart *f)
{
    struct stat st;
    if (stat(f->path.p, &st) != 0 || !S_ISREG(st.st_mode)) return false;
    bool is_as_left = f->inode == (uint64_t)st.st_ino && (uint64_t)st.st_size == f->offset && f->offset > 0;
    if (is_as_left && f->changed_ns == file_changed_ns(&st)) return false;
    if (is_known_elsewhere(s, f, f->path.p)) return false;
    if (file_part_open(f, f->path.p, NULL) != WEIR_OK) return false;
    go_on_or_begin(s, f);
    return true;
}

/* A file that was read to its end has changed: the same one grown, or its bytes were replaced,
 * perhaps by as many. */
static void check_content(FileSource *s, FilePart *f)
{
    int64_t changed_ns, size = file_part_look(f, &changed_ns);
    if (size == f->size && changed_ns == f->changed_ns) return;
    f->at_end = size == f->size;
    bool is_shorter = size < f->size;
    f->size = size;
    f->changed_ns = changed_ns;
    if (is_shorter || is_replaced(f)) begin_generation(s, f);
}

/* Does the path name another file now, one with something in it? */
static bool is_rotated(const FileSource *s, const FilePart *f)
{
    struct stat st;
    if (stat(f->path.p, &st) != 0 || st.st_size == 0 || !S_ISREG(st.st_mode)) return false;
    if ((uint64_t)st.st_ino == f->inode && (uint64_t)st.st_dev == f->device) return false;
    return !is_known_elsewhere(s, f, f->path.p);
}

/* At the end of a followed file. True: there is more to read after all. */
static bool follow_on(FileSource *s, FilePart *f, SourceBatch *out, bool *got_batch)
{
    *got_batch = false;
    file_part_look(f, &f->changed_ns);
    f->size = (int64_t)reader_read_to(&s->reader);
    f->at_end = true;
    if (!is_rotated(s, f)) return false;
    if (reader_buffered(&s->reader) > 0 || s->reader.dec->held > 0) { /* its last line */
        *got_batch = decode(s, f, true, out);
        if (*got_batch) return true;
    }
    begin_generation(s, f);
    file_part_close(f);
    return true;
}

static int64_t open_files(const FileSource *s)
{
    int64_t n = 0;
    for (ptrdiff_t i = 0; i < s->parts.len; i++) n += s->parts.data[i]->fd >= 0;
    return n;
}

/* A truncated file's copy is to be known as such. */
static void check_contents(FileSource *s)
{
    for (ptrdiff_t i = 0; i < s->parts.len; i++)
        if (s->parts.data[i]->fd >= 0 && s->parts.data[i]->at_end) check_content(s, s->parts.data[i]);
}

/* Takes in files that have appeared. */
static Status look_again(FileSource *s, Diags *d)
{
    const Env *env = s->base.spec->env;
    int64_t now = env->mono_us(env->arg);
    FileName *names;
    int n;
    if (now < s->next_look_us) return WEIR_OK;
    s->next_look_us = now + LOOK_EVERY_US;
    arena_reset(&s->look);
    if (file_set_list(s->base.spec->rel->base_dir, s->path, &s->look, &names, &n, NULL) != WEIR_OK)
        return WEIR_OK;
    bool is_checked = false;
    for (int i = 0; i < n; i++) {
        struct stat st;
        if (part_named(s, names[i].name)) continue;
        if (stat(names[i].path.p, &st) != 0) continue; /* the folder itself, which is not there now */
        if (!is_checked) check_contents(s);
        is_checked = true;
        if (is_known_elsewhere(s, NULL, names[i].path.p)) continue;
        TRY(part_add(s, part_new(s, names[i].name, names[i].path), d));
    }
    return WEIR_OK;
}

/* ---- polling ----------------------------------------------------------------------------------- */

/* Is what is buffered the end of history? It goes before anything is read behind it. */
static bool is_rest_of_history(const FileSource *s, const FilePart *f)
{
    return s->follow && reader_buffered(&s->reader) > 0 && reader_read_to(&s->reader) == f->history_end;
}

typedef enum PartStatus { PART_ROWS, PART_NOTHING, PART_FAILED } PartStatus;

static PartStatus end_part(FilePart *f)
{
    f->ended = true;
    f->size = (int64_t)f->offset;
    f->is_changed = true;
    file_part_close(f);
    return PART_NOTHING;
}

static PartStatus poll_part(FileSource *s, int32_t i, SourceBatch *out, Diags *d)
{
    FilePart *f = s->parts.data[i];
    bool once = s->base.spec->once;
    if (f->ended || (once && f->limit <= (int64_t)f->offset)) return PART_NOTHING;
    if (f->fd < 0) {
        if (s->current == i) ahead_forget(s->ahead);
        if (s->follow && !once) {
            if (!reopen_followed(s, f)) return PART_NOTHING;
        } else if (file_part_open(f, f->path.p, d) != WEIR_OK) {
            return PART_FAILED;
        } else if (f->is_kept) {
            go_on_or_begin(s, f);
        }
    }
    if (s->follow && !once && f->at_end) {
        check_content(s, f);
        if (f->at_end && !is_rotated(s, f)) return PART_NOTHING;
    }
    if (take_part(s, i, d) != WEIR_OK) return PART_FAILED;
    decode_ahead(s, f);
    if (take_ahead(s, f, out)) return PART_ROWS;
    if (s->is_behind && seek_reader(s, f, d) != WEIR_OK) return PART_FAILED;
    if ((reader_buffered(&s->reader) >= CHUNK / 2 || is_rest_of_history(s, f)) && decode(s, f, false, out)) return PART_ROWS;
    for (;;) {
        switch (fill(s, f, d)) {
        case FILL_FAILED: return PART_FAILED;
        case FILL_SOME:
            if (decode(s, f, false, out)) return PART_ROWS;
            continue;
        case FILL_CUT:
            if (decode(s, f, false, out)) return PART_ROWS;
            begin_generation(s, f);
            return PART_NOTHING;
        case FILL_END: break;
        }
        if (decode(s, f, !once && !s->follow, out)) return PART_ROWS;
        if (once) return PART_NOTHING;
        if (!s->follow) {
            if (!is_rotated(s, f)) return end_part(f);
            begin_generation(s, f); /* it was read under another name; now that of its own */
            if (file_part_open(f, f->path.p, d) != WEIR_OK || take_part(s, i, d) != WEIR_OK) return PART_FAILED;
            continue;
        }
        bool got_batch;
        if (!follow_on(s, f, out, &got_batch)) break;
        if (got_batch) return PART_ROWS;
        if (f->fd < 0 && !reopen_followed(s, f)) return PART_NOTHING;
        if (take_part(s, i, d) != WEIR_OK) return PART_FAILED;
    }
    if (open_files(s) > OPEN_MAX_FILES && reader_buffered(&s->reader) == 0) file_part_close(f);
    return PART_NOTHING;
}

/* Followed files take turns, so that one that always has more does not hide the others. */
static int32_t first_part(const FileSource *s)
{
    if (s->current < 0) return 0;
    return s->in_turn < TURN ? s->current : (s->current + 1) % (int32_t)s->parts.len;
}

static void saw_nothing(const FileSource *s, FilePart *f)
{
    const Env *env = s->base.spec->env;
    f->is_dry = true;
    if (s->follow && !s->base.spec->once) f->empty_us = env->mono_us(env->arg);
}

/* The first part in turn that gives something, of those that are paused or of the others. */
static PartStatus poll_parts(FileSource *s, bool paused, SourceBatch *out, Diags *d)
{
    int32_t n = (int32_t)s->parts.len, before = s->current, first = first_part(s);
    for (int32_t k = 0; k < n; k++) {
        int32_t i = s->follow ? (first + k) % n : k;
        if ((i < s->base.npaused && s->base.paused[i]) != paused) continue;
        PartStatus got = poll_part(s, i, out, d);
        s->parts.data[i]->is_dry = false;
        if (got == PART_ROWS) s->in_turn = i == before && first == before ? s->in_turn + 1 : 1;
        if (got != PART_NOTHING) return got;
        saw_nothing(s, s->parts.data[i]);
    }
    return PART_NOTHING;
}

static SourceStatus file_poll(Source *source, SourceBatch *out, Diags *d)
{
    FileSource *s = (FileSource *)source;
    if (!s->is_started) start(s);
    if (s->follow && !s->base.spec->once && look_again(s, d) != WEIR_OK) return SOURCE_FAILED;
    if (s->parts.len == 0 && !s->follow) {
        diag_error(d, WEIR_E_IO, (Span){0}, "no file matches \"%.*s\"", STR_ARG(s->path));
        return SOURCE_FAILED;
    }
    PartStatus got = poll_parts(s, false, out, d);
    if (got == PART_NOTHING && source->paused) got = poll_parts(s, true, out, d);
    if (got != PART_NOTHING) return got == PART_ROWS ? SOURCE_ROWS : SOURCE_FAILED;
    if (!s->base.spec->once) return s->follow ? SOURCE_EMPTY : SOURCE_ENDED;
    s->is_started = false; /* the next poll takes the sizes anew */
    s->is_seeked = true;
    return SOURCE_DRAINED;
}

/* ---- positions --------------------------------------------------------------------------------- */

static void fill_position(FileSource *s, int32_t i)
{
    FilePart *f = s->parts.data[i];
    f->is_changed = false;
    s->positions[i] = (SourcePosition){.partition = f->name, .label = f->label, .generation = f->generation,
                                       .offset = f->offset, .identity = file_part_identity(f), .ended = f->ended};
}

static void fill_positions(FileSource *s)
{
    int32_t n = (int32_t)s->parts.len;
    bool is_new = s->positions_cap != n;
    if (is_new) s->positions = new (s->arena, SourcePosition, n);
    s->positions_cap = n;
    for (int32_t i = 0; i < n; i++) {
        if (is_new || s->parts.data[i]->is_changed) fill_position(s, i);
        s->positions[i].empty_us = s->parts.data[i]->empty_us;
        s->positions[i].is_dry = s->parts.data[i]->is_dry;
    }
}

static int file_positions(Source *source, const SourcePosition **out)
{
    FileSource *s = (FileSource *)source;
    fill_positions(s);
    *out = s->positions;
    return (int)s->parts.len;
}

static void file_progress(const Source *source, int64_t *read, int64_t *total)
{
    const FileSource *s = (const FileSource *)source;
    *read = *total = 0;
    for (ptrdiff_t i = 0; i < s->parts.len; i++) {
        const FilePart *f = s->parts.data[i];
        *read += (int64_t)f->offset;
        *total += f->size > (int64_t)f->offset ? f->size : (int64_t)f->offset;
    }
    if (s->follow) *total = -1;
}

static bool file_is_bounded(const Source *source)
{
    return !((const FileSource *)source)->follow;
}

static bool file_is_near(const Source *source)
{
    const FileSource *s = (const FileSource *)source;
    for (ptrdiff_t i = 0; i < s->parts.len; i++)
        if (s->parts.data[i]->is_link) return false;
    return true;
}

/* ---- definition -------------------------------------------------------------------------------- */

static const OptionDef file_options[] = {
    {"path", OPT_TEXT, .doc = "a file, a folder or a pattern", .is_required = true},
    {"follow", OPT_BOOL, .fallback = "false", .doc = "wait for more, through rotation and truncation"},
    {"start", OPT_ENUM, .choices = "beginning,end", .fallback = "beginning",
     .doc = "where a followed file is first read from"},
    {"compression", OPT_TEXT, .fallback = "auto", .doc = "auto or none"},
    {0}};

static const SourceImpl file_impl = {.open = file_open, .close = file_close, .seek = file_seek,
                                     .poll = file_poll, .positions = file_positions,
                                     .progress = file_progress, .delivery = "exactly-once",
                                     .is_bounded = file_is_bounded, .is_near = file_is_near};

extern const ConnectorDef source_file[];
const ConnectorDef source_file[] = {
    {.name = "file", .aliases = "filesystem", .is_source = true, .options = file_options,
     .impl = &file_impl, .doc = "files, folders and patterns"},
    {0}};
