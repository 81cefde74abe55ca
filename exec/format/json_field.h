/* json_field.h: one JSON value becomes the value of a column.
 *
 * TEXT takes any scalar and keeps the text of an object or array. BIGINT takes integers, DOUBLE and
 * DECIMAL numbers; numbers and booleans in quotes only with `lenient`. Times are strings, or
 * numbers where timestamp_format counts from 1970. null and a missing value are NULL. */
#ifndef WEIR_EXEC_JSON_FIELD_H
#define WEIR_EXEC_JSON_FIELD_H

#include "exec/format/field.h"
#include "exec/format/json_value.h"

void json_field(RowBuilder *out, int col, JsonSpan v, const FieldOptions *o);

#endif
