-- Nexmark q6: the average price of the last ten closed auctions of each seller. `Q.id` settles which of
-- two that closed in the same millisecond comes first.
CREATE STREAM auction WITH (connector = 'nexmark', stream = 'auction', events = 1000000, seed = 1);
CREATE STREAM bid WITH (connector = 'nexmark', stream = 'bid', events = 1000000, seed = 1);

CREATE MATERIALIZED VIEW q6 AS
SELECT Q.seller, AVG(Q.price) OVER (
    PARTITION BY Q.seller ORDER BY Q.bid_date_time, Q.id ROWS BETWEEN 10 PRECEDING AND CURRENT ROW) AS average
FROM (
    SELECT A.id, A.seller, B.price, B.date_time AS bid_date_time,
        ROW_NUMBER() OVER (PARTITION BY A.id, A.seller ORDER BY B.price DESC) AS rownum
    FROM auction A, bid B
    WHERE A.id = B.auction AND B.date_time BETWEEN A.date_time AND A.expires
) AS Q
WHERE Q.rownum <= 1;
