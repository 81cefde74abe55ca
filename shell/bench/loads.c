/* loads.c: the loads of weir bench: Nexmark's queries, and what they say nothing about. */
#include "shell/bench/load.h"

#define TUMBLE10(s) "TABLE(TUMBLE(TABLE " s ", DESCRIPTOR(date_time), INTERVAL '10' SECOND))"
#define HOP10(s) "TABLE(HOP(TABLE " s ", DESCRIPTOR(date_time), INTERVAL '2' SECOND, INTERVAL '10' SECOND))"
#define BID_FIELDS "auction, bidder, price, channel, url, date_time, extra"
#define PRICE_RANKS(f, as) \
    f " FILTER (WHERE price < 10000) AS rank1_" as ", " \
    f " FILTER (WHERE price >= 10000 AND price < 1000000) AS rank2_" as ", " \
    f " FILTER (WHERE price >= 1000000) AS rank3_" as
#define DISTINCTS(column, as) "count(DISTINCT " column ") AS total_" as ", " PRICE_RANKS("count(DISTINCT " column ")", as)
#define BY_DAY "DATE_FORMAT(date_time, 'yyyy-MM-dd')"
#define WINNING \
    "FROM (SELECT A.*, B.auction, B.bidder, B.price, B.date_time AS bid_date_time, B.extra AS bid_extra, " \
    "ROW_NUMBER() OVER (PARTITION BY A.id ORDER BY B.price DESC, B.date_time ASC) AS rownum " \
    "FROM auction A, bid B WHERE A.id = B.auction AND B.date_time BETWEEN A.date_time AND A.expires) AS R " \
    "WHERE rownum <= 1"
#define BY_KEY(keys) \
    "SELECT k, count(*) AS n, sum(v) AS s FROM " keys " GROUP BY k"
#define RATIO(window) \
    "SELECT g, count(*) AS n, sum(price) AS s, window_start, window_end FROM " window " GROUP BY g, window_start, window_end EMIT FINAL"

#define Q7(s) \
    "SELECT B.auction, B.price, B.bidder, B.date_time, B.extra FROM " s " B JOIN (SELECT MAX(price) AS maxprice, window_end AS date_time " \
    "FROM " TUMBLE10(s) " GROUP BY window_start, window_end) B1 ON B.price = B1.maxprice " \
    "WHERE B.date_time BETWEEN B1.date_time - INTERVAL '10' SECOND AND B1.date_time"
#define Q7_FINAL(s) \
    "SELECT B.auction, B.price, B.bidder, B.date_time, B.extra FROM " TUMBLE10(s) " B JOIN (SELECT MAX(price) AS maxprice, " \
    "window_start, window_end FROM " TUMBLE10(s) " GROUP BY window_start, window_end) M " \
    "ON B.window_start = M.window_start AND B.window_end = M.window_end AND B.price = M.maxprice EMIT FINAL"
#define FILE_Q12 \
    "SELECT bidder, count(*) AS bids, window_start, window_end FROM " TUMBLE10("events") \
    " GROUP BY bidder, window_start, window_end EMIT FINAL"

#define OPERATORS load_operators, NULL

