"""Every way through the engine: each set of vector instructions, number of workers and size of batches, for each oracle.

    python3 -m oracle.paths WEIR-STREAM [--seed N] [--budget N] [--events N] [--queries N]

A way is one of the instructions that decoders may use, one of the numbers of workers (real threads), one of the sizes of
batches. Each gets `budget` cases of windows over files, as many relational ones, and `queries` of Nexmark's
from files of CSV and JSON in which some records are none. With several workers all of Nexmark's queries run together, and the
database must be the same byte by byte as by one. Instructions that the processor has not are said to be missing. What the compiler makes several copies of
(exec/kernel/target.h) is portable in builds by clang and with sanitizers, and AVX2 in those by gcc.
"""
import argparse
import csv
import itertools
import json
import os
import random
import re
import sqlite3
import subprocess
import sys
import tempfile
import time
from collections import Counter
from dataclasses import replace

from . import engine, nexmark
from .case import generate
from .relational import case as relational_case, engine as relational_engine
from .workers import BAD, BY_THE_CLOCK, FORMATS, from_files

SIMD, WORKERS, BATCHES = ("portable", "avx2", "avx512", "neon"), (1, 2, 4), (1, 4096)
MORSELS = (60, 700, 20000)  # bytes that a worker decodes at a time
# Views on views, and rows that cannot be computed, in every one of several groups of queries.
ON_TOP = [f"CREATE MATERIALIZED VIEW {a}_{b} AS SELECT {a}.price * {b} AS x, {a}.price + 9223372036854775000 AS y FROM {a} WHERE {a}.auction % {b} = 0;"
          for a in ("q0", "q2") for b in (2, 3, 50)]
ON_TOP += [f"CREATE MATERIALIZED VIEW f_{b} AS SELECT bidder % {b} AS k, count(*) + 9223372036854775700 AS n, max(price) AS m"
           f" FROM bid GROUP BY bidder % {b};" for b in (2, 13, 17)]
STRAY = {"csv": b'1,2"3\n', "json": b'{"id": "\n'}  # a quote that begins nothing: where a morsel begins is guessed wrong


def arguments():
    p = argparse.ArgumentParser(prog="oracle.paths")
    p.add_argument("program", help="path of weir-stream")
    p.add_argument("--seed", type=int, default=1)
    p.add_argument("--budget", type=int, default=2, help="cases of each kind for each way (default 2)")
    p.add_argument("--events", type=int, default=1500, help="of Nexmark's (default 1500)")
    p.add_argument("--queries", type=int, default=2, help="of Nexmark's for each way (default 2)")
    args = p.parse_args()
    args.program, args.rate, args.epochs, args.sample = os.path.abspath(args.program), 100, 4, 2
    return args


def is_there(program, simd):
    """Whether the processor has the instructions."""
    return subprocess.run([program, "--simd", simd, os.devnull], check=False).returncode != 77


def options(way, rng):
    simd, workers, batch = way
    return ("--simd", simd, "--threads", "--set", f"workers={workers}", "--set", f"batch_rows={batch}",
            "--set", f"morsel_size={rng.choice(MORSELS)}")


def write_files(folder, events):
    """Nexmark's streams, every 97th record followed by some that are none."""
    for kind, form in FORMATS.items():
        with open(os.path.join(folder, f"{kind}.{form}"), "wb") as out:
            names = [c.split()[0] for c in nexmark.COLUMNS[kind].split(", ")]
            for i, event in enumerate(getattr(events, kind)):
                out.write(record(form, names, event).encode())
                if i % 97 == 96:
                    out.write(BAD[form])
                if i % 601 == 430:
                    out.write(STRAY[form])


def record(form, names, event):
    if form == "json":
        return json.dumps(dict(zip(names, event)), ensure_ascii=event.n % 2 == 0) + "\n"

    class Line(list):
        write = list.append
    line = Line()
    csv.writer(line, lineterminator="\n", quoting=csv.QUOTE_ALL if event.n % 50 == 0 else csv.QUOTE_MINIMAL).writerow(event[:-1])
    return "".join(line)


