/* format_changelog.c: records that say what became of a row: Debezium's envelope, and key and value.
 *
 * debezium: {"before": {…}, "after": {…}, "op": "c|r|u|d", "ts_ms": …}, bare or inside "payload". `after` is
 * the row of its key from there on; of a deletion, `before` gives the key and nothing else counts. A
 * line of null (a tombstone) and messages that are no rows (op m) are passed over.
 * upsert: {"key": {…} or a scalar, "value": {…} or null}: the value is the row of the key, null ends it.
 * Columns of the primary key are those of "key". */
#include "exec/format/json_field.h"
#include "exec/format/json_tree.h"
#include "exec/format/lines.h"

#include "base/datetime.h"

enum { ENVELOPE_SLOTS = 10 };

/* Where the parts of an envelope stand; of each pair of places the first that is there. */
typedef enum Part { PART_OLD, PART_NEW, PART_OP, PART_TIME, PARTS } Part;

typedef struct ChangelogDecoder {
    Decoder base;
    Lines lines;
    FieldOptions fields;
    const Relation *rel;
    JsonTree envelope;
    int32_t slot[2][PARTS];   /* bare, inside payload; -1: this format has no such part */
    JsonTree row;             /* of the wanted columns inside the row's object */
    int32_t *cols, *slot_of;
    int32_t ncols;
    JsonSpan *found;          /* per slot of row */
    bool is_upsert;
    int32_t key_col;          /* the only column of the key, -1: there are several */
} ChangelogDecoder;

/* ---- opening -------------------------------------------------------------------------------------- */

static Status add_part(ChangelogDecoder *c, int place, Part part, const char *path, Diags *d)
{
    return json_tree_add(&c->envelope, str_z(path), (Str){0}, &c->slot[place][part], d, (Span){0});
}

static Status add_envelope(ChangelogDecoder *c, Arena *a, Diags *d)
{
    static const char *const paths[2][PARTS] = {{"$.before", "$.after", "$.op", "$.ts_ms"},
                                                {"$.payload.before", "$.payload.after", "$.payload.op", "$.payload.ts_ms"}};
    json_tree_init(&c->envelope, a);
    memset(c->slot, 0xff, sizeof c->slot);
    if (c->is_upsert) {
        TRY(add_part(c, 0, PART_OLD, "$.key", d));
        return add_part(c, 0, PART_NEW, "$.value", d);
    }
    for (int place = 0; place < 2; place++)
        for (int part = 0; part < PARTS; part++) TRY(add_part(c, place, (Part)part, paths[place][part], d));
    return WEIR_OK;
}

static Status add_columns(ChangelogDecoder *c, const bool *wanted, Arena *a, Diags *d)
{
    json_tree_init(&c->row, a);
    c->cols = new (a, int32_t, c->rel->ncols);
    c->slot_of = new (a, int32_t, c->rel->ncols);
    for (int i = 0; i < c->rel->ncols; i++) {
        const ColumnDef *col = &c->rel->cols[i];
        if (col->kind != COL_PHYSICAL || !wanted[i]) continue;
        TRY(json_tree_add(&c->row, col->path, col->name, &c->slot_of[c->ncols], d, col->span));
        c->cols[c->ncols++] = i;
    }
    c->found = new (a, JsonSpan, c->row.nslots);
    return WEIR_OK;
}

static Status changelog_open(const Relation *rel, const bool *wanted, bool is_upsert, Arena *a, Decoder **out, Diags *d)
{
    ChangelogDecoder *c = new_one(a, ChangelogDecoder);
    c->rel = rel;
    c->is_upsert = is_upsert;
    c->key_col = rel->nkey == 1 ? rel->key[0] : -1;
    if (rel->nkey == 0)
        return diag_error(d, WEIR_E_OPTION, (Span){0}, "format %s is of tables with a primary key", is_upsert ? "upsert" : "debezium");
    lines_init(&c->lines, rel);
    TRY(field_options_read(rel, NULL, a, &c->fields, d));
    TRY(add_envelope(c, a, d));
    TRY(add_columns(c, wanted, a, d));
    *out = &c->base;
    return WEIR_OK;
}