const Load bench_loads[] = {
    /* Nexmark: what is windowed comes when its window closes; processing time is event time */
    {"q0", OPERATORS, "SELECT auction, bidder, price, date_time, extra FROM bid", "as they came"},
    {"q1", OPERATORS, "SELECT auction, bidder, CAST(0.908 * price AS DECIMAL(23, 3)) AS price, date_time FROM bid",
     "a price in euros"},
    {"q2", OPERATORS, "SELECT auction, price FROM bid WHERE MOD(auction, 123) = 0", "a filter"},
    {"q3", OPERATORS,
     "SELECT P.name, P.city, P.state, A.id FROM auction AS A INNER JOIN person AS P ON A.seller = P.id "
     "WHERE A.category = 10 AND (P.state = 'OR' OR P.state = 'ID' OR P.state = 'CA')", "a join that keeps all"},
    {"q4", OPERATORS,
     "SELECT Q.category, AVG(Q.final) AS average FROM (SELECT MAX(B.price) AS final, A.category FROM auction A, bid B "
     "WHERE A.id = B.auction AND B.date_time BETWEEN A.date_time AND A.expires GROUP BY A.id, A.category) Q "
     "GROUP BY Q.category", "a join, its maximum, its average"},
    {"q5", OPERATORS,
     "SELECT a.auction, a.num, a.starttime FROM (SELECT auction, count(*) AS num, window_start AS starttime, window_end AS endtime "
     "FROM " HOP10("bid") " GROUP BY auction, window_start, window_end) AS a JOIN (SELECT max(num) AS maxn, starttime, endtime "
     "FROM (SELECT count(*) AS num, window_start AS starttime, window_end AS endtime FROM " HOP10("bid")
     " GROUP BY auction, window_start, window_end) AS c GROUP BY starttime, endtime) AS m "
     "ON a.starttime = m.starttime AND a.endtime = m.endtime AND a.num >= m.maxn EMIT FINAL", "hot items"},
    {"q5a", OPERATORS,
     "SELECT auction, count(*) AS num, window_start, window_end FROM " HOP10("bid")
     " GROUP BY auction, window_start, window_end EMIT FINAL", "hot items: the counts alone"},
    {"q6", OPERATORS,
     "SELECT Q.seller, AVG(Q.price) OVER (PARTITION BY Q.seller ORDER BY Q.bid_date_time, Q.id ROWS BETWEEN 10 PRECEDING "
     "AND CURRENT ROW) AS average FROM (SELECT A.id, A.seller, B.price, B.date_time AS bid_date_time, "
     "ROW_NUMBER() OVER (PARTITION BY A.id, A.seller ORDER BY B.price DESC) AS rownum FROM auction A, bid B "
     "WHERE A.id = B.auction AND B.date_time BETWEEN A.date_time AND A.expires) AS Q WHERE Q.rownum <= 1",
     "a moving average of winning bids"},
    {"q7", OPERATORS, Q7("bid"), "the highest bids of each window"},
    {"q7w", OPERATORS, Q7_FINAL("bid"), "the same, once, when the window has closed"},
    {"q7a", OPERATORS,
     "SELECT max(price) AS price, window_start, window_end FROM " TUMBLE10("bid") " GROUP BY window_start, window_end EMIT FINAL",
     "the highest price of each window"},
    {"q8", OPERATORS,
     "SELECT P.id, P.name, P.starttime FROM (SELECT id, name, window_start AS starttime, window_end AS endtime "
     "FROM " TUMBLE10("person") " GROUP BY id, name, window_start, window_end) P JOIN (SELECT seller, window_start AS starttime, "
     "window_end AS endtime FROM " TUMBLE10("auction") " GROUP BY seller, window_start, window_end) A "
     "ON P.id = A.seller AND P.starttime = A.starttime AND P.endtime = A.endtime EMIT FINAL", "a join of windows"},
    {"q9", OPERATORS,
     "SELECT id, item_name, description, initial_bid, reserve, date_time, expires, seller, category, extra, "
     "auction, bidder, price, bid_date_time, bid_extra " WINNING, "winning bids"},
    {"q10", OPERATORS,
     "SELECT auction, bidder, price, date_time, extra, " BY_DAY " AS dt, DATE_FORMAT(date_time, 'HH:mm') AS hm FROM bid",
     "day and minute as text"},
    {"q11", OPERATORS,
     "SELECT B.bidder, count(*) AS bid_count, SESSION_START(B.date_time, INTERVAL '10' SECOND) AS starttime, "
     "SESSION_END(B.date_time, INTERVAL '10' SECOND) AS endtime FROM bid B "
     "GROUP BY B.bidder, SESSION(B.date_time, INTERVAL '10' SECOND) EMIT FINAL", "sessions"},
    {"q12", OPERATORS,
     "SELECT bidder, count(*) AS bids, window_start, window_end FROM " TUMBLE10("bid")
     " GROUP BY bidder, window_start, window_end EMIT FINAL", "bids per bidder and window"},
    {"q12b", OPERATORS,
     "SELECT auction, count(*) AS n, sum(price) AS total, min(price) AS low, max(price) AS high, window_start, window_end FROM "
     TUMBLE10("bid") " GROUP BY auction, window_start, window_end EMIT FINAL", "four aggregates per auction and window"},
    {"q12c", OPERATORS,
     "SELECT channel, count(*) AS n, window_start, window_end FROM " TUMBLE10("bid")
     " GROUP BY channel, window_start, window_end EMIT FINAL", "bids per channel, a text, and window"},
    {"q14", OPERATORS,
     "SELECT auction, bidder, 0.908 * price AS price, CASE WHEN HOUR(date_time) >= 8 AND HOUR(date_time) <= 18 THEN 'dayTime' "
     "WHEN HOUR(date_time) <= 6 OR HOUR(date_time) >= 20 THEN 'nightTime' ELSE 'otherTime' END AS bid_time_type, "
     "date_time, extra, count_char(extra, 'c') AS c_counts FROM bid WHERE 0.908 * price > 1000000 AND 0.908 * price < 50000000",
     "expressions"},
    {"q15", OPERATORS,
     "SELECT " BY_DAY " AS \"day\", count(*) AS total_bids, " PRICE_RANKS("count(*)", "bids") ", "
     DISTINCTS("bidder", "bidders") ", " DISTINCTS("auction", "auctions") " FROM bid GROUP BY " BY_DAY,
     "eight distinct counts per day"},
    {"q16", OPERATORS,
     "SELECT channel, " BY_DAY " AS \"day\", max(DATE_FORMAT(date_time, 'HH:mm')) AS \"minute\", count(*) AS total_bids, "
     PRICE_RANKS("count(*)", "bids") ", " DISTINCTS("bidder", "bidders") ", " DISTINCTS("auction", "auctions")
     " FROM bid GROUP BY channel, " BY_DAY, "eight distinct counts per channel and day"},
    {"q17", OPERATORS,
     "SELECT auction, " BY_DAY " AS \"day\", count(*) AS total_bids, " PRICE_RANKS("count(*)", "bids") ", min(price) AS min_price, "
     "max(price) AS max_price, avg(price) AS avg_price, sum(price) AS sum_price FROM bid GROUP BY auction, " BY_DAY,
     "an auction's day"},
    {"q18", OPERATORS,
     "SELECT " BID_FIELDS " FROM (SELECT *, ROW_NUMBER() OVER (PARTITION BY bidder, auction ORDER BY date_time DESC) AS rank_number "
     "FROM bid) AS R WHERE rank_number <= 1", "the last bid per bidder and auction"},
    {"q19", OPERATORS,
     "SELECT * FROM (SELECT *, ROW_NUMBER() OVER (PARTITION BY auction ORDER BY price DESC) AS rank_number FROM bid) AS R "
     "WHERE rank_number <= 10", "the ten highest bids per auction"},
    {"q20", OPERATORS,
     "SELECT auction, bidder, price, channel, url, B.date_time AS bid_date_time, B.extra AS bid_extra, item_name, description, "
     "initial_bid, reserve, A.date_time AS auction_date_time, expires, seller, category, A.extra AS auction_extra "
     "FROM bid AS B INNER JOIN auction AS A ON B.auction = A.id WHERE A.category = 10", "bids with their auction"},
    {"q21", OPERATORS,
     "SELECT auction, bidder, price, channel, CASE WHEN lower(channel) = 'apple' THEN '0' WHEN lower(channel) = 'google' THEN '1' "
     "WHEN lower(channel) = 'facebook' THEN '2' WHEN lower(channel) = 'baidu' THEN '3' "
     "ELSE REGEXP_EXTRACT(url, '(&|^)channel_id=([^&]*)', 2) END AS channel_id FROM bid "
     "WHERE REGEXP_EXTRACT(url, '(&|^)channel_id=([^&]*)', 2) IS NOT NULL "
     "OR lower(channel) IN ('apple', 'google', 'facebook', 'baidu')", "a regular expression"},
    {"q22", OPERATORS,
     "SELECT auction, bidder, price, channel, SPLIT_INDEX(url, '/', 3) AS dir1, SPLIT_INDEX(url, '/', 4) AS dir2, "
     "SPLIT_INDEX(url, '/', 5) AS dir3 FROM bid", "parts of a text"},
    {"q23", OPERATORS,
     "SELECT B.auction, B.bidder, B.price, B.channel, B.url, B.date_time AS bid_date_time, B.extra AS bid_extra, "
     "P.name AS bidder_name, P.email_address, P.credit_card, P.city, P.state, P.date_time AS person_date_time, A.item_name, "
     "A.description, A.initial_bid, A.reserve, A.date_time AS auction_date_time, A.expires, A.seller, A.category "
     "FROM bid AS B INNER JOIN person AS P ON B.bidder = P.id INNER JOIN auction AS A ON B.auction = A.id", "a join of three"},
    {"interval", OPERATORS,
     "SELECT A.id, A.seller, B.bidder, B.price FROM auction A JOIN bid B ON A.id = B.auction "
     "AND B.date_time BETWEEN A.date_time AND A.date_time + INTERVAL '10' SECOND", "an interval join"},
    /* how many groups */
    {"keys-100", OPERATORS, BY_KEY("keys_100"), "count and sum by 100 keys, not windowed"},
    {"keys-10k", OPERATORS, BY_KEY("keys_10k"), "by 10 thousand"},
    {"keys-1m", OPERATORS, BY_KEY("keys_1m"), "by a million"},
    {"keys-10m", OPERATORS, BY_KEY("keys_10m"), "by ten million"},
    /* how many windows a row is in: 5 groups, each with rows in every hundredth of a second */
    {"ratio-1", OPERATORS, RATIO("TABLE(TUMBLE(TABLE five, DESCRIPTOR(date_time), INTERVAL '0.01' SECOND))"),
     "tumbling windows of 0.01 s"},
    {"ratio-5", OPERATORS, RATIO("TABLE(HOP(TABLE five, DESCRIPTOR(date_time), INTERVAL '0.01' SECOND, INTERVAL '0.05' SECOND))"),
     "hopping windows of 5 slides"},
    {"ratio-60", OPERATORS, RATIO("TABLE(HOP(TABLE five, DESCRIPTOR(date_time), INTERVAL '0.01' SECOND, INTERVAL '0.6' SECOND))"),
     "of 60 slides"},
    {"ratio-3600", OPERATORS, RATIO("TABLE(HOP(TABLE five, DESCRIPTOR(date_time), INTERVAL '0.01' SECOND, INTERVAL '36' SECOND))"),
     "of 3,600 slides"},
    /* a file into columns: those that Nexmark's bids have, and the two that q12 reads */
    {"ndjson", load_decode, "bid.ndjson", NULL, "NDJSON into seven columns"},
    {"ndjson-2", load_decode, "bid.ndjson", "bidder,date_time", "NDJSON into two columns"},
    {"csv", load_decode, "bid.csv", NULL, "CSV into seven columns"},
    {"csv-2", load_decode, "bid.csv", "bidder,date_time", "CSV into two columns"},
    /* a file, its query, a committed view; the whole of it */
#define FILE_LOAD(name, input, sql, what) {"file-" name, load_file, input, sql, what}
    FILE_LOAD("q2", "bid.ndjson", "SELECT auction, price FROM events WHERE MOD(auction, 1009) = 0", "NDJSON to a view of few rows"),
    FILE_LOAD("q7", "bid.ndjson", Q7_FINAL("events"), "NDJSON to a view of few rows"),
    FILE_LOAD("q12", "low.ndjson", FILE_Q12, "NDJSON to a view, 300 bidders"),
    FILE_LOAD("q2-csv", "bid.csv", "SELECT auction, price FROM events WHERE MOD(auction, 1009) = 0", "the same from CSV"),
    FILE_LOAD("q7-csv", "bid.csv", Q7_FINAL("events"), "the same from CSV"),
    FILE_LOAD("q12-csv", "low.csv", FILE_Q12, "the same from CSV"),
    FILE_LOAD("rows3", "rows3.ndjson", FILE_Q12, "q12, 3 result rows for 100 events"),
    FILE_LOAD("rows20", "rows20.ndjson", FILE_Q12, "q12, 20 result rows for 100 events"),
    FILE_LOAD("q12b", "bid.ndjson",
              "SELECT auction, count(*) AS n, sum(price) AS total, min(price) AS low, max(price) AS high, window_start, window_end "
              "FROM " TUMBLE10("events") " GROUP BY auction, window_start, window_end EMIT FINAL", "6 result rows for 100 events"),
    FILE_LOAD("q17", "bid.ndjson", "SELECT auction, " BY_DAY " AS \"day\", count(*) AS total_bids, " PRICE_RANKS("count(*)", "bids")
              ", min(price) AS min_price, max(price) AS max_price, avg(price) AS avg_price, sum(price) AS sum_price FROM events "
              "GROUP BY auction, " BY_DAY, "6 groups for 100 events, as they change"),
    FILE_LOAD("q0", "bid.ndjson", "SELECT auction, bidder, price, date_time, extra FROM events", "a row for each event"),
    FILE_LOAD("q18", "bid.ndjson",
              "SELECT " BID_FIELDS " FROM (SELECT *, ROW_NUMBER() OVER (PARTITION BY bidder, auction ORDER BY date_time DESC) "
              "AS rank_number FROM events) AS R WHERE rank_number <= 1", "the last bid per bidder and auction"),
    FILE_LOAD("q19", "bid.ndjson",
              "SELECT * FROM (SELECT *, ROW_NUMBER() OVER (PARTITION BY auction ORDER BY price DESC) AS rank_number FROM events) AS R "
              "WHERE rank_number <= 10", "the ten highest bids per auction"),
    FILE_LOAD("q20", "bid.ndjson",
              "SELECT auction, bidder, price, channel, url, B.date_time AS bid_date_time, B.extra AS bid_extra, item_name, description, "
              "initial_bid, reserve, A.date_time AS auction_date_time, expires, seller, category, A.extra AS auction_extra "
              "FROM events AS B INNER JOIN auction AS A ON B.auction = A.id WHERE A.category = 10", "bids with their auction"),
    {"pipe-q12", load_pipe, "low.ndjson", FILE_Q12, "the same rows through a pipe"},
    {"pipe-q7", load_pipe, "bid.ndjson", Q7_FINAL("events"), "the same rows through a pipe"},
    {"views-1", load_views, "low.ndjson", FILE_Q12, "one view of a stream"},
    {"views-10", load_views, "low.ndjson", FILE_Q12, "ten views of a stream"},
    /* ready batches through a view into its table: what a file adds to it is reading */
#define SINK_LOAD(of) {"sink-" of, load_sink, of, NULL, "operators and sink of " of}
    SINK_LOAD("q0"), SINK_LOAD("q12"), SINK_LOAD("q12b"), SINK_LOAD("q17"), SINK_LOAD("q18"), SINK_LOAD("q19"), SINK_LOAD("q20"),
    SINK_LOAD("keys-10k"), SINK_LOAD("keys-1m"),
    /* from an event to the commit that shows it */
    {"latency-push", load_push, NULL, NULL, "one row pushed while nothing else happens: until it is committed"},
    {"latency-pipe", load_rest, NULL, NULL, "one row through a pipe while nothing else happens: until it is committed"},
    {"latency-rate", load_paced, NULL, NULL, "1 M rows/s through a pipe, refresh every 100 ms, 100,000 groups: the commits"},
    {0}};
