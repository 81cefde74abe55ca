/* bench_input.c: the files of events that loads read, made by the generator when they are first asked for. */
#include "shell/bench/load.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

typedef struct Input {
    const char *name, *format, *columns, *sql;
} Input;

#define BID_COLUMNS \
    "auction BIGINT, bidder BIGINT, price BIGINT, channel TEXT, url TEXT, date_time TIMESTAMP(3), extra TEXT, " \
    "WATERMARK FOR date_time AS date_time - INTERVAL '4' SECOND"
#define AUCTION_COLUMNS \
    "id BIGINT, item_name TEXT, description TEXT, initial_bid BIGINT, reserve BIGINT, date_time TIMESTAMP(3), " \
    "expires TIMESTAMP(3), seller BIGINT, category BIGINT, extra TEXT, " \
    "WATERMARK FOR date_time AS date_time - INTERVAL '4' SECOND"
#define PERSON_COLUMNS \
    "id BIGINT, name TEXT, email_address TEXT, credit_card TEXT, city TEXT, state TEXT, date_time TIMESTAMP(3), extra TEXT, " \
    "WATERMARK FOR date_time AS date_time - INTERVAL '4' SECOND"
/* A bid whose bidder is something else. */
#define BID_OF(bidder) "SELECT auction, " bidder " AS bidder, price, channel, url, date_time, extra FROM bid"

/* A window of ten seconds has 92,000 bids: 2,760 bidders make 3 result rows for 100 events, 18,400 twenty. */
static const Input inputs[] = {
    {"bid.ndjson", "json", BID_COLUMNS, BID_OF("bidder")},
    {"bid.csv", "csv", BID_COLUMNS, BID_OF("bidder")},
    {"low.ndjson", "json", BID_COLUMNS, BID_OF("MOD(bidder, 300)")},
    {"low.csv", "csv", BID_COLUMNS, BID_OF("MOD(bidder, 300)")},
    {"rows3.ndjson", "json", BID_COLUMNS, BID_OF("MOD(price * 31 + auction * 17, 2760)")},
    {"rows20.ndjson", "json", BID_COLUMNS, BID_OF("MOD(price * 31 + auction * 17, 18400)")},
    {"auction.ndjson", "json", AUCTION_COLUMNS, "SELECT * FROM auction"},
    {"person.ndjson", "json", PERSON_COLUMNS, "SELECT * FROM person"},
    {"keys_100.csv", "csv", "k BIGINT, v BIGINT", "SELECT * FROM keys_100"},
    {"keys_10k.csv", "csv", "k BIGINT, v BIGINT", "SELECT * FROM keys_10k"},
    {"keys_1m.csv", "csv", "k BIGINT, v BIGINT", "SELECT * FROM keys_1m"},
    {"keys_10m.csv", "csv", "k BIGINT, v BIGINT", "SELECT * FROM keys_10m"},
};

char *bench_streams(int64_t events)
{
    static const char *const nexmark[] = {"person", "auction", "bid"};
    static const struct {
        const char *name;
        int64_t keys;
    } keys[] = {{"100", 100}, {"10k", 10000}, {"1m", 1000000}, {"10m", 10000000}};
    char *text = NULL;
    size_t size;
    FILE *out = open_memstream(&text, &size);
    for (int i = 0; i < 3; i++)
        fprintf(out, "CREATE STREAM %s WITH (connector = 'nexmark', stream = '%s', events = %" PRId64 ");\n", nexmark[i], nexmark[i], events);
    for (int i = 0; i < 4; i++)
        fprintf(out, "CREATE STREAM keys_%s (k BIGINT, v BIGINT) WITH (connector = 'datagen', rows = %" PRId64 ", k.min = 0, k.max = %" PRId64
                     ", v.min = 1, v.max = 1000);\n", keys[i].name, events, keys[i].keys - 1);
    fputs("CREATE VIEW five AS SELECT MOD(price, 5) AS g, price, date_time FROM bid;\n", out);
    fclose(out);
    return text;
}

static const Input *input_named(const char *name)
{
    for (size_t i = 0; i < sizeof inputs / sizeof *inputs; i++)
        if (!strcmp(inputs[i].name, name)) return &inputs[i];
    return NULL;
}

char *bench_input(const Bench *b, const char *name)
{
    const Input *in = input_named(name);
    char *path;
    if (!in) {
        fprintf(stderr, "weir: bench knows no events named \"%s\"\n", name);
        return NULL;
    }
    if (asprintf(&path, "%s/%" PRId64 "-%s", b->folder, b->events, name) < 0) return NULL;
    if (access(path, R_OK) == 0) return path;
    char *quoted = sql_quoted(path, '\'');
    if (session_query(b->session, "COPY (%s) TO %s (format = '%s')", in->sql, quoted, in->format)) {
        free(quoted);
        return path;
    }
    free(quoted);
    free(path);
    return NULL;
}

char *bench_declare(const char *stream, const char *name, const char *connector, const char *path)
{
    const Input *in = input_named(name);
    char *quoted = path ? sql_quoted(path, '\'') : NULL, *sql;
    int n = asprintf(&sql, "CREATE STREAM %s (%s) WITH (connector = '%s', format = '%s'%s%s);\n", stream, in->columns, connector,
                     in->format, path ? ", path = " : "", path ? quoted : "");
    free(quoted);
    return n < 0 ? NULL : sql;
}
