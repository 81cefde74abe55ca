"""Random nested subqueries over tables that change, against SQLite, at every commit.

    python3 -m oracle.subqueries --engine BUILD/tests/stream/weir-stream --seed 1 --cases 300   (in tests/)

Where oracle.relational draws whole queries of every kind, this draws little else than subqueries: in each
other, correlated over several levels, by equalities and otherwise, in conditions, values, keys, aggregates and
FROM. The rows below are inserted, updated and deleted, have many NULLs and few values.
"""
import argparse
import os
import random
import sqlite3
import subprocess
import sys
import tempfile

TABLES = ["t", "u", "w"]
COLUMNS = ["a", "b", "id"]
COMPARE = ["=", "=", "=", "<", "<=", ">", "<>"]
SHAPES = ["plain", "plain", "group", "distinct", "set", "join", "first", "over"]


class Maker:
    """Makes pairs of texts: (weir's, SQLite's)."""

    def __init__(self, rng, depth):
        self.rng = rng
        self.depth = depth
        self.names = 0

    def name(self):
        self.names += 1
        return f"x{self.names}"

    def column(self, scopes):
        inner = self.rng.random() < 0.6
        return self.rng.choice(scopes[-1] if inner else self.rng.choice(scopes))

    def value(self, scopes, depth):
        kind = self.rng.randrange(10)
        if depth > 0 and kind < 3:
            return self.scalar(scopes, depth - 1)
        if kind == 3:
            number = str(self.rng.randrange(-1, 4))
            return number, number
        if kind == 4:
            x, y = self.column(scopes), self.column(scopes)
            return f"({x} + {y})", f"({x} + {y})"
        if kind == 5:
            c, x, y = self.condition(scopes, depth - 1), self.column(scopes), self.column(scopes)
            return tuple(f"CASE WHEN {c[i]} THEN {x} ELSE {y} END" for i in (0, 1))
        if kind == 6 and depth > 0:
            x, y = self.value(scopes, depth - 1), self.column(scopes)
            return tuple(f"coalesce({x[i]}, {y})" for i in (0, 1))
        x = self.column(scopes)
        return x, x

    def about(self, x, cols):
        """x, if it reads a column of its own query itself: other aggregates may belong to the outer one."""
        if "SELECT" in x[0]:
            return tuple(f"coalesce({x[i]}, {cols[0]})" for i in (0, 1))
        return x if any(c in x[0].replace("(", " ").replace(")", " ").split() for c in cols) else (cols[0],) * 2

    def condition(self, scopes, depth):
        kind = self.rng.randrange(12)
        if depth > 0 and kind < 2:
            return self.exists(scopes, depth - 1)
        if depth > 0 and kind < 5:
            return self.member(scopes, depth - 1)
        if depth > 0 and kind == 5:
            return self.quantified(scopes, depth - 1)
        if kind == 6:
            word = self.rng.choice(["AND", "OR", "OR"])
            x, y = self.condition(scopes, depth - 1), self.condition(scopes, depth - 1)
            return tuple(f"({x[i]} {word} {y[i]})" for i in (0, 1))
        if kind == 7:
            x = self.condition(scopes, depth - 1)
            return tuple(f"(NOT {x[i]})" for i in (0, 1))
        if kind == 8:
            x, no = self.column(scopes), self.rng.choice(["", "NOT "])
            return (f"({x} IS {no}NULL)",) * 2
        x, y, op = self.value(scopes, depth - 1), self.value(scopes, depth - 1), self.rng.choice(COMPARE)
        return tuple(f"({x[i]} {op} {y[i]})" for i in (0, 1))

    def conditions(self, scopes, depth):
        parts = [self.condition(scopes, depth) for _ in range(self.rng.randrange(1, 3))]
        if len(scopes) > 1 and self.rng.random() < 0.8:
            mine, other = self.rng.choice(scopes[-1]), self.rng.choice(self.rng.choice(scopes[:-1]))
            op = self.rng.choice(COMPARE)
            parts.insert(0, (f"({mine} {op} {other})",) * 2)
        return tuple(" AND ".join(p[i] for p in parts) for i in (0, 1))

    def source(self):
        x, table = self.name(), self.rng.choice(TABLES)
        return f"{table} {x}", [f"{x}.{c}" for c in COLUMNS]

    def rows(self, scopes, depth, ncols=1):
        """A query of any number of rows."""
        shape = self.rng.choice(SHAPES)
        text, cols = self.source()
        inner = scopes + [cols]
        items = [self.value(inner, depth) for _ in range(ncols)]
        where = self.conditions(inner, depth)
        pick = lambda i, more="": f"SELECT {more}{', '.join(v[i] for v in items)} FROM {text} WHERE {where[i]}"
        if shape == "distinct":
            return tuple(pick(i, "DISTINCT ") for i in (0, 1))
        if shape == "first":
            return tuple(f"SELECT * FROM ({pick(i)} ORDER BY {cols[2]} LIMIT 2)" for i in (0, 1))
        if shape == "over":
            call = self.rng.choice([f"row_number() OVER (ORDER BY {cols[2]})", f"count(*) OVER (PARTITION BY {cols[0]})",
                                    f"sum({cols[1]}) OVER (ORDER BY {cols[2]})", f"lag({cols[0]}) OVER (ORDER BY {cols[2]})"])
            return tuple(f"SELECT {', '.join(['r', 'c'][:ncols])} FROM (SELECT {call} AS r, {items[0][i]} AS c FROM {text} "
                         f"WHERE {where[i]}) WHERE r IS NOT NULL" for i in (0, 1))
        if shape == "set":
            x, y = self.rows(scopes, 0, ncols), self.rows(scopes, 0, ncols)
            word = self.rng.choice(["UNION", "UNION ALL", "INTERSECT", "EXCEPT"])
            return tuple(f"SELECT * FROM ({x[i]}) {word} SELECT * FROM ({y[i]})" for i in (0, 1))
        if shape == "group":
            key, agg = self.rng.choice(cols), self.rng.choice(["count(*)", f"max({cols[0]})", f"sum({cols[1]})"])
            items = ", ".join([key, agg][:ncols] if self.rng.random() < 0.5 else [agg, key][:ncols])
            having = f" HAVING count(*) > {self.rng.randrange(2)}"
            return tuple(f"SELECT {items} FROM {text} WHERE {where[i]} GROUP BY {key}{having}" for i in (0, 1))
        if shape == "join":
            other, more = self.source()
            word = self.rng.choice(["JOIN", "LEFT JOIN"])
            on = f"{cols[0]} = {more[self.rng.randrange(3)]}"
            inner = scopes + [cols + more]
            where = self.conditions(inner, depth)
            items = [self.value(inner, 0) for _ in range(ncols)]
            return tuple(f"SELECT {', '.join(v[i] for v in items)} FROM {text} {word} {other} ON {on} WHERE {where[i]}"
                         for i in (0, 1))
        return pick(0), pick(1)

    def scalar(self, scopes, depth):
        text, cols = self.source()
        inner = scopes + [cols]
        x = self.about(self.value(inner, depth), cols)
        where = self.conditions(inner, depth)
        agg = self.rng.choice(["count(*)", "count({})", "max({})", "min({})", "sum({})", "count(DISTINCT {})"])
        tail = self.rng.choice(["", "", "", " + 1", " * 2"])
        if self.rng.randrange(5) == 0:
            order = self.rng.choice(["", " DESC"])
            return tuple(f"(SELECT {x[i]} FROM {text} WHERE {where[i]} ORDER BY {cols[2]}{order} LIMIT 1)" for i in (0, 1))
        having = self.rng.choice(["", "", "", f" HAVING count(*) > {self.rng.randrange(3)}"])
        return tuple(f"(SELECT {agg.format(x[i])}{tail} FROM {text} WHERE {where[i]}{having})" for i in (0, 1))

    def exists(self, scopes, depth):
        q, no = self.rows(scopes, depth), self.rng.choice(["", "NOT "])
        return tuple(f"({no}EXISTS ({q[i]}))" for i in (0, 1))

    def member(self, scopes, depth):
        no = self.rng.choice(["", "NOT "])
        if self.rng.random() < 0.2:
            x, y = self.column(scopes), self.column(scopes)
            q = self.rows(scopes, depth, 2)
            return tuple(f"(({x}, {y}) {no}IN ({q[i]}))" for i in (0, 1))
        x, q = self.value(scopes, 0), self.rows(scopes, depth)
        return tuple(f"({x[i]} {no}IN ({q[i]}))" for i in (0, 1))

    def quantified(self, scopes, depth):
        x, op = self.column(scopes), self.rng.choice(COMPARE)
        text, cols = self.source()
        where = self.conditions(scopes + [cols], depth)
        y, word = self.rng.choice(cols), self.rng.choice(["ANY", "ALL"])
        first, last = (1, 0) if word == "ANY" else (0, 1)
        pairs = f"SELECT {x} {op} {y} AS c FROM {text} WHERE {where[1]}"
        lite = (f"(CASE WHEN EXISTS (SELECT 1 FROM ({pairs}) WHERE c IS {first}) THEN {first} "
                f"WHEN EXISTS (SELECT 1 FROM ({pairs}) WHERE c IS NULL) THEN NULL ELSE {last} END)")
        return f"({x} {op} {word} (SELECT {y} FROM {text} WHERE {where[0]}))", lite

    def view(self):
        text, cols = self.source()
        kind = self.rng.randrange(8)
        scopes = [cols]
        if kind == 0:
            key, where = self.value(scopes, self.depth), self.conditions(scopes, 1)
            x = self.value(scopes, 1)
            return tuple(f"SELECT {key[i]} AS k, count(*) AS n, sum({x[i]}) AS s FROM {text} WHERE {where[i]} GROUP BY 1"
                         for i in (0, 1))
        if kind == 1:
            where = self.conditions([cols], self.depth)
            having = self.scalar([[cols[0]]], self.depth - 1)
            return tuple(f"SELECT {cols[0]} AS k, count(*) AS n, {having[i]} AS v FROM {text} WHERE {where[i]} GROUP BY {cols[0]} "
                         f"HAVING count(*) > {having[i]} OR {having[i]} IS NULL" for i in (0, 1))
        if kind == 2:
            return self.lateral(text, cols)
        if kind == 3:
            where = self.conditions(scopes, self.depth)
            table = [f"SELECT {cols[0]} AS a, {cols[1]} AS b, {cols[2]} AS id FROM {text} WHERE {where[i]}" for i in (0, 1)]
            return tuple(f"WITH q AS ({table[i]}) SELECT p.id AS i, (SELECT count(*) FROM q WHERE q.a = p.b) AS n FROM q p "
                         f"WHERE p.a IN (SELECT q.b FROM q WHERE q.id <> p.id)" for i in (0, 1))
        items = [self.value(scopes, self.depth) for _ in range(2)] + [self.condition(scopes, self.depth)]
        where = self.conditions(scopes, self.depth)
        return tuple(f"SELECT {cols[2]} AS i, {', '.join(f'{v[i]} AS c{n}' for n, v in enumerate(items))} FROM {text} "
                     f"WHERE {where[i]}" for i in (0, 1))

    def lateral(self, text, cols):
        other, inner = self.source()
        where = self.conditions([cols, inner], 1)
        if self.rng.random() < 0.5:
            x = self.about(self.value([cols, inner], 0), inner)
            weir = (f"SELECT {cols[2]} AS i, l.m, l.n FROM {text}, LATERAL (SELECT max({x[0]}) AS m, count(*) AS n "
                    f"FROM {other} WHERE {where[0]}) l")
            sub = f"FROM {other} WHERE {where[1]}"
            return weir, f"SELECT {cols[2]}, (SELECT max({x[1]}) {sub}), (SELECT count(*) {sub}) FROM {text}"
        word = self.rng.choice(["JOIN", "LEFT JOIN"])
        x = self.value([cols, inner], 0)
        weir = (f"SELECT {cols[2]} AS i, l.v FROM {text} {word} LATERAL (SELECT {x[0]} AS v FROM {other} "
                f"WHERE {where[0]}) l ON TRUE")
        there = f"CASE WHEN {inner[2]} IS NOT NULL THEN {x[1]} END"
        return weir, f"SELECT {cols[2]}, {there} FROM {text} {word} {other} ON {where[1]}"


