#!/usr/bin/env python3
"""What the world does to a running program: signals, poisoned input, a full disk, files that are changed
under its hands. Wounds that other systems had are named by what was hurt (39, 42 and 43).

    outside.py PROGRAM [TEST...]        (as python -m unittest)"""
import os, pathlib, re, resource, signal, subprocess, sys, time
import unittest

import run
from run import Case

COUNT = """CREATE STREAM s (k TEXT, v BIGINT) WITH (connector = 'file', path = '{path}', format = 'json', follow = true);
CREATE MATERIALIZED VIEW n AS SELECT count(*) AS n, sum(v) AS total FROM s;
"""


def row(v, k="a"):
    return f'{{"k":"{k}","v":{v}}}\n'


class Following(Case):
    """A program that follows in.ndjson."""

    def begin(self, *more, path="in.ndjson", sql=COUNT):
        self.write("a.sql", sql.replace("{path}", path))
        self.engine = self.start("run", "-d", "db", *more, "a.sql")
        return self.engine

    def append(self, text, name="in.ndjson"):
        with (self.dir / name).open("ab") as f:
            f.write(text if isinstance(text, bytes) else text.encode())

    def expect(self, n, total):
        self.wait_for(f"{(n, total)}, there is {self.rows('SELECT n, total FROM n')}",
                      lambda: self.rows("SELECT n, total FROM n") == [(n, total)])

    def listens(self):
        """To SIGTERM: what is expected may stand in the database already when it has just begun."""
        caught = re.search(r"SigCgt:\s*(\w+)", pathlib.Path(f"/proc/{self.engine.pid}/status").read_text())
        return int(caught[1], 16) >> (signal.SIGTERM - 1) & 1

    def stop(self, code=0):
        self.wait_for("its ear for signals", self.listens)
        self.engine.send_signal(signal.SIGTERM)
        self.assertEqual(self.engine.wait(20), code)


class Signals(Following):
    def test_term_commits_and_leaves(self):
        """In the middle of a long input: what was taken is committed, and the next run goes on from there."""
        rows = 300000
        self.write("in.ndjson", "".join(row(1) for _ in range(rows)))
        self.begin("--set", "epoch_rows=2000")
        self.wait_for("a first commit", lambda: (self.rows("SELECT n FROM n") or [(0,)])[0][0] > 0)
        began = time.monotonic()
        self.stop()
        self.assertLess(time.monotonic() - began, 10)
        got = self.rows("SELECT n, total FROM n")[0]
        self.assertEqual(got[0], got[1])
        self.assertEqual(self.rows("SELECT rows FROM weir_streams"), [(got[0],)])
        self.begin()
        self.expect(rows, rows)
        self.stop()

    def test_int_is_told_apart(self):
        self.write("in.ndjson", row(1))
        self.begin()
        self.expect(1, 1)
        self.engine.send_signal(signal.SIGINT)
        self.assertEqual(self.engine.wait(20), 130)

    def test_a_second_one_is_at_once(self):
        """While an epoch computes for minutes."""
        self.write("in.ndjson", "".join(row(i) for i in range(60000)))
        self.begin(sql=COUNT + "CREATE MATERIALIZED VIEW x AS SELECT count(*) AS n FROM s AS a JOIN s AS b ON a.k = b.k AND a.v + b.v % 7 <> 3;\n")
        self.wait_for("the database", lambda: self.rows("SELECT name FROM weir_views"))
        time.sleep(0.5)
        self.engine.send_signal(signal.SIGTERM)
        time.sleep(0.3)
        self.assertIsNone(self.engine.poll(), "the first one ended it already")
        self.engine.send_signal(signal.SIGTERM)
        self.assertEqual(self.engine.wait(3), 130)

    def test_hup_reads_the_files_again(self):
        self.write("in.ndjson", row(1) + row(2))
        self.begin()
        self.expect(2, 3)
        self.write("a.sql", "this is no SQL;")
        self.engine.send_signal(signal.SIGHUP)
        self.append(row(4))
        self.expect(3, 7)  # an error leaves all as it was
        self.write("a.sql", COUNT.replace("{path}", "in.ndjson") + "CREATE MATERIALIZED VIEW best AS SELECT max(v) AS v FROM s;\n")
        self.engine.send_signal(signal.SIGHUP)
        self.wait_for("the new view", lambda: self.rows("SELECT v FROM best") == [(4,)])
        self.append(row(8))
        self.expect(4, 15)
        self.stop()


POISON = [b"not json", b"{", b'{"k":', b'{"k":"a","v":1', b'{"k":"a","v":1}}', b"[1,2]", b'[{"k":"a","v":1},7]', b'{"k":"\xff","v":1}',
          b'{"k":"\xc3","v":1}', b'{"k":"a\x01b","v":1}', b'{"k":"a","v":' + b"[" * 70 + b"]" * 70 + b"}", b'{"k":"' + b"x" * 70000 + b'","v":1}',
          b"\x00\x00\x00\x00", b"\xef\xbb\xbf" + b'{"k":"bom","v":1}', b'"text"', b"7", b"null", b"{'k':1}", b'{"k":"a" "v":1}', b'{"k":"a",}']
COLUMN_ERRORS = [b'{"k":"a","v":1e400}', b'{"k":"a","v":9223372036854775808}', b'{"k":"a","v":1.5}', b'{"k":"a","v":"x"}', b'{"k":"a","v":{}}']


