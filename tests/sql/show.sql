-- What the catalog says of itself.
.mode csv
CREATE STREAM bid (auction BIGINT NOT NULL, price DECIMAL(10,2), at TIMESTAMP(3), day DATE AS (CAST(at AS DATE)),
    WATERMARK FOR at AS at - INTERVAL '4' SECOND);
CREATE VIEW dear AS SELECT auction, price FROM bid WHERE price > 100;
CREATE MATERIALIZED VIEW per_minute WITH (retention = '1 DAY') AS
    SELECT auction, window_start, count(*) AS n, avg(price) AS mean FROM bid WINDOW TUMBLING (SIZE 1 MINUTE) GROUP BY auction EMIT FINAL;
SHOW STREAMS;
SHOW VIEWS;
SHOW CREATE bid;
SHOW CREATE per_minute;
SHOW CREATE DEAR;
DESCRIBE bid;
DESCRIBE dear;
DESCRIBE per_minute;
SHOW ERRORS;
INSERT INTO bid VALUES (1, 2, '2024-01-01 00:00:00'), (1, 3.335, '2024-01-01 00:01:10');
SELECT * FROM per_minute;
SELECT count(*) AS errors FROM weir_errors;
SELECT name, rows, errors, watermark FROM weir_streams;
SELECT name, rows, late_rows FROM weir_views ORDER BY name;
SET batch_rows = 100;
SHOW SETTINGS;
.mode list
.headers off
.schema dear
