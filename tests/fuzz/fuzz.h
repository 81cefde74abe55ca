/* fuzz.h: a fuzz target is one function over bytes; what breaks a rule of it aborts.
 *
 * Linked with libFuzzer (-Dfuzz=true) the bytes are its own, linked with replay.c they are the files
 * of the corpus. A target keeps no state between inputs that could change an answer. */
#ifndef WEIR_TESTS_FUZZ_H
#define WEIR_TESTS_FUZZ_H

#include "base/str.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

/* Choices read off the front of the input; all 0 when it is spent. */
typedef struct Choices {
    const uint8_t *at, *end;
} Choices;

static inline uint32_t choose(Choices *c, uint32_t n)
{
    return c->at < c->end ? *c->at++ % n : 0;
}

static inline Str choices_rest(const Choices *c)
{
    return str_of((const char *)c->at, c->end - c->at);
}

#define must(condition, ...) \
    do { \
        if (!(condition)) { \
            fprintf(stderr, "%s:%d: ", __FILE__, __LINE__); \
            fprintf(stderr, __VA_ARGS__); \
            fputc('\n', stderr); \
            abort(); \
        } \
    } while (0)

#define must_be_same(a, b, what) \
    must(str_eq((a), (b)), "%s: differ\n--- one\n%.*s\n--- the other\n%.*s", what, STR_ARG(a), STR_ARG(b))

#endif
