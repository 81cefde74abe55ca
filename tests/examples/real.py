#!/usr/bin/env python3
"""The examples over real event data against computations of their own.

Usage: real.py WEIR WEIR_STREAM ROOT [CASE]

Every view of the examples must equal what this script works out from the lines alone, with batches
of 1, 7 and 4,096 rows and with the run cut by restarts in the middle. The data is not part of the
repository: the test is skipped (77) where the folder WEIR_TEST_DATA, or shared/data beside the
checkout, does not exist."""
import collections
import csv
import datetime
import fractions
import json
import os
import re
import shutil
import sqlite3
import subprocess
import sys
import tempfile

MINUTE, HOUR, DAY = 60, 3600, 86400
UTC = datetime.timezone.utc
MONTHS = {m: i + 1 for i, m in enumerate("Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec".split())}


def data_folder(root):
    for path in (os.environ.get("WEIR_TEST_DATA"), os.path.join(root, "..", "shared", "data")):
        if path and os.path.isdir(path):
            return os.path.abspath(path)
    print("no event data here: skipped")
    sys.exit(77)


def text_time(seconds, fraction=""):
    return datetime.datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%d %H:%M:%S") + fraction


def average(values):
    return float(sum(map(fractions.Fraction, values)) / len(values))


def tumble(t, size):
    return t // size * size


def hops(t, size, slide):
    start = t // slide * slide
    while start > t - size:
        yield start
        start -= slide


def judged(times, delay):
    """(time, J) of every row: J is the watermark that the rows before it made."""
    watermark = None
    for t in times:
        yield t, watermark
        watermark = t - delay if watermark is None else max(watermark, t - delay)


# ---- the web server's log -------------------------------------------------------------------------

ACCESS = re.compile(r'^(\S+) \S+ \S+ \[(\d+)/(\w+)/(\d+):(\d+):(\d+):(\d+) ([+-])(\d\d)(\d\d)\] '
                    r'"(\S+) (\S+)[^"]*" (\d+) (\d+|-) ')


def access_rows(data):
    with open(os.path.join(data, "apache_access.log"), encoding="utf-8") as f:
        for line in f:
            m = ACCESS.match(line)
            assert m, line
            g = m.groups()
            at = datetime.datetime(int(g[3]), MONTHS[g[2]], int(g[1]), int(g[4]), int(g[5]), int(g[6]), tzinfo=UTC)
            shift = (int(g[8]) * 60 + int(g[9])) * 60 * (1 if g[7] == "+" else -1)
            yield (g[0], int(at.timestamp()) - shift, g[11], int(g[12]), None if g[13] == "-" else int(g[13]))


def total(values):
    known = [v for v in values if v is not None]
    return sum(known) if known else None


def sessions_of(rows, gap):
    """Chains of rows of one client that are at most `gap` apart."""
    by_client = collections.defaultdict(list)
    for row in rows:
        by_client[row[0]].append(row)
    for client, mine in by_client.items():
        mine.sort(key=lambda r: r[1])
        chain = [mine[0]]
        for row in mine[1:]:
            if row[1] - chain[-1][1] > gap:
                yield client, chain
                chain = []
            chain.append(row)
        yield client, chain


