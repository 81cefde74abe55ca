/* fuzz_lines.c: logs, patterns and changelogs: every format whose record is a line, in any cuts. */
#include "tests/fuzz/fuzz.h"
#include "tests/unit/format_fixture.h"

static const char *const FORMATS[] = {"apache_common", "apache_combined", "syslog", "logfmt",
                                      "raw", "regex", "debezium", "upsert"};

static Fixture *choose_relation(Choices *c)
{
    const char *format = FORMATS[choose(c, sizeof FORMATS / sizeof *FORMATS)];
    Fixture *f = fixture_new(format);
    if (!strcmp(format, "raw")) {
        fixture_column(f, "line", T_TEXT, NULL);
    } else {
        fixture_column(f, "time", T_TIME(choose(c, 7)), NULL);
        fixture_column(f, "host", T_TEXT, NULL);
        fixture_column(f, "status", T_INT, NULL);
        fixture_column(f, "took", T_DOUBLE, NULL);
    }
    if (!strcmp(format, "debezium") || !strcmp(format, "upsert")) {
        f->rel.kind = REL_TABLE;
        f->cols[1].primary_key = true;
    }
    if (!strcmp(format, "regex"))
        fixture_option(f, "pattern", choose(c, 2) ? "^(?<time>\\S+) (?<host>\\w*)( (?<status>[0-9]+))?$"
                                                  : "(?<host>(a|aa)+)$");
    if (choose(c, 4) == 1) fixture_option(f, "line_limit", "64");
    f->rows_max = choose(c, 2) ? 1 + (int)choose(c, 9) : BATCH_ROWS_MAX;
    return f;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
    Choices c = {data, data + n};
    Fixture *f = choose_relation(&c);
    ptrdiff_t cut = 1 + (ptrdiff_t)choose(&c, 255);
    Str text = choices_rest(&c), message;
    if (fixture_open_status(f, &message) == WEIR_OK)
        must_be_same(fixture_decode(f, text, 0), fixture_decode(f, text, cut), "at once and in cuts");
    fixture_free(f);
    return 0;
}
