"""A case: streams, views and a schedule of pushes, commits and restarts; what each view must hold
after each commit; and the script that lets an engine show what it holds."""
import random
import sqlite3
from dataclasses import dataclass

from . import views
from .aggregates import register
from .sqltypes import in_view
from .streams import fill, judged, random_stream, watermark


@dataclass
class Case:
    seed: int
    streams: list
    relations: list              # streams first, then views in order
    steps: list                  # ("push", stream name, Record), ("commit",), ("restart",)
    batch: int = 4096
    rules_off: str = None

    @property
    def tables(self):
        return [r for r in self.relations if r.is_table]

    def options(self):
        out = ["--batch", str(self.batch)]
        return out + ["--rules-off", self.rules_off] if self.rules_off else out


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
    steps = schedule(rng, streams)
    return Case(seed, streams, relations, steps, rng.choice([1, 7, 4096]), "all" if rng.random() < 0.15 else None)


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


def setup(case):
    return ["clock 4000000000", "sql"] + [r.ddl for r in case.relations] + ["end"]


def script(case):
    """Lines for `weir-stream --print -`; a dump is announced by a line `@dump`."""
    out, commits, wanted = setup(case), 0, dumped_commits(case)
    for step in case.steps:
        if step[0] == "push":
            out.append(f"push {step[1]} {step[2].line}")
        elif step[0] == "restart":
            out.append("restart")
        else:
            out.append("commit")
            if commits in wanted:
                for r in case.tables:
                    out += ["echo @dump", f"view {r.name}"]
            commits += 1
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
        rows = judged(s, [step[2] for step in case.steps if step[0] == "push" and step[1] == s.name])
        accepted[s.name] = rows
        names = [n for n, _ in s.columns]
        db.execute(f"CREATE TABLE stream_{s.name}({', '.join(names)}, _j, _n)")
        marks = ", ".join("?" * (len(names) + 2))
        for n, (j, values) in enumerate(rows, 1):
            cells = [str(v) if isinstance(v, int) and abs(v) >= 2**63 and t.kind == "decimal" else v
                     for v, (_, t) in zip(values, s.columns)]
            db.execute(f"INSERT INTO stream_{s.name} VALUES ({marks})", [*cells, j, n])
    for r in case.relations:
        db.execute(f"CREATE TABLE {r.name}({', '.join(n for n, _ in r.columns)}, _t, _j, _n)")
    return db, accepted


def bounds_at(case, counts, accepted):
    """The parameters of the relations' SQL after `counts` rows of each stream: :n_<stream>, and
    :w_<relation>, the watermark that it hands on."""
    marks = {s.name: watermark(s, accepted[s.name][: counts[s.name]]) for s in case.streams}
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


def expected(case):
    """For each dump of the script, in order: (view, rows)."""
    db, accepted = load(case)
    counts, commits, wanted, out = {s.name: 0 for s in case.streams}, 0, dumped_commits(case), []
    for step in case.steps:
        if step[0] == "push" and step[2].values is not None:
            counts[step[1]] += 1
        if step[0] != "commit":
            continue
        if commits in wanted:
            held = contents(case, db, bounds_at(case, counts, accepted))
            out += [(r.name, held[r.name]) for r in case.tables]
        commits += 1
    db.close()
    return out


def expected_late(case):
    """Rows that each windowed view has dropped as late, at the end."""
    db, accepted = load(case)
    counts = {name: len(rows) for name, rows in accepted.items()}
    params = bounds_at(case, counts, accepted)
    contents(case, db, params)
    out = {r.name: db.execute(r.late_sql, params).fetchone()[0] for r in case.tables if r.late_sql}
    db.close()
    return out
