/* nexmark_gen.c: the fields of Nexmark events (see nexmark_gen.h). */
#include "exec/io/nexmark_gen.h"
#include "base/hash.h"

#include <math.h>
#include <stdio.h>

enum {
    FIRST_ID = 1000,
    ACTIVE_PEOPLE = 1000, /* people a field chooses from, and how many may not exist yet */
    PERSON_LEAD = 10,
    OPEN_AUCTIONS = 100,
    AUCTION_LEAD = 10,
    HOT_EVERY = 100,      /* the hot one is the first of each hundred */
    FIRST_CATEGORY = 10,
    CATEGORIES = 5
};

/* ---- random numbers ---------------------------------------------------------------------------- */

/* Which random number of an event a field uses. */
typedef enum Draw {
    DRAW_FIRST_NAME, DRAW_LAST_NAME, DRAW_EMAIL, DRAW_EMAIL_HOST, DRAW_CARD, DRAW_CITY, DRAW_STATE,
    DRAW_ITEM, DRAW_DESCRIPTION, DRAW_INITIAL_BID, DRAW_RESERVE, DRAW_EXPIRES, DRAW_SELLER_HOT,
    DRAW_SELLER, DRAW_CATEGORY, DRAW_AUCTION_HOT, DRAW_AUCTION, DRAW_BIDDER_HOT, DRAW_BIDDER,
    DRAW_PRICE, DRAW_CHANNEL_HOT, DRAW_CHANNEL, DRAW_EXTRA_SIZE, DRAW_EXTRA
} Draw;

/* SplitMix64 (Steele, Lea, Flood 2014), its state a function of (seed, event, field). */
static inline uint64_t draw(const NexmarkConfig *c, int64_t e, Draw what)
{
    const uint64_t gamma = 0x9e3779b97f4a7c15u;
    uint64_t key = hash_u64(c->seed + gamma) + (uint64_t)e * 0xd1342543de82ef95u;
    return hash_u64(hash_u64(key) + gamma * ((uint64_t)what + 1));
}

/* Evenly in [0, n). */
static inline int64_t below(uint64_t random, int64_t n)
{
    return (int64_t)((unsigned __int128)random * (uint64_t)n >> 64);
}

static inline int64_t pick(const NexmarkConfig *c, int64_t e, Draw what, int64_t n)
{
    return below(draw(c, e, what), n);
}

/* ---- time and numbers of things ---------------------------------------------------------------- */

int64_t nexmark_time(const NexmarkConfig *c, int64_t e)
{
    double ms = floor((double)e * 1000 / c->rate);
    return c->base_us + (int64_t)ms * 1000;
}

static int64_t per_round(const NexmarkConfig *c)
{
    return c->persons + c->auctions + c->bids;
}

/* The number, from 0, of the last person that event e may know. */
static int64_t last_person(const NexmarkConfig *c, int64_t e)
{
    int64_t round = e / per_round(c), at = e % per_round(c);
    if (at >= c->persons) at = c->persons - 1;
    return round * c->persons + at;
}

static int64_t last_auction(const NexmarkConfig *c, int64_t e)
{
    int64_t round = e / per_round(c), at = e % per_round(c) - c->persons;
    if (at < 0) {
        round--;
        at = c->auctions - 1;
    } else if (at >= c->auctions) {
        at = c->auctions - 1;
    }
    return round * c->auctions + at;
}

static int64_t any_person(const NexmarkConfig *c, int64_t e, Draw what)
{
    int64_t people = last_person(c, e) + 1;
    int64_t active = people < ACTIVE_PEOPLE ? people : ACTIVE_PEOPLE;
    return people - active + pick(c, e, what, active + PERSON_LEAD);
}

static int64_t any_auction(const NexmarkConfig *c, int64_t e, Draw what)
{
    int64_t last = last_auction(c, e);
    int64_t first = last > OPEN_AUCTIONS ? last - OPEN_AUCTIONS : 0;
    return first + pick(c, e, what, last - first + 1 + AUCTION_LEAD);
}

/* The first of the last hundred of them. */
static int64_t hot(int64_t last)
{
    return last > 0 ? last / HOT_EVERY * HOT_EVERY : 0;
}

