#!/usr/bin/env python3
"""What the interactive shell must do, row by row, in a real terminal: tmux draws it, and what stands on
its screen is looked at or compared with a kept picture (screens/NAME.txt).

    checklist.py PROGRAM [TEST...]        WEIR_KEEP_SCREENS=1 keeps the pictures anew"""
import os, pathlib, re, shutil, stat, subprocess, sys, threading, time, unittest

import run
from run import Case, STREAM

SCREENS = pathlib.Path(__file__).parent / "screens"
PROMPT = r"^weir> ?\n*\Z"
ROWS = "INSERT INTO s VALUES ('a', 1), ('b', 22), (NULL, NULL);"


@unittest.skipUnless(shutil.which("tmux"), "no tmux here")
class Terminal(Case):
    width, height = 80, 24

    def setUp(self):
        super().setUp()
        self.servers = 0

    def tearDown(self):
        if self.servers:
            self.tmux("kill-server", check=False)
        super().tearDown()

    def tmux(self, *args, check=True):
        socket = f"weir-{os.getpid()}-{id(self)}-{self.servers}"
        p = subprocess.run(["tmux", "-L", socket, "-f", "/dev/null", *args], capture_output=True,
                           cwd=self.dir, env={**self.environment(), "TERM": "screen-256color"}, timeout=30)
        if check:
            self.assertEqual(p.returncode, 0, p.stderr.decode())
        return p.stdout.decode(errors="replace")

    def open(self, *args, more=()):
        names = [f"{k}={v}" for k, v in {**self.environment(), "PS1": "$ ", **dict(more)}.items()]
        self.servers += 1  # one that has lost its last session is about to go, and would take the next one with it
        self.tmux("new-session", "-d", "-x", str(self.width), "-y", str(self.height), "env", "-i", *names,
                  "TERM=screen-256color", run.WEIR, *(args or ["db"]))
        self.wait("weir>")

    def screen(self, colours=False):
        return self.tmux("capture-pane", "-p", *(["-e"] if colours else []))

    def wait(self, text, seconds=30, colours=False):
        end = time.monotonic() + seconds
        while True:
            shown = self.screen(colours)
            if re.search(text, shown, re.M):
                return shown
            self.assertLess(time.monotonic(), end, f"no {text!r} in\n{shown}")
            time.sleep(0.03)

    def keys(self, *keys):
        self.tmux("send-keys", *keys)

    def type(self, text, expect=None):
        self.tmux("send-keys", "-l", "--", text[:-1] + "\\;" if text.endswith(";") else text) # tmux ends at a ;
        if expect:
            return self.wait(expect)

    def enter(self, text, expect=None):
        """Without `expect` the prompt is waited for, whatever it asks for."""
        self.type(text)
        self.keys("Enter")
        return self.wait(expect or r"^(weir| *.)> ?\n*\Z")

    def clear(self):
        self.keys("C-l")
        time.sleep(0.1)

    def compare(self, name, text=None):
        """What stands on the screen, without trailing blanks, against the picture kept under that name."""
        shown = "\n".join(l.rstrip() for l in (text or self.screen()).rstrip().split("\n")) + "\n"
        kept = SCREENS / f"{name}.txt"
        if os.environ.get("WEIR_KEEP_SCREENS"):
            kept.write_text(shown)
        self.assertEqual(kept.read_text(), shown)

    def left(self):
        end = time.monotonic() + 10
        while time.monotonic() < end:
            if self.tmux("list-sessions", check=False) == "":
                return True
            time.sleep(0.05)
        return False


