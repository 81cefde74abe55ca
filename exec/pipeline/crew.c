/* crew.c: groups of queries, and who works at which (see crew.h).
 *
 * Whoever works has a lane: an epoch of its own with its arenas and its clock's accounts, which the queries of
 * a group use instead of the engine's while the lane is at work at them. Each lane has a range of the groups, the same
 * from batch to batch, and takes from the others' when it is through; lanes that no thread has begun by
 * then are not needed. Their arenas go with the epoch's. */
#include "exec/pipeline/crew.h"

#include <assert.h>
#include <stdatomic.h>

enum { LANES_MAX = 16 };

typedef struct Lane {
    Task task;
    Crew *crew;
    Epoch epoch;
    Arena kept, kept_batch;    /* the epoch's before it */
    Meter meter;
    atomic_uint_fast64_t left; /* groups that are its own and that nobody has taken: the first, and the one behind the last */
    bool is_short; /* of memory */
} Lane;

/* How much there is of what queries put into an epoch. */
typedef struct Filled {
    ptrdiff_t errors, faults, views, blocks, state, progress;
} Filled;

typedef struct Step {
    int32_t next;       /* of its group; -1: it is the last */
    const Lane *lane;
    Filled before, after; /* of the lane's epoch */
} Step;

typedef struct Group {
    int32_t first, last; /* steps; -1: none */
    ptrdiff_t queries;   /* the first of them in Crew.members */
    ptrdiff_t nqueries;
} Group;

struct Crew {
    Workers *workers;
    const Env *env;
    int64_t rows_min;
    Lane lanes[LANES_MAX];
    uint64_t runs;       /* this one's number, by which queries are marked */
    /* the work in hand */
    Arena arena;
    const CrewWork *work;
    Epoch *epoch;
    Meter *meter;        /* of the queries' contexts, or NULL */
    Step *steps;
    VEC(Group) groups;
    VEC(Query *) members;
    int nlanes;
};

/* ---- life ------------------------------------------------------------------------------------------ */

Crew *crew_new(Workers *w, const Env *env, int64_t rows_min)
{
    Crew *c = mem_alloc(sizeof *c);
    c->workers = w;
    c->env = env;
    c->rows_min = rows_min;
    for (int i = 0; i < LANES_MAX; i++) c->lanes[i].crew = c;
    return c;
}

void crew_free(Crew *c)
{
    if (!c) return;
    for (int i = 0; i < LANES_MAX; i++) {
        arena_free(&c->lanes[i].epoch.batch);
        arena_free(&c->lanes[i].epoch.arena);
        arena_free(&c->lanes[i].kept);
        arena_free(&c->lanes[i].kept_batch);
    }
    arena_free(&c->arena);
    mem_free(c, sizeof *c);
}

void crew_end_epoch(Crew *c)
{
    for (int i = 0; c && i < LANES_MAX; i++) {
        Epoch *e = &c->lanes[i].epoch;
        memset(&e->ws, 0, sizeof e->ws);
        if (e->batch.chunk) arena_reset(&e->batch);
        if (e->arena.chunk) arena_reset(&e->arena);
    }
}

void crew_keep_epoch(Crew *c)
{
    for (int i = 0; c && i < LANES_MAX; i++) {
        Lane *l = &c->lanes[i];
        epoch_set_aside(&l->epoch, &l->kept, &l->kept_batch);
    }
}

void crew_end_kept(Crew *c)
{
    for (int i = 0; c && i < LANES_MAX; i++) {
        if (c->lanes[i].kept.chunk) arena_reset(&c->lanes[i].kept);
        if (c->lanes[i].kept_batch.chunk) arena_reset(&c->lanes[i].kept_batch);
    }
}

/* ---- groups ---------------------------------------------------------------------------------------- */

