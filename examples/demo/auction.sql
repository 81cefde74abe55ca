-- Standing queries over the events of an auction house: two million of them, made by the built-in
-- Nexmark generator (seeded: every run gives the same rows).
CREATE STREAM bid WITH (connector = 'nexmark', stream = 'bid', events = 2000000, seed = 1);

-- Bids and the highest price per ten seconds; a row appears when its window has closed.
CREATE MATERIALIZED VIEW highest AS
SELECT window_start, window_end, count(*) AS bids, max(price) AS highest
FROM bid WINDOW TUMBLING (SIZE 10 SECONDS)
GROUP BY ()
EMIT FINAL;

-- Hot items: bids per auction in the last ten seconds, every two seconds.
CREATE MATERIALIZED VIEW hot_items AS
SELECT window_end, auction, count(*) AS bids
FROM bid WINDOW HOPPING (SIZE 10 SECONDS, ADVANCE BY 2 SECONDS)
GROUP BY auction
HAVING count(*) >= 800
EMIT FINAL;

-- Bidding sessions: bids of one bidder with no pause of more than ten seconds.
CREATE MATERIALIZED VIEW sessions AS
SELECT bidder, window_start, window_end, count(*) AS bids, sum(price) AS offered
FROM bid WINDOW SESSION (GAP 10 SECONDS)
GROUP BY bidder
HAVING count(*) > 100
EMIT FINAL;

-- Bids per channel so far, always current.
CREATE MATERIALIZED VIEW channels AS
SELECT channel, count(*) AS bids, avg(price) AS average
FROM bid
WHERE channel IN ('Google', 'Facebook', 'Baidu', 'Apple')
GROUP BY channel;
