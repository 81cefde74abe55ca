"""What weir must reach: a load, what it is compared with, a floor and an aim. One line a row of the table.

A row's figure is a ratio or an amount; `more` says whether more of it is better. `part` is the heading that it
stands under."""
from dataclasses import dataclass


@dataclass(frozen=True)
class Row:
    part: str
    name: str
    load: str         # of weir bench
    kind: str         # how it is measured: a function of measure.py
    floor: float
    aim: float
    unit: str = "×"
    more: bool = True
    other: str = ""   # what the kind needs beside

    def meets(self, bar, value):
        return value >= bar if self.more else value <= bar


READ = "A file into columns, against DuckDB's reading"
FILE = "File to committed view, against DuckDB's direct query into a table"
SINK = "What SQLite bounds"
OPERATORS = "Operators alone, incremental, against DuckDB's one batch"
LITE = "Against SQLite: its batch; views that its triggers keep"
SCALE = "Windows, commits, views, processors"
LATENCY = "Freshness"
SIZE = "Size"


def operators(load, floor, aim):
    return Row(OPERATORS, load, load, "against_duck", floor, aim)


ROWS = [
    Row(READ, "NDJSON, 7 columns", "ndjson", "decoding", 6, 15),
    Row(READ, "CSV, 7 columns", "csv", "decoding", 6, 15),
    *[Row(FILE, f"{fmt}: {what}", f"file-{q}{suffix}", "file_against_duck", 3, 6)
      for fmt, suffix in (("NDJSON", ""), ("CSV", "-csv"))
      for q, what in (("q7", "q7"), ("q2", "q2, divisor 1,009"), ("q12", "q12, 300 bidders"))],
    Row(SINK, "q12, 3 % result rows: of (first row + bare SQLite)", "file-rows3", "above_bare", 1.25, 1.05, more=False, other="file-q12"),
    Row(SINK, "q12, 20 % result rows: of (first row + bare SQLite)", "file-rows20", "above_bare", 1.25, 1.05, more=False, other="file-q12"),
    Row(SINK, "from a pipe: q12", "pipe-q12", "rate", 6, 11, "M/s"),
    Row(SINK, "from a pipe: q7", "pipe-q7", "rate", 6, 11, "M/s"),
    Row(SINK, "q12b, 6 % rows out", "file-q12b", "rate", 6, 10, "M/s"),
    Row(SINK, "q17, 6 % rows out", "file-q17", "rate", 6, 10, "M/s"),
    *[Row(SINK, f"{q}: share of SQLite's ceiling", f"file-{q}", "of_bare", 0.6, 0.85, "") for q in ("q0", "q18", "q19", "q20")],
    *[operators(q, 2, 5) for q in ("q1", "q2")],
    *[operators(q, 1.5, 3.5) for q in ("q12", "q12b", "q12c", "keys-1m", "keys-10m")],
    operators("q5", 3, 10),
    *[operators(q, 3, 10) for q in ("q7", "q7w", "q7a")],
    *[operators(q, 2, 6) for q in ("q8", "interval")],
    operators("q11", 20, 60),
    *[operators(q, 3, aim) for q, aim in (("q15", 6), ("q16", 10), ("q17", 6))],
    *[operators(q, 5, 12) for q in ("q18", "q19")],
    operators("q20", 5, 15),
    # no bar is set for these but DuckDB itself
    *[operators(q, 1, 3) for q in ("q3", "q4", "q9", "q10", "q14", "q21", "q22", "q23", "keys-100", "keys-10k")],
    *[Row(LITE, f"batch: {q}", q, "against_sqlite", 20, 50) for q in ("q2", "q12", "q12b", "q12c", "q5a", "q11", "q15", "q17", "q18", "q19")],
    *[Row(LITE, f"triggers: {q}", q, "against_triggers", 20, 45) for q in ("q12", "q12b", "q17", "q5a")],
    *[Row(SCALE, f"windows of {n:,} slides against tumbling by the slide", f"ratio-{n}", "against_load", 1.5, 1.2, more=False,
          other="ratio-1") for n in (5, 60, 3600)],
    Row(SCALE, "commit of 1,000 groups: log bytes, of 1 M against of 10 k", "log_bytes", "commit_growth", 1.2, 1.1, more=False),
    Row(SCALE, "… time beside the upserts, of 1 M against of 10 k", "outside", "commit_growth", 1.2, 1.1, more=False),
    Row(SCALE, "… of 10 k: against bare SQLite's upserts", "10000", "commit_bare", 1.3, 1.1, more=False),
    Row(SCALE, "… of 1 M: against bare SQLite's upserts", "1000000", "commit_bare", 1.3, 1.1, more=False),
    *[Row(SCALE, f"two processors against one: {q}", f"file-{q}", "two_cores", 1.6, 1.9) for q in ("q12", "q12b")],
    Row(SCALE, "ten views of a stream: throughput of one", "views-10", "views", 0.5, 0.8, "", other="views-1"),
    Row(LATENCY, "a row pushed at rest: p50", "latency-push", "latency", 1000, 100, "µs", more=False, other="p50_us"),
    Row(LATENCY, "a row pushed at rest: p99", "latency-push", "latency", 10000, 1000, "µs", more=False, other="p99_us"),
    Row(LATENCY, "a row through a pipe at rest: p50", "latency-pipe", "latency", 1000, 100, "µs", more=False, other="p50_us"),
    Row(LATENCY, "a row through a pipe at rest: p99", "latency-pipe", "latency", 10000, 1000, "µs", more=False, other="p99_us"),
    Row(LATENCY, "1 M rows/s, 100 ms refresh, 100 k groups: commit p99", "latency-rate", "latency", 100000, 50000, "µs", more=False,
        other="commit_p99_us"),
    Row(LATENCY, "… processors used", "latency-rate", "latency", 2, 1, "", more=False, other="cores"),
    Row(LATENCY, "start to first row", "", "start", 50, 10, "ms", more=False),
    Row(SIZE, "idle: resident memory", "0", "idle", 20, 8, "MB", more=False),
    Row(SIZE, "idle: share of a processor", "2", "idle", 0.001, 0.0001, "", more=False),
    Row(SIZE, "state per group: COUNT and SUM by BIGINT, 1 M groups", "keys-1m", "state", 128, 72, "B", more=False),
    Row(SIZE, "the program, stripped", "", "binary", 4, 2, "MB", more=False),
]

# What is drawn: loads along a line.
SWEEPS = {
    "groups": ("How many groups: count and sum by BIGINT", [(100, "keys-100"), (10000, "keys-10k"), (1000000, "keys-1m"), (10000000, "keys-10m")]),
    "windows": ("How many windows a row is in: size / slide", [(1, "ratio-1"), (5, "ratio-5"), (60, "ratio-60"), (3600, "ratio-3600")]),
}
