/* ddl_table.c: CREATE TABLE where it means a table: rows that change, found by their key.
 *
 * Two things write a table: statements (a reference table, declared without connector) or a changelog
 * that a connector reads. Either way its present rows are kept as a view's are, by a plan of its own:
 * what brings the changes, then the root that keeps the rows. Queries over it read its changes. */
#include "planner/ddl.h"
#include "planner/node.h"

bool ddl_has_key(const CreateStream *s)
{
    bool marked = s->primary_key.len > 0;
    for (ptrdiff_t i = 0; i < s->columns.len; i++) marked |= s->columns.data[i].primary_key;
    return marked;
}

/* Flink's CREATE TABLE with a connector and no primary key is a stream. */
bool ddl_is_table(const CreateStream *s)
{
    bool is_connected = s->from_file.n > 0;
    for (ptrdiff_t i = 0; i < s->options.len; i++)
        is_connected |= str_ieq(s->options.data[i].key.text, S("connector"));
    return s->is_table && (!is_connected || ddl_has_key(s));
}

/* ---- the key -------------------------------------------------------------------------------------- */

static void fill_key(Planner *p, const CreateStream *s, Relation *rel)
{
    rel->key = new (p->arena, int32_t, rel->ncols);
    for (ptrdiff_t i = 0; i < s->primary_key.len; i++)
        rel->key[rel->nkey++] = relation_column(rel, s->primary_key.data[i].text);
    for (int32_t i = 0; s->primary_key.len == 0 && i < rel->ncols; i++)
        if (rel->cols[i].primary_key) rel->key[rel->nkey++] = i;
}

static Status check_key(Planner *p, const Relation *rel)
{
    for (int32_t i = 0; i < rel->nkey; i++) {
        const ColumnDef *c = &rel->cols[rel->key[i]];
        if (c->kind == COL_PHYSICAL) continue;
        return diag_error(p->diags, WEIR_E_TYPE, c->span, "\"%.*s\" is computed: a key is of columns that rows bring",
                          STR_ARG(c->name));
    }
    return WEIR_OK;
}

/* ---- a reference table ---------------------------------------------------------------------------- */

static Status refuse_options(Planner *p, const CreateStream *s)
{
    for (ptrdiff_t i = 0; i < s->options.len; i++) {
        const OptionItem *o = &s->options.data[i];
        if (str_ieq(o->key.text, S("time_zone")) || str_ieq(o->key.text, S("state_ttl"))) continue;
        Status st = diag_error(p->diags, WEIR_E_OPTION, o->key.span, "option \"%.*s\" needs a connector", STR_ARG(o->key.text));
        diag_hint(p->diags, "statements change a table without connector; of options it takes state_ttl");
        return st;
    }
    return WEIR_OK;
}

/* A version begins at the time that the statement gives it. */
static Status check_versions(Planner *p, const CreateStream *s, const Relation *rel)
{
    if (rel->watermark.col < 0) return WEIR_OK;
    Span at = s->watermark->span;
    if (rel->nkey == 0) {
        Status st = diag_error(p->diags, WEIR_E_TYPE, at, "a table without primary key has no versions: WATERMARK means nothing in it");
        diag_hint(p->diags, "declare PRIMARY KEY (…)");
        return st;
    }
    if (rel->cols[rel->watermark.col].kind != COL_COMPUTED) return WEIR_OK;
    return diag_error(p->diags, WEIR_E_TYPE, at, "\"%.*s\" is computed: versions go by a time that statements give",
                      STR_ARG(rel->cols[rel->watermark.col].name));
}

static Status check_reference(Planner *p, const CreateStream *s, const Relation *rel)
{
    if (!p->rows_by_hand) TRY(refuse_options(p, s));
    TRY(check_versions(p, s, rel));
    for (int32_t i = 0; i < rel->ncols; i++)
        if (rel->cols[i].kind == COL_METADATA && p->rows_by_hand) rel->cols[i].kind = COL_PHYSICAL;
        else if (rel->cols[i].kind == COL_METADATA)
            return diag_error(p->diags, WEIR_E_OPTION, rel->cols[i].span, "metadata comes with a connector");
    return WEIR_OK;
}

/* ---- the plan ------------------------------------------------------------------------------------- */

static PhysOp *add_op(Planner *p, PhysPlan *plan, PhysKind kind, Relation *rel, Span at)
{
    PhysOp *op = new_one(p->arena, PhysOp), *below = plan->nops ? plan->ops[plan->nops - 1] : NULL;
    *op = (PhysOp){.kind = kind, .id = plan->nops, .rel = rel, .nfields = rel->ncols, .span = at,
                   .ninputs = below ? 1 : 0, .key_window_start = -1, .key_window_end = -1, .input_retracts = below != NULL};
    op->inputs = new (p->arena, PhysOp *, 1);
    op->inputs[0] = below;
    op->fields = new (p->arena, Field, rel->ncols);
    for (int32_t i = 0; i < rel->ncols; i++) op->fields[i] = (Field){rel->cols[i].name, rel->cols[i].type};
    op->props = no_props();
    op->props.above_state = true;
    op->props.key = rel->key;
    op->props.nkey = rel->nkey;
    op->props.state_bound = S("rows of the table");
    plan->ops[plan->nops++] = op;
    return op;
}

static void scan_all(Planner *p, PhysOp *op, const Relation *rel)
{
    op->scan_cols = new (p->arena, int32_t, rel->ncols);
    for (int32_t i = 0; i < rel->ncols; i++) op->scan_cols[i] = i;
    op->props.has_position = true;
    op->props.above_state = false;
    op->props.state_bound = S("none");
}

static PhysPlan *table_plan(Planner *p, Relation *rel, bool is_connected, Span at)
{
    enum { OPS_MAX = 3 };
    PhysPlan *plan = new_one(p->arena, PhysPlan);
    *plan = (PhysPlan){.ops = new (p->arena, PhysOp *, OPS_MAX), .limit = -1, .sql = rel->sql};
    if (is_connected) {
        scan_all(p, add_op(p, plan, PHYS_SCAN, rel, at), rel);
        add_op(p, plan, PHYS_UPSERT, rel, at);
    } else {
        add_op(p, plan, PHYS_TABLE, rel, at);
    }
    add_op(p, plan, PHYS_VIEW, rel, at);
    return plan;
}

/* ---- the whole ------------------------------------------------------------------------------------ */

Status ddl_table(Planner *p, const CreateStream *s, Relation *rel)
{
    bool is_connected = options_get(&rel->options, "connector") != NULL;
    rel->is_append_only = false;
    fill_key(p, s, rel);
    TRY(check_key(p, rel));
    if (!is_connected) TRY(check_reference(p, s, rel));
    rel->plan = table_plan(p, rel, is_connected, s->name.span);
    return WEIR_OK;
}
