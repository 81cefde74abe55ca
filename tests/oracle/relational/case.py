"""A case: relations that rows are written to, views over them, and a schedule of writes, commits and
restarts. `script` is what the engine is told, `expected` what each view must hold at each commit.
"""
import json
import random
import sqlite3
from dataclasses import dataclass, replace

from ..sqltypes import BIGINT, BOOLEAN, DOUBLE, TEXT, in_view, literal, time_text
from . import lite_sql, weir_sql
from .exprs import TIME, random_value
from .functions import register
from .nodes import Base, Select, columns_of, nodes_in
from .queries import Maker, Source
from .tables import Writer, random_table

ROWS_MAX, WORK_MAX = 1500, 60
CANDIDATES = 16          # queries that a run looks at for each view when it is after what seldom meets
WRITES = ("push", "insert", "dml")


@dataclass(frozen=True)
class Stream:
    """A stream, or a table: one that has a key, which may be of no columns."""
    name: str
    columns: tuple
    time: str = None         # has a watermark that no row is late for
    key: tuple = None

    def ddl(self):
        cols = [f"{n} {t.sql}" for n, t in self.columns]
        if self.key is not None:
            keys = [f"PRIMARY KEY ({', '.join(self.key)})"] if self.key else []
            return f"CREATE TABLE {self.name} ({', '.join(cols + keys)});"
        mark = [f"WATERMARK FOR {self.time} AS {self.time} - INTERVAL '60' SECOND"] if self.time else []
        return f"CREATE STREAM {self.name} ({', '.join(cols + mark)});"

    def lite(self):
        cols = [n for n, _ in self.columns]
        if self.key is None:
            return f"CREATE TABLE {self.name}({', '.join(cols)}, _p INTEGER PRIMARY KEY)"
        keys = [f"PRIMARY KEY ({', '.join(self.key)})"] if self.key else []
        return f"CREATE TABLE {self.name}({', '.join(cols + keys)})"

    def source(self):
        if self.key is not None:
            return Source(self.name, self.columns, self.key or None)
        return Source(self.name, self.columns, ("_p",), self.time)


@dataclass(frozen=True)
class View:
    name: str
    query: object
    is_plain: bool = False   # CREATE VIEW: expanded where it is read
    final: bool = False

    def ddl(self):
        kind = "VIEW" if self.is_plain else "MATERIALIZED VIEW"
        return f"CREATE {kind} {self.name} AS {weir_sql.query(self.query)}{' EMIT FINAL' if self.final else ''};"

    def reads(self):
        return {b.name for b in nodes_in(self.query, Base)}


@dataclass(frozen=True)
class Case:
    seed: int
    streams: tuple
    views: tuple
    steps: tuple             # ("push", stream, values), ("insert", stream, rows), ("commit",), ("restart",), ("define", view), tables.py's
    batch: int = 4096
    rules_off: str = None
    way: tuple = ()          # options of the driver that must not show (paths.py)

    def options(self):
        return ["--batch", str(self.batch)] + (["--rules-off", self.rules_off] if self.rules_off else []) + list(self.way)

    @property
    def late(self):
        """Names of the views that are defined on the way."""
        return {s[1] for s in self.steps if s[0] == "define"}

    def dumps(self):
        """Which views are looked at, at each commit."""
        late, out = self.late, []
        there = [v for v in self.views if not v.is_plain and v.name not in late]
        for step in self.steps:
            if step[0] == "define":
                there = there + [v for v in self.views if v.name == step[1]]
            elif step[0] == "commit":
                out.append(there)
        return out


# ---- streams and rows -----------------------------------------------------------------------------

def random_stream(rng, name):
    if rng.random() < 0.25:
        columns, key = random_table(rng, name)
        return Stream(name, columns, key=key)
    columns = [("k", BIGINT)]
    columns += [("g", TEXT)] if rng.random() < 0.7 else []
    own = [(f"x_{name}", BIGINT), (f"d_{name}", DOUBLE), (f"t_{name}", TEXT), (f"b_{name}", BOOLEAN)]
    columns += sorted(rng.sample(own, rng.randint(1, 3)))
    time = rng.random() < 0.35
    if time or rng.random() < 0.15:
        columns.append((f"ts_{name}", TIME))
    return Stream(name, tuple(columns), f"ts_{name}" if time else None)


def random_rows(rng, stream, n):
    """A few keys are frequent; one row in five comes twice."""
    out = []
    for _ in range(n):
        if out and rng.random() < 0.2:
            out.append(rng.choice(out))
            continue
        row = [random_value(rng, t) if rng.random() < 0.8 or c == stream.time else None for c, t in stream.columns]
        out.append(tuple(row))
    return out


