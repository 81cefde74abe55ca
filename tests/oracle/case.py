"""A case: streams, views and a schedule of pushes, commits and restarts; what each view must hold
after each commit; and the script that lets an engine show what it holds.

Rows are pushed between commits, so the position of each commit is known; or they lie in files, an
epoch takes as many as it likes, and a view that counts the rows of each stream tells the position.
Files end: then every window closes. A view may be defined when its files have been read already.
"""
import itertools
import random
import sqlite3
from dataclasses import dataclass

from . import views
from .aggregates import register
from .sqltypes import in_view
from .streams import BAD, fill, judged, random_stream, watermark


@dataclass
class Case:
    seed: int
    streams: list
    relations: list              # streams first, then views in order
    steps: list                  # ("push", stream name, Record), ("commit",), ("restart",)
    batch: int = 4096
    rules_off: str = None
    epoch_rows: int = 0          # files: bound on an epoch; 0: rows are pushed
    late: str = None             # files: this view is defined when all has been read
    way: tuple = ()              # options of the driver that must not show (paths.py)

    @property
    def from_files(self):
        return self.epoch_rows > 0

    @property
    def tables(self):
        return [r for r in self.relations if r.is_table]

    @property
    def early(self):
        return [r for r in self.relations if r.name != self.late]

    def options(self):
        out = ["--batch", str(self.batch)]
        out += ["--epoch-rows", str(self.epoch_rows)] if self.from_files else []
        return out + (["--rules-off", self.rules_off] if self.rules_off else []) + list(self.way)

    def records(self, stream):
        return [s[2] for s in self.steps if s[0] == "push" and s[1] == stream.name]

    def files(self, prefix=""):
        """Name and content of each stream's file."""
        if not self.from_files:
            return {}
        newline = "\r\n" if self.seed % 7 == 0 else "\n"
        out = {f"{prefix}{s.name}.ndjson": "".join(r.line + newline for r in self.records(s)) for s in self.streams}
        return {n: text.removesuffix(newline) if self.seed % 5 == 0 else text for n, text in out.items()}


def generate(seed, size=None):
    rng = random.Random(seed)
    first = random_stream(rng, "s")
    streams = [first]
    if rng.random() < 0.4:
        columns = first.columns if rng.random() < 0.8 else None
        streams.append(random_stream(rng, "t", columns, first.unit))
    base = rng.choice([0, -5_000_000, 1_699_999_990_000_000, -86_400_000_000, 951_782_399_000_000])
    for s in streams:
        fill(rng, s, rng.choice([0, 1, 6, 25, 60, 120]) if size is None else size, base)
    relations = [views.of_stream(s) for s in streams]
    for i in range(rng.randint(1, 4)):
        relations.append(views.make_view(rng, f"v{i}", relations))
    case = Case(seed, streams, relations, schedule(rng, streams), rng.choice([1, 7, 4096]))
    if rng.random() < 0.15:  # state belongs to a plan: it cannot be taken back by another one
        case.rules_off = "all"
        case.steps = [s for s in case.steps if s[0] != "restart"]
    if rng.random() < 0.35:
        case.epoch_rows = rng.choice([1, 3, 10, 1000])
        case.late = relations[-1].name if rng.random() < 0.3 else None
    return case


def schedule(rng, streams):
    """All records in a random interleaving, cut into commits of random length."""
    left = {s.name: list(s.records) for s in streams}
    chunk = rng.choice([1, 3, 7, 20, 1000])
    steps, n = [("commit",)], 0
    while any(left.values()):
        name = rng.choice([k for k, v in left.items() if v])
        for _ in range(rng.choice([1, 1, 2, 10])):
            if left[name]:
                steps.append(("push", name, left[name].pop(0)))
                n += 1
        if n >= chunk:
            steps.append(("commit",))
            n = 0
            if rng.random() < 0.15:
                steps.append(("restart",))
    return steps + [("commit",)]


# ---- the script -----------------------------------------------------------------------------------

DUMPS_MAX = 40


