"""The kinds of rows: how each is measured. weir and its peer take turns; a figure is made of medians."""
import os
import subprocess
import time

import outside
from clock import Times, alternate, lines_of
from duck import Duck
from lite import Lite

SQLITE_EVENTS = 500000  # SQLite is slow enough


class Bench:
    """weir bench, its folder of files, and the peers beside it."""

    def __init__(self, weir, tools, folder, events, rounds):
        self.weir, self.tools, self.folder, self.events, self.rounds = weir, tools, folder, events, rounds
        self.duck, self.lite = Duck(self.input), Lite(lambda name: self.input(name, min(events, SQLITE_EVENTS)))
        self.known = {}

    def load(self, name, runs=1, events=None, more=(), prefix=()):
        """What a load has cost: the median of `runs` in one process."""
        return lines_of([*prefix, self.weir, "bench", "--json", "--query", name, "--events", str(events or self.events),
                         "--runs", str(runs), *more, self.folder])[-1]

    def input(self, name, events=None):
        """A file of events: loads leave them in the folder."""
        path = os.path.join(self.folder, f"{events or self.events}-{name}")
        if not os.path.exists(path):
            subprocess.run([self.weir, "bench", "--make", name, "--events", str(events or self.events), self.folder], check=True,
                           stdout=subprocess.DEVNULL)
        return path

    def seconds(self, name, runs=1, **more):
        return self.load(name, runs, **more)["cpu_s"]

    def once(self, what, measure):
        """What several rows are made of is measured once."""
        if what not in self.known:
            self.known[what] = measure()
        return self.known[what]

    def bare(self, load):
        """Seconds of SQLite alone for the rows that a load has left in its database."""
        return lines_of([os.path.join(self.tools, "bench-bare"), os.path.join(self.folder, f"{load}.db"), "result0", "3"])[0]["cpu_s"]

    def commits(self):
        rounds = "200" if self.events > SQLITE_EVENTS else "20"
        return self.once("commits", lambda: {c["groups"]: c for c in lines_of(
            [os.path.join(self.tools, "bench-commit"), "--json", rounds, self.folder])})


def figure(value, weir=None, peer=None, rows=None):
    return {"value": value, "weir": weir, "peer": peer, "rows": rows}


# ---- against DuckDB ----------------------------------------------------------------------------------


def against_duck(b, row):
    rows = b.load(row.load)["rows_in"]
    ours, theirs = alternate(b.rounds, lambda: b.seconds(row.load, 3), lambda: b.duck.query(row.load))
    return figure(theirs.median / ours.median, ours, theirs, rows)


def decoding(b, row):
    path = b.input("bid." + row.load)
    rows = b.load(row.load)["rows_in"]
    ours, theirs = alternate(b.rounds, lambda: b.seconds(row.load), lambda: b.duck.decode(path))
    return figure(theirs.median / ours.median, ours, theirs, rows)


def file_of(b, load):
    name = {"file-q12": "low", "file-q12-csv": "low", "file-rows3": "rows3", "file-rows20": "rows20"}.get(load, "bid")
    return b.input(name + (".csv" if load.endswith("-csv") else ".ndjson"))


def file_against_duck(b, row):
    path = file_of(b, row.load)
    got = b.load(row.load)
    ours, theirs = alternate(b.rounds, lambda: b.seconds(row.load), lambda: b.duck.from_file(row.load, path))
    assert b.duck.count() == got["rows_out"], f"{row.load}: weir has {got['rows_out']} rows, DuckDB {b.duck.count()}"
    return figure(theirs.median / ours.median, ours, theirs, got["rows_in"])


# ---- against SQLite ----------------------------------------------------------------------------------


def above_bare(b, row):
    rows = b.load(row.load)["rows_in"]
    ours, low, bare = alternate(b.rounds, lambda: b.seconds(row.load), lambda: b.seconds(row.other), lambda: b.bare(row.load))
    bound = low.median + bare.median
    return figure(ours.median / bound, ours, Times([bound]), rows)


def of_bare(b, row):
    rows = b.load(row.load)["rows_in"]
    ours, bare = alternate(b.rounds, lambda: b.seconds(row.load), lambda: b.bare(row.load))
    return figure(bare.median / ours.median, ours, bare, rows)


def beside_sqlite(b, row, theirs):
    events = min(b.events, SQLITE_EVENTS)
    rows = b.load(row.load, events=events)["rows_in"]
    ours, peer = alternate(min(b.rounds, 3), lambda: b.seconds(row.load, 3, events=events), lambda: theirs(row.load))
    return figure(peer.median / ours.median, ours, peer, rows)


def against_sqlite(b, row):
    return beside_sqlite(b, row, b.lite.query)


def against_triggers(b, row):
    return beside_sqlite(b, row, b.lite.triggers)


# ---- weir against itself -----------------------------------------------------------------------------


def rate(b, row):
    rows = b.load(row.load)["rows_in"]
    (ours,) = alternate(b.rounds, lambda: b.seconds(row.load))
    return figure(rows / ours.median / 1e6, ours, None, rows)


def against_load(b, row):
    rows = b.load(row.load)["rows_in"]
    ours, other = alternate(b.rounds, lambda: b.seconds(row.load, 3), lambda: b.seconds(row.other, 3))
    return figure(ours.median / other.median, ours, other, rows)


def views(b, row):
    rows = b.load(row.load)["rows_in"]
    ours, other = alternate(b.rounds, lambda: b.seconds(row.load), lambda: b.seconds(row.other))
    return figure(other.median / ours.median, ours, other, rows)


def two_cores(b, row):
    """By the clock: what the second processor is for. One that had nothing to do is slow at first, so runs are long and many."""
    def by_clock(workers, processors):
        result = b.load(row.load, runs=5, events=10 * b.events, more=("--set", f"workers={workers}"), prefix=("taskset", "-c", processors))
        return result["wall_s"], result["rows_in"]
    rows = by_clock(1, "0")[1]
    two, one = alternate(b.rounds, lambda: by_clock(2, "0,1")[0], lambda: by_clock(1, "0")[0])
    return figure(one.median / two.median, two, one, rows)


def commit_growth(b, row):
    ten, million = b.commits()[10000], b.commits()[1000000]
    if row.load == "log_bytes":
        return figure(million["log_bytes"] / ten["log_bytes"])
    return figure((million["median_us"] - million["bare_us"]) / (ten["median_us"] - ten["bare_us"]))


def commit_bare(b, row):
    c = b.commits()[int(row.load)]
    return figure(c["median_us"] / c["bare_us"], Times([c["median_us"] / 1e6]), Times([c["bare_us"] / 1e6]), 1000)


def latency(b, row):
    return figure(b.once(row.load, lambda: b.load(row.load, events=max(b.events, 1)))[row.other])


def state(b, row):
    got = b.load(row.load, events=10 * b.events if b.events > SQLITE_EVENTS else b.events)
    return figure(got["state_bytes"] / got["state_rows"], rows=got["rows_in"])


# ---- the process -------------------------------------------------------------------------------------


def start(b, row):
    del row
    walls = Times([outside.start_to_first_row(b.weir)[1] for _ in range(4 * b.rounds)])
    return figure(walls.median * 1000, walls)


def idle(b, row):
    return figure(b.once("idle", lambda: outside.idle(b.weir))[int(row.load)])


def binary(b, row):
    del row
    return figure(outside.stripped_bytes(b.weir) / 1e6)


def measure(b, row):
    start_s = time.perf_counter()
    got = globals()[row.kind](b, row)
    got["took"] = time.perf_counter() - start_s
    return got
