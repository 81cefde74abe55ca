/* dot_nullvalue.c: .nullvalue TEXT */
#include "shell/session.h"

#include <stdlib.h>
#include <string.h>

static bool nullvalue(Session *s, const char *arg)
{
    free(s->null_given);
    s->style.null_text = s->null_given = strdup(arg);
    return true;
}

const DotCommand dot_nullvalue = {"nullvalue", "TEXT", "what stands for NULL", nullvalue};
