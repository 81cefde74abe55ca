#!/usr/bin/env python3
"""Tables, lookups of versions and their naive twins: temporal_random.py WEIR_STREAM [SEED [CASES]]

A changelog and a stream grow in files; after each piece the views are compared with what a few lines
of Python make of all records so far: the table's rows, joins FOR SYSTEM_TIME AS OF the stream's event
time under EMIT CHANGES and EMIT FINAL, an aggregate over the table. Keys repeat, times run back, rows
are deleted, some are late; batches and epochs are cut anywhere, and the engine is restarted."""
import json
import os
import random
import subprocess
import sys
import tempfile

DELAY = 3
SCRIPT = """sql
CREATE TABLE v (k BIGINT, x BIGINT, at TIMESTAMP(0) METADATA FROM 'timestamp', PRIMARY KEY (k), WATERMARK FOR at AS at - INTERVAL '3' SECOND)
  WITH (connector = 'file', path = 'v.ndjson', format = 'debezium', follow = true);
CREATE STREAM s (id BIGINT, k BIGINT, at TIMESTAMP(0), WATERMARK FOR at AS at - INTERVAL '3' SECOND)
  WITH (connector = 'file', path = 's.ndjson', format = 'json', follow = true, timestamp_format = 'epoch_s');
CREATE TABLE w (k BIGINT, x BIGINT, PRIMARY KEY (k)) WITH (connector = 'file', path = 'w/*.ndjson', format = 'upsert', follow = true);
CREATE MATERIALIZED VIEW total AS SELECT count(*) AS n, sum(x) AS x FROM v;
CREATE MATERIALIZED VIEW inc AS SELECT s.id, r.x FROM s JOIN v FOR SYSTEM_TIME AS OF s.at AS r ON s.k = r.k;
CREATE MATERIALIZED VIEW lec AS SELECT s.id, r.k, r.x FROM s LEFT JOIN v FOR SYSTEM_TIME AS OF s.at AS r ON s.k = r.k AND r.x < 7;
CREATE MATERIALIZED VIEW inf AS SELECT s.id, r.x FROM s JOIN v FOR SYSTEM_TIME AS OF s.at AS r ON r.k = s.k EMIT FINAL;
CREATE MATERIALIZED VIEW lef AS SELECT s.id, r.k, r.x FROM s LEFT JOIN v FOR SYSTEM_TIME AS OF s.at AS r ON s.k = r.k AND r.x < 7 EMIT FINAL;
end
"""


class Side:
    """Records in order; J of each is the watermark that the ones before it made."""
    def __init__(self):
        self.watermark, self.on_time = -10**9, []

    def add(self, at, record):
        if at > self.watermark:
            self.on_time.append((at, record))
        self.watermark = max(self.watermark, at - DELAY)


def expected(versions, rows, table):
    def version(k, at):
        best = None
        for t, (key, x) in versions.on_time:
            if key == k and t <= at and (best is None or t >= best[0]):
                best = (t, x)
        return None if best is None else best[1]

    settled = min(versions.watermark, rows.watermark)
    out = {"inc": [], "lec": [], "inf": [], "lef": []}
    for at, (i, k) in rows.on_time:
        x = None if k is None else version(k, at)
        padded = [i, k, x] if x is not None and x < 7 else [i, None, None]
        for view, shown in (("c", True), ("f", at <= settled)):
            if shown and x is not None:
                out["in" + view].append([i, x])
            if shown or k is None:  # nothing can match it
                out["le" + view].append(padded)
    out["v"] = [[k, x] for k, x in table.items()]
    out["total"] = [[len(table), sum(table.values()) if table else None]]
    return out


class Driver:
    def __init__(self, program, folder, rng):
        args = [program, "--print", "--db", os.path.join(folder, "x.db"), "--batch", str(rng.choice([1, 3, 100])),
                "--epoch-rows", str(rng.choice([1, 4, 1000])), "-"]
        if rng.random() < 0.5:
            args[1:1] = ["--rules-off", "all"]
        self.p = subprocess.Popen(args, cwd=folder, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)

    def do(self, text):
        self.p.stdin.write(text)
        self.p.stdin.flush()

    def rows(self, query):
        self.do(f"query {query}\n")
        out = []
        while (line := self.p.stdout.readline()) not in (".\n", ""):
            out.append(json.loads(line))
        if line == "":
            raise SystemExit("the engine is gone")
        return out