/* Log-uniform from 100 to 100 million. */
static int64_t price(const NexmarkConfig *c, int64_t e, Draw what)
{
    double u = (double)(draw(c, e, what) >> 11) * 0x1p-53;
    return (int64_t)round(pow(10.0, 6.0 * u) * 100.0);
}

/* ---- integers ---------------------------------------------------------------------------------- */

static int64_t event_type(const NexmarkConfig *c, int64_t e) { return nexmark_kind(c, e); }
static int64_t date_time(const NexmarkConfig *c, int64_t e) { return nexmark_time(c, e); }
static int64_t person_id(const NexmarkConfig *c, int64_t e) { return FIRST_ID + last_person(c, e); }
static int64_t auction_id(const NexmarkConfig *c, int64_t e) { return FIRST_ID + last_auction(c, e); }
static int64_t initial_bid(const NexmarkConfig *c, int64_t e) { return price(c, e, DRAW_INITIAL_BID); }
static int64_t bid_price(const NexmarkConfig *c, int64_t e) { return price(c, e, DRAW_PRICE); }

static int64_t any_id(const NexmarkConfig *c, int64_t e)
{
    return nexmark_kind(c, e) == NEXMARK_PERSON ? person_id(c, e) : auction_id(c, e);
}

static int64_t reserve(const NexmarkConfig *c, int64_t e)
{
    return initial_bid(c, e) + price(c, e, DRAW_RESERVE);
}

static int64_t category(const NexmarkConfig *c, int64_t e)
{
    return FIRST_CATEGORY + pick(c, e, DRAW_CATEGORY, CATEGORIES);
}

/* An auction lasts up to twice the time in which as many events pass as open auctions make. */
static int64_t expires(const NexmarkConfig *c, int64_t e)
{
    int64_t now = nexmark_time(c, e);
    int64_t ahead = c->auctions ? OPEN_AUCTIONS * per_round(c) / c->auctions : 0;
    int64_t horizon_ms = (nexmark_time(c, e + ahead) - now) / 1000;
    int64_t most = 2 * horizon_ms > 1 ? 2 * horizon_ms : 1;
    return now + (1 + pick(c, e, DRAW_EXPIRES, most)) * 1000;
}

static int64_t seller(const NexmarkConfig *c, int64_t e)
{
    bool is_hot = pick(c, e, DRAW_SELLER_HOT, c->hot_sellers) > 0;
    return FIRST_ID + (is_hot ? hot(last_person(c, e)) : any_person(c, e, DRAW_SELLER));
}

static int64_t bid_auction(const NexmarkConfig *c, int64_t e)
{
    bool is_hot = pick(c, e, DRAW_AUCTION_HOT, c->hot_auctions) > 0;
    return FIRST_ID + (is_hot ? hot(last_auction(c, e)) : any_auction(c, e, DRAW_AUCTION));
}

static int64_t bidder(const NexmarkConfig *c, int64_t e)
{
    bool is_hot = pick(c, e, DRAW_BIDDER_HOT, c->hot_bidders) > 0;
    int64_t who = is_hot ? hot(last_person(c, e)) + 1 : any_person(c, e, DRAW_BIDDER);
    return who + (c->compat_bidder ? 2 * FIRST_ID : FIRST_ID);
}

/* ---- texts ------------------------------------------------------------------------------------- */

static char *make_pool(uint64_t seed, Arena *a)
{
    char *pool = arena_alloc_raw(a, NEXMARK_POOL + 4096, 64);
    for (int64_t i = 0; i < NEXMARK_POOL + 4096; i += 8) {
        uint64_t r = hash_u64(hash_u64(seed) + (uint64_t)i * 0x9e3779b97f4a7c15u);
        for (int k = 0; k < 8; k++, r >>= 8) pool[i + k] = (char)('a' + ((r & 0xff) * 26 >> 8));
    }
    return pool;
}

static Str piece(const NexmarkConfig *c, uint64_t random, int64_t n)
{
    return str_of(c->pool + (random & (NEXMARK_POOL - 1)), n > 4096 ? 4096 : n);
}

static Text piece_text(const NexmarkConfig *c, uint64_t random, int64_t n)
{
    Str s = piece(c, random, n);
    return text_ref(s.p, s.n);
}

