"""Workers cannot show: Nexmark's queries over files, by one worker and by several, in one go and killed on the way.

The events are written to files once, with records among them that are none. Each query then runs from the files with one
worker, with several and small morsels, and again ended by SIGKILL over and over, each time with another number of
workers. Views, dead letters and positions have to be the same, row by row.

    python3 -m oracle.workers WEIR [--events N] [--query q5] [--kills N] [--seed N]
"""
import argparse
import os
import random
import re
import signal
import sqlite3
import subprocess
import sys
import tempfile
import time

from .nexmark import QUERY_FILES

KILLS_MAX = 40
BY_THE_CLOCK = {"q12"}  # its windows are of processing time
FORMATS = {"bid": "csv", "auction": "json", "person": "json"}
BAD = {"csv": b'"1,"2,3\n1,2\n', "json": b'{"id": \n[1]\n\n'}


def run(program, db, script, *options, kill_after=None):
    """Whether it came to the end."""
    p = subprocess.Popen([program, "run", "-q", "-d", db, *options, script], stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
    if kill_after is not None:
        time.sleep(kill_after)
        p.send_signal(signal.SIGKILL)
    _, err = p.communicate()
    if p.returncode not in (0, -signal.SIGKILL):
        sys.exit(err.decode())
    return p.returncode == 0


def write_files(program, folder, events):
    """The streams as files, every 97th record followed by some that are none."""
    for kind, form in FORMATS.items():
        raw, path = os.path.join(folder, "raw." + form), os.path.join(folder, f"{kind}.{form}")
        script = os.path.join(folder, "copy.sql")
        with open(script, "w", encoding="utf-8") as f:
            f.write(f"CREATE STREAM {kind} WITH (connector = 'nexmark', stream = '{kind}', events = {events}, seed = 1);\n"
                    f"CREATE MATERIALIZED VIEW v AS SELECT * FROM {kind};\n")
        run(program, os.path.join(folder, kind + ".db"), script)
        with open(script, "w", encoding="utf-8") as f:
            f.write(f"COPY v TO '{raw}';\n")
        run(program, os.path.join(folder, kind + ".db"), script)
        with open(raw, "rb") as f, open(path, "wb") as out:
            for i, line in enumerate(f):
                out.write(line)
                if i % 97 == 96:
                    out.write(BAD[form])


def from_files(name, folder):
    with open(os.path.join(QUERY_FILES, name + ".sql"), encoding="utf-8") as f:
        text = f.read()
    from .nexmark import COLUMNS

    def stream(m):
        kind = m.group(1)
        return (f"CREATE STREAM {kind} ({COLUMNS[kind]}, WATERMARK FOR date_time) WITH (connector = 'file',"
                f" path = '{folder}/{kind}.{FORMATS[kind]}', format = '{FORMATS[kind]}')")
    return re.sub(r"CREATE STREAM (\w+) WITH \(connector = 'nexmark'[^)]*\)", stream, text)


def answer(db, name):
    with sqlite3.connect(db) as con:
        rows = sorted(con.execute(f"SELECT * FROM {name}").fetchall(), key=repr)
        letters = con.execute("SELECT stream, partition, offset, query, code, message, raw, raw_bytes FROM weir_errors ORDER BY 1, 2, 3, 4, 6").fetchall()
        places = con.execute("SELECT stream, part, generation, offset, rows, errors, watermark, ended FROM _weir_positions ORDER BY 1, 2").fetchall()
    return rows, letters, places


def options(r):
    return ["--set", f"workers={r.choice((1, 2, 4))}", "--set", f"morsel_size={r.choice((100, 5000, 65536))}",
            "--set", f"batch_rows={r.choice((1, 100, 4096))}"]


def check(args, name, folder, r):
    script = os.path.join(folder, name + ".sql")
    with open(script, "w", encoding="utf-8") as f:
        f.write(from_files(name, folder))
    want = None
    ways = [["--set", "workers=1"]] + [["--set", f"workers={w}", "--set", f"batch_rows={b}", "--set", "morsel_size=20000"]
                                      for w in (2, 4) for b in (1, 4096)] + [None] * args.kills
    for i, way in enumerate(ways):
        db = os.path.join(folder, f"{name}.{i}.db")
        if way:
            run(args.program, db, script, *way)
        else:
            for _ in range(KILLS_MAX):
                if run(args.program, db, script, *options(r), kill_after=r.uniform(0.005, 0.3)):
                    break
            run(args.program, db, script, *options(r))
        got = answer(db, name)
        want = want or got
        for what, a, b in zip(("rows", "dead letters", "positions"), want, got):
            if a != b:
                return f"{what} differ by {way or 'kills'}: {[x for x in a if x not in b][:2]} not {[x for x in b if x not in a][:2]}"
    return None if want[0] or want[1] else "nothing to compare"


def main():
    p = argparse.ArgumentParser()
    p.add_argument("program")
    p.add_argument("--events", type=int, default=20000)
    p.add_argument("--query", action="append")
    p.add_argument("--kills", type=int, default=1)
    p.add_argument("--seed", type=int, default=1)
    args = p.parse_args()
    args.program = os.path.abspath(args.program)
    names = args.query or sorted(f[:-4] for f in os.listdir(QUERY_FILES) if f.endswith(".sql") and f[:-4] not in BY_THE_CLOCK)
    failed = 0
    with tempfile.TemporaryDirectory() as folder:
        write_files(args.program, folder, args.events)
        for name in names:
            wrong = check(args, name, folder, random.Random(f"{args.seed} {name}"))
            if wrong:
                failed += 1
                print(f"{name}: {wrong}")
    print(f"{failed} of {len(names)} queries differ")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
