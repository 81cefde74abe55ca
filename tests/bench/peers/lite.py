"""SQLite: the same queries over a table in memory, and views that triggers keep while rows are inserted."""
import csv
import sqlite3
from datetime import datetime, timezone

from clock import spent

DAY = "date(date_time / 1000, 'unixepoch')"
RANKS = ("count({0}) FILTER (WHERE price < 10000), count({0}) FILTER (WHERE price >= 10000 AND price < 1000000), "
         "count({0}) FILTER (WHERE price >= 1000000)")

QUERIES = {
    "q2": "SELECT auction, price FROM bid WHERE auction % 123 = 0",
    "q12": "SELECT bidder, count(*), date_time / 10000 AS w FROM bid GROUP BY bidder, w",
    "q12b": "SELECT auction, count(*), sum(price), min(price), max(price), date_time / 10000 AS w FROM bid GROUP BY auction, w",
    "q12c": "SELECT channel, count(*), date_time / 10000 AS w FROM bid GROUP BY channel, w",
    "q5a": """SELECT auction, count(*), date_time / 2000 - slide.column1 AS w FROM bid, (VALUES (0), (1), (2), (3), (4)) AS slide
              GROUP BY auction, w""",
    "q11": """SELECT bidder, session, count(*), min(date_time), max(date_time) FROM
              (SELECT bidder, date_time, sum(is_new) OVER (PARTITION BY bidder ORDER BY date_time ROWS UNBOUNDED PRECEDING) AS session FROM
               (SELECT bidder, date_time, CASE WHEN date_time - lag(date_time) OVER (PARTITION BY bidder ORDER BY date_time) <= 10000
                                               THEN 0 ELSE 1 END AS is_new FROM bid))
              GROUP BY bidder, session""",
    "q15": f"""SELECT {DAY} AS day, count(*), {RANKS.format('*')}, count(DISTINCT bidder), {RANKS.format('DISTINCT bidder')},
               count(DISTINCT auction), {RANKS.format('DISTINCT auction')} FROM bid GROUP BY day""",
    "q17": f"""SELECT auction, {DAY} AS day, count(*), {RANKS.format('*')}, min(price), max(price), avg(price), sum(price)
               FROM bid GROUP BY auction, day""",
    "q18": """SELECT * FROM (SELECT *, row_number() OVER (PARTITION BY bidder, auction ORDER BY date_time DESC) AS r FROM bid) WHERE r <= 1""",
    "q19": """SELECT * FROM (SELECT *, row_number() OVER (PARTITION BY auction ORDER BY price DESC) AS r FROM bid) WHERE r <= 10""",
}

# what is kept, and what a new bid does to it
TRIGGERS = {
    "q12": ("(bidder, w, n, PRIMARY KEY (w, bidder)) WITHOUT ROWID",
            "INSERT INTO kept VALUES (new.bidder, new.date_time / 10000, 1) ON CONFLICT DO UPDATE SET n = n + 1;"),
    "q12b": ("(auction, w, n, s, low, high, PRIMARY KEY (w, auction)) WITHOUT ROWID",
             "INSERT INTO kept VALUES (new.auction, new.date_time / 10000, 1, new.price, new.price, new.price) "
             "ON CONFLICT DO UPDATE SET n = n + 1, s = s + excluded.s, low = min(low, excluded.low), high = max(high, excluded.high);"),
    "q17": ("(auction, day, n, a, b, c, low, high, s, PRIMARY KEY (day, auction)) WITHOUT ROWID",
            "INSERT INTO kept VALUES (new.auction, new.date_time / 86400000, 1, new.price < 10000, new.price BETWEEN 10000 AND 999999, "
            "new.price >= 1000000, new.price, new.price, new.price) ON CONFLICT DO UPDATE SET n = n + 1, a = a + excluded.a, "
            "b = b + excluded.b, c = c + excluded.c, low = min(low, excluded.low), high = max(high, excluded.high), s = s + excluded.s;"),
    "q5a": ("(auction, w, n, PRIMARY KEY (w, auction)) WITHOUT ROWID",
            "".join(f"INSERT INTO kept VALUES (new.auction, new.date_time / 2000 - {i}, 1) ON CONFLICT DO UPDATE SET n = n + 1;"
                    for i in range(5))),
}


def milliseconds(text):
    return round(datetime.fromisoformat(text).replace(tzinfo=timezone.utc).timestamp() * 1000)


class Lite:
    def __init__(self, input_of):
        self.con = sqlite3.connect(":memory:", isolation_level=None)
        self.input_of = input_of
        self.is_loaded = False

    def load(self):
        if self.is_loaded:
            return
        self.con.execute("CREATE TABLE bid (auction INTEGER, bidder INTEGER, price INTEGER, channel TEXT, url TEXT, date_time INTEGER, extra TEXT)")
        with open(self.input_of("bid.csv"), newline="", encoding="utf-8") as f:
            rows = csv.reader(f)
            next(rows)
            self.con.execute("BEGIN")
            self.con.executemany("INSERT INTO bid VALUES (?, ?, ?, ?, ?, ?, ?)", ((*r[:5], milliseconds(r[5]), r[6]) for r in rows))
            self.con.execute("COMMIT")
        self.is_loaded = True

    def count(self, table="result"):
        return self.con.execute(f"SELECT count(*) FROM {table}").fetchone()[0]

    def query(self, name):
        self.load()
        self.con.execute("DROP TABLE IF EXISTS result")
        return spent(lambda: self.con.execute(f"CREATE TABLE result AS {QUERIES[name]}"))

    def triggers(self, name):
        self.load()
        columns, step = TRIGGERS[name]
        for table in ("raw", "kept"):
            self.con.execute(f"DROP TABLE IF EXISTS {table}")
        self.con.execute("CREATE TABLE raw (auction INTEGER, bidder INTEGER, price INTEGER, date_time INTEGER)")
        self.con.execute(f"CREATE TABLE kept {columns}")
        self.con.execute(f"CREATE TRIGGER keep AFTER INSERT ON raw BEGIN {step} END")
        return spent(lambda: self.con.execute("INSERT INTO raw SELECT auction, bidder, price, date_time FROM bid"))
