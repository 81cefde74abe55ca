#!/usr/bin/env python3
"""The program from outside: through pipes, through a terminal, killed, locked out, beside SQLite.

    run.py PROGRAM [TEST...]        (as python -m unittest)"""
import json, os, pathlib, pty, random, re, select, signal, sqlite3, stat, subprocess, sys, tempfile, time
import unittest, xml.etree.ElementTree

WEIR = None
ROWS = """CREATE STREAM s (ts TIMESTAMP(0), k TEXT, v BIGINT, WATERMARK FOR ts)
    WITH (connector = 'file', path = 'in.ndjson', format = 'json');
"""
STREAM = "CREATE STREAM s (k TEXT, v BIGINT);\nCREATE MATERIALIZED VIEW m AS SELECT k, v FROM s;\n"


class Case(unittest.TestCase):
    def setUp(self):
        self.scratch = tempfile.TemporaryDirectory()
        self.dir = pathlib.Path(self.scratch.name)
        self.started = []

    def tearDown(self):
        for p in self.started:
            if p.poll() is None:
                p.kill()
            p.communicate()
        self.scratch.cleanup()

    def environment(self):
        return {"PATH": os.environ["PATH"], "HOME": str(self.dir), "LC_ALL": "C.UTF-8", "TERM": "xterm"}

    def weir(self, *args, text="", code=0):
        """stdout and stderr of the program, which must leave with `code`."""
        p = subprocess.run([WEIR, *map(str, args)], input=text.encode(), capture_output=True, cwd=self.dir,
                           env=self.environment(), timeout=60)
        out, err = p.stdout.decode(errors="replace"), p.stderr.decode(errors="replace")
        self.assertEqual(p.returncode, code, f"{args}: {out}{err}")
        return out, err

    def out(self, *args, **more):
        return self.weir(*args, **more)[0]

    def err(self, *args, **more):
        return self.weir(*args, **more)[1]

    def start(self, *args):
        p = subprocess.Popen([WEIR, *map(str, args)], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                             stderr=subprocess.PIPE, cwd=self.dir, env=self.environment())
        self.started.append(p)
        return p

    def write(self, name, text):
        (self.dir / name).write_text(text)

    def rows(self, sql, db="db"):
        """What any SQLite client reads beside the engine."""
        if not (self.dir / db).exists():
            return []
        with sqlite3.connect(f"file:{self.dir / db}?mode=ro", uri=True, timeout=10) as c:
            try:
                return c.execute(sql).fetchall()
            except sqlite3.OperationalError:
                return []

    def wait_for(self, what, is_there, seconds=30):
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            if is_there():
                return
            time.sleep(0.02)
        self.fail(f"no {what} within {seconds} s")


class Output(Case):
    """Modes, NULL, text that a terminal must not see."""

    QUERY = "SELECT k, v FROM m ORDER BY v;"

    def show(self, mode, *lines, setup="INSERT INTO s VALUES ('a', 1), (NULL, 22), ('x,\"y\"', NULL);"):
        return self.out(text="\n".join([STREAM + setup, f".mode {mode}", *lines, self.QUERY, ""]))

    def test_csv(self):
        self.assertEqual(self.show("csv"), 'k,v\n"x,""y""",\na,1\n,22\n')

    def test_csv_without_headers(self):
        self.assertEqual(self.show("csv", ".headers off"), '"x,""y""",\na,1\n,22\n')

    def test_list(self):
        self.assertEqual(self.show("list", ".nullvalue NULL"), 'k|v\nx,"y"|NULL\na|1\nNULL|22\n')

    def test_json(self):
        rows = [{"k": 'x,"y"', "v": None}, {"k": "a", "v": 1}, {"k": None, "v": 22}]
        self.assertEqual(json.loads(self.show("json")), rows)
        self.assertEqual([json.loads(l) for l in self.show("jsonl").splitlines()], rows)

    def test_table(self):
        lines = self.show("table", ".nullvalue -").splitlines()
        cells = [re.split(r"(?:\s|[|│])+", l.strip("|│ ")) for l in lines if re.search(r"\w", l)]
        self.assertEqual(cells, [["k", "v"], ['x,"y"', "-"], ["a", "1"], ["-", "22"]])
        one, many = [l for l in lines if re.search(r"\b(1|22)\b", l)]
        self.assertEqual(one.index("1"), many.index("22") + 1, "numbers stand to the right")

    def test_markdown(self):
        lines = self.show("markdown").splitlines()
        self.assertRegex(lines[1], r"^\|[-: ]+\|[-: ]+\|$")
        self.assertEqual(len(lines), 5)

    def test_line(self):
        self.assertEqual(re.findall(r"^ *(\w) = ?(.*)$", self.show("line", ".nullvalue -"), re.M),
                         [("k", 'x,"y"'), ("v", "-"), ("k", "a"), ("v", "1"), ("k", "-"), ("v", "22")])

    def test_mode_option(self):
        self.assertEqual(self.out("--mode", "csv", "-c", "SELECT 1 AS a, 'b' AS b;"), "a,b\n1,b\n")
        self.assertIn("csv", self.err("--mode", "cvs", "-c", "SELECT 1", code=2) + self.out("help"))

    def test_control_characters(self):
        setup = "INSERT INTO s VALUES ('a' || chr(27) || '[2J' || chr(7) || chr(10) || 'b', 1);"
        shown = self.show("table", setup=setup)
        self.assertNotIn("\x1b", shown)
        self.assertNotIn("\x07", shown)
        self.assertIn(r"a\x1b[2J\x07\nb", shown)
        self.assertNotIn("\x1b", self.show("line", setup=setup))
        self.assertEqual(json.loads(self.show("json", setup=setup))[0]["k"], "a\x1b[2J\x07\nb")
        self.assertEqual(self.show("csv", setup=setup), 'k,v\n"a\x1b[2J\x07\nb",1\n')

    def test_wide_characters_align(self):
        lines = self.show("table", setup="INSERT INTO s VALUES ('日本', 1), ('é', 2), ('xxxx', 3);").splitlines()
        columns = {sum(2 if c in "日本" else 1 for c in l[:re.search(r"\d", l).start()]) for l in lines if re.search(r"\d", l)}
        self.assertEqual(len(columns), 1, lines)

    def test_unknown_mode(self):
        out, err = self.weir(text=".mode nope\nSELECT 1;\n", code=1)
        self.assertIn('"nope"', err)
        self.assertEqual(out, "")


