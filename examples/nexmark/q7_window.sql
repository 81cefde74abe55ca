-- Nexmark q7 with the WINDOW clause: the highest bids of each ten seconds.
CREATE STREAM bid WITH (connector = 'nexmark', stream = 'bid', events = 1000000, seed = 1);

CREATE MATERIALIZED VIEW q7_window AS
SELECT B.auction, B.price, B.bidder, B.date_time, B.extra
FROM bid B
JOIN (SELECT MAX(price) AS maxprice, window_start, window_end FROM bid WINDOW TUMBLING (SIZE 10 SECONDS)) B1
ON B.price = B1.maxprice AND B.date_time BETWEEN B1.window_start AND B1.window_end;
