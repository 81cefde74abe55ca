"""Relations between two runs of a query that hold whatever the query answers.

    python3 -m oracle.relations WEIR_STREAM [--events N] FILE…       (in tests/)

FILE is a query over Nexmark's streams (examples/nexmark). Its events are pushed by hand, and again
with something changed that must not show, or must show in a known way: how epochs and batches are
cut, restarts, rewrites, the order of events inside the watermark's bound, events that are late for
every window, broken records, all times moved, a filter and its complement, a hop that is a tumble.
What a relation needs of a query is read from its text.
"""
import argparse
import json
import os
import random
import re
import sys

from .nexmark import COLUMNS, drive, dumps, ms, read_events, shown

BOUND = 4000        # ms: what the watermark allows
MOVED = 3600_000
TIME_TEXT = re.compile(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\.\d{3}")


class Query:
    """A file's text with streams that are fed by hand."""
    def __init__(self, path):
        with open(path, encoding="utf-8") as f:
            text = f.read()
        self.name = os.path.splitext(os.path.basename(path))[0]
        self.streams = re.findall(r"CREATE STREAM (\w+)", text)
        self.statements = re.sub(r"CREATE STREAM[^;]*;\n?", "", text)

    def ddl(self, kind, name=None):
        return (f"CREATE STREAM {name or kind} ({COLUMNS[kind]},"
                f" WATERMARK FOR date_time AS date_time - INTERVAL '{BOUND // 1000}' SECOND);")

    def has(self, pattern):
        return re.search(pattern, self.statements, re.I | re.S) is not None

    @property
    def is_linear(self):
        """Twice the bids, twice the rows: no groups, windows or ranks over them."""
        return "bid" in self.streams and not self.has(r"GROUP BY|OVER \(|DISTINCT") and not self.has(r"\bbid\b.*\bbid\b")

    @property
    def is_windowed(self):
        """Takes bids, auctions and persons through windows by event time only."""
        return self.has(r"TUMBL|HOP|SESSION") and not self.has(r"FROM bid B\n|PROCTIME")


class Broken(Exception):
    """The engine gave no answer."""


def run(program, q, events, options=(), every=97, restart=False, view=None, preamble=None, statements=None):
    """The view's rows at the end. `events`: (stream, JSON text)."""
    lines = ["sql"] + (preamble or [q.ddl(s) for s in q.streams]) + [statements or q.statements, "end"]
    for i, (stream, text) in enumerate(events, 1):
        lines.append(f"push {stream} {text}")
        if i % every == 0:
            lines.append("commit")
            lines += ["restart"] if restart and i % (3 * every) == 0 else []
    lines += ["commit", f"dump {view or q.name}"]
    status, out, err = drive(program, lines, 100000, *options)
    if status:
        raise Broken(err.strip())
    kept = [line for line in out.split("\n") if not line.startswith("refused ")]
    return sorted(dumps("\n".join(kept))[-1])


# ---- events ---------------------------------------------------------------------------------------

def as_json(event, moved=0):
    row = {k: v for k, v in event._asdict().items() if k != "n"}
    for k in ("date_time", "expires"):
        if moved and k in row:
            row[k] = shown(ms(row[k]) + moved)
    return json.dumps(row)


def in_order(events, streams):
    """(stream, event) of the streams by time, then by kind."""
    all_of = [(ms(e.date_time), i, e.n, s, e) for i, s in enumerate(streams) for e in getattr(events, s)]
    return [(s, e) for *_, s, e in sorted(all_of, key=lambda x: x[:3])]


def shuffled(ordered, rng):
    """In an order in which no event is late: each is delayed by less than the bound."""
    return [pair for _, pair in sorted(((ms(p[1].date_time) + rng.uniform(0, BOUND - 1), p) for p in ordered), key=lambda x: x[0])]


def texts(ordered, moved=0):
    return [(s, as_json(e, moved)) for s, e in ordered]


# ---- relations ------------------------------------------------------------------------------------

def cuts(program, q, ordered, base):
    yield "epochs of one row", run(program, q, texts(ordered[:200]), every=1), run(program, q, texts(ordered[:200]))
    yield "one epoch", run(program, q, texts(ordered), every=10**9), base
    yield "batches of one row", run(program, q, texts(ordered), ("--batch", "1")), base
    yield "restarts", run(program, q, texts(ordered), restart=True), base
    yield "rewrites off", run(program, q, texts(ordered), ("--rules-off", "all")), base


def orders(program, q, ordered, base):
    if not q.has(r"ROW_NUMBER"):   # ties go by position
        for seed in (1, 2):
            yield f"order {seed} inside the bound", run(program, q, texts(shuffled(ordered, random.Random(seed)))), base


def late_events(program, q, ordered, base):
    if q.is_windowed:
        late = [(s, as_json(e, -100 * MOVED)) for s, e in ordered[:50]]
        yield "late events", run(program, q, texts(ordered) + late), base


def broken_records(program, q, ordered, base):
    rng = random.Random(3)
    mixed = texts(ordered)
    for bad in ('{"date_time": "noon"}', "{", '{"auction": 1}', "[1", '{"date_time": null}'):
        mixed.insert(rng.randrange(len(mixed)), (rng.choice(q.streams), bad))
    yield "broken records", run(program, q, mixed), base


def moved_times(program, q, ordered, base):
    if q.has("DATE_FORMAT|HOUR|PROCTIME"):
        return
    def back(row):
        return TIME_TEXT.sub(lambda m: shown(ms(m.group()) - MOVED), row)
    yield "times moved", sorted(back(r) for r in run(program, q, texts(ordered, MOVED))), base


def parts(program, q, ordered, base):
    """The bids with p, those without, and those where p is unknown make up the whole."""
    if not q.is_linear:
        return
    p = "(CASE WHEN price % 7 > 0 THEN price % 3 = 0 END)"
    rows = []
    for part in (p, f"NOT {p}", f"{p} IS NULL"):
        preamble = [q.ddl(s, "all_bids" if s == "bid" else s) for s in q.streams]
        preamble.append(f"CREATE VIEW bid AS SELECT * FROM all_bids WHERE {part};")
        pushed = [("all_bids" if s == "bid" else s, t) for s, t in texts(ordered)]
        rows += run(program, q, pushed, preamble=preamble)
    yield "p, not p, p is null", sorted(rows), base


def hops(program, q, ordered, base):
    if not q.has(r"TUMBLE\(TABLE|TUMBLING"):
        return
    changed = re.sub(r"TUMBLE\((TABLE \w+, DESCRIPTOR\(\w+\)), (INTERVAL '\d+' SECOND)\)", r"HOP(\1, \2, \2)", q.statements)
    changed = re.sub(r"TUMBLING \(SIZE ([^)]*)\)", r"HOPPING (SIZE \1, ADVANCE BY \1)", changed)
    yield "a hop of its own size", run(program, q, texts(ordered), statements=changed), base


RELATIONS = [cuts, orders, late_events, broken_records, moved_times, parts, hops]


def check(program, path, events):
    """(how many relations held, what did not)."""
    q, held, wrong = Query(path), 0, []
    ordered = in_order(events, q.streams)
    base = run(program, q, texts(ordered))
    for relation in RELATIONS:
        for name, got, want in relation(program, q, ordered, base):
            held += got == want
            if got != want:
                wrong.append(f"{q.name}: {name}: {len(want)} rows became {len(got)}; missing"
                             f" {[r for r in want if r not in got][:3]}, extra {[r for r in got if r not in want][:3]}")
    return held, wrong


def main():
    p = argparse.ArgumentParser()
    p.add_argument("program")
    p.add_argument("files", nargs="+")
    p.add_argument("--events", type=int, default=1500)
    p.add_argument("--rate", type=int, default=50, help="events a second of event time")
    args = p.parse_args()
    program, held, wrong = os.path.abspath(args.program), 0, []
    events = read_events(program, args.events, args.rate)
    for path in args.files:
        try:
            n, found = check(program, path, events)
        except Broken as e:
            if "WEIR_E_UNSUPPORTED" not in str(e):
                found, n = [f"{path}: {e}"], 0
            else:
                print(f"{os.path.basename(path)}: not built: " + re.search("WEIR_E_UNSUPPORTED: (.*)", str(e)).group(1))
                continue
        held, wrong = held + n, wrong + found
    print("\n".join(wrong + [f"{held} relations held, {len(wrong)} did not"]))
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