class Wounds(Following):
    def test_39_poison(self):
        """A record that cannot be read is told once and passed; it neither blocks what is behind it nor
        comes back after a restart, however often it is met."""
        sql = COUNT.replace("'json',", "'json', line_limit = 65536,")
        good = 0
        self.write("in.ndjson", "")
        for round_ in range(3):
            for p in POISON + COLUMN_ERRORS:
                self.append(p + b"\n" + row(1).encode())
                good += 1
            self.begin(sql=sql)
            self.expect(good, good)
            self.stop()
            errors = self.rows('SELECT "query", count(*) FROM weir_errors GROUP BY 1')
            self.assertEqual(errors, [("", len(POISON) * (round_ + 1)), ("n", len(COLUMN_ERRORS) * (round_ + 1))])
        self.assertEqual(self.rows("SELECT rows, errors FROM weir_streams"), [(good + 3 * len(COLUMN_ERRORS), 3 * len(POISON))])
        self.assertEqual(self.rows("SELECT count(*) FROM weir_errors WHERE length(raw) > 4096 OR raw_bytes < length(raw)"), [(0,)])
        self.assertEqual(self.rows("SELECT DISTINCT raw_bytes FROM weir_errors WHERE length(raw) = 4096"), [(70014,)])

    def test_39_a_record_without_end(self):
        """Hundreds of megabytes without a line end: skipped in bounded memory."""
        self.write("in.ndjson", row(1))
        self.begin()
        self.expect(1, 1)
        before = self.memory()
        with (self.dir / "in.ndjson").open("ab") as f:
            f.write(b'{"k":"')
            for _ in range(100):
                f.write(b"x" * (1 << 20))
            f.write(b'"}\n' + row(2).encode())
        self.expect(2, 3)
        self.assertLess(self.memory() - before, 40 << 10, "kilobytes more than before the long record")
        self.assertEqual(self.rows("SELECT raw_bytes FROM weir_errors"), [((100 << 20) + 8,)])
        self.stop()

    def memory(self):
        """The most that was resident, in KB."""
        with open(f"/proc/{self.engine.pid}/status", encoding="ascii") as status:
            return int(next(l for l in status if l.startswith("VmHWM")).split()[1])

    def test_41_full_disk(self):
        """No room for the next commit: the rows wait, readers read, and it goes on by itself."""
        self.write("in.ndjson", row(1))
        self.write("a.sql", COUNT.replace("{path}", "in.ndjson") + "CREATE MATERIALIZED VIEW all_rows AS SELECT k, v FROM s;\n")
        self.engine = subprocess.Popen([run.WEIR, "run", "-d", "db", "a.sql"], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                                       stderr=subprocess.PIPE, cwd=self.dir, env=self.environment(), restore_signals=False,
                                       preexec_fn=lambda: signal.signal(signal.SIGXFSZ, signal.SIG_IGN))
        self.started.append(self.engine)
        self.expect(1, 1)
        room = (self.dir / "db-wal").stat().st_size + 20000
        unlimited = resource.prlimit(self.engine.pid, resource.RLIMIT_FSIZE)
        resource.prlimit(self.engine.pid, resource.RLIMIT_FSIZE, (room, unlimited[1]))
        self.append("".join(row(1, "k" * 50) for _ in range(3000)))
        time.sleep(1)
        self.assertIsNone(self.engine.poll())
        self.assertEqual(self.rows("SELECT n, total FROM n"), [(1, 1)])
        resource.prlimit(self.engine.pid, resource.RLIMIT_FSIZE, unlimited)
        self.expect(3001, 3001)
        self.assertEqual(self.rows("SELECT count(*) FROM all_rows"), [(3001,)])
        self.stop()

    def test_42_rotation(self):
        """An inode that is used again for another file; a rotated file whose last lines come late."""
        self.write("app.log", row(1))
        self.begin(path="app.log")
        self.expect(1, 1)
        for i in range(5):
            with (self.dir / "app.log").open("a") as late:
                (self.dir / "app.log").rename(self.dir / "app.log.1")
                self.write("app.log", row(10))
                late.write(row(100))
            self.expect(3 + 2 * i, 111 + 110 * i)
            (self.dir / "app.log.1").unlink()  # its inode is free for the next one
        self.stop()
        inode = (self.dir / "app.log").stat().st_ino
        (self.dir / "app.log").unlink()
        self.write("app.log", row(7))
        if (self.dir / "app.log").stat().st_ino == inode:
            self.append(row(7) + row(7), "app.log")
        self.begin(path="app.log")
        more = (self.dir / "app.log").read_text().count("\n")
        self.expect(11 + more, 551 + 7 * more)
        self.stop()

    def test_43_a_position_that_is_gone(self):
        """What lies before the position is not there any more: the file is another one, read from its
        beginning as the next generation and told as such; an ended stream refuses it instead."""
        self.write("in.ndjson", row(1) * 100)
        self.begin()
        self.expect(100, 100)
        self.stop()
        self.write("in.ndjson", row(2) * 3)
        self.begin()
        self.expect(103, 106)
        self.stop()
        self.assertEqual(self.rows("SELECT generation, position FROM weir_progress"), [(1, len(row(2) * 3))])
        self.write("b.sql", COUNT.replace("{path}", "in.ndjson").replace(", follow = true", ""))
        self.weir("run", "-d", "db2", "b.sql")
        self.write("in.ndjson", row(5))
        self.assertIn("has ended", self.err("run", "-d", "db2", "b.sql", code=1))
        self.assertEqual(self.rows("SELECT n, total FROM n", "db2"), [(3, 6)])


if __name__ == "__main__":
    run.WEIR = os.path.abspath(sys.argv.pop(1))
    unittest.main()
