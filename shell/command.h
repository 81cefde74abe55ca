/* command.h: the subcommands of `weir`: one file each and one entry in main.c's table. */
#ifndef WEIR_SHELL_COMMAND_H
#define WEIR_SHELL_COMMAND_H

#include "shell/session.h"

enum { EXIT_DONE = 0, EXIT_FAILED = 1, EXIT_USAGE = 2, EXIT_ENVIRONMENT = 3, EXIT_INTERRUPTED = 130 };
enum { ARGS_MAX = 256 };

/* The command line after the subcommand, taken apart. */
typedef struct Args {
    const char *db, *sql, *mode, *query, *make;
    const char *settings[ARGS_MAX + 1];
    int nsettings;
    const char *files[ARGS_MAX];
    int nfiles;
    const char *vars[ARGS_MAX]; /* name=value */
    int nvars;
    int64_t events, runs;
    bool once, quiet, verbose, fail_on_errors, no_progress, no_color, json, read_only, tap, junit, prune, dry_run, watch, svg, list;
} Args;

typedef struct Command {
    const char *name, *usage, *doc;
    int (*run)(const Args *a);
} Command;

extern const Command commands[]; /* ends with name NULL */

int command_run(const Args *a);
int command_check(const Args *a);
int command_explain(const Args *a);
int command_verify(const Args *a);
int command_test(const Args *a);
int command_bench(const Args *a);
int command_shell(const Args *a);
int command_help(const Args *a);
int command_version(const Args *a);

/* ---- registration.c: files as the source of truth ------------------------------------------------ */
/* Registers the statements of all files given (of a folder: its *.sql by name); with --prune, drops what
 * they don't define. `tells`: what changes goes to stderr. Errors are told. An exit code. */
int register_files(Session *s, const Args *a, bool check_only, bool tells);
/* The same in a copy of the database, which is left as it is. */
int register_dry(Session *s, const Args *a);
/* Whether a file has been saved since it was registered. */
bool registration_is_old(const Args *a);

/* Session with the defaults of a command line. */
Session session_of(const Args *a);
/* The folder part of a path: what relative paths in the file are relative to. Caller frees. */
char *folder_of(const char *path);
int exit_code(weir_status st);

#endif
