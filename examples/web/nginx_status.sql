-- Status snapshots of an nginx server (its status module's JSON, one object a line) in
-- nginx_status.ndjson beside this file.
CREATE STREAM nginx (
    at         TIMESTAMP(3) PATH '$.timestamp',
    accepted   BIGINT PATH '$.connections.accepted',
    active     BIGINT PATH '$.connections.active',
    requests   BIGINT PATH '$.requests.total',
    handshakes BIGINT PATH '$.ssl.handshakes',
    WATERMARK FOR at
) WITH (connector = 'file', path = 'nginx_status.ndjson', format = 'json', timestamp_format = 'epoch_ms');

CREATE MATERIALIZED VIEW rates AS
SELECT window_start AS minute, count(*) AS snapshots,
       max(requests) - min(requests) AS requests,
       max(accepted) - min(accepted) AS connections,
       avg(active) AS active
FROM nginx WINDOW TUMBLING (SIZE 1 MINUTE)
GROUP BY ();
