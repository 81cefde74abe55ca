"""DuckDB with one thread: the same rows in memory, and its own SQL for each load."""
import re

import duckdb

from clock import spent

BID = "{auction: 'BIGINT', bidder: 'BIGINT', price: 'BIGINT', channel: 'VARCHAR', url: 'VARCHAR', date_time: 'TIMESTAMP', extra: 'VARCHAR'}"
AUCTION = ("{id: 'BIGINT', item_name: 'VARCHAR', description: 'VARCHAR', initial_bid: 'BIGINT', reserve: 'BIGINT', date_time: 'TIMESTAMP', "
           "expires: 'TIMESTAMP', seller: 'BIGINT', category: 'BIGINT', extra: 'VARCHAR'}")
PERSON = ("{id: 'BIGINT', name: 'VARCHAR', email_address: 'VARCHAR', credit_card: 'VARCHAR', city: 'VARCHAR', state: 'VARCHAR', "
          "date_time: 'TIMESTAMP', extra: 'VARCHAR'}")
KEYS = "{k: 'BIGINT', v: 'BIGINT'}"
Q12_COLUMNS = "{bidder: 'BIGINT', date_time: 'TIMESTAMP'}"
Q7_COLUMNS = "{auction: 'BIGINT', bidder: 'BIGINT', price: 'BIGINT', date_time: 'TIMESTAMP', extra: 'VARCHAR'}"
Q2_COLUMNS = "{auction: 'BIGINT', price: 'BIGINT'}"


def columns_of(name):
    kind = name.split(".")[0]
    return {"auction": AUCTION, "person": PERSON}.get(kind, KEYS if kind.startswith("keys") else BID)


def read(path, columns):
    """A file as rows. CSV is read by the order of its columns, so all of them are named."""
    if path.endswith(".csv"):
        return f"read_csv('{path}', header = true, columns = {columns})"
    return f"read_json('{path}', format = 'newline_delimited', columns = {columns})"


TUMBLE = "time_bucket(INTERVAL 10 SECOND, date_time)"
DAY = "strftime(date_time, '%Y-%m-%d')"
RANKS = ("count({0}) FILTER (WHERE price < 10000) AS a{1}, count({0}) FILTER (WHERE price >= 10000 AND price < 1000000) AS b{1}, "
         "count({0}) FILTER (WHERE price >= 1000000) AS c{1}")
DISTINCTS = ", ".join([RANKS.format("*", 0), "count(DISTINCT bidder) AS d1", RANKS.format("DISTINCT bidder", 1),
                       "count(DISTINCT auction) AS d2", RANKS.format("DISTINCT auction", 2)])
# as written: each bid once for each of its five windows
HOPS = """SELECT auction, unnest(generate_series(time_bucket(INTERVAL 2 SECOND, date_time) - INTERVAL 8 SECOND,
          time_bucket(INTERVAL 2 SECOND, date_time), INTERVAL 2 SECOND)) AS w FROM bid"""
CLOSED = "A.id = B.auction AND B.date_time BETWEEN A.date_time AND A.expires"
SECONDS = "time_bucket(INTERVAL 10 SECOND, {0}.date_time)"


def hop(slides):
    """Windows of `slides` slides of 0.01 s, as panes: what DuckDB does best for many slides."""
    return f"""WITH panes AS (SELECT price % 5 AS g, time_bucket(INTERVAL 10 MILLISECOND, date_time) AS p, count(*) AS n, sum(price) AS s
                              FROM bid GROUP BY ALL),
                    spread AS (SELECT g, unnest(generate_series(p - INTERVAL 10 MILLISECOND * {slides - 1}, p,
                                                                INTERVAL 10 MILLISECOND)) AS w, n, s FROM panes)
               SELECT g, sum(n) AS n, sum(s) AS s, w AS window_start, w + INTERVAL 10 MILLISECOND * {slides} AS window_end
               FROM spread GROUP BY g, w"""


