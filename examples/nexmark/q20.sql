-- Nexmark q20: bids with the auction that they are for, in category 10.
CREATE STREAM bid WITH (connector = 'nexmark', stream = 'bid', events = 1000000, seed = 1);
CREATE STREAM auction WITH (connector = 'nexmark', stream = 'auction', events = 1000000, seed = 1);

CREATE MATERIALIZED VIEW q20 AS
SELECT auction, bidder, price, channel, url, B.date_time AS bid_date_time, B.extra AS bid_extra,
    item_name, description, initial_bid, reserve, A.date_time AS auction_date_time, expires, seller, category,
    A.extra AS auction_extra
FROM bid AS B INNER JOIN auction AS A ON B.auction = A.id
WHERE A.category = 10;
