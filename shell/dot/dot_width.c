/* dot_width.c: .width N… */
#include "shell/session.h"

#include <stdlib.h>
#include <string.h>

static bool width(Session *s, const char *arg)
{
    int widths[WIDTHS_MAX] = {0}, n = 0;
    for (char *word; n < WIDTHS_MAX && (word = dot_word(&arg)); free(word)) {
        char *end;
        long w = strtol(word, &end, 10);
        if (*end || w < 0 || w > 10000) {
            fprintf(stderr, "weir: \"%s\" is no width: columns, or 0 for as wide as the values\n", word);
            free(word);
            return false;
        }
        widths[n++] = (int)w;
    }
    memcpy(s->style.given, widths, sizeof widths);
    return true;
}

const DotCommand dot_width = {"width", "[N ...]", "widths of the columns, 0: by their values", width};
