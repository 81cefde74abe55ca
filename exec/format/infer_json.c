/* infer_json.c: the keys of JSON lines and what their values look like. */
#include "exec/format/infer_formats.h"
#include "exec/format/lines.h"

/* The members of the object at p, whose structure has been judged. False: too many columns. */
static bool note_object(Inference *inf, const char *p, const char *end)
{
    JsonFault f;
    for (p = json_skip_space(p + 1, end); *p != '}';) {
        bool has_escape, value_escape;
        const char *why, *from = p + 1;
        const char *quote = json_string_end(from, end, &has_escape, &why);
        Str key = str_of(from, quote - from);
        if (has_escape) json_unescape(key, inf->scratch, &key);
        p = json_skip_space(json_skip_space(quote + 1, end) + 1, end);
        const char *stop = json_value_end(p, end, 1, &f);
        JsonSpan v = {p, stop - p, *p == '{' ? JSON_OBJECT : *p == '[' ? JSON_ARRAY : JSON_WORD};
        if (*p == '"') {
            json_string_end(p + 1, end, &value_escape, &why);
            v = (JsonSpan){p + 1, stop - p - 2, value_escape ? JSON_ESCAPED : JSON_STRING};
        }
        TypeGuess *g = infer_column(inf, key);
        if (!g) return false;
        guess_json(g, v);
        p = json_skip_space(stop, end);
        if (*p == ',') p = json_skip_space(p + 1, end);
    }
    return true;
}

static bool note_record(Inference *inf, const char *p, const char *end)
{
    JsonFault f;
    if (*p == '{') return note_object(inf, p, end);
    for (p = json_skip_space(p + 1, end); *p == '{';) {
        const char *stop = json_value_end(p, end, 1, &f);
        if (!note_object(inf, p, stop)) return false;
        p = json_skip_space(stop, end);
        if (*p == ',') p = json_skip_space(p + 1, end);
    }
    return true;
}

/* The record's row or rows by the option `root`; else the record. NULL: it has none. */
static const char *find_rows(Inference *inf, Str line, const char **end)
{
    Str root = options_text(inf->given, "root", "");
    JsonTree tree;
    JsonFault f;
    JsonSpan found;
    int32_t slot;
    const char *p = json_skip_space(line.p, line.p + line.n);
    *end = line.p + line.n;
    if (root.n == 0) return p;
    json_tree_init(&tree, inf->scratch);
    if (root.p[0] != '$') root = str_printf(inf->scratch, "$.%.*s", STR_ARG(root));
    if (json_tree_add(&tree, root, (Str){0}, &slot, NULL, (Span){0}) != WEIR_OK) return NULL;
    if (!json_tree_find(&tree, p, *end, &found, inf->scratch, &f)) return NULL;
    if (found.kind != JSON_OBJECT && found.kind != JSON_ARRAY) return NULL;
    *end = found.p + found.n;
    return found.p;
}

static bool is_record(Str line)
{
    JsonFault f;
    const char *end = line.p + line.n, *p = json_skip_space(line.p, end);
    if (*p != '{' && *p != '[') return false;
    p = json_value_end(p, end, 0, &f);
    return p && json_skip_space(p, end) == end;
}

Status json_infer(Inference *inf, Diags *d)
{
    Str rest = inf->head;
    int64_t records = 0, lines = 0;
    while (rest.n && records < INFER_RECORDS_MAX) {
        const char *newline = memchr(rest.p, '\n', (size_t)rest.n);
        ptrdiff_t n = newline ? newline - rest.p : rest.n;
        Str line = str_of(rest.p, n);
        rest = newline ? str_of(newline + 1, rest.n - n - 1) : (Str){0};
        if (line_is_blank(line)) continue;
        lines++;
        if (!is_record(line)) continue;
        const char *end, *p = find_rows(inf, line, &end);
        if (!p) continue;
        if (!note_record(inf, p, end))
            return diag_error(d, WEIR_E_LIMIT, (Span){0}, "more than %d different keys", INFER_COLUMNS_MAX);
        records++;
    }
    if (2 * records > lines) return WEIR_OK;
    diag_error(d, WEIR_E_DATA, (Span){0}, "most of the first lines are not a JSON object");
    diag_hint(d, "a record is one object, or an array of objects, on a line of its own");
    return WEIR_E_DATA;
}
