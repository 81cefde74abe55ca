-- Nexmark q11 with the WINDOW clause: bids of each bidder in each of their sessions.
CREATE STREAM bid WITH (connector = 'nexmark', stream = 'bid', events = 1000000, seed = 1);

CREATE MATERIALIZED VIEW q11_window AS
SELECT bidder, count(*) AS bid_count, window_start AS starttime, window_end AS endtime
FROM bid WINDOW SESSION (GAP 10 SECONDS)
GROUP BY bidder;
