/* test_script.h: a file of tests taken apart: what comes before them, and each test's statements. */
#ifndef WEIR_SHELL_TEST_SCRIPT_H
#define WEIR_SHELL_TEST_SCRIPT_H

#include <stdbool.h>

typedef enum TestVerb {
    TEST_SQL,        /* text: a statement */
    TEST_BEGIN,      /* name */
    TEST_END,
    TEST_CLOCK,      /* text: an interval */
    TEST_WATERMARK,  /* text: a timestamp; name: of a stream, NULL: all */
    TEST_VIEW,       /* name; text: rows between the parentheses */
    TEST_CHANGES,    /* name; text: rows with + or - in front */
    TEST_BROKEN      /* text: what is wrong with it */
} TestVerb;

typedef struct TestStep {
    TestVerb verb;
    char *name, *text;
    int line; /* from 1 */
} TestStep;

typedef struct TestScript {
    TestStep *steps;
    int n, cap;
} TestScript;

/* BEGIN TEST, ADVANCE, EXPECT and END are the steps' own; everything else is SQL. */
TestScript test_script_read(const char *text);
void test_script_free(TestScript *s);
/* The next row of EXPECT: from **p on, without a comma in front; *sign is '+', '-' or 0. NULL: no more.
 * Caller frees. */
char *test_row_next(const char **p, char *sign);

#endif