class Editing(Terminal):
    def test_emacs_keys(self):
        self.open()
        self.type("ELECT 7 * 6 AS answer;", "answer;")
        self.keys("C-a")
        self.type("S")
        self.keys("Enter")
        self.wait(r"^ *42$")

    def test_history_and_search(self):
        self.open()
        self.enter("SELECT 'first' AS one;", r"^first$")
        self.enter("SELECT 'second' AS two;", r"^second$")
        self.keys("Up", "Up")
        self.wait(r"weir> SELECT 'first' AS one;$")
        self.keys("C-e", "C-u")
        self.keys("C-r")
        self.type("second")
        self.wait("second.*AS two")
        self.keys("Enter")
        self.type(".quit")
        self.keys("Enter")
        self.assertTrue(self.left())
        history = self.dir / ".weir_history"
        self.assertEqual(stat.S_IMODE(history.stat().st_mode), 0o600)
        self.assertIn("first", history.read_text())

    def test_multi_line_statements(self):
        self.open()
        self.enter("SELECT (1", r"^ *\(> *$")
        self.enter(") + 41", r"^ *;> *$")
        self.enter("AS answer;", r"^ *42$")
        self.compare("multi_line")

    def test_prompt_says_what_it_waits_for(self):
        self.open()
        self.enter("SELECT 'it", r"^ *'> *$")
        self.enter("is', \"a", r'^ *"> *$')
        self.enter("b\" FROM (SELECT 1 AS \"a\nb\" /* so", r"^ *\*> *$")
        self.enter("far */", r"^ *\(> *$")
        self.keys("C-c")
        self.wait(PROMPT)

    def test_utf8_of_double_width(self):
        self.open()
        self.enter("SELECT 'größe' AS a, '日本語' AS b, 'x' AS c UNION ALL SELECT 'm', 'n', 'o';", r"^m ")
        self.compare("double_width")

    def test_pasted_lines_and_tabs_are_text(self):
        self.open()
        self.write("paste.txt", "SELECT 'a\tb'\n    AS tab,\n    41 + 1 AS answer;\n")
        self.tmux("load-buffer", "paste.txt")
        self.tmux("paste-buffer", "-p")
        self.wait(r"a\\tb +42")

    def test_paste_of_10000_lines(self):
        self.open()
        self.enter("CREATE STREAM s (k TEXT, v BIGINT);")
        self.enter("CREATE MATERIALIZED VIEW m AS SELECT count(*) AS n, sum(v) AS total FROM s;")
        rows = [f"('k{i}', {i})" for i in range(9998)]
        self.write("paste.txt", "INSERT INTO s VALUES\n" + ",\n".join(rows) + ";\n")
        self.tmux("load-buffer", "paste.txt")
        self.tmux("paste-buffer", "-p")
        self.wait(r"'k9997', 9997\);", 120)
        self.wait(PROMPT, 60)
        self.enter("SELECT 'n' || n || ',' || total AS all_of_them FROM m;")
        self.wait(r"n9998,49975003", 60)

    def test_completion(self):
        self.open()
        self.enter("CREATE STREAM bids_of_today (auction BIGINT, auction_price BIGINT, bidder TEXT);")
        self.type("SELECT * FROM bids_o")
        self.keys("Tab")
        self.wait(r"FROM bids_of_today")
        self.keys("C-a", "C-k")
        self.type("SELECT b.bidd")
        self.keys("C-a", "C-k") # an alias that is not typed yet has no columns
        self.enter("SELECT *", r";> ?$")
        self.type("FROM bids_of_today AS b WHERE b.bi")
        self.keys("Tab")
        self.wait(r"b\.bidder")
        self.keys("C-c")
        self.type(".nullv")
        self.keys("Tab")
        self.wait(r"\.nullvalue")
        self.keys("C-a", "C-k")
        self.write("statements.sql", "SELECT 'from a file' AS a;\n")
        self.type(".read statem")
        self.keys("Tab")
        self.wait(r"\.read statements\.sql")
        self.keys("Enter")
        self.wait("^from a file")
        self.type("SET batch_r")
        self.keys("Tab")
        self.wait("SET batch_rows")


