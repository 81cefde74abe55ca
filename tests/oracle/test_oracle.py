"""The oracle itself, against results worked out by hand. Run: python3 -m unittest oracle.test_oracle"""
import random
import sqlite3
import unittest
from dataclasses import replace
from unittest import mock

from . import case as cases
from . import shrink, streams, views, windows
from .aggregates import half_away, nearest, register
from .engine import Outcome, dumps_of
from .sqltypes import BIGINT, decimal, in_view, time_text, timestamp
from .windows import Window
from fractions import Fraction


def pairs(w, rows, columns="window_start, window_end", keys=("k",), tick=1, where="NOT late"):
    """(bounds, sum of t) of each window over rows (k, t, j)."""
    db = sqlite3.connect(":memory:")
    register(db)
    db.execute("CREATE TABLE series(i INTEGER PRIMARY KEY)")
    db.executemany("INSERT INTO series VALUES (?)", ((i,) for i in range(100)))
    db.execute("CREATE TABLE rows(k, _t, _j, _n)")
    db.executemany("INSERT INTO rows VALUES (?, ?, ?, ?)", [(*r, n) for n, r in enumerate(rows, 1)])
    sql = windows.PAIRS[w.kind](w, "SELECT rowid AS _r, * FROM rows", list(keys), tick)
    by = ", ".join([*keys, columns] if columns else keys) or "NULL"
    shown = ", ".join([*keys, columns] if columns else keys)
    return db.execute(f"SELECT {shown}, GROUP_CONCAT(_n) FROM (SELECT * FROM ({sql}) ORDER BY _n) WHERE {where}"
                      f" GROUP BY {by} ORDER BY 1, 2, GROUP_CONCAT(_n)").fetchall()


class Windows(unittest.TestCase):
    def test_tumbling_goes_by_floor_before_1970(self):
        rows = [("a", -1, None), ("a", 0, None), ("a", -10, None), ("a", -11, None)]
        self.assertEqual(pairs(Window("tumbling", 10), rows),
                         [("a", -20, -10, "4"), ("a", -10, 0, "1,3"), ("a", 0, 10, "2")])

    def test_tumbling_with_an_offset(self):
        self.assertEqual(pairs(Window("tumbling", 10, offset=23), [("a", 2, None), ("a", 3, None)]),
                         [("a", -7, 3, "1"), ("a", 3, 13, "2")])

    def test_a_row_is_late_one_tick_before_the_end(self):
        rows = [("a", 0, 8), ("a", 0, 9), ("a", 0, 10)]
        self.assertEqual(pairs(Window("tumbling", 10), rows), [("a", 0, 10, "1")])
        self.assertEqual(pairs(Window("tumbling", 10, grace=1), rows), [("a", 0, 10, "1,2")])
        self.assertEqual(pairs(Window("tumbling", 10), rows, tick=2), [])

    def test_hopping_need_not_divide(self):
        self.assertEqual(pairs(Window("hopping", 10, 4), [("a", 9, None)]),
                         [("a", 0, 10, "1"), ("a", 4, 14, "1"), ("a", 8, 18, "1")])

    def test_hopping_leaves_gaps(self):
        self.assertEqual(pairs(Window("hopping", 3, 10), [("a", 2, None), ("a", 3, None), ("a", -8, None)]),
                         [("a", -10, -7, "3"), ("a", 0, 3, "1")])

    def test_a_row_late_for_some_counts_in_the_others(self):
        self.assertEqual(pairs(Window("hopping", 10, 5), [("a", 7, 9)]), [("a", 5, 15, "1")])

    def test_cumulating(self):
        self.assertEqual(pairs(Window("cumulating", 30, 10), [("a", 5, None), ("a", 15, None)]),
                         [("a", 0, 10, "1"), ("a", 0, 20, "1,2"), ("a", 0, 30, "1,2")])

    def test_sessions_chain_by_at_most_the_gap(self):
        rows = [("a", 0, None), ("b", 5, None), ("a", 20, None), ("a", 10, None), ("a", 31, None)]
        self.assertEqual(pairs(Window("session", 10), rows),
                         [("a", 0, 30, "1,3,4"), ("a", 31, 41, "5"), ("b", 5, 15, "2")])

    def test_a_session_takes_no_row_behind_the_watermark(self):
        rows = [("a", 0, None), ("a", 5, 5), ("a", 6, 5)]
        self.assertEqual(pairs(Window("session", 10), rows), [("a", 0, 16, "1,3")])
        self.assertEqual(pairs(Window("session", 10, grace=1), rows), [("a", 0, 16, "1,2,3")])

    def test_sliding_has_a_window_for_each_time_of_the_group(self):
        rows = [("a", 0, None), ("a", 9, None), ("a", 10, None), ("b", 3, None)]
        self.assertEqual(pairs(Window("sliding", 10), rows),
                         [("a", -9, 1, "1"), ("a", 0, 10, "1,2"), ("a", 1, 11, "2,3"), ("b", -6, 4, "4")])

    def test_a_late_row_slides_into_later_windows_only(self):
        rows = [("a", 0, None), ("a", 8, None), ("a", 3, 4)]  # no window ends at 3, the row counts at 8
        self.assertEqual(pairs(Window("sliding", 10), rows), [("a", -9, 1, "1"), ("a", -1, 9, "1,2,3")])
        rows[2] = ("a", 3, 8)                                 # late for the window at 8 too
        self.assertEqual(pairs(Window("sliding", 10), rows), [("a", -9, 1, "1"), ("a", -1, 9, "1,2")])

    def test_count_windows_number_and_overlap(self):
        rows = [("a", t, None) for t in range(7)]
        got = pairs(Window("count", 3, 2), rows, columns="window_no, closed", where="1")
        self.assertEqual(got, [("a", 1, 1, "1,2,3"), ("a", 2, 1, "3,4,5"), ("a", 3, 1, "5,6,7"), ("a", 4, 0, "7")])

    def test_count_windows_that_advance_past_their_size(self):
        rows = [("a", t, None) for t in range(5)]
        got = pairs(Window("count", 2, 4), rows, columns="window_no, closed", where="1")
        self.assertEqual(got, [("a", 1, 1, "1,2"), ("a", 2, 0, "5")])

    def test_global_shows_the_last_multiple(self):
        rows = [("a", 0, None), ("b", 0, None), ("a", 0, None), ("a", 0, None)]
        self.assertEqual(pairs(Window("global", 2), rows, columns=""), [("a", "1,3")])


