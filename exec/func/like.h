/* like.h: LIKE patterns: '%' any text, '_' any one character. */
#ifndef WEIR_EXEC_FUNC_LIKE_H
#define WEIR_EXEC_FUNC_LIKE_H

#include "base/str.h"

typedef struct LikePattern LikePattern;

/* `escape` is one character or empty (none). NULL: the pattern ends in the escape character, or
 * it stands before an ordinary one. */
const LikePattern *like_compile(Arena *a, Str pattern, Str escape, bool ignore_case);
bool like_matches(const LikePattern *p, Str text);

#endif
