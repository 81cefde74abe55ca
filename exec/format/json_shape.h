/* json_shape.h: the quick way through lines of JSON that are built alike.
 *
 * The lines of a stream mostly differ in their scalar values alone. A shape is everything else of
 * such a line, cut at the values: keys, punctuation and white space, byte for byte. A line that
 * equals a shape between its values, and whose values are well-formed scalars, has the structure
 * of the line the shape was learned from, which was judged in full; so nothing has to be parsed
 * but the values. Anything unusual is left to the plain way, whose rows are the same. */
#ifndef WEIR_EXEC_JSON_SHAPE_H
#define WEIR_EXEC_JSON_SHAPE_H

#include "exec/format/field.h"
#include "exec/format/json_tree.h"

typedef struct ShapeSet ShapeSet;

/* For ncols wanted columns, the value of cols[i] at tree slot slot_of[i]. Everything given
 * outlives the set. */
ShapeSet *shape_set_new(Arena *a, const JsonTree *tree, const Relation *rel, const int32_t *cols,
                        const int32_t *slot_of, int ncols, const FieldOptions *fields, int64_t limit);
/* The buffer has changed since the last call. */
void shape_begin(ShapeSet *s);
/* Decodes lines from p on until one fits no shape, `out` is full or no whole line is left; returns
 * where it stopped, the start of a line. Reads up to 64 bytes past `end`. `offset` is that of p. */
const char *shape_decode(ShapeSet *s, const char *p, const char *end, uint64_t offset, RowBuilder *out);
/* Takes in how a line is built that went the plain way without an error. */
void shape_learn(ShapeSet *s, Str line);
/* Chooses the loop by its instruction set (exec/kernel/simd.h), at most `level`; returns what it is. */
int shape_set_level(ShapeSet *s, int level);
ShapeSet *json_decoder_shapes(Decoder *dec); /* of an open JSON decoder; NULL: it uses none */

#endif