def windows(args, seed, way):
    """None where all is well, else what is wrong."""
    case = generate(seed)
    case = replace(case, way=way, epoch_rows=case.epoch_rows or random.Random(seed).choice((3, 10, 1000)))
    outcome = engine.try_case(args.program, case)
    return f"{outcome.kind}: {outcome.what}\n{outcome.detail}" if outcome.kind in ("differs", "error") else None


def relations(args, seed, way):
    case = replace(relational_case.generate(seed), way=way)
    for name, v in relational_engine.judge(args.program, case).items():
        if v.kind in ("differs", "error"):
            return f"view {name}: {v.kind}: {v.what}\n{v.detail}"
    return None


def queries(args, name, way):
    return nexmark.check(args, name, args.read, from_files(name, args.folder), way)


def all_queries(folder):
    """One script: the streams, and what each query makes of them."""
    streams, views = {}, []
    for name in sorted(n for n in nexmark.QUERIES if n not in BY_THE_CLOCK):
        for statement in re.findall(r"CREATE .*?;", re.sub(r"--.*", "", from_files(name, folder)), re.S):
            kind = re.match(r"CREATE STREAM (bid|auction|person)\b", statement)
            if kind:
                streams[kind.group(1)] = statement
            else:
                views.append(statement)
    return ["sql", *streams.values(), *dict.fromkeys(views), *ON_TOP, "end", "run"]


def everything(args, script, folder, *options):
    """All that is in the database in the end, and in which order. Nothing is decoded ahead: that cuts other batches."""
    db = os.path.join(folder, "all.db")
    if os.path.exists(db):
        os.remove(db)
    p = subprocess.run([args.program, "--print", "--db", db, "--epoch-rows", "700", "--set", "batch_rows=100",
                        "--set", f"morsel_size={1 << 26}", *options, "-"], input="\n".join(script) + "\n", capture_output=True, text=True, check=False)
    if p.returncode:
        sys.exit(p.stderr)
    with sqlite3.connect(db) as con:
        return [line for line in con.iterdump() if '"_weir_epoch"' not in line]  # who wrote it


def together(args, workers, way):
    """All queries over the same streams: several workers write what one writes, byte by byte."""
    script = all_queries(args.folder)
    alone = everything(args, script, args.folder, *way, "--set", "workers=1")
    for threads in ([], ["--threads"]):
        several = everything(args, script, args.folder, *way, "--set", f"workers={workers}", *threads)
        differ = [(a, b) for a, b in zip(alone, several) if a != b]
        if alone != several:
            return f"{len(alone)} and {len(several)} lines, {differ[:2]}"
    return None


def main():
    args, done, failed, began = arguments(), Counter(), 0, time.monotonic()
    here = [s for s in SIMD if is_there(args.program, s)]
    args.read = nexmark.read_events(args.program, args.events, args.rate)
    names = itertools.cycle(sorted(n for n in nexmark.QUERIES if n not in BY_THE_CLOCK))
    seeds = itertools.count(args.seed)
    with tempfile.TemporaryDirectory() as folder:
        args.folder = folder
        write_files(folder, args.read)
        for way in itertools.product(here, WORKERS, BATCHES):
            tries = [(kind, next(seeds)) for _ in range(args.budget) for kind in (windows, relations)]
            tries += [(queries, next(names)) for _ in range(args.queries)]
            if way[1] > 1 and way[2] > 1:
                tries.append((together, way[1]))
            for kind, which in tries:
                chosen = ("--simd", way[0]) if kind is together else options(way, random.Random(f"{which}"))
                wrong = kind(args, which, chosen)
                done[kind.__name__] += 1
                if wrong:
                    failed += 1
                    print(f"{kind.__name__} {which} by {' '.join(chosen)}: {wrong}", file=sys.stderr)
    print(", ".join(f"{n} {kind}" for kind, n in done.items()), f"in {time.monotonic() - began:.1f} s, {failed} fail;",
          "missing here:", ", ".join(s for s in SIMD if s not in here) or "nothing")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
