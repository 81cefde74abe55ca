-- Nexmark q8 with the WINDOW clause: persons who opened an auction in the ten seconds in which they came.
CREATE STREAM person WITH (connector = 'nexmark', stream = 'person', events = 1000000, seed = 1);
CREATE STREAM auction WITH (connector = 'nexmark', stream = 'auction', events = 1000000, seed = 1);

CREATE MATERIALIZED VIEW q8_window AS
SELECT P.id, P.name, P.window_start AS starttime
FROM (SELECT id, name, window_start, window_end FROM person WINDOW TUMBLING (SIZE 10 SECONDS) GROUP BY id, name) P
JOIN (SELECT seller, window_start, window_end FROM auction WINDOW TUMBLING (SIZE 10 SECONDS) GROUP BY seller) A
ON P.id = A.seller AND P.window_start = A.window_start AND P.window_end = A.window_end;
