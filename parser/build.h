/* build.h: the constructors that the grammar calls, one for each kind of node.
 *
 * A constructor takes what the rule has, allocates from the statement's arena and knows nothing of
 * the catalog. It counts nodes, measures the height of trees and builds chains of one operator
 * flat, so that the limits of parser.h hold by construction; a limit that breaks is reported once
 * and stops the statement (Build.failed). The small structs are values that travel between rules. */
#ifndef WEIR_PARSER_BUILD_H
#define WEIR_PARSER_BUILD_H

#include "parser/ast.h"

/* One statement under construction. */
typedef struct Build {
    Arena *arena;
    Diags *diags;
    Span here;            /* the token shifted last */
    int32_t nodes;        /* Expr, Select, TableRef, Pattern and list items so far */
    bool failed;          /* an error was reported; stop */
    bool is_syntax_error; /* the grammar refused the newest token; not reported yet */
    Stmt *stmt;           /* the result */
    ExprList params;      /* so far */
} Build;

typedef VEC(TypeNameField) TypeFieldList;
typedef struct CallParts {
    ExprList args;
    CallInfo info;
} CallParts;
typedef struct WithClause {
    CommonTableList list;
    bool is_recursive;
    Span span;
} WithClause;
typedef struct EmitClause {
    EmitKind kind;
    Span span;
} EmitClause;
typedef struct LimitClause {
    Expr *count, *offset;
    bool with_ties;
    Span span;
} LimitClause;
typedef struct FetchClause {
    Name start;
    Expr *count;
    bool with_ties;
} FetchClause;
typedef struct QueryTail {
    OrderList order_by;
    LimitClause limit;
    EmitClause emit;
} QueryTail;
typedef struct JoinWord {
    AstJoin join;
    Span span;
} JoinWord;
typedef struct AliasClause {
    Name name;
    NameList columns;
} AliasClause;
typedef struct SkipClause {
    MatchSkip skip;
    Name to;
} SkipClause;
typedef enum WindowItemKind {
    WINDOW_ITEM_BARE,
    WINDOW_ITEM_SIZE,
    WINDOW_ITEM_ADVANCE,
    WINDOW_ITEM_STEP,
    WINDOW_ITEM_GAP,
    WINDOW_ITEM_OFFSET,
    WINDOW_ITEM_GRACE,
    WINDOW_ITEM_RETENTION,
    WINDOW_ITEM_ON,
    WINDOW_ITEM_TRIGGER,
    WINDOW_ITEM_FILL
} WindowItemKind;
typedef struct WindowItem {
    WindowItemKind kind;
    Expr *value;
    bool is_rows;
    Span span;
} WindowItem;
typedef VEC(WindowItem) WindowItemList;
typedef struct OptionClause {
    OptionList list;
    Span span;
    bool is_given;
} OptionClause;
typedef struct CreateWord {
    bool or_replace, is_temporary;
} CreateWord;
typedef struct CreateHead {
    CreateWord word;
    Name what; /* STREAM, TABLE, FUNCTION, … */
    bool if_not_exists;
    Name name;
    Name comment;
} CreateHead;
typedef struct ColumnItem { /* one of them */
    ColumnDecl *column;
    NameList primary_key;
    WatermarkDecl *watermark;
    Span span;
} ColumnItem;
typedef struct ExternalCode {
    Name language, library, symbol;
} ExternalCode;
typedef struct InsertRows {
    NameList columns;
    Select *query;
} InsertRows;

Span build_span_to_here(const Build *b, Span start);
void build_too_deep(Build *b, Span at);

/* build_expr.c: types and expressions */
TypeName *build_type(Build *b, Name word);
TypeName *build_type_word(Build *b, TypeName *t, Name word);
TypeName *build_type_args(Build *b, TypeName *t, NameList numbers);
TypeName *build_type_zone(Build *b, TypeName *t, const char *words);
TypeName *build_type_array(Build *b, TypeName *item, Span start);
TypeName *build_type_map(Build *b, Name word, TypeName *key, TypeName *value);
TypeName *build_type_row(Build *b, Name word, TypeFieldList fields);

