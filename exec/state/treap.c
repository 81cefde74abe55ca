/* treap.c: insertion splits the subtree the new node displaces, removal joins the two below.
 *
 * Weights change by the same amount all the way from a key up to the root; splits and joins mend
 * the two spines they touched from the bottom up. */
#include "exec/state/treap.h"
#include "base/hash.h"

#include <assert.h>

static ptrdiff_t node_size(ptrdiff_t key_n, ptrdiff_t payload_n)
{
    return (ptrdiff_t)sizeof(TreapNode) + key_n + payload_n;
}

static TreapNode *node_new(StateHeap *h, Str key, Str payload, int64_t count, uint32_t priority)
{
    assert(key.n <= UINT32_MAX && payload.n <= UINT32_MAX);
    TreapNode *n = heap_alloc(h, node_size(key.n, payload.n));
    *n = (TreapNode){.count = count, .weight = count, .priority = priority,
                     .key_n = (uint32_t)key.n, .payload_n = (uint32_t)payload.n};
    if (key.n) memcpy(n->bytes, key.p, (size_t)key.n);
    if (payload.n) memcpy(n->bytes + key.n, payload.p, (size_t)payload.n);
    return n;
}

static void node_free(StateHeap *h, TreapNode *n)
{
    heap_free(h, n, node_size(n->key_n, n->payload_n));
}

static int64_t weight_of(const TreapNode *n)
{
    return n ? n->weight : 0;
}

static void mend(TreapNode *n)
{
    n->weight = n->count + weight_of(n->left) + weight_of(n->right);
}

/* Recomputes weights from n up to, not including, `stop`. */
static void mend_up(TreapNode *n, const TreapNode *stop)
{
    for (; n != stop; n = n->parent) mend(n);
}

static TreapNode **link_to(Treap *t, TreapNode *n)
{
    if (!n->parent) return &t->root;
    return n->parent->left == n ? &n->parent->left : &n->parent->right;
}

/* Shares the subtree `n` out to `root`: lesser keys to its left, greater ones to its right. */
static void split_below(TreapNode *root, TreapNode *n, Str key)
{
    TreapNode **left = &root->left, **right = &root->right;
    TreapNode *left_parent = root, *right_parent = root;
    while (n) {
        if (str_cmp(treap_key(n), key) < 0) {
            *left = n;
            n->parent = left_parent;
            left_parent = n;
            left = &n->right;
            n = n->right;
        } else {
            *right = n;
            n->parent = right_parent;
            right_parent = n;
            right = &n->left;
            n = n->left;
        }
    }
    *left = *right = NULL;
    mend_up(left_parent, root);
    mend_up(right_parent, root);
    mend(root);
}

/* The higher one stands above; equal priorities: the lesser key, so that the shape is unique. */
static bool stands_above(uint32_t priority, Str key, const TreapNode *n)
{
    if (priority != n->priority) return priority > n->priority;
    return str_cmp(key, treap_key(n)) < 0;
}

/* Removes n, whose weight no ancestor counts any more; its children are joined in its place. */
static void remove_node(Treap *t, StateHeap *h, TreapNode *n)
{
    TreapNode **link = link_to(t, n), *parent = n->parent, *top = n->parent;
    TreapNode *a = n->left, *b = n->right;
    while (a && b) {
        TreapNode *up = stands_above(a->priority, treap_key(a), b) ? a : b;
        *link = up;
        up->parent = parent;
        parent = up;
        if (up == a) {
            link = &a->right;
            a = a->right;
        } else {
            link = &b->left;
            b = b->left;
        }
    }
    *link = a ? a : b;
    if (*link) (*link)->parent = parent;
    mend_up(parent, top);
    node_free(h, n);
    t->distinct--;
}

static void add_weight_up(TreapNode *n, int64_t weight)
{
    for (; n; n = n->parent) n->weight += weight;
}

static TreapNode *change_count(Treap *t, StateHeap *h, TreapNode *n, int64_t weight)
{
    t->negative -= n->count < 0;
    n->count += weight;
    add_weight_up(n, weight);
    t->negative += n->count < 0;
    if (n->count != 0) return n;
    remove_node(t, h, n);
    return NULL;
}

/* Makes a node for a key whose place is below `leaf` (NULL: the treap is empty): it rises over
 * those that it stands above, the highest of which it displaces. */
