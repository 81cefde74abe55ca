/* system_tables.h: what an engine knows of itself at this moment, as tables of SELECT.
 *
 * They are virtual tables of the reading connection: all of SQLite's SELECT works over them, they can
 * be joined with views, and nothing is kept in the file. One that has arguments is written as a
 * function: weir_state('v', 3). */
#ifndef WEIR_EXEC_SYSTEM_TABLES_H
#define WEIR_EXEC_SYSTEM_TABLES_H

#include "exec/engine/engine.h"

enum { SYSTEM_COLUMNS_MAX = 24, SYSTEM_ARGS_MAX = 2 };

/* The rows of one look, made whole when it begins. */
typedef struct SystemRows {
    weir *db;
    Arena arena, scratch;
    int32_t ncols;
    VEC(Value *) rows;
    Value args[SYSTEM_ARGS_MAX]; /* NULL: not given */
    Status status;               /* with an error: */
    Str error;
    int64_t at;
} SystemRows;

typedef struct SystemTable {
    const char *name;
    const char *columns; /* with types, as in CREATE TABLE; arguments are HIDDEN and stand last */
    int32_t ncols, nargs;
    void (*fill)(SystemRows *r);
} SystemTable;

/* There are no rows: why. */
void system_fail(SystemRows *r, Status st, const char *fmt, ...) __attribute__((format(printf, 3, 4)));
/* A DOUBLE to so many decimals. */
Value system_real(double d, int decimals);
/* One more row, all of it NULL. */
Value *system_row(SystemRows *r);
extern const SystemTable system_operators, system_jobs, system_state, system_watermarks;

/* Puts them on the reading connection, once. SQLite's code. */
int system_tables_register(weir *db, struct sqlite3 *reader);

#endif