Expr *build_literal(Build *b, ExprKind kind, Name token);
Expr *build_one(Build *b);
Expr *build_typed(Build *b, Name type, Name text);
Expr *build_interval(Build *b, Span start, Name text, Name unit, Name unit_to);
Expr *build_column(Build *b, NameList path);
Expr *build_star(Build *b, NameList path, Span span);
Expr *build_unary(Build *b, const char *op, Name token, Expr *x);
Expr *build_binary(Build *b, Name op, Expr *l, Expr *r);
Expr *build_match(Build *b, Name op, Expr *l, Expr *r, bool negated);
Expr *build_escape(Build *b, Expr *match, Expr *escape);
Expr *build_at_time_zone(Build *b, Name op, Expr *l, Expr *r);
Expr *build_between(Build *b, Name op, Expr *x, Expr *low, Expr *high, bool symmetric, bool negated);
Expr *build_in(Build *b, Name op, Expr *x, ExprList list, bool negated);
Expr *build_in_query(Build *b, Name op, Expr *x, Select *q, bool negated);
Expr *build_is(Build *b, Name op, Name word, Expr *x, bool negated);
Expr *build_distinct(Build *b, Name op, Expr *l, Expr *r, bool negated);
/* op: a comparison, or IN before an array (x IN a is x = ANY (a)). */
Expr *build_quantified(Build *b, Name op, Expr *x, Expr *array, Select *q, bool is_all);
Expr *build_cast(Build *b, Span start, Name op, Expr *x, TypeName *t, bool is_try);
Expr *build_in_parens(Build *b, Expr *x, Span span);
Expr *build_row(Build *b, Name start, Expr *first, ExprList rest);
Expr *build_query_expr(Build *b, ExprKind kind, Span start, Select *q);
Expr *build_list_expr(Build *b, ExprKind kind, Name word, ExprList items);
Expr *build_case(Build *b, Name word, Expr *operand, ExprList whens, Expr *otherwise);
Expr *build_field(Build *b, Expr *x, Name field);
Expr *build_subscript(Build *b, Name bracket, Expr *x, Expr *from, Expr *to);

/* build_call.c: calls and what belongs to them */
NameList build_path1(Build *b, Name name);
CallParts *build_args(Build *b, bool distinct, ExprList args, OrderList order, NullTreatment nulls);
CallParts *build_args_star(Build *b, Name star);
Expr *build_call(Build *b, NameList path, CallParts *parts);
Expr *build_call1(Build *b, Name name, Expr *arg);
Expr *build_call_from(Build *b, NameList path, Expr *x, Expr *from, Expr *length);
Expr *build_call_trim(Build *b, NameList path, Name side, Expr *chars, Expr *x);
Expr *build_call_overlay(Build *b, NameList path, Expr *x, Expr *placing, Expr *from, Expr *length);
Expr *build_call_to_unit(Build *b, NameList path, Expr *x, Name unit);
Expr *build_call_suffix(Build *b, Expr *call, OrderList within, Expr *filter, NullTreatment nulls,
                        OverSpec *over);
Expr *build_named_arg(Build *b, Name name, Expr *value);
Expr *build_descriptor(Build *b, Name word, NameList columns);
Expr *build_table_arg(Build *b, Name word, TableRef *table, Expr *partition);
OverSpec *build_over_name(Build *b, Name name);
OverSpec *build_over(Build *b, Name paren, Name base, ExprList partition, OrderList order, FrameSpec *frame);
FrameSpec *build_frame(Build *b, Name mode, FrameBound start, const FrameBound *end, FrameExclude exclude);

/* build_query.c: queries and what stands in FROM */
Select *build_select(Build *b, Name word, const Select *parts, const ExprList *distinct_on);
Select *build_values(Build *b, Name word, RowList rows);
Select *build_set(Build *b, SetOp op, Name word, bool all, Select *l, Select *r);
Select *build_query(Build *b, Select *q, const WithClause *with, const QueryTail *tail);
Select *build_query_parens(Build *b, Select *q, Span span);
WithClause *build_with(Build *b, Name word, CommonTableList list, bool recursive);
QueryTail *build_tail(Build *b, OrderList order, const LimitClause *limit, EmitClause emit,
                      const LimitClause *after_emit);
