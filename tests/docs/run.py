#!/usr/bin/env python3
"""Runs every example of a document, in order, in a folder of its own, and compares what it shows.

Usage: run.py [--accept] WEIR ROOT FILE.md...

A block's info string says what is done with it:

  ```csv file=orders.csv          any language with file=: written to that file, not run; lines added
                                  to the end of it with append
  ```sql                          carried out by the program on the document's database
  ```sql error=WEIR_E_NAME        the same; the error (of this code) is what the block shows
  ```sql db=other.db mode=line    another database; another output mode
  ```sh                           commands of a shell; exit=N is the status they end with (default 0)
  ```console                      lines that begin with "$ " are commands, continued by lines that
                                  begin with "> "; what follows is their output
  ```sh by=tests/fresh/run        too dear to run here: each line must stand in that file, which runs it
  ```c from=exec/agg/agg_bool.c   an excerpt: stands in that file as it is here, up to lines of "…"
  ```text                         right after a sql or sh block: exactly what that one shows
  ```text like                    the same, where "…" stands for anything within a line
  ```text ignore                  not output: a picture

Blocks in other languages are not run. What a block shows is standard output, then standard error.
The program is first in PATH as weir; $ROOT is the source folder. A document whose examples ran is one
line; each difference is shown with its file and line. --accept writes what was shown into the document.
"""
import os
import re
import shutil
import subprocess
import sys
import tempfile
from dataclasses import dataclass, field

FENCE = re.compile(r"^(\s*)(```+)\s*(.*)$")
SECONDS_MAX = 120


@dataclass
class Block:
    line: int                 # of the opening fence, from 1
    lang: str
    attrs: dict
    body: list                # lines without the fence's indent
    first: int                # index of the first body line
    indent: str
    next: "Block" = field(default=None, repr=False)   # the block right after it, blank lines between

    def has(self, name):
        return name in self.attrs

    def text(self):
        return "".join(l + "\n" for l in self.body)


def parse_info(info):
    words = info.split()
    attrs = {}
    for w in words[1:]:
        name, eq, value = w.partition("=")
        attrs[name] = value if eq else True
    return (words[0] if words else ""), attrs


def parse_blocks(lines):
    blocks, i, last_end = [], 0, None
    while i < len(lines):
        m = FENCE.match(lines[i])
        if not m:
            if lines[i].strip():
                last_end = None
            i += 1
            continue
        indent, fence, info = m.groups()
        lang, attrs = parse_info(info)
        start = i + 1
        i = start
        while i < len(lines) and lines[i].strip() != fence:
            i += 1
        if i == len(lines):
            raise SystemExit(f"line {start}: a block that begins here has no end")
        body = [l[len(indent):] if l.startswith(indent) else l for l in lines[start:i]]
        b = Block(start, lang, attrs, body, start, indent)
        if last_end is not None:
            blocks[-1].next = b
        blocks.append(b)
        last_end = i
        i += 1
    return blocks


def matches(wanted, shown, like):
    if not like:
        return wanted == shown
    pattern = ".*".join(re.escape(p) for p in wanted.split("…"))
    return re.fullmatch(pattern, shown) is not None


