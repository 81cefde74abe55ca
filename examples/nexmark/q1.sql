-- Nexmark q1: prices in euros. The product of a DECIMAL and a BIGINT is a DECIMAL(23, 3).
CREATE STREAM bid WITH (connector = 'nexmark', stream = 'bid', events = 1000000, seed = 1);

CREATE MATERIALIZED VIEW q1 AS
SELECT auction, bidder, 0.908 * price AS price, date_time, extra FROM bid;
