/* migrate.h: brings a database file to the format this weir writes.
 *
 * A migration is a numbered file, migration_<n>.c, that exports its SQL text. Old migrations are
 * never edited: a file written by any older weir goes through all that came since. */
#ifndef WEIR_STORAGE_MIGRATE_H
#define WEIR_STORAGE_MIGRATE_H

#include "storage/sql.h"

enum { STORAGE_FORMAT = 3 }; /* the number of the newest migration */

/* The SQLite application_id of files that weir created: "weir". */
enum { STORAGE_APPLICATION_ID = 0x77656972 };

/* WEIR_E_FORMAT: written by a newer weir. With `read_only` an older file is refused too. */
Status migrate(Sql *q, bool read_only, Diags *d);

extern const char migration_1[], migration_2[], migration_3[];

#endif
