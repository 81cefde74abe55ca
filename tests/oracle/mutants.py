"""How many planted bugs do the suites catch?

    python3 -m oracle.mutants ROOT [--count 100] [--seed 1] [--files 'exec/op/*.c' …]      (in tests/)

Copies the sources, plants one bug at a time (a comparison turned, a constant one off, a statement left
out, a sign, a connective, …), builds weir-stream again and runs the scripts and the oracles until one
fails. A bug that survives is tried again with a large budget; what survives that too is printed with its
line, to be read: it is equivalent, or a test is missing. Exit status 0 when at least --goal of a hundred
are caught. Takes minutes: not part of the normal run.
"""
import argparse
import glob
import os
import random
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter

KINDS = [   # (name, pattern, what it becomes)
    ("comparison", r" (<|<=|>|>=) ", {"<": "<=", "<=": "<", ">": ">=", ">=": ">"}),
    ("equality", r" (==|!=) ", {"==": "!=", "!=": "=="}),
    ("connective", r" (&&|\|\|) ", {"&&": "||", "||": "&&"}),
    ("one off", r" ([+-] 1)\b", {"+ 1": "+ 0", "- 1": "- 0"}),
    ("sign", r" (\+=|-=) ", {"+=": "-=", "-=": "+="}),
    ("negation", r"[(&|] ?(!)[a-z(]", {"!": ""}),
    ("truth", r"\b(true|false)\b", {"true": "false", "false": "true"}),
    ("constant", r"[ (](0|1)[;),]", {"0": "1", "1": "0"}),
]
NOT_CODE = re.compile(r"^\s*(/\*|\*|//|#|assert|static_assert|_Static_assert|typedef|enum)|diag_|assert\(|for \(int i = 0;|\*/|EXPLAIN|stats|memory")
STATEMENT = re.compile(r"^\s+[a-z_]+(->[a-z_]+|\.[a-z_]+|\[[^\]]*\])*( [+-]?= [^;]*|\([^;]*\)|\+\+|--);\s*$")


def without_text(line):
    return re.sub(r'"(\\.|[^"\\])*"', lambda m: '"' + "_" * (len(m.group()) - 2) + '"', line.split("/*")[0])


def candidates(root, patterns):
    """(file, line number, kind, old line, new line) of every bug that could be planted."""
    for path in sorted(p for pattern in patterns for p in glob.glob(os.path.join(root, pattern))):
        with open(path, encoding="utf-8") as f:
            lines = f.read().split("\n")
        in_body = False
        for n, line in enumerate(lines):
            in_body = line == "{" or in_body and line != "}"
            if not in_body or NOT_CODE.search(line):
                continue
            code = without_text(line)
            for kind, pattern, becomes in KINDS:
                for m in re.finditer(pattern, code):
                    new = line[: m.start(1)] + becomes[m.group(1)] + line[m.end(1):]
                    yield os.path.relpath(path, root), n, kind, line, new
            if STATEMENT.match(code) and not re.match(r"\s+[a-z_]+ = ", code):
                yield os.path.relpath(path, root), n, "left out", line, re.sub(r"\S.*", ";", line)