class Commands(Case):
    def test_help_lists_every_command(self):
        listed = re.findall(r"^\.(\w+)", self.out(text=".help\n"), re.M)
        for name in ["bail", "headers", "help", "mode", "nullvalue", "quit", "read", "schema", "tables", "timer"]:
            self.assertIn(name, listed)

    def test_tables_and_schema(self):
        self.weir("db", text=STREAM + "CREATE VIEW plain AS SELECT k FROM m;\n")
        self.assertEqual(self.out("db", "--mode", "csv", text=".headers off\n.tables\n"),
                         "m,materialized view\nplain,view\ns,stream\n")
        self.assertEqual(self.out("db", text="\\d\n"), self.out("db", text=".tables\n"))
        self.assertEqual(self.out("db", text=".schema M\n"), "CREATE MATERIALIZED VIEW m AS SELECT k, v FROM s;\n")
        self.assertEqual(self.out("db", text="\\d m\n"), self.out("db", text="DESCRIBE m;\n"))
        self.assertEqual(self.out("db", text=".schema nothing'here\n"), "")

    def test_quit_leaves_the_rest(self):
        self.assertEqual(self.out("--mode", "csv", text="SELECT 1 AS a;\n.quit\nSELECT 2 AS a;\n"), "a\n1\n")
        self.assertEqual(self.out("--mode", "csv", text="\\q\nSELECT 2 AS a;\n"), "")

    def test_timer(self):
        self.assertRegex(self.err(text=".timer on\nSELECT 1;\n"), r"(?i)time.*\d+\.\d+")

    def test_unknown_command(self):
        self.assertIn(".nothing", self.err(text=".nothing\n", code=1))

    def test_read(self):
        self.write("inner.sql", "SELECT 1 AS a;\n\nSELECT nope;\n")
        out, err = self.weir("--mode", "csv", text=".read inner.sql\nSELECT 2 AS a;\n", code=1)
        self.assertEqual(out, "a\n1\n")
        self.assertTrue(err.startswith("inner.sql:3:8: WEIR_E_NAME"), err)
        self.weir(text=".read missing.sql\n", code=1)
        self.write("self.sql", ".read self.sql\n")
        self.assertIn("nested", self.err(text=".read self.sql\n", code=1))

    def test_bail(self):
        out, err = self.weir("--mode", "csv", text=".bail off\nSELECT a;\nSELECT 2 AS a;\nSELECT b;\n", code=1)
        self.assertEqual(out, "a\n2\n")
        self.assertEqual(re.findall(r"^(\d+:\d+): WEIR_E_NAME", err, re.M), ["2:8", "4:8"])
        self.assertEqual(self.out("--mode", "csv", text="SELECT a;\nSELECT 2 AS a;\n", code=1), "")

    def test_statements_in_one_line_and_over_lines(self):
        self.assertEqual(self.out("--mode", "csv", "-c", "SELECT 1 AS a; SELECT 'x;y' AS b;-- end\n/* ; */SELECT\n3 AS c"),
                         "a\n1\nb\nx;y\nc\n3\n")

    def test_help_and_version(self):
        self.assertRegex(self.out("version"), r"^weir \d+\.\d+")
        self.assertEqual(self.out("--version"), self.out("version"))
        self.assertIn("weir run", self.out("help"))
        self.assertIn("weir check", self.out("help", "check"))
        self.weir("help", "nothing", code=2)


class Completions(Case):
    """What the shells of the system complete stands in the program's help, and the other way round."""

    FOLDER = pathlib.Path(__file__).parents[2] / "shell/completions"

    def bash(self, *words):
        script = ("source %s; COMP_WORDS=(weir %s); COMP_CWORD=%d; _weir; printf '%%s\\n' \"${COMPREPLY[@]}\""
                  % (self.FOLDER / "weir.bash", " ".join(f"'{w}'" for w in words), len(words)))
        return subprocess.run(["bash", "-c", script], capture_output=True, cwd=self.dir, check=True).stdout.decode().split()

    def test_commands_options_and_modes(self):
        help_text = self.out("help")
        commands = set(re.findall(r"^  weir ([a-z]+)", help_text, re.M))
        options = set(re.findall(r"(?<![\w-])(--?[a-z][a-z-]*)", help_text))
        modes = {line.split()[0] for line in self.out(text=".mode\n").replace("*", " ").splitlines()}
        self.assertEqual(set(self.bash("")) & commands, commands)
        self.assertEqual(options - set(self.bash("-")), set())
        self.assertEqual(set(self.bash("--mode", "")), modes)
        for name in ["_weir", "weir.fish"]:
            text = (self.FOLDER / name).read_text()
            for word in commands | modes | {o.lstrip("-") for o in options}:
                self.assertRegex(text, rf"(?<![\w]){re.escape(word)}(?![\w])", name)

    def test_files(self):
        self.write("standing.sql", "")
        self.assertIn("standing.sql", self.bash("run", "stan"))


class ExitCodes(Case):
    def test_done(self):
        self.weir("-c", "SELECT 1")
        self.weir(text="")
        self.weir(text="-- nothing\n")

    def test_wrong_sql(self):
        self.weir("-c", "SELECT nope", code=1)
        self.weir("-c", "SELEC", code=1)
        self.write("a.sql", "CREATE STREAM s (a NOTYPE);")
        self.weir("run", "a.sql", code=1)
        self.weir("check", "a.sql", code=1)

    def test_wrong_usage(self):
        for args in (["--nothing"], ["run"], ["check"], ["explain"], ["-c"], ["a", "b"]):
            self.assertTrue(self.err(*args, code=2).startswith("weir: "), args)

    def test_what_is_meant(self):
        self.assertEqual(self.out("db", "SELECT 6 * 7 AS a"), " a\n--\n42\n")
        self.write("a.sql", "SELECT 1;\n")
        self.write("in.log", "no database at all\n")
        self.assertIn("hint: weir run a.sql", self.err("a.sql", code=3))
        self.assertIn("SELECT * FROM 'in.log' LIMIT 10", self.err("in.log", code=3))

    def test_environment(self):
        self.weir("nowhere/db", "-c", "SELECT 1", code=3)
        self.weir("run", "missing.sql", code=3)
        (self.dir / "text").write_text("this is not a database, however long it may be " * 50)
        before = (self.dir / "text").read_bytes()
        self.weir("text", "-c", "SELECT 1", code=3)
        self.assertEqual((self.dir / "text").read_bytes(), before)

    def test_missing_input_file(self):
        self.write("a.sql", ROWS + "CREATE MATERIALIZED VIEW m AS SELECT k FROM s;")
        self.assertIn("in.ndjson", self.err("run", "-d", "db", "a.sql", code=3))

    def test_stop_at_a_bad_row_and_go_on_when_it_is_repaired(self):
        lines = ['{"k":"a","v":1}', '{"k":"a","v":2}', '{"k":"a","v":"x"}', '{"k":"a","v":4}', '{"k":', '{"k":"a","v":8}']
        self.write("in.ndjson", "\n".join(lines) + "\n")
        self.write("a.sql", "CREATE STREAM s (k TEXT, v BIGINT) WITH (connector = 'file', path = 'in.ndjson', format = 'json',"
                            " on_error = 'fail');\nCREATE MATERIALIZED VIEW m AS SELECT sum(v) AS t, count(*) AS n FROM s;\n")
        for row, sums in [(2, [(3, 2)]), (4, [(15, 4)])]:
            for _ in range(2):  # stopping there again changes nothing
                self.assertIn(f"stops at offset {sum(len(l) + 1 for l in lines[:row])}", self.err("run", "--once", "a.sql", "-d", "db", code=1))
                self.assertEqual(self.rows("SELECT t, n FROM m"), sums)
            lines[row] = '{"k":"a","v": 8}' if row == 2 else "{}   "
            self.write("in.ndjson", "\n".join(lines) + "\n")
        self.weir("run", "--once", "a.sql", "-d", "db")
        self.assertEqual(self.rows("SELECT t, n FROM m"), [(23, 6)])
        self.assertEqual(self.rows("SELECT count(*) FROM weir_errors"), [(0,)])

    def test_bad_rows(self):
        self.write("a.sql", ROWS + "CREATE MATERIALIZED VIEW m AS SELECT k FROM s;")
        self.write("in.ndjson", '{"ts":"2024-01-01 00:00:00","k":"a"}\nnot json\n')
        self.assertIn("1 in error", self.err("run", "-d", "db", "a.sql"))
        self.weir("run", "-d", "db2", "--fail-on-errors", "a.sql", code=1)
        self.assertEqual(self.rows("SELECT k FROM m", "db2"), [("a",)])


