/* pattern_lines.h: lines taken apart by a regular expression whose named groups are columns. */
#ifndef WEIR_EXEC_PATTERN_LINES_H
#define WEIR_EXEC_PATTERN_LINES_H

#include "exec/format/field.h"

/* A decoder for lines that match `pattern`; `at` is where the pattern was written (for errors in
 * it). `time_style` stands for timestamp_format where none is given. */
Status pattern_decoder_open(const Relation *rel, const bool *wanted, Str pattern, Span at,
                            const char *time_style, Arena *a, Decoder **out, Diags *d);
ptrdiff_t pattern_decode(Decoder *dec, const char *buf, ptrdiff_t n, bool at_end, uint64_t base,
                         RowBuilder *out);
void pattern_reset(Decoder *dec);
void pattern_close(Decoder *dec);

#define PATTERN_OPTIONS \
    {"regex_limit", OPT_INT, .fallback = "1000000", .min = 100, .max = INT64_C(1) << 31, \
     .doc = "steps of matching after which a line is an error"}

#endif
