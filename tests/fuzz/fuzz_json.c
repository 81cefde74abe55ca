/* fuzz_json.c: lines of JSON by the quick way and by the plain one, in any cuts, with any
 * instruction set: the same rows and errors.
 *
 * The first bytes choose columns and options; the rest is the text. Half of the inputs stand behind
 * lines from which the quick way has learned how the stream is built. */
#include "exec/format/json_shape.h"
#include "tests/fuzz/fuzz.h"
#include "tests/unit/format_fixture.h"

static const char FAMILIAR[] =
    "{\"a\":1,\"b\":\"x\",\"d\":1.5,\"t\":\"2024-01-01T00:00:00Z\",\"x\":true,\"o\":{\"p\":[1,2]}}\n"
    "{\"a\":-2,\"b\":\"a name of more than twelve\",\"d\":2e3,\"t\":\"2024-01-01 00:00:01.5\",\"x\":null,\"o\":{\"p\":[3,4]}}\n"
    "{\"a\":3,\"b\":\"\",\"d\":-0.0,\"t\":\"1969-12-31T23:59:59.999Z\",\"x\":false,\"o\":{\"p\":[5,6]}}\n";

static Fixture *choose_relation(Choices *c)
{
    Fixture *f = fixture_new("json");
    fixture_column(f, "a", choose(c, 2) ? T_SMALL : T_INT, NULL);
    fixture_column(f, "b", T_TEXT, NULL);
    fixture_column(f, "d", choose(c, 2) ? T_DEC(12, 3) : T_DOUBLE, NULL);
    fixture_column(f, "t", T_TIME(choose(c, 7)), NULL);
    fixture_column(f, "x", T_BOOL, NULL);
    fixture_column(f, "p", T_INT, "$.o.p[1]");
    fixture_column(f, "o", T_JSON, NULL);
    fixture_column(f, "s", T_TEXT, "$.d");
    uint32_t wanted = choose(c, 256);
    for (int i = 0; i < f->rel.ncols; i++) f->wanted[i] = wanted >> i & 1;
    f->rows_max = choose(c, 2) ? BATCH_ROWS_MAX : 1 + (int)choose(c, 9);
    if (choose(c, 4) == 1) fixture_option(f, "lenient", "true");
    if (choose(c, 4) == 1) fixture_option(f, "line_limit", "64");
    if (choose(c, 8) == 1) fixture_option(f, "root", "$.o");
    if (choose(c, 8) == 1) fixture_option(f, "timestamp_format", "epoch_ms");
    return f;
}

/* Every line by a decoder that has learned nothing. */
static Str line_by_line(Fixture *f, Str text)
{
    StrBuf out = {.arena = &f->arena};
    for (ptrdiff_t at = 0; at < text.n;) {
        const char *newline = memchr(text.p + at, '\n', (size_t)(text.n - at));
        ptrdiff_t n = (newline ? newline + 1 - text.p : text.n) - at;
        Decoder *dec = fixture_open(f);
        sb_str(&out, fixture_decode_with(f, dec, str_of(text.p + at, n), 0, (uint64_t)at));
        format_close(dec);
        at += n;
    }
    return sb_done(&out);
}

static Str at_level(Fixture *f, Str text, int level)
{
    Decoder *dec = fixture_open(f);
    if (json_decoder_shapes(dec)) shape_set_level(json_decoder_shapes(dec), level);
    Str out = fixture_decode_with(f, dec, text, 0, 0);
    format_close(dec);
    return out;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
    Choices c = {data, data + n};
    Fixture *f = choose_relation(&c);
    bool is_familiar = choose(&c, 2) == 0;
    ptrdiff_t cut = 1 + (ptrdiff_t)choose(&c, 255);
    StrBuf in = {.arena = &f->arena};
    if (is_familiar) sb_z(&in, FAMILIAR);
    sb_str(&in, choices_rest(&c));
    Str text = sb_done(&in), plain = line_by_line(f, text);
    must_be_same(plain, fixture_decode(f, text, 0), "line by line and at once");
    must_be_same(plain, fixture_decode(f, text, cut), "line by line and in cuts");
    for (int level = 0; level < 2; level++) must_be_same(plain, at_level(f, text, level), "plain and by an instruction set");
    fixture_free(f);
    return 0;
}
