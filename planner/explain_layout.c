/* explain_layout.c: layers, an order in each that crosses few edges, and places that pull what belongs
 * together below each other. */
#include "planner/explain_layout.h"

#include <assert.h>

static const double GAP_X = 28, GAP_Y = 54, BEND_W = 10;
enum { SWEEPS = 12 };

static LayoutNode *node(Layout *l, int32_t i) { return &l->nodes.data[i]; }

/* ---- layers ----------------------------------------------------------------------------------- */

static void find_layers(Layout *l, const PhysPlan *plan)
{
    for (int32_t i = 0; i < plan->nops; i++) {
        LayoutNode n = {0};
        for (int32_t k = 0; k < plan->ops[i]->ninputs; k++) {
            int32_t below = node(l, plan->ops[i]->inputs[k]->id)->layer + 1;
            if (below > n.layer) n.layer = below;
        }
        vec_push(&l->nodes, l->arena, n);
        if (n.layer >= l->nlayers) l->nlayers = n.layer + 1;
    }
}

/* Sources come down to their first users. */
static void lower_sources(Layout *l, const PhysPlan *plan)
{
    for (int32_t i = 0; i < plan->nops; i++) {
        if (plan->ops[i]->ninputs) continue;
        int32_t least = l->nlayers;
        for (int32_t u = i + 1; u < plan->nops; u++)
            for (int32_t k = 0; k < plan->ops[u]->ninputs; k++)
                if (plan->ops[u]->inputs[k]->id == i && node(l, u)->layer < least) least = node(l, u)->layer;
        if (least < l->nlayers) node(l, i)->layer = least - 1;
    }
}

static void link_nodes(Layout *l, int32_t above, int32_t below)
{
    vec_push(&node(l, above)->below, l->arena, below);
    vec_push(&node(l, below)->above, l->arena, above);
}

static void add_edge(Layout *l, int32_t from, int32_t to, int32_t port)
{
    LayoutEdge e = {.port = port};
    int32_t last = from;
    vec_push(&e.path, l->arena, from);
    for (int32_t layer = node(l, from)->layer + 1; layer < node(l, to)->layer; layer++) {
        int32_t bend = (int32_t)l->nodes.len;
        vec_push(&l->nodes, l->arena, (LayoutNode){.w = BEND_W, .layer = layer});
        link_nodes(l, last, bend);
        vec_push(&e.path, l->arena, bend);
        last = bend;
    }
    link_nodes(l, last, to);
    vec_push(&e.path, l->arena, to);
    vec_push(&l->edges, l->arena, e);
}

void layout_begin(Layout *l, const PhysPlan *plan, Arena *a)
{
    *l = (Layout){.arena = a};
    find_layers(l, plan);
    lower_sources(l, plan);
    for (int32_t i = 0; i < plan->nops; i++)
        for (int32_t k = 0; k < plan->ops[i]->ninputs; k++) add_edge(l, plan->ops[i]->inputs[k]->id, i, k);
}

/* ---- order ------------------------------------------------------------------------------------ */

typedef struct Layers {
    int32_t **nodes; /* per layer, from the left */
    int32_t *n;
} Layers;

/* From the root on, inputs from the left: a tree crosses nothing. */
static void enter(Layout *l, Layers *s, bool *seen, int32_t i)
{
    if (seen[i]) return;
    seen[i] = true;
    LayoutNode *n = node(l, i);
    n->place = s->n[n->layer];
    s->nodes[n->layer][s->n[n->layer]++] = i;
    for (ptrdiff_t k = 0; k < n->above.len; k++) enter(l, s, seen, n->above.data[k]);
}

static Layers order_layers(Layout *l, int32_t root)
{
    int32_t n = (int32_t)l->nodes.len;
    Layers s = {new (l->arena, int32_t *, l->nlayers), new (l->arena, int32_t, l->nlayers)};
    bool *seen = new (l->arena, bool, n);
    for (int32_t i = 0; i < l->nlayers; i++) s.nodes[i] = new (l->arena, int32_t, n);
    enter(l, &s, seen, root);
    for (int32_t i = 0; i < n; i++) enter(l, &s, seen, i);
    return s;
}

static int32_t crossings_between(Layout *l, const Layers *s, int32_t layer)
{
    int32_t n = 0;
    for (int32_t i = 0; i < s->n[layer]; i++)
        for (int32_t k = i + 1; k < s->n[layer]; k++) {
            const LayoutNode *a = node(l, s->nodes[layer][i]), *b = node(l, s->nodes[layer][k]);
            for (ptrdiff_t x = 0; x < a->below.len; x++)
                for (ptrdiff_t y = 0; y < b->below.len; y++)
                    n += node(l, a->below.data[x])->place > node(l, b->below.data[y])->place;
        }
    return n;
}

static int32_t crossings(Layout *l, const Layers *s)
{
    int32_t n = 0;
    for (int32_t i = 0; i + 1 < l->nlayers; i++) n += crossings_between(l, s, i);
    return n;
}