class Statements(Terminal):
    def test_control_c_cancels_and_control_d_leaves(self):
        self.open()
        self.type("SELECT 1 +", r"1 \+")
        self.keys("C-c")
        self.enter("SELECT 7 * 6 AS a;", r"^ *42$")
        self.wait(PROMPT)
        self.keys("C-d")
        self.assertTrue(self.left())

    def test_push_query_stops_at_control_c_with_its_count(self):
        self.write("in.ndjson", '{"k":"a","v":1234}\n{"k":"b","v":5678}\n')
        self.open()
        self.enter("CREATE STREAM s (k TEXT, v BIGINT) WITH (connector = 'file', path = 'in.ndjson', format = 'json', follow = true);")
        self.enter(".mode csv")
        self.enter("SELECT v FROM s;", "^5678")
        self.keys("C-c")
        self.wait(r"\(2 rows\)")

    def test_push_query_shows_changes_and_limit_stops(self):
        self.write("in.ndjson", '{"k":"a","v":1}\n{"k":"b","v":2}\n')
        self.open()
        self.enter("CREATE STREAM s (k TEXT, v BIGINT) WITH (connector = 'file', path = 'in.ndjson', format = 'json', follow = true);")
        self.enter("SELECT k, sum(v) AS total FROM s GROUP BY k;", r"^\+  b")
        with open(self.dir / "in.ndjson", "a") as f:
            f.write('{"k":"a","v":10}\n')
        self.wait(r"^-  a +1$")
        self.wait(r"^\+  a +11$")
        self.keys("C-c")
        self.enter("SELECT v FROM s LIMIT 2;", PROMPT)


class Errors(Terminal):
    def test_caret_under_the_span_and_hint(self):
        self.open()
        for line in STREAM.strip().split("\n"):
            self.enter(line)
        self.clear()
        shown = self.enter("SELECT k, vv FROM m;", "WEIR_E_NAME")
        self.assertRegex(shown, r"(?m)^  SELECT k, vv FROM m;\n            \^\^$")
        self.enter("SELECT 8 AS still;", r"^ *8$")

    def test_scripts_stop_at_the_first_unless_bail_is_off(self):
        self.write("a.sql", "SELECT 1 AS a;\nSELECT\n  nope;\nSELECT 2 AS b;\n")
        err = self.err("-c", ".read a.sql", code=1)
        self.assertIn("a.sql:3:3: WEIR_E_NAME", err)
        self.assertNotIn("b", self.out("-c", ".read a.sql", code=1))
        self.assertIn("b", self.out("-c", ".bail off\n.read a.sql", code=1))


