/* line.h: what the interactive loop needs of a terminal beside the line editor: completion and pasted text. */
#ifndef WEIR_SHELL_LINE_H
#define WEIR_SHELL_LINE_H

#include "shell/session.h"

/* ---- complete.c ----------------------------------------------------------------------------------- */

/* Names that may stand where `word` stands; `before` is what has been typed in front of it. Calls add
 * once per name, with the whole word that it completes to. False: file names are wanted instead. */
typedef void (*CompletionAdd)(void *arg, const char *name);
bool complete_word(Session *s, const char *before, const char *word, CompletionAdd add, void *arg);

/* ---- paste.c -------------------------------------------------------------------------------------- */

/* Asks the terminal to mark pasted text, or no more. */
void paste_marks(bool on);
/* While nothing is typed these other shells are served; NULL: none. */
void paste_serve(struct Server *server);
/* Waits for standard input; false: Ctrl-C came. */
bool paste_wait(void);
/* The next character of standard input, decoded; pasted tabs come as quoted text. -1: end or interrupt. */
int paste_getc(FILE *f);
/* Whether the line that was just read lies in pasted text that goes on. */
bool paste_goes_on(void);

#endif