class Run(Case):
    SQL = ROWS + """CREATE MATERIALIZED VIEW f AS SELECT window_end, k, sum(v) AS total
    FROM s WINDOW TUMBLING (SIZE 10 SECONDS) GROUP BY k EMIT FINAL;
CREATE MATERIALIZED VIEW n AS SELECT count(*) AS n FROM s;
"""
    FIRST = '{"ts":"2024-01-01 00:00:01","k":"a","v":1}\n{"ts":"2024-01-01 00:00:12","k":"b","v":2}\n'

    def setUp(self):
        super().setUp()
        self.write("a.sql", self.SQL)
        self.write("in.ndjson", self.FIRST)

    def test_twice_is_once(self):
        self.weir("run", "-d", "db", "a.sql")
        rows = self.rows("SELECT * FROM f ORDER BY 1")
        self.assertEqual(rows, [("2024-01-01 00:00:10", "a", 1), ("2024-01-01 00:00:20", "b", 2)])
        for _ in range(2):
            self.weir("run", "-d", "db", "a.sql")
            self.assertEqual(self.rows("SELECT * FROM f ORDER BY 1"), rows)
            self.assertEqual(self.rows("SELECT * FROM n"), [(2,)])
        self.assertEqual(self.rows("SELECT rows FROM weir_streams"), [(2,)])

    def test_changed_view_is_replaced(self):
        self.weir("run", "-d", "db", "a.sql")
        self.write("a.sql", self.SQL.replace("count(*) AS n", "count(*) * 10 AS n"))
        self.weir("run", "-d", "db", "a.sql")
        self.assertEqual(self.rows("SELECT * FROM n"), [(20,)])
        self.assertEqual(len(self.rows("SELECT * FROM f")), 2)

    def test_once_ends_nothing(self):
        self.weir("run", "-d", "db", "--once", "a.sql")
        self.assertEqual(self.rows("SELECT * FROM f"), [("2024-01-01 00:00:10", "a", 1)])
        self.assertEqual(self.rows("SELECT ended FROM weir_streams"), [(0,)])
        with (self.dir / "in.ndjson").open("a") as f:
            f.write('{"ts":"2024-01-01 00:00:13","k":"b","v":4}\n')
        self.weir("run", "-d", "db", "--once", "a.sql")
        self.assertEqual(self.rows("SELECT * FROM f"), [("2024-01-01 00:00:10", "a", 1)])
        self.assertEqual(self.rows("SELECT * FROM n"), [(3,)])
        self.weir("run", "-d", "db", "a.sql")
        self.assertEqual(self.rows("SELECT total FROM f ORDER BY 1"), [(1,), (6,)])

    def test_an_ended_stream_takes_nothing_more(self):
        self.weir("run", "-d", "db", "a.sql")
        with (self.dir / "in.ndjson").open("a") as f:
            f.write('{"ts":"2024-01-01 00:00:13","k":"b","v":4}\n')
        self.assertIn("has ended", self.err("run", "-d", "db", "a.sql", code=1))
        self.assertEqual(self.rows("SELECT * FROM n"), [(2,)])

    def test_summary(self):
        self.assertRegex(self.err("run", "a.sql"), r"^2 rows in \d+\.\d+ s\n$")
        self.assertEqual(self.weir("run", "-q", "a.sql"), ("", ""))

    def test_progress_on_a_terminal(self):
        """A line a source and a line a view, drawn in place; nothing of it elsewhere or with --no-progress."""
        self.write("in.ndjson", '{"ts":"2024-01-01 00:00:00","k":"a","v":1}\n' * 100000 + "bad\n")
        self.write("m.sql", ROWS + "CREATE MATERIALIZED VIEW m AS SELECT k, v FROM s;\n")
        ours, theirs = pty.openpty()
        p = subprocess.Popen([WEIR, "run", "-d", "db", "m.sql"], stdin=subprocess.DEVNULL, stderr=theirs, cwd=self.dir, env=self.environment())
        self.started.append(p)
        os.close(theirs)
        seen = b""
        while True:
            try:
                seen += os.read(ours, 65536)
            except OSError: # the last writer has gone
                break
        os.close(ours)
        self.assertEqual(p.wait(), 0)
        *_, source, view, summary = seen.decode().replace("\r", "").strip().split("\n")
        self.assertRegex(source, r"^\x1b.*\x1b\[2Ks  +100000 rows  [\d.]+( [kM])?/s  100 %  watermark 2024-01-01 00:00:00  1 errors  ended$")
        self.assertRegex(view, r"^\x1b\[2Km  +100000 rows  100000 changes  [\d.]+( [kM])?/s$")
        self.assertRegex(summary, r"^100000 rows in .* s, 1 in error")
        self.assertNotIn("\x1b", self.err("run", "-d", "other", "m.sql"))

    def test_select_beyond_memory_limit(self):
        self.write("in.ndjson", '{"v":1}\n{"v":2}\n')
        script = ("CREATE STREAM s (v BIGINT) WITH (connector = 'file', path = 'in.ndjson', format = 'json', follow = true);\n"
                  "CREATE MATERIALIZED VIEW m AS SELECT sum(v) AS total FROM s;\nSELECT total FROM m;\nSET memory_limit = 1000;\n")
        out, err = self.weir("--mode", "csv", text=script + "SELECT total + 1 AS more FROM m;\n")
        self.assertEqual(out, "total\n3\nmore\n4\n")
        self.assertIn("memory_limit is reached: rows are those of the last commit", err)

    def test_select_in_a_file(self):
        self.write("b.sql", self.SQL + "SELECT 7 AS seven;\n")
        self.assertIn("7", self.out("run", "-q", "b.sql"))

    def test_paths_are_relative_to_the_file(self):
        (self.dir / "sub").mkdir()
        (self.dir / "a.sql").rename(self.dir / "sub/a.sql")
        (self.dir / "in.ndjson").rename(self.dir / "sub/in.ndjson")
        self.weir("run", "-d", "db", "sub/a.sql")
        self.assertEqual(self.rows("SELECT * FROM n"), [(2,)])

    def test_errors_name_file_line_and_column(self):
        self.write("a.sql", self.SQL + "CREATE MATERIALIZED VIEW x AS\n  SELECT kk FROM s;\n\nSELECT * FROM nowhere;\n")
        err = self.err("run", "-d", "db", "a.sql", code=1)
        self.assertIn("a.sql:7:10: WEIR_E_NAME", err)
        lines = err.splitlines()
        at = next(i for i, l in enumerate(lines) if ":7:10:" in l)
        self.assertEqual(lines[at + 1].index("kk"), lines[at + 2].index("^^"))
        self.assertEqual(self.rows("SELECT name FROM weir_views"), [])

    def test_interrupt_and_go_on(self):
        self.write("a.sql", self.SQL.replace("'json'", "'json', follow = true"))
        p = self.start("run", "-d", "db", "a.sql")
        self.wait_for("rows", lambda: self.rows("SELECT n FROM n") == [(2,)])
        p.send_signal(signal.SIGINT)
        self.assertEqual(p.wait(10), 130)
        with (self.dir / "in.ndjson").open("a") as f:
            f.write('{"ts":"2024-01-01 00:00:13","k":"b","v":4}\n')
        p = self.start("run", "-d", "db", "a.sql")
        self.wait_for("rows", lambda: self.rows("SELECT n FROM n") == [(3,)])
        p.send_signal(signal.SIGTERM)
        self.assertEqual(p.wait(10), 0)
        self.assertEqual(self.rows("SELECT total FROM f"), [(1,)])

    def test_two_engines(self):
        self.write("a.sql", self.SQL.replace("'json'", "'json', follow = true"))
        p = self.start("run", "-d", "db", "a.sql")
        self.wait_for("rows", lambda: self.rows("SELECT n FROM n") == [(2,)])
        err = self.err("run", "-d", "db", "a.sql", code=3)
        self.assertIn("WEIR_E_LOCKED", err)
        self.assertIn(str(p.pid), err)
        self.assertEqual(self.out("--read-only", "--mode", "csv", "db", "-c", "SELECT n FROM n;"), "n\n2\n")
        p.kill()
        p.wait()
        self.assertEqual(self.out("--mode", "csv", "db", "-c", "SELECT n FROM n;"), "n\n2\n")

    def test_stdin(self):
        self.write("b.sql", "CREATE STREAM i (a BIGINT) WITH (connector = 'stdin', format = 'json');\n"
                            "CREATE MATERIALIZED VIEW t AS SELECT sum(a) AS total FROM i;\n")
        self.weir("run", "-d", "db", "b.sql", text='{"a":1}\n{"a":2}\n{"a":39}')
        self.assertEqual(self.rows("SELECT total FROM t"), [(42,)])


