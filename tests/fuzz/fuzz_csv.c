/* fuzz_csv.c: CSV and TSV in any cuts and by every loop: the same rows and errors; a decoder that
 * is closed in the middle goes on from what it saved. */
#include "exec/format/csv_impl.h"
#include "tests/fuzz/fuzz.h"
#include "tests/unit/format_fixture.h"

static Fixture *choose_relation(Choices *c)
{
    Fixture *f = fixture_new(choose(c, 4) == 1 ? "tsv" : "csv");
    fixture_column(f, "id", choose(c, 2) ? T_SMALL : T_INT, NULL);
    fixture_column(f, "name", T_TEXT, NULL);
    fixture_column(f, "price", choose(c, 2) ? T_DEC(12, 3) : T_DOUBLE, NULL);
    fixture_column(f, "ts", T_TIME(choose(c, 7)), NULL);
    fixture_column(f, "day", T_DATE, NULL);
    uint32_t wanted = choose(c, 32);
    for (int i = 0; i < f->rel.ncols; i++) f->wanted[i] = !(wanted >> i & 1);
    f->rows_max = choose(c, 2) ? 1 + (int)choose(c, 9) : BATCH_ROWS_MAX;
    if (choose(c, 4) == 1) fixture_option(f, "line_limit", "64");
    if (choose(c, 4) == 1) fixture_option(f, "header", choose(c, 2) ? "true" : "false");
    if (choose(c, 8) == 1) fixture_option(f, "delimiter", ";");
    if (choose(c, 8) == 1) fixture_option(f, "quote", "'");
    if (choose(c, 8) == 1) fixture_option(f, "null", "NA");
    if (choose(c, 8) == 1) fixture_option(f, "comment", "#");
    return f;
}

static Str at_level(Fixture *f, Str text, int level)
{
    Decoder *dec = fixture_open(f);
    csv_quick_level((CsvDecoder *)dec, level);
    Str out = fixture_decode_with(f, dec, text, 0, 0);
    format_close(dec);
    return out;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
    Choices c = {data, data + n};
    Fixture *f = choose_relation(&c);
    ptrdiff_t cut = 1 + (ptrdiff_t)choose(&c, 255);
    Str text = choices_rest(&c), whole = fixture_decode(f, text, 0);
    must_be_same(whole, fixture_decode(f, text, cut), "at once and in cuts");
    for (int level = -1; level < 2; level++) must_be_same(whole, at_level(f, text, level), "by another loop");
    fixture_free(f);
    return 0;
}