def schedule(rng, streams, total):
    left = {s.name: random_rows(rng, s, rng.randint(total // 2, total)) for s in streams if s.key is None}
    writers = {s.name: Writer(rng, s.name, s.columns, s.key) for s in streams if s.key is not None}
    for name, w in writers.items():
        left[name] = [w.step() for _ in range(rng.randint(8, 25))]
    chunk = rng.choice([1, 3, 7, 7, 15, 15, 40])
    chunk = max(chunk, sum(map(len, left.values())) // 14)
    steps, n, restarts = [("commit",)] if rng.random() < 0.5 else [], 0, rng.random() < 0.4
    while any(left.values()):
        name = rng.choice([k for k, v in left.items() if v])
        if name in writers:
            steps.append(left[name].pop(0))
            n += 2
        elif rng.random() < 0.04:
            rows, left[name] = tuple(left[name][:4]), left[name][4:]
            steps += [("insert", name, rows)]
            n += len(rows)
        else:
            for _ in range(rng.choice([1, 1, 2, 6])):
                if left[name]:
                    steps.append(("push", name, left[name].pop(0)))
                    n += 1
        if n >= chunk:
            steps.append(("commit",))
            n = 0
            if restarts and rng.random() < 0.2:
                steps.append(("restart",))
    return tuple(steps + [("commit",)])


# ---- generation -----------------------------------------------------------------------------------

def generate(seed, views=8, log=None, worth=None):
    """`log`, a Counter, learns why queries were thrown away; of several queries the one is taken that is `worth`
    most: worth(view, the views before it)."""
    rng = random.Random(seed)
    streams = tuple(random_stream(rng, f"s{i}") for i in range(1, rng.choice([2, 3, 3]) + 1))
    steps = schedule(rng, streams, rng.choice([20, 30, 40, 60]))
    case = Case(seed, streams, (), steps, rng.choice([1, 2, 7, 64, 4096]), "all" if rng.random() < 0.1 else None)
    if case.rules_off:   # state belongs to a plan
        case = replace(case, steps=tuple(s for s in steps if s[0] != "restart"))
    db = loaded(case)
    sources, kept = [s.source() for s in streams], []
    for i in range(views):
        view = chosen(rng, db, candidates(rng, f"v{i}", sources, worth and (lambda v: worth(v, kept))), log)
        if not view:
            continue
        kept.append(view)
        create_view(db, view)
        fill(db, view)
        if rng.random() < (0.6 if worth else 0.3):   # views on views bring more together
            sources.append(Source(view.name, tuple(columns_of(view.query))))
    db.close()
    case = replace(case, views=tuple(kept))
    return with_late_view(rng, case) if kept and rng.random() < 0.5 else case


def with_late_view(rng, case):
    """A view that nobody reads is defined when some rows have come already: over tables and groups, whose
    rows are there (those of a stream are not kept)."""
    read = {name for v in case.views for name in v.reads()}
    whole = {s.name for s in case.streams if s.key is not None}
    whole |= {v.name for v in case.views if isinstance(v.query, Select) and v.query.group and not v.is_plain}
    free = [v for v in case.views if v.name not in read and not v.is_plain and v.reads() <= whole]
    commits = [i for i, s in enumerate(case.steps) if s[0] == "commit"]
    if not free or len(commits) < 2:
        return case
    at = rng.choice(commits[:-1]) + 1
    steps = case.steps[:at] + (("define", rng.choice(free).name),) + case.steps[at:]
    return replace(case, steps=steps)


def candidates(rng, name, sources, worth):
    """Queries to try, the most worthy first."""
    def one():
        query = Maker(rng, sources, name, rng.choice([2, 3, 4])).query(rng.choice([0, 1, 1, 2]))
        return View(name, query, is_plain=rng.random() < 0.06)
    if not worth:
        return (one() for _ in range(6))
    return sorted((one() for _ in range(CANDIDATES)), key=worth, reverse=True)[:6]


def chosen(rng, db, found, log):
    """A view that SQLite answers quickly, mostly not with nothing."""
    for view in found:
        rows, why = tried(db, view.query)
        if rows is None and log is not None:
            log[why] += 1
        if rows or rows is not None and rng.random() < 0.1:
            return view
    return None


def tried(db, query):
    ticks = [0]

    def tick():
        ticks[0] += 1
        return ticks[0] > WORK_MAX
    db.set_progress_handler(tick, 10000)
    try:
        rows = db.execute(lite_sql.statement(query)).fetchmany(ROWS_MAX + 1)
        return (rows, "") if len(rows) <= ROWS_MAX else (None, "many rows")
    except sqlite3.OperationalError as e:
        return None, str(e)
    finally:
        db.set_progress_handler(None, 0)


# ---- the oracle's side ----------------------------------------------------------------------------

def database(case):
    db = sqlite3.connect(":memory:", isolation_level=None)
    register(db)
    db.execute("PRAGMA case_sensitive_like = ON")
    db.execute("CREATE TABLE series(i INTEGER PRIMARY KEY)")
    db.executemany("INSERT INTO series VALUES (?)", ((i,) for i in range(12)))
    for s in case.streams:
        db.execute(s.lite())
    return db


def write(db, step):
    if step[0] == "dml":
        db.executescript(step[3])
        return
    rows = [step[2]] if step[0] == "push" else step[2]
    for row in rows:
        db.execute(f"INSERT INTO {step[1]} VALUES ({', '.join('?' * len(row))}, NULL)", row)


def loaded(case):
    db = database(case)
    for step in case.steps:
        if step[0] in WRITES:
            write(db, step)
    return db


def create_view(db, view):
    names = ", ".join(n for n, _ in columns_of(view.query))
    if view.is_plain:
        db.execute(f"CREATE VIEW {view.name}({names}) AS {lite_sql.statement(view.query)}")
    else:
        db.execute(f"CREATE TABLE {view.name}({names})")


def fill(db, view, text=None):
    if not view.is_plain:
        db.execute(f"DELETE FROM {view.name}")
        db.execute(f"INSERT INTO {view.name} {text or lite_sql.statement(view.query)}")


def json_cell(v):
    if v is None:
        return "null"
    if isinstance(v, float):
        return "%.17g" % (v + 0.0)
    return str(v) if isinstance(v, int) else json.dumps(v, ensure_ascii=False)


def rows_of(db, view, text, is_read):
    types = [t for _, t in columns_of(view.query)]
    found = db.execute(f"SELECT * FROM {view.name}" if is_read else text).fetchall()
    return sorted("[" + ",".join(json_cell(in_view(v, t)) for v, t in zip(row, types)) + "]" for row in found)


def expected(case):
    """[(view, rows)] of every dump, in order."""
    db, out = database(case), []
    read = {name for v in case.views for name in v.reads()}
    texts = {v.name: lite_sql.statement(v.query) for v in case.views}
    for v in case.views:
        create_view(db, v)
    dumps = iter(case.dumps())
    for step in case.steps:
        if step[0] in WRITES:
            write(db, step)
        elif step[0] == "commit":
            for v in case.views:
                if v.name in read:
                    fill(db, v, texts[v.name])
            out += [(v.name, rows_of(db, v, texts[v.name], v.name in read)) for v in next(dumps)]
    db.close()
    return out


# ---- the engine's side ----------------------------------------------------------------------------

def as_json(stream, row):
    cells = {}
    for (name, t), v in zip(stream.columns, row):
        if v is None and (hash(name) + len(row)) % 2:
            continue
        cells[name] = bool(v) if t == BOOLEAN and v is not None else time_text(v, 6) if t == TIME and v is not None else v
    return json.dumps(cells)


def as_values(stream, row):
    return f"({', '.join(literal(v, t)[0] for v, (_, t) in zip(row, stream.columns))})"


def commands(case, step):
    if step[0] == "push":
        stream = next(s for s in case.streams if s.name == step[1])
        return [f"push {step[1]} {as_json(stream, step[2])}"]
    if step[0] == "dml":
        return ["sql", step[2], "end"]
    if step[0] == "insert":
        stream = next(s for s in case.streams if s.name == step[1])
        return ["sql", f"INSERT INTO {step[1]} VALUES {', '.join(as_values(stream, r) for r in step[2])};", "end"]
    if step[0] == "define":
        return ["sql", next(v for v in case.views if v.name == step[1]).ddl(), "end", "run"]
    return [step[0]]


def setup(case):
    out, created = ["clock 4000000000"], {}
    out += ["sql", "SET synchronous = 'off';", "end"]
    for r in case.streams + tuple(v for v in case.views if v.name not in case.late):
        out += ["sql", r.ddl(), "end"]
        created[len(out)] = r.name
    return out, created


def script(case):
    """The lines for `weir-stream --print -`, and at which of them each relation is made, or a table written."""
    out, created = setup(case)
    dumps = iter(case.dumps())
    for step in case.steps:
        out += commands(case, step)
        if step[0] == "dml":
            created[len(out)] = step[1]
        if step[0] == "define":
            created[len(out) - 1] = step[1]
        if step[0] == "commit":
            out += [f"dump {v.name}" for v in next(dumps)]
    return out, created