class Check(Case):
    def test_every_error(self):
        self.write("a.sql", "CREATE STREAM s (a NOTYPE);\nCREATE STREAM t (b BIGINT);\n"
                            "CREATE MATERIALIZED VIEW v AS SELECT c FROM t;\nCREATE MATERIALIZED VIEW w AS SELECT b FROM u;\nSELEC 1;\n")
        err = self.err("check", "a.sql", code=1)
        self.assertEqual(sorted(set(re.findall(r"^a\.sql:(\d+):\d+: ", err, re.M))), ["1", "3", "4", "5"])

    def test_fine_file_changes_nothing(self):
        self.write("a.sql", ROWS + "CREATE MATERIALIZED VIEW m AS SELECT k FROM s;\nSELECT k FROM m;\n")
        self.assertIn("no errors", self.err("check", "a.sql"))
        self.assertEqual(self.weir("check", "-q", "a.sql"), ("", ""))
        self.assertEqual(sorted(p.name for p in self.dir.iterdir()), ["a.sql"])


class Explain(Case):
    def test_file(self):
        self.write("a.sql", ROWS + "CREATE MATERIALIZED VIEW m AS SELECT k, count(*) AS n FROM s GROUP BY k;\n")
        out = self.out("explain", "a.sql")
        self.assertIn("Scan s", out)
        self.assertIn("UNBOUNDED", out)
        self.assertEqual(sorted(p.name for p in self.dir.iterdir()), ["a.sql"])

    def boxes(self, svg):
        """(x, y, width, height, texts) of each box of one picture, its place in the album added."""
        ns = "{http://www.w3.org/2000/svg}"
        found = []
        for picture in xml.etree.ElementTree.fromstring(svg).iter(ns + "svg"):
            for g in picture.findall(ns + "g"):
                r = g.find(ns + "rect")
                x, y, w, h = (float(r.get(k)) for k in ("x", "y", "width", "height"))
                texts = ["".join(t.itertext()) for t in g.findall(ns + "text")]
                found.append((x, y + float(picture.get("y", 0)), w, h, texts))
        return found

    JOINED = ROWS + "CREATE STREAM t (k TEXT, w BIGINT);\n" \
        "CREATE MATERIALIZED VIEW m AS SELECT k, count(*) AS n FROM s GROUP BY k;\n" \
        "CREATE VIEW plain AS SELECT k FROM s;\n" \
        "CREATE MATERIALIZED VIEW \"odd <\"\"> name\" AS SELECT s.k, s.v, t.w, m.n FROM s LEFT JOIN t ON s.k = t.k JOIN m ON m.k = t.k\n" \
        "    WHERE s.v > (SELECT avg(w) FROM t) AND s.k IN (SELECT k FROM m WHERE n > 1);\n"

    def test_picture(self):
        self.write("a.sql", self.JOINED)
        boxes = self.boxes(self.out("explain", "--svg", "a.sql"))
        titles = [b[4][0] for b in boxes]
        self.assertEqual(titles.count("Materialized View m"), 1)
        self.assertEqual(titles.count('Materialized View odd <"> name'), 1)
        self.assertGreater(len(boxes), 10)
        for i, (x, y, w, h, texts) in enumerate(boxes):
            for ox, oy, ow, oh, _ in boxes[:i]:
                self.assertFalse(x < ox + ow and ox < x + w and y < oy + oh and oy < y + h, texts)
            for text in texts:
                self.assertLess(len(text) * 7.25, w, text)

    def test_views_by_name(self):
        self.write("a.sql", self.JOINED)
        self.write("in.ndjson", "")
        self.weir("run", "-q", "-d", "db", "a.sql")
        self.assertEqual(len(self.boxes(self.out("explain", "--svg", "-d", "db", "m"))), 3)
        out = self.out("explain", "-d", "db", 'odd <"> name', "m")
        self.assertTrue(out.startswith('odd <"> name\nMaterialized View odd'), out)
        self.assertIn("\nm\nMaterialized View m\n", out)
        self.assertIn("there is no materialized view", self.err("explain", "-d", "db", "nope", code=1))

    def test_statement(self):
        self.write("in.ndjson", "")
        self.weir("db", text=ROWS)
        self.assertIn("Scan s", self.out("explain", "-d", "db", "-c", "SELECT k FROM s WHERE v > 1"))
        self.weir("explain", "-d", "db", "-c", "SELECT nope FROM s", code=1)