/* Letters, at least 3 and fewer than `most`. */
static Str word(const NexmarkConfig *c, uint64_t random, int64_t most)
{
    return piece(c, random, 3 + below(hash_u64(random), most - 3));
}

static Text made(Str s)
{
    return text_ref(s.p, s.n);
}

static const char *const FIRST_NAMES[11] = {"Peter", "Paul",  "Luke",  "John",   "Saul",  "Vicky",
                                            "Kate",  "Julie", "Sarah", "Deiter", "Walter"};
static const char *const LAST_NAMES[9] = {"Shultz", "Abrams", "Spencer", "White", "Bartels",
                                          "Walton", "Smith",  "Jones",   "Noris"};
static const char *const CITIES[10] = {"Phoenix", "Los Angeles", "San Francisco", "Boise", "Portland",
                                       "Bend",    "Redmond",     "Seattle",       "Kent",  "Cheyenne"};
static const char *const STATES[6] = {"AZ", "CA", "ID", "OR", "WA", "WY"};

static Text name(const NexmarkConfig *c, int64_t e, Arena *a)
{
    return made(str_printf(a, "%s %s", FIRST_NAMES[pick(c, e, DRAW_FIRST_NAME, 11)],
                           LAST_NAMES[pick(c, e, DRAW_LAST_NAME, 9)]));
}

static Text email_address(const NexmarkConfig *c, int64_t e, Arena *a)
{
    Str who = word(c, draw(c, e, DRAW_EMAIL), 7), host = word(c, draw(c, e, DRAW_EMAIL_HOST), 5);
    return made(str_printf(a, "%.*s@%.*s.com", STR_ARG(who), STR_ARG(host)));
}

static Text credit_card(const NexmarkConfig *c, int64_t e, Arena *a)
{
    uint64_t r = draw(c, e, DRAW_CARD);
    int part[4];
    for (int i = 0; i < 4; i++, r >>= 16) part[i] = (int)((r & 0xffff) * 10000 >> 16);
    return made(str_printf(a, "%04d %04d %04d %04d", part[0], part[1], part[2], part[3]));
}

static Text constant(const char *z)
{
    return text_ref(z, (ptrdiff_t)strlen(z));
}

static Text city(const NexmarkConfig *c, int64_t e, Arena *a)
{
    (void)a;
    return constant(CITIES[pick(c, e, DRAW_CITY, 10)]);
}

static Text state(const NexmarkConfig *c, int64_t e, Arena *a)
{
    (void)a;
    return constant(STATES[pick(c, e, DRAW_STATE, 6)]);
}

static Text item_name(const NexmarkConfig *c, int64_t e, Arena *a)
{
    (void)a;
    Str s = word(c, draw(c, e, DRAW_ITEM), 20);
    return text_ref(s.p, s.n);
}

static Text description(const NexmarkConfig *c, int64_t e, Arena *a)
{
    (void)a;
    Str s = word(c, draw(c, e, DRAW_DESCRIPTION), 100);
    return text_ref(s.p, s.n);
}

/* Four hot channels, each with one page; the others are numbered, and so are most of their pages. */
static const struct {
    const char *name, *url;
} HOT_CHANNELS[4] = {{"Google", "https://www.nexmark.com/goo/ogle/gle/item.htm?query=1"},
                     {"Facebook", "https://www.nexmark.com/face/boo/ook/item.htm?query=1"},
                     {"Baidu", "https://www.nexmark.com/bai/idu/adu/item.htm?query=1"},
                     {"Apple", "https://www.nexmark.com/app/pple/ple/item.htm?query=1"}};

static bool channel_is_hot(const NexmarkConfig *c, int64_t e)
{
    return pick(c, e, DRAW_CHANNEL_HOT, 2) > 0;
}

static Text channel(const NexmarkConfig *c, int64_t e, Arena *a)
{
    (void)a;
    if (channel_is_hot(c, e)) return constant(HOT_CHANNELS[pick(c, e, DRAW_CHANNEL, 4)].name);
    return c->channels[pick(c, e, DRAW_CHANNEL, NEXMARK_CHANNELS)];
}

static uint32_t reverse_bits(uint32_t v)
{
    uint32_t r = 0;
    for (int i = 0; i < 32; i++, v >>= 1) r = r << 1 | (v & 1);
    return r;
}

