#!/usr/bin/env python3
"""state_ttl and its naive twin: state_ttl_random.py WEIR_STREAM [SEED [CASES]]

Rows come to a stream and come, change and go in a table while the clock runs; after each commit every view is compared
with a twin that remembers, per key, all rows since the key was made and when it was touched. Keys are few and NULL is
one of them, the stream's rows repeat, retractions often find nothing; batches are cut anywhere and the engine is restarted."""
import json
from collections import Counter

from random_cases import main, views_shown

TTL = 60
SCRIPT = """sql
CREATE STREAM s (k BIGINT, v BIGINT);
CREATE TABLE t (id BIGINT PRIMARY KEY, k BIGINT, v BIGINT);
CREATE MATERIALIZED VIEW groups WITH (state_ttl = '60 SECONDS') AS SELECT k, count(*) AS n, sum(v) AS s FROM t GROUP BY k;
CREATE MATERIALIZED VIEW streams WITH (state_ttl = '60 SECONDS') AS SELECT k, count(*) AS n, max(v) AS s FROM s GROUP BY k;
CREATE MATERIALIZED VIEW inners WITH (state_ttl = '60 SECONDS') AS SELECT s.k, s.v, t.v AS w FROM s JOIN t ON s.k = t.k;
CREATE MATERIALIZED VIEW lefts WITH (state_ttl = '60 SECONDS') AS SELECT s.k, s.v, t.v AS w FROM s LEFT JOIN t ON s.k = t.k;
CREATE MATERIALIZED VIEW tops WITH (state_ttl = '60 SECONDS') AS
  SELECT k, v FROM (SELECT k, v, rank() OVER (PARTITION BY k ORDER BY v) AS r FROM t) WHERE r <= 1;
CREATE MATERIALIZED VIEW overs WITH (state_ttl = '60 SECONDS') AS SELECT k, v, count(*) OVER (PARTITION BY k) AS n FROM t;
CREATE MATERIALIZED VIEW excepts WITH (state_ttl = '60 SECONDS') AS SELECT k, v FROM t EXCEPT ALL SELECT k, v FROM s;
end
"""


class Kept:
    """Rows of both inputs by key; what a key's rows make comes and goes in `view`."""
    def __init__(self, key, make, at_once=False):
        self.key, self.make, self.at_once = key, make, at_once
        self.state, self.touched, self.view = {}, {}, Counter()

    def epoch(self, now, changes):
        for k in [k for k, at in self.touched.items() if at + TTL <= now]:
            del self.state[k], self.touched[k]
        by_key = {}
        for side, row, weight in changes:
            by_key.setdefault(self.key(row), []).append((side, row, weight))
        for k, some in by_key.items():
            sides = self.state.get(k, (Counter(), Counter()))
            old = self.make(k, sides)
            if self.at_once:  # a group knows how many rows it has, not which
                for _, row, weight in some:
                    if weight > 0 or sum(sides[0].values()) > 0:
                        sides[0][row] += weight
            else:
                for side, row, weight in some:
                    sides[side][row] += weight
                sides = tuple(Counter({r: n for r, n in rows.items() if n > 0}) for rows in sides)
            new = self.make(k, sides)
            self.show(k, old, new)
            if any(sum(rows.values()) for rows in sides):
                self.state[k], self.touched[k] = sides, now
            else:
                self.state.pop(k, None), self.touched.pop(k, None)

    def show(self, k, old, new):
        for row, n in old.items():
            self.view[row] -= n
        for row, n in new.items():
            if self.at_once:
                for other in [r for r in self.view if r[0] == k]:
                    del self.view[other]
            self.view[row] += n

    def rows(self):
        return sorted(json.dumps(list(r)) for r, n in self.view.items() for _ in range(n))


def group(fold):
    def make(k, sides):
        rows = [r for r, n in sides[0].items() for _ in range(n)]
        less = [r for r, n in sides[0].items() for _ in range(-n)]
        n = len(rows) - len(less)
        return Counter({(k, n, fold([r[-1] for r in rows], [r[-1] for r in less])): 1} if n > 0 else {})
    return make