static Status debezium_open(const Relation *rel, const bool *wanted, Arena *a, Decoder **out, Diags *d)
{
    return changelog_open(rel, wanted, false, a, out, d);
}

static Status upsert_open(const Relation *rel, const bool *wanted, Arena *a, Decoder **out, Diags *d)
{
    return changelog_open(rel, wanted, true, a, out, d);
}

/* ---- one record ----------------------------------------------------------------------------------- */

typedef struct Record {
    ChangelogDecoder *c;
    RowBuilder *out;
    Str text;
    uint64_t offset;
    JsonSpan parts[PARTS];
} Record;

#define refuse(r, ...) record_error((r)->out, (r)->offset, (r)->text, (r)->text.n, __VA_ARGS__)

static bool is_null(JsonSpan v) { return v.kind == JSON_WORD && str_eq(str_of(v.p, v.n), S("null")); }
static bool is_given(JsonSpan v) { return v.kind != JSON_NONE && !is_null(v); }

/* The whole structure is judged; false: an error was reported. */
static bool find_parts(Record *r)
{
    ChangelogDecoder *c = r->c;
    JsonFault f;
    JsonSpan found[ENVELOPE_SLOTS];
    const char *end = r->text.p + r->text.n, *start = json_skip_space(r->text.p, end);
    if (*start != '{') {
        refuse(r, "the record is not an object");
        return false;
    }
    const char *stop = json_tree_find(&c->envelope, start, end, found, r->out->arena, &f);
    if (stop && json_skip_space(stop, end) != end) f = (JsonFault){json_skip_space(stop, end), "something follows the record"};
    if (!stop || json_skip_space(stop, end) != end) {
        refuse(r, "not JSON: %s at byte %lld", f.why, (long long)(f.at - r->text.p) + 1);
        return false;
    }
    bool wrapped = !c->is_upsert;
    for (int i = 0; i < PARTS && wrapped; i++) wrapped = found[c->slot[0][i]].kind == JSON_NONE;
    for (int i = 0; i < PARTS; i++) {
        int32_t slot = c->slot[wrapped][i];
        r->parts[i] = slot >= 0 ? found[slot] : (JsonSpan){0};
    }
    return true;
}

static void read_object(Record *r, JsonSpan object)
{
    JsonFault f;
    json_tree_find(&r->c->row, object.p, object.p + object.n, r->c->found, r->out->arena, &f);
}

static bool is_key(const ChangelogDecoder *c, int col)
{
    return c->rel->cols[col].primary_key;
}

/* Columns of the key, or the others, from the object read last; or NULL. */
static void put_columns(Record *r, bool of_key, bool is_read)
{
    ChangelogDecoder *c = r->c;
    for (int i = 0; i < c->ncols; i++) {
        if (is_key(c, c->cols[i]) != of_key) continue;
        if (is_read) json_field(r->out, c->cols[i], c->found[c->slot_of[i]], &c->fields);
        else field_null(r->out, c->cols[i]);
    }
}

static int64_t time_of(const Record *r)
{
    int64_t ms, us;
    JsonSpan t = r->parts[PART_TIME];
    bool ok = t.kind == JSON_WORD && str_to_int64(str_of(t.p, t.n), &ms) && timestamp_from_epoch(ms, 1000, &us);
    return ok ? us : INT64_MIN;
}

static void end_row(Record *r, int32_t weight)
{
    RowBuilder *b = r->out;
    b->has_weights = true;
    b->weight[b->rows] = weight;
    b->time_us[b->rows] = time_of(r);
    builder_end_row(b, r->offset, 0);
}

/* ---- key and value -------------------------------------------------------------------------------- */

static bool has_key(const Record *r)
{
    JsonSpan key = r->parts[PART_OLD];
    if (key.kind == JSON_OBJECT || (is_given(key) && r->c->key_col >= 0)) return true;
    refuse(r, is_given(key) ? "the key is not an object, but the primary key has several columns" : "the record has no key");
    return false;
}

