/* dot_backup.c: .backup FILE */
#include "shell/session.h"

#include <stdlib.h>

static bool backup(Session *s, const char *arg)
{
    char *path = dot_word(&arg), *quoted = path ? sql_quoted(path, '\'') : NULL;
    bool ok = quoted && session_query(s, "BACKUP TO %s", quoted);
    if (!path) fputs("weir: .backup FILE\n", stderr);
    free(path);
    free(quoted);
    return ok;
}

const DotCommand dot_backup = {"backup", "FILE", "a copy of the database that goes on by itself", backup};
