/* bench_decode.c: how fast bytes become columns: Nexmark bids as NDJSON and CSV, from memory.
 *
 *     bench_decode [json|csv] [columns 1..7] [rounds] [events]
 *
 * Prints events a second and GB a second of the best round, on one core. */
#include "exec/format/format.h"

#include <stdio.h>
#include <stdlib.h>
#include <time.h>

extern const FormatDef *const format_table[];

static uint64_t random_state = 1;
static uint64_t next_random(void)
{
    uint64_t z = random_state += 0x9e3779b97f4a7c15u;
    z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9u;
    z = (z ^ z >> 27) * 0x94d049bb133111ebu;
    return z ^ z >> 31;
}

static const char *channel(char *buf, size_t n, const char **url, char *url_buf, size_t url_n)
{
    static const char *const hot[] = {"Google", "Facebook", "Baidu", "Apple"};
    uint64_t r = next_random();
    if (r & 1) {
        *url = "https://www.nexmark.com/hot/chan/nel/item.htm?query=1";
        return hot[r >> 1 & 3];
    }
    snprintf(buf, n, "channel-%d", (int)(r >> 8) & 8191);
    snprintf(url_buf, url_n, "https://www.nexmark.com/%.3s/abcd/efg/item.htm?query=1&channel_id=%u", "xyz",
             (unsigned)(r >> 32));
    *url = url_buf;
    return buf;
}

static Str make_events(Arena *a, bool is_json, int events)
{
    StrBuf b = {.arena = a};
    char chan[64], url_buf[160];
    if (!is_json) sb_lit(&b, "auction,bidder,price,channel,url,date_time,extra\n");
    for (int i = 0; i < events; i++) {
        const char *url, *c = channel(chan, sizeof chan, &url, url_buf, sizeof url_buf);
        int ms = i / 10, s = ms / 1000;
        const char *fmt = is_json
            ? "{\"auction\":%d,\"bidder\":%d,\"price\":%d,\"channel\":\"%s\",\"url\":\"%s\","
              "\"date_time\":\"2024-01-01 %02d:%02d:%02d.%03d\",\"extra\":\"%.*s\"}\n"
            : "%d,%d,%d,%s,%s,2024-01-01 %02d:%02d:%02d.%03d,%.*s\n";
        sb_printf(&b, fmt, 1000 + (int)(next_random() % 100000), 1000 + (int)(next_random() % 100000),
                  100 + (int)(next_random() % 1000000), c, url, s / 3600, s / 60 % 60, s % 60, ms % 1000,
                  20 + (int)(next_random() % 20), "abcdefghijklmnopqrstuvwxyzabcdefghijklmnopqrstuvwxyz");
    }
    sb_reserve(&b, 128);
    return sb_done(&b);
}

static ColumnDef columns[] = {
    {.name = {"auction", 7}, .type = {.kind = TYPE_BIGINT, .int_bits = 64}},
    {.name = {"bidder", 6}, .type = {.kind = TYPE_BIGINT, .int_bits = 64}},
    {.name = {"price", 5}, .type = {.kind = TYPE_BIGINT, .int_bits = 64}},
    {.name = {"channel", 7}, .type = {.kind = TYPE_TEXT}},
    {.name = {"url", 3}, .type = {.kind = TYPE_TEXT}},
    {.name = {"date_time", 9}, .type = {.kind = TYPE_TIMESTAMP, .precision = 3}},
    {.name = {"extra", 5}, .type = {.kind = TYPE_TEXT}}};

static double seconds(void)
{
    struct timespec t;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
    return (double)t.tv_sec + (double)t.tv_nsec * 1e-9;
}

typedef struct Totals {
    int64_t rows, errors;
    uint64_t sum;
} Totals;

static void add_up(Totals *t, const RowBuilder *b, const bool *wanted)
{
    t->rows += b->rows;
    t->errors += b->errors.len;
    for (int i = 0; i < 3; i++)
        for (int r = 0; wanted[i] && r < b->rows; r++) t->sum += (uint64_t)COL(int64_t, &b->cols[i])[r];
}

static Totals decode_all(Decoder *dec, Str text, const bool *wanted, Column *fresh, RowBuilder *b, Arena *batch)
{
    Totals t = {0};
    if (dec->impl->reset) dec->impl->reset(dec);
    for (ptrdiff_t at = 0; at < text.n;) {
        arena_reset(batch);
        memcpy(b->cols, fresh, 7 * sizeof *fresh);
        b->arena = batch;
        b->rows = 0;
        memset(&b->errors, 0, sizeof b->errors);
        ptrdiff_t chunk = text.n - at < 1 << 20 ? text.n - at : 1 << 20;
        ptrdiff_t used = dec->impl->decode(dec, text.p + at, chunk, at + chunk == text.n, (uint64_t)at, b);
        if (used == 0) break;
        at += used;
        add_up(&t, b, wanted);
    }
    return t;
}

int main(int argc, char **argv)
{
    OomFrame oom;
    Arena a = {0}, batch = {0};
    const char *format = argc > 1 ? argv[1] : "json";
    int ncols = argc > 2 ? (int)strtol(argv[2], NULL, 10) : 7;
    int rounds = argc > 3 ? (int)strtol(argv[3], NULL, 10) : 10;
    int events = argc > 4 ? (int)strtol(argv[4], NULL, 10) : 500000;
    if (!OOM_TRY(&oom)) return 1;
    Str text = make_events(&a, strcmp(format, "json") == 0, events);
    /* one column: price; two: bidder too; three: date_time too; then the rest */
    static const int order[] = {2, 1, 5, 0, 3, 4, 6};
    bool wanted[7] = {0};
    Column fresh[7] = {0}, cols[7];
    for (int i = 0; i < ncols && i < 7; i++) wanted[order[i]] = true;
    for (int i = 0; i < 7; i++) {
        fresh[i].type = columns[i].type;
        if (wanted[i]) fresh[i] = column_new(&a, columns[i].type, BATCH_ROWS_MAX);
    }
    Option option = {.name = {"format", 6}, .value = str_z(format)};
    Relation rel = {.cols = columns, .ncols = 7, .options = {&option, 1}};
    Registry registry = {.formats = format_table};
    Diags d = {.arena = &a};
    Decoder *dec;
    if (format_open(&registry, &rel, wanted, &a, &dec, &d) != WEIR_OK) return 1;
    RowBuilder b = {.cols = cols, .ncols = 7, .cap = BATCH_ROWS_MAX,
                    .offset = new (&a, uint64_t, BATCH_ROWS_MAX),
                    .ordinal = new (&a, uint32_t, BATCH_ROWS_MAX)};
    double best = 1e9;
    Totals t = {0};
    for (int i = 0; i < rounds; i++) {
        double start = seconds();
        t = decode_all(dec, text, wanted, fresh, &b, &batch);
        double took = seconds() - start;
        if (took < best) best = took;
    }
    printf("%s, %d columns: %.2f M events/s, %.2f GB/s, %.0f bytes an event (%lld rows, %lld errors, sum %llu)\n",
           format, ncols, (double)t.rows / best * 1e-6, (double)text.n / best * 1e-9, (double)text.n / events,
           (long long)t.rows, (long long)t.errors, (unsigned long long)t.sum);
    format_close(dec);
    arena_free(&a);
    arena_free(&batch);
    OOM_END(&oom);
    return 0;
}
