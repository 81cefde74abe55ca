-- Nexmark q13: bids with a value from a table beside them. Upstream looks it up once, at the time of the bid;
-- here the join follows the table.
CREATE STREAM bid WITH (connector = 'nexmark', stream = 'bid', events = 1000000, seed = 1);
CREATE TABLE side_input (key BIGINT PRIMARY KEY, value TEXT);

CREATE MATERIALIZED VIEW q13 AS
SELECT B.auction, B.bidder, B.price, B.date_time, S.value
FROM bid AS B JOIN side_input AS S ON MOD(B.auction, 10000) = S.key;

WITH RECURSIVE n (i) AS (VALUES (0) UNION ALL SELECT i + 1 FROM n WHERE i < 9999)
INSERT INTO side_input SELECT i, CAST(i AS TEXT) FROM n ON CONFLICT DO NOTHING;
