-- Nexmark q4: the average closing price of each category. AVG of BIGINT is a DOUBLE.
CREATE STREAM auction WITH (connector = 'nexmark', stream = 'auction', events = 1000000, seed = 1);
CREATE STREAM bid WITH (connector = 'nexmark', stream = 'bid', events = 1000000, seed = 1);

CREATE MATERIALIZED VIEW q4 AS
SELECT Q.category, AVG(Q.final) AS average
FROM (
    SELECT MAX(B.price) AS final, A.category
    FROM auction A, bid B
    WHERE A.id = B.auction AND B.date_time BETWEEN A.date_time AND A.expires
    GROUP BY A.id, A.category
) Q
GROUP BY Q.category;