def join(is_left):
    def make(k, sides):
        out = Counter()
        for l, n in sides[0].items():
            for r, m in sides[1].items():
                if k is not None:
                    out[(l[0], l[1], r[1])] += n * m
            if is_left and (k is None or not sides[1]):
                out[(l[0], l[1], None)] += n
        return out
    return make


def tops(k, sides):
    least = min((r[1] for r in sides[0]), default=None)
    return Counter({(k, least): n for r, n in sides[0].items() if r[1] == least})


def overs(k, sides):
    return Counter({(k, r[1], sum(sides[0].values())): n for r, n in sides[0].items()})


def excepts(row, sides):
    n = sides[0][row] - sides[1][row]
    return Counter({row: n} if n > 0 else {})


def first(row):
    return row[0]


def twins():
    return {"groups": (Kept(first, group(lambda p, m: sum(p) - sum(m)), True), "t", None),
            "streams": (Kept(first, group(lambda p, m: max(p)), True), "s", None),
            "inners": (Kept(first, join(False)), "s", "t"), "lefts": (Kept(first, join(True)), "s", "t"),
            "tops": (Kept(first, tops), "t", None), "overs": (Kept(first, overs), "t", None),
            "excepts": (Kept(lambda r: r, excepts), "t", "s")}


def sql_value(x):
    return "NULL" if x is None else str(x)


def case(rng, program):
    script, wanted, table, now, views, names = [SCRIPT], [], {}, 0, twins(), []
    for step in range(rng.randint(20, 40)):
        if rng.random() < 0.3:
            script.append("restart\n")
        move = rng.choice([0, 1, 5, 20, 40, 70])
        now += move
        script.append(f"clock +{move}\n")
        changes = {"s": [], "t": []}
        if rng.random() < 0.5:
            for _ in range(rng.randint(1, 4)):
                row = (rng.choice([None, 1, 2, 3]), rng.randint(1, 3))
                changes["s"].append((row, 1))
                script.append("push s " + json.dumps({"k": row[0], "v": row[1]}) + "\n")
            script.append("commit\n")
        else:
            kind = rng.choice("iud") if table else "i"
            if kind == "i":
                ids = {rng.randint(1, 6) for _ in range(rng.randint(1, 3))} - set(table) or {max(table) + 1}
                new = {i: (rng.choice([None, 1, 2, 3]), i + 10 * rng.randint(0, 2)) for i in ids}
                table.update(new)
                changes["t"] = [(r, 1) for r in new.values()]
                sql = "INSERT INTO t VALUES " + ", ".join(f"({i}, {sql_value(k)}, {v})" for i, (k, v) in new.items())
            else:
                i = rng.choice(list(table))
                old = table.pop(i)
                changes["t"].append((old, -1))
                sql = f"DELETE FROM t WHERE id = {i}"
                if kind == "u":
                    new = table[i] = (rng.choice([old[0], 1, 2]), i + 10 * rng.randint(0, 2))
                    changes["t"] = [] if new == old else [(old, -1), (new, 1)]
                    sql = f"UPDATE t SET k = {sql_value(new[0])}, v = {new[1]} WHERE id = {i}"
            script.append(f"sql\n{sql};\nend\n")
        for name, (kept, left, right) in views.items():
            kept.epoch(now, [(side, row, w) for side, source in enumerate((left, right)) if source
                             for row, w in changes[source]])
            script.append(f"view {name}\n")
            names.append((step, name))
            wanted.append(kept.rows())
    text = "".join(script)
    blocks, error = views_shown(rng, program, text)
    if error:
        return error
    for (step, name), got, want in zip(names, blocks, wanted, strict=True):
        if got != want:
            return f"step {step}, view {name}\n  want {want}\n  got  {got}\n{text}"
    return None


main(case)
