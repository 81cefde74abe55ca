"""Whether weir and its peers answer alike, before anything is timed: rows of views against rows of DuckDB."""
import json
import os
import sqlite3
import subprocess
from collections import Counter
from datetime import datetime
from decimal import Decimal

from duck import QUERIES, Duck

# Where ties may go either way: the columns (from 0) that are settled all the same.
SETTLED = {"q9": (0, 12), "q18": (0, 1, 5), "q19": (0, 2, 7)}
KEYS = {"100": 100, "10k": 10000, "1m": 1000000, "10m": 10000000}


def streams(events):
    sql = "".join(f"CREATE STREAM {s} WITH (connector = 'nexmark', stream = '{s}', events = {events});\n" for s in ("person", "auction", "bid"))
    sql += "".join(f"CREATE STREAM keys_{n} (k BIGINT, v BIGINT) WITH (connector = 'datagen', rows = {events}, k.min = 0, k.max = {most - 1}, "
                   "v.min = 1, v.max = 1000);\n" for n, most in KEYS.items())
    return sql + "CREATE VIEW five AS SELECT MOD(price, 5) AS g, price, date_time FROM bid;\n"


def plain(value):
    """One spelling for what each side has its own for."""
    if isinstance(value, datetime):
        return value.isoformat(" ", "milliseconds")
    if isinstance(value, (float, Decimal)):
        return f"{float(value):.9g}"
    if isinstance(value, str):
        try:
            return f"{float(value):.9g}" if value and value[0].isdigit() and "." in value and "-" not in value else value
        except ValueError:
            return value
    return f"{float(value):.9g}" if isinstance(value, int) and abs(value) > 10**9 else str(value)


def settled(name, rows):
    return Counter(tuple(plain(r[i]) for i in SETTLED.get(name, range(len(r)))) for r in rows)


def weir_rows(weir, folder, events, name, sql):
    path, script = os.path.join(folder, f"check-{name}.db"), os.path.join(folder, f"check-{name}.sql")
    for end in ("", "-wal", "-shm", "-weir.lock"):
        if os.path.exists(path + end):
            os.remove(path + end)
    with open(script, "w", encoding="utf-8") as f:
        f.write(streams(events) + f"CREATE MATERIALIZED VIEW result AS {sql};\n")
    subprocess.run([weir, "run", "-q", "-d", path, script], check=True)
    with sqlite3.connect(path) as con:
        return con.execute("SELECT * FROM result").fetchall()


def answers(weir, folder, events, input_of):
    """{name: what differs, or None} for every load that both sides have."""
    listed = subprocess.run([weir, "bench", "--list", "--json"], check=True, capture_output=True, text=True).stdout
    duck = Duck(input_of)
    found = {}
    for load in map(json.loads, listed.splitlines()):
        name = load["load"]
        if name not in QUERIES or load["input"]:
            continue
        duck.load(QUERIES[name])
        ours = settled(name, weir_rows(weir, folder, events, name, load["sql"]))
        theirs = settled(name, duck.rows(QUERIES[name]))
        missing, extra = theirs - ours, ours - theirs
        found[name] = None
        if missing or extra:
            found[name] = (f"{sum(missing.values())} rows of {sum(theirs.values())} missing, {sum(extra.values())} too many, as "
                           f"{next(iter(missing), None)} and {next(iter(extra), None)}")
    return found