QUERIES = {
    "q0": "SELECT auction, bidder, price, date_time, extra FROM bid",
    "q1": "SELECT auction, bidder, CAST(0.908 * price AS DECIMAL(23, 3)) AS price, date_time FROM bid",
    "q2": "SELECT auction, price FROM bid WHERE auction % 123 = 0",
    "q3": """SELECT P.name, P.city, P.state, A.id FROM auction A JOIN person P ON A.seller = P.id
             WHERE A.category = 10 AND P.state IN ('OR', 'ID', 'CA')""",
    "q4": f"""SELECT category, avg(final) AS average FROM (SELECT max(B.price) AS final, A.category FROM auction A JOIN bid B ON {CLOSED}
              GROUP BY A.id, A.category) GROUP BY category""",
    "q5": f"""WITH counts AS (SELECT auction, w, count(*) AS num FROM ({HOPS}) GROUP BY auction, w)
              SELECT auction, num, w AS starttime FROM counts JOIN (SELECT w, max(num) AS maxn FROM counts GROUP BY w) USING (w)
              WHERE num >= maxn""",
    "q5a": f"SELECT auction, count(*) AS num, w AS window_start, w + INTERVAL 10 SECOND AS window_end FROM ({HOPS}) GROUP BY auction, w",
    "q7w": f"""SELECT B.auction, B.price, B.bidder, B.date_time, B.extra FROM bid B
               JOIN (SELECT max(price) AS price, {TUMBLE} AS w FROM bid GROUP BY w) M
               ON B.price = M.price AND {SECONDS.format('B')} = M.w""",
    "q7a": f"SELECT max(price) AS price, {TUMBLE} AS window_start, window_start + INTERVAL 10 SECOND AS window_end FROM bid GROUP BY window_start",
    "q8": f"""SELECT P.id, P.name, P.w AS starttime FROM (SELECT DISTINCT id, name, {TUMBLE} AS w FROM person) P
              JOIN (SELECT DISTINCT seller, {TUMBLE} AS w FROM auction) A ON P.id = A.seller AND P.w = A.w""",
    "q9": f"""SELECT A.id, A.item_name, A.description, A.initial_bid, A.reserve, A.date_time, A.expires, A.seller, A.category, A.extra,
                     B.auction, B.bidder, B.price, B.date_time AS bid_date_time, B.extra AS bid_extra
              FROM auction A JOIN bid B ON {CLOSED}
              QUALIFY row_number() OVER (PARTITION BY A.id ORDER BY B.price DESC, B.date_time) = 1""",
    "q10": f"SELECT auction, bidder, price, date_time, extra, {DAY} AS dt, strftime(date_time, '%H:%M') AS hm FROM bid",
    "q11": """SELECT bidder, count(*) AS bid_count, min(date_time) AS starttime, max(date_time) + INTERVAL 10 SECOND AS endtime FROM
              (SELECT bidder, date_time, sum(is_new) OVER (PARTITION BY bidder ORDER BY date_time ROWS UNBOUNDED PRECEDING) AS session FROM
               (SELECT bidder, date_time, CASE WHEN date_time - lag(date_time) OVER (PARTITION BY bidder ORDER BY date_time)
                                                    <= INTERVAL 10 SECOND THEN 0 ELSE 1 END AS is_new FROM bid))
              GROUP BY bidder, session""",
    "q12": f"SELECT bidder, count(*) AS bids, {TUMBLE} AS window_start, window_start + INTERVAL 10 SECOND AS window_end FROM bid GROUP BY bidder, window_start",
    "q12b": f"""SELECT auction, count(*) AS n, sum(price) AS total, min(price) AS low, max(price) AS high, {TUMBLE} AS window_start,
                       window_start + INTERVAL 10 SECOND AS window_end FROM bid GROUP BY auction, window_start""",
    "q12c": f"SELECT channel, count(*) AS n, {TUMBLE} AS window_start, window_start + INTERVAL 10 SECOND AS window_end FROM bid GROUP BY channel, window_start",
    "q14": """SELECT auction, bidder, 0.908 * price AS price, CASE WHEN hour(date_time) BETWEEN 8 AND 18 THEN 'dayTime'
                     WHEN hour(date_time) <= 6 OR hour(date_time) >= 20 THEN 'nightTime' ELSE 'otherTime' END AS bid_time_type,
                     date_time, extra, length(extra) - length(replace(extra, 'c', '')) AS c_counts
              FROM bid WHERE 0.908 * price > 1000000 AND 0.908 * price < 50000000""",
    "q15": f"SELECT {DAY} AS day, count(*) AS total_bids, {DISTINCTS} FROM bid GROUP BY day",
    "q16": f"SELECT channel, {DAY} AS day, max(strftime(date_time, '%H:%M')) AS minute, count(*) AS total_bids, {DISTINCTS} FROM bid GROUP BY channel, day",
    "q17": f"""SELECT auction, {DAY} AS day, count(*) AS total_bids, {RANKS.format('*', 0)}, min(price) AS min_price, max(price) AS max_price,
                      avg(price) AS avg_price, sum(price) AS sum_price FROM bid GROUP BY auction, day""",
    "q18": """SELECT auction, bidder, price, channel, url, date_time, extra FROM bid
              QUALIFY row_number() OVER (PARTITION BY bidder, auction ORDER BY date_time DESC) <= 1""",
    "q19": """SELECT *, row_number() OVER (PARTITION BY auction ORDER BY price DESC) AS rank_number FROM bid QUALIFY rank_number <= 10""",
    "q20": """SELECT auction, bidder, price, channel, url, B.date_time AS bid_date_time, B.extra AS bid_extra, item_name, description,
                     initial_bid, reserve, A.date_time AS auction_date_time, expires, seller, category, A.extra AS auction_extra
              FROM bid B JOIN auction A ON B.auction = A.id WHERE A.category = 10""",
    "q21": r"""SELECT auction, bidder, price, channel, CASE lower(channel) WHEN 'apple' THEN '0' WHEN 'google' THEN '1' WHEN 'facebook' THEN '2'
                      WHEN 'baidu' THEN '3' ELSE regexp_extract(url, '(&|^)channel_id=([^&]*)', 2) END AS channel_id
               FROM bid WHERE regexp_matches(url, '(&|^)channel_id=([^&]*)') OR lower(channel) IN ('apple', 'google', 'facebook', 'baidu')""",
    "q22": """SELECT auction, bidder, price, channel, split_part(url, '/', 4) AS dir1, split_part(url, '/', 5) AS dir2,
                     split_part(url, '/', 6) AS dir3 FROM bid""",
    "q23": """SELECT B.auction, B.bidder, B.price, B.channel, B.url, B.date_time AS bid_date_time, B.extra AS bid_extra, P.name AS bidder_name,
                     P.email_address, P.credit_card, P.city, P.state, P.date_time AS person_date_time, A.item_name, A.description,
                     A.initial_bid, A.reserve, A.date_time AS auction_date_time, A.expires, A.seller, A.category
              FROM bid B JOIN person P ON B.bidder = P.id JOIN auction A ON B.auction = A.id""",
    "interval": """SELECT A.id, A.seller, B.bidder, B.price FROM auction A JOIN bid B ON A.id = B.auction
                   AND B.date_time BETWEEN A.date_time AND A.date_time + INTERVAL 10 SECOND""",
    "ratio-1": hop(1), "ratio-5": hop(5), "ratio-60": hop(60), "ratio-3600": hop(3600),
}
QUERIES["q7"] = QUERIES["q7w"]
for n in ("100", "10k", "1m", "10m"):
    QUERIES[f"keys-{n}"] = f"SELECT k, count(*) AS n, sum(v) AS s FROM keys_{n} GROUP BY k"