class State(Case):
    VIEWS = ("by_channel final hop_final hop keyed session top running joined only_bid cities counted triggered sliding "
             "looked_up pairs").split()

    def test_is_told_the_same_after_recovery(self):
        folder = pathlib.Path(__file__).resolve().parent.parent
        made = (folder / "sql/inside.sql").read_text().split("SELECT * FROM weir_state", 1)[0]
        look = ".mode list\n" + "".join(f"SELECT '{v}' AS v, * FROM weir_state('{v}') ORDER BY operator, part, \"key\", value, \"count\";\n"
                                        for v in self.VIEWS)
        before = self.out("db", text=made.replace("../stream", str(folder / "stream")) + look)
        self.assertEqual({line.split("|")[0] for line in before.splitlines()} - {"v"}, set(self.VIEWS))
        self.assertEqual(self.out("db", text=look), before)


class SourceOfTruth(Case):
    """Files registered again: told before, changed where they changed, pruned, watched."""

    ONE = "CREATE STREAM s (k TEXT, v BIGINT) WITH (connector = 'file', path = 'in.ndjson', format = 'json');\n"
    TWO = "CREATE MATERIALIZED VIEW m AS SELECT k, sum(v) AS total FROM s GROUP BY k;\n"
    THREE = "CREATE MATERIALIZED VIEW above AS SELECT count(*) AS n FROM m;\n"

    def setUp(self):
        super().setUp()
        self.write("in.ndjson", '{"k":"a","v":1}\n{"k":"b","v":2}\n')
        self.write("a.sql", self.ONE + self.TWO + self.THREE)

    def test_dry_run_tells_and_changes_nothing(self):
        self.assertEqual(self.err("run", "-d", "db", "--dry-run", "a.sql"), "+ stream s\n+ materialized view m\n+ materialized view above\n")
        self.assertEqual(self.rows("SELECT name FROM weir_streams"), [])
        self.weir("run", "-d", "db", "-q", "a.sql")
        self.write("a.sql", self.ONE + self.TWO + self.THREE.replace("count(*)", "max(total)"))
        self.assertEqual(self.err("run", "-d", "db", "--dry-run", "a.sql"), "= stream s\n= materialized view m\n~ materialized view above\n")
        self.assertEqual(self.rows("SELECT n FROM above"), [(2,)])
        self.write("a.sql", self.ONE)
        self.assertEqual(self.err("run", "-d", "db", "--dry-run", "--prune", "a.sql"), "= stream s\n- materialized view above\n- materialized view m\n")

    def test_prune(self):
        self.weir("run", "-d", "db", "-q", "a.sql")
        self.write("a.sql", self.ONE + self.TWO)
        self.weir("run", "-d", "db", "-q", "a.sql")
        self.assertEqual(self.rows("SELECT name FROM weir_views ORDER BY 1"), [("above",), ("m",)])
        self.weir("run", "-d", "db", "-q", "--prune", "a.sql")
        self.assertEqual(self.rows("SELECT name FROM weir_views"), [("m",)])
        self.assertEqual(self.rows("SELECT * FROM m ORDER BY 1"), [("a", 1), ("b", 2)])

    def test_folder(self):
        (self.dir / "jobs").mkdir()
        self.write("jobs/1_stream.sql", self.ONE.replace("in.ndjson", "../in.ndjson"))
        self.write("jobs/2_view.sql", self.TWO)
        self.write("jobs/notes.txt", "not SQL")
        self.weir("run", "-d", "db", "-q", "jobs")
        self.assertEqual(self.rows("SELECT * FROM m ORDER BY 1"), [("a", 1), ("b", 2)])

    def test_variables(self):
        self.write("a.sql", self.ONE + "CREATE MATERIALIZED VIEW m AS SELECT k, v, ':x' AS t, v::TEXT AS u FROM s WHERE v > :least AND k <> :not_k; -- :x\n")
        self.weir("run", "-d", "db", "-q", "--var", "least=0", "--var", "not_k=it's", "--var", "least=1", "--var", "x=9", "a.sql")
        self.assertEqual(self.rows("SELECT * FROM m"), [("b", 2, ":x", "2")])
        self.assertIn("WEIR_E_", self.err("run", "-d", "db2", "a.sql", code=1))

    def test_watch(self):
        p = self.start("run", "-d", "db", "-q", "--watch", "a.sql")
        self.wait_for("views", lambda: self.rows("SELECT n FROM above") == [(2,)])
        time.sleep(0.3)
        self.write("a.sql", self.ONE + self.TWO + self.THREE.replace("count(*)", "nonsense(*)"))
        time.sleep(0.4)
        self.assertEqual(self.rows("SELECT n FROM above"), [(2,)])
        self.write("a.sql", self.ONE + self.TWO + self.THREE.replace("count(*)", "max(total) + 40"))
        self.wait_for("the view as saved", lambda: self.rows("SELECT n FROM above") == [(42,)])
        p.send_signal(signal.SIGINT)
        self.assertEqual(p.wait(10), 130)
        self.assertIn(b"WEIR_E_NAME", p.stderr.read())


