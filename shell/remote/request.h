/* request.h: one client of the engine and what it has asked for. */
#ifndef WEIR_SHELL_REQUEST_H
#define WEIR_SHELL_REQUEST_H

#include "include/weir.h"
#include "shell/remote/wire.h"

/* One client. */
typedef struct Peer {
    int fd;
    Wire in, out;
    char *folder;        /* where it works; NULL: it has not said hello */
    char *asked;         /* a statement that waits for its turn */
    weir_stmt *stmt;     /* the one it has open */
    bool has_begun;      /* that one has been stepped */
    bool has_more;       /* it can go on at once */
    bool has_transaction;
    bool is_leaving;     /* nothing more is read, what waits is sent */
} Peer;

/* What all requests share. */
typedef struct Service {
    weir *db;
    int wait_ms;         /* of a step: 1 where only that lets the engine work */
    int64_t generation;  /* of the definitions */
    const Peer *holder;  /* of the open transaction, NULL: the owner itself or nobody */
    bool has_strayed;    /* an interrupt came when what it was meant for was over */
} Service;

/* Carries a frame out, or begins to. The peer is left by one that breaks the rules. */
void request_take(Service *s, Peer *p, Frame *f);
/* Goes on with what is open, for a little while. A statement waits while another has a transaction. */
void request_step(Service *s, Peer *p);
/* Gives up what it has open. */
void request_drop(Service *s, Peer *p);

#endif
