/* scan_position.c: where each partition stands: taken up again, put into write sets, and compared
 * with where another scan stands.
 *
 * A private scan (scan_follow) reads again what the shared one of its stream has read: up to the same
 * positions, with the same labels, and by the same rulings of the clock. */
#include "exec/pipeline/scan_impl.h"

#include <assert.h>
#include <stdlib.h>

/* ---- partitions ------------------------------------------------------------------------------- */

static Partition *partition_find(const Scan *s, Str name)
{
    for (ptrdiff_t i = 0; i < s->partitions.len; i++)
        if (str_eq(s->partitions.data[i]->name, name)) return s->partitions.data[i];
    return NULL;
}

Partition *scan_partition(Scan *s, Str name)
{
    Partition *p = partition_find(s, name);
    if (p) return p;
    p = new_one(&s->arena, Partition);
    *p = (Partition){.name = str_dup(&s->arena, name), .watermark = INT64_MIN, .floor = INT64_MIN};
    p->taken_us = s->spec.env->mono_us(s->spec.env->arg);
    vec_push(&s->partitions, &s->arena, p);
    return p;
}

Partition *scan_partition_at(const Scan *s, Str name, ptrdiff_t i)
{
    Partition *p = i < s->partitions.len ? s->partitions.data[i] : NULL;
    return p && str_eq(p->name, name) ? p : partition_find(s, name);
}

static SavedPosition copy_position(Arena *a, const SavedPosition *p)
{
    SavedPosition c = *p;
    c.partition = str_dup(a, p->partition);
    c.identity = str_dup(a, p->identity);
    return c;
}

static void keep_position(Partition *part, const SavedPosition *now)
{
    KeptPosition *k = &part->saved;
    if (now->identity.n > k->identity_cap) {
        k->identity = mem_realloc(k->identity, k->identity_cap, now->identity.n);
        k->identity_cap = now->identity.n;
    }
    if (now->identity.n) memcpy(k->identity, now->identity.p, (size_t)now->identity.n);
    k->at = *now;
    k->at.partition = part->name;
    k->at.identity = str_of(k->identity, now->identity.n);
    k->is_known = true;
}

void scan_forget_positions(Scan *s)
{
    for (ptrdiff_t i = 0; i < s->partitions.len; i++) {
        KeptPosition *k = &s->partitions.data[i]->saved;
        mem_free(k->identity, k->identity_cap);
        *k = (KeptPosition){0};
    }
    arena_free(&s->target.arena);
    arena_free(&s->restore_arena);
    arena_free(&s->stop.arena);
}

void scan_restore_source(Scan *s, const SavedPosition *p, int n)
{
    arena_reset(&s->restore_arena);
    s->restore = new (&s->restore_arena, SavedPosition, n);
    s->nrestore = n;
    for (int i = 0; i < n; i++) s->restore[i] = copy_position(&s->restore_arena, &p[i]);
}

/* In the order in which they were made: the last word on a partition's idleness counts. */
static void restore_rulings(Scan *s, const Ruling *rulings, int n)
{
    for (int i = 0; i < n; i++) {
        const Ruling *r = &rulings[i];
        Partition *part = partition_find(s, r->partition);
        if (!part || str_eq(r->kind, S("max_future"))) continue;
        bool is_idle = str_eq(r->kind, S("idle"));
        part->is_idle = is_idle || (part->is_idle && str_eq(r->kind, S("closed")));
        if (!is_idle && r->value > part->floor) part->floor = r->value;
        if ((is_idle || str_eq(r->kind, S("closed"))) && r->value > s->reached) s->reached = r->value;
    }
}

void scan_restore(Scan *s, const SavedPosition *p, int n, const Ruling *rulings, int nrulings)
{
    scan_restore_source(s, p, n);
    s->is_started = n > 0;
    for (int i = 0; i < n; i++) {
        Partition *part = scan_partition(s, p[i].partition);
        part->watermark = p[i].watermark;
        part->rows = p[i].rows;
        part->errors = p[i].errors;
        part->ended = p[i].ended;
        keep_position(part, &p[i]);
        if (p[i].watermark > s->data_watermark) s->data_watermark = p[i].watermark;
        if (!scan_has_source(s)) s->insert_number = p[i].offset;
    }
    restore_rulings(s, rulings, nrulings);
}

