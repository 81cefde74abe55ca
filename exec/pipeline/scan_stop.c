/* scan_stop.c: on_error = 'fail': the rows before a bad record are taken, then the source stands at it.
 *
 * A batch is looked through before any of it is handed on. Where it has a bad record the source is
 * put back to where it stood before the poll and gives the rows before that record alone; the next
 * poll then begins with it, and the scan stops with nothing taken. What cannot be read twice is
 * cut instead. Bad is what is no row of the stream, and what some reader would withhold: the batch goes
 * through the stateless operators first, up to those that would say so (OpLook). What a lookup join
 * finds wrong in its residual condition is found too late for this (scan_take). */
#include "exec/pipeline/scan_impl.h"

bool scan_stops(const Scan *s)
{
    return s->on_error_fail && !s->is_private && s->source;
}

void scan_mark(Scan *s)
{
    arena_reset(&s->stop.arena);
    s->stop.before = NULL;
    s->stop.nbefore = scan_positions(s, &s->stop.arena, &s->stop.before);
}

/* ---- finding it ------------------------------------------------------------------------------- */

static void note(Scan *s, uint64_t offset, Str message)
{
    ScanStop *stop = &s->stop;
    if (stop->is_found && stop->offset <= offset) return;
    stop->is_found = true;
    stop->offset = offset;
    stop->message = str_dup(&stop->arena, message);
}

static void note_row(void *arg, const Batch *b, int row, Str message)
{
    if (b->offset) note(arg, b->offset[row], message);
}

/* What a reader would withhold of the batch: values that do not fit their column, errors of expressions. */
static void look_through(Scan *s, Leaf *leaf, const Batch *b)
{
    OpLook look = {note_row, s};
    leaf->op.ctx->look = &look;
    leaf_push(leaf, b);
    leaf->op.ctx->look = NULL;
}

bool scan_find_bad(Scan *s, Epoch *e, SourceBatch *sb, Partition *part, int *good)
{
    Batch b = sb->batch;
    s->stop.is_found = false;
    for (int i = 0; i < sb->nerrors; i++) note(s, sb->errors[i].offset, sb->errors[i].message);
    s->current = sb;
    s->current_part = part;
    scan_refusals(s, e, &b, part, note);
    for (ptrdiff_t i = 0; i < s->leaves.len; i++) look_through(s, s->leaves.data[i], &b);
    s->current = NULL;
    s->current_part = NULL;
    if (!s->stop.is_found) return false;
    s->stop.partition = str_dup(&s->stop.arena, part->name);
    for (*good = 0; *good < b.rows && b.offset[*good] < s->stop.offset;) ++*good;
    return true;
}

/* ---- standing at it --------------------------------------------------------------------------- */

/* Opens the source where it was marked, for at most so many rows a batch. */
static Status go_back(Scan *s, int rows_max, Diags *d)
{
    source_close(s->source);
    s->source = NULL;
    s->is_open = false;
    s->rows_max = rows_max;
    scan_restore_source(s, s->stop.before, s->stop.nbefore);
    return scan_open(s, d);
}

ScanStatus scan_stop_before(Scan *s, Epoch *e, SourceBatch *sb, Partition *part, int good)
{
    if (strcmp(source_delivery(s->source), "exactly-once") == 0)
        return go_back(s, good > 0 ? good : s->spec.batch_rows, e->diags) != WEIR_OK ? SCAN_FAILED
               : good > 0                                                           ? SCAN_AGAIN
                                                                                    : SCAN_STOPPED;
    s->stop.is_final = true;
    sb->batch.rows = good;
    sb->nerrors = 0;
    if (good > 0 && scan_take(s, e, sb, part) != WEIR_OK) return SCAN_FAILED;
    return SCAN_STOPPED;
}

Status scan_stop_error(const Scan *s, Diags *d)
{
    const ScanStop *x = &s->stop;
    Status st = diag_error(d, WEIR_E_DATA, (Span){0}, "stream \"%.*s\" stops at offset %llu%s%.*s: %.*s",
                           STR_ARG(s->spec.rel->name), (unsigned long long)x->offset, x->partition.n ? " of " : "",
                           STR_ARG(x->partition), STR_ARG(x->message));
    diag_hint(d, "repair the record and run again; on_error = 'skip' goes on without it");
    return st;
}
