/* session.h: one sitting at the shell: a database, how rows look, where input comes from. */
#ifndef WEIR_SHELL_SESSION_H
#define WEIR_SHELL_SESSION_H

#include "shell/render/render.h"

typedef struct Session {
    weir *db;
    const char *path;        /* of the database, NULL: temporary */
    const RenderMode *mode;
    const char *null_text;
    char *null_given;        /* by .nullvalue; owned */
    bool headers, timer, bail, quit, interactive, quiet, errors_seen;
    const char *const *settings; /* --set, for .open */
    const char *file;        /* of the script being read, NULL: standard input or -c */
    int line;                /* of the statement being carried out */
    int depth;               /* of .read */
    FILE *out;
} Session;

enum { READ_DEPTH_MAX = 16 };

/* Opens the database; tells the error on stderr. Returns an exit code, 0: fine. */
int session_open(Session *s, const char *path, bool read_only);
void session_close(Session *s);

/* Carries out text that may hold several statements and dot-commands (a line that begins with '.'
 * where a statement could begin). What is unfinished at the end is carried out too. False: an
 * error, already told. */
bool session_run(Session *s, const char *text, const char *file);
/* One line that begins with '.' or '\'. */
bool session_dot(Session *s, const char *line);
/* One statement; rows go to s->out. */
bool session_statement(Session *s, const char *sql, const char **tail);
/* Lets standing queries take what there is before views are read. False: interrupted or failed. */
bool session_refresh(Session *s);
/* Tells the engine's diagnoses on stderr. */
void session_tell(Session *s);
/* Runs a statement that the shell itself wrote, formatted. */
bool session_query(Session *s, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

/* Dot-commands: one file each and one line in meson.build. */
typedef struct DotCommand {
    const char *name, *args, *doc;
    bool (*run)(Session *s, const char *arg);
} DotCommand;
extern const DotCommand *const dot_table[];

/* Text of a whole file; NULL: it could not be read (told on stderr). */
char *read_file(const char *path);

/* Ctrl-C: interrupts what the engine is doing. */
void interrupt_watch(weir *db);
bool interrupt_seen(void); /* since the last call */

int repl(Session *s);

#endif