class UserTests(Case):
    """weir test: what a file expects of its views."""

    DEFINED = """CREATE STREAM s (ts TIMESTAMP(0), k TEXT, v BIGINT, WATERMARK FOR ts AS ts - INTERVAL '5' SECOND)
    WITH (connector = 'file', path = 'nowhere', format = 'json');
CREATE MATERIALIZED VIEW w AS SELECT k, window_end, sum(v) AS total FROM s WINDOW TUMBLING (SIZE 10 SECONDS) GROUP BY k EMIT FINAL;
CREATE MATERIALIZED VIEW c AS SELECT k, count(*) AS n FROM s GROUP BY k;
"""
    ONE = "INSERT INTO s VALUES (TIMESTAMP '2024-01-01 00:00:01', 'a', 1), (TIMESTAMP '2024-01-01 00:00:02', NULL, 2);\n"

    def test_watermark_closes_windows(self):
        rows = "(('a', TIMESTAMP '2024-01-01 00:00:10', 1), (NULL, '2024-01-01 00:00:10', 2))"
        out = self.run_tests(f"BEGIN TEST 'one';\n{self.ONE}EXPECT VIEW w ();\nADVANCE WATERMARK TO '2024-01-01 00:00:08';\n"
                             f"EXPECT VIEW w ();\nADVANCE WATERMARK OF s TO '2024-01-01 00:00:09';\nEXPECT VIEW w {rows};\nEND;\n")
        self.assertRegex(out, r"ok +t\.sql: one")

    def test_each_test_begins_anew(self):
        test = f"BEGIN TEST 'x';\n{self.ONE}EXPECT VIEW c (('a', 1), (NULL, 1));\nEND;\n"
        self.assertIn("2 passed, 0 failed", self.run_tests(test + test))

    def test_changes(self):
        self.run_tests(f"BEGIN TEST 'x';\n{self.ONE}EXPECT CHANGES c (+('a', 1), (NULL, 1));\n{self.ONE}"
                       "EXPECT CHANGES c (-('a', 1), +('a', 2), -(NULL, 1), +(NULL, 2));\nEXPECT CHANGES c ();\nEND;\n")

    def test_failure_shows_the_difference(self):
        out = self.run_tests(f"BEGIN TEST 'x';\n{self.ONE}EXPECT VIEW c (('a', 2), (NULL, 1));\nEND;\n", 1)
        self.assertIn("t.sql:7: \"c\" has 1 row of the 2 expected and 1 more\n      - 'a', 2\n      + 'a', 1\n", out)

    def test_clock(self):
        body = ("CREATE STREAM p (v BIGINT);\nCREATE MATERIALIZED VIEW g AS SELECT count(*) AS n FROM p WINDOW GLOBAL (TRIGGER EVERY 10 SECONDS);\n"
                "BEGIN TEST 'x';\nINSERT INTO p VALUES (1), (2);\nADVANCE CLOCK BY INTERVAL '9' SECOND;\nEXPECT VIEW g ();\n"
                "ADVANCE CLOCK BY INTERVAL '1' SECOND;\nEXPECT VIEW g ((2));\nEND;\n")
        self.run_tests(body)

    def test_reports(self):
        body = f"BEGIN TEST 'good';\nEND;\nBEGIN TEST '<bad>';\n{self.ONE}EXPECT VIEW c ();\nEND;\n"
        self.assertRegex(self.run_tests(body, 1, "--tap"), r"(?s)1\.\.2\nok 1 .*good\nnot ok 2 .*<bad>\n#")
        junit = self.run_tests(body, 1, "--junit")
        self.assertIn('tests="2" failures="1"', junit)
        self.assertIn('name="&lt;bad>"', junit)

    def test_tables_with_a_connector_take_rows_by_hand(self):
        self.run_tests("CREATE TABLE names (k TEXT PRIMARY KEY, name TEXT) WITH (connector = 'file', path = 'nowhere', format = 'json');\n"
                       "CREATE MATERIALIZED VIEW j AS SELECT s.v, names.name FROM s JOIN names ON s.k = names.k;\n"
                       f"BEGIN TEST 'x';\n{self.ONE}INSERT INTO names VALUES ('a', 'ay');\nEXPECT VIEW j ((1, 'ay'));\n"
                       "UPDATE names SET name = 'b';\nEXPECT CHANGES j ((1, 'b'));\nEND;\n")

    def test_wrong_files(self):
        self.write("t.sql", "SELECT 1;")
        self.assertIn("BEGIN TEST", self.err("test", "t.sql", code=1))
        self.assertIn("write ADVANCE", self.run_tests("BEGIN TEST 'x';\nADVANCE WATERMARK '2024-01-01';\nEND;\n", 1))
        self.assertIn("WEIR_E_NAME", self.run_tests("BEGIN TEST 'x';\nEXPECT VIEW nothing ();\nEND;\n", 1))
        self.weir("test", code=2)

    def run_tests(self, body, code=0, *more):
        self.write("t.sql", self.DEFINED + body)
        return self.out("test", *more, "t.sql", code=code)


class Push(Case):
    def setUp(self):
        super().setUp()
        self.write("in.ndjson", "".join(f'{{"ts":"2024-01-01 00:00:{i:02}","k":"k{i % 2}","v":{i}}}\n' for i in range(5)))

    def test_until_the_end(self):
        out = self.out("--mode", "csv", text=ROWS + "SELECT k, v FROM s WHERE v > 2;\n")
        self.assertEqual(out, "k,v\nk1,3\nk0,4\n")

    def test_limit(self):
        self.assertEqual(self.out("--mode", "csv", text=ROWS + "SELECT v FROM s LIMIT 2;\n"), "v\n0\n1\n")

    def test_changes_add_up(self):
        out = self.out("--mode", "csv", text=ROWS + "SELECT k, sum(v) AS total FROM s GROUP BY k;\n")
        header, *rows = [l.split(",") for l in out.splitlines()]
        self.assertEqual(header[1:], ["k", "total"])
        left = {}
        for sign, *row in rows:
            left[tuple(row)] = left.get(tuple(row), 0) + int(sign)
        self.assertEqual({r for r, n in left.items() if n}, {("k0", "6"), ("k1", "4")})
        self.assertEqual(set(left.values()) - {0, 1}, set())

    def test_totals_over_files_come_once(self):
        self.write("big.csv", "k,v\n" + "".join(f"k{i % 3},{i}\n" for i in range(10000)))
        sql = "SELECT k, count(*) AS n FROM 'big.csv' GROUP BY k"
        totals = {"k0,3334", "k1,3333", "k2,3333"}
        self.assertEqual(self.out("--mode", "csv", "-c", sql).splitlines()[0], "change,k,n")
        rows = self.out("--mode", "csv", "-c", sql).splitlines()[1:]
        self.assertEqual((len(rows), {r.split(",", 1)[1] for r in rows}), (3, totals))
        changes = self.out("--mode", "csv", "-c", sql + " EMIT CHANGES").splitlines()[1:]
        self.assertGreater(len(changes), 3)
        follow = self.out("--mode", "csv", "-c", "CREATE STREAM s FROM 'big.csv'; SELECT k, count(*) AS n FROM s GROUP BY k").splitlines()
        self.assertEqual(follow[1:], changes)
        self.assertEqual(self.out("--mode", "csv", "-c", "SELECT count(*) FROM 'big.csv' x JOIN 'big.csv' y ON x.v = y.v").splitlines()[1].split(",")[1], "10000")
        self.write("bad.csv", "k,v\na,1\n" + "b,x\n" * 30000 + "a,2\n")
        self.assertEqual(self.out("--mode", "csv", "-c", "SELECT count(*) FROM 'bad.csv'").splitlines()[-1].split(",")[1], "30002")

    def test_interrupt(self):
        sql = ROWS.replace("'json'", "'json', follow = true") + "SELECT v FROM s;\nSELECT 99 AS v;\n"
        self.write("push.sql", sql)
        p = self.start("--mode", "csv", "-c", sql)
        seen = b""
        while b"4\n" not in seen:
            ready, _, _ = select.select([p.stdout], [], [], 10)
            self.assertTrue(ready, seen)
            seen += os.read(p.stdout.fileno(), 4096)
        self.assertNotIn(b"99", seen)
        p.send_signal(signal.SIGINT)
        self.assertEqual(p.wait(10), 0)


