/* dot_output.c: .output, .once */
#include "shell/session.h"

static bool output(Session *s, const char *arg) { return output_to(s, arg, false); }
static bool once(Session *s, const char *arg) { return output_to(s, arg, true); }

const DotCommand dot_output = {"output", "[FILE]", "where rows go, |COMMAND too; without FILE: back", output};
const DotCommand dot_once = {"once", "FILE", "where the next statement's rows go", once};
