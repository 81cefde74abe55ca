-- Pull queries: what SQL answers over views, at one commit.
.mode csv
CREATE STREAM s (region TEXT, shop TEXT, qty BIGINT, price DECIMAL(10,2), at TIMESTAMP(0), WATERMARK FOR at);
CREATE MATERIALIZED VIEW sales AS SELECT region, shop, qty, price, at FROM s;
CREATE MATERIALIZED VIEW daily AS SELECT region, window_start, sum(qty) AS qty FROM s WINDOW TUMBLING (SIZE 1 DAY) GROUP BY region;
CREATE VIEW north AS SELECT shop, qty FROM sales WHERE region = 'north';
INSERT INTO s VALUES ('north', 'n1', 5, 1.10, '2024-01-01 10:00:00'), ('north', 'n2', 7, 2.20, '2024-01-01 11:00:00'),
    ('south', 's1', 1, 3.30, '2024-01-02 09:00:00'), (NULL, 'x', NULL, NULL, '2024-01-02 10:00:00'), ('South', 's2', 9, 0.05, '2024-01-03 00:00:00');
SELECT * FROM sales ORDER BY shop;
SELECT shop, qty FROM sales ORDER BY qty;
SELECT shop, qty FROM sales ORDER BY qty DESC;
SELECT shop, qty FROM sales ORDER BY qty DESC NULLS LAST, shop LIMIT 3 OFFSET 1;
SELECT shop FROM sales ORDER BY shop FETCH FIRST 2 ROWS ONLY;
SELECT region, count(*) AS n, sum(qty) AS total, avg(qty) AS mean, min(price) AS lo FROM sales GROUP BY region ORDER BY region;
SELECT region, count(*) AS n FROM sales GROUP BY 1 HAVING count(*) > 1;
SELECT region, window_start, qty FROM daily WHERE qty > 1 ORDER BY window_start, region;
SELECT shop FROM sales WHERE region LIKE 's%';
SELECT shop FROM sales WHERE region ILIKE 's%' ORDER BY shop;
SELECT shop FROM sales WHERE qty IS NULL;
SELECT shop FROM sales WHERE at >= TIMESTAMP '2024-01-02 00:00:00' AND at < '2024-01-03' ORDER BY shop;
SELECT shop FROM sales WHERE at > TIMESTAMP '2024-01-02 09:30:00' - INTERVAL '1' HOUR ORDER BY shop;
SELECT a.shop, b.shop AS other FROM sales a JOIN sales b ON a.region = b.region AND a.shop < b.shop;
SELECT a.shop, b.qty FROM sales a LEFT JOIN daily b ON a.region = b.region AND b.qty > 5 ORDER BY a.shop;
SELECT * FROM north ORDER BY shop;
SELECT DISTINCT region FROM sales ORDER BY region;
SELECT region FROM sales UNION SELECT 'west' ORDER BY region;
SELECT shop FROM sales EXCEPT SELECT shop FROM north ORDER BY shop;
SELECT shop, (SELECT max(qty) FROM sales) AS best FROM sales WHERE qty IN (SELECT qty FROM north) ORDER BY shop;
WITH big AS (SELECT * FROM sales WHERE qty > 4) SELECT count(*) AS n, sum(qty) AS total FROM big;
SELECT shop, row_number() OVER (PARTITION BY region ORDER BY qty DESC) AS rn FROM sales WHERE region IS NOT NULL ORDER BY shop;
SELECT qty / 2 AS half, qty % 2 AS odd, price * 2 AS double_price, CAST(price AS BIGINT) AS whole FROM sales WHERE shop = 's1';
SELECT CASE WHEN qty > 5 THEN 'many' WHEN qty > 0 THEN 'few' ELSE 'none' END AS how, count(*) AS n FROM sales GROUP BY 1 ORDER BY 1;
SELECT count(*) FILTER (WHERE qty > 4) AS n, count(DISTINCT region) AS regions FROM sales;
SELECT EXISTS (SELECT 1 FROM sales WHERE qty = 9) AS there;
VALUES (1, 'a'), (2, 'b');
SELECT 1 AS one, NULL AS nothing, 'a,"b' AS quoted, 1.50 AS exact, 1e0 / 3 AS third, true AS yes;
.mode json
SELECT shop, qty, price, region FROM sales WHERE shop IN ('n1', 'x') ORDER BY shop;
.mode list
.nullvalue (null)
SELECT region, qty FROM sales WHERE shop = 'x';
-- elements as a standing query writes them; of no rows NULL
SELECT array_agg(price) AS prices, array_agg(CAST(price AS DECIMAL(20, 2))) AS exact, cardinality(array_agg(qty)) AS n, any_value(qty) AS least FROM sales WHERE qty > 4;
SELECT array_agg(qty) AS none, json_agg(qty) AS no_json FROM sales WHERE false;
