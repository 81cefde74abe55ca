-- Live answers over a web server's access log in the combined format.
-- Input: access.log beside this file, e.g. a copy of /var/log/apache2/access.log.
-- A row may be up to a minute late: the server writes a line when the answer is complete, but
-- stamps it with the time the request began. A line that was cut off inside its last field (the
-- agent) counts all the same.
CREATE STREAM access (
    client    TEXT,
    time      TIMESTAMP(0) NOT NULL,
    method    TEXT,
    path      TEXT,
    status    BIGINT,
    bytes     BIGINT,
    referer   TEXT,
    agent     TEXT,
    WATERMARK FOR time AS time - INTERVAL '1' MINUTE
) WITH (
    connector = 'file', path = 'access.log', format = 'regex',
    pattern = '^(?<client>\S+) \S+ \S+ \[(?<time>[^\]]+)\] "(?<method>\S+) (?<path>\S+)[^"]*" (?<status>\d+) (?:(?<bytes>\d+)|-) "(?<referer>(?:\\.|[^"\\])*)" "(?<agent>(?:\\.|[^"\\])*)"?$',
    timestamp_format = '%d/%b/%Y:%H:%M:%S %z'
);

-- Requests, bytes and distinct clients per minute and class of status; a row appears when its
-- minute is over.
CREATE MATERIALIZED VIEW per_minute AS
SELECT window_start, status / 100 AS status_class, count(*) AS requests,
       sum(bytes) AS bytes, count(DISTINCT client) AS clients
FROM access WINDOW TUMBLING (SIZE 1 MINUTE)
GROUP BY status / 100
EMIT FINAL;

-- Hits per path in the last hour, every ten minutes.
CREATE MATERIALIZED VIEW path_hits AS
SELECT window_start, window_end, path, count(*) AS hits
FROM TABLE(HOP(TABLE access, DESCRIPTOR(time), INTERVAL '10' MINUTES, INTERVAL '1' HOUR))
GROUP BY window_start, window_end, path;

-- Visits: requests of one client with no pause of more than half an hour.
CREATE MATERIALIZED VIEW visits AS
SELECT client, window_start, window_end, count(*) AS requests, sum(bytes) AS bytes
FROM access WINDOW SESSION (GAP 30 MINUTES)
GROUP BY client;
