"""The kinds of rows: how each is measured, weir and its peer in turn, results compared before."""
import os
import subprocess

from clock import Times, alternate, lines_of
from duck import Duck


class Bench:
    """weir bench, its folder of files, and the peers beside it."""

    def __init__(self, weir, tools, folder, events, rounds):
        self.weir, self.tools, self.folder, self.events, self.rounds = weir, tools, folder, events, rounds
        self.duck = Duck(self.input)

    def load(self, name, runs=1):
        """The last line of a load: medians of `runs` in one process."""
        return lines_of([self.weir, "bench", "--json", "--query", name, "--events", str(self.events), "--runs", str(runs), self.folder])[-1]

    def input(self, name):
        """A file of events: loads leave them in the folder."""
        path = os.path.join(self.folder, f"{self.events}-{name}")
        if not os.path.exists(path):
            subprocess.run([self.weir, "bench", "--make", name, "--events", str(self.events), self.folder], check=True)
        return path

    def seconds(self, name, runs=1):
        return self.load(name, runs)["cpu_s"]

    def bare(self, load):
        """Seconds of SQLite alone for the rows that a load has left in its database."""
        out = lines_of([os.path.join(self.tools, "bench-bare"), os.path.join(self.folder, f"{load}.db"), "result0", "3"])
        return out[0]["cpu_s"]


def figure(value, weir, peer=None, **more):
    return {"value": value, "weir": weir, "peer": peer, **more}


def against_duck(b, row):
    rows = b.load(row.load)["rows_in"]
    ours, theirs = alternate(b.rounds, lambda: b.seconds(row.load, 3), lambda: b.duck.query(row.load))
    return figure(theirs.median / ours.median, ours, theirs, rows=rows)


def decoding(b, row):
    path = b.input("bid." + row.load)
    rows = b.load(row.load)["rows_in"]
    ours, theirs = alternate(b.rounds, lambda: b.seconds(row.load), lambda: b.duck.decode(path))
    return figure(theirs.median / ours.median, ours, theirs, rows=rows)


FILES = {"file-q12": "low"}


def file_of(b, load):
    name = {"file-q12": "low", "file-q12-csv": "low", "file-rows3": "rows3", "file-rows20": "rows20"}.get(load, "bid")
    return b.input(name + (".csv" if load.endswith("-csv") else ".ndjson"))


def file_against_duck(b, row):
    path = file_of(b, row.load)
    rows = b.load(row.load)["rows_in"]
    ours, theirs = alternate(b.rounds, lambda: b.seconds(row.load), lambda: b.duck.from_file(row.load, path))
    return figure(theirs.median / ours.median, ours, theirs, rows=rows)


def above_bare(b, row):
    rows = b.load(row.load)["rows_in"]
    ours, low, bare = alternate(b.rounds, lambda: b.seconds(row.load), lambda: b.seconds(row.keys), lambda: b.bare(row.load))
    return figure(ours.median / (low.median + bare.median), ours, Times([low.median + bare.median]), rows=rows)


def of_bare(b, row):
    rows = b.load(row.load)["rows_in"]
    ours, bare = alternate(b.rounds, lambda: b.seconds(row.load), lambda: b.bare(row.load))
    return figure(bare.median / ours.median, ours, bare, rows=rows)


def rate(b, row):
    rows = b.load(row.load)["rows_in"]
    (ours,) = alternate(b.rounds, lambda: b.seconds(row.load))
    return figure(rows / ours.median / 1e6, ours, rows=rows)


def against_load(b, row):
    rows = b.load(row.load)["rows_in"]
    ours, other = alternate(b.rounds, lambda: b.seconds(row.load, 3), lambda: b.seconds(row.keys, 3))
    return figure(ours.median / other.median, ours, other, rows=rows)


def views(b, row):
    rows = b.load(row.load)["rows_in"]
    ours, other = alternate(b.rounds, lambda: b.seconds(row.load), lambda: b.seconds(row.keys))
    return figure(other.median / ours.median, ours, other, rows=rows)


def state(b, row):
    got = b.load(row.load)
    return figure(got["state_bytes"] / got["state_rows"], None, rows=got["rows_in"], groups=got["state_rows"])
