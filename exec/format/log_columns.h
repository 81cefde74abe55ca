/* log_columns.h: columns of a ready-made log format: which piece of a line each declared one takes.
 *
 * A format names its pieces in a table; a declared column takes the piece that is called as it is,
 * by the piece's name or another one it is known by. */
#ifndef WEIR_EXEC_LOG_COLUMNS_H
#define WEIR_EXEC_LOG_COLUMNS_H

#include "exec/format/infer.h"
#include "exec/format/lines.h"
#include "exec/format/quick_value.h"

typedef struct LogPiece {
    const char *name, *aliases; /* aliases: comma list or NULL */
    Type type;
    bool is_extra;              /* not among the columns of an inferred stream */
    bool is_time;               /* its event time */
} LogPiece;

typedef struct LogColumns {
    FieldOptions fields;
    Lines lines;
    int32_t *cols, *pieces, n;  /* wanted columns and their pieces */
    char time_text[40];         /* of the last time, for column time_col: lines share their seconds */
    int32_t time_n, time_col;
    bool is_usual_time;    /* dd/Mon/yyyy:hh:mm:ss +hhmm */
    int64_t time_us;
} LogColumns;

/* `time_style`: see field_options_read. WEIR_E_NAME: a column is no piece. */
Status log_columns_open(LogColumns *c, const Relation *rel, const bool *wanted, const LogPiece *pieces,
                        int npieces, const char *time_style, Arena *a, Diags *d);
/* The pieces (p NULL: not there) as a row; `null_text` as a whole piece stands for NULL. */
void log_columns_put(LogColumns *c, const Str *pieces, RowBuilder *out);
/* The columns of a stream that declares none. */
Status log_columns_infer(const LogPiece *pieces, int npieces, Inference *inf);

/* Reads a line into pieces. NULL: done; else why it cannot be read. Text that has to be rewritten
 * goes into the arena. */
typedef const char *(*LogReader)(void *state, Str line, Str *pieces, Arena *a);
ptrdiff_t log_decode(Decoder *dec, LogColumns *c, LogReader read, void *state, const char *buf,
                     ptrdiff_t n, bool at_end, uint64_t base, RowBuilder *out);

enum { LOG_PIECES_MAX = 24 };
#define LOG_TEXT {.kind = TYPE_TEXT}
#define LOG_NUMBER {.kind = TYPE_BIGINT, .int_bits = 64}
#define LOG_TIME(p) {.kind = TYPE_TIMESTAMP, .precision = (p)}

#endif
