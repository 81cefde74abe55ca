/* compare_tmpl.h: the six comparisons of K_IN, named eq_K_TYPE … ge_K_TYPE, by EQ … GE. */
#define K_PASTE_(op, type) op##_##type
#define K_PASTE(op, type) K_PASTE_(op, type)

#define K_NAME K_PASTE(eq, K_TYPE)
#define K_TEST EQ
#include "exec/kernel/compare_op_tmpl.h"
#define K_NAME K_PASTE(ne, K_TYPE)
#define K_TEST NE
#include "exec/kernel/compare_op_tmpl.h"
#define K_NAME K_PASTE(lt, K_TYPE)
#define K_TEST LT
#include "exec/kernel/compare_op_tmpl.h"
#define K_NAME K_PASTE(le, K_TYPE)
#define K_TEST LE
#include "exec/kernel/compare_op_tmpl.h"
#define K_NAME K_PASTE(gt, K_TYPE)
#define K_TEST GT
#include "exec/kernel/compare_op_tmpl.h"
#define K_NAME K_PASTE(ge, K_TYPE)
#define K_TEST GE
#include "exec/kernel/compare_op_tmpl.h"

#undef K_PASTE_
#undef K_PASTE
#undef K_IN
#undef K_TYPE
