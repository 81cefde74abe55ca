/* catalog.h: what exists: streams, tables, views. The planner fills it, storage saves it. */
#ifndef WEIR_BASE_CATALOG_H
#define WEIR_BASE_CATALOG_H

#include "base/def.h"
#include "base/map.h"

typedef enum ColumnKind { COL_PHYSICAL, COL_COMPUTED, COL_METADATA } ColumnKind;

typedef struct ColumnDef {
    Str name;              /* as declared */
    Type type;
    ColumnKind kind;
    bool not_null, primary_key;
    bool hidden;           /* not part of *: the window columns below an outer window */
    Str path;              /* COL_PHYSICAL: '$.a.b[0]', empty: the name itself */
    Str metadata;          /* COL_METADATA: 'offset', 'file', … */
    const struct BExpr *expr;    /* COL_COMPUTED: over the columns of the stream (planner/bexpr.h) */
    const struct BExpr *default_value; /* or NULL */
    Span span;
} ColumnDef;

/* WATERMARK FOR col AS col - delay [WHEN cond] */
typedef struct WatermarkDef {
    int32_t col;          /* -1: the stream has no event time */
    int64_t delay_us;
    const struct BExpr *when;   /* punctuated, or NULL */
    bool drop_null_time;        /* ON NULL TIME DROP: not an error */
    bool keep_null_time;        /* SKIP WATERMARK: an accepted row that moves nothing */
    int64_t close_after_idle_us; /* 0: off */
} WatermarkDef;

typedef enum RelKind { REL_STREAM, REL_TABLE, REL_VIEW, REL_MATERIALIZED, REL_SINK } RelKind;

typedef struct Relation {
    RelKind kind;
    int64_t id;            /* unique in the database, never reused */
    Str name;              /* as declared */
    Str sql;               /* the statement, canonical */
    Str base_dir;          /* what relative paths of its options are relative to */
    ColumnDef *cols;
    int32_t ncols;
    WatermarkDef watermark;    /* streams; for views .col is their event-time column */
    Options options;
    bool is_append_only;       /* never retracts */
    bool emit_final;
    int32_t *key;              /* columns that identify a row; nkey 0: none known (a bag) */
    int32_t nkey;
    int64_t *depends;          /* ids of the relations it reads */
    int32_t ndepends;
    int64_t late_into;         /* the stream that gets rows that no window takes; 0: none */
    const struct Select *query;     /* REL_VIEW: expanded where used (parser/ast.h) */
    const struct PhysPlan *plan;    /* REL_MATERIALIZED, REL_SINK (planner/physical.h) */
} Relation;

typedef struct Catalog {
    Arena *arena;          /* of the catalog; entries live until the catalog is freed */
    Map relations;         /* name → Relation* */
    int64_t next_id;
    const Registry *registry;
    Options settings;      /* SET, current values */
} Catalog;

Relation *catalog_find(const Catalog *c, Str name);
Relation *catalog_by_id(const Catalog *c, int64_t id);
void catalog_put(Catalog *c, Relation *r);
void catalog_remove(Catalog *c, Str name);
int relation_column(const Relation *r, Str name); /* index, or -1 */
/* What column i is called in the table that keeps the relation's rows: its name, unless that is the
 * table's own "_id". */
Str relation_stored_name(const Relation *r, int32_t i, Arena *a);

#endif
