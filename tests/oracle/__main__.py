"""python3 -m oracle --engine WEIR-STREAM [--seed N] [--budget CASES] [--seconds N]

Random streams and queries; after every commit each view of the engine must hold exactly what the
oracle computes from the accepted rows. A case that fails is made small and written to
tests/regress/. Exit status: 0 all the same, 1 something differs, 2 usage.
"""
import argparse
import glob
import os
import re
import subprocess
import sys
import time
from collections import Counter

from .case import generate, script
from .engine import Outcome, built_part, try_case
from .shrink import shrink, write

HERE = os.path.dirname(os.path.abspath(__file__))


def arguments():
    p = argparse.ArgumentParser(prog="oracle", description=__doc__.split("\n\n")[1])
    p.add_argument("--engine", help="path of weir-stream")
    p.add_argument("--seed", type=int, default=1, help="number of the first case (default 1)")
    p.add_argument("--budget", type=int, default=200, help="how many cases (default 200)")
    p.add_argument("--seconds", type=float, help="stop after this time even if cases are left")
    p.add_argument("--keep-going", action="store_true", help="go on after a failure")
    p.add_argument("--skip", metavar="REGEX", help="errors like this count as not built")
    p.add_argument("--no-shrink", action="store_true")
    p.add_argument("--regress", default=os.path.join(HERE, "..", "regress"), help="folder for failing cases")
    p.add_argument("--print", action="store_true", help="print the first case as a script and stop")
    p.add_argument("--replay", metavar="FOLDER", help="run the *.test files of a folder instead")
    args = p.parse_args()
    if not args.engine and not args.print:
        p.error("--engine is missing")
    return args


def options_in(path):
    with open(path, encoding="utf-8") as f:
        for line in f:
            if line.startswith("# weir-stream "):
                return line.split()[2:]
    return []


def replay(args):
    failed = 0
    for path in sorted(glob.glob(os.path.join(args.replay, "*.test"))):
        command = [os.path.abspath(args.engine), *options_in(path), os.path.basename(path)]
        p = subprocess.run(command, capture_output=True, text=True, check=False, cwd=args.replay)
        if p.returncode:
            failed += 1
            print(f"FAILED {path}\n{p.stderr}", file=sys.stderr)
    return 1 if failed else 0


def report(args, case, outcome):
    print(f"case {case.seed}: {outcome.kind}: {outcome.what}\n{outcome.detail}", file=sys.stderr)
    for r in case.relations:
        print(f"  {r.ddl}", file=sys.stderr)
    if args.no_shrink:
        return
    small = shrink(args.engine, case, outcome)
    last = try_case(args.engine, small)
    path = write(args.regress, small, last if last.kind == outcome.kind else outcome)
    print(f"made small: {os.path.normpath(path)}\n{last.detail}", file=sys.stderr)


def is_unbuilt(args, outcome):
    skipped = outcome.kind == "error" and args.skip and re.search(args.skip, outcome.what)
    return outcome.kind == "unsupported" or skipped


def try_built(args, case, reasons):
    """What the engine says to the case, or to the part of it that is built."""
    outcome = try_case(args.engine, case)
    if not is_unbuilt(args, outcome):
        return case, outcome
    reasons[outcome.what] += 1
    part = built_part(args.engine, case)
    if not part.tables:
        return part, Outcome("unsupported")
    outcome = try_case(args.engine, part)
    return part, Outcome("unsupported") if is_unbuilt(args, outcome) else outcome


def main():
    args = arguments()
    if args.print:
        print("\n".join(script(generate(args.seed))))
        return 0
    if args.replay:
        return replay(args)
    began, kinds, reasons = time.monotonic(), Counter(), Counter()
    for seed in range(args.seed, args.seed + args.budget):
        if args.seconds and time.monotonic() - began > args.seconds:
            break
        case = generate(seed)
        case, outcome = try_built(args, case, reasons)
        kinds[outcome.kind] += 1
        if outcome.kind in ("differs", "error"):
            report(args, case, outcome)
            if not args.keep_going:
                break
    print(", ".join(f"{n} {kind}" for kind, n in sorted(kinds.items())))
    for reason, n in reasons.most_common(20):
        print(f"  not built ({n}): {reason}")
    return 1 if kinds["differs"] + kinds["error"] else 0


if __name__ == "__main__":
    sys.exit(main())