/* ---- a private scan's target ------------------------------------------------------------------ */

static int ruling_order(const void *a, const void *b)
{
    const Ruling *x = a, *y = b;
    int by_name = str_cmp(x->partition, y->partition);
    if (by_name) return by_name;
    if (x->generation != y->generation) return x->generation < y->generation ? -1 : 1;
    return (x->offset > y->offset) - (x->offset < y->offset);
}

typedef bool (*RulingKind)(Str kind);

static bool is_refusal(Str kind) { return str_eq(kind, S("max_future")); }

/* It has moved a watermark. */
static bool is_raise(Str kind) { return !is_refusal(kind) && !str_eq(kind, S("idle")); }

static int pick_rulings(ScanTarget *t, const Ruling *all, int n, RulingKind is_wanted, Ruling **out)
{
    int found = 0;
    *out = new (&t->arena, Ruling, n);
    for (int i = 0; i < n; i++) {
        if (!is_wanted(all[i].kind)) continue;
        (*out)[found] = all[i];
        (*out)[found++].partition = str_dup(&t->arena, all[i].partition);
    }
    if (found) qsort(*out, (size_t)found, sizeof **out, ruling_order);
    return found;
}

static void raise_by_the_ones_before(Ruling *r, int n)
{
    for (int i = 1; i < n; i++)
        if (str_eq(r[i].partition, r[i - 1].partition) && r[i].value < r[i - 1].value) r[i].value = r[i - 1].value;
}

void scan_follow(Scan *s, const SavedPosition *until, int n, const Ruling *rulings, int nrulings)
{
    ScanTarget *t = &s->target;
    arena_reset(&t->arena);
    s->is_private = true;
    t->n = n;
    t->until = new (&t->arena, SavedPosition, n);
    for (int i = 0; i < n; i++) t->until[i] = copy_position(&t->arena, &until[i]);
    t->nrefused = pick_rulings(t, rulings, nrulings, is_refusal, &t->refused);
    t->nraises = pick_rulings(t, rulings, nrulings, is_raise, &t->raises);
    raise_by_the_ones_before(t->raises, t->nraises);
}

const SavedPosition *scan_target_of(const Scan *s, Str partition)
{
    for (int i = 0; i < s->target.n; i++)
        if (str_eq(s->target.until[i].partition, partition)) return &s->target.until[i];
    return NULL;
}

/* A partition that is there no more has nothing left to read. */
bool scan_has_reached(Scan *s)
{
    const SourcePosition *p;
    int have = source_positions(s->source, &p);
    for (int i = 0; i < have; i++) {
        const SavedPosition *until = scan_target_of(s, p[i].partition);
        if (!until) continue;
        uint32_t generation = p[i].generation + partition_find(s, p[i].partition)->generation_base;
        if (generation < until->generation) return false;
        if (generation == until->generation && p[i].offset < until->offset) return false;
    }
    return true;
}

/* ---- partitions come ---------------------------------------------------------------------------- */

/* A private scan sees a file of a later generation as its first. */
static void meet_private(Scan *s, Partition *part, const SourcePosition *p)
{
    const SavedPosition *until = scan_target_of(s, part->name);
    if (until && p->generation == 0) part->generation_base = until->generation;
}

/* Where it stood before the batch. */
static SourcePosition position_before(const SourcePosition *p, const SourceBatch *sb)
{
    SourcePosition at = *p;
    if (!sb) return at;
    at.generation = sb->batch.generation;
    at.offset = scan_first_offset(sb);
    return at;
}