def access_expected(data):
    rows = list(access_rows(data))
    assert len(rows) == 10000
    assert all(j is None or t > j for t, j in judged([r[1] for r in rows], MINUTE)), "nothing may be late"
    minutes, paths = collections.defaultdict(list), collections.Counter()
    for row in rows:
        minutes[tumble(row[1], MINUTE), row[3] // 100].append(row)
        for start in hops(row[1], HOUR, 10 * MINUTE):
            paths[start, row[2]] += 1
    per_minute = [(text_time(m), c, len(g), total(r[4] for r in g), len({r[0] for r in g}))
                  for (m, c), g in minutes.items()]
    visits = [(client, text_time(chain[0][1]), text_time(chain[-1][1] + 30 * MINUTE), len(chain), total(r[4] for r in chain))
              for client, chain in sessions_of(rows, 30 * MINUTE)]
    return {"per_minute": per_minute, "visits": visits,
            "path_hits": [(text_time(s), text_time(s + HOUR), p, n) for (s, p), n in paths.items()]}


# ---- series of measurements -----------------------------------------------------------------------

def series(data, name, number):
    with open(os.path.join(data, name), encoding="utf-8", newline="") as f:
        for row in csv.DictReader(f):
            at = datetime.datetime.strptime(row["timestamp"], "%Y-%m-%d %H:%M:%S").replace(tzinfo=UTC)
            yield int(at.timestamp()), number(row["value"])


def add(values):
    return float(sum(map(fractions.Fraction, values))) if isinstance(values[0], float) else sum(values)


def series_expected(rows, delay):
    daily, hopping, cumulating, tens = (collections.defaultdict(list) for _ in range(4))
    late = collections.Counter()
    for (t, j), (_, v) in zip(judged([r[0] for r in rows], delay), rows):
        j = -1 << 62 if j is None else j
        counted = collections.Counter()
        day = tumble(t, DAY)
        if j < day + DAY - 1:
            daily[day].append(v)
            counted["daily"] += 1
        for start in hops(t, DAY, 30 * MINUTE):
            if j < start + DAY - 1:
                hopping[start + DAY].append(v)
                counted["day_average"] += 1
        for k in range(24):
            end = day + (k + 1) * HOUR
            if t < end and j < end - 1:
                cumulating[day, end].append(v)
                counted["so_far_today"] += 1
        ten = tumble(t, 10 * MINUTE)
        if j < ten + 10 * MINUTE - 1:
            tens[ten].append(v)
            counted["ten_minutes"] += 1
        for view in ("daily", "day_average", "so_far_today", "ten_minutes"):
            late[view] += not counted[view]
    values = [v for _, v in rows]
    rolling = [(i - 46, text_time(max(t for t, _ in rows[i - 47:i + 1])), average(values[i - 47:i + 1]),
                min(values[i - 47:i + 1]), max(values[i - 47:i + 1])) for i in range(47, len(rows))]
    return {"daily": [(text_time(d), add(v), max(v)) for d, v in daily.items()],
            "day_average": [(text_time(e), average(v), len(v)) for e, v in hopping.items()],
            "rolling": rolling,
            "ten_minutes": [(text_time(d), len(v), add(v)) for d, v in tens.items()],
            "so_far_today": [(text_time(d), text_time(e), add(v)) for (d, e), v in cumulating.items()]}, late


def series_sql(root, name, kind, delay):
    with open(os.path.join(root, "examples", "sensors", "taxi.sql"), encoding="utf-8") as f:
        sql = f.read()
    sql = sql.replace("nyc_taxi.csv", name).replace("value     BIGINT", "value     " + kind)
    if delay:
        sql = sql.replace("WATERMARK FOR timestamp", f"WATERMARK FOR timestamp AS timestamp - INTERVAL '{delay // MINUTE}' MINUTE")
    return sql + """
CREATE MATERIALIZED VIEW ten_minutes AS
SELECT window_start, count(*) AS n, sum(value) AS total
FROM taxi WINDOW TUMBLING (SIZE 10 MINUTES)
GROUP BY ()
EMIT FINAL;
"""


# ---- snapshots of nginx -----------------------------------------------------------------------------

def nginx_expected(data):
    minutes = collections.defaultdict(list)
    with open(os.path.join(data, "nginx_status.ndjson"), encoding="utf-8") as f:
        for line in f:
            row = json.loads(line)
            minutes[tumble(row["timestamp"], MINUTE * 1000)].append(row)
    out = []
    for m, g in minutes.items():
        requests = [r["requests"]["total"] for r in g]
        accepted = [r["connections"]["accepted"] for r in g]
        out.append((text_time(m // 1000, ".000"), len(g), max(requests) - min(requests),
                    max(accepted) - min(accepted), average([r["connections"]["active"] for r in g])))
    return {"rates": out}


# ---- running ---------------------------------------------------------------------------------------

def view_rows(db, view):
    with sqlite3.connect(f"file:{db}?mode=ro", uri=True) as c:
        return c.execute(f'SELECT * FROM "{view}"').fetchall()


def compare(label, view, want, got):
    want, got = collections.Counter(map(tuple, want)), collections.Counter(map(tuple, got))
    if want == got:
        return 0
    print(f"FAIL {label}: view {view}: {sum(want.values())} rows wanted, {sum(got.values())} there")
    for row in list((want - got).elements())[:5]:
        print("  missing", row)
    for row in list((got - want).elements())[:5]:
        print("  too many", row)
    return 1


def check(label, db, expected, late=None):
    bad = sum(compare(label, view, rows, view_rows(db, view)) for view, rows in expected.items())
    with sqlite3.connect(f"file:{db}?mode=ro", uri=True) as c:
        for view, n in (late or {}).items():
            got = c.execute("SELECT late_rows FROM weir_views WHERE name = ?", (view,)).fetchone()[0]
            if got != n:
                print(f"FAIL {label}: view {view}: {got} late rows, {n} wanted")
                bad += 1
    return bad


def in_folder(sql, data, files):
    folder = tempfile.mkdtemp(prefix="weir-real-")
    for target, name in files.items():
        os.symlink(os.path.join(data, name), os.path.join(folder, target))
    with open(os.path.join(folder, "q.sql"), "w", encoding="utf-8") as f:
        f.write(sql)
    return folder


def run_plain(weir, folder):
    subprocess.run([weir, "run", "-q", "-d", "v.db", "q.sql"], cwd=folder, check=True)


def run_cut(stream, folder, batch, restarts):
    """Epochs of 1,000 rows; the engine is closed and opened again after some of them."""
    script = "sql\n" + open(os.path.join(folder, "q.sql"), encoding="utf-8").read() + "\nend\n"
    script += "".join("commit\n" * 3 + "restart\n" for _ in range(restarts)) + "run\n"
    subprocess.run([stream, "--batch", str(batch), "--epoch-rows", "1000", "--db", "v.db", "-"],
                   input=script, text=True, cwd=folder, check=True)


def case(tools, data, name, sql, files, expected, late=None):
    weir, stream = tools
    bad = 0
    runs = [("as it is", lambda f: run_plain(weir, f))]
    for batch in (1, 7, 4096):
        runs.append((f"batches of {batch}, 2 restarts", lambda f, b=batch: run_cut(stream, f, b, 2)))
    for label, run in runs:
        folder = in_folder(sql, data, files)
        try:
            run(folder)
            bad += check(f"{name}, {label}", os.path.join(folder, "v.db"), expected, late)
        except subprocess.CalledProcessError as e:
            print(f"FAIL {name}, {label}: {e}")
            bad += 1
        finally:
            shutil.rmtree(folder)
    print(f"{'ok  ' if not bad else 'FAIL'} {name}: {', '.join(f'{v} {len(r)} rows' for v, r in expected.items())}"
          + (f", late {dict(late)}" if late and any(late.values()) else ""))
    return bad


def example(root, *parts):
    with open(os.path.join(root, "examples", *parts), encoding="utf-8") as f:
        return f.read()


def main():
    weir, stream, root = (os.path.abspath(p) for p in sys.argv[1:4])
    only = sys.argv[4] if len(sys.argv) > 4 else None
    data, tools, bad = data_folder(root), (weir, stream), 0
    if only in (None, "access"):
        bad += case(tools, data, "access", example(root, "web", "access.sql"),
                    {"access.log": "apache_access.log"}, access_expected(data))
    if only in (None, "nginx"):
        bad += case(tools, data, "nginx", example(root, "web", "nginx_status.sql"),
                    {"nginx_status.ndjson": "nginx_status.ndjson"}, nginx_expected(data))
    for name, number, kind, delays in (("nyc_taxi.csv", int, "BIGINT", (0,)),
                                       ("twitter_volume_aapl.csv", int, "BIGINT", (0,)),
                                       ("machine_temperature.csv", float, "DOUBLE", (60 * MINUTE, 10 * MINUTE))):
        for delay in delays:
            if only not in (None, name):
                continue
            rows = list(series(data, name, number))
            expected, late = series_expected(rows, delay)
            bad += case(tools, data, f"{name}, watermark {delay // MINUTE} min", series_sql(root, name, kind, delay),
                        {name: name}, expected, late)
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
