/* session.h: one sitting at the shell: a database, how rows look, where input comes from. */
#ifndef WEIR_SHELL_SESSION_H
#define WEIR_SHELL_SESSION_H

#include "shell/bar.h"
#include "shell/render/render.h"

typedef struct Session {
    weir *db;                /* a client's only reads */
    struct Client *client;   /* where another process owns the database, NULL: here */
    struct Server *server;   /* for other shells, NULL: nobody is served */
    int64_t generation;      /* of the definitions that a client reads by */
    bool may_join;           /* become a client where the database has an owner */
    char *trouble;           /* to be told before what the engine says; owned */
    const char *path;        /* of the database, NULL: temporary */
    char *path_given;        /* by .open; owned */
    RenderStyle style;
    char *null_given;        /* by .nullvalue; owned */
    char *insert_given;      /* by .mode insert TABLE; owned */
    const RenderMode *mode_before; /* of \x */
    bool timer, bail, quit, interactive, quiet, errors_seen, pager;
    bool shows_progress;     /* of long work, on standard error */
    bool is_at_work;         /* nothing else is on the terminal: the engine's progress may be shown */
    Bar bar;                 /* of what the engine does */
    int64_t bar_done;
    const char *const *settings; /* --set, for .open */
    const char *file;        /* of the script being read, NULL: standard input or -c */
    int line;                /* of the statement being carried out */
    int depth;               /* of .read */
    FILE *out;               /* where rows go: stdout, a file or a command's input */
    bool out_is_pipe, out_once;
    char *out_name;          /* NULL: stdout */
} Session;

enum { READ_DEPTH_MAX = 16 };

/* Opens the database; tells the error on stderr. Returns an exit code, 0: fine. */
int session_open(Session *s, const char *path, bool read_only);
/* Serves other shells from now on: the owner of a database only. */
void session_serve(Session *s, bool is_driven);
/* Leaves the database for another one; the old one stays where the new one cannot be opened. */
bool session_reopen(Session *s, const char *path);
void session_close(Session *s);

/* Carries out text that may hold several statements and dot-commands (a line that begins with '.'
 * where a statement could begin). What is unfinished at the end is carried out too. False: an
 * error, already told. */
bool session_run(Session *s, const char *text, const char *file);
/* The same with standard input, each statement as soon as it is there. */
bool session_run_input(Session *s);
/* One line that begins with '.' or '\'. */
bool session_dot(Session *s, const char *line);
/* One statement; rows go to s->out. */
bool session_statement(Session *s, const char *sql, const char **tail);
/* Lets standing queries take what there is before views are read. False: interrupted or failed; told. */
bool session_refresh(Session *s);
/* The same, not told yet. */
bool session_take(Session *s);
/* Lets the engine of this process work for a moment, and serves other shells. False: it has failed. */
bool session_work(Session *s, int ms);
/* A client learns what the definitions are now. False: not told yet. */
bool session_reread(Session *s);
/* One record into a stream; false: not told yet. */
bool session_push(Session *s, const char *stream, const char *format, const char *record, int64_t n);
/* From here on, up to session_idle, the engine's long work is shown by a bar. */
void session_busy(Session *s);
void session_idle(Session *s);
/* Tells what went wrong last on stderr. */
void session_tell(Session *s);
/* What session_tell is to say, of the shell's own. */
void session_trouble(Session *s, const char *text);
/* Runs a statement that the shell itself wrote, formatted. */
bool session_query(Session *s, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
/* The same for one that asks for definitions alone: no source is opened for it. */
bool session_look(Session *s, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

/* A renderer that writes to `out` as the session wants it. */
Render session_render(const Session *s, FILE *out);
/* Carries out ~/.config/weir/weirrc (or $XDG_CONFIG_HOME/weir/weirrc), if it is there. */
void session_read_rc(Session *s);

/* ---- output.c: where rows go ------------------------------------------------------------------- */
/* To a file, or with "|command" into a command; "" or "stdout": back. `once`: for one statement. */
bool output_to(Session *s, const char *name, bool once);
void output_done(Session *s); /* after a statement */
/* Rows that may be more than a screen: a stream to write to, and then show through the pager. */
typedef struct Paging {
    FILE *out;
    char *text;
    size_t size;
} Paging;
FILE *paging_begin(Session *s, Paging *p);
void paging_end(Session *s, Paging *p);
/* Columns and lines of the terminal; 0: it is none. */
void screen_size(int *columns, int *lines);

/* Dot-commands: one file each and one line in meson.build. */
typedef struct DotCommand {
    const char *name, *args, *doc;
    bool (*run)(Session *s, const char *arg);
} DotCommand;
extern const DotCommand *const dot_table[];

/* "on", "off" or "" (the other way round) into *value; false, and told: something else. */
bool dot_switch(const char *arg, bool *value);
/* The next word of a dot-command's arguments, '…' and "…" taken off; *arg goes past it. NULL: none.
 * Caller frees. */
char *dot_word(const char **arg);
/* A text as SQL's literal or identifier. Caller frees. */
char *sql_quoted(const char *text, char quote);

/* Past blanks, empty statements and comments. */
const char *skip_blank(const char *p);
/* Text of a whole file; NULL: it could not be read (told on stderr). */
char *read_file(const char *path);

/* ---- signals.c ----------------------------------------------------------------------------------- */
/* Ctrl-C: interrupts what the engine is doing. SIGTERM does the same, and is remembered. */
void interrupt_watch(weir *db);
bool interrupt_seen(void); /* since the last call */
bool interrupt_waits(void); /* the same, and it stays seen */
bool termination_seen(void);
/* From here on the first one has ten seconds to end the program, and a second one ends it at once. */
void interrupt_leaves(void);
/* SIGHUP asks for the files to be read again, where there is no terminal that could hang up. */
void reload_watch(void);
bool reload_seen(void); /* since the last call */

int repl(Session *s);

#endif