static void put_key(Record *r)
{
    JsonSpan key = r->parts[PART_OLD];
    bool is_object = key.kind == JSON_OBJECT;
    if (is_object) read_object(r, key);
    if (is_object) put_columns(r, true, true);
    else json_field(r->out, r->c->key_col, key, &r->c->fields);
}

static void decode_upsert(Record *r)
{
    JsonSpan value = r->parts[PART_NEW];
    bool has_row = value.kind == JSON_OBJECT;
    if (!has_row && !is_null(value)) {
        refuse(r, "the record's \"value\" is neither an object nor null");
        return;
    }
    if (!has_key(r)) return;
    if (has_row) read_object(r, value);
    put_columns(r, false, has_row);
    put_key(r);
    end_row(r, has_row ? 1 : -1);
}

/* ---- Debezium ------------------------------------------------------------------------------------- */

static bool is_op(const Record *r, const char *ops)
{
    JsonSpan op = r->parts[PART_OP];
    return op.kind == JSON_STRING && op.n == 1 && strchr(ops, *op.p);
}

static void put_row(Record *r, JsonSpan object, int32_t weight)
{
    read_object(r, object);
    put_columns(r, true, true);
    put_columns(r, false, weight > 0);
    end_row(r, weight);
}

static void decode_debezium(Record *r)
{
    JsonSpan before = r->parts[PART_OLD], after = r->parts[PART_NEW];
    bool has_op = is_given(r->parts[PART_OP]);
    if (is_op(r, "m")) return;
    if (has_op && !is_op(r, "crud")) {
        refuse(r, "the record's \"op\" is none of c, r, u and d");
        return;
    }
    bool is_delete = has_op ? is_op(r, "d") : !is_given(after);
    JsonSpan row = is_delete ? before : after;
    if (row.kind == JSON_OBJECT) put_row(r, row, is_delete ? -1 : 1);
    else refuse(r, "the record has no row in \"%s\"", is_delete ? "before" : "after");
}

/* ---- decoding ------------------------------------------------------------------------------------- */

static ptrdiff_t changelog_decode(Decoder *dec, const char *buf, ptrdiff_t n, bool at_end, uint64_t base, RowBuilder *out)
{
    ChangelogDecoder *c = (ChangelogDecoder *)dec;
    LineInput in = {.buf = buf, .at = buf, .end = buf + n, .at_end = at_end, .base = base, .dec = dec, .out = out};
    Record r = {.c = c, .out = out};
    lines_skip_mark(&in);
    while (!builder_is_full(out) && lines_next(&c->lines, &in, &r.text)) {
        if (line_is_blank(r.text) || str_eq(str_trim(r.text), S("null"))) continue;
        r.offset = line_offset(&in, r.text.p);
        if (!find_parts(&r)) continue;
        if (c->is_upsert) decode_upsert(&r);
        else decode_debezium(&r);
    }
    return in.at - buf;
}

static void changelog_reset(Decoder *dec)
{
    lines_reset(&((ChangelogDecoder *)dec)->lines, dec);
}

static const OptionDef changelog_options[] = {
    TIME_OPTIONS,
    {"lenient", OPT_BOOL, .fallback = "false", .doc = "take numbers and booleans in quotes"},
    LINE_OPTIONS,
    {0}};

static const FormatImpl debezium_impl = {.open = debezium_open, .decode = changelog_decode, .reset = changelog_reset};
static const FormatImpl upsert_impl = {.open = upsert_open, .decode = changelog_decode, .reset = changelog_reset};

extern const FormatDef format_changelog[];
const FormatDef format_changelog[] = {
    {.name = "debezium", .aliases = "debezium-json", .options = changelog_options, .impl = &debezium_impl,
     .is_changelog = true, .doc = "tables: a JSON envelope a line with before, after and op"},
    {.name = "upsert", .aliases = "upsert-json", .options = changelog_options, .impl = &upsert_impl,
     .is_changelog = true, .doc = "tables: a JSON object a line with key and value; value null deletes"},
    {0}};