def dumped_commits(case):
    """Which commits are looked at: all, or so many that the case stays quick; the last always."""
    total = sum(s[0] == "commit" for s in case.steps)
    every = max(1, total * max(1, len(case.tables)) // DUMPS_MAX)
    return {i for i in range(total) if i % every == 0 or i == total - 1}


def sql_block(statements):
    return ["sql", *statements, "end"] if statements else []


def setup(case, prefix=""):
    """The clock lies after all event times. A counting view for each stream that comes from a file."""
    count = len(case.streams)
    if case.from_files:
        ddl = [s.ddl(f"{prefix}{s.name}.ndjson") for s in case.streams]
        ddl += [f"CREATE MATERIALIZED VIEW n_{s.name} AS SELECT COUNT(*) AS n FROM {s.name};" for s in case.streams]
    else:
        ddl = [s.ddl() for s in case.streams]
    return ["clock 4000000000"] + sql_block(ddl + [r.ddl for r in case.early[count:]])


def steps_of(case):
    """The steps that make commands. The end of files comes last: ("end",)."""
    if not case.from_files:
        return case.steps
    return [s for s in case.steps if s[0] != "push"] + [("end",)]


def looked_at(case, step):
    """What is dumped at a commit."""
    counters = [f"n_{s.name}" for s in case.streams] if case.from_files else []
    return counters + [r.name for r in case.tables if step[0] == "end" or r.name != case.late]


def commands(case, step):
    if step[0] == "push":
        return [f"push {step[1]} {step[2].line}"]
    if step[0] == "end":
        late = [r.ddl for r in case.relations if r.name == case.late]
        return ["run"] + (sql_block(late) + ["run"] if late else [])
    return [step[0]]


def script(case):
    """Lines for `weir-stream --print -`; a dump is announced by a line `@dump`."""
    out, commits, wanted = setup(case), 0, dumped_commits(case)
    for step in steps_of(case):
        out += commands(case, step)
        if step[0] == "end" or step[0] == "commit" and commits in wanted:
            for name in looked_at(case, step):
                out += ["echo @dump", f"view {name}"]
        commits += step[0] == "commit"
    return out


# ---- what must be there ---------------------------------------------------------------------------

def json_cell(v):
    if v is None:
        return "null"
    if isinstance(v, float):
        return "%.17g" % (v + 0.0)  # -0.0 as 0
    if isinstance(v, int):
        return str(v)
    out = v.replace("\\", "\\\\").replace('"', '\\"')
    return '"' + "".join(c if c >= " " else f"\\u{ord(c):04x}" for c in out) + '"'


def row_text(values):
    return "[" + ",".join(map(json_cell, values)) + "]"


def load(case):
    """All accepted rows of all streams, with their judgement, in one SQLite database."""
    db = sqlite3.connect(":memory:")
    register(db)
    db.execute("CREATE TABLE series(i INTEGER PRIMARY KEY)")
    length = max([r.series for r in case.relations] + [1])
    db.executemany("INSERT INTO series VALUES (?)", ((i,) for i in range(length)))
    accepted = {}
    for s in case.streams:
        rows = judged(s, case.records(s))
        accepted[s.name] = rows
        names = [n for n, _ in s.columns]
        db.execute(f"CREATE TABLE stream_{s.name}({', '.join(names)}, _j, _n, {', '.join('_e_' + n for n in names)})")
        marks = ", ".join("?" * (2 * len(names) + 2))
        for n, (j, values) in enumerate(rows, 1):
            cells = [None if v is BAD else v for v in values]
            db.execute(f"INSERT INTO stream_{s.name} VALUES ({marks})", [*cells, j, n, *[int(v is BAD) for v in values]])
    for r in case.relations:
        db.execute(f"CREATE TABLE {r.name}({', '.join([n for n, _ in r.columns] + ['_t', '_j', '_n'] + r.error_columns())})")
    return db, accepted


END = 2**62  # the watermark of a stream that has ended


def bounds_at(case, counts, accepted, ended=()):
    """The parameters of the relations' SQL after `counts` rows of each stream: :n_<stream>, and
    :w_<relation>, the watermark that it hands on."""
    marks = {s.name: END if s.name in ended else watermark(accepted[s.name][: counts[s.name]], s) for s in case.streams}
    params = {f"n_{name}": n for name, n in counts.items()}
    for r in case.relations:
        w = [None if marks[s] is None else marks[s] - lag for s, lag in r.marks]
        params[f"w_{r.name}"] = None if None in w or not w else min(w)
    return params


def contents(case, db, params):
    """The rows of every relation, as texts, sorted."""
    out = {}
    for r in case.relations:
        db.execute(f"DELETE FROM {r.name}")
        db.execute(f"INSERT INTO {r.name} {r.sql}", params)
    for r in case.tables:
        names = ", ".join(n for n, _ in r.columns)
        types = [t for _, t in r.columns]
        rows = db.execute(f"SELECT {names} FROM {r.name}").fetchall()
        out[r.name] = sorted(row_text([in_view(v, t) for v, t in zip(row, types)]) for row in rows)
    return out


def counts_in(case, got):
    """How many rows of each stream the counting views show, and which of them are all."""
    return {s.name: int(rows[0].strip("[]")) if rows else 0 for s, rows in zip(case.streams, got)}


def possible(case, db, accepted, counts, is_end):
    """What the views may hold at these counts: the end of a file that has been read to its end may
    have been noticed, or not yet."""
    done = [s.name for s in case.streams if counts[s.name] == len(accepted[s.name])]
    for n in range(len(done), -1, -1):
        for ended in itertools.combinations(done, n):
            yield contents(case, db, bounds_at(case, counts, accepted, ended))
        if is_end:
            return


def expected(case, got=None):
    """For each dump of the script, in order: (view, rows). Where rows come from files, `got` (the
    dumps that an engine gave) says how many had been read."""
    db, accepted = load(case)
    counts, commits, wanted, out = {s.name: 0 for s in case.streams}, 0, dumped_commits(case), []
    for step in steps_of(case):
        if step[0] == "push":
            counts[step[1]] += step[2].values is not None
        elif step[0] == "end" or step[0] == "commit" and commits in wanted:
            out += expected_here(case, db, accepted, counts, step, got[len(out):] if got else [])
        commits += step[0] == "commit"
    db.close()
    return out


def expected_here(case, db, accepted, counts, step, got):
    names = looked_at(case, step)
    if not case.from_files:
        held = contents(case, db, bounds_at(case, counts, accepted))
        return [(name, held[name]) for name in names]
    n, is_end = len(case.streams), step[0] == "end"
    counts = {name: len(rows) for name, rows in accepted.items()} if is_end or len(got) < n else counts_in(case, got)
    counted = [(f"n_{s.name}", [f"[{counts[s.name]}]"]) for s in case.streams]
    first = None
    for held in possible(case, db, accepted, counts, is_end):
        want = counted + [(name, held[name]) for name in names[n:]]
        first = first or want
        if [rows for _, rows in want] == got[: len(want)]:
            return want
    return first


def expected_counters(case):
    """(rows dropped as late, rows withheld for an error) of each view, at the end."""
    db, accepted = load(case)
    counts = {name: len(rows) for name, rows in accepted.items()}
    params = bounds_at(case, counts, accepted)
    contents(case, db, params)
    out = {r.name: tuple(db.execute(q, params).fetchone()[0] for q in (r.late_sql or "SELECT 0", r.error_sql or "SELECT 0"))
           for r in case.tables}
    db.close()
    return out
