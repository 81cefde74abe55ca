/* format_regex.c: lines by a pattern of the user's own. */
#include "exec/format/lines.h"
#include "exec/format/pattern_lines.h"

static Status regex_open(const Relation *rel, const bool *wanted, Arena *a, Decoder **out, Diags *d)
{
    const Option *pattern = options_get(&rel->options, "pattern");
    if (!pattern) {
        diag_error(d, WEIR_E_OPTION, (Span){0}, "format regex needs the option pattern");
        diag_hint(d, "named groups are columns: pattern = '^(?<time>\\S+) (?<message>.*)$'");
        return WEIR_E_OPTION;
    }
    return pattern_decoder_open(rel, wanted, pattern->value, pattern->span, NULL, a, out, d);
}

static const FormatImpl regex_impl = {
    .open = regex_open, .decode = pattern_decode, .reset = pattern_reset, .close = pattern_close};

static const OptionDef regex_options[] = {
    {"pattern", OPT_TEXT, .doc = "regular expression (PCRE2) whose named groups are columns",
     .is_required = true},
    {"null", OPT_TEXT, .doc = "text that stands for NULL"},
    PATTERN_OPTIONS, TIME_OPTIONS, LINE_OPTIONS, {0}};

extern const FormatDef format_regex[];
const FormatDef format_regex[] = {
    {.name = "regex", .options = regex_options, .impl = &regex_impl,
     .doc = "lines by a regular expression whose named groups are columns"},
    {0}};
