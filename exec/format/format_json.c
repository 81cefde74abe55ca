/* format_json.c: one JSON object a line, or an array of objects.
 *
 * Two ways lead to the same rows. The plain one judges a line's structure and finds the wanted
 * places by the tree of paths. The quick one (json_shape.h) has learned how such lines are built
 * and compares everything that is not a value with what it learned; a line built otherwise goes
 * the plain way. */
#include "exec/format/infer_formats.h"
#include "exec/format/json_field.h"
#include "exec/format/json_shape.h"
#include "exec/format/json_tree.h"
#include "exec/format/lines.h"

#include <assert.h>

typedef struct JsonDecoder {
    Decoder base;
    Lines lines;
    FieldOptions fields;
    JsonTree tree;        /* of the wanted columns */
    JsonTree root;        /* of the option `root`: one slot */
    bool has_root;
    Str root_path;
    int32_t *slot_of;     /* per wanted column, in step with cols */
    int32_t *cols;
    int32_t ncols;
    JsonSpan *found;      /* per slot of tree */
    uint32_t resume;      /* first element of an array not handed out */
    ShapeSet *shapes;     /* NULL: always the plain way */
} JsonDecoder;

/* ---- opening ----------------------------------------------------------------------------------- */

static Status add_columns(JsonDecoder *j, const Relation *rel, const bool *wanted, Arena *a, Diags *d)
{
    json_tree_init(&j->tree, a);
    j->cols = new (a, int32_t, rel->ncols);
    j->slot_of = new (a, int32_t, rel->ncols);
    for (int i = 0; i < rel->ncols; i++) {
        const ColumnDef *c = &rel->cols[i];
        if (c->kind != COL_PHYSICAL || !wanted[i]) continue;
        TRY(json_tree_add(&j->tree, c->path, c->name, &j->slot_of[j->ncols], d, c->span));
        j->cols[j->ncols++] = i;
    }
    j->found = new (a, JsonSpan, j->tree.nslots);
    return WEIR_OK;
}

static Status add_root(JsonDecoder *j, const Relation *rel, Arena *a, Diags *d)
{
    const Option *o = options_get(&rel->options, "root");
    int32_t slot;
    if (!o) return WEIR_OK;
    j->has_root = true;
    j->root_path = o->value;
    json_tree_init(&j->root, a);
    Str path = o->value;
    if (path.n == 0 || path.p[0] != '$') path = str_printf(a, "$.%.*s", STR_ARG(o->value));
    return json_tree_add(&j->root, path, (Str){0}, &slot, d, o->span);
}

static Status json_open(const Relation *rel, const bool *wanted, Arena *a, Decoder **out, Diags *d)
{
    JsonDecoder *j = new_one(a, JsonDecoder);
    lines_init(&j->lines, rel);
    TRY(field_options_read(rel, NULL, a, &j->fields, d));
    TRY(add_columns(j, rel, wanted, a, d));
    TRY(add_root(j, rel, a, d));
    if (!j->has_root)
        j->shapes = shape_set_new(a, &j->tree, rel, j->cols, j->slot_of, j->ncols, &j->fields, j->lines.limit);
    *out = &j->base;
    return WEIR_OK;
}

ShapeSet *json_decoder_shapes(Decoder *dec)
{
    return ((JsonDecoder *)dec)->shapes;
}

/* ---- the plain way ----------------------------------------------------------------------------- */

/* One line in work. */
typedef struct JsonLine {
    JsonDecoder *j;
    RowBuilder *out;
    Str text;
    uint64_t offset;
} JsonLine;

static void line_error(const JsonLine *l, const char *at, const char *why)
{
    record_error(l->out, l->offset, l->text, l->text.n, "not JSON: %s at byte %lld", why,
                 (long long)(at - l->text.p) + 1);
}

static void put_row(const JsonLine *l, uint32_t ordinal)
{
    JsonDecoder *j = l->j;
    for (int i = 0; i < j->ncols; i++)
        json_field(l->out, j->cols[i], j->found[j->slot_of[i]], &j->fields);
    builder_end_row(l->out, l->offset, ordinal);
}

static bool ends_with_space(const JsonLine *l, const char *p, const char *end)
{
    p = json_skip_space(p, end);
    if (p == end) return true;
    line_error(l, p, "something follows the record");
    return false;
}

static void decode_object(const JsonLine *l, const char *p, const char *end)
{
    JsonFault f;
    const char *stop = json_tree_find(&l->j->tree, p, end, l->j->found, l->out->arena, &f);
    if (!stop)
        line_error(l, f.at, f.why);
    else if (ends_with_space(l, stop, end))
        put_row(l, 0);
}

/* Every element is an object? The structure has been judged. */
static bool elements_are_objects(const JsonLine *l, const char *p, const char *end)
{
    JsonFault f;
    for (p = json_skip_space(p + 1, end); *p != ']'; p = json_skip_space(p + 1, end)) {
        if (*p != '{') {
            line_error(l, p, "an element of the array is not an object");
            return false;
        }
        p = json_skip_space(json_value_end(p, end, 1, &f), end);
        if (*p == ']') break;
    }
    return true;
}