def change(rng, clock, table, at):
    """A random record of the changelog, and what it does."""
    k, x = rng.randint(1, 4), rng.randint(0, 12)
    if rng.random() < 0.25:
        table.pop(k, None)
        return (k, None), {"before": {"k": k, "x": 99}, "after": None, "op": "d", "ts_ms": at * 1000}
    table[k] = x
    return (k, x), {"before": {"k": k}, "after": {"k": k, "x": x}, "op": rng.choice("cru"), "ts_ms": at * 1000}


def piece(rng, clock, versions, rows, table, folder, number):
    with open(os.path.join(folder, "v.ndjson"), "a") as v, open(os.path.join(folder, "s.ndjson"), "a") as s:
        for _ in range(rng.randint(0, 6)):
            at = clock + rng.randint(-6, 6)
            record, line = change(rng, clock, table, at)
            versions.add(at, record)
            v.write(json.dumps(line) + "\n")
        for _ in range(rng.randint(0, 6)):
            at, k = clock + rng.randint(-6, 6), rng.choice([1, 2, 3, 4, 5, None])
            number += 1
            rows.add(at, (number, k))
            s.write(json.dumps({"id": number, "k": k, "at": at}) + "\n")
    return number


def parts_piece(rng, parts, folder):
    """Two files of one table: of a key's records the last one of the last file counts."""
    for name, records in parts.items():
        with open(os.path.join(folder, "w", name + ".ndjson"), "a") as f:
            for _ in range(rng.randint(0, 4)):
                k, x = rng.randint(1, 6), rng.choice([None, 1, 2, 3])
                records[k] = x
                f.write(json.dumps({"key": k, "value": None if x is None else {"x": x}}) + "\n")


def parts_table(parts):
    last = {}
    for name in sorted(parts):
        last.update(parts[name])
    return [[k, x] for k, x in last.items() if x is not None]


def compare(driver, want, seed, step):
    for view, rows in want.items():
        columns = "k, x" if view in ("v", "w") else "*"
        got = driver.rows(f"SELECT {columns} FROM \"{view}\"")
        if sorted(map(repr, got)) != sorted(map(repr, rows)):
            print(f"seed {seed}, step {step}: {view}\n  want {sorted(map(repr, rows))}\n  got  {sorted(map(repr, got))}")
            return False
    return True


def run(program, seed):
    rng = random.Random(seed)
    with tempfile.TemporaryDirectory() as folder:
        os.mkdir(os.path.join(folder, "w"))
        for name in ("v.ndjson", "s.ndjson", "w/a.ndjson", "w/b.ndjson"):
            open(os.path.join(folder, name), "w").close()
        versions, rows, table, number = Side(), Side(), {}, 0
        parts = {"a": {}, "b": {}}
        driver = Driver(program, folder, rng)
        driver.do(SCRIPT)
        ok, clock = True, 1000
        for step in range(12):
            clock += rng.randint(0, 5)
            number = piece(rng, clock, versions, rows, table, folder, number)
            parts_piece(rng, parts, folder)
            driver.do("run\n" + ("restart\n" if rng.random() < 0.3 else ""))
            want = expected(versions, rows, table)
            want["w"] = parts_table(parts)
            ok = compare(driver, want, seed, step)
            if not ok:
                break
        driver.p.stdin.close()
        return driver.p.wait() == 0 and ok


def main():
    program, seed = os.path.abspath(sys.argv[1]), int(sys.argv[2]) if len(sys.argv) > 2 else 1
    cases = int(sys.argv[3]) if len(sys.argv) > 3 else 25
    failed = [n for n in range(seed, seed + cases) if not run(program, n)]
    if failed:
        raise SystemExit(f"{len(failed)} of {cases} differ: {failed}")


if __name__ == "__main__":
    main()
