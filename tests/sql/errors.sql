-- What is wrong is told with its code, its place, the line with a caret, and what would work.
.bail off
.mode csv
CREATE STREAM bid (auction BIGINT, price BIGINT, channel TEXT, date_time TIMESTAMP(3),
    WATERMARK FOR date_time AS date_time - INTERVAL '4' SECOND);
CREATE STREAM untimed (a BIGINT, b TEXT);
CREATE MATERIALIZED VIEW v AS SELECT auction, count(*) AS n FROM bid GROUP BY auction;
-- syntax
SELEC 1;
SELECT 1 +;
SELECT (1;
SELECT 'open;
';
SELECT 1 FROM;
CREATE STREAM (a BIGINT);
CREATE MATERIALIZED VIEW x AS SELECT count(*) FROM bid WINDOW TUMBLING (SIZE);
-- names
SELECT datetime FROM v;
SELECT auctoin FROM v;
SELECT * FROM bidd;
SELECT counts(n) FROM v;
CREATE MATERIALIZED VIEW x AS SELECT auction, a FROM bid;
CREATE MATERIALIZED VIEW x AS SELECT
    auction,
    prize
  FROM bid;
CREATE MATERIALIZED VIEW x AS SELECT b.auction FROM bid AS c;
-- types and groups
CREATE MATERIALIZED VIEW x AS SELECT channel + 1 AS y FROM bid;
CREATE MATERIALIZED VIEW x AS SELECT auction FROM bid WHERE price;
CREATE MATERIALIZED VIEW x AS SELECT sum(channel) AS y FROM bid;
CREATE MATERIALIZED VIEW x AS SELECT auction, price, count(*) AS n FROM bid GROUP BY auction;
CREATE MATERIALIZED VIEW x AS SELECT auction FROM bid WHERE count(*) > 1 GROUP BY auction;
CREATE MATERIALIZED VIEW x AS SELECT sum(sum(price)) AS y FROM bid;
CREATE MATERIALIZED VIEW x AS SELECT auction, auction FROM bid;
CREATE MATERIALIZED VIEW x AS SELECT auction FROM bid UNION ALL SELECT auction, price FROM bid;
CREATE MATERIALIZED VIEW x AS SELECT auction FROM bid UNION ALL SELECT channel FROM bid;
SELECT CAST(1 AS NUMBER);
SELECT substr();
-- windows
CREATE MATERIALIZED VIEW x AS SELECT count(*) AS n FROM bid WINDOW TUMBLNG (SIZE 10 SECONDS);
CREATE MATERIALIZED VIEW x AS SELECT count(*) AS n FROM bid WINDOW TUMBLING (SIZE 0 SECONDS);
CREATE MATERIALIZED VIEW x AS SELECT count(*) AS n FROM bid WINDOW TUMBLING (SIZE 10 SECONDS, ADVANCE BY 2 SECONDS);
CREATE MATERIALIZED VIEW x AS SELECT count(*) AS n FROM bid WINDOW HOPPING (SIZE 10 SECONDS);
CREATE MATERIALIZED VIEW x AS SELECT count(*) AS n FROM bid WINDOW SESSION (GAP -1 SECONDS);
CREATE MATERIALIZED VIEW x AS SELECT count(*) AS n FROM untimed WINDOW TUMBLING (SIZE 10 SECONDS);
CREATE MATERIALIZED VIEW x AS SELECT count(*) AS n FROM bid WINDOW TUMBLING (SIZE 10 SECONDS, ON channel);
CREATE MATERIALIZED VIEW x AS SELECT count(*) AS n FROM bid WINDOW CUMULATING (SIZE 10 SECONDS, STEP 3 SECONDS);
CREATE MATERIALIZED VIEW x AS SELECT auction, count(*) AS n FROM bid GROUP BY auction EMIT FINAL;
-- streams and options
CREATE STREAM x (a BIGINT) WITH (connector = 'fil', path = 'x');
CREATE STREAM x (a BIGINT) WITH (connector = 'file', pth = 'x', format = 'json');
CREATE STREAM x (a BIGINT) WITH (connector = 'file', format = 'json');
CREATE STREAM x (a BIGINT) WITH (connector = 'file', path = 'x', format = 'jsn');
CREATE STREAM x (a BIGINT, A TEXT);
CREATE STREAM x (a NUMBR);
CREATE STREAM x (a BIGINT, WATERMARK FOR b AS b - INTERVAL '1' SECOND);
CREATE STREAM x (a BIGINT, WATERMARK FOR a AS a - INTERVAL '1' SECOND);
CREATE STREAM bid (a BIGINT);
SET batch_row = 5;
SET batch_rows = 0;
SET batch_rows = 'many';
-- statements
INSERT INTO v VALUES (1, 2);
INSERT INTO untimed VALUES (1);
INSERT INTO untimed VALUES ('x', 'y');
INSERT INTO untimed (a, c) VALUES (1, 2);
INSERT INTO nowhere VALUES (1);
DROP STREAM bid;
DROP MATERIALIZED VIEW nowhere;
DROP STREAM v;
DESCRIBE nowhere;
SHOW CREATE nowhere;
EXPLAIN SELECT nothing FROM bid;
EXPLAIN nowhere;
SELECT name FROM weir_views;
CREATE STREAM f (k TEXT) WITH (connector = 'file', formt = 'json', path = 'x');
CREATE STREAM f3 (k TEXT) WITH (conector = 'file', format = 'json', path = 'x');
SELECT count(*) FROM untimed WHERE k = 'a' WINDOW TUMBLING (SIZE 1 MINUTE);
SELECT count(*) FROM untimed GROUP BY k WINDOW TUMBLING (SIZE 1 MINUTE);
SHOW JOBS LIKE 5;
-- joins
CREATE MATERIALIZED VIEW j AS SELECT price FROM bid a JOIN bid b ON a.auction = b.auction;
CREATE MATERIALIZED VIEW j AS SELECT a.price FROM bid a JOIN bid a ON TRUE;
CREATE MATERIALIZED VIEW j AS SELECT z.price FROM bid z, untimed u JOIN bid b ON z.auction = u.a;
CREATE MATERIALIZED VIEW j AS SELECT a.price FROM bid a JOIN untimed u USING (auction);
CREATE MATERIALIZED VIEW j AS SELECT a.price FROM bid a JOIN untimed u ON a.auction = u.b;
CREATE MATERIALIZED VIEW j AS SELECT a.price FROM bid a JOIN untimed u ON a.auction;
CREATE MATERIALIZED VIEW j AS SELECT * FROM bid a JOIN bid b ON a.auction = b.auction;
CREATE MATERIALIZED VIEW j AS SELECT a.price FROM bid a LEFT JOIN bid b ON a.auction = b.auction EMIT FINAL;
CREATE MATERIALIZED VIEW j AS SELECT a.price FROM bid a LEFT JOIN v ON a.auction = v.auction EMIT FINAL;
CREATE MATERIALIZED VIEW j AS SELECT a.price FROM bid a ASOF JOIN bid b ON a.auction = b.auction;
CREATE MATERIALIZED VIEW j AS SELECT a.price FROM bid a ASOF FULL JOIN bid b ON a.date_time > b.date_time;
CREATE MATERIALIZED VIEW j AS SELECT a.price FROM bid a ASOF JOIN bid b ON a.date_time > b.date_time AND a.price <> b.price;
CREATE MATERIALIZED VIEW j WITH (keep_for = '1 HOUR') AS SELECT a.price FROM bid a JOIN bid b ON a.auction = b.auction;
CREATE MATERIALIZED VIEW j AS SELECT a.price, random() AS r FROM bid a JOIN bid b ON a.auction = b.auction;
SET strict = on;
CREATE MATERIALIZED VIEW j AS SELECT a.price FROM bid a JOIN bid b ON a.auction = b.auction;
SET strict = off;