class Document:
    def __init__(self, path, weir, root):
        self.path, self.root = path, root
        with open(path, encoding="utf-8") as f:
            self.lines = f.read().split("\n")
        self.blocks = parse_blocks(self.lines)
        self.dir = tempfile.mkdtemp(prefix="weir-docs-")
        self.edits = []       # (first line, number of lines, new lines)
        self.failures, self.ran = [], 0
        bin_dir = os.path.join(self.dir, ".bin")
        os.mkdir(bin_dir)
        os.symlink(os.path.abspath(weir), os.path.join(bin_dir, "weir"))
        self.env = {k: v for k, v in os.environ.items() if not k.startswith("WEIR_")}
        self.env.update(PATH=bin_dir + os.pathsep + os.environ["PATH"], ROOT=root, LC_ALL="C.UTF-8",
                        TZ="UTC", HOME=self.dir, NO_COLOR="1")

    def close(self):
        shutil.rmtree(self.dir, ignore_errors=True)

    def fail(self, block, what):
        self.failures.append(f"{os.path.relpath(self.path)}:{block.line}: {what}")

    def execute(self, args, text=None):
        try:
            p = subprocess.run(args, input=text, cwd=self.dir, env=self.env, text=True, encoding="utf-8",
                               errors="replace", capture_output=True, timeout=SECONDS_MAX,
                               **({} if text is not None else {"stdin": subprocess.DEVNULL}))
        except subprocess.TimeoutExpired:
            return 124, "", f"not done after {SECONDS_MAX} s\n"
        return p.returncode, p.stdout, p.stderr

    # ---- one kind of block each ----

    def run_sql(self, b):
        args = ["weir", b.attrs.get("db", "doc.db")]
        if b.has("mode"):
            args += ["--mode", b.attrs["mode"]]
        code, out, err = self.execute([os.path.join(self.dir, ".bin", args[0])] + args[1:], b.text())
        wanted = b.attrs.get("error")
        if wanted and (code == 0 or wanted not in err):
            self.fail(b, f"{wanted} expected, but it ended with {code}:\n{out}{err}")
        elif not wanted and code != 0:
            self.fail(b, f"ended with {code}:\n{out}{err}")
        self.compare(b, (out + err).rstrip("\n").split("\n") if (out + err).strip() else [])

    def run_sh(self, b):
        code, out, err = self.execute(["sh", "-eu", "-c", b.text()])
        if code != int(b.attrs.get("exit", 0)):
            self.fail(b, f"ended with {code}:\n{out}{err}")
        self.compare(b, (out + err).rstrip("\n").split("\n") if (out + err).strip() else [])

    def compare(self, b, shown):
        t = b.next
        if t is None or t.lang != "text" or t.has("ignore"):
            return
        if not self.same(t.body, shown, t.has("like")):
            self.difference(t, t.body, shown)
            self.edits.append((t.first, len(t.body), [(t.indent + l).rstrip() for l in shown]))

    @staticmethod
    def same(wanted, shown, like):
        wanted, shown = [l.rstrip() for l in wanted], [l.rstrip() for l in shown]
        return len(wanted) == len(shown) and all(matches(w, s, like) for w, s in zip(wanted, shown))

    def difference(self, b, wanted, shown):
        self.fail(b, "the document says\n" + "".join(f"    {l}\n" for l in wanted) +
                  "  but it shows\n" + "".join(f"    {l}\n" for l in shown))

    def run_console(self, b):
        like, new, i = b.has("like"), [], 0
        status = 0
        while i < len(b.body):
            line = b.body[i]
            i += 1
            if not line.startswith("$ "):
                self.fail(b, f"not a command: {line}")
                return
            new.append(line)
            command = line[2:]
            while i < len(b.body) and b.body[i].startswith("> "):
                new.append(b.body[i])
                command += "\n" + b.body[i][2:]
                i += 1
            wanted = []
            while i < len(b.body) and not b.body[i].startswith("$ "):
                wanted.append(b.body[i])
                i += 1
            status, out, err = self.execute(["sh", "-eu", "-c", command])
            shown = (out + err).rstrip("\n").split("\n") if (out + err).strip() else []
            if not self.same(wanted, shown, like):
                self.difference(b, [line] + wanted, [line] + shown)
            new += wanted if self.same(wanted, shown, like) else shown
        if status != int(b.attrs.get("exit", 0)):
            self.fail(b, f"the last command ended with {status}")
        if new != b.body:
            self.edits.append((b.first, len(b.body), [(b.indent + l).rstrip() for l in new]))

    def write_file(self, b):
        path = os.path.join(self.dir, b.attrs["file"])
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(path, "a" if b.has("append") else "w", encoding="utf-8") as f:
            f.write(b.text())

    def check_elsewhere(self, b):
        with open(os.path.join(self.root, b.attrs["by"]), encoding="utf-8") as f:
            there = f.read()
        for line in b.body:
            command = line.split("#")[0].strip()
            if command and command not in there:
                self.fail(b, f"{b.attrs['by']} does not run {command}")

    def check_excerpt(self, b):
        with open(os.path.join(self.root, b.attrs["from"]), encoding="utf-8") as f:
            there = f.read()
        for piece in re.split(r"^…\n", b.text(), flags=re.M):
            if piece not in there:
                self.fail(b, f"this is not in {b.attrs['from']}:\n{piece}")

    # ---- all of them ----

    def run_block(self, b):
        if b.has("file"):
            self.write_file(b)
        elif b.has("by"):
            self.check_elsewhere(b)
        elif b.has("from"):
            self.check_excerpt(b)
        elif b.lang == "sql":
            self.run_sql(b)
        elif b.lang == "sh":
            self.run_sh(b)
        elif b.lang == "console":
            self.run_console(b)
        else:
            return
        self.ran += 1

    def run(self):
        for b in self.blocks:
            if b.lang in ("bash", "shell"):
                self.fail(b, f"write sh or console instead of {b.lang}: then it is run")
            self.run_block(b)

    def accept(self):
        for first, n, new in sorted(self.edits, reverse=True):
            self.lines[first:first + n] = new
        with open(self.path, "w", encoding="utf-8") as f:
            f.write("\n".join(self.lines))


def main(argv):
    accept = "--accept" in argv
    argv = [a for a in argv if a != "--accept"]
    if len(argv) < 3:
        print(__doc__, file=sys.stderr)
        return 2
    weir, root, failed = argv[0], os.path.abspath(argv[1]), 0
    for path in argv[2:]:
        d = Document(path, weir, root)
        try:
            d.run()
            if accept:
                d.accept()
        finally:
            d.close()
        for f in d.failures:
            print(f)
        failed += bool(d.failures)
        print(f"{os.path.relpath(path)}: {d.ran} blocks, {len(d.failures)} failed")
    return 1 if failed and not accept else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
