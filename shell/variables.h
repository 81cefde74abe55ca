/* variables.h: variables in files of statements. */
#ifndef WEIR_SHELL_VARIABLES_H
#define WEIR_SHELL_VARIABLES_H

#include <stdbool.h>

/* The text with :name replaced by the value of "name=value" (the last one given): numbers as they are,
 * anything else as a text literal. Quoted texts, comments and names without a value stay. Caller frees. */
char *variables_apply(const char *text, const char *const *vars, int n);

#endif
