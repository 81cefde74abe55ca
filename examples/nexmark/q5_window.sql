-- Nexmark q5 with the WINDOW clause: hot items. The counts are a view of their own.
CREATE STREAM bid WITH (connector = 'nexmark', stream = 'bid', events = 1000000, seed = 1);

CREATE VIEW counts AS
SELECT auction, count(*) AS num, window_start, window_end
FROM bid WINDOW HOPPING (SIZE 10 SECONDS, ADVANCE BY 2 SECONDS)
GROUP BY auction;

CREATE MATERIALIZED VIEW q5_window AS
SELECT c.auction, c.num
FROM counts AS c
JOIN (SELECT window_start, window_end, max(num) AS maxn FROM counts GROUP BY window_start, window_end) AS m
USING (window_start, window_end)
WHERE c.num >= m.maxn;