/* All queries from which q can be reached, and that can be reached from it. */
static void join_group(Crew *c, Query *q, int32_t group)
{
    if (q->crew_run == c->runs) return;
    assert(q->ctx.batch_scratch == &c->epoch->batch && q->ctx.epoch_scratch == &c->epoch->arena);
    q->crew_run = c->runs;
    q->crew_group = group;
    vec_push(&c->members, &c->arena, q);
    for (int i = 0; i < q->nleaves; i++)
        if (q->leaves[i]->upstream) join_group(c, q->leaves[i]->upstream, group);
    for (int i = 0; i < q->root->nouts; i++) join_group(c, ((Leaf *)q->root->outs[i].to)->query, group);
}

static int32_t group_of(Crew *c, Query *q)
{
    if (q->crew_run == c->runs) return q->crew_group;
    ptrdiff_t first = c->members.len;
    join_group(c, q, (int32_t)c->groups.len);
    vec_push(&c->groups, &c->arena, (Group){.first = -1, .last = -1, .queries = first, .nqueries = c->members.len - first});
    return q->crew_group;
}

static void add_step(Crew *c, int32_t step)
{
    int32_t at = group_of(c, c->work->query(c->work->arg, step));
    Group *g = &c->groups.data[at];
    c->steps[step].next = -1;
    if (g->last >= 0) c->steps[g->last].next = step;
    else g->first = step;
    g->last = step;
}

static void make_groups(Crew *c, Epoch *e, const CrewWork *work)
{
    arena_reset(&c->arena);
    c->work = work;
    c->epoch = e;
    c->runs++;
    c->steps = new (&c->arena, Step, work->n);
    memset(&c->groups, 0, sizeof c->groups);
    memset(&c->members, 0, sizeof c->members);
    for (int i = 0; i < work->n; i++) add_step(c, i);
}

/* ---- a lane at work -------------------------------------------------------------------------------- */

static void use(Query *q, Epoch *e, Meter *m)
{
    q->epoch = e;
    q->ctx.batch_scratch = &e->batch;
    q->ctx.epoch_scratch = &e->arena;
    q->ctx.meter = m;
}

static Filled filled(const WriteSet *ws)
{
    return (Filled){.errors = ws->errors.len, .faults = ws->faults.len, .views = ws->views.len, .blocks = ws->blocks.len,
                    .state = ws->state.len, .progress = ws->progress.len};
}

static void run_step(Lane *l, int32_t at)
{
    Step *s = &l->crew->steps[at];
    s->lane = l;
    s->before = filled(&l->epoch.ws);
    l->crew->work->run(l->crew->work->arg, at);
    s->after = filled(&l->epoch.ws);
}

static void run_group(Lane *l, const Group *g)
{
    Query **members = l->crew->members.data + g->queries;
    for (ptrdiff_t i = 0; i < g->nqueries; i++) use(members[i], &l->epoch, l->crew->meter ? &l->meter : NULL);
    for (int32_t at = g->first; at >= 0; at = l->crew->steps[at].next) run_step(l, at);
}

static uint64_t range(int64_t first, int64_t end) { return (uint64_t)first << 32 | (uint64_t)end; }

/* The next of the lane's own groups, the first for itself, the last for others: what it had at the batch before is
 * in its processor's cache. -1: none is left. */
static int32_t take_group(Lane *of, bool is_own)
{
    uint_fast64_t left = atomic_load(&of->left);
    for (;;) {
        int64_t first = (int64_t)(left >> 32), end = (int64_t)(left & UINT32_MAX);
        if (first == end) return -1;
        uint64_t rest = is_own ? range(first + 1, end) : range(first, end - 1);
        if (atomic_compare_exchange_weak(&of->left, &left, rest)) return (int32_t)(is_own ? first : end - 1);
    }
}

