/* nexmark_gen.h: event number e of the Nexmark auction site, computed from (seed, e) alone.
 *
 * The model is that of the Nexmark benchmark (N. Tucker et al., "NEXMark – A Benchmark for Queries
 * over Data Streams", 2002, in the shape of Apache Beam's and Flink's generators): of every 50
 * events one is a person, three are auctions, 46 bids; people and auctions are chosen among the
 * recent ones, some of them hot. Every field has random numbers of its own, so a field can be made
 * without the others. */
#ifndef WEIR_EXEC_NEXMARK_GEN_H
#define WEIR_EXEC_NEXMARK_GEN_H

#include "base/batch.h"

typedef enum NexmarkKind { NEXMARK_PERSON, NEXMARK_AUCTION, NEXMARK_BID } NexmarkKind;

enum { NEXMARK_POOL = 1 << 16, NEXMARK_CHANNELS = 10000 };

typedef struct NexmarkConfig {
    uint64_t seed;
    int64_t events;              /* -1: without end */
    double rate;                 /* events a second of event time */
    int64_t base_us;
    int64_t group;               /* out_of_order_group */
    int64_t persons, auctions, bids; /* of each persons + auctions + bids consecutive events */
    int64_t person_bytes, auction_bytes, bid_bytes; /* average sizes */
    int64_t hot_auctions, hot_sellers, hot_bidders; /* a hot one is chosen k - 1 times in k */
    bool compat_bidder;          /* bidders' ids have 1000 added twice */
    const char *pool;            /* NEXMARK_POOL + 4096 random letters: texts are pieces of it */
    const Text *channels, *urls; /* names and pages of the cold channels */
} NexmarkConfig;

/* The event's number in arrival order is n; e is which event it is. */
static inline int64_t nexmark_event(const NexmarkConfig *c, int64_t n)
{
    if (c->group <= 1) return n;
    return n / c->group * c->group + n % c->group * 953 % c->group;
}
static inline NexmarkKind nexmark_kind(const NexmarkConfig *c, int64_t e)
{
    int64_t at = e % (c->persons + c->auctions + c->bids);
    return at < c->persons ? NEXMARK_PERSON : at < c->persons + c->auctions ? NEXMARK_AUCTION : NEXMARK_BID;
}
int64_t nexmark_time(const NexmarkConfig *c, int64_t e); /* microseconds, whole milliseconds */
/* Fills what the events' texts refer to; `channels`: channel or url will be asked for. */
void nexmark_make_texts(NexmarkConfig *c, bool channels, Arena *a);

/* A field of event e. Texts are in the pool, constant, or made in the arena. */
typedef int64_t (*NexmarkInt)(const NexmarkConfig *c, int64_t e);
typedef Text (*NexmarkText)(const NexmarkConfig *c, int64_t e, Arena *a);

enum { NEXMARK_OF_PERSON = 1, NEXMARK_OF_AUCTION = 2, NEXMARK_OF_BID = 4, NEXMARK_OF_ALL = 7 };
typedef struct NexmarkField {
    const char *name;
    unsigned kinds;        /* events that have it */
    Type type;
    NexmarkInt integer;    /* BIGINT, TIMESTAMP */
    NexmarkText text;
    bool needs_channels;   /* see nexmark_make_texts */
} NexmarkField;
/* Fields of a kind of event in the order of its columns; `kind` -1: of the stream of all events,
 * which begins with event_type. */
const NexmarkField *const *nexmark_fields(int kind, int *n);

#endif
