/* client.h: a shell's end of the connection to the engine that owns the database. */
#ifndef WEIR_SHELL_CLIENT_H
#define WEIR_SHELL_CLIENT_H

#include "include/weir.h"
#include "shell/remote/wire.h"

/* One error of the engine. */
typedef struct RemoteError {
    weir_status code;
    int line;
    char *file, *text; /* file NULL: none; text: rendered */
} RemoteError;

typedef struct Client {
    int fd;
    Wire in;
    char *version;        /* of the engine's weir */
    int64_t pid;
    int64_t generation;   /* of the definitions, as of the last answer */
    bool in_transaction;
    bool is_asking;       /* an answer is under way */
    bool has_cancelled;   /* that one */
    bool is_too_long;     /* what was to be asked */
    bool is_lost;         /* the engine has gone */
    RemoteError *errors;  /* of the last answer */
    int nerrors;
    int64_t changes;      /* of the last answer */
} Client;

/* NULL: nobody listens, errno says why; or, with *refusal (caller frees), the engine does not want us. */
Client *client_open(const char *db, char **refusal);
void client_close(Client *c);

/* ---- asking: the answer is taken by client_next until it is over ------------------------------------- */
void client_ask_statement(Client *c, const char *sql, int64_t n);
void client_ask_run(Client *c);
void client_ask_push(Client *c, const char *stream, const char *format, const char *record, int64_t n);

/* The next part of the answer, waiting for it; Ctrl-C cancels what runs. WEIR_ROW: *f is a frame of
 * columns or of a row. WEIR_DONE; or the first error's code, with all of them in c->errors. */
weir_status client_next(Client *c, Frame *f);
/* The rest of the answer is not wanted. */
void client_give_up(Client *c);
/* Forgets the errors: they have been told. */
void client_told(Client *c);
/* Takes an answer that has no rows. */
weir_status client_finish(Client *c);

#endif
