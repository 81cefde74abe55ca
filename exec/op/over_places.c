/* over_places.c: rows by place: neighbours are found by stepping, others through the treap. */
#include "exec/op/over.h"

void places_init(Places *p, Over *o)
{
    p->over = o;
    for (int i = 0; i < PLACE_CHUNKS; i++) p->chunks[i].number = -1;
}

void places_free(Places *p)
{
    for (int i = 0; i < PLACE_CHUNKS; i++) arena_free(&p->chunks[i].arena);
}

void places_begin(Places *p, const Treap *rows)
{
    p->rows = rows;
    p->n = treap_weight(rows);
    p->node = NULL;
    p->peers_from = p->peers_to = 0;
    for (int i = 0; i < PLACE_CHUNKS; i++) p->chunks[i].number = -1;
    for (int i = 0; i < p->over->nfns; i++) p->over->fns[i].frame_peers = -1;
}

const TreapNode *place_node(Places *p, int64_t i)
{
    if (p->node && i >= p->node_from && i < p->node_from + p->node->count) return p->node;
    if (p->node && i == p->node_from + p->node->count) {
        p->node_from += p->node->count;
        return p->node = treap_next(p->node);
    }
    p->node = treap_at(p->rows, i);
    p->node_from = treap_rank(p->node);
    return p->node;
}

static void chunk_begin(const Over *o, PlaceChunk *c, int64_t number)
{
    int n = o->r.nfields;
    arena_reset(&c->arena);
    c->number = number;
    c->filled = 0;
    c->batch = (Batch){.rows = PLACE_CHUNK, .ncols = n + 1, .judge_max = INT64_MIN};
    c->batch.cols = new (&c->arena, Column, n + 1);
    for (int i = 0; i < n; i++)
        if (o->wanted[i]) c->batch.cols[i] = column_new(&c->arena, o->r.fields[i].type, PLACE_CHUNK);
    if (o->needs_keys) c->batch.cols[n] = column_new(&c->arena, TYPE_OF(TYPE_BLOB), PLACE_CHUNK);
}

const Batch *place_row(Places *p, int64_t i, int *row)
{
    const Over *o = p->over;
    PlaceChunk *c = &p->chunks[i / PLACE_CHUNK % PLACE_CHUNKS];
    if (c->number != i / PLACE_CHUNK) chunk_begin(o, c, i / PLACE_CHUNK);
    int at = *row = (int)(i % PLACE_CHUNK);
    if (c->filled >> at & 1) return &c->batch;
    c->filled |= (uint64_t)1 << at;
    const TreapNode *n = place_node(p, i);
    Str bytes = row_bytes(n);
    StrReader in = {.at = bytes.p, .end = bytes.p + bytes.n};
    row_bytes_decode(&o->r.row, &in, c->batch.cols, o->wanted, &c->arena, at);
    if (o->needs_keys) COL(Text, &c->batch.cols[o->r.nfields])[at] = text_ref(n->bytes, n->key_n);
    return &c->batch;
}

void place_peers(Places *p, int64_t i, int64_t *from, int64_t *to)
{
    if (i < p->peers_from || i >= p->peers_to) {
        const TreapNode *n = place_node(p, i), *before = treap_prev(n), *behind = treap_next(n);
        Str peers = row_peers(n);
        p->peers_from = before && is_peer(before, peers) ? peers_start(p->rows, peers) : p->node_from;
        p->peers_to = behind && is_peer(behind, peers) ? peers_end(p->rows, peers, p->over->r.op.ctx->batch_scratch)
                                                       : p->node_from + n->count;
    }
    *from = p->peers_from;
    *to = p->peers_to;
}
