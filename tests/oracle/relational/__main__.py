"""python3 -m oracle.relational --engine WEIR-STREAM [--seed N] [--budget PAIRS] [--seconds N]

Random queries over random streams; after every commit each view must hold what SQLite answers over
the rows so far. A case that fails is made small and written to tests/regress/. Exit status: 0 all the
same, 1 something differs, 2 usage.
"""
import argparse
import os
import sys
import time
from collections import Counter, defaultdict

from .case import expected, generate, script
from .coverage import Coverage, constructs
from .engine import judge
from .reduce import reduced, write

HERE = os.path.dirname(os.path.abspath(__file__))


def arguments():
    p = argparse.ArgumentParser(prog="oracle.relational", description=__doc__.split("\n\n")[1])
    p.add_argument("--engine", help="path of weir-stream")
    p.add_argument("--seed", type=int, default=1, help="number of the first case (default 1)")
    p.add_argument("--budget", type=int, default=800, help="how many pairs of a query and its rows (default 800)")
    p.add_argument("--seconds", type=float, help="stop after this time even if pairs are left")
    p.add_argument("--keep-going", action="store_true", help="go on after a failure")
    p.add_argument("--no-shrink", action="store_true")
    p.add_argument("--regress", default=os.path.join(HERE, "..", "..", "regress"), help="folder for failing cases")
    p.add_argument("--cover", type=int, help="prefer queries in which constructs meet that have met less often than this;"
                   " the cases then depend on those before them; stop when there are none")
    p.add_argument("--table", action="store_true", help="print which constructs met which")
    p.add_argument("--print", action="store_true", help="print the first case as a script and stop")
    args = p.parse_args()
    if not args.engine and not args.print:
        p.error("--engine is missing")
    return args


def made_of(views):
    """The constructs of each view of a case."""
    made = {}
    for v in views:
        made[v.name] = constructs(v, made)
    return made


class Tally:
    def __init__(self):
        self.began = time.monotonic()
        self.kinds, self.reasons, self.thrown = Counter(), Counter(), Counter()
        self.coverage = Coverage()

    def worth(self, wanted):
        """How much a view would add to the coverage: worth(view, the views before it); None where nothing is wanted."""
        def of(view, before):
            return self.coverage.lack(constructs(view, made_of(before)), wanted)
        return of if wanted else None

    def covers(self, wanted):
        """Whether everything has met everything so often, once a run is long enough to have seen it all."""
        return wanted and self.coverage.pairs > 20 * wanted and not self.coverage.seldom(wanted)

    def add(self, case, want, verdicts):
        dumps, made = defaultdict(list), made_of(case.views)
        for view, rows in want:
            dumps[view].append(rows)
        for view, verdict in verdicts.items():
            self.kinds[verdict.kind] += view is not None
            if verdict.kind == "unsupported":
                self.reasons[verdict.what] += 1
            elif view in dumps:
                self.coverage.add(made[view], dumps[view])

    def show(self, table, wanted):
        seconds = time.monotonic() - self.began
        print(", ".join(f"{n} {kind}" for kind, n in sorted(self.kinds.items())), f"in {seconds:.1f} s")
        print(self.coverage.totals())
        for reason, n in self.reasons.most_common(25):
            print(f"  not built ({n}): {reason}")
        for reason, n in self.thrown.most_common(10):
            print(f"  thrown away ({n}): {reason}")
        if table:
            print(self.coverage.table())
        if wanted:
            seldom = self.coverage.seldom(wanted)
            print(f"{len(seldom)} pairs of constructs met less than {wanted} times")
            for times, a, b in seldom[:60]:
                print(f"  {times:4} {a} x {b}")


def report(args, case, name, verdict):
    print(f"case {case.seed} view {name}: {verdict.kind}: {verdict.what}\n{verdict.detail}", file=sys.stderr)
    if args.no_shrink:
        for v in case.views:
            if name in (None, v.name):
                print(v.ddl(), file=sys.stderr)
        return
    small = reduced(args.engine, case, name, verdict)
    path = write(args.regress, small, verdict)
    print(f"made small: {os.path.normpath(path)}\n{small.views[-1].ddl()}", file=sys.stderr)


def main():
    args = arguments()
    if args.print:
        print("\n".join(script(generate(args.seed))[0]))
        return 0
    tally, seed, failed = Tally(), args.seed, False
    while sum(tally.kinds.values()) < args.budget and (args.keep_going or not failed):
        if args.seconds and time.monotonic() - tally.began > args.seconds or tally.covers(args.cover):
            break
        case = generate(seed, log=tally.thrown, worth=tally.worth(args.cover))
        want = expected(case)
        verdicts = judge(args.engine, case, want)
        tally.add(case, want, verdicts)
        bad = [(name, v) for name, v in verdicts.items() if v.kind in ("differs", "error")]
        if bad:
            failed = True
            alone = [b for b in bad if b[1].kind == "differs"] or bad
            report(args, case, *alone[0])
        seed += 1
    tally.show(args.table, args.cover)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
