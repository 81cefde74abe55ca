/* json_tree.c: paths, and finding what they name in one walk (see json_tree.h). */
#include "exec/format/json_tree.h"

#include <assert.h>

/* ---- paths ------------------------------------------------------------------------------------- */

void json_tree_init(JsonTree *t, Arena *a)
{
    *t = (JsonTree){.arena = a};
    vec_push(&t->nodes, a, (JsonNode){.slot = -1, .child = -1, .next = -1});
}

/* The child for a step, made where it is new; siblings keep the order in which they came. */
static int32_t tree_step(JsonTree *t, int32_t node, Str key, int64_t index)
{
    int32_t last = -1;
    for (int32_t c = t->nodes.data[node].child; c >= 0; c = t->nodes.data[c].next) {
        const JsonNode *n = &t->nodes.data[c];
        if (key.p ? n->key.p && str_eq(n->key, key) : !n->key.p && n->index == index) return c;
        last = c;
    }
    int32_t made = (int32_t)t->nodes.len;
    vec_push(&t->nodes, t->arena,
             (JsonNode){.key = key, .index = index, .slot = -1, .child = -1, .next = -1});
    if (last < 0)
        t->nodes.data[node].child = made;
    else
        t->nodes.data[last].next = made;
    return made;
}

/* Reads one step of a path. False: it is not one. */
static bool read_step(const char **at, const char *end, Str *key, int64_t *index)
{
    const char *p = *at;
    *key = (Str){0};
    if (*p == '.' && p + 1 < end && p[1] == '"') {
        const char *close = memchr(p + 2, '"', (size_t)(end - p - 2));
        if (!close) return false;
        *key = str_of(p + 2, close - p - 2);
        *at = close + 1;
        return true;
    }
    if (*p == '.') {
        const char *from = ++p;
        while (p < end && *p != '.' && *p != '[') p++;
        *key = str_of(from, p - from);
        *at = p;
        return key->n > 0;
    }
    if (*p != '[') return false;
    const char *close = memchr(p, ']', (size_t)(end - p));
    if (!close) return false;
    Str inside = str_trim(str_of(p + 1, close - p - 1));
    *at = close + 1;
    bool is_quoted = inside.n >= 2 && (inside.p[0] == '\'' || inside.p[0] == '"') &&
                     inside.p[inside.n - 1] == inside.p[0];
    if (is_quoted) *key = str_of(inside.p + 1, inside.n - 2);
    return is_quoted || (str_to_int64(inside, index) && *index >= 0);
}

Status json_tree_add(JsonTree *t, Str path, Str name, int32_t *slot, Diags *d, Span at)
{
    int32_t node = 0;
    if (path.n == 0) {
        node = tree_step(t, 0, name, 0);
    } else {
        const char *p = path.p, *end = path.p + path.n;
        bool ok = *p++ == '$';
        while (ok && p < end) {
            Str key;
            int64_t index = 0;
            ok = read_step(&p, end, &key, &index);
            if (ok) node = tree_step(t, node, key, index);
        }
        if (!ok) {
            diag_error(d, WEIR_E_OPTION, at, "\"%.*s\" is not a path", STR_ARG(path));
            diag_hint(d, "a path is written '$.a.b[0]'");
            return WEIR_E_OPTION;
        }
    }
    JsonNode *n = &t->nodes.data[node];
    if (n->slot < 0) n->slot = t->nslots++;
    *slot = n->slot;
    return WEIR_OK;
}

int32_t json_tree_member(const JsonTree *t, int32_t node, Str key, int32_t hint)
{
    const JsonNode *nodes = t->nodes.data;
    for (int32_t c = hint; c >= 0; c = nodes[c].next)
        if (nodes[c].key.p && str_eq(nodes[c].key, key)) return c;
    for (int32_t c = nodes[node].child; c >= 0 && c != hint; c = nodes[c].next)
        if (nodes[c].key.p && str_eq(nodes[c].key, key)) return c;
    return -1;
}

int32_t json_tree_element(const JsonTree *t, int32_t node, int64_t index)
{
    const JsonNode *nodes = t->nodes.data;
    for (int32_t c = nodes[node].child; c >= 0; c = nodes[c].next)
        if (!nodes[c].key.p && nodes[c].index == index) return c;
    return -1;
}

/* ---- finding ----------------------------------------------------------------------------------- */

typedef struct Finder {
    const JsonTree *tree;
    const char *end;
    JsonSpan *found;
    Arena *scratch;
    JsonFault *fault;
} Finder;

static const char *fault(Finder *f, const char *at, const char *why)
{
    *f->fault = (JsonFault){at, why};
    return NULL;
}

