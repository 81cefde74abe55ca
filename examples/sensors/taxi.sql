-- Taxi passengers per half hour, as the Numenta Anomaly Benchmark has them (nyc_taxi.csv with the
-- columns timestamp and value; twitter_volume_*.csv and machine_temperature*.csv are alike).
CREATE STREAM taxi (
    timestamp TIMESTAMP(0),
    value     BIGINT,
    WATERMARK FOR timestamp
) WITH (connector = 'file', path = 'nyc_taxi.csv', format = 'csv', header = true);

CREATE MATERIALIZED VIEW daily AS
SELECT window_start AS day, sum(value) AS passengers, max(value) AS busiest
FROM taxi WINDOW TUMBLING (SIZE 1 DAY)
GROUP BY ();

CREATE MATERIALIZED VIEW day_average AS
SELECT window_end, avg(value) AS average, count(*) AS n
FROM taxi WINDOW HOPPING (SIZE 24 HOURS, ADVANCE BY 30 MINUTES)
GROUP BY ()
EMIT FINAL;

CREATE MATERIALIZED VIEW rolling AS
SELECT window_no, window_end, avg(value) AS average, min(value) AS low, max(value) AS high
FROM taxi WINDOW COUNT (SIZE 48 ROWS, ADVANCE BY 1 ROWS)
GROUP BY ()
EMIT FINAL;

CREATE MATERIALIZED VIEW so_far_today AS
SELECT window_start AS day, window_end, sum(value) AS passengers
FROM taxi WINDOW CUMULATING (SIZE 1 DAY, STEP 1 HOUR)
GROUP BY ();
