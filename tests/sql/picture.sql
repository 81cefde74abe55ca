-- Plans as pictures: the same text gives the same picture, so a kept one shows every change of layout.
.mode list
.headers off
CREATE STREAM bid (auction BIGINT, bidder BIGINT, price BIGINT, channel TEXT, at TIMESTAMP(3),
    WATERMARK FOR at AS at - INTERVAL '4' SECOND);
CREATE STREAM ask (id BIGINT, auction BIGINT, at TIMESTAMP(3), WATERMARK FOR at);
EXPLAIN (FORMAT svg) SELECT b.auction, b.c, a.c FROM
    (SELECT window_start, window_end, auction, count(*) AS c FROM bid WINDOW TUMBLING (SIZE 1 MINUTE) WHERE price > 10 GROUP BY auction) b
    LEFT JOIN (SELECT window_start, window_end, auction, count(*) AS c FROM ask WINDOW TUMBLING (SIZE 1 MINUTE) GROUP BY auction) a
    USING (window_start, window_end, auction) EMIT FINAL;
EXPLAIN (FORMAT svg) SELECT channel, n FROM (SELECT channel, count(*) AS n FROM bid GROUP BY channel) WHERE n > (SELECT max(auction) FROM ask);
.bail off
EXPLAIN (FORMAT png) SELECT auction FROM bid;
EXPLAIN (ANALYZE maybe) SELECT auction FROM bid;
EXPLAIN ANALYZE CREATE MATERIALIZED VIEW v AS SELECT auction FROM bid;
EXPLAIN (COSTS) SELECT auction FROM bid;
EXPLAIN ANALYZE nothing;
