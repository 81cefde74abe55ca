/* json_tree.h: which places of a JSON object are read, as a tree over the keys of all paths.
 *
 * A path is '$', then '.key', '."key"', '['key']' or '[n]' any number of times. */
#ifndef WEIR_EXEC_JSON_TREE_H
#define WEIR_EXEC_JSON_TREE_H

#include "base/catalog.h"
#include "exec/format/json_value.h"

typedef struct JsonNode {
    Str key;              /* of a member; for an element key.p is NULL */
    int64_t index;        /* of an element */
    int32_t slot;         /* where the value's span goes, -1: nowhere */
    int32_t child, next;  /* first child, next sibling; -1: none */
} JsonNode;

/* Node 0 is the row itself. */
typedef struct JsonTree {
    Arena *arena;
    VEC(JsonNode) nodes;
    int32_t nslots;
} JsonTree;

void json_tree_init(JsonTree *t, Arena *a);
/* Adds a path, or a key of the row itself where `path` is empty. *slot is where its value is
 * found; equal paths share one. WEIR_E_OPTION: not a path. */
Status json_tree_add(JsonTree *t, Str path, Str name, int32_t *slot, Diags *d, Span at);

/* Judges the structure of the value at p, notes the spans of what the tree names in found[slot]
 * (JSON_NONE: not there; of equal keys the last) and returns the value's end, or NULL with *f.
 * `scratch` is for keys that have to be unescaped. */
const char *json_tree_find(const JsonTree *t, const char *p, const char *end, JsonSpan *found,
                           Arena *scratch, JsonFault *f);

/* The child of `node` that a key or element leads to, -1: none. The search begins at `hint`, the
 * sibling expected next (-1: the first). */
int32_t json_tree_member(const JsonTree *t, int32_t node, Str key, int32_t hint);
int32_t json_tree_element(const JsonTree *t, int32_t node, int64_t index);

#endif