class Modes(Terminal):
    def show(self, *before):
        self.open()
        for line in [*STREAM.strip().split("\n"), ROWS, *before]:
            self.enter(line)
        self.clear()
        self.enter("SELECT k, v FROM m ORDER BY v;")
        return self.screen()

    def test_modes(self):
        self.open()
        for line in [*STREAM.strip().split("\n"), ROWS]:
            self.enter(line)
        out = ""
        for mode in ["table", "box", "csv", "tsv", "json", "jsonl", "markdown", "line", "list", "insert t"]:
            self.enter(f".once {mode.split()[0]}.txt")
            self.enter(f".mode {mode}")
            self.enter("SELECT k, v FROM m ORDER BY v;")
            self.enter(f"SELECT '{mode} done' AS x;", f"{mode} done")
            self.clear()
            shown = self.dir / f"{mode.split()[0]}.txt"
            self.enter(".mode table")
            out += f"-- {mode}\n{shown.read_text()}"
        self.compare("modes", out)

    def test_null_value(self):
        self.assertRegex(self.show(".nullvalue NIL"), r"(?m)^NIL +NIL$")

    def test_wide_values_are_cut_to_the_terminal_unless_wrapped(self):
        self.open()
        query = "SELECT 1 AS n, repeat('abcdefghij', 12) AS wide, 'end' AS last;"
        self.enter(query, r"…")
        self.compare("cut")
        self.enter(".wrap on")
        self.clear()
        self.enter(query, r"end")
        self.compare("wrapped")
        self.enter(".wrap off")
        self.enter(".width 0 12")
        self.clear()
        self.enter(query, r"abcdefghija…")

    def test_resize(self):
        self.open()
        self.enter("SELECT repeat('abcdefghij', 12) AS wide;", r"^abcdefghij.{69}…|^(abcdefghij)+.*…")
        self.tmux("resize-window", "-x", "40", "-y", "12")
        time.sleep(0.2)
        self.clear()
        self.enter("SELECT repeat('0123456789', 12) AS w;")
        self.wait(r"^0123456789012345678901234567890123456[78]?9?…$|^[0-9]{39}…$")

    def test_control_characters_are_shown_escaped(self):
        self.open()
        self.enter(r"SELECT chr(27) || '[31mred' AS x;", r"^\\x1b\[31mred$")

    def test_output_and_once(self):
        self.open()
        self.enter(".once rows.csv")
        self.enter(".mode csv")
        self.enter("SELECT 1 AS a;")
        self.enter("SELECT 2 AS b;", "^2")
        self.assertEqual((self.dir / "rows.csv").read_text(), "a\n1\n")
        self.enter(".output all.csv")
        self.enter("SELECT 3 AS c;")
        self.enter("SELECT 4 AS d;")
        self.enter(".output")
        self.enter("SELECT 'back' AS e;", "^back")
        self.assertEqual((self.dir / "all.csv").read_text(), "c\n3\nd\n4\n")

    def test_pager(self):
        self.write("pager", "#!/bin/sh\nsed 's/^/paged /' > paged.txt\n")
        os.chmod(self.dir / "pager", 0o700)
        self.open(more={"WEIR_PAGER": "./pager"}.items())
        self.enter("CREATE STREAM n (v BIGINT);")
        self.enter("CREATE MATERIALIZED VIEW m AS SELECT v FROM n;")
        self.enter("INSERT INTO n VALUES " + ", ".join(f"({i})" for i in range(60)) + ";")
        self.enter("SELECT v FROM m;")
        self.wait_for("paged rows", lambda: (self.dir / "paged.txt").exists() and "59" in (self.dir / "paged.txt").read_text())
        self.enter(".pager off")
        self.enter("SELECT v FROM m ORDER BY v;", r"^59$")

    def test_colours_and_no_color(self):
        self.open()
        self.enter("SELECT 1 AS a;")
        self.wait("\x1b\\[1m", colours=True)
        self.type(".quit")
        self.keys("Enter")
        self.assertTrue(self.left())
        self.open(more={"NO_COLOR": "1"}.items())
        self.enter("SELECT 1 AS a;", r"^1$")
        self.assertNotIn("\x1b[1m", self.screen(colours=True))


class Watch(Terminal):
    def test_redraws_in_place_and_q_leaves(self):
        self.write("in.ndjson", '{"k":"a","v":1}\n{"k":"b","v":2}\n')
        self.open()
        self.enter("CREATE STREAM s (k TEXT, v BIGINT) WITH (connector = 'file', path = 'in.ndjson', format = 'json', follow = true);")
        self.enter("CREATE MATERIALIZED VIEW m AS SELECT k, sum(v) AS total FROM s GROUP BY k;")
        self.enter(".watch m 0.2", r"^b +2$")
        with open(self.dir / "in.ndjson", "a") as f:
            f.write('{"k":"b","v":40}\n')
        shown = self.wait(r"^b +42$")
        self.assertIn("q leaves", shown)
        self.assertRegex(shown, r"(?m)^total .*█ 43$")
        self.tmux("resize-window", "-x", "60", "-y", "15")
        self.wait(r"^b +42$")
        self.keys("q")
        self.wait(PROMPT)
        self.assertNotIn("q leaves", self.screen())

    def test_changed_rows_stand_out(self):
        self.write("in.ndjson", '{"k":"a","v":1}\n{"k":"b","v":2}\n')
        self.open()
        self.enter("CREATE STREAM s (k TEXT, v BIGINT) WITH (connector = 'file', path = 'in.ndjson', format = 'json', follow = true);")
        self.enter("CREATE MATERIALIZED VIEW m AS SELECT k, sum(v) AS total FROM s GROUP BY k;")
        self.enter(".watch m 2", r"^b +2$")
        with open(self.dir / "in.ndjson", "a") as f:
            f.write('{"k":"b","v":40}\n')
        self.wait("\x1b\\[1m\x1b\\[32mb +42", colours=True)
        self.keys("q")
        self.wait(PROMPT)


