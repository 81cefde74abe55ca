#!/usr/bin/env python3
"""weir beside DuckDB: the same queries over the same rows, alternating, in one run on one core.

Usage: run.py WEIR [--events N] [--query q1,q5] [--json]

DuckDB (threads = 1) answers once over a table in memory; weir pushes ready batches through its
incremental operators into a counting sink. Row counts are checked equal before anything is timed.
NDJSON: both read the same file into columns. Prints medians, ratios and whether each ratio meets
its floor; exit status 1 where one does not. DuckDB is installed by tests/bench/peers/setup."""
import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time

import duckdb

ROUNDS = 5
COLUMNS = ["auction", "bidder", "price", "channel", "url", "date_time", "extra"]
QUERIES = {
    "q1": ("SELECT auction, bidder, CAST(0.908 * price AS DECIMAL(23, 3)) AS price, date_time FROM bid", 0.5),
    "q2": ("SELECT auction, price FROM bid WHERE auction % 123 = 0", 0.5),
    "q5": ("""SELECT auction, count(*) AS num, w AS window_start, w + INTERVAL 10 SECOND AS window_end
              FROM (SELECT auction, unnest(generate_series(
                        time_bucket(INTERVAL 2 SECOND, date_time) - INTERVAL 8 SECOND,
                        time_bucket(INTERVAL 2 SECOND, date_time), INTERVAL 2 SECOND)) AS w FROM bid)
              GROUP BY auction, w""", 0.5),
    "q7a": ("""SELECT max(price) AS price, time_bucket(INTERVAL 10 SECOND, date_time) AS window_start
               FROM bid GROUP BY window_start""", 0.5),
    "q12": ("""SELECT bidder, count(*) AS bids, time_bucket(INTERVAL 10 SECOND, date_time) AS window_start
               FROM bid GROUP BY bidder, window_start""", 0.5),
}
READ_FLOOR = 2.5


def weir_json(args, *more):
    out = subprocess.run([args.weir, "bench", "--json", *more], check=True, capture_output=True, text=True).stdout
    return json.loads(out.strip().split("\n")[-1])


def make_events(args, path):
    """The bids as weir's generator makes them, one JSON object a line."""
    sql = (f"CREATE STREAM bid WITH (connector = 'nexmark', stream = 'bid', events = {args.events}, seed = 1);"
           f"SELECT {', '.join(COLUMNS)} FROM bid;")
    with open(path, "wb") as f:
        subprocess.run([args.weir, "--mode", "jsonl", "-c", sql], check=True, stdout=f)


def duck(path):
    con = duckdb.connect()
    con.execute("SET threads = 1")
    con.execute("SET TimeZone = 'UTC'")
    return con, (f"SELECT * FROM read_json('{path}', format = 'newline_delimited', columns = {{auction: 'BIGINT', "
                 "bidder: 'BIGINT', price: 'BIGINT', channel: 'VARCHAR', url: 'VARCHAR', date_time: 'TIMESTAMP', "
                 "extra: 'VARCHAR'})")


def timed(con, sql):
    start = time.perf_counter()
    con.execute(f"CREATE OR REPLACE TEMP TABLE result AS {sql}")
    return time.perf_counter() - start


def compare_query(args, con, name, rows):
    sql, floor = QUERIES[name]
    timed(con, sql)
    count = con.execute("SELECT count(*) FROM result").fetchone()[0]
    weir = weir_json(args, "--query", name, "--events", str(args.events))
    if weir["rows_out"] != count or weir["rows_in"] != rows:
        print(f"{name}: weir has {weir['rows_out']} rows of {weir['rows_in']}, DuckDB {count} of {rows}")
        return None
    ours, theirs = [], []
    for _ in range(ROUNDS):
        theirs.append(rows / timed(con, sql))
        ours.append(weir_json(args, "--query", name, "--events", str(args.events))["events_per_second"])
    return name, rows, statistics.median(ours), statistics.median(theirs), floor


def compare_read(args, con, read, path, rows):
    ours, theirs = [], []
    for _ in range(ROUNDS):
        theirs.append(rows / timed(con, read))
        got = weir_json(args, "--query", "ndjson", path)
        if got["rows_in"] != rows:
            print(f"ndjson: weir read {got['rows_in']} rows of {rows}")
            return None
        ours.append(got["events_per_second"])
    return "ndjson", rows, statistics.median(ours), statistics.median(theirs), READ_FLOOR


def main():
    p = argparse.ArgumentParser()
    p.add_argument("weir")
    p.add_argument("--events", type=int, default=2000000)
    p.add_argument("--query", default="ndjson," + ",".join(QUERIES))
    p.add_argument("--json", action="store_true")
    args = p.parse_args()
    args.weir = os.path.abspath(args.weir)
    names, failed = args.query.split(","), 0
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, "bid.ndjson")
        make_events(args, path)
        con, read = duck(path)
        con.execute(f"CREATE TABLE bid AS {read}")
        rows = con.execute("SELECT count(*) FROM bid").fetchone()[0]
        print(f"DuckDB {duckdb.__version__}, {rows} bids, medians of {ROUNDS}")
        for name in names:
            r = compare_read(args, con, read, path, rows) if name == "ndjson" else compare_query(args, con, name, rows)
            if not r:
                failed += 1
                continue
            _, _, ours, theirs, floor = r
            ok = ours / theirs >= floor
            failed += not ok
            if args.json:
                print(json.dumps({"query": name, "weir": ours, "duckdb": theirs, "ratio": ours / theirs, "floor": floor}))
            else:
                print(f"{name:7} weir {ours / 1e6:8.2f} M/s   DuckDB {theirs / 1e6:8.2f} M/s   ratio {ours / theirs:7.2f}"
                      f"   floor {floor}   {'ok' if ok else 'BELOW'}")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
