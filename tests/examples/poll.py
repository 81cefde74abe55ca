#!/usr/bin/env python3
"""A plain SQLite reader beside a running engine. Usage: poll.py WEIR ROOT [POLLS]

A log grows while `weir run` follows it; a read-only SQLite connection reads all views and
weir_progress in one transaction, again and again. Each time the views must hold exactly what the
lines up to the position in weir_progress give. The log is made here, seeded, in the shape of a web
server's: bursts of disorder of up to 59 seconds."""
import collections
import datetime
import os
import random
import shutil
import signal
import sqlite3
import subprocess
import sys
import tempfile
import time

MINUTE, GAP = 60, 1800
SQL = """
CREATE STREAM access (
    client TEXT, time TIMESTAMP(0), status BIGINT, bytes BIGINT,
    WATERMARK FOR time AS time - INTERVAL '1' MINUTE
) WITH (connector = 'file', path = 'access.csv', format = 'csv', header = false, follow = true,
        max_future = 'OFF');
CREATE MATERIALIZED VIEW per_minute AS
SELECT window_start, status / 100 AS class, count(*) AS n, sum(bytes) AS bytes, count(DISTINCT client) AS clients
FROM access WINDOW TUMBLING (SIZE 1 MINUTE) GROUP BY status / 100 EMIT FINAL;
CREATE MATERIALIZED VIEW per_client AS
SELECT client, count(*) AS n, sum(bytes) AS bytes, max(time) AS latest FROM access GROUP BY client;
CREATE MATERIALIZED VIEW visits AS
SELECT client, window_start, window_end, count(*) AS n FROM access WINDOW SESSION (GAP 30 MINUTES) GROUP BY client;
"""


def text_time(t):
    return datetime.datetime.fromtimestamp(t, datetime.timezone.utc).strftime("%Y-%m-%d %H:%M:%S")


def make_lines(n):
    rng = random.Random(7)
    t = 1431856800
    for _ in range(n):
        t += rng.choice((0, 0, 1, 3, 40, 90))
        yield (f"10.0.0.{int(rng.expovariate(0.1))}", t - rng.randrange(60), rng.choice((200, 200, 304, 404, 500)),
               rng.randrange(100000))


class Expected:
    """The views over a growing prefix of the lines, each as a bag of rows."""

    def __init__(self):
        self.views = {"per_minute": collections.Counter(), "per_client": collections.Counter(),
                      "visits": collections.Counter()}
        self.open, self.clients, self.sessions = {}, {}, collections.defaultdict(list)
        self.watermark = None

    def replace(self, view, old, new):
        if old:
            self.views[view][old] -= 1
            if not self.views[view][old]:
                del self.views[view][old]
        if new:
            self.views[view][new] += 1

    def add(self, row):
        client, t, status, size = row
        self.open.setdefault((t // MINUTE * MINUTE, status // 100), []).append(row)
        old = self.clients.get(client)
        new = (client, old[1] + 1, old[2] + size, max(old[3], text_time(t))) if old else (client, 1, size, text_time(t))
        self.clients[client] = new
        self.replace("per_client", old, new)
        self.merge(client, t)
        w = t - MINUTE
        self.watermark = w if self.watermark is None else max(w, self.watermark)
        for minute, cls in [k for k in self.open if k[0] + MINUTE - 1 <= self.watermark]:
            g = self.open.pop((minute, cls))
            self.replace("per_minute", None, (text_time(minute), cls, len(g), sum(r[3] for r in g), len({r[0] for r in g})))

    def merge(self, client, t):
        touching = [s for s in self.sessions[client] if s[0] - GAP <= t <= s[1] + GAP]
        merged = [min([t] + [s[0] for s in touching]), max([t] + [s[1] for s in touching]), 1 + sum(s[2] for s in touching)]
        for s in touching:
            self.sessions[client].remove(s)
            self.replace("visits", self.visit(client, s), None)
        self.sessions[client].append(merged)
        self.replace("visits", None, self.visit(client, merged))

    @staticmethod
    def visit(client, s):
        return client, text_time(s[0]), text_time(s[1] + GAP), s[2]


def poll(db):
    db.execute("BEGIN")
    positions = db.execute("SELECT DISTINCT source_rows, position FROM weir_progress").fetchall()
    views = {v: collections.Counter(db.execute(f"SELECT * FROM {v}").fetchall()) for v in ("per_minute", "per_client", "visits")}
    db.execute("COMMIT")
    return positions, views


def check(expected, views):
    for view, want in expected.views.items():
        if want != views[view]:
            print("FAIL", view, "missing", list((want - views[view]).elements())[:3], "too many",
                  list((views[view] - want).elements())[:3])
            return 1
    return 0


def wait_for_view(path, process):
    for _ in range(500):
        if process.poll() is not None:
            return None
        try:
            db = sqlite3.connect(f"file:{path}?mode=ro", uri=True, isolation_level=None)
            db.execute("SELECT * FROM visits").fetchall()
            return db
        except sqlite3.Error:
            time.sleep(0.01)
    return None


def main():
    weir, polls = os.path.abspath(sys.argv[1]), int(sys.argv[3]) if len(sys.argv) > 3 else 1000
    folder = tempfile.mkdtemp(prefix="weir-poll-")
    with open(os.path.join(folder, "q.sql"), "w", encoding="utf-8") as f:
        f.write(SQL)
    lines = list(make_lines(polls * 6))
    log = open(os.path.join(folder, "access.csv"), "w", encoding="utf-8", buffering=1)
    process = subprocess.Popen([weir, "run", "-q", "-d", "v.db", "q.sql"], cwd=folder)
    db = wait_for_view(os.path.join(folder, "v.db"), process)
    expected, done, written, bad, seen = Expected(), 0, 0, 0, set()
    rng = random.Random(3)
    for _ in range(polls if db else 0):
        for _ in range(rng.randrange(12)):
            if written < len(lines):
                client, t, status, size = lines[written]
                log.write(f"{client},{text_time(t)},{status},{size}\n")
                written += 1
        positions, views = poll(db)
        if len(positions) != 1:
            print("FAIL the views stand at different positions:", positions)
            bad += 1
            break
        rows = positions[0][0] or 0
        seen.add(rows)
        while done < rows:
            expected.add(lines[done])
            done += 1
        bad += check(expected, views)
        if bad:
            break
    process.send_signal(signal.SIGINT)
    code = process.wait()
    print(f"{polls} polls, {len(seen)} different positions, {done} of {written} lines seen, exit {code}, {bad} bad")
    shutil.rmtree(folder)
    return 1 if bad or not db or len(seen) < 2 else 0


if __name__ == "__main__":
    sys.exit(main())