/* The rows of an array; *is_done is false where the batch got full before its last one. */
static void put_elements(const JsonLine *l, const char *p, const char *end, bool *is_done)
{
    JsonDecoder *j = l->j;
    JsonFault f;
    uint32_t ordinal = 0;
    p = json_skip_space(p + 1, end);
    while (*p == '{') {
        if (ordinal < j->resume) {
            p = json_value_end(p, end, 1, &f);
        } else if (l->out->rows == l->out->cap) {
            j->resume = ordinal;
            *is_done = false;
            return;
        } else {
            p = json_tree_find(&j->tree, p, end, j->found, l->out->arena, &f);
            put_row(l, ordinal);
        }
        ordinal++;
        p = json_skip_space(p, end);
        if (*p == ',') p = json_skip_space(p + 1, end);
    }
    j->resume = 0;
    *is_done = true;
}

static bool decode_array(const JsonLine *l, const char *p, const char *end)
{
    JsonFault f;
    bool is_done = true;
    const char *stop = json_value_end(p, end, 0, &f);
    if (!stop)
        line_error(l, f.at, f.why);
    else if (ends_with_space(l, stop, end) && elements_are_objects(l, p, stop))
        put_elements(l, p, stop, &is_done);
    return is_done;
}

/* The row or rows inside the record, by the option `root`. NULL: an error was reported. */
static const char *find_root(const JsonLine *l, const char **end)
{
    JsonFault f;
    JsonSpan root;
    const char *line_end = l->text.p + l->text.n;
    const char *start = json_skip_space(l->text.p, line_end);
    const char *stop = json_tree_find(&l->j->root, start, line_end, &root, l->out->arena, &f);
    if (!stop) {
        line_error(l, f.at, f.why);
        return NULL;
    }
    if (!ends_with_space(l, stop, line_end)) return NULL;
    if (root.kind == JSON_OBJECT || root.kind == JSON_ARRAY) {
        *end = root.p + root.n;
        return root.p;
    }
    record_error(l->out, l->offset, l->text, l->text.n,
                 "the record has no object or array of objects at \"%.*s\"", STR_ARG(l->j->root_path));
    return NULL;
}

/* False: the batch is full and the line is not done. */
static bool decode_line(const JsonLine *l)
{
    const char *end = l->text.p + l->text.n;
    const char *p = l->j->has_root ? find_root(l, &end) : json_skip_space(l->text.p, end);
    if (!p) return true;
    if (*p == '[') return decode_array(l, p, end);
    if (*p == '{')
        decode_object(l, p, end);
    else
        line_error(l, p, "the record is neither an object nor an array of objects");
    return true;
}

/* ---- decoding ---------------------------------------------------------------------------------- */

static ptrdiff_t json_decode(Decoder *dec, const char *buf, ptrdiff_t n, bool at_end, uint64_t base,
                             RowBuilder *out)
{
    JsonDecoder *j = (JsonDecoder *)dec;
    LineInput in = {.buf = buf, .at = buf, .end = buf + n, .at_end = at_end, .base = base, .dec = dec,
                    .out = out};
    lines_skip_mark(&in);
    if (j->shapes) shape_begin(j->shapes);
    while (!builder_is_full(out)) {
        if (j->shapes && !j->lines.is_skipping && j->resume == 0) {
            in.at = shape_decode(j->shapes, in.at, in.end, line_offset(&in, in.at), out);
            if (builder_is_full(out)) break;
        }
        JsonLine l = {.j = j, .out = out};
        const char *before = in.at;
        if (!lines_next(&j->lines, &in, &l.text)) break;
        if (line_is_blank(l.text)) continue;
        l.offset = line_offset(&in, l.text.p);
        ptrdiff_t errors = out->errors.len;
        if (!decode_line(&l)) {
            in.at = before;
            break;
        }
        if (j->shapes && out->errors.len == errors) shape_learn(j->shapes, l.text);
    }
    return in.at - buf;
}

static void json_reset(Decoder *dec)
{
    JsonDecoder *j = (JsonDecoder *)dec;
    lines_reset(&j->lines, dec);
    j->resume = 0;
}

/* An array that was handed out in part: which element comes next. */
static Str json_save(Decoder *dec, Arena *a)
{
    JsonDecoder *j = (JsonDecoder *)dec;
    StrBuf b = {.arena = a};
    if (j->resume) sb_varint(&b, j->resume);
    return sb_done(&b);
}

static Status json_load(Decoder *dec, Str saved)
{
    JsonDecoder *j = (JsonDecoder *)dec;
    StrReader r = {saved.p, saved.p + saved.n, false};
    json_reset(dec);
    if (saved.n) j->resume = (uint32_t)sr_varint(&r);
    return r.bad ? WEIR_E_CORRUPT : WEIR_OK;
}

static const OptionDef json_options[] = {
    TIME_OPTIONS,
    {"lenient", OPT_BOOL, .fallback = "false", .doc = "take numbers and booleans in quotes"},
    {"root", OPT_TEXT, .doc = "path of the row, or array of rows, inside the record's object"},
    LINE_OPTIONS,
    {0}};

static void json_limit_simd(Decoder *dec, int most)
{
    ShapeSet *shapes = json_decoder_shapes(dec);
    if (shapes) shape_set_level(shapes, most);
}

static const FormatImpl json_impl = {.open = json_open, .decode = json_decode, .reset = json_reset,
                                     .save = json_save, .load = json_load, .limit_simd = json_limit_simd, .infer = json_infer};

extern const FormatDef format_json[];
const FormatDef format_json[] = {
    {.name = "json", .aliases = "ndjson,jsonl", .options = json_options, .impl = &json_impl,
     .doc = "one JSON object a line, or arrays of objects"},
    {0}};