/* What an earlier of equal keys gave counts no longer. */
static void forget(Finder *f, int32_t node)
{
    const JsonNode *n = &f->tree->nodes.data[node];
    if (n->slot >= 0) f->found[n->slot].kind = JSON_NONE;
    for (int32_t c = n->child; c >= 0; c = f->tree->nodes.data[c].next) forget(f, c);
}

static const char *find_value(Finder *f, int32_t node, const char *p, int depth);

static const char *find_key(Finder *f, const char *p, Str *key)
{
    bool has_escape;
    const char *why;
    if (p == f->end || *p != '"') return fault(f, p, "a key is missing");
    const char *quote = json_string_end(p + 1, f->end, &has_escape, &why);
    if (!quote) return fault(f, p, why);
    *key = str_of(p + 1, quote - p - 1);
    if (has_escape && !json_unescape(*key, f->scratch, key)) key->p = NULL; /* equals no name */
    p = json_skip_space(quote + 1, f->end);
    if (p == f->end || *p != ':') return fault(f, p, "a colon is missing");
    return p + 1;
}

/* Behind a value: the bracket that closes (*closed set), or what follows the comma. */
static const char *find_next(Finder *f, const char *p, char closer, bool *closed)
{
    p = json_skip_space(p, f->end);
    if (p == f->end) return fault(f, p, "a bracket is not closed");
    *closed = *p == closer;
    if (!*closed && *p != ',') return fault(f, p, "a comma or a closing bracket is missing");
    return p + 1;
}

static const char *find_members(Finder *f, int32_t node, const char *p, int depth)
{
    int32_t hint = f->tree->nodes.data[node].child;
    bool closed = false;
    p = json_skip_space(p + 1, f->end);
    if (p < f->end && *p == '}') return p + 1;
    while (!closed) {
        Str key;
        p = find_key(f, json_skip_space(p, f->end), &key);
        if (!p) return NULL;
        int32_t child = key.p ? json_tree_member(f->tree, node, key, hint) : -1;
        if (child >= 0) {
            forget(f, child);
            hint = f->tree->nodes.data[child].next;
        }
        p = find_value(f, child, json_skip_space(p, f->end), depth);
        if (p) p = find_next(f, p, '}', &closed);
        if (!p) return NULL;
    }
    return p;
}

static const char *find_elements(Finder *f, int32_t node, const char *p, int depth)
{
    bool closed = false;
    p = json_skip_space(p + 1, f->end);
    if (p < f->end && *p == ']') return p + 1;
    for (int64_t i = 0; !closed; i++) {
        int32_t child = json_tree_element(f->tree, node, i);
        p = find_value(f, child, json_skip_space(p, f->end), depth);
        if (p) p = find_next(f, p, ']', &closed);
        if (!p) return NULL;
    }
    return p;
}

static const char *find_scalar(Finder *f, const char *p, JsonSpan *span)
{
    const char *stop;
    if (*p == '"') {
        bool has_escape;
        const char *why;
        stop = json_string_end(p + 1, f->end, &has_escape, &why);
        if (!stop) return fault(f, p, why);
        *span = (JsonSpan){p + 1, stop - p - 1, has_escape ? JSON_ESCAPED : JSON_STRING};
        return stop + 1;
    }
    stop = json_word_end(p, f->end);
    if (stop == p) return fault(f, p, "a value is missing");
    *span = (JsonSpan){p, stop - p, JSON_WORD};
    return stop;
}

/* node -1: only judged. */
static const char *find_value(Finder *f, int32_t node, const char *p, int depth)
{
    if (p == f->end) return fault(f, p, "a value is missing");
    bool is_object = *p == '{', is_array = *p == '[';
    JsonSpan span = {0};
    const char *stop;
    if (!is_object && !is_array) {
        stop = find_scalar(f, p, &span);
    } else {
        if (depth == JSON_DEPTH_MAX) return fault(f, p, "nested more than 64 deep");
        bool is_read = node >= 0 && f->tree->nodes.data[node].child >= 0;
        stop = !is_read     ? json_value_end(p, f->end, depth, f->fault)
               : is_object ? find_members(f, node, p, depth + 1)
                           : find_elements(f, node, p, depth + 1);
        if (stop) span = (JsonSpan){p, stop - p, is_object ? JSON_OBJECT : JSON_ARRAY};
    }
    int32_t slot = node >= 0 ? f->tree->nodes.data[node].slot : -1;
    if (stop && slot >= 0) f->found[slot] = span;
    return stop;
}

const char *json_tree_find(const JsonTree *t, const char *p, const char *end, JsonSpan *found,
                           Arena *scratch, JsonFault *f)
{
    Finder finder = {.tree = t, .end = end, .found = found, .scratch = scratch, .fault = f};
    for (int32_t i = 0; i < t->nslots; i++) found[i].kind = JSON_NONE;
    return find_value(&finder, 0, json_skip_space(p, end), 0);
}