/* The page of a channel is a function of (seed, channel). */
static Text cold_url(const NexmarkConfig *c, int64_t i, Arena *a)
{
    uint64_t r = hash_u64(hash_u64(c->seed + 0x5bd1e995u) + (uint64_t)i);
    Str s1 = word(c, r, 5), s2 = word(c, hash_u64(r + 1), 5), s3 = word(c, hash_u64(r + 2), 5);
    const char *more = "";
    char number[40];
    if (below(hash_u64(r + 3), 10) > 0) {
        int32_t reversed = (int32_t)reverse_bits((uint32_t)i);
        int64_t id = reversed < 0 ? -(int64_t)reversed : reversed;
        snprintf(number, sizeof number, "&channel_id=%lld", (long long)id);
        more = number;
    }
    return made(str_printf(a, "https://www.nexmark.com/%.*s/%.*s/%.*s/item.htm?query=1%s", STR_ARG(s1),
                           STR_ARG(s2), STR_ARG(s3), more));
}

static Text url(const NexmarkConfig *c, int64_t e, Arena *a)
{
    (void)a;
    if (channel_is_hot(c, e)) return constant(HOT_CHANNELS[pick(c, e, DRAW_CHANNEL, 4)].url);
    return c->urls[pick(c, e, DRAW_CHANNEL, NEXMARK_CHANNELS)];
}

void nexmark_make_texts(NexmarkConfig *c, bool channels, Arena *a)
{
    c->pool = make_pool(c->seed, a);
    if (!channels) return;
    Text *names = new_raw(a, Text, NEXMARK_CHANNELS), *urls = new_raw(a, Text, NEXMARK_CHANNELS);
    for (int i = 0; i < NEXMARK_CHANNELS; i++) {
        names[i] = made(str_printf(a, "channel-%d", i));
        urls[i] = cold_url(c, i, a);
    }
    c->channels = names;
    c->urls = urls;
}

/* Bytes of the event's other fields, and what it should have in all. */
static int64_t size_without_extra(const NexmarkConfig *c, int64_t e, int64_t *wanted)
{
    switch (nexmark_kind(c, e)) {
    case NEXMARK_PERSON: {
        int64_t n = 8 + 19 + 2 + 1;
        *wanted = c->person_bytes;
        n += (int64_t)strlen(FIRST_NAMES[pick(c, e, DRAW_FIRST_NAME, 11)]);
        n += (int64_t)strlen(LAST_NAMES[pick(c, e, DRAW_LAST_NAME, 9)]);
        n += word(c, draw(c, e, DRAW_EMAIL), 7).n + word(c, draw(c, e, DRAW_EMAIL_HOST), 5).n + 5;
        return n + (int64_t)strlen(CITIES[pick(c, e, DRAW_CITY, 10)]);
    }
    case NEXMARK_AUCTION:
        *wanted = c->auction_bytes;
        return 48 + word(c, draw(c, e, DRAW_ITEM), 20).n + word(c, draw(c, e, DRAW_DESCRIPTION), 100).n;
    case NEXMARK_BID: *wanted = c->bid_bytes; return 32;
    }
    return 0;
}

/* Pads the event to its wanted size, give or take a fifth. */
static Text extra(const NexmarkConfig *c, int64_t e, Arena *a)
{
    (void)a;
    int64_t wanted, have = size_without_extra(c, e, &wanted);
    int64_t room = wanted - have;
    if (room <= 0) return (Text){0};
    int64_t spread = (room + 2) / 5;
    int64_t n = room - spread + (spread ? pick(c, e, DRAW_EXTRA_SIZE, 2 * spread) : 0);
    return piece_text(c, draw(c, e, DRAW_EXTRA), n);
}

/* ---- fields ------------------------------------------------------------------------------------ */

#define INTEGER {.kind = TYPE_BIGINT, .int_bits = 64}
#define TIME {.kind = TYPE_TIMESTAMP, .precision = 3}
#define TEXT {.kind = TYPE_TEXT}