class Terminal(Case):
    """Typed at a terminal."""

    def setUp(self):
        super().setUp()
        self.child, self.tty = pty.fork()
        if self.child == 0:
            os.chdir(self.dir)
            os.execve(WEIR, [WEIR, "db"], self.environment())
        self.seen = b""

    def tearDown(self):
        try:
            os.kill(self.child, signal.SIGKILL)
            os.waitpid(self.child, 0)
        except (ProcessLookupError, ChildProcessError):
            pass
        os.close(self.tty)
        super().tearDown()

    def wait_text(self, text, seconds=30):
        end = time.monotonic() + seconds
        while text.encode() not in self.seen:
            left = end - time.monotonic()
            ready, _, _ = select.select([self.tty], [], [], max(left, 0))
            self.assertTrue(ready, f"no {text!r} in {self.seen!r}")
            try:
                self.seen += os.read(self.tty, 4096)
            except OSError:
                break
        self.assertIn(text.encode(), self.seen)
        at = self.seen.index(text.encode()) + len(text)
        before, self.seen = self.seen[:at], self.seen[at:]
        return before.decode(errors="replace")

    def type(self, text):
        time.sleep(0.1) # as a person would, after the prompt is there
        os.write(self.tty, text.encode())

    def leave(self):
        """The exit status."""
        end = time.monotonic() + 10
        while time.monotonic() < end:
            pid, status = os.waitpid(self.child, os.WNOHANG)
            if pid:
                return os.waitstatus_to_exitcode(status)
            if select.select([self.tty], [], [], 0.05)[0]:
                try:
                    self.seen += os.read(self.tty, 4096)
                except OSError:
                    pass
        self.fail("did not leave")

    def test_statement_and_history(self):
        self.wait_text("weir> ")
        self.type("SELECT 40 + 2 AS answer;\n")
        self.wait_text("42")
        self.wait_text("weir> ")
        self.type(".quit\n")
        self.assertEqual(self.leave(), 0)
        history = self.dir / ".weir_history"
        self.assertEqual(stat.S_IMODE(history.stat().st_mode), 0o600)
        self.assertIn("answer", history.read_text())

    def test_continuation_says_what_is_missing(self):
        self.wait_text("weir> ")
        self.type("SELECT (1\n")
        self.wait_text("(> ")
        self.type(") + 'a\n")
        self.wait_text("'> ")
        self.type("';\n")
        self.wait_text("WEIR_E_")
        self.wait_text("weir> ")

    def test_control_c_drops_the_line(self):
        self.wait_text("weir> ")
        self.type("SELECT 1 +")
        self.wait_text("+")
        self.type("\x03")
        self.wait_text("weir> ")
        self.type("SELECT 7 * 6 AS a;\n")
        self.wait_text("42")

    def test_control_d_leaves(self):
        self.wait_text("weir> ")
        self.type("\x04")
        self.assertEqual(self.leave(), 0)

    def test_control_c_ends_a_push_query_with_its_count(self):
        self.write("in.ndjson", '{"ts":"2024-01-01 00:00:00","k":"a","v":1234}\n{"ts":"2024-01-01 00:00:00","k":"b","v":5678}\n')
        self.wait_text("weir> ")
        self.type(" ".join(ROWS.replace("'json'", "'json', follow = true").split()) + "\n")
        self.wait_text("weir> ")
        self.wait_text("weir> ") if b"weir> " in self.seen else None
        self.type(".mode csv\n")
        self.type("SELECT v FROM s;\n")
        self.wait_text("5678")
        self.type("\x03")
        self.wait_text("(2 rows)")
        self.type("SELECT 7 * 6 AS a;\n")
        self.wait_text("42")

    def test_an_error_does_not_leave(self):
        self.wait_text("weir> ")
        self.type("SELECT nope;\n")
        self.wait_text("WEIR_E_NAME")
        self.type("SELECT 7 * 6 AS a;\n")
        self.wait_text("42")


class Follow(Case):
    """A log that grows, is rotated and is truncated while it is read."""

    SQL = """CREATE STREAM s (ts TIMESTAMP(0), v BIGINT, WATERMARK FOR ts)
    WITH (connector = 'file', path = 'app.log*', format = 'json', follow = true);
CREATE MATERIALIZED VIEW t AS SELECT count(*) AS n, sum(v) AS total FROM s;
"""

    def line(self, *values):
        return "".join(f'{{"ts":"2024-01-01 00:00:00","v":{v}}}\n' for v in values)

    def append(self, name, text):
        with (self.dir / name).open("a") as f:
            f.write(text)

    def expect(self, n, total):
        want = [(n, total)]
        self.wait_for(f"{want}, there is {self.rows('SELECT n, total FROM t')}",
                      lambda: self.rows("SELECT n, total FROM t") == want)

    def begin(self, sql=SQL):
        self.write("a.sql", sql)
        self.engine = self.start("run", "-d", "db", "a.sql")

    def again(self):
        self.engine.kill()
        self.engine.wait()
        self.engine = self.start("run", "-d", "db", "a.sql")

    def test_growth_and_half_lines(self):
        self.write("app.log", self.line(1))
        self.begin()
        self.expect(1, 1)
        half = self.line(2)
        self.append("app.log", half[:20])
        self.append("app.log", half[20:] + self.line(4))
        self.expect(3, 7)

    def test_rotation(self):
        self.write("app.log", self.line(1, 2))
        self.begin()
        self.expect(2, 3)
        (self.dir / "app.log").rename(self.dir / "app.log.1")
        self.append("app.log.1", self.line(4))
        self.write("app.log", self.line(8))
        self.expect(4, 15)
        self.append("app.log", self.line(16))
        self.expect(5, 31)
        self.again()
        self.append("app.log", self.line(32))
        self.expect(6, 63)

    def test_rotation_while_down(self):
        self.write("app.log", self.line(1, 2))
        self.begin()
        self.expect(2, 3)
        self.engine.kill()
        self.engine.wait()
        self.append("app.log", self.line(4))
        (self.dir / "app.log").rename(self.dir / "app.log.1")
        self.write("app.log", self.line(8))
        self.engine = self.start("run", "-d", "db", "a.sql")
        self.expect(4, 15)

    def test_truncation(self):
        self.write("app.log", self.line(100, 200, 300))
        self.begin()
        self.expect(3, 600)
        self.write("app.log", self.line(1))
        self.expect(4, 601)
        self.append("app.log", self.line(2))
        self.expect(5, 603)

    def test_a_new_file_of_the_path(self):
        self.write("app.log", self.line(1))
        self.begin()
        self.expect(1, 1)
        self.write("app.log.other", self.line(2, 4))
        self.expect(3, 7)


