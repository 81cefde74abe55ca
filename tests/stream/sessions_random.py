#!/usr/bin/env python3
"""Sessions over rows that come, change and go, and their naive twin: sessions_random.py WEIR_STREAM [SEED [CASES]]

Rows of a table lie in sessions by value: after each commit every group's sessions must be the chains of the times that
are left. Bridges come and go, times repeat, some are NULL; batches are cut anywhere and the engine is restarted."""
import datetime
import json
import random
import subprocess
import sys
import tempfile

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
    script, wanted, table = [SCRIPT], [], {}
    for _ in range(rng.randint(10, 25)):
        script += ["restart\n"] if rng.random() < 0.2 else []
        script.append("sql\n" + "".join(change(rng, table) + ";\n" for _ in range(rng.randint(1, 3))) + "end\ncommit\nview v\n")
        wanted.append(twin(table))
    options = ["--print", "--batch", str(rng.choice([1, 2, 4096]))] + rng.choice([[], ["--rules-off", "all"]])
    with tempfile.NamedTemporaryFile("w", suffix=".test") as f:
        f.write("".join(script))
        f.flush()
        done = subprocess.run([program, *options, f.name], capture_output=True, text=True)
    blocks = [sorted(json.dumps(json.loads(row)) for row in block.strip("\n").split("\n") if row)
              for block in ("\n" + done.stdout).split("\n.")[:-1]]
    if done.returncode or done.stderr or len(blocks) != len(wanted):
        return f"{done.stderr}\n{len(blocks)} of {len(wanted)} views shown"
    for step, (got, want) in enumerate(zip(blocks, wanted)):
        if got != want:
            return f"commit {step}\n  want {want}\n  got  {got}\n" + "".join(script)
    return None


def main():
    program, seed = sys.argv[1], int(sys.argv[2]) if len(sys.argv) > 2 else 1
    for n in range(int(sys.argv[3]) if len(sys.argv) > 3 else 20):
        error = case(random.Random(seed * 1000003 + n), program)
        if error:
            sys.exit(f"seed {seed}, case {n}: {error}")


main()
