#!/usr/bin/env python3
"""The example program that follows a view: run, stopped, and run again where it was left.

    follow.py WEIR FOLLOW"""
import os, subprocess, sys, tempfile

WEIR, FOLLOW = (os.path.abspath(p) for p in sys.argv[1:3])
SQL = """CREATE STREAM s (k TEXT, v BIGINT) WITH (connector = 'file', path = '*.ndjson', format = 'json');
CREATE STREAM h (k TEXT);
CREATE MATERIALIZED VIEW m AS SELECT k, sum(v) AS v FROM s GROUP BY k;
CREATE MATERIALIZED VIEW n AS SELECT count(*) AS n FROM h;"""


def run(*args, **more):
    return subprocess.run(args, check=True, capture_output=True, text=True, timeout=60, **more).stdout


def same(got, want):
    if got != want:
        raise SystemExit(f"shows\n{got}instead of\n{want}")


with tempfile.TemporaryDirectory() as folder:
    os.chdir(folder)
    with open("a.ndjson", "w") as f:
        f.write('{"k":"a","v":1}\n{"k":"b","v":2}\n{"k":"a","v":3}\n')
    run(WEIR, "db", "-c", SQL)
    same(run(FOLLOW, "db", "m", "place"), "+ k=a v=4\n+ k=b v=2\n")
    same(run(FOLLOW, "db", "m", "place"), "")
    same(run(FOLLOW, "db", "n", "place_of_n"), "+ n=0\n")
    for i in range(3):
        run(WEIR, "db", "-c", "INSERT INTO h VALUES ('x')")
    same(run(FOLLOW, "db", "n", "place_of_n"), "".join(f"- n={i}\n+ n={i + 1}\n" for i in range(3)))
    with open("place", "w") as f:
        f.write("0\n")
    failed = subprocess.run([FOLLOW, "db", "m", "place"], capture_output=True, text=True)
    if failed.returncode != 1 or "WEIR_E_GONE" not in failed.stderr:
        raise SystemExit(f"an epoch too old: {failed}")
