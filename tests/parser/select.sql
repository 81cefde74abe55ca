-- queries: clauses, aliases, sets, subqueries
SELECT 1;
SELECT * FROM bid;
SELECT b.*, b.price * 0.908 AS euro, -1, - -1, +x, ~y FROM bid AS b;
select distinct auction, bidder from bid;
SELECT DISTINCT ON (auction, bidder) * FROM bid ORDER BY auction, bidder, price DESC NULLS LAST, x NULLS FIRST;
SELECT ALL a FROM t WHERE a > 1 GROUP BY a HAVING count(*) > 2 ORDER BY 1 DESC LIMIT 10 OFFSET 5;
SELECT a FROM t LIMIT ALL OFFSET 3 ROWS;
SELECT a FROM t OFFSET 2 LIMIT 3;
SELECT a FROM t ORDER BY a FETCH FIRST 3 ROWS ONLY;
SELECT a FROM t ORDER BY a OFFSET 1 ROW FETCH NEXT ROW WITH TIES;
SELECT a FROM t ORDER BY a FETCH FIRST (1 + 1) ROWS WITH TIES;
SELECT a, b, sum(c) FROM t GROUP BY GROUPING SETS ((a, b), a, ());
SELECT a, b, sum(c), grouping(a) FROM t GROUP BY ROLLUP (a, (b, c)), CUBE (d, e), (), (f, g), h + 1;
SELECT a FROM t UNION SELECT b FROM u UNION SELECT c FROM v;
SELECT a FROM t UNION ALL SELECT b FROM u EXCEPT SELECT c FROM v INTERSECT SELECT d FROM w ORDER BY 1 LIMIT 2;
SELECT a FROM t UNION (SELECT b FROM u ORDER BY b LIMIT 1);
(SELECT a FROM t ORDER BY a LIMIT 3) ORDER BY a DESC LIMIT 1;
((SELECT a FROM t)) UNION DISTINCT (SELECT 1 UNION SELECT 2);
VALUES (1, 'a'), (2, DEFAULT);
WITH x AS (SELECT 1 AS a), y (b, c) AS MATERIALIZED (SELECT a, a FROM x) SELECT * FROM x, y WHERE x.a = y.b;
WITH RECURSIVE n (i) AS (VALUES (1) UNION ALL SELECT i + 1 FROM n WHERE i < 10) SELECT * FROM n;
WITH x AS (SELECT 1) (SELECT * FROM x);
SELECT (SELECT max(p) FROM b), ((SELECT 1)), (1), ((a)), ROW(1), ROW(1, 2), (1, 2) FROM a;
SELECT * FROM a WHERE x IN (SELECT y FROM b) AND (x, z) NOT IN (SELECT y, z FROM c) AND EXISTS (SELECT 1 FROM d WHERE d.x = a.x) AND NOT EXISTS (SELECT 1) AND x = ANY (SELECT 1) AND x > ALL (SELECT 1) AND x = SOME (ARRAY[1, 2]);
SELECT * FROM (SELECT a FROM t) AS s (b), (VALUES (1), (2)) v (n), LATERAL (SELECT s.b) l;
SELECT * FROM (VALUES (1)) AS v;
SELECT "select", `from`, "a""b", t."x y", "plain" FROM "Order" AS "group";
SELECT timestamp, value, date, time, count, hour, size, status, user, type, path, offset, key, data, row, "end", end, year, start, stream, view, sink, format, partition, first, last, window, interval, array, map, grace, gap, name, level FROM t;
SELECT t.timestamp key, t.date AS value, t.row "offset", max(offset) size FROM t ORDER BY offset, key;
SELECT a FROM t -- comment
WHERE /* another
one */ b = 1;
SELECT :name, t.a[1], t.a[1:2], m['k'], (r).f.g, f(x).y, a[1].b[2] FROM t;
SELECT sum(x) OVER w, rank() OVER (w ORDER BY y) FROM t WINDOW w AS (PARTITION BY a, b), v AS (w ROWS 3 PRECEDING) QUALIFY rank() OVER v = 1;
SELECT row_number() OVER (PARTITION BY k ORDER BY ts DESC) AS rn,
       avg(x) OVER (ORDER BY ts RANGE BETWEEN INTERVAL '1' HOUR PRECEDING AND CURRENT ROW) a,
       sum(x) OVER (ORDER BY ts ROWS BETWEEN UNBOUNDED PRECEDING AND UNBOUNDED FOLLOWING EXCLUDE TIES) b,
       sum(x) OVER (ORDER BY ts GROUPS BETWEEN 1 PRECEDING AND 2 FOLLOWING EXCLUDE CURRENT ROW) c,
       lag(x, 1) IGNORE NULLS OVER (ORDER BY ts), last_value(x RESPECT NULLS) OVER () FROM t;
SELECT * FROM t EMIT CHANGES;
SELECT * FROM t EMIT FINAL;
SELECT * FROM t EMIT ON WINDOW CLOSE;
SELECT * FROM t EMIT CHANGES LIMIT 5;
SELECT * FROM main.t WHERE main.t.a = 1;
