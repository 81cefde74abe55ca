"""Every way through the engine: each set of vector instructions, number of workers and size of batches, for each oracle.

    python3 -m oracle.paths WEIR-STREAM [--seed N] [--budget N] [--events N] [--queries N]

A way is one of the instructions that decoders may use, one of the numbers of workers (real threads), one of the sizes of
batches. Each gets `budget` cases of windows over files, as many relational ones, and `queries` of Nexmark's
from files of CSV and JSON in which some records are none. Instructions that the processor has not are said to be missing. What the compiler makes several copies of
(exec/kernel/target.h) is portable in builds by clang and with sanitizers, and AVX2 in those by gcc.
"""
import argparse
import csv
import itertools
import json
import os
import random
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
            for kind, which in tries:
                chosen = options(way, random.Random(f"{which}"))
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
