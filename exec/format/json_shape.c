/* json_shape.c: learning how lines are built (see json_shape.h). */
#include "exec/format/json_shape_impl.h"
#include "base/datetime.h"

/* Lines may be learned as long as it pays: a line that is quick earns what learning costs. */
enum { CREDIT_START = 8, CREDIT_MAX = 16, PLAIN_LINES_PER_CREDIT = 256 };

ShapeSet *shape_set_new(Arena *a, const JsonTree *tree, const Relation *rel, const int32_t *cols,
                        const int32_t *slot_of, int ncols, const FieldOptions *fields, int64_t limit)
{
    ShapeSet *s = new_one(a, ShapeSet);
    s->arena = a;
    s->tree = tree;
    s->rel = rel;
    s->cols = cols;
    s->slot_of = slot_of;
    s->ncols = ncols;
    s->fields = fields;
    s->limit = limit;
    s->credit = CREDIT_START;
    s->index = new_raw(a, uint16_t, INDEX_BYTES + 128);
    s->run_max = RUN_LINES;
    shape_set_level(s, SIMD_MOST);
    return s;
}

void shape_begin(ShapeSet *s)
{
    s->index_from = s->index_end = NULL;
    s->index_n = s->index_at = 0;
}

int shape_set_level(ShapeSet *s, int level)
{
    level = simd_level(level);
    s->decode = shape_decode_any;
#if defined(__x86_64__)
    if (level == SIMD_AVX512) s->decode = shape_decode_avx512;
    if (level == SIMD_AVX2) s->decode = shape_decode_avx2;
#elif defined(__aarch64__)
    if (level == SIMD_NEON) s->decode = shape_decode_neon;
#endif
    return level;
}

const char *shape_decode(ShapeSet *s, const char *p, const char *end, uint64_t offset, RowBuilder *out)
{
    const char *newline = s->nshapes && end > p ? memrchr(p, '\n', (size_t)(end - p)) : NULL;
    return newline ? s->decode(s, p, newline + 1, offset, out) : p;
}

/* ---- finishing a line -------------------------------------------------------------------------- */

static void finish_containers(const ShapeSet *s, const Shape *sh, RowBuilder *out)
{
    for (int i = 0; i < sh->ncontainers; i++) {
        const Container *c = &sh->containers[i];
        const char *from = s->starts[c->first_part] + c->first_at;
        const char *to = s->starts[c->last_part] + c->last_at;
        for (int k = 0; k < s->ncols; k++)
            if (s->slot_of[k] == c->slot)
                json_field(out, s->cols[k], (JsonSpan){from, to - from, c->kind}, s->fields);
    }
}

void shape_field(const ShapeSet *s, const Shape *sh, const Part *part, JsonSpan v, RowBuilder *out)
{
    for (int k = 0; k < part->ncols; k++) json_field(out, sh->cols[part->first_col + k], v, s->fields);
}

void shape_finish_line(const ShapeSet *s, const Shape *sh, RowBuilder *out)
{
    finish_containers(s, sh, out);
    for (int i = 0; i < sh->nmissing; i++) field_null(out, sh->missing[i]);
}

/* ---- learning ---------------------------------------------------------------------------------- */

/* Where the value of a tree slot was seen last. */
typedef struct Seen {
    int32_t part;           /* -1: not as a scalar */
    bool is_container;
    Container container;
} Seen;

typedef struct Learner {
    ShapeSet *set;
    Shape *shape;
    const char *p, *end;
    const char *literal;    /* start of the literal in work */
    Seen *seen;             /* per slot */
    Arena *scratch;
    bool too_big;
} Learner;

static void end_literal(Learner *l, PartOp op)
{
    Shape *sh = l->shape;
    ptrdiff_t n = l->p - l->literal;
    enum { LITERALS_MAX = SHAPE_BYTES_MAX - 2 * SHAPE_PARTS_MAX }; /* a check has two quotes more */
    l->too_big |= sh->nparts == SHAPE_PARTS_MAX || n > LITERALS_MAX - sh->nbytes;
    if (l->too_big) return;
    char *copy = sh->text + sh->nbytes;
    memcpy(copy, l->literal, (size_t)n);
    sh->nbytes += (int32_t)n;
    sh->parts[sh->nparts++] = (Part){.literal = copy, .n = (int32_t)n, .op = (uint8_t)op};
}

static void forget(Learner *l, int32_t node)
{
    const JsonNode *n = &l->set->tree->nodes.data[node];
    if (n->slot >= 0) l->seen[n->slot] = (Seen){.part = -1};
    for (int32_t c = n->child; c >= 0; c = l->set->tree->nodes.data[c].next) forget(l, c);
}

static void skip_space(Learner *l)
{
    l->p = json_skip_space(l->p, l->end);
}

static void learn_value(Learner *l, int32_t node);