static TreapNode *insert(Treap *t, StateHeap *h, TreapNode *leaf, Str key, Str payload,
                         int64_t weight)
{
    uint32_t priority = (uint32_t)(hash_bytes(key.p, key.n) >> 32);
    TreapNode *fresh = node_new(h, key, payload, weight, priority);
    TreapNode *parent = leaf, *displaced = NULL;
    for (; parent && stands_above(priority, key, parent); parent = parent->parent)
        displaced = parent;
    fresh->parent = parent;
    if (displaced)
        *link_to(t, displaced) = fresh;
    else if (parent)
        *(str_cmp(key, treap_key(parent)) < 0 ? &parent->left : &parent->right) = fresh;
    else
        t->root = fresh;
    add_weight_up(parent, weight);
    split_below(fresh, displaced, key);
    t->distinct++;
    t->negative += weight < 0;
    return fresh;
}

TreapNode *treap_add(Treap *t, StateHeap *h, Str key, Str payload, int64_t weight)
{
    if (weight == 0) return treap_find(t, key);
    TreapNode *leaf = NULL;
    for (TreapNode *n = t->root; n;) {
        int c = str_cmp(key, treap_key(n));
        if (c == 0) return change_count(t, h, n, weight);
        leaf = n;
        n = c < 0 ? n->left : n->right;
    }
    return insert(t, h, leaf, key, payload, weight);
}

void treap_merge(Treap *dst, StateHeap *h, const Treap *src, int sign)
{
    assert(dst != src);
    for (TreapNode *n = treap_min(src); n; n = treap_next(n))
        treap_add(dst, h, treap_key(n), treap_payload(n), sign * n->count);
}

void treap_clear(Treap *t, StateHeap *h)
{
    for (TreapNode *n = t->root; n;) {
        TreapNode *down = n->left ? n->left : n->right;
        if (down) {
            n = down;
            continue;
        }
        TreapNode *parent = n->parent;
        if (parent) *link_to(t, n) = NULL;
        node_free(h, n);
        n = parent;
    }
    *t = (Treap){0};
}

TreapNode *treap_find(const Treap *t, Str key)
{
    TreapNode *n = t->root;
    while (n) {
        int c = str_cmp(key, treap_key(n));
        if (c == 0) return n;
        n = c < 0 ? n->left : n->right;
    }
    return NULL;
}

TreapNode *treap_lower_bound(const Treap *t, Str key)
{
    TreapNode *n = t->root, *best = NULL;
    while (n) {
        if (str_cmp(treap_key(n), key) >= 0) {
            best = n;
            n = n->left;
        } else {
            n = n->right;
        }
    }
    return best;
}

static TreapNode *leftmost(TreapNode *n)
{
    while (n && n->left) n = n->left;
    return n;
}

static TreapNode *rightmost(TreapNode *n)
{
    while (n && n->right) n = n->right;
    return n;
}

TreapNode *treap_min(const Treap *t)
{
    return leftmost(t->root);
}

TreapNode *treap_max(const Treap *t)
{
    return rightmost(t->root);
}

TreapNode *treap_next(const TreapNode *n)
{
    if (n->right) return leftmost(n->right);
    while (n->parent && n->parent->right == n) n = n->parent;
    return n->parent;
}

TreapNode *treap_prev(const TreapNode *n)
{
    if (n->left) return rightmost(n->left);
    while (n->parent && n->parent->left == n) n = n->parent;
    return n->parent;
}

TreapNode *treap_at(const Treap *t, int64_t k)
{
    assert(t->negative == 0 && k >= 0 && k < treap_weight(t));
    for (TreapNode *n = t->root; n;) {
        int64_t before = weight_of(n->left);
        if (k < before) {
            n = n->left;
            continue;
        }
        k -= before;
        if (k < n->count) return n;
        k -= n->count;
        n = n->right;
    }
    return NULL;
}

int64_t treap_rank(const TreapNode *n)
{
    int64_t before = weight_of(n->left);
    for (; n->parent; n = n->parent)
        if (n->parent->right == n) before += n->parent->count + weight_of(n->parent->left);
    return before;
}

void treap_save(const Treap *t, StrBuf *out)
{
    sb_varint(out, (uint64_t)t->distinct);
    for (TreapNode *n = treap_min(t); n; n = treap_next(n)) {
        sb_varint(out, n->key_n);
        sb_varint(out, n->payload_n);
        sb_signed(out, n->count);
        sb_bytes(out, n->bytes, (ptrdiff_t)n->key_n + n->payload_n);
    }
}

bool treap_load(Treap *t, StateHeap *h, StrReader *in)
{
    for (uint64_t left = sr_varint(in); left && !in->bad; left--) {
        uint64_t key_n = sr_varint(in), payload_n = sr_varint(in);
        int64_t count = sr_signed(in);
        if (key_n > UINT32_MAX || payload_n > UINT32_MAX || count == 0) return false;
        Str key = sr_bytes(in, (ptrdiff_t)key_n), payload = sr_bytes(in, (ptrdiff_t)payload_n);
        if (in->bad) return false;
        treap_add(t, h, key, payload, count);
    }
    return !in->bad;
}
