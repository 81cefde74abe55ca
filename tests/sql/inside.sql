-- What a running engine tells of itself: operators, their state as rows, jobs. Figures of time are left out.
.mode list
CREATE STREAM bid (auction BIGINT, price DECIMAL(10,2), channel TEXT, at TIMESTAMP(3), WATERMARK FOR at AS at - INTERVAL '4' SECOND);
CREATE STREAM ask (id BIGINT, auction BIGINT, at TIMESTAMP(3), WATERMARK FOR at);
CREATE TABLE shop (id BIGINT PRIMARY KEY, city TEXT, tags JSON);
CREATE MATERIALIZED VIEW by_channel AS SELECT channel, count(*) AS n, max(price) AS high, array_agg(auction) AS list FROM bid GROUP BY channel;
CREATE MATERIALIZED VIEW final AS SELECT window_start, window_end, channel, count(*) AS n, max(price) AS high FROM bid WINDOW TUMBLING (SIZE 10 SECONDS) GROUP BY channel EMIT FINAL;
CREATE MATERIALIZED VIEW hop_final AS SELECT count(*) AS n FROM bid WINDOW HOPPING (SIZE 10 SECONDS, ADVANCE BY 5 SECONDS) EMIT FINAL;
CREATE MATERIALIZED VIEW hop AS SELECT count(*) AS n FROM bid WINDOW HOPPING (SIZE 10 SECONDS, ADVANCE BY 5 SECONDS);
CREATE MATERIALIZED VIEW keyed AS SELECT window_start, window_end, channel, max(high) AS high FROM (SELECT window_start, window_end, channel, max(price) AS high FROM TABLE(TUMBLE(TABLE bid, DESCRIPTOR(at), INTERVAL '10' SECOND)) GROUP BY window_start, window_end, channel) GROUP BY window_start, window_end, channel;
CREATE MATERIALIZED VIEW session AS SELECT channel, count(*) AS n FROM bid WINDOW SESSION (GAP 10 SECONDS) GROUP BY channel;
CREATE MATERIALIZED VIEW top AS SELECT channel, price, row_number() OVER (PARTITION BY channel ORDER BY price DESC) AS r FROM bid QUALIFY r <= 2;
CREATE MATERIALIZED VIEW running AS SELECT channel, sum(price) OVER (PARTITION BY channel ORDER BY at) AS r FROM bid;
CREATE MATERIALIZED VIEW joined AS SELECT b.auction, a.id, b.price FROM bid b LEFT JOIN ask a ON a.auction = b.auction;
CREATE MATERIALIZED VIEW only_bid AS SELECT auction FROM bid EXCEPT SELECT auction FROM ask;
CREATE MATERIALIZED VIEW cities AS SELECT city, count(*) AS n FROM shop GROUP BY city;
CREATE MATERIALIZED VIEW counted AS SELECT channel, count(*) AS n FROM bid WINDOW COUNT (SIZE 3 ROWS) GROUP BY channel;
CREATE MATERIALIZED VIEW triggered AS SELECT channel, count(*) AS n FROM bid WINDOW GLOBAL (TRIGGER EVERY 3 ROWS) GROUP BY channel;
CREATE MATERIALIZED VIEW sliding AS SELECT channel, count(*) AS n FROM bid WINDOW SLIDING (SIZE 10 SECONDS) GROUP BY channel;
CREATE MATERIALIZED VIEW looked_up AS SELECT b.price, s.city FROM bid b LEFT JOIN shop FOR SYSTEM_TIME AS OF proctime() s ON s.id = b.auction;
CREATE TABLE pairs (a BIGINT, b TEXT, v BIGINT NOT NULL, PRIMARY KEY (a, b)) WITH (connector = 'file', path = '../stream/data/upsert.ndjson', format = 'upsert');
CREATE MATERIALIZED VIEW of_pairs AS SELECT a, v FROM pairs;
INSERT INTO bid VALUES (1, 2.50, 'we"b', '2024-01-01 00:00:01'), (2, 3, NULL, '2024-01-01 00:00:02.5'),
    (1, 9, 'we"b', '2024-01-01 00:00:11'), (1, 2.50, 'we"b', '2024-01-01 00:00:01'), (1, 1, 'we"b', '2024-01-01 00:00:12');
INSERT INTO ask VALUES (7, 1, '2024-01-01 00:00:01'), (8, 5, '2024-01-01 00:00:02');
INSERT INTO shop VALUES (1, 'Bern', '{"a": 1}'), (2, 'Bern', NULL), (3, 'Köln', NULL);
SELECT * FROM weir_state('by_channel');
SELECT * FROM weir_state('final');
SELECT * FROM weir_state('hop_final');
SELECT * FROM weir_state('hop');
SELECT * FROM weir_state('keyed');
SELECT * FROM weir_state('session');
SELECT * FROM weir_state('top');
SELECT * FROM weir_state('running', 1);
SELECT * FROM weir_state('joined');
SELECT * FROM weir_state('only_bid');
SELECT * FROM weir_state('counted');
SELECT * FROM weir_state('triggered');
SELECT * FROM weir_state('sliding');
SELECT * FROM weir_state('looked_up');
SELECT * FROM weir_state('pairs');
-- what is gone is not told: a closed window, a group without rows
DELETE FROM shop WHERE city = 'Köln';
UPDATE shop SET city = 'Basel' WHERE id = 1;
SELECT "key", "count" FROM weir_state('cities');
INSERT INTO bid VALUES (9, 1, 'tv', '2024-01-01 00:00:30');
SELECT "key", value FROM weir_state('final');
SELECT "key" FROM weir_state('session');
-- it is what the view shows
SELECT count(*) AS wrong FROM by_channel v FULL JOIN weir_state('by_channel') s ON v.channel IS NOT DISTINCT FROM s."key" ->> '$.channel'
    WHERE v.n IS DISTINCT FROM s."count" OR v.n IS DISTINCT FROM CAST(s.value ->> '$."count(*)"' AS BIGINT);
-- operators
SELECT "view", operator, parent, kind, rows_in, rows_out, batches, state_rows, watermark, ended, state_bound
    FROM weir_operators WHERE "view" IN ('final', 'joined', 'cities');
SELECT detail FROM weir_operators WHERE "view" = 'final';
SELECT count(*) AS operators, min(time_ms) >= 0 AS timed, sum(state_bytes) > 0 AS holds FROM weir_operators;
SELECT o."view" FROM weir_operators o JOIN weir_views v ON v.name = o."view" WHERE o.parent IS NULL AND o.state_rows <> v.rows;
SELECT j."view", j.state, j.rows_per_s >= 0 AS has_rate, j.busy BETWEEN 0 AND 1 AS is_part, j.lag_s > 0 AS lags, j.unread_bytes FROM weir_jobs j;
-- errors
.bail off
SELECT * FROM weir_state('nope');
SELECT * FROM weir_state;
SELECT * FROM weir_state('final', 99);
SELECT * FROM weir_state('final', 'x');
SELECT * FROM weir_nothing('final');
CREATE MATERIALIZED VIEW of_itself AS SELECT * FROM weir_operators;
DELETE FROM weir_operators;
