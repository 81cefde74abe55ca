/* pattern_lines.c: a line is matched once, with PCRE2's JIT and a match limit; each wanted group
 * becomes the text of its column. A group that took no part in the match is NULL. */
#define PCRE2_CODE_UNIT_WIDTH 8
#include "exec/format/pattern_lines.h"
#include "base/utf8.h"

#include "exec/format/lines.h"

#include <pcre2.h>

enum { JIT_STACK_MIN = 32 << 10, JIT_STACK_MAX = 1 << 20 };

typedef struct PatternDecoder {
    Decoder base;
    Lines lines;
    FieldOptions fields;
    pcre2_code *code;
    pcre2_match_data *match;
    pcre2_match_context *limits;
    pcre2_jit_stack *stack;
    bool has_null;         /* the option null was given */
    int32_t *groups, *cols, ncols; /* group number of each wanted column */
} PatternDecoder;

static Status bad_pattern(Diags *d, Span at, int error, PCRE2_SIZE offset)
{
    PCRE2_UCHAR text[160];
    pcre2_get_error_message(error, text, sizeof text);
    return diag_error(d, WEIR_E_OPTION, at, "the pattern is wrong at its byte %d: %s", (int)offset + 1, (const char *)text);
}

static Status compile(PatternDecoder *p, Str pattern, int64_t limit, Span at, Diags *d)
{
    int error;
    PCRE2_SIZE offset;
    uint32_t flags = PCRE2_UTF | PCRE2_NO_UTF_CHECK | PCRE2_DOLLAR_ENDONLY;
    if (!utf8_is_valid(pattern)) return diag_error(d, WEIR_E_OPTION, at, "the pattern is not valid UTF-8");
    p->code = pcre2_compile((PCRE2_SPTR)pattern.p, (PCRE2_SIZE)pattern.n, flags, &error, &offset, NULL);
    if (!p->code) return bad_pattern(d, at, error, offset);
    pcre2_jit_compile(p->code, PCRE2_JIT_COMPLETE);
    p->match = pcre2_match_data_create_from_pattern(p->code, NULL);
    p->limits = pcre2_match_context_create(NULL);
    if (!p->match || !p->limits) oom_raise();
    p->stack = pcre2_jit_stack_create(JIT_STACK_MIN, JIT_STACK_MAX, NULL);
    if (p->stack) pcre2_jit_stack_assign(p->limits, NULL, p->stack);
    pcre2_set_match_limit(p->limits, (uint32_t)limit);
    pcre2_set_depth_limit(p->limits, (uint32_t)limit);
    return WEIR_OK;
}

/* The group called as the column is, without case; 0: none. */
static int group_named(const PatternDecoder *p, Str name)
{
    uint32_t count, size;
    PCRE2_SPTR table;
    pcre2_pattern_info(p->code, PCRE2_INFO_NAMECOUNT, &count);
    pcre2_pattern_info(p->code, PCRE2_INFO_NAMEENTRYSIZE, &size);
    pcre2_pattern_info(p->code, PCRE2_INFO_NAMETABLE, &table);
    for (uint32_t i = 0; i < count; i++) {
        const unsigned char *e = table + i * size;
        if (str_ieq(str_z((const char *)e + 2), name)) return e[0] << 8 | e[1];
    }
    return 0;
}

static Status find_groups(PatternDecoder *p, const Relation *rel, const bool *wanted, Arena *a, Diags *d)
{
    p->groups = new (a, int32_t, rel->ncols);
    p->cols = new (a, int32_t, rel->ncols);
    for (int i = 0; i < rel->ncols; i++) {
        if (rel->cols[i].kind != COL_PHYSICAL) continue;
        int g = group_named(p, rel->cols[i].name);
        if (!g) {
            Status st = diag_error(d, WEIR_E_OPTION, rel->cols[i].span, "the pattern has no group \"%.*s\"", STR_ARG(rel->cols[i].name));
            diag_hint(d, "a column is filled by a named group: (?<%.*s>\\S+)", STR_ARG(rel->cols[i].name));
            return st;
        }
        if (!wanted[i]) continue;
        p->groups[p->ncols] = g;
        p->cols[p->ncols++] = i;
    }
    return WEIR_OK;
}

void pattern_close(Decoder *dec)
{
    PatternDecoder *p = (PatternDecoder *)dec;
    pcre2_match_context_free(p->limits);
    pcre2_jit_stack_free(p->stack);
    pcre2_match_data_free(p->match);
    pcre2_code_free(p->code);
    p->limits = NULL;
    p->stack = NULL;
    p->match = NULL;
    p->code = NULL;
}

Status pattern_decoder_open(const Relation *rel, const bool *wanted, Str pattern, Span at,
                            const char *time_style, Arena *a, Decoder **out, Diags *d)
{
    PatternDecoder *p = new_one(a, PatternDecoder);
    lines_init(&p->lines, rel);
    TRY(field_options_read(rel, time_style, a, &p->fields, d));
    p->has_null = options_get(&rel->options, "null") != NULL;
    Status st = compile(p, pattern, options_int(&rel->options, "regex_limit", 1000000), at, d);
    if (st == WEIR_OK) st = find_groups(p, rel, wanted, a, d);
    if (st != WEIR_OK) {
        pattern_close(&p->base);
        return st;
    }
    *out = &p->base;
    return WEIR_OK;
}

static void take_groups(PatternDecoder *p, Str line, RowBuilder *out)
{
    const PCRE2_SIZE *at = pcre2_get_ovector_pointer(p->match);
    for (int i = 0; i < p->ncols; i++) {
        PCRE2_SIZE from = at[2 * p->groups[i]], to = at[2 * p->groups[i] + 1];
        Str text = from == PCRE2_UNSET ? (Str){0} : str_of(line.p + from, (ptrdiff_t)(to - from));
        bool is_null = from == PCRE2_UNSET || (p->has_null && str_eq(text, p->fields.null_text));
        if (is_null) field_null(out, p->cols[i]);
        else field_decode(out, p->cols[i], text.p, text.n, &p->fields);
    }
}

static void decode_line(PatternDecoder *p, Str line, uint64_t offset, RowBuilder *out)
{
    if (!utf8_is_valid(line)) {
        record_error(out, offset, line, line.n, "not valid UTF-8");
        return;
    }
    int rc = pcre2_match(p->code, (PCRE2_SPTR)line.p, (PCRE2_SIZE)line.n, 0, PCRE2_NO_UTF_CHECK, p->match, p->limits);
    if (rc == PCRE2_ERROR_NOMATCH) {
        record_error(out, offset, line, line.n, "the line does not match the pattern");
    } else if (rc < 0) {
        record_error(out, offset, line, line.n, "matching the line takes more than regex_limit steps");
    } else {
        take_groups(p, line, out);
        builder_end_row(out, offset, 0);
    }
}

ptrdiff_t pattern_decode(Decoder *dec, const char *buf, ptrdiff_t n, bool at_end, uint64_t base,
                         RowBuilder *out)
{
    PatternDecoder *p = (PatternDecoder *)dec;
    LineInput in = {.buf = buf, .at = buf, .end = buf + n, .at_end = at_end, .base = base, .dec = dec, .out = out};
    Str line;
    lines_skip_mark(&in);
    while (!builder_is_full(out) && lines_next(&p->lines, &in, &line))
        if (line.n > 0) decode_line(p, line, line_offset(&in, line.p), out);
    return in.at - buf;
}

void pattern_reset(Decoder *dec) { lines_reset(&((PatternDecoder *)dec)->lines, dec); }