class Bench:
    """A copy of the sources with a build of weir-stream."""
    def __init__(self, root, folder, jobs):
        self.source, self.build, self.jobs = os.path.join(folder, "source"), os.path.join(folder, "build"), jobs
        files = subprocess.run(["git", "ls-files", "-z"], cwd=root, capture_output=True, check=True).stdout.decode().split("\0")
        for f in filter(None, files):
            os.makedirs(os.path.dirname(os.path.join(self.source, f)), exist_ok=True)
            if os.path.isfile(os.path.join(root, f)):
                shutil.copy2(os.path.join(root, f), os.path.join(self.source, f))
        subprocess.run(["meson", "setup", self.build, self.source, "-Dbuildtype=debug"], check=True, capture_output=True)

    @property
    def program(self):
        return os.path.join(self.build, "tests", "stream", "weir-stream")

    def make(self):
        return subprocess.run(["ninja", "-C", self.build, f"-j{self.jobs}", "tests/stream/weir-stream"],
                              capture_output=True, check=False).returncode == 0

    def write(self, path, n, line):
        path = os.path.join(self.source, path)
        with open(path, encoding="utf-8") as f:
            lines = f.read().split("\n")
        lines[n] = line
        with open(path, "w", encoding="utf-8") as f:
            f.write("\n".join(lines))

    def fails(self, command, folder, timeout):
        """Whether a suite says that something is wrong; one that hangs does."""
        with subprocess.Popen(command, cwd=os.path.join(self.source, folder), stdout=subprocess.DEVNULL,
                              stderr=subprocess.DEVNULL, start_new_session=True) as p:
            try:
                return p.wait(timeout) != 0
            except subprocess.TimeoutExpired:
                os.killpg(p.pid, signal.SIGKILL)
                return True

    def suites(self, scale, seed):
        """(name, command, folder), the quickest first."""
        python = [sys.executable, "-m"]
        yield "scripts", ["sh", "-c", f'for f in *.test; do "{self.program}" "$f" || exit 1;'
                          f' "{self.program}" --batch 1 --rules-off all "$f" || exit 1; done'], "tests/stream"
        yield "relational", python + ["oracle.relational", "--engine", self.program, "--no-shrink", "--seed", str(seed),
                                      "--budget", str(600 * scale)], "tests"
        yield "oracle", python + ["oracle", "--engine", self.program, "--no-shrink", "--seed", str(seed),
                                  "--budget", str(60 * scale)], "tests"
        if scale > 1:
            yield "twins", ["meson", "test", "-C", self.build, "--suite", "operators", "--suite", "unit",
                            "--timeout-multiplier", "8"], "."

    def caught_by(self, scale, seed):
        for name, command, folder in self.suites(scale, seed):
            if self.fails(command, folder, 300 * scale):
                return name
        return None


def try_one(bench, mutant, large):
    path, n, kind, old, new = mutant
    bench.write(path, n, new)
    try:
        if not bench.make():
            return "does not compile"
        return bench.caught_by(1, 1) or large and bench.caught_by(large, 500001) or "survived"
    finally:
        bench.write(path, n, old)


def arguments():
    p = argparse.ArgumentParser(prog="oracle.mutants", description=__doc__.split("\n\n")[0])
    p.add_argument("root")
    p.add_argument("--count", type=int, default=100)
    p.add_argument("--seed", type=int, default=1)
    p.add_argument("--goal", type=int, default=95)
    p.add_argument("--large", type=int, default=8, help="how many times the budget for those that survive (0: not)")
    p.add_argument("--seconds", type=float, help="stop after this time")
    p.add_argument("--jobs", type=int, default=2)
    p.add_argument("--files", nargs="+", default=["exec/op/*.c", "exec/agg/*.c"])
    p.add_argument("--list", action="store_true", help="print the bugs and plant none")
    return p.parse_args()


def main():
    args = arguments()
    found = list(candidates(args.root, args.files))
    chosen = random.Random(args.seed).sample(found, min(len(found), args.count * 2))
    if args.list:
        for path, n, kind, old, new in chosen:
            print(f"{path}:{n + 1}: {kind}\n  {old.strip()}\n  {new.strip()}")
        return 0
    began, said, survivors = time.monotonic(), Counter(), []
    with tempfile.TemporaryDirectory() as folder:
        bench = Bench(args.root, folder, args.jobs)
        if not bench.make() or bench.caught_by(1, 1):
            sys.exit("the suites fail without any bug")
        for mutant in chosen:
            tried = sum(said.values()) - said["does not compile"]
            if tried >= args.count or args.seconds and time.monotonic() - began > args.seconds:
                break
            verdict = try_one(bench, mutant, args.large)
            said[verdict] += 1
            path, n, kind, old, new = mutant
            print(f"{verdict}: {path}:{n + 1}: {kind}", flush=True)
            if verdict == "survived":
                print(f"  {old.strip()}\n  {new.strip()}", flush=True)
                survivors.append(mutant)
    tried = sum(said.values()) - said["does not compile"]
    print(", ".join(f"{n} {v}" for v, n in said.most_common()))
    print(f"{tried - len(survivors)} of {tried} caught")
    return 0 if 100 * (tried - len(survivors)) >= args.goal * tried else 1


if __name__ == "__main__":
    sys.exit(main())
