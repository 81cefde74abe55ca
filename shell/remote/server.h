/* server.h: the owner of a database serves the shells that came after it. */
#ifndef WEIR_SHELL_SERVER_H
#define WEIR_SHELL_SERVER_H

#include "include/weir.h"

#include <poll.h>
#include <stdbool.h>

typedef struct Server Server;

/* Listens beside the database. NULL: told why on stderr; the engine works without. `is_driven`: somebody
 * else lets the engine take its rows, also while nobody asks. */
Server *server_start(weir *db, const char *path, bool is_driven);
/* Says goodbye to all clients. NULL is allowed, here and below. */
void server_stop(Server *s);
/* Between two calls of the engine: takes what clients ask, carries it out, hands rows on. Waits at most
 * `wait_ms` for one of them; a signal ends the wait. */
void server_turn(Server *s, int wait_ms);
/* The same while the engine has nothing to take: until it may have, or wants to look. */
void server_rest(Server *s, int most_ms);
/* What to wait for beside something else: the number of descriptors put into `out`; *wait_ms is lowered
 * where a client waits for rows. */
enum { SERVER_CLIENTS_MAX = 64, SERVER_POLL_MAX = SERVER_CLIENTS_MAX + 1 };
int server_poll(const Server *s, struct pollfd *out, int *wait_ms);
/* Whether a client has a transaction open: nobody else may change anything until it ends. */
bool server_is_held(const Server *s);
/* The owner itself has changed definitions: clients read them again. */
void server_changed(Server *s);

#endif
