#!/usr/bin/env python3
"""Runs the scripts beside this file.

    run.py --weir PROGRAM --stream DRIVER [--accept] [NAME...]

*.expr: lines `expression => value`, where value is JSON, or `error CODE`. A line `= expression` gives
the stream `one` a column that later lines may use. Every expression is computed three times, and
must give the same: as a pull query, as a standing query, as a standing query without rewrites.

*.sql: a script for the shell; what it prints, errors included, is in the .out of the same name.
--accept writes the .out files (read the difference before committing it)."""
import argparse, json, pathlib, re, subprocess, sys, tempfile

HERE = pathlib.Path(__file__).resolve().parent
END = "@end"


class Driver:
    """A weir-stream that takes commands as they come."""

    def __init__(self, path, *flags):
        self.process = subprocess.Popen([path, "--print", *flags, "-"], stdin=subprocess.PIPE,
                                        stdout=subprocess.PIPE, stderr=subprocess.STDOUT, cwd=HERE)

    def ask(self, *commands):
        """What the commands print, errors included, as lines."""
        text = "".join(c + "\n" for c in commands) + f"echo {END}\n"
        self.process.stdin.write(text.encode())
        self.process.stdin.flush()
        lines = []
        while True:
            line = self.process.stdout.readline()
            if not line:
                raise SystemExit(f"weir-stream died after {commands}: {lines}")
            line = line.decode().rstrip("\n")
            if line == END:
                return lines
            lines.append(line)

    def close(self):
        self.process.stdin.close()
        self.process.wait()


def code_in(lines):
    found = re.search(r"WEIR_E_\w+", "\n".join(lines))
    return found and found.group()


def value_of(lines):
    """The one cell of the one row, or the error."""
    code = code_in(lines)
    if code:
        return "error " + code
    rows = [l for l in lines if l != "."]
    if len(rows) != 1:
        return f"{len(rows)} rows"
    return rows[0][1:-1]


def same(got, want):
    """Numbers by value (the driver writes 1.0 as 1 and 3.1 with 17 digits); the rest as text."""
    if got == want or want.startswith("error") or got.startswith("error"):
        return got == want or (want == "error" and got.startswith("error"))
    try:
        a, b = json.loads(got), json.loads(want)
    except ValueError:
        return False
    return isinstance(a, (int, float)) and isinstance(b, (int, float)) and a == b


class Expressions:
    def __init__(self, path):
        self.path, self.cases, self.columns = path, [], []
        for number, line in enumerate(path.read_text().splitlines(), 1):
            if line.startswith("= "):
                self.columns.append(line[2:])
            elif line.strip() and not line.startswith("#"):
                expression, _, value = line.rpartition(" => ")
                self.cases.append((number, expression.strip(), value.strip()))

    def make_stream(self, driver):
        """The stream `one` and the command that gives it its row."""
        names = [c.split()[0] for c in self.columns]
        kinds = [c.split(" := ")[0] for c in self.columns]
        values = [c.split(" := ")[1] for c in self.columns]
        made = driver.ask("sql", f"CREATE STREAM one ({', '.join(kinds + ['zero BIGINT'])});", "end")
        if made:
            raise SystemExit("\n".join(made))
        return f"INSERT INTO one ({', '.join(names + ['zero'])}) VALUES ({', '.join(values + ['0'])});"

    def standing(self, path, *flags):
        driver = Driver(path, *flags)
        insert = self.make_stream(driver)
        got = {}
        for i, (_, e, _) in enumerate(self.cases):
            failed = driver.ask("sql", f"CREATE MATERIALIZED VIEW v{i} AS SELECT {e} AS x FROM one;", "end")
            if failed:
                got[i] = "error " + (code_in(failed) or " ".join(failed))
        failed = driver.ask("sql", insert, "end")
        if failed:
            raise SystemExit(f"{self.path.name}: {failed}")
        codes = {}
        for line in driver.ask('query SELECT "query", code FROM weir_errors'):
            if line != ".":
                codes.update([json.loads(line)])
        for i in range(len(self.cases)):
            if i not in got:
                lines = driver.ask(f"view v{i}")
                code = codes.get(f"v{i}")
                got[i] = f"error {code}" if lines == ["."] and code else value_of(lines)
        driver.close()
        return got

    def pull(self, path):
        """Expressions of the row by way of a view that holds it: pull queries read no streams."""
        driver = Driver(path)
        insert = self.make_stream(driver)
        names = {c.split()[0] for c in self.columns} | {"zero"}
        driver.ask("sql", "CREATE MATERIALIZED VIEW held AS SELECT * FROM one;", insert, "end")
        got = {}
        for i, (_, e, _) in enumerate(self.cases):
            uses = names & set(re.findall(r"\w+", e))
            got[i] = value_of(driver.ask(f"query SELECT {e} AS x" + (" FROM held" if uses else "")))
        driver.close()
        return got

    def run(self, path):
        ways = [("pull", self.pull(path)), ("standing", self.standing(path)),
                ("not rewritten", self.standing(path, "--rules-off", "all"))]
        bad = 0
        for i, (number, expression, want) in enumerate(self.cases):
            for way, got in ways:
                if want == "skip" or same(got[i], want):
                    continue
                bad += 1
                print(f"{self.path.name}:{number}: {way}: {expression}\n    want {want}\n    got  {got[i]}")
        return bad


def golden(path, weir, accept):
    with tempfile.TemporaryDirectory() as scratch:
        got = subprocess.run([weir, f"{scratch}/db"], stdin=path.open("rb"), stdout=subprocess.PIPE,
                             stderr=subprocess.STDOUT, cwd=HERE, timeout=60).stdout
    out = path.with_suffix(".out")
    if accept:
        out.write_bytes(got)
        return 0
    want = out.read_bytes() if out.exists() else b""
    if got == want:
        return 0
    a, b = want.decode(errors="replace").splitlines(), got.decode(errors="replace").splitlines()
    import difflib
    print("\n".join(difflib.unified_diff(a, b, out.name, "printed", lineterm="", n=2)))
    return 1


def main():
    p = argparse.ArgumentParser()
    p.add_argument("--weir", required=True)
    p.add_argument("--stream", required=True)
    p.add_argument("--accept", action="store_true")
    p.add_argument("names", nargs="*")
    a = p.parse_args()
    a.weir, a.stream = (str(pathlib.Path(x).resolve()) for x in (a.weir, a.stream))
    bad = count = 0
    for path in sorted(HERE.glob("*.expr")) + sorted(HERE.glob("*.sql")):
        if a.names and path.name not in a.names:
            continue
        count += 1
        bad += Expressions(path).run(a.stream) if path.suffix == ".expr" else golden(path, a.weir, a.accept)
    print(f"{count} scripts, {bad} differences")
    return 1 if bad or not count else 0


if __name__ == "__main__":
    sys.exit(main())
