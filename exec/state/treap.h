/* treap.h: an ordered multiset of byte strings with counts.
 *
 * It carries what must give values back under retraction: MIN and MAX, DISTINCT, ordered
 * aggregates, percentiles. Keys compare by memcmp (base/keyenc.h makes such keys). A count may be
 * negative while changes are pending; a key whose count reaches 0 is gone.
 *
 * A treap: C. Aragon, R. Seidel, "Randomized search trees" (1989). Priorities are a hash of the
 * key, so the shape is a function of the content. No recursion, whatever the shape. */
#ifndef WEIR_EXEC_STATE_TREAP_H
#define WEIR_EXEC_STATE_TREAP_H

#include "base/str.h"
#include "exec/state/heap.h"

typedef struct TreapNode {
    struct TreapNode *left, *right, *parent;
    int64_t count;
    int64_t weight;     /* sum of the counts of this subtree */
    uint32_t priority;
    uint32_t key_n, payload_n;
    char bytes[];       /* key, then payload */
} TreapNode;

/* Zero-initialised is empty. */
typedef struct Treap {
    TreapNode *root;
    int64_t distinct; /* keys in it */
    int64_t negative; /* of them with a negative count */
} Treap;

static inline Str treap_key(const TreapNode *n) { return (Str){n->bytes, n->key_n}; }
static inline Str treap_payload(const TreapNode *n)
{
    return (Str){n->bytes + n->key_n, n->payload_n};
}
static inline int64_t treap_weight(const Treap *t) { return t->root ? t->root->weight : 0; }

/* count of key += weight. A new key keeps `payload`; a known one keeps the payload it has. Gives
 * the key's node, NULL when its count reached 0. */
TreapNode *treap_add(Treap *t, StateHeap *h, Str key, Str payload, int64_t weight);
/* dst += sign · src, with src's payloads for new keys; src is untouched. */
void treap_merge(Treap *dst, StateHeap *h, const Treap *src, int sign);
void treap_clear(Treap *t, StateHeap *h);

/* NULL: there is none. Nodes are valid until the treap changes. */
TreapNode *treap_find(const Treap *t, Str key);
TreapNode *treap_lower_bound(const Treap *t, Str key); /* the first with key' >= key */
TreapNode *treap_min(const Treap *t);
TreapNode *treap_max(const Treap *t);
TreapNode *treap_next(const TreapNode *n);             /* in order, and backwards */
TreapNode *treap_prev(const TreapNode *n);
/* The node that holds the k-th row, each key standing for `count` rows: 0 <= k < treap_weight.
 * Asks for no negative counts. */
TreapNode *treap_at(const Treap *t, int64_t k);
/* Rows before the first of n: the inverse of treap_at. */
int64_t treap_rank(const TreapNode *n);

/* In order; the bytes are a function of the content. treap_load adds to an empty treap; false:
 * not what treap_save wrote. */
void treap_save(const Treap *t, StrBuf *out);
bool treap_load(Treap *t, StateHeap *h, StrReader *in);

#endif
