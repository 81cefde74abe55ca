-- What the package manager is doing, followed while it does it.
CREATE STREAM dpkg (
    time    TIMESTAMP(0),
    action  TEXT,
    detail  TEXT,
    WATERMARK FOR time
) WITH (
    connector = 'file', path = '/var/log/dpkg.log', format = 'regex', follow = true,
    pattern = '^(?<time>\d{4}-\d\d-\d\d \d\d:\d\d:\d\d) (?<action>\S+) (?<detail>.*)$',
    timestamp_format = '%Y-%m-%d %H:%M:%S'
);

CREATE MATERIALIZED VIEW actions AS
SELECT action, count(*) AS n, max(time) AS latest FROM dpkg GROUP BY action;

CREATE MATERIALIZED VIEW per_hour AS
SELECT window_start, count(*) AS events FROM dpkg WINDOW TUMBLING (SIZE 1 HOUR) GROUP BY ();