static void learn_scalar(Learner *l, int32_t slot)
{
    bool has_escape;
    const char *why;
    if (slot >= 0 && !l->too_big) l->seen[slot].part = l->shape->nparts;
    end_literal(l, PART_SKIP);
    if (!l->too_big) l->shape->parts[l->shape->nparts - 1].is_string = *l->p == '"';
    l->p = *l->p == '"' ? json_string_end(l->p + 1, l->end, &has_escape, &why) + 1
                        : json_word_end(l->p, l->end);
    l->literal = l->p;
}

static int32_t learn_key(Learner *l, int32_t node)
{
    bool has_escape;
    const char *why, *from = l->p + 1;
    const char *quote = json_string_end(from, l->end, &has_escape, &why);
    Str key = str_of(from, quote - from);
    l->p = json_skip_space(quote + 1, l->end) + 1; /* behind the colon */
    if (node < 0 || (has_escape && !json_unescape(key, l->scratch, &key))) return -1;
    int32_t child = json_tree_member(l->set->tree, node, key, -1);
    if (child >= 0) forget(l, child);
    return child;
}

static void learn_inside(Learner *l, int32_t node, bool is_object)
{
    l->p++;
    skip_space(l);
    for (int64_t i = 0; *l->p != '}' && *l->p != ']'; i++) {
        int32_t child = is_object  ? learn_key(l, node)
                        : node < 0 ? -1
                                   : json_tree_element(l->set->tree, node, i);
        skip_space(l);
        learn_value(l, child);
        skip_space(l);
        if (*l->p == ',') {
            l->p++;
            skip_space(l);
        }
    }
    l->p++;
}

static void learn_value(Learner *l, int32_t node)
{
    int32_t slot = node >= 0 ? l->set->tree->nodes.data[node].slot : -1;
    bool is_object = *l->p == '{';
    if (!is_object && *l->p != '[') {
        learn_scalar(l, slot);
        return;
    }
    Container c = {.slot = slot, .first_part = l->shape->nparts, .first_at = (int32_t)(l->p - l->literal),
                   .kind = is_object ? JSON_OBJECT : JSON_ARRAY};
    learn_inside(l, node, is_object);
    c.last_part = l->shape->nparts;
    c.last_at = (int32_t)(l->p - l->literal);
    if (slot >= 0) l->seen[slot] = (Seen){.part = -1, .is_container = true, .container = c};
}

/* The quickest way to a column's values. */
static void choose_op(const ShapeSet *s, Part *p)
{
    Type t = s->rel->cols[p->col].type;
    p->op = PART_FIELD;
    if (p->ncols > 1) return;
    if (t.kind == TYPE_BIGINT && t.int_bits != 8 && t.int_bits != 16 && t.int_bits != 32 && t.int_bits != 65)
        p->op = PART_INT;
    else if (t.kind == TYPE_TEXT)
        p->op = PART_TEXT;
    else if (t.kind == TYPE_DOUBLE)
        p->op = PART_DOUBLE;
    else if (t.kind == TYPE_BOOLEAN)
        p->op = PART_BOOL;
    if (t.kind != TYPE_TIMESTAMP) return;
    p->precision = t.precision;
    switch (s->fields->time_style) {
    case TIME_STYLE_ISO:
        if (!s->fields->zone) p->op = PART_TIME;
        break;
    case TIME_STYLE_EPOCH_S: p->unit_us = US_PER_SECOND; break;
    case TIME_STYLE_EPOCH_MS: p->unit_us = 1000; break;
    case TIME_STYLE_EPOCH_US: p->unit_us = 1; break;
    case TIME_STYLE_PATTERN: break;
    }
    if (p->unit_us && p->unit_us % type_tick_us(t) == 0) p->op = PART_EPOCH;
}

/* A string where the quick way wants a word, or the other way round. */
static bool is_misplaced(const Part *p)
{
    bool wants_word = p->op == PART_INT || p->op == PART_EPOCH || p->op == PART_DOUBLE || p->op == PART_BOOL;
    return p->is_string ? wants_word : p->op == PART_TEXT || p->op == PART_TIME;
}

static void bind_columns(Learner *l)
{
    Shape *sh = l->shape;
    const ShapeSet *s = l->set;
    int32_t used = 0;
    for (int32_t slot = 0; slot < s->tree->nslots; slot++) {
        const Seen *seen = &l->seen[slot];
        if (seen->is_container) sh->containers[sh->ncontainers++] = seen->container;
        Part *part = seen->part >= 0 ? &sh->parts[seen->part] : NULL;
        if (part) part->first_col = used;
        for (int i = 0; i < s->ncols; i++) {
            if (s->slot_of[i] != slot) continue;
            if (part) {
                part->col = sh->cols[used++] = s->cols[i];
                part->ncols++;
            } else if (!seen->is_container) {
                sh->missing[sh->nmissing++] = s->cols[i];
            }
        }
        if (part) choose_op(s, part);
    }
    sh->is_finished = sh->nmissing > 0 || sh->ncontainers > 0;
    for (Part *p = sh->parts; p->op != PART_END; p++) {
        p->run_op = is_misplaced(p) ? PART_FIELD : p->op;
        sh->is_finished |= p->run_op == PART_FIELD;
    }
}

