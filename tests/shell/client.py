#!/usr/bin/env python3
"""Shells on an engine that another process runs: through its socket, from outside.

    client.py PROGRAM [TEST...]        (as python -m unittest)"""
import os, pty, re, select, signal, socket, sqlite3, stat, struct, subprocess, sys, threading, time, unittest

import run
from run import Case

SQL = """CREATE STREAM s (k TEXT, v BIGINT) WITH (connector = 'file', path = 'in.ndjson', format = 'json', follow = true);
CREATE STREAM h (k TEXT, v BIGINT);
CREATE TABLE ref (k TEXT PRIMARY KEY, v BIGINT);
CREATE MATERIALIZED VIEW m AS SELECT k, count(*) AS n, sum(v) AS total FROM s GROUP BY k;
CREATE MATERIALIZED VIEW hm AS SELECT k, v FROM h;
"""
LONG = "INSERT INTO h SELECT a.k, b.v FROM ref a, ref b, ref c WHERE a.v + b.v = c.v * 7919"


class Client(Case):
    def setUp(self):
        super().setUp()
        self.write("a.sql", SQL)
        self.write("in.ndjson", '{"k":"a","v":1}\n{"k":"b","v":2}\n')

    def own(self, *more):
        p = self.start("run", "-q", "-d", "db", *more, "a.sql")
        self.wait_for("owner that listens", self.is_heard)       # one that was killed leaves a socket behind
        return p

    def is_heard(self):
        with socket.socket(socket.AF_UNIX) as s:
            return s.connect_ex(str(self.dir / "db-weir")) == 0

    def ask(self, sql, code=0, mode="csv", **more):
        return self.weir("db", "--mode", mode, "-c", sql, code=code, **more)

    @staticmethod
    def numbers(into, n):
        return f"INSERT INTO {into} VALUES " + ", ".join(f"('key number {i}', {i})" for i in range(1, n + 1))

    @staticmethod
    def hang_up(p):
        p.stdin.close()
        p.stdin = None
        p.wait(10)

    def append(self, *rows):
        with open(self.dir / "in.ndjson", "a") as f:
            f.write("".join(f'{{"k":"{k}","v":{v}}}\n' for k, v in rows))


