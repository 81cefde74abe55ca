/* migration_2.c: the base of an operator's state is kept in pages, so that it can be written anew a
 * few pages at a time; the log says which epoch wrote what. What format 1 kept as a base is the
 * beginning of the log from now on: the next compaction makes pages of it. Numbers below 0 are no
 * operators'; what they keep is small and replaced as a whole. */
#include "storage/migrate.h"

const char migration_2[] =
    "CREATE TABLE _weir_moving AS SELECT 0 AS since, id, view, op, records, xxh3 FROM _weir_state_base"
    " UNION ALL SELECT 1, id, view, op, records, xxh3 FROM _weir_state_log;"
    "DROP TABLE _weir_state_base;"
    "DROP TABLE _weir_state_log;"

    "CREATE TABLE _weir_state_base ( -- state of an operator, as of some epoch, in pages\n"
    "    id INTEGER PRIMARY KEY,\n"
    "    view INTEGER NOT NULL,\n"
    "    op INTEGER NOT NULL,          -- number of the operator in the view's plan\n"
    "    low BLOB NOT NULL,            -- where the page begins in the order of records\n"
    "    records BLOB NOT NULL,\n"
    "    xxh3 INTEGER NOT NULL         -- XXH3_64bits of records\n"
    ");"
    "CREATE UNIQUE INDEX _weir_state_base_by_low ON _weir_state_base (view, op, low);"
    "CREATE TABLE _weir_state_log ( -- what each epoch since then changed, in order\n"
    "    id INTEGER PRIMARY KEY,\n"
    "    view INTEGER NOT NULL,\n"
    "    op INTEGER NOT NULL,\n"
    "    epoch INTEGER NOT NULL,\n"
    "    records BLOB NOT NULL,\n"
    "    xxh3 INTEGER NOT NULL\n"
    ");"
    "CREATE INDEX _weir_state_log_by_op ON _weir_state_log (view, op);"

    "INSERT INTO _weir_state_base (view, op, low, records, xxh3)"
    " SELECT view, op, x'', records, xxh3 FROM _weir_moving WHERE since = 0 AND op < 0;"
    "INSERT INTO _weir_state_log (view, op, epoch, records, xxh3)"
    " SELECT view, op, 0, records, xxh3 FROM _weir_moving WHERE since = 1 OR op >= 0 ORDER BY since, id;"
    "DROP TABLE _weir_moving;";
