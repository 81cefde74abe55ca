-- Nexmark q22: the three folders of each bid's address.
CREATE STREAM bid WITH (connector = 'nexmark', stream = 'bid', events = 1000000, seed = 1);

CREATE MATERIALIZED VIEW q22 AS
SELECT auction, bidder, price, channel,
    SPLIT_INDEX(url, '/', 3) AS dir1, SPLIT_INDEX(url, '/', 4) AS dir2, SPLIT_INDEX(url, '/', 5) AS dir3
FROM bid;