class DotCommands(Terminal):
    def test_streams_views_jobs_errors(self):
        self.write("in.ndjson", '{"k":"a","v":1}\nnot json\n')
        self.open()
        self.enter("CREATE STREAM s (k TEXT, v BIGINT) WITH (connector = 'file', path = 'in.ndjson', format = 'json', follow = true);")
        self.enter("CREATE MATERIALIZED VIEW m AS SELECT k, v FROM s;")
        self.enter(".streams", r"^s ")
        self.enter(".views", r"^m ")
        self.enter(".jobs", r"^m ")
        self.enter(".errors s", "not json")
        self.enter(".explain m", "Materialized View")
        self.enter("\\d m", r"^v +BIGINT")
        self.enter("\\dv", r"^m ")
        self.enter("\\x")
        self.enter("SELECT k, v FROM m;", "^k = a")
        self.enter("\\x")
        self.enter("SELECT k, v FROM m;", "^a +1")
        self.enter("\\timing")
        self.enter("SELECT 1 AS a;", "Run time")

    COMMANDS = (".help .open .read .tables .schema .streams .views .jobs .errors .mode .headers .nullvalue .timer .width .output "
                ".once .import .export .watch .explain .set .show .shell .backup .quit")

    def test_every_command_is_there(self):
        listed = {line.split()[0] for line in self.out(text=".help\n").splitlines() if line.startswith(".")}
        self.assertEqual(set(self.COMMANDS.split()) - listed, set())

    def test_read_headers_timer_backup_quit(self):
        self.write("in.ndjson", '{"k":"a","v":1}\n{"k":"b","v":2}\n')
        self.write("more.sql", "CREATE STREAM s (k TEXT, v BIGINT) WITH (connector = 'file', path = 'in.ndjson', format = 'json');\n"
                               "CREATE MATERIALIZED VIEW m AS SELECT k, v FROM s;\n")
        self.open()
        self.enter(".read more.sql")
        self.enter(".tables", r"^m +materialized")
        self.enter(".schema m", "^CREATE MATERIALIZED VIEW m AS SELECT k, v FROM s;")
        self.enter(".timer on")
        self.enter("SELECT count(*) AS n FROM m;", r"^Run time: [\d.]+ s, 2 rows taken in, \d+/s$")
        self.clear()
        self.enter("SELECT count(*) AS n FROM m;", r"^Run time: [\d.]+ s$")
        self.enter("\\timing")
        self.clear()
        self.enter(".headers off")
        self.enter("SELECT v AS heading FROM m ORDER BY v;", r"^ *2$")
        self.assertEqual(self.screen().count("heading"), 1)
        self.enter(".backup copy")
        self.type(".quit")
        self.keys("Enter")
        self.assertTrue(self.left())
        self.assertEqual(self.rows("SELECT count(*) FROM m", "copy"), [(2,)])

    def test_psql_hands(self):
        self.open()
        for line in STREAM.strip().split("\n"):
            self.enter(line)
        self.enter("\\d", r"^(m|s) ")
        self.enter("\\d s", r"^v +BIGINT")
        self.enter("\\timing")
        self.enter("SELECT 1 AS a;", "Run time")
        self.enter("\\x")
        self.enter("SELECT 7 AS a;", "^a = 7")
        self.type("\\q")
        self.keys("Enter")
        self.assertTrue(self.left())

    def test_open_set_show_shell(self):
        self.open()
        self.enter(".open other", PROMPT)
        self.enter(".show", "database: other")
        self.enter(".set batch_rows 77")
        self.enter(".set batch_rows", "77")
        self.enter(".shell echo from the shell", "^from the shell")
        self.enter("\\! echo again", "^again")
        self.enter(".open /nowhere/at/all", "WEIR_E_")
        self.enter(".show", "database: other")

    def test_import_and_export(self):
        self.write("rows.csv", 'k,v\n"a, with\na break",1\nb,2,too many\nc,3\n')
        self.open()
        for line in STREAM.strip().split("\n"):
            self.enter(line)
        self.enter(".import --skip 1 rows.csv s", "2 rows into")
        self.wait(r"1 refused")
        for name in ["out.csv", "out.json", "out.sql", "out.md"]:
            self.enter(f".export {name} m")
        self.enter(".export two.csv SELECT v FROM m ORDER BY v DESC")
        self.enter("SELECT 'exported' AS x;", "^exported")
        self.assertEqual((self.dir / "out.csv").read_text(), 'k,v\n"a, with\na break",1\nc,3\n')
        self.assertIn("INSERT INTO \"m\" (\"k\", \"v\") VALUES ('c', 3);", (self.dir / "out.sql").read_text())
        self.assertEqual((self.dir / "two.csv").read_text(), "v\n3\n1\n")

    def test_chart(self):
        self.open()
        for line in [*STREAM.strip().split("\n"), ROWS]:
            self.enter(line)
        self.enter(".nullvalue -")
        self.clear()
        self.enter(".chart m k v", r"█ 22")
        self.compare("chart")

    def test_rc_file(self):
        (self.dir / ".config/weir").mkdir(parents=True)
        self.write(".config/weir/weirrc", ".mode csv\n.nullvalue NIL\nSET batch_rows = 99;\n")
        self.open()
        self.enter("SELECT NULL AS a, 1 AS b;", "^,1$")
        self.enter("SHOW batch_rows;", "99")

    # ---- a shell on a running engine -------------------------------------------------------------------

    def own(self):
        self.write("in.ndjson", '{"k":"a","v":1}\n')
        self.write("a.sql", "CREATE STREAM f (k TEXT, v BIGINT) WITH (connector = 'file', path = 'in.ndjson', format = 'json', "
                            "follow = true);\nCREATE MATERIALIZED VIEW g AS SELECT k, sum(v) AS total FROM f GROUP BY k;\n" + STREAM)
        p = self.start("run", "-q", "-d", "db", "a.sql")
        self.wait_for("socket", lambda: (self.dir / "db-weir").exists())
        return p

    def append(self, k, v):
        with open(self.dir / "in.ndjson", "a") as f:
            f.write(f'{{"k":"{k}","v":{v}}}\n')

    def test_client(self):
        owner = self.own()
        self.open()
        self.wait(f"the engine is process {owner.pid}")
        self.enter("INSERT INTO s VALUES ('x', 7);")
        self.enter("SELECT v FROM m;", r"^7$")
        self.enter("SELECT nosuch FROM m;", r"\^")
        self.enter("SUBSCRIBE TO g WITH SNAPSHOT;", r"^\+ +\d+  a +1$")
        self.append("a", 4)
        self.wait(r"^\+ +\d+  a +5$")
        self.keys("C-c")
        self.wait(PROMPT)
        self.assertIsNone(owner.poll())
        self.enter("SELECT total FROM g;", r"^ +5$")

    def test_import_shows_how_far_it_is(self):
        self.own()
        self.open()
        self.enter("CREATE STREAM much (k TEXT, v BIGINT);")
        self.enter("CREATE MATERIALIZED VIEW slow AS SELECT max(md5(repeat(k, 20000))) AS x FROM much;") # seconds anywhere
        self.write("big.ndjson", "".join(f'{{"k":"k{i}","v":{i}}}\n' for i in range(30000)))
        self.type(".import big.ndjson much")
        self.keys("Enter")
        self.wait(r"█.* \d+ %  \d+ rows  \d+/s  \d+:\d\d left")
        self.wait(r"^30000 rows into", 120)

    BAR = r"^{}  [█░]+ +\d+ %  \d+ rows  \d+/s  \d+:\d\d left"

    def type_enter(self, text):
        self.type(text)
        self.keys("Enter")

    def read_slowly(self, path):
        with open(path, "rb") as f:
            while f.read(4096):
                time.sleep(0.01)

    def test_long_work_shows_how_far_it_is(self):
        """COPY both ways, a new view over what a file held, and verify; and nothing of it stays."""
        self.write("w.csv", "k,v\n" + "".join(f"k{i % 1000},{i}\n" for i in range(60000)))
        self.write("w.sql", "CREATE STREAM f (k TEXT, v BIGINT) WITH (connector = 'file', path = 'w.csv', format = 'csv');\n"
                            "CREATE MATERIALIZED VIEW g AS SELECT k, v FROM f;\n"
                            "CREATE TABLE t (k TEXT, v BIGINT PRIMARY KEY, slow TEXT AS (md5(repeat(k, 3000))));\n")
        self.weir("run", "-q", "-d", "db", "w.sql")
        self.open()
        self.type_enter("COPY t FROM 'w.csv';")
        self.wait(self.BAR.format("w.csv"))
        self.wait(PROMPT, 120)
        os.mkfifo(self.dir / "out")
        reader = threading.Thread(target=self.read_slowly, args=[self.dir / "out"])
        reader.start()
        self.type_enter("COPY g TO 'out' (format = csv);")
        self.wait(self.BAR.format("out"))
        reader.join()
        self.wait(PROMPT, 120)
        self.type_enter("CREATE MATERIALIZED VIEW slow AS SELECT md5(repeat(k, 3000)) AS x FROM f; SELECT count(*) FROM slow;")
        self.wait(self.BAR.format("slow"))
        self.wait(r"^ *60000$", 120)
        self.type_enter(f".shell {run.WEIR} verify db")
        self.wait(self.BAR.format("slow"))
        self.assertNotIn("█", self.wait("^slow: ok, 60000 rows", 120))

    def test_client_watch(self):
        self.own()
        self.open()
        self.type(".watch g 0.1")
        self.keys("Enter")
        self.wait(r"^a +1$")
        self.append("a", 41)
        self.wait(r"^a +42$")
        self.keys("q")
        self.wait(PROMPT)

    def test_client_beside_a_shell_at_its_prompt(self):
        self.open()
        self.enter(STREAM.strip().replace("\n", " "))
        self.assertEqual(self.out("db", "--mode", "csv", "-c", "INSERT INTO s VALUES ('other', 3); SELECT k FROM m"), "k\nother\n")
        self.enter("SELECT v FROM m;", r"^ *3$")
        self.enter("BEGIN;")
        p = self.start("db", "-c", "INSERT INTO s VALUES ('waits', 4)")
        time.sleep(0.3)
        self.assertIsNone(p.poll())
        self.enter("COMMIT;")
        p.wait(20)
        self.enter("SELECT v FROM m WHERE k = 'waits';", r"^ *4$")

    def test_client_whose_owner_stops(self):
        owner = self.own()
        self.open()
        owner.kill()
        owner.wait(10)
        self.enter("INSERT INTO s VALUES ('x', 7);", "the engine has stopped; reconnect with .open db")
        self.enter(".open db")
        self.enter("INSERT INTO s VALUES ('y', 8);")
        self.enter("SELECT k, v FROM m;", r"^y +8$")


if __name__ == "__main__":
    run.WEIR = os.path.abspath(sys.argv.pop(1))
    unittest.main(verbosity=1)