static void swap_places(Layout *l, const Layers *s, int32_t layer, int32_t i)
{
    int32_t *at = s->nodes[layer], first = at[i];
    at[i] = at[i + 1];
    at[i + 1] = first;
    node(l, at[i])->place = i;
    node(l, at[i + 1])->place = i + 1;
}

/* Neighbours change places as long as that uncrosses edges: plans are small. */
static void uncross(Layout *l, const Layers *s)
{
    int32_t best = crossings(l, s);
    for (int turn = 0; turn < SWEEPS && best > 0; turn++)
        for (int32_t layer = 0; layer < l->nlayers; layer++)
            for (int32_t i = 0; i + 1 < s->n[layer]; i++) {
                swap_places(l, s, layer, i);
                int32_t now = crossings(l, s);
                if (now < best) best = now;
                else swap_places(l, s, layer, i);
            }
}

/* ---- places ----------------------------------------------------------------------------------- */

/* Nodes that touch each other and move as one. */
typedef struct Block {
    double sum;  /* of where its nodes want to be, less their offsets */
    int32_t n, first;
} Block;

static double wanted_x(Layout *l, const LayoutNode *n, bool by_above)
{
    double sum = 0;
    if (by_above && n->above.len == 0) return n->x;
    ptrdiff_t count = n->above.len + (by_above ? 0 : n->below.len);
    for (ptrdiff_t i = 0; i < n->above.len; i++) sum += node(l, n->above.data[i])->x;
    for (ptrdiff_t i = 0; !by_above && i < n->below.len; i++) sum += node(l, n->below.data[i])->x;
    return count ? sum / (double)count : n->x;
}

/* As near as can be to where they want to be, in their order and without touching (pool adjacent
 * violators). */
static void place_layer(Layout *l, const int32_t *ids, int32_t n, bool by_above)
{
    double *offset = new (l->arena, double, n);
    Block *blocks = new (l->arena, Block, n);
    int32_t nblocks = 0;
    for (int32_t i = 0; i < n; i++) {
        if (i) offset[i] = offset[i - 1] + node(l, ids[i - 1])->w / 2 + GAP_X + node(l, ids[i])->w / 2;
        blocks[nblocks++] = (Block){wanted_x(l, node(l, ids[i]), by_above) - offset[i], 1, i};
        while (nblocks > 1) {
            Block *b = &blocks[nblocks - 1], *a = b - 1;
            if (a->sum / a->n <= b->sum / b->n) break;
            a->sum += b->sum;
            a->n += b->n;
            nblocks--;
        }
    }
    for (int32_t k = 0; k < nblocks; k++)
        for (int32_t i = blocks[k].first; i < blocks[k].first + blocks[k].n; i++)
            node(l, ids[i])->x = blocks[k].sum / blocks[k].n + offset[i];
}

static void place_rows(Layout *l, const Layers *s)
{
    double y = 0;
    for (int32_t layer = 0; layer < l->nlayers; layer++) {
        double tallest = 0;
        for (int32_t i = 0; i < s->n[layer]; i++) {
            LayoutNode *n = node(l, s->nodes[layer][i]);
            n->y = y;
            if (n->h > tallest) tallest = n->h;
        }
        for (int32_t i = 0; i < s->n[layer]; i++) { /* boxes stand on the floor of their layer */
            LayoutNode *n = node(l, s->nodes[layer][i]);
            n->y = y + tallest - n->h;
        }
        y += tallest + GAP_Y;
    }
    l->h = y - GAP_Y;
}

static void move_to_origin(Layout *l)
{
    double left = 0, right = 0;
    for (ptrdiff_t i = 0; i < l->nodes.len; i++) {
        const LayoutNode *n = node(l, (int32_t)i);
        if (i == 0 || n->x - n->w / 2 < left) left = n->x - n->w / 2;
        if (i == 0 || n->x + n->w / 2 > right) right = n->x + n->w / 2;
    }
    for (ptrdiff_t i = 0; i < l->nodes.len; i++) node(l, (int32_t)i)->x -= left;
    l->w = right - left;
}

void layout_place(Layout *l)
{
    int32_t nops = (int32_t)l->nodes.len, root = 0;
    for (int32_t i = 0; i < nops; i++)
        if (node(l, i)->layer == l->nlayers - 1) root = i;
    Layers s = order_layers(l, root);
    uncross(l, &s);
    for (int turn = 0; turn < SWEEPS; turn++) {
        for (int32_t i = 0; i < l->nlayers; i++) place_layer(l, s.nodes[i], s.n[i], false);
        for (int32_t i = l->nlayers - 1; i >= 0; i--) place_layer(l, s.nodes[i], s.n[i], false);
    }
    for (int32_t i = 0; i < l->nlayers; i++) place_layer(l, s.nodes[i], s.n[i], true); /* chains stand straight */
    place_rows(l, &s);
    move_to_origin(l);
}
