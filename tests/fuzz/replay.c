/* replay.c: runs a fuzz target over its corpus: the same inputs as an ordinary test.
 *
 *     replay CORPUS.txt    one input a line, its odd bytes as \xHH; # begins a comment
 *     replay -f FILE...    each file is one input */
#include "tests/fuzz/fuzz.h"

#include <string.h>

static int hex_digit(char c)
{
    const char *digits = "0123456789abcdef", *at = memchr(digits, c, 16);
    return at ? (int)(at - digits) : -1;
}

/* What a line stands for, in place; its length. */
static size_t unescape(char *line, size_t n)
{
    char *to = line;
    for (size_t i = 0; i < n; i++) {
        bool is_escape = line[i] == '\\' && i + 3 < n && line[i + 1] == 'x' && hex_digit(line[i + 2]) >= 0 && hex_digit(line[i + 3]) >= 0;
        *to++ = is_escape ? (char)(hex_digit(line[i + 2]) * 16 + hex_digit(line[i + 3])) : line[i];
        if (is_escape) i += 3;
    }
    return (size_t)(to - line);
}

/* In memory of just that size, so that reading past the end shows. */
static void run(const char *p, size_t n)
{
    uint8_t *exact = malloc(n + !n);
    if (n) memcpy(exact, p, n);
    LLVMFuzzerTestOneInput(exact, n);
    free(exact);
}

static int replay_corpus(FILE *f)
{
    char *line = NULL;
    size_t cap = 0;
    int count = 0;
    for (ssize_t n; (n = getline(&line, &cap, f)) > 0;) {
        n -= line[n - 1] == '\n';
        if (line[0] == '#') continue;
        char *shown = strndup(line, (size_t)n);
        fprintf(stderr, "%s\n", shown); /* the last one printed is to blame */
        free(shown);
        run(line, unescape(line, (size_t)n));
        count++;
    }
    free(line);
    return count;
}

static int replay_file(FILE *f)
{
    char *text;
    size_t size;
    FILE *all = open_memstream(&text, &size);
    for (int c; (c = getc(f)) != EOF;) putc(c, all);
    fclose(all);
    run(text, size);
    free(text);
    return 1;
}

int main(int argc, char **argv)
{
    int count = 0;
    bool is_raw = argc > 1 && !strcmp(argv[1], "-f");
    for (int i = 1 + is_raw; i < argc; i++) {
        FILE *f = fopen(argv[i], "rb");
        if (!f) return perror(argv[i]), 1;
        if (is_raw) fprintf(stderr, "%s\n", argv[i]);
        count += is_raw ? replay_file(f) : replay_corpus(f);
        fclose(f);
    }
    printf("%d inputs\n", count);
    return count == 0; /* a corpus that is not there is a failure */
}
