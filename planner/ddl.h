/* ddl.h: what the files of ddl share. */
#ifndef WEIR_PLANNER_DDL_H
#define WEIR_PLANNER_DDL_H

#include "planner/planner.h"

/* ---- ddl_options.c ---- */
typedef VEC(Str) Words;
/* "did you mean …?", or the words that would work, where they are few enough to say. */
void ddl_hint_words(Planner *p, Str wrong, const Words *known, const char *what);
/* A length of time: '10 SECONDS', no months, not negative. */
bool ddl_duration(Str text, int64_t *us);
/* SQL of a name: quoted unless plain lower or upper case letters, digits and "_". */
void ddl_print_name(StrBuf *b, Str name);

/* ---- ddl_column.c ---- */
enum { COLUMNS_MAX = 1990 }; /* SQLite stores 2000; weir adds its own */
/* The columns as declared: names, types, kinds; then, over them, defaults and computed ones. */
Status ddl_columns(Planner *p, const CreateStream *s, Relation *rel);
/* Two columns of one name. `what` is "stream" or "view". */
Status ddl_check_columns(Planner *p, const Relation *rel, const char *what, Span at);
Status ddl_unknown_column(Planner *p, const Relation *rel, Str name, Span at);

/* ---- ddl_table.c ---- */
/* Whether CREATE TABLE means a table and not, as Flink's without a primary key, a stream. */
bool ddl_is_table(const CreateStream *s);
bool ddl_has_key(const CreateStream *s);
/* Key and plan of a table whose columns and options are known. */
Status ddl_table(Planner *p, const CreateStream *s, Relation *rel);

/* ---- ddl_late.c ---- */
/* The option late_into of a view whose query is planned. */
Status ddl_late(Planner *p, Relation *view);

/* ---- ddl_watermark.c ---- */
Status ddl_watermark(Planner *p, const WatermarkDecl *w, Relation *rel);

/* ---- ddl_text.c ---- */
/* CREATE STREAM with everything that `rel` knows, for a stream whose columns were inferred. */
Str ddl_stream_text(const Relation *rel, Arena *a);

#endif