static void run_lane(void *arg)
{
    Lane *l = arg;
    Crew *c = l->crew;
    OomFrame f;
    if (!OOM_TRY(&f)) {
        l->is_short = true;
        return;
    }
    meter_begin(&l->meter, c->env);
    for (int i = 0; i < c->nlanes; i++) {
        Lane *of = &c->lanes[(l - c->lanes + i) % c->nlanes];
        for (int32_t at; (at = take_group(of, of == l)) >= 0;) run_group(l, &c->groups.data[at]);
    }
    OOM_END(&f);
}

static void begin_lane(Crew *c, int i, const Epoch *e)
{
    Lane *l = &c->lanes[i];
    atomic_store(&l->left, range(c->groups.len * i / c->nlanes, c->groups.len * (i + 1) / c->nlanes));
    arena_reset(&l->epoch.batch);
    l->is_short = false;
    l->task.run = run_lane;
    l->task.arg = l;
    l->epoch.number = e->number;
    l->epoch.now_us = e->now_us;
    l->epoch.env = e->env;
    l->epoch.error_limit = INT64_MAX; /* the engine's epoch keeps what it keeps */
}

/* ---- all of it ------------------------------------------------------------------------------------- */

/* Returns whether memory was enough. */
static bool run_lanes(Crew *c)
{
    OomFrame f;
    bool volatile is_short = true;
    if (OOM_TRY(&f)) {
        for (int i = 1; i < c->nlanes; i++) workers_submit(c->workers, &c->lanes[i].task);
        run_lane(&c->lanes[0]);
        OOM_END(&f);
        is_short = false;
    }
    for (int i = 1; i < c->nlanes; i++) workers_cancel(c->workers, &c->lanes[i].task);
    for (int i = 0; i < c->nlanes; i++) is_short |= c->lanes[i].is_short;
    return !is_short;
}

#define TAKE_OVER(what) \
    for (ptrdiff_t i = s->before.what; i < s->after.what; i++) vec_push(&e->ws.what, &e->arena, ws->what.data[i])

static void take_over(Crew *c, const Step *s)
{
    Epoch *e = c->epoch;
    const WriteSet *ws = &s->lane->epoch.ws;
    for (ptrdiff_t i = s->before.errors; i < s->after.errors; i++) epoch_take_error(e, &ws->errors.data[i]);
    TAKE_OVER(faults);
    TAKE_OVER(views);
    TAKE_OVER(blocks);
    TAKE_OVER(state);
    TAKE_OVER(progress);
}

static void end_lane(Lane *l)
{
    WriteSet *ws = &l->epoch.ws;
    ws->errors.len = ws->faults.len = ws->views.len = ws->blocks.len = ws->state.len = ws->progress.len = 0;
    l->epoch.errors = 0;
    l->epoch.has_earliest = false;
}

static bool pays(const Crew *c, const CrewWork *work)
{
    return c && work->n > 1 && work->rows >= c->rows_min && workers_count(c->workers) > 1;
}

static int lanes_for(const Crew *c)
{
    int n = workers_count(c->workers);
    if (n > c->groups.len) n = (int)c->groups.len;
    return n < LANES_MAX ? n : LANES_MAX;
}

bool crew_run(Crew *c, Epoch *e, const CrewWork *work)
{
    if (!pays(c, work)) return false;
    make_groups(c, e, work);
    if (c->groups.len < 2) return false;
    c->nlanes = lanes_for(c);
    c->meter = c->members.data[0]->ctx.meter;
    for (int i = 0; i < c->nlanes; i++) begin_lane(c, i, e);
    int64_t *was = meter_switch(c->meter, NULL);
    bool is_enough = run_lanes(c);
    meter_switch(c->meter, was);
    for (ptrdiff_t i = 0; i < c->members.len; i++) use(c->members.data[i], e, c->meter);
    if (!is_enough) oom_raise();
    for (int i = 0; i < work->n; i++) take_over(c, &c->steps[i]);
    for (int i = 0; i < c->nlanes; i++) end_lane(&c->lanes[i]);
    return true;
}