LimitClause *build_limit(Build *b, Name word, Expr *count, Expr *offset, bool with_ties);
ExprList *build_distinct_on(Build *b, ExprList on);
GroupItem build_group_expr(Build *b, Expr *x);
WindowClause *build_window(Build *b, Name word, Name kind, WindowItemList items);
TableRef *build_table_name(Build *b, NameList path);
TableRef *build_table_file(Build *b, Name file, OptionList options);
TableRef *build_table_query(Build *b, Span start, Select *q, bool lateral);
TableRef *build_table_func(Build *b, Span start, Expr *call, bool lateral, bool ordinality);
TableRef *build_table_match(Build *b, TableRef *input, Name word, MatchClause *match);
TableRef *build_system_time(Build *b, TableRef *t, Expr *time);
TableRef *build_alias(Build *b, TableRef *t, AliasClause alias);
TableRef *build_join(Build *b, TableRef *l, TableRef *r, const TableRef *how);
TableRef *build_join_kind(Build *b, JoinWord kind, Name word, TableRef *how);
TableRef *build_join_on(Build *b, Expr *on, NameList columns);
MatchClause *build_match_clause(Build *b, const MatchClause *parts, MatchSubsetList subsets);
Pattern *build_pattern_var(Build *b, Name name);
Pattern *build_pattern_join(Build *b, PatternKind kind, Pattern *l, Pattern *r);
Pattern *build_pattern_list(Build *b, PatternKind kind, Name start, PatternList items);
PatternList build_patterns1(Build *b, Pattern *p);
/* min and max are numbers, or where those are empty the two integers. */
Pattern *build_pattern_repeat(Build *b, Pattern *p, Name min, Name max, int32_t no_min, int32_t no_max,
                              bool reluctant);

/* build_stmt.c: statements. Each constructor copies the parts given and wraps them in a Stmt. */
Name build_dotted(Build *b, Name left, Name right);
Name build_spaced(Build *b, Name left, Name right);
OptionItem build_option_value(Build *b, Name first, Name last, bool is_string);
OptionItem build_option_interval(Build *b, Name word, Name text, Name unit);
ColumnDecl *build_column_options(Build *b);
ColumnDecl *build_column_decl(Build *b, Name name, TypeName *type, Expr *computed, ColumnDecl *options);
CreateStream *build_column_item(Build *b, CreateStream *list, ColumnItem item);
WatermarkDecl *build_watermark_options(Build *b);
WatermarkDecl *build_watermark(Build *b, Name word, NameList column, Expr *expr, WatermarkDecl *options);
Stmt *build_stmt(Build *b, StmtKind kind);
Stmt *build_create_stream(Build *b, CreateStream *items, const CreateHead *head, OptionClause options);
Stmt *build_create_from(Build *b, Name file, const CreateHead *head, OptionClause options);
Stmt *build_create_like(Build *b, Name like, const CreateHead *head, OptionClause options);
Stmt *build_create_view(Build *b, ViewKind kind, const CreateHead *head, NameList columns,
                        OptionClause options, Select *q);
Stmt *build_create_sink(Build *b, const CreateHead *head, Name from, OptionClause options);
Stmt *build_create_macro(Build *b, const CreateHead *head, ParamList params, TypeName *returns, Expr *body);
Stmt *build_create_external(Build *b, const CreateHead *head, ParamList params, TypeName *returns,
                            const ExternalCode *code);
Stmt *build_create_index(Build *b, const CreateHead *head, bool unique, Name on, OrderList columns);
Stmt *build_drop(Build *b, const Drop *parts);
Alter *build_alter_action(Build *b, const Alter *parts);
Stmt *build_alter(Build *b, Alter *action, ObjectKind what, bool if_exists, Name name);
Stmt *build_select_stmt(Build *b, Select *q);
Insert *build_conflict(Build *b, const Insert *parts);
Insert *build_insert(Build *b, const Insert *conflict, const Insert *parts);
Stmt *build_insert_stmt(Build *b, Insert *insert, const WithClause *with);
Stmt *build_update(Build *b, const Update *parts);
Stmt *build_delete(Build *b, const Delete *parts);
Stmt *build_show(Build *b, const Show *parts);
Stmt *build_describe(Build *b, const Describe *parts);
Stmt *build_explain(Build *b, OptionList options, Stmt *explained);
Stmt *build_explained_name(Build *b, ObjectKind what, Name name);
Stmt *build_subscribe(Build *b, const Subscribe *parts);
Stmt *build_setting(Build *b, Name key, OptionItem value, bool is_default);
Stmt *build_backup(Build *b, Name path);
Stmt *build_copy(Build *b, Name direction, Name path, const Copy *parts);

/* For the constructors themselves. */
Expr *build_node(Build *b, ExprKind kind, Span span);         /* a leaf */
void build_add(Build *b, Expr *parent, Expr *child);          /* child may be NULL: nothing */
void build_raise(Build *b, int32_t *depth, int32_t child, Span at); /* depth = max(depth, child + 1) */
void build_count(Build *b, ptrdiff_t n, Span at);             /* n more nodes */
int32_t build_order_depth(OrderList o);
int32_t build_exprs_depth(ExprList l);

#endif