def change(rng, rows):
    """One statement of both, and its effect on what ids there are."""
    table = rng.choice(TABLES)
    number = lambda: rng.choice(["NULL", "0", "1", "1", "2", "2", "3"])
    ids = rows[table]
    kind = rng.randrange(5)
    if kind < 3 or not ids:
        new = max(ids, default=0) + 1
        ids.add(new)
        return f"INSERT INTO {table} VALUES ({new}, {number()}, {number()})"
    some = rng.choice(sorted(ids))
    if kind == 3:
        return f"UPDATE {table} SET a = {number()}, b = {number()} WHERE id = {some}"
    ids.discard(some)
    return f"DELETE FROM {table} WHERE id = {some}"


def text_of(row):
    return "[" + ",".join("null" if v is None else str(v) for v in row) + "]"


def run_case(engine, seed, depth):
    rng = random.Random(seed)
    lite = sqlite3.connect(":memory:")
    for table in TABLES:
        lite.execute(f"CREATE TABLE {table} (id INTEGER PRIMARY KEY, a INTEGER, b INTEGER)")
    views = [Maker(rng, depth).view() for _ in range(3)]
    script, expected, rows = [], [], {t: set() for t in TABLES}
    define = [f"CREATE TABLE {t} (id BIGINT PRIMARY KEY, a BIGINT, b BIGINT);" for t in TABLES]
    define += [f"CREATE MATERIALIZED VIEW v{i} AS {v[0]};" for i, v in enumerate(views)]
    late = rng.randrange(4) == 0
    script += ["sql", *(define[:3] if late else define), "end"]
    for epoch in range(6):
        statements = [change(rng, rows) for _ in range(rng.randrange(1, 9))]
        for s in statements:
            lite.execute(s)
        script += ["sql", *[s + ";" for s in statements], "end", "commit"]
        if late and epoch == 1:
            script += ["sql", *define[3:], "end", "commit"]
        if late and epoch < 2:
            continue
        if rng.randrange(5) == 0:
            script.append("restart")
        for i, v in enumerate(views):
            script.append(f"view v{i}")
            expected.append((epoch, i, sorted(text_of(r) for r in lite.execute(v[1]))))
    options = ["--rules-off", "all"] if rng.randrange(2) else []
    with tempfile.NamedTemporaryFile("w", suffix=".test", dir="/dev/shm" if os.path.isdir("/dev/shm") else None) as f:
        f.write("\n".join(script) + "\n")
        f.flush()
        out = subprocess.run([engine, "--print", *options, f.name], capture_output=True, text=True, timeout=60)
    if out.returncode != 0 and "WEIR_E_UNSUPPORTED" in out.stderr + out.stdout:
        return "unsupported: " + next(l for l in (out.stderr + out.stdout).splitlines() if "UNSUPPORTED" in l).split("UNSUPPORTED: ")[1]
    if out.returncode != 0:
        return f"failed ({out.returncode}): {(out.stderr or out.stdout)[:900]}"
    got = parse(out.stdout)
    for (epoch, i, want), have in zip(expected, got):
        if sorted(have) != want:
            missing = [r for r in want if want.count(r) > have.count(r)]
            extra = [r for r in have if have.count(r) > want.count(r)]
            return f"differs: view v{i} after commit {epoch}, rules {'off' if options else 'on'}\n  {views[i][0]}\n  missing {missing[:5]}\n  extra {extra[:5]}"
    return "same" if len(got) == len(expected) else "failed: outputs are missing\n" + out.stderr