void scan_sync_partitions(Scan *s, Epoch *e, const SourceBatch *sb)
{
    const SourcePosition *p;
    int n = source_positions(s->source, &p);
    int64_t watermark = s->is_started ? scan_watermark(s) : INT64_MIN;
    for (int i = 0; i < n; i++) {
        Partition *part = scan_partition_at(s, p[i].partition, i);
        if (!part) {
            part = scan_partition(s, p[i].partition);
            SourcePosition at = position_before(&p[i], sb && sb->partition == i ? sb : NULL);
            if (s->is_private) meet_private(s, part, &p[i]);
            else if (watermark != INT64_MIN) scan_appeared(s, e, part, &at, watermark);
        }
        part->ended = p[i].ended;
    }
    s->is_started = true;
}

/* ---- saving ----------------------------------------------------------------------------------- */

static SavedPosition position_of(const Scan *s, const SourcePosition *p, const Partition *part)
{
    return (SavedPosition){.stream = s->spec.rel->id, .partition = p->partition, .label = p->label,
                           .generation = p->generation + part->generation_base, .offset = p->offset,
                           .identity = p->identity, .watermark = part->watermark, .rows = part->rows,
                           .errors = part->errors, .ended = p->ended};
}

static int kept_positions(const Scan *s, Arena *a, SavedPosition **out)
{
    int n = 0;
    *out = new (a, SavedPosition, s->partitions.len);
    for (ptrdiff_t i = 0; i < s->partitions.len; i++)
        if (s->partitions.data[i]->saved.is_known)
            (*out)[n++] = copy_position(a, &s->partitions.data[i]->saved.at);
    return n;
}

int scan_positions(Scan *s, Arena *a, SavedPosition **out)
{
    static const Partition fresh = {.watermark = INT64_MIN};
    if (!s->is_open || !s->source) return kept_positions(s, a, out);
    const SourcePosition *p;
    int n = source_positions(s->source, &p);
    *out = new (a, SavedPosition, n);
    for (int i = 0; i < n; i++) {
        const Partition *part = partition_find(s, p[i].partition);
        SavedPosition now = position_of(s, &p[i], part ? part : &fresh);
        (*out)[i] = copy_position(a, &now);
    }
    return n;
}

void scan_remember(Scan *s)
{
    arena_reset(&s->restore_arena);
    s->nrestore = 0;
    s->nrestore = scan_positions(s, &s->restore_arena, &s->restore);
}

static bool position_moved(const SavedPosition *a, const SavedPosition *b)
{
    return a->generation != b->generation || a->offset != b->offset || a->ended != b->ended ||
           a->watermark != b->watermark || a->rows != b->rows || a->errors != b->errors ||
           !str_eq(a->identity, b->identity);
}

static void save_position(Partition *part, Epoch *e, const SavedPosition *now)
{
    const KeptPosition *k = &part->saved;
    if (k->is_known && (k->at.ended || !position_moved(&k->at, now))) return;
    keep_position(part, now);
    vec_push(&e->ws.positions, &e->arena, copy_position(&e->arena, now));
}

static void save_inserts(Scan *s, Epoch *e)
{
    Partition *part = scan_partition(s, S(""));
    SavedPosition now = {.stream = s->spec.rel->id, .offset = s->insert_number, .watermark = part->watermark,
                         .rows = part->rows, .errors = part->errors};
    if (part->saved.is_known || part->rows + part->errors > 0) save_position(part, e, &now);
    if (s->insert_at < s->inserts.len) return;
    memset(&s->inserts, 0, sizeof s->inserts);
    s->insert_at = 0;
    arena_reset(&s->insert_arena);
}

void scan_save(Scan *s, Epoch *e)
{
    if (!scan_has_source(s)) {
        save_inserts(s, e);
        return;
    }
    if (!s->is_open || !s->is_started) return;
    const SourcePosition *p;
    int n = source_positions(s->source, &p);
    for (int i = 0; i < n; i++) {
        Partition *part = partition_find(s, p[i].partition);
        if (!part) continue; /* it has appeared since the last poll */
        SavedPosition now = position_of(s, &p[i], part);
        save_position(part, e, &now);
    }
}