class Statements(Client):
    def test_all_kinds(self):
        self.own()
        self.assertEqual(self.ask("SELECT * FROM m ORDER BY k")[0], "k,n,total\na,1,1\nb,1,2\n")
        self.append(("a", 10))
        self.assertEqual(self.ask("SELECT total FROM m WHERE k = 'a'")[0], "total\n11\n")
        out = self.ask("INSERT INTO h VALUES ('x', 1), (NULL, 2); SELECT * FROM hm ORDER BY v; CREATE MATERIALIZED VIEW "
                       "n AS SELECT count(*) AS n FROM h; INSERT INTO h VALUES ('z', 3); SELECT n FROM n;"
                       "DROP VIEW n; SHOW VIEWS;")[0]
        self.assertIn("k,v\nx,1\n,2\nn\n", out)
        self.assertNotIn("\nn,materialized", out)
        self.assertEqual(self.ask("INSERT INTO ref VALUES ('q', 1) RETURNING k, v + 1 AS w")[0], "k,w\nq,2\n")
        self.assertEqual(self.ask("UPDATE ref SET v = 7; SELECT v FROM ref")[0], "v\n7\n")
        self.assertIn("Aggregate", self.ask("EXPLAIN m")[0])
        self.assertIn("77", self.ask("SET batch_rows = 77; SHOW batch_rows")[0])

    def test_as_here(self):
        """Every mode shows the same whether the engine is here or there."""
        rows = "INSERT INTO h VALUES ('a', 1), (NULL, 22), ('x,\"y\"', NULL), ('', 0), ('ä\u2028', -5);"
        query = ".nullvalue NIL\nSELECT k, v, v * 1.5 AS d, x'00ff' AS b FROM hm ORDER BY v;\nSHOW VIEWS;\nSHOW SETTINGS LIKE 'batch%';\n"
        modes = ["table", "box", "csv", "tsv", "json", "jsonl", "markdown", "line", "list", "insert"]
        script = rows + "".join(f"\n.mode {m}\n{query}" for m in modes)
        here = self.weir("run", "-q", "-d", "alone", "--once", "a.sql") and self.out("alone", text=script)
        self.own()
        self.assertEqual(self.out("db", text=script), here)

    def test_errors_travel_whole(self):
        self.own()
        script = "SELECT 1 AS a;\n  SELECT nosuch FROM m;"
        self.weir("run", "-q", "-d", "alone", "--once", "a.sql")
        for text in [script, "INSERT INTO nosuch VALUES (1);", "\n\n  CREATE MATERIALIZED VIEW x AS SELECT kk FROM s;",
                     "SELEC 1;", "INSERT INTO ref VALUES ('a', 1), ('a', 2);"]:
            here, there = self.err("alone", text=text, code=1), self.err("db", text=text, code=1)
            self.assertIn("WEIR_E_", here)
            self.assertEqual(here, there)

    def test_paths_are_the_clients(self):
        self.own()
        (self.dir / "other").mkdir()
        (self.dir / "other/two.ndjson").write_text('{"x":1}\n{"x":2}\n')
        p = subprocess.run([run.WEIR, "../db", "--mode", "csv", "-c", "CREATE STREAM two (x BIGINT) WITH (connector = 'file', "
                            "path = 'two.ndjson', format = 'json'); CREATE MATERIALIZED VIEW t AS SELECT sum(x) AS x FROM two; SELECT * FROM t;"
                            "BACKUP TO 'copy'; SELECT x FROM two LIMIT 1;"],
                           cwd=self.dir / "other", env=self.environment(), capture_output=True, timeout=60)
        self.assertEqual((p.stdout, p.stderr, p.returncode), (b"x\n3\nx\n1\n", b"", 0))
        self.assertTrue((self.dir / "other/copy").exists())

    def test_dot_commands(self):
        self.own()
        self.write("more.csv", "a,1\nb,2\nc,x\n")
        out, err = self.weir("db", "--mode", "csv", text=".bail off\n.import more.csv h\n.jobs\n.errors\n.schema hm\n.tables\n"
                             ".export out.csv hm\n.show\n.chart hm k v\n.import none h\n", code=1)
        self.assertIn("3 rows into \"h\"", err)
        self.assertIn("does not fit BIGINT", out)
        self.assertIn("CREATE MATERIALIZED VIEW hm", out)
        self.assertIn("engine: process", out)
        self.assertEqual((self.dir / "out.csv").read_text(), "k,v\na,1\nb,2\n")

    def test_inside_of_the_owner(self):
        """What only the engine at work knows is asked of it, views in the same statement too."""
        self.own()
        self.append(("a", 10))
        self.assertEqual(self.ask("SELECT total FROM m WHERE k = 'a'")[0], "total\n11\n")
        self.assertEqual(self.ask("SELECT rows_in, ended FROM weir_operators WHERE \"view\" = 'm' AND kind = 'Scan'")[0], "rows_in,ended\n3,0\n")
        self.assertEqual(self.ask("SELECT s.value, m.total FROM weir_state('m', 1) s JOIN m ON m.k = s.\"key\" ->> '$.k' WHERE m.k = 'a'",
                                  mode="list")[0], 'value|total\n{"count(*)": 2, "sum(v)": 11}|11\n')
        self.assertEqual(self.ask("SELECT state, lag_s FROM weir_jobs WHERE \"view\" = 'm'")[0], "state,lag_s\nlive,\n")
        self.assertIn("actual: 3 rows in", self.ask("EXPLAIN ANALYZE m")[0])
        self.assertIn("limited_by", self.ask("SHOW JOBS")[0])
        self.assertIn("group by: k", self.out("explain", "-d", "db", "m"))
        self.assertIn("no materialized view", self.ask("SELECT * FROM weir_state('mm')", code=1)[1])

    def test_inside_without_an_owner(self):
        self.weir("run", "-q", "--once", "-d", "db", "a.sql")
        self.assertIn("weir that runs it", self.weir("--read-only", "db", "-c", "SELECT * FROM weir_state('m')", code=1)[1])
        self.assertIn("weir that runs it", self.weir("--read-only", "db", "-c", "EXPLAIN ANALYZE m", code=1)[1])
        out = self.out("--read-only", "db", "--mode", "csv", "-c", "SELECT kind, rows_in FROM weir_operators WHERE \"view\" = 'hm' ORDER BY operator")
        self.assertTrue(out.startswith("kind,rows_in\nScan,\n"), out)
        self.assertIn("live", self.out("--read-only", "db", "-c", "SHOW JOBS"))

    def test_tables_are_changed_by_weir_alone(self):
        self.ask("CREATE TABLE t (k TEXT PRIMARY KEY, v BIGINT); INSERT INTO t VALUES ('a', 1); UPDATE t SET v = 2;")
        with sqlite3.connect(self.dir / "db") as c:
            for sql in ["INSERT INTO t VALUES ('b', 1)", "UPDATE t SET v = 3", "DELETE FROM t"]:
                with self.assertRaisesRegex(sqlite3.Error, 'use weir to change "t"'):
                    c.execute(sql)
        self.assertEqual(self.ask("SELECT * FROM t; DROP TABLE t; CREATE TABLE t (v BIGINT); SELECT count(*) AS n FROM t")[0], "k,v\na,2\nn\n0\n")

    def test_settings_are_the_owners(self):
        self.own()
        self.assertIn("use SET", self.err("db", "--set", "strict=true", "-c", "SELECT 1", code=2))

    def test_large_results(self):
        self.own()
        self.out("db", text=self.numbers("h", 20000) + ";")
        self.assertEqual(self.ask("SELECT count(*) AS n, sum(v) AS s FROM hm")[0], "n,s\n20000,200010000\n")
        self.assertEqual(len(self.ask("SELECT * FROM hm")[0].split("\n")), 20002)
        self.assertEqual(len(self.out("db", "--mode", "csv", text=self.numbers("ref", 20000) + " RETURNING v;").split("\n")), 20002)

    def test_a_pipe_runs_as_it_comes(self):
        p = subprocess.Popen([run.WEIR, "-q", "--mode", "list"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, cwd=self.dir,
                             env=self.environment())
        self.started.append(p)
        for text, line in [("SELECT 1 AS a;", b"a"), ("SELECT\n2 AS b /* ; */ ;\n", b"1"), ("SELECT 3 AS c;\n", b"b")]:
            p.stdin.write(text.encode())
            p.stdin.flush()
            self.assertEqual(p.stdout.readline().strip(), line)
        self.hang_up(p)

    def test_tables_opens_no_source(self):
        self.weir("db", "-c", "CREATE STREAM gone (x BIGINT) WITH (connector = 'file', path = 'not/there', format = 'json'); "
                  "CREATE MATERIALIZED VIEW g AS SELECT x FROM gone;", code=0)
        self.assertIn("gone", self.out("db", text=".tables\n.schema\n"))


class Several(Client):
    def session(self):
        p = subprocess.Popen([run.WEIR, "db", "--mode", "list"], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                             stderr=subprocess.PIPE, cwd=self.dir, env=self.environment(), bufsize=0)
        self.started.append(p)
        return p

    def say(self, p, text):
        p.stdin.write(text.encode() + b"\n")
        p.stdin.flush()

    def hear(self, p, lines):
        got, end = [], time.monotonic() + 30
        while len(got) < lines:
            self.assertTrue(select.select([p.stdout], [], [], max(0, end - time.monotonic()))[0], f"only {got}")
            got.append(p.stdout.readline().decode().rstrip("\n"))
        return got

    def test_definitions_are_everybodys(self):
        self.own()
        a, b = self.session(), self.session()
        self.say(b, "SELECT 1 AS x;")
        self.hear(b, 2)
        self.say(a, "CREATE MATERIALIZED VIEW late AS SELECT k FROM h; INSERT INTO h VALUES ('l', 1); SELECT 2 AS y;")
        self.hear(a, 2)
        self.say(b, "SELECT k FROM late;")
        self.assertEqual(self.hear(b, 2), ["k", "l"])

    def test_transactions_wait_for_each_other(self):
        self.own()
        a, b = self.session(), self.session()
        self.say(a, "BEGIN; INSERT INTO ref VALUES ('a', 1); SELECT v FROM ref;")
        self.assertEqual(self.hear(a, 2), ["v", "1"])
        self.say(b, "SELECT count(*) AS n FROM ref;")
        self.assertEqual(self.hear(b, 2), ["n", "0"])
        self.say(b, "INSERT INTO ref VALUES ('b', 2); SELECT count(*) AS n FROM ref;")
        time.sleep(0.2)
        self.assertEqual(self.rows("SELECT k FROM ref"), [])
        self.say(a, "COMMIT;")
        self.assertEqual(self.hear(b, 2), ["n", "2"])

    def test_who_leaves_rolls_back(self):
        self.own()
        a = self.session()
        self.say(a, "BEGIN; INSERT INTO ref VALUES ('a', 1); SELECT v FROM ref;")
        self.hear(a, 2)
        a.kill()
        self.assertEqual(self.ask("INSERT INTO ref VALUES ('b', 2); SELECT k FROM ref")[0], "k\nb\n")

    def test_push_queries_go_on_side_by_side(self):
        self.own()
        a, b = self.session(), self.session()
        for p in (a, b):
            self.say(p, "SELECT k, v FROM s;")
            self.assertEqual(self.hear(p, 3), ["k|v", "a|1", "b|2"])
        self.append(("c", 3))
        for p in (a, b):
            self.assertEqual(self.hear(p, 1), ["c|3"])
        self.assertEqual(self.ask("SELECT count(*) AS n FROM m")[0], "n\n3\n")
        a.send_signal(signal.SIGINT)
        self.hang_up(a)
        self.append(("d", 4))
        self.assertEqual(self.hear(b, 1), ["d|4"])

    def test_many_at_once(self):
        self.own()
        def work(i):
            self.ask("".join(f"INSERT INTO h VALUES ('t{i}', {j});" for j in range(20)))
        threads = [threading.Thread(target=work, args=(i,)) for i in range(6)]
        for t in threads: t.start()
        for t in threads: t.join()
        self.assertEqual(self.ask("SELECT count(*) AS n, count(DISTINCT k) AS k FROM hm")[0], "n,k\n120,6\n")

    def test_a_reader_that_stalls_holds_nobody(self):
        self.own()
        self.out("db", text=self.numbers("ref", 30000) + ";")
        a = self.session()
        self.say(a, "UPDATE ref SET v = v + 1 RETURNING k, v;")   # its rows are not taken
        time.sleep(0.3)
        self.assertEqual(self.ask("INSERT INTO h VALUES ('x', 1); SELECT count(*) AS n FROM hm")[0], "n\n1\n")


class Following(Client):
    def session(self, *sql):
        p = Several.session(self)
        p.stdin.write("".join(sql).encode() + b"\n")
        p.stdin.flush()
        return p

    def hear(self, p, lines):
        return Several.hear(self, p, lines)

    def test_changes_come_as_they_are_made(self):
        self.own()
        a, b = self.session("SUBSCRIBE TO m WITH SNAPSHOT;"), self.session("SUBSCRIBE m;")
        rows = self.hear(a, 3)
        self.assertEqual(rows[0], "change|epoch|k|n|total")
        self.assertEqual([r.split("|", 2)[2] for r in rows[1:]], ["a|1|1", "b|1|2"])
        self.assertEqual(self.hear(b, 1), ["change|epoch|k|n|total"])
        self.append(("a", 10))
        for p in (a, b):
            self.assertEqual([re.sub(r"\|\d+", "", r, count=1) for r in self.hear(p, 2)], ["-1|a|1|1", "1|a|2|11"])

    def test_go_on_after_the_owner(self):
        owner = self.own()
        a = self.session("SUBSCRIBE TO m WITH SNAPSHOT;")
        epoch = int(self.hear(a, 3)[2].split("|")[1])
        owner.kill()
        owner.wait(10)
        _, err = a.communicate(timeout=20)
        self.assertIn(b"the engine has stopped", err)
        self.own()
        self.append(("b", 5))
        b = self.session(f"SUBSCRIBE TO m SINCE {epoch};")
        self.assertEqual([r.split("|", 2)[2] for r in self.hear(b, 3)[1:]], ["b|1|2", "b|2|7"])
        self.assertIn("WEIR_E_GONE", self.ask("SUBSCRIBE TO m SINCE 0", code=1)[1])

    def test_a_shell_at_its_prompt_takes_rows_for_others(self):
        """Nobody types there; who follows sees what the sources bring all the same."""
        self.weir("run", "-q", "-d", "db", "--once", "a.sql")
        pid, terminal = pty.fork()
        if pid == 0:
            os.chdir(self.dir)
            os.execve(run.WEIR, [run.WEIR, "db"], self.environment())
        try:
            self.wait_for("socket", lambda: (self.dir / "db-weir").exists())
            a = self.session("SUBSCRIBE TO m;")
            self.hear(a, 1)
            self.append(("z", 1))
            self.assertEqual(self.hear(a, 1)[0].split("|", 2)[2], "z|1|1")
        finally:
            os.kill(pid, signal.SIGKILL)
            os.waitpid(pid, 0)
            os.close(terminal)


class Ending(Client):
    def test_cancel_reaches_the_engine(self):
        owner = self.own()
        self.ask(self.numbers("ref", 2000))
        p = self.start("db", "-c", LONG)
        time.sleep(0.5)
        p.send_signal(signal.SIGINT)
        start = time.monotonic()
        p.wait(20)
        self.assertEqual(p.returncode, 130)
        self.assertIsNone(owner.poll())
        self.assertEqual(self.ask("INSERT INTO h VALUES ('x', 1); SELECT k FROM hm")[0], "k\nx\n")
        self.assertLess(time.monotonic() - start, 10)

    def test_a_client_that_is_killed_is_cancelled(self):
        self.own()
        self.ask(self.numbers("ref", 2000))
        p = self.start("db", "-c", LONG)
        time.sleep(0.5)
        p.kill()
        self.assertEqual(self.ask("INSERT INTO h VALUES ('x', 1); SELECT k FROM hm")[0], "k\nx\n")

    def test_the_owner_stops(self):
        owner = self.own()
        p = Several.session(self)
        Several.say(self, p, "SELECT 1 AS x;")
        Several.hear(self, p, 2)
        owner.send_signal(signal.SIGINT)
        owner.wait(10)
        self.assertFalse((self.dir / "db-weir").exists())
        _, err = p.communicate(b"INSERT INTO h VALUES ('x', 1);\n", timeout=20)
        self.assertIn(b"the engine has stopped; reconnect with .open db", err)
        self.assertEqual(p.returncode, 1)

    def test_go_on_as_the_owner(self):
        owner = self.own()
        p = Several.session(self)
        Several.say(self, p, ".bail off\nSELECT 1 AS x;")
        Several.hear(self, p, 2)
        owner.kill()
        owner.wait(10)
        out, _ = p.communicate(b"INSERT INTO h VALUES ('x', 1);\n.open db\nINSERT INTO h VALUES ('y', 2);\nSELECT k FROM hm;\n", timeout=20)
        self.assertEqual(out, b"k\ny\n")

    def test_a_stale_socket(self):
        owner = self.own()
        owner.kill()
        owner.wait(10)
        self.assertTrue((self.dir / "db-weir").exists())
        self.assertEqual(self.ask("SELECT 1 AS x")[0], "x\n1\n")
        self.own()
        self.assertEqual(self.ask("SELECT count(*) AS n FROM m")[0], "n\n2\n")

    def test_an_owner_that_listens_to_nobody(self):
        p = subprocess.Popen([run.WEIR, "db"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, cwd=self.dir, env=self.environment())
        self.started.append(p)
        p.stdin.write(b"SELECT 1 AS x;\n")
        p.stdin.flush()
        p.stdout.readline()
        self.assertIn(f"in use by process {p.pid}", self.err("db", "-c", "SELECT 1", code=3))
        self.assertIn(f"in use by process {p.pid}", self.err("run", "-d", "db", "a.sql", code=3))


class Socket(Client):
    def connect(self):
        s = socket.socket(socket.AF_UNIX)
        s.settimeout(20)
        for _ in range(1000):
            try:
                s.connect(str(self.dir / "db-weir"))
                return s
            except (ConnectionRefusedError, BlockingIOError):           # bound, but listens later; a full queue
                time.sleep(0.01)
        self.fail("nobody listens")

    @staticmethod
    def text(t):
        return struct.pack("<q", len(t)) + t

    def frame(self, kind, body=b""):
        return struct.pack("<I", len(body)) + kind + body

    def hello(self, version=1):
        return self.frame(b"H", self.text(b"weir") + struct.pack("<q", version) + self.text(b"/"))

    def answer(self, s):
        """All frames up to the end of an answer, or of the connection."""
        kinds, data = b"", b""
        while True:
            while len(data) >= 5 and len(data) >= 5 + struct.unpack("<I", data[:4])[0]:
                kinds += data[4:5]
                body, data = data[5:5 + struct.unpack("<I", data[:4])[0]], data[5 + struct.unpack("<I", data[:4])[0]:]
                if kinds[-1:] in (b"Z", b"E"):
                    return kinds, body
            try:
                got = s.recv(65536)
            except ConnectionResetError:
                got = b""
            if not got:
                return kinds, data
            data += got

    def test_only_its_user_may(self):
        self.own()
        self.assertEqual(stat.S_IMODE((self.dir / "db-weir").stat().st_mode), 0o600)

    def test_the_protocol(self):
        self.own()
        s = self.connect()
        s.sendall(self.hello())
        self.assertEqual(self.answer(s)[0], b"WZ")
        s.sendall(self.frame(b"S", self.text(b"SHOW VIEWS;")))
        kinds, _ = self.answer(s)
        self.assertEqual(kinds, b"CDDZ")
        s.sendall(self.frame(b"X"))                                     # nothing runs: no answer
        s.sendall(self.frame(b"S", self.text(b"nonsense")))
        kinds, body = self.answer(s)
        self.assertEqual(kinds, b"E")
        self.assertIn(b"WEIR_E_SYNTAX", body)
        s.sendall(self.frame(b"R"))
        self.assertEqual(self.answer(s)[0], b"Z")

    def test_another_version(self):
        self.own()
        s = self.connect()
        s.sendall(self.hello(2))
        kinds, body = self.answer(s)
        self.assertEqual(kinds, b"E")
        self.assertIn(b"another version", body)
        self.assertEqual(s.recv(10), b"")

    def test_hostile_bytes(self):
        owner = self.own()
        big = struct.pack("<I", 0xffffffff)
        broken = struct.pack("<q", 1 << 62)
        for attack in [b"GET / HTTP/1.0\r\n\r\n", big + b"H", self.frame(b"S", self.text(b"DROP VIEW m;")), self.frame(b"H"),
                       self.frame(b"H", broken), self.hello() + self.hello(), self.hello() + self.frame(b"?"),
                       self.hello() + self.frame(b"S", broken), self.hello() + self.frame(b"S", struct.pack("<q", -2)),
                       self.hello() + self.frame(b"P", self.text(b"h")), self.hello() + big + b"S",
                       self.hello() + self.frame(b"S", self.text(b"SELECT * FROM s;")) * 2, os.urandom(4096)]:
            s = self.connect()
            try:
                s.sendall(attack)
                s.shutdown(socket.SHUT_WR)
                while s.recv(65536):
                    pass
            except (ConnectionResetError, BrokenPipeError):
                pass
            s.close()
            self.assertIsNone(owner.poll())
        half = [self.connect() for _ in range(80)]                      # more than are served
        for s in half:
            s.send(self.hello()[:7])
        for s in half:
            s.close()
        self.assertEqual(self.ask("SELECT count(*) AS n FROM m")[0], "n\n2\n")

    def test_long_paths(self):
        """A socket's path ends at 107 bytes; a folder's may be longer."""
        folder = self.dir / ("d" * 60) / ("e" * 60)
        folder.mkdir(parents=True)
        self.write("a.sql", SQL.replace("'in.ndjson'", f"'{self.dir}/in.ndjson'"))
        p = self.start("run", "-q", "-d", folder / "db", "a.sql")
        self.wait_for("socket", lambda: (folder / "db-weir").exists())
        self.assertEqual(self.out(folder / "db", "--mode", "csv", "-c", "INSERT INTO h VALUES ('x', 1); SELECT k FROM hm"), "k\nx\n")
        os.symlink(folder / "db", self.dir / "link")
        self.assertEqual(self.out("link", "--mode", "csv", "-c", "INSERT INTO h VALUES ('y', 1); SELECT count(*) AS n FROM hm"), "n\n2\n")
        self.assertIsNone(p.poll())

    def test_a_file_of_that_name_stays(self):
        self.write("db-weir", "mine")
        p = self.start("run", "-q", "-d", "db", "a.sql")
        self.wait_for("rows", lambda: self.rows("SELECT * FROM m"))
        p.send_signal(signal.SIGINT)
        _, err = p.communicate(timeout=20)
        self.assertIn(b"no other shell can join", err)
        self.assertEqual((self.dir / "db-weir").read_text(), "mine")


if __name__ == "__main__":
    run.WEIR = os.path.abspath(sys.argv.pop(1))
    unittest.main()
