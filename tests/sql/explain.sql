-- Plans as text: the window each spelling makes is the same, state bounds are told, and what is
-- pushed or pruned shows.
.mode list
.headers off
CREATE STREAM bid (auction BIGINT, bidder BIGINT, price BIGINT, channel TEXT, at TIMESTAMP(3),
    WATERMARK FOR at AS at - INTERVAL '4' SECOND);
CREATE MATERIALIZED VIEW per_auction AS SELECT auction, count(*) AS n FROM bid GROUP BY auction;
EXPLAIN SELECT auction, price * 2 AS twice FROM bid WHERE price > 10 AND channel = 'x';
EXPLAIN SELECT auction, count(*) AS n FROM bid WINDOW TUMBLING (SIZE 10 SECONDS) GROUP BY auction;
EXPLAIN SELECT auction, count(*) FROM TABLE(TUMBLE(TABLE bid, DESCRIPTOR(at), INTERVAL '10' SECOND)) GROUP BY auction, window_start, window_end;
EXPLAIN SELECT auction, count(*) AS n FROM bid GROUP BY auction, TUMBLE(at, INTERVAL '10' SECOND);
EXPLAIN SELECT sum(price) AS total FROM bid WINDOW HOPPING (SIZE 1 HOUR, ADVANCE BY 5 MINUTES, GRACE PERIOD 1 MINUTE) EMIT FINAL;
EXPLAIN SELECT bidder, count(*) AS n FROM bid WINDOW SESSION (GAP 10 SECONDS) GROUP BY bidder EMIT FINAL;
EXPLAIN SELECT bidder, window_no, sum(price) AS total FROM bid WINDOW COUNT (SIZE 10 ROWS) GROUP BY bidder;
EXPLAIN SELECT n, count(*) AS auctions FROM per_auction GROUP BY n;
EXPLAIN SELECT DISTINCT channel FROM bid;
EXPLAIN SELECT auction FROM bid UNION ALL SELECT bidder FROM bid WHERE price > 1;
EXPLAIN SELECT count(*) AS n FROM bid HAVING count(*) > 5;
EXPLAIN per_auction;
EXPLAIN SELECT auction, row_number() OVER (PARTITION BY auction ORDER BY price DESC) AS place, sum(price) OVER (ORDER BY at RANGE INTERVAL '10' SECOND PRECEDING) AS lately FROM bid;
EXPLAIN SELECT * FROM (SELECT *, row_number() OVER (PARTITION BY auction ORDER BY price DESC) AS place FROM bid) WHERE place <= 3 AND auction > 5;
EXPLAIN SELECT bidder, price - lag(price, 2) OVER (PARTITION BY bidder % 2 ORDER BY at) AS more FROM bid EMIT FINAL;
EXPLAIN SELECT window_end, auction, count(*) AS n FROM bid WINDOW TUMBLING (SIZE 10 SECONDS) GROUP BY auction QUALIFY rank() OVER (PARTITION BY window_start, window_end ORDER BY count(*) DESC) = 1 EMIT FINAL;
EXPLAIN SELECT DISTINCT ON (bidder) bidder, price FROM bid ORDER BY bidder, at DESC NULLS FIRST;
EXPLAIN SELECT auction, n FROM per_auction ORDER BY n DESC LIMIT 3 OFFSET 1;
EXPLAIN SELECT auction FROM bid EXCEPT ALL SELECT bidder FROM bid;
EXPLAIN SELECT auction, bidder, count(*) AS n FROM bid GROUP BY ROLLUP (auction, bidder);
CREATE STREAM ask (id BIGINT, auction BIGINT, price DECIMAL(10, 2), at TIMESTAMP(3), WATERMARK FOR at);
EXPLAIN SELECT b.auction, b.price, a.price FROM bid b JOIN ask a ON a.auction = b.auction AND b.price < a.price
    AND a.at BETWEEN b.at - INTERVAL '10' MINUTE AND b.at + INTERVAL '5' MINUTE AND b.channel = 'web';
EXPLAIN (FORMAT json) SELECT bidder, id FROM bid FULL JOIN ask ON bid.auction + 1 = ask.id AND bid.channel IS NOT DISTINCT FROM 'web';
EXPLAIN (FORMAT dot) SELECT b.auction, b.c, a.c FROM
    (SELECT window_start, window_end, auction, count(*) AS c FROM bid WINDOW TUMBLING (SIZE 1 MINUTE) GROUP BY auction) b
    LEFT JOIN (SELECT window_start, window_end, auction, count(*) AS c FROM ask WINDOW TUMBLING (SIZE 1 MINUTE) GROUP BY auction) a
    USING (window_start, window_end, auction) EMIT FINAL;
EXPLAIN SELECT b.auction, a.price FROM bid b ASOF LEFT JOIN ask a ON b.auction = a.auction AND b.at >= a.at EMIT FINAL;
EXPLAIN SELECT b.auction FROM bid b, ask a, bid c WHERE b.auction = a.auction AND c.bidder = a.id AND c.price > 10 AND a.id <> b.price;
