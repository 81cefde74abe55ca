/* csv_impl.h: what the plain way (format_csv.c) and the quick one (csv_quick.c) share. */
#ifndef WEIR_EXEC_CSV_IMPL_H
#define WEIR_EXEC_CSV_IMPL_H

#include "base/utf8.h"
#include "exec/format/lines.h"
#include "exec/format/quick_run.h"
#include "exec/kernel/simd.h"

/* Bytes indexed at a time, with 16-bit positions; values of a run that may be left to csv_put_field. */
enum { CSV_INDEX_BYTES = 1 << 15, CSV_ODD_MAX = 256 };

/* What the quick way does with a field. */
typedef enum CsvOp { CSV_SKIP, CSV_INT, CSV_TEXT, CSV_TIME, CSV_EPOCH, CSV_DOUBLE, CSV_ANY } CsvOp;

/* A field of every record, in order. */
typedef struct CsvField {
    uint8_t op;            /* CsvOp */
    uint8_t precision;
    int32_t col;           /* first column that reads it, -1: none; the others by next_col */
    int64_t unit_us;
} CsvField;

typedef struct CsvPiece {
    const char *p;
    ptrdiff_t n;
    bool is_quoted, has_doubled; /* has_doubled: two quotes in it stand for one */
} CsvPiece;

typedef struct CsvDecoder {
    Decoder base;
    FieldOptions options;
    int64_t limit;
    char delimiter, quote, comment; /* quote, comment 0: none */
    enum { HEADER_AUTO, HEADER_YES, HEADER_NO } header;
    const Relation *rel;
    const bool *wanted;
    int32_t *next_col;     /* per column: the next one of the same field, -1 */
    bool is_started;       /* the fields are known */
    Str names;             /* of the header, each ended by NUL; n 0 and started: by order */
    CsvField *fields;
    int32_t nfields, cap_fields;
    int32_t *missing, nmissing; /* wanted columns that no field is for */
    CsvPiece *pieces;      /* of the record in work */
    struct {
        int32_t field;
        CsvPiece piece;
    } *pending;
    int32_t npending;
    Arena layout;          /* names, fields, pieces: of one header */
    TimeCache time_cache;
    /* What is behind the delimiters and newlines of a piece of the input in which no quote stands, as
     * bytes from index_from; index[0] stands for the newline before it. */
    uint16_t *index;
    int32_t index_n, index_at;
    const char *index_from, *index_end; /* NULL: nothing is indexed */
    bool index_has_high;   /* bytes that are not ASCII */
    int32_t rest, rest_next; /* records to be read without it, now and after the next failure */
    struct {
        int32_t field, line;
    } odd[CSV_ODD_MAX];    /* of the run in work */
    int32_t nodd;
    const char *(*quick)(struct CsvDecoder *, const char *, const char *, uint64_t, RowBuilder *);
    /* a record that is too long */
    bool is_skipping;
    uint64_t skip_offset;
    int64_t skip_bytes;
    char *skip_head;
} CsvDecoder;

/* The value of a field that was cut out, for all columns that read it. */
void csv_put_field(CsvDecoder *c, int32_t field, const CsvPiece *piece, RowBuilder *out);
/* What every row needs besides its fields. */
void csv_finish_row(CsvDecoder *c, RowBuilder *out);

/* Decodes records from p on as long as they are plain: the right number of fields, no doubled
 * quotes, no line ends in quotes. `end` is behind the last newline. Returns the start of the first other record. */
const char *csv_quick(CsvDecoder *c, const char *p, const char *end, uint64_t offset, RowBuilder *out);
/* Chooses the instruction set (exec/kernel/simd.h), at most `level`; returns what it is. -1: tests, no quick way
 * at all. */
int csv_quick_level(CsvDecoder *c, int level);

#endif
