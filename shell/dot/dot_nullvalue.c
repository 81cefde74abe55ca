/* dot_nullvalue.c: .nullvalue TEXT */
#include "shell/session.h"

#include <string.h>

static bool nullvalue(Session *s, const char *arg)
{
    s->null_text = strdup(arg);
    return true;
}

const DotCommand dot_nullvalue = {"nullvalue", "TEXT", "what stands for NULL", nullvalue};
