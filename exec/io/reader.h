/* reader.h: bytes of a partition to batches: the buffer, the decoder, the columns.
 *
 * A connector puts bytes where reader_space says, and reader_decode makes a batch of the whole
 * records among them. The batch's text refers to the buffer, so bytes are only moved or added
 * before the next batch is made. */
#ifndef WEIR_EXEC_READER_H
#define WEIR_EXEC_READER_H

#include "exec/io/batch_maker.h"

/* Metadata of the partition being read; texts outlive the batch. */
typedef struct ReaderFacts {
    Str partition, file;
    int64_t line;          /* number of the line at the position, from 1; 0: unknown */
} ReaderFacts;

typedef struct Reader {
    const SourceSpec *spec;
    Decoder *dec;
    BatchMaker maker;
    char *buf;
    ptrdiff_t cap;         /* bytes that may be filled */
    ptrdiff_t from, end;   /* what is read and not yet decoded */
    uint64_t base;         /* offset of buf[0] */
    bool wants_line;
    ReaderFacts facts;     /* line is kept up where it is wanted */
} Reader;

/* Room for `chunk` bytes at a time and the longest record. */
Status reader_open(Reader *r, const SourceSpec *spec, ptrdiff_t chunk, Arena *a, Diags *d);
void reader_close(Reader *r);
/* Goes on at `offset` of a partition whose decoder state is `saved`; what was buffered is dropped.
 * WEIR_E_CORRUPT: the state cannot be read. */
Status reader_seek(Reader *r, uint64_t offset, Str saved);
/* Where to put further bytes: at least one fits, unless the records are longer than allowed. Ends
 * the validity of the last batch. */
char *reader_space(Reader *r, ptrdiff_t *room);
void reader_filled(Reader *r, ptrdiff_t n);
static inline ptrdiff_t reader_buffered(const Reader *r) { return r->end - r->from; }
/* Offset of the first byte that was not read yet. */
static inline uint64_t reader_read_to(const Reader *r) { return r->base + (uint64_t)r->end; }
/* Offset of the first record that was not handed out. */
static inline uint64_t reader_position(const Reader *r)
{
    return r->base + (uint64_t)r->from - (uint64_t)r->dec->held;
}
/* Makes a batch of what is buffered; `at_end`: the last record needs no line end. False: there is
 * no whole record. *at is where the consumed bytes began. */
bool reader_decode(Reader *r, bool at_end, SourceBatch *out, const char **at);
/* Makes *out of the rows in m, which were decoded from the first `used` of the bytes at `offset`: adds
 * what the partition knows of them. */
void reader_finish(Reader *r, BatchMaker *m, Str bytes, ptrdiff_t used, uint64_t offset, SourceBatch *out);
/* State of the decoder to be kept with the position. */
Str reader_save(Reader *r, Arena *a);

#endif
