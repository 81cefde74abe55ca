#!/usr/bin/env python3
"""weir beside DuckDB and SQLite: every row of what it must reach, on the same data, in one run.

Usage: run.py BUILD [--events N] [--rounds N] [--only TEXT] [--json FILE] [--folder FOLDER] [--cpu N] [--no-check] [--smoke]

BUILD is a build folder (release) with shell/weir and tests/bench. The answers of weir are compared with DuckDB's, row
by row, before anything is timed. Sides take turns; medians count, of what the processors were used, so that others on
the machine show little; latencies and what two processors bring are by the clock. Files of events stay in FOLDER.
Exit status 1: a row is below its floor, or an answer differs. setup installs DuckDB; report.py makes documents
of FILE."""
import argparse
import json
import os
import platform
import sqlite3
import subprocess
import sys
import tempfile
import time

try:
    import duckdb
except ImportError:
    print("DuckDB is not installed for this Python; tests/bench/peers/setup makes one that has it")
    sys.exit(77)  # a test that is skipped

import check
from measure import Bench, measure
from rows import ROWS, SWEEPS

CHECKED_EVENTS = 150000
LONG = ("commit_growth", "commit_bare", "latency", "idle")


def processor():
    with open("/proc/cpuinfo", encoding="utf-8") as f:
        return next((line.split(":")[1].strip() for line in f if line.startswith("model name")), platform.machine())


def commit_of(folder):
    out = subprocess.run(["git", "-C", folder, "log", "-1", "--format=%h %cs"], capture_output=True, text=True)
    return out.stdout.strip()


def surroundings(args):
    return {"machine": f"{processor()}, {os.cpu_count()} processors", "system": platform.platform(), "commit": commit_of(os.path.dirname(__file__)),
            "date": time.strftime("%Y-%m-%d %H:%M UTC", time.gmtime()), "duckdb": duckdb.__version__, "sqlite": sqlite3.sqlite_version,
            "events": args.events, "rounds": args.rounds, "load": os.getloadavg()[0]}


def side(times, rows):
    if times is None:
        return None
    return {"seconds": times.median, "spread": times.spread(), "rows_per_second": rows / times.median if rows and times.median else None}


def told(row, got):
    value = got["value"]
    return {"part": row.part, "name": row.name, "load": row.load, "kind": row.kind, "value": value, "unit": row.unit, "floor": row.floor,
            "aim": row.aim, "more": row.more, "meets_floor": row.meets(row.floor, value), "meets_aim": row.meets(row.aim, value),
            "rows": got["rows"], "weir": side(got["weir"], got["rows"]), "peer": side(got["peer"], got["rows"]), "took": got["took"]}


def line(r):
    def rate(s):
        return f"{s['rows_per_second'] / 1e6:8.2f} M/s ±{100 * s['spread']:2.0f}%" if s and s["rows_per_second"] else " " * 17

    verdict = "aim" if r["meets_aim"] else "ok" if r["meets_floor"] else "BELOW"
    return f"{r['name'][:60]:60} {rate(r['weir'])} {rate(r['peer'])} {r['value']:10.4g} {r['unit']:3} floor {r['floor']:<7g} aim {r['aim']:<6g} {verdict}"


def sweep(b, loads):
    points = []
    for at, load in loads:
        rows = b.load(load)["rows_in"]
        ours, theirs = b.seconds(load, 3), b.duck.query(load)
        points.append({"at": at, "weir_ns": ours / rows * 1e9, "duckdb_ns": theirs / rows * 1e9})
    return points


def run(args, folder):
    b = Bench(os.path.join(args.build, "shell/weir"), os.path.join(args.build, "tests/bench"), folder, args.events, args.rounds)
    wanted = [r for r in ROWS if (args.only in r.name or args.only in r.load or args.only in r.part) and not (args.smoke and r.kind in LONG)]
    result = {**surroundings(args), "differ": {}, "failed": {}, "rows": [], "sweeps": {}}
    if not args.no_check:
        events = min(CHECKED_EVENTS, args.events)
        answers = check.answers(b.weir, folder, events, lambda name: b.input(name, events))
        result["checked"] = len(answers)
        result["differ"] = {name: what for name, what in answers.items() if what}
        for name, what in result["differ"].items():
            print(f"{name}: {what}")
    for row in wanted:
        try:
            result["rows"].append(told(row, measure(b, row)))
            print(line(result["rows"][-1]), flush=True)
        except (subprocess.CalledProcessError, AssertionError, KeyError, IndexError, duckdb.Error, sqlite3.Error) as e:
            result["failed"][row.name] = str(e)
            print(f"{row.name}: {e}", flush=True)
    if not args.only:
        result["sweeps"] = {name: sweep(b, loads) for name, (_, loads) in SWEEPS.items()}
    return result


def main():
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument("build")
    p.add_argument("--events", type=int, default=2000000)
    p.add_argument("--rounds", type=int, default=5)
    p.add_argument("--only", default="", help="rows whose name, load or part has this")
    p.add_argument("--json", help="a file for the result")
    p.add_argument("--folder", help="of files of events")
    p.add_argument("--cpu", type=int, help="the processor to stay on")
    p.add_argument("--no-check", action="store_true")
    p.add_argument("--smoke", action="store_true", help="whether all of it works: no floor counts, and what takes long is left out")
    args = p.parse_args()
    args.build = os.path.abspath(args.build)
    if args.smoke:
        args.events, args.rounds = 3000, 1
    if args.cpu is not None:
        os.sched_setaffinity(0, {args.cpu})
    with tempfile.TemporaryDirectory() as own:
        if args.folder:
            os.makedirs(args.folder, exist_ok=True)
        result = run(args, os.path.abspath(args.folder) if args.folder else own)
    if args.json:
        with open(args.json, "w", encoding="utf-8") as f:
            json.dump(result, f, indent=1, ensure_ascii=False)
    below = [r["name"] for r in result["rows"] if not r["meets_floor"]]
    print(f"{len(result['rows']) - len(below)} of {len(result['rows'])} rows reach their floor; "
          f"{sum(r['meets_aim'] for r in result['rows'])} their aim")
    return 1 if (below and not args.smoke) or result["differ"] or result["failed"] else 0


if __name__ == "__main__":
    sys.exit(main())
