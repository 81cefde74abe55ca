/* bar.h: how far long work has come: a line on the terminal that is drawn again and again, then gone. */
#ifndef WEIR_SHELL_BAR_H
#define WEIR_SHELL_BAR_H

#include <stdbool.h>
#include <stdint.h>

typedef struct Bar {
    bool is_on, is_drawn;
    double began, drawn; /* seconds */
    int64_t total;       /* bytes; 0: unknown */
    char what[16];       /* begins the line; "": nothing does */
} Bar;

/* `is_on`: standard error is a terminal and the display is wanted. */
Bar bar_begin(bool is_on, int64_t total);
/* Nothing is drawn in the first half second: short work needs no bar. */
void bar_tick(Bar *b, int64_t bytes, int64_t rows);
void bar_end(Bar *b);

#endif
