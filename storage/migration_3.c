/* migration_3.c: the third format: changes of views for those who follow them. */
#include "storage/migrate.h"

const char migration_3[] =
    "CREATE TABLE _weir_subscribed ( -- views that somebody follows: changes are kept in _weir_changes_<view>\n"
    "    view INTEGER PRIMARY KEY,\n"
    "    floor INTEGER NOT NULL,       -- changes of all later epochs are there\n"
    "    bytes INTEGER NOT NULL,       -- that they take\n"
    "    seen_us INTEGER NOT NULL      -- when somebody last read them\n"
    ");"

    "CREATE TABLE _weir_changes ( -- epochs that changed such a view; the oldest go first (changes_retention)\n"
    "    view INTEGER NOT NULL,\n"
    "    epoch INTEGER NOT NULL,\n"
    "    at_us INTEGER NOT NULL,       -- wall clock of its commit\n"
    "    first INTEGER NOT NULL,       -- its rows in _weir_changes_<view>: seq first to last\n"
    "    last INTEGER NOT NULL,\n"
    "    bytes INTEGER NOT NULL,\n"
    "    PRIMARY KEY (view, epoch)\n"
    ") WITHOUT ROWID;";