# from a file: what the query reads, and the query over it
FROM_FILE = {
    "file-q2": (Q2_COLUMNS, "SELECT auction, price FROM {0} WHERE auction % 1009 = 0"),
    "file-q7": (Q7_COLUMNS, f"""WITH bid AS MATERIALIZED (SELECT auction, price, bidder, date_time, extra FROM {{0}}) {QUERIES['q7w']}"""),
    "file-q12": (Q12_COLUMNS, f"SELECT bidder, count(*) AS bids, {TUMBLE} AS w, w + INTERVAL 10 SECOND AS e FROM {{0}} GROUP BY bidder, w"),
    "file-q12b": ("{auction: 'BIGINT', price: 'BIGINT', date_time: 'TIMESTAMP'}", QUERIES["q12b"].replace("FROM bid", "FROM {0}")),
    "file-q17": ("{auction: 'BIGINT', price: 'BIGINT', date_time: 'TIMESTAMP'}", QUERIES["q17"].replace("FROM bid", "FROM {0}")),
    "file-q0": (Q7_COLUMNS, "SELECT auction, bidder, price, date_time, extra FROM {0}"),
}
FROM_FILE["file-rows3"] = FROM_FILE["file-rows20"] = FROM_FILE["file-q12"]


class Duck:
    """Tables are loaded when a query first needs them."""

    def __init__(self, input_of):
        self.con = duckdb.connect()
        self.con.execute("SET threads = 1")
        self.con.execute("SET TimeZone = 'UTC'")
        self.input_of = input_of
        self.tables = set()

    def load(self, sql):
        for table in ("bid", "auction", "person", "keys_100", "keys_10k", "keys_1m", "keys_10m"):
            if table not in self.tables and re.search(rf"\b{table}\b", sql):
                name = table + (".csv" if table.startswith("keys") else ".ndjson")
                self.con.execute(f"CREATE TABLE {table} AS SELECT * FROM {read(self.input_of(name), columns_of(name))}")
                self.tables.add(table)

    def rows(self, sql):
        return self.con.execute(sql).fetchall()

    def table(self, sql):
        """Seconds for the result of a query as a table."""
        return spent(lambda: self.con.execute(f"CREATE OR REPLACE TEMP TABLE result AS {sql}"))

    def count(self):
        return self.con.execute("SELECT count(*) FROM result").fetchone()[0]

    def query(self, name):
        self.load(QUERIES[name])
        return self.table(QUERIES[name])

    def from_file(self, name, path):
        columns, sql = FROM_FILE[name.replace("-csv", "").replace("pipe-", "file-")]
        return self.table(sql.format(read(path, BID if path.endswith(".csv") else columns)))

    def decode(self, path):
        return self.table(f"SELECT * FROM {read(path, BID)}")
