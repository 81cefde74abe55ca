/* script.h: the definitions of a script on their way to one transaction (script.c, alter.c). */
#ifndef WEIR_EXEC_SCRIPT_H
#define WEIR_EXEC_SCRIPT_H

#include "exec/engine/statement.h"

/* What a definition changes: one of created, dropped, altered. */
typedef struct DefChange {
    Relation *created, *dropped, *altered;
    Query *query;        /* of a created materialized view, until it takes part */
    Relation made;       /* what an altered one is afterwards: name, statement, options */
} DefChange;

typedef struct Definitions {
    weir *db;
    Str base_dir;
    DefineOptions opt;
    Planner planner;
    Catalog before;          /* as it was, settings included */
    bool is_begun, is_saved; /* the transaction: began; was committed */
    VEC(DefChange) changes;
    VEC(Str) broken;         /* names whose definition failed: what follows from it is not shown */
    VEC(const Stmt *) indexes;
    VEC(const Stmt *) settings;
    int failed;
} Definitions;

/* ---- script.c ---- */
const char *script_kind_word(const Relation *r);
void script_tell(Definitions *d, const char *action, const Relation *r);
bool script_kind_fits(ObjectKind what, const Relation *r);
/* Gives it its name, with what stands there already treated as asked. */
Status script_add(Definitions *d, Relation *made, Name name, bool or_replace, bool if_not_exists);

/* ---- alter.c ---- */
Status script_alter(Definitions *d, const Alter *a);
/* In the transaction; once it is committed. */
Status alter_save(Definitions *d, const DefChange *c);
Status alter_start(Definitions *d, const DefChange *c);

#endif
