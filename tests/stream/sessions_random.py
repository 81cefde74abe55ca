#!/usr/bin/env python3
"""Sessions over rows that come, change and go, and their naive twin: sessions_random.py WEIR_STREAM [SEED [CASES]]

Rows of a table lie in sessions by value: after each commit every group's sessions must be the chains of the times that
are left. Bridges come and go, times repeat, some are NULL; batches are cut anywhere and the engine is restarted."""
import datetime
import json

from random_cases import changed_in_steps, main, views_shown

GAP = 10
ORIGIN = datetime.datetime(2024, 1, 1)
SCRIPT = f"""sql
CREATE TABLE t (id BIGINT PRIMARY KEY, k BIGINT, at TIMESTAMP(3), v BIGINT);
CREATE MATERIALIZED VIEW v AS SELECT k, window_start, window_end, count(*) AS n, sum(v) AS s, min(v) AS low
  FROM t WINDOW SESSION (GAP {GAP} SECONDS, ON at) GROUP BY k;
end
"""


def shown(second):
    return (ORIGIN + datetime.timedelta(seconds=second)).isoformat(" ", "milliseconds")


def chains(rows):
    """Of (time, value), sorted: lists whose times are at most the gap apart."""
    out = []
    for row in sorted(rows):
        if out and row[0] - out[-1][-1][0] <= GAP:
            out[-1].append(row)
        else:
            out.append([row])
    return out


def twin(table):
    groups = {}
    for k, at, v in table.values():
        if at is not None:
            groups.setdefault(k, []).append((at, v))
    return sorted(json.dumps([k, shown(c[0][0]), shown(c[-1][0] + GAP), len(c), sum(v for _, v in c), min(v for _, v in c)])
                  for k, rows in groups.items() for c in chains(rows))


def change(rng, table):
    """A statement; the table is changed likewise."""
    def row():
        return rng.randint(1, 2), None if rng.random() < 0.1 else rng.randint(0, 80), rng.randint(0, 9)

    def text(k, at, v):
        return f"{k}, {'NULL' if at is None else repr(shown(at))}, {v}"

    if not table or rng.random() < 0.5:
        rows = {max(table, default=0) + i: row() for i in range(1, rng.randint(2, 5))}
        table.update(rows)
        return "INSERT INTO t VALUES " + ", ".join(f"({i}, {text(*r)})" for i, r in rows.items())
    i = rng.choice(list(table))
    del table[i]
    if rng.random() < 0.6:
        return f"DELETE FROM t WHERE id = {i}"
    k, at, v = table[i] = row()
    return f"UPDATE t SET k = {k}, at = {'NULL' if at is None else repr(shown(at))}, v = {v} WHERE id = {i}"


def case(rng, program):
    text, wanted = changed_in_steps(rng, SCRIPT, rng.randint(10, 25), 0.2, change, twin)
    blocks, error = views_shown(rng, program, text)
    if error:
        return error
    for step, (got, want) in enumerate(zip(blocks, wanted, strict=True)):
        if got != want:
            return f"commit {step}\n  want {want}\n  got  {got}\n" + text
    return None


main(case)
