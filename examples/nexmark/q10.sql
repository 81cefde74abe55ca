-- Nexmark q10: bids with the day and minute by which upstream cuts them into files. Here a view; a sink
-- would take it from there.
CREATE STREAM bid WITH (connector = 'nexmark', stream = 'bid', events = 1000000, seed = 1);

CREATE MATERIALIZED VIEW q10 AS
SELECT auction, bidder, price, date_time, extra,
    DATE_FORMAT(date_time, 'yyyy-MM-dd') AS dt, DATE_FORMAT(date_time, 'HH:mm') AS hm
FROM bid;