class Killed(Case):
    """kill -9 at random moments, again and again, changes nothing in the end."""

    KILLS = 24
    SQL = """CREATE STREAM s (ts TIMESTAMP(3), k TEXT, v BIGINT, d DOUBLE, WATERMARK FOR ts AS ts - INTERVAL '5' SECOND)
    WITH (connector = 'file', path = 'in.ndjson', format = 'json');
CREATE MATERIALIZED VIEW final AS SELECT window_end, k, count(*) AS n, sum(v) AS total, sum(d) AS sd, min(d) AS lo
    FROM s WINDOW TUMBLING (SIZE 10 SECONDS) GROUP BY k EMIT FINAL;
CREATE MATERIALIZED VIEW hops AS SELECT window_start, window_end, sum(d) AS sd, avg(v) AS av
    FROM s WINDOW HOPPING (SIZE 60 SECONDS, ADVANCE BY 20 SECONDS);
CREATE MATERIALIZED VIEW sessions AS SELECT k, window_start, window_end, count(*) AS n
    FROM s WINDOW SESSION (GAP 2 SECONDS) GROUP BY k;
CREATE MATERIALIZED VIEW counted AS SELECT k, window_no, sum(v) AS total FROM s WINDOW COUNT (SIZE 7 ROWS, ADVANCE BY 3 ROWS) GROUP BY k;
CREATE MATERIALIZED VIEW totals AS SELECT k, sum(v) AS total, count(*) AS n, max(v) AS hi FROM s GROUP BY k;
CREATE MATERIALIZED VIEW above AS SELECT n % 10 AS digit, count(*) AS groups, sum(total) AS total FROM totals GROUP BY n % 10;
CREATE MATERIALIZED VIEW different AS SELECT DISTINCT k FROM s WHERE v % 2 = 0;
CREATE MATERIALIZED VIEW some AS SELECT ts, k, v FROM s WHERE v % 1000 = 7;
"""
    VIEWS = ["final", "hops", "sessions", "counted", "totals", "above", "different", "some"]
    ROWS = 80000

    def generate(self):
        r = random.Random(7)
        with (self.dir / "in.ndjson").open("w") as f:
            at = 1700000000.0
            for i in range(self.ROWS):
                at += r.expovariate(50)
                late = r.choice([0, 0, 0, 1, 3, 9])
                t = time.strftime("%Y-%m-%d %H:%M:%S", time.gmtime(at - late)) + f".{int(at * 1000) % 1000:03}"
                if i % 997 == 5:
                    f.write("broken {\n")
                else:
                    f.write(f'{{"ts":"{t}","k":"k{r.randrange(40)}","v":{r.randrange(-5000, 5000)},"d":{r.uniform(-1e6, 1e6)}}}\n')

    def answer(self, db):
        got = {v: sorted(self.rows(f"SELECT * FROM {v}", db), key=repr) for v in self.VIEWS}
        got["streams"] = self.rows("SELECT name, rows, errors, watermark, ended FROM weir_streams", db)
        got["counters"] = self.rows("SELECT name, rows, late_rows, errors FROM weir_views ORDER BY name", db)
        got["errors"] = self.rows('SELECT stream, "offset", "query", code FROM weir_errors ORDER BY seq', db)
        return got

    def setUp(self):
        super().setUp()
        self.random = random.Random(int(os.environ.get("WEIR_TEST_SEED", "1")))
        self.generate()
        self.write("a.sql", self.SQL)
        self.weir("run", "-d", "whole", "a.sql")
        self.want = self.answer("whole")
        self.assertTrue(all(self.want.values()))

    def kill_after(self, seconds, *args):
        """Whether the program was still running."""
        p = self.start("run", *args)
        time.sleep(seconds)
        was_running = p.poll() is None
        p.kill()
        p.communicate()
        return was_running

    def finish(self, db):
        self.weir("run", "-d", db, "a.sql")
        got = self.answer(db)
        for what in self.want:
            self.assertEqual(got[what], self.want[what], what)
        with sqlite3.connect(self.dir / db) as c:
            self.assertEqual(c.execute("PRAGMA integrity_check").fetchall(), [("ok",)])

    def seconds(self, *args):
        began = time.monotonic()
        self.weir("run", *args)
        return time.monotonic() - began

    def test_kill_and_go_on(self):
        small = ["--set", "batch_rows=16", "--set", "epoch_rows=16", "--set", "synchronous=off"]
        whole = self.seconds("-d", "timed", *small, "a.sql")
        self.assertEqual(self.answer("timed"), self.want)
        start = self.seconds("-d", "timed", *small, "a.sql") # nothing is left to do
        places = set()
        for _ in range(self.KILLS):
            self.kill_after(start / 2 + self.random.uniform(0, start / 2 + 2 * whole / self.KILLS), "-d", "db", *small, "a.sql")
            places.update(self.rows("SELECT rows FROM weir_streams"))
        self.assertGreater(len(places), self.KILLS // 4, "killed at too few places")
        self.finish("db")

    def test_kill_while_views_catch_up(self):
        """Views that come later read from the beginning beside one that is at the end."""
        small = ["--set", "batch_rows=64", "--set", "epoch_rows=64", "--set", "synchronous=off"]
        first, rest = self.SQL.split("CREATE MATERIALIZED VIEW hops")
        self.write("first.sql", first)
        self.weir("run", "-d", "db", "--once", "first.sql")
        for _ in range(self.KILLS // 3):
            self.kill_after(self.random.uniform(0.01, 0.06), "-d", "db", *small, "a.sql")
        self.finish("db")

    def test_kill_at_birth(self):
        for i in range(self.KILLS // 3):
            self.kill_after(self.random.uniform(0, 0.012), "-d", f"db{i}", "a.sql")
            self.finish(f"db{i}")


if __name__ == "__main__":
    WEIR = os.path.abspath(sys.argv.pop(1))
    unittest.main()