static int32_t count_quotes(Str s, int32_t *first)
{
    int32_t n = 0;
    for (ptrdiff_t i = 0; i < s.n; i++) {
        if (s.p[i] != '"') continue;
        if (n++ == 0) *first = (int32_t)i;
    }
    return n;
}

/* Where each part of a line is, by the number of special bytes before it. Literals that cannot be
 * placed so (a comma between two numbers), or hold special bytes besides quotes, leave the shape
 * to be read from left to right. */
static void place_parts(Shape *sh)
{
    int32_t ord = 0; /* special bytes so far */
    char *text = sh->text + SHAPE_BYTES_MAX;
    sh->is_indexable = true;
    for (int32_t i = 0; i < sh->nparts; i++) {
        Part *p = &sh->parts[i];
        bool after_string = i > 0 && sh->parts[i - 1].is_string, is_last = p->op == PART_END;
        int32_t first = 0, quotes = count_quotes(str_of(p->literal, p->n), &first);
        for (int32_t k = 0; k < p->n; k++) sh->is_indexable &= (unsigned char)p->literal[k] >= 0x20 && p->literal[k] != '\\';
        p->ord = i == 0 ? -1 : after_string ? ord - 1 : ord;
        p->back = i == 0 ? 0 : 1 + (after_string ? 0 : quotes ? first : p->n);
        if (i > 0 && !after_string && !quotes && !p->is_string && !is_last) sh->is_indexable = false;
        p->check = text;
        if (after_string) *text++ = '"';
        memcpy(text, p->literal, (size_t)p->n);
        text += p->n;
        if (p->is_string) *text++ = '"';
        p->check_n = (int32_t)(text - p->check);
        ord += quotes + (p->is_string ? 2 : 0);
    }
    sh->nspecials = ord + 1;
    memset(text, 0, 64);
}

static bool shape_equal(const Shape *a, const Shape *b)
{
    if (a->nparts != b->nparts) return false;
    for (int i = 0; i < a->nparts; i++) {
        const Part *p = &a->parts[i], *q = &b->parts[i];
        if (p->is_string != q->is_string || !str_eq(str_of(p->literal, p->n), str_of(q->literal, q->n))) return false;
    }
    return true;
}

static bool is_known(const ShapeSet *s, const Shape *sh)
{
    for (int i = 0; i < s->nshapes; i++)
        if (shape_equal(s->shapes[i], sh)) return true;
    return false;
}

/* The place of a new shape: a free one, or that of the shape used least. */
static int32_t shape_place(ShapeSet *s)
{
    if (s->nshapes < SHAPES_MAX) return s->nshapes++;
    int32_t least = 0;
    for (int i = 0; i < SHAPES_MAX; i++) {
        if (s->shapes[i]->hits < s->shapes[least]->hits) least = i;
        s->shapes[i]->hits /= 2;
    }
    return least;
}

static void keep_shape(ShapeSet *s)
{
    int32_t at = shape_place(s);
    Shape *old = s->shapes[at];
    s->shapes[at] = s->spare;
    s->spare = old;
    s->current = at;
}

/* The spare shape, emptied, with room for all columns. */
static Shape *empty_shape(ShapeSet *s)
{
    Shape *sh = s->spare;
    if (!sh) {
        sh = s->spare = new_one(s->arena, Shape);
        sh->cols = new (s->arena, int32_t, s->ncols);
        sh->missing = new (s->arena, int32_t, s->ncols);
        sh->containers = new (s->arena, Container, s->tree->nslots);
    }
    sh->nparts = sh->nbytes = sh->nmissing = sh->ncontainers = 0;
    sh->hits = 0;
    return sh;
}

static bool may_learn(ShapeSet *s)
{
    if (++s->plain_lines % PLAIN_LINES_PER_CREDIT == 0 && s->credit == 0) s->credit = 1;
    for (int i = 0; i < s->nshapes && s->credit == 0; i++)
        if (s->shapes[i]->hits >= PLAIN_LINES_PER_CREDIT && s->plain_lines % 16 == 0) s->credit = 1;
    return s->credit > 0;
}

void shape_learn(ShapeSet *s, Str line)
{
    const char *first = json_skip_space(line.p, line.p + line.n);
    s->misfits = 0;
    if (*first != '{' || !may_learn(s)) return;
    s->credit--;
    Shape *sh = empty_shape(s);
    ArenaMark mark = arena_mark(s->arena);
    int32_t nslots = s->tree->nslots;
    Learner l = {.set = s, .shape = sh, .p = first, .end = line.p + line.n, .literal = line.p,
                 .seen = new (s->arena, Seen, nslots), .scratch = s->arena};
    for (int i = 0; i < nslots; i++) l.seen[i].part = -1;
    learn_value(&l, 0);
    l.p = l.end;
    end_literal(&l, PART_END);
    if (!l.too_big && !is_known(s, sh)) {
        bind_columns(&l);
        place_parts(sh);
        keep_shape(s);
    }
    arena_release(s->arena, mark);
}