static const NexmarkField F_EVENT_TYPE = {"event_type", NEXMARK_OF_ALL, INTEGER, event_type, NULL};
static const NexmarkField F_DATE_TIME = {"date_time", NEXMARK_OF_ALL, TIME, date_time, NULL};
static const NexmarkField F_EXTRA = {"extra", NEXMARK_OF_ALL, TEXT, NULL, extra};
static const NexmarkField F_ID = {"id", NEXMARK_OF_PERSON | NEXMARK_OF_AUCTION, INTEGER, any_id, NULL};
static const NexmarkField F_NAME = {"name", NEXMARK_OF_PERSON, TEXT, NULL, name};
static const NexmarkField F_EMAIL = {"email_address", NEXMARK_OF_PERSON, TEXT, NULL, email_address};
static const NexmarkField F_CARD = {"credit_card", NEXMARK_OF_PERSON, TEXT, NULL, credit_card};
static const NexmarkField F_CITY = {"city", NEXMARK_OF_PERSON, TEXT, NULL, city};
static const NexmarkField F_STATE = {"state", NEXMARK_OF_PERSON, TEXT, NULL, state};
static const NexmarkField F_ITEM = {"item_name", NEXMARK_OF_AUCTION, TEXT, NULL, item_name};
static const NexmarkField F_DESCRIPTION = {"description", NEXMARK_OF_AUCTION, TEXT, NULL, description};
static const NexmarkField F_INITIAL_BID = {"initial_bid", NEXMARK_OF_AUCTION, INTEGER, initial_bid, NULL};
static const NexmarkField F_RESERVE = {"reserve", NEXMARK_OF_AUCTION, INTEGER, reserve, NULL};
static const NexmarkField F_EXPIRES = {"expires", NEXMARK_OF_AUCTION, TIME, expires, NULL};
static const NexmarkField F_SELLER = {"seller", NEXMARK_OF_AUCTION, INTEGER, seller, NULL};
static const NexmarkField F_CATEGORY = {"category", NEXMARK_OF_AUCTION, INTEGER, category, NULL};
static const NexmarkField F_AUCTION = {"auction", NEXMARK_OF_BID, INTEGER, bid_auction, NULL};
static const NexmarkField F_BIDDER = {"bidder", NEXMARK_OF_BID, INTEGER, bidder, NULL};
static const NexmarkField F_PRICE = {"price", NEXMARK_OF_BID, INTEGER, bid_price, NULL};
static const NexmarkField F_CHANNEL = {"channel", NEXMARK_OF_BID, TEXT, NULL, channel, true};
static const NexmarkField F_URL = {"url", NEXMARK_OF_BID, TEXT, NULL, url, true};

static const NexmarkField *const PERSON_FIELDS[] = {&F_ID,   &F_NAME,  &F_EMAIL,     &F_CARD,
                                                    &F_CITY, &F_STATE, &F_DATE_TIME, &F_EXTRA};
static const NexmarkField *const AUCTION_FIELDS[] = {
    &F_ID, &F_ITEM, &F_DESCRIPTION, &F_INITIAL_BID, &F_RESERVE, &F_DATE_TIME, &F_EXPIRES, &F_SELLER,
    &F_CATEGORY, &F_EXTRA};
static const NexmarkField *const BID_FIELDS[] = {&F_AUCTION, &F_BIDDER,    &F_PRICE, &F_CHANNEL,
                                                 &F_URL,     &F_DATE_TIME, &F_EXTRA};
static const NexmarkField *const ALL_FIELDS[] = {
    &F_EVENT_TYPE, &F_ID, &F_NAME, &F_EMAIL, &F_CARD, &F_CITY, &F_STATE, &F_ITEM, &F_DESCRIPTION,
    &F_INITIAL_BID, &F_RESERVE, &F_EXPIRES, &F_SELLER, &F_CATEGORY, &F_AUCTION, &F_BIDDER, &F_PRICE,
    &F_CHANNEL, &F_URL, &F_DATE_TIME, &F_EXTRA};

#define COUNT(list) (int)(sizeof(list) / sizeof *(list))

const NexmarkField *const *nexmark_fields(int kind, int *n)
{
    switch (kind) {
    case NEXMARK_PERSON: *n = COUNT(PERSON_FIELDS); return PERSON_FIELDS;
    case NEXMARK_AUCTION: *n = COUNT(AUCTION_FIELDS); return AUCTION_FIELDS;
    case NEXMARK_BID: *n = COUNT(BID_FIELDS); return BID_FIELDS;
    }
    *n = COUNT(ALL_FIELDS);
    return ALL_FIELDS;
}
