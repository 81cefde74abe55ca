-- Nexmark q23: bids with the person who made them and the auction that they are for.
CREATE STREAM bid WITH (connector = 'nexmark', stream = 'bid', events = 1000000, seed = 1);
CREATE STREAM person WITH (connector = 'nexmark', stream = 'person', events = 1000000, seed = 1);
CREATE STREAM auction WITH (connector = 'nexmark', stream = 'auction', events = 1000000, seed = 1);

CREATE MATERIALIZED VIEW q23 AS
SELECT B.auction, B.bidder, B.price, B.channel, B.url, B.date_time AS bid_date_time, B.extra AS bid_extra,
    P.name AS bidder_name, P.email_address, P.credit_card, P.city, P.state, P.date_time AS person_date_time,
    A.item_name, A.description, A.initial_bid, A.reserve, A.date_time AS auction_date_time, A.expires, A.seller, A.category
FROM bid AS B
INNER JOIN person AS P ON B.bidder = P.id
INNER JOIN auction AS A ON B.auction = A.id;
