/* field.h: the text of one field becomes a typed value, the same way in every format.
 *
 * A value that does not fit its column's type is an error mark of that column with a message that
 * names column, text and type; the row itself stays. The row being made is out->rows. */
#ifndef WEIR_EXEC_FIELD_H
#define WEIR_EXEC_FIELD_H

#include "base/time_format.h"
#include "base/tz.h"
#include "exec/format/format.h"

typedef enum TimeStyle {
    TIME_STYLE_ISO,
    TIME_STYLE_EPOCH_S,
    TIME_STYLE_EPOCH_MS,
    TIME_STYLE_EPOCH_US,
    TIME_STYLE_PATTERN /* strptime */
} TimeStyle;

/* How the fields of one relation are read. */
typedef struct FieldOptions {
    const ColumnDef *cols;
    TimeStyle time_style;
    const TimeFormat *time_pattern;
    const TimeZone *zone; /* of times without offset; NULL: UTC */
    bool is_lenient;       /* numbers and booleans in quotes are taken */
    Str null_text;         /* text that stands for NULL, in formats without a NULL of their own */
} FieldOptions;

/* From the options timestamp_format, time_zone, lenient and null. `default_time` stands for
 * timestamp_format where it is not given; NULL: ISO 8601. */
Status field_options_read(const Relation *rel, const char *default_time, Arena *a, FieldOptions *out,
                          Diags *d);

/* What field_decode stores, where the text fits `t`. Numbers, times and words may have white space
 * around them. Text refers to p. */
bool field_parse(Type t, Str s, const FieldOptions *o, Arena *a, Value *out);
void field_null(RowBuilder *out, int col);
/* Marks the field as one whose text does not fit. `p` is its text as it stands in the record. */
void field_misfit(RowBuilder *out, int col, const char *p, ptrdiff_t n, const FieldOptions *o);
/* Text as it is (not a NULL text, not judged): for formats that have unescaped it already. */
void field_value(RowBuilder *out, int col, const Value *v);

/* Pieces that formats share. Outputs are untouched on failure. */
bool field_int_fits(Type t, int64_t v);
bool field_double(Str s, bool may_be_infinite, double *out);
bool field_time(Type t, Str s, const FieldOptions *o, int64_t *us);
/* us cut toward the past to the type's precision. */
int64_t field_cut_time(Type t, int64_t us);

/* A record nobody can use: raw is cut to RAW_MAX and copied into the batch's arena. */
enum { FIELD_RAW_MAX = 4096 };
void record_error(RowBuilder *out, uint64_t offset, Str raw, int64_t raw_bytes, const char *fmt, ...)
    __attribute__((format(printf, 5, 6)));

#endif