class Values(unittest.TestCase):
    def test_sums_are_exact_and_rounded_once(self):
        self.assertEqual(nearest(sum(map(Fraction, [1e16, 1.0, 1.0, -1e16]), Fraction(0))), 2.0)
        self.assertEqual(nearest(Fraction(2**1024)), float("inf"))
        self.assertEqual(nearest(-Fraction(2**1024)), float("-inf"))

    def test_decimals_round_half_away_from_zero(self):
        self.assertEqual([half_away(Fraction(n, 2)) for n in (-3, -1, 1, 3, 4)], [-2, -1, 1, 2, 2])

    def test_values_stand_in_views_as_the_dialect_says(self):
        self.assertEqual(in_view(-1, timestamp(3)), "1969-12-31 23:59:59.999")
        self.assertEqual(in_view(-1, timestamp(0)), "1969-12-31 23:59:59")
        self.assertEqual(in_view(150, decimal(10, 2)), 1.5)
        self.assertEqual(in_view(-5, decimal(38, 2)), "-0.05")
        self.assertEqual(time_text(0, 6), "1970-01-01 00:00:00.000000")

    def test_rows_are_written_as_the_driver_writes_them(self):
        self.assertEqual(cases.row_text([None, 1, 0.1, 3.0, -0.0, 'a"\\\n']),
                         '[null,1,0.10000000000000001,3,0,"a\\"\\\\\\u000a"]')


class Streams(unittest.TestCase):
    def test_judgement_is_the_watermark_of_the_rows_before(self):
        s = streams.Stream("s", [("ts", timestamp(6))], 5, 1)
        lines = [streams.Record("", (t,)) for t in (10, 30, 20)]
        lines.insert(1, streams.Record("bad"))
        self.assertEqual([j for j, _ in streams.judged(s, lines)], [None, 5, 25])
        self.assertEqual(streams.watermark(streams.judged(s, lines), s), 25)
        self.assertIsNone(streams.watermark([], s))

    def test_the_same_seed_gives_the_same_case(self):
        self.assertEqual(cases.script(cases.generate(77)), cases.script(cases.generate(77)))


def tumbling_case():
    s = streams.Stream("s", [("b", BIGINT), ("ts", timestamp(6))], 0, 1_000_000)
    src = views.of_stream(s)
    w = Window("tumbling", 10)
    own = [("window_start", "window_start", timestamp(6))]
    relations = [src]
    for name, final in (("changes", False), ("final", True)):
        rows = "SELECT rowid AS _r, * FROM s"
        sql = views.group_pairs(w, windows.fixed(w, rows, [], 1), [], own, [], "", final, src)
        relations.append(views.Relation(name, [("window_start", timestamp(6))], sql=sql, parents=(src,),
                                        late_sql=views.late_count(w, rows, windows.fixed(w, rows, [], 1), src)))
    steps = []
    for t in (1, 9, 12, 3):
        steps += [("push", "s", streams.Record(f"row {t}", (0, t))), ("commit",)]
    return cases.Case(0, [s], relations, steps)


class Cases(unittest.TestCase):
    def test_what_a_view_holds_follows_the_accepted_rows(self):
        first, second = '["1970-01-01 00:00:00.000000"]', '["1970-01-01 00:00:00.000010"]'
        self.assertEqual(cases.expected(tumbling_case()), [
            ("changes", [first]), ("final", []),
            ("changes", [first]), ("final", [first]),
            ("changes", [first, second]), ("final", [first]),
            ("changes", [first, second]), ("final", [first])])
        self.assertEqual(cases.expected_counters(tumbling_case()), {"changes": (1, 0), "final": (1, 0)})

    def test_the_drivers_output_is_read(self):
        self.assertEqual(dumps_of("refused x\n@dump\n[1]\n.\n@dump\n.\n"), [["[1]"], []])

    def test_a_failing_case_becomes_small(self):
        case = replace(cases.generate(4242, size=40), epoch_rows=0, late=None)
        rows = [s for s in case.steps if s[0] == "push" and s[2].values]
        bad = [rows[5][2], rows[30][2]]

        def fake(program, c):
            there = [s[2] for s in c.steps if s[0] == "push"]
            return Outcome("differs", "rows") if all(b in there for b in bad) else Outcome("same")

        with mock.patch.object(shrink, "try_case", fake):
            small = shrink.shrink("", case, Outcome("differs", "rows"))
        self.assertLessEqual(len(small.steps), 4)
        self.assertTrue(all(b in [s[2] for s in small.steps if s[0] == "push"] for b in bad))
        text = shrink.regression(small, Outcome("differs", "rows"))
        self.assertIn(bad[0].line, text)

    def test_random_cases_can_be_computed(self):
        for seed in random.Random(1).sample(range(10**6), 60):
            case = cases.generate(seed)
            self.assertEqual(len(cases.expected(case)), cases.script(case).count("echo @dump"))
            self.assertEqual(cases.expected(replace(case)), cases.expected(case))
            cases.expected_counters(case)


if __name__ == "__main__":
    unittest.main()
