"""What weir must reach: the rows of the table, each a load, what it is compared with, a floor and an aim.

A row's figure is a ratio or an amount; `more` says whether more of it is better."""
from dataclasses import dataclass


@dataclass(frozen=True)
class Row:
    name: str       # of the row
    load: str       # of weir bench
    kind: str       # how it is measured: a function of measure.py
    floor: float
    aim: float
    unit: str = "x"
    more: bool = True
    keys: str = ""  # what the kind needs beside

    def meets(self, value, bar):
        return value >= bar if self.more else value <= bar


def operators(load, floor, aim):
    return Row(f"operators: {load}", load, "against_duck", floor, aim)


ROWS = [
    Row("NDJSON, 7 columns, into columns", "ndjson", "decoding", 6, 15),
    Row("CSV, 7 columns, into columns", "csv", "decoding", 6, 15),
    *[Row(f"{fmt} to a view: {q}", f"file-{q}{suffix}", "file_against_duck", 3, 6)
      for fmt, suffix in (("NDJSON", ""), ("CSV", "-csv")) for q in ("q2", "q7", "q12")],
    Row("q12 with 3 % result rows", "file-rows3", "above_bare", 1.25, 1.05, more=False, keys="file-q12"),
    Row("q12 with 20 % result rows", "file-rows20", "above_bare", 1.25, 1.05, more=False, keys="file-q12"),
    Row("from a pipe: q12", "pipe-q12", "rate", 6, 11, "M/s"),
    Row("from a pipe: q7", "pipe-q7", "rate", 6, 11, "M/s"),
    Row("NDJSON to a view: q12b", "file-q12b", "rate", 6, 10, "M/s"),
    Row("NDJSON to a view: q17", "file-q17", "rate", 6, 10, "M/s"),
    *[Row(f"NDJSON to a view: {q}", f"file-{q}", "of_bare", 0.6, 0.85) for q in ("q0", "q18", "q19", "q20")],
    *[operators(q, 2, 5) for q in ("q1", "q2")],
    *[operators(q, 1.5, 3.5) for q in ("q12", "q12b", "q12c", "keys-1m", "keys-10m")],
    operators("q5", 3, 10),
    *[operators(q, 3, 10) for q in ("q7w", "q7a")],
    *[operators(q, 2, 6) for q in ("q8", "interval")],
    operators("q11", 20, 60),
    operators("q15", 3, 6), operators("q16", 3, 10), operators("q17", 3, 6),
    *[operators(q, 5, 12) for q in ("q18", "q19")],
    operators("q20", 5, 15),
    # beyond the table: no bar but DuckDB itself
    *[operators(q, 1, 3) for q in ("q3", "q4", "q9", "q10", "q14", "q21", "q22", "q23", "keys-100", "keys-10k")],
    *[Row(f"SQLite's batch: {q}", q, "against_sqlite", 20, 50) for q in ("q2", "q12", "q12b", "q17", "q11", "q15", "q18", "q20")],
    *[Row(f"views kept by SQLite's triggers: {q}", q, "against_triggers", 20, 45) for q in ("q12", "q12b", "q17", "q5a")],
    *[Row(f"windows of {n} slides against tumbling by the slide", f"ratio-{n}", "against_load", 1.5, 1.2, more=False, keys="ratio-1")
      for n in (5, 60, 3600)],
    Row("ten views of a stream against one", "views-10", "views", 0.5, 0.8, keys="views-1"),
    Row("state per group: count and sum by BIGINT", "keys-1m", "state", 128, 72, "B", more=False),
]