def parse(text):
    blocks, rows = [], []
    for line in text.splitlines():
        if line == ".":
            blocks.append(rows)
            rows = []
        else:
            rows.append(line)
    return blocks


def main():
    p = argparse.ArgumentParser()
    p.add_argument("--engine", required=True)
    p.add_argument("--seed", type=int, default=1)
    p.add_argument("--cases", type=int, default=100)
    p.add_argument("--depth", type=int, default=2)
    p.add_argument("--keep-going", action="store_true")
    args = p.parse_args()
    counts, bad = {}, 0
    for seed in range(args.seed, args.seed + args.cases):
        try:
            result = run_case(args.engine, seed, args.depth)
        except subprocess.TimeoutExpired:
            result = "failed: no answer in time"
        except sqlite3.OperationalError as e:
            result = f"refused by SQLite ({e})"
        word = result.split("\n")[0] if result.startswith("unsupported") else result.split(":")[0].split(" ")[0]
        counts[word] = counts.get(word, 0) + 1
        if result.startswith(("failed", "differs")):
            bad += 1
            print(f"case {seed}: {result}", flush=True)
            if not args.keep_going:
                break
    for word, n in sorted(counts.items(), key=lambda x: -x[1]):
        print(f"{n:6} {word}")
    sys.exit(1 if bad else 0)


if __name__ == "__main__":
    main()
