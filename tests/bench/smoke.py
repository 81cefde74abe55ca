#!/usr/bin/env python3
"""Every load of weir bench runs, over few events, and says what it should. Usage: smoke.py WEIR"""
import json
import subprocess
import sys
import tempfile

EVENTS = 3000
BIDS = EVENTS * 46 // 50
# rows in and out that are known beforehand: of q0 every bid, of a hop of five slides each row's windows
KNOWN = {"q0": (BIDS, BIDS), "q2": (BIDS, None), "q3": (EVENTS * 4 // 50, None), "q9": (EVENTS * 49 // 50, None), "keys-1m": (EVENTS, None),
         "ndjson": (BIDS, 0), "csv-2": (BIDS, 0), "file-q0": (BIDS, BIDS), "file-q2": (BIDS, None), "pipe-q12": (BIDS, None), "sink-q0": (BIDS, BIDS)}
SAME = [("file-q12", "file-q12-csv"), ("file-q12", "pipe-q12"), ("file-q7", "pipe-q7"), ("views-1", "file-q12"), ("sink-q12b", "file-q12b"), ("sink-q18", "file-q18"), ("sink-q20", "file-q20")]


def bench(weir, *args):
    out = subprocess.run([weir, "bench", "--json", "--events", str(EVENTS), "--runs", "1", *args], capture_output=True, text=True)
    assert out.returncode == 0, f"{args}: {out.stderr}"
    return {o["load"]: o for o in map(json.loads, out.stdout.splitlines())}


def main():
    weir = sys.argv[1]
    listed = subprocess.run([weir, "bench", "--list", "--json"], check=True, capture_output=True, text=True).stdout
    names = {json.loads(line)["load"] for line in listed.splitlines()}
    with tempfile.TemporaryDirectory() as folder:
        got = bench(weir, folder)
        assert set(got) == names, f"{names ^ set(got)} did not run"
        for name, (rows_in, rows_out) in KNOWN.items():
            assert got[name]["rows_in"] == rows_in, f"{name}: {got[name]}"
            assert rows_out in (None, got[name]["rows_out"]), f"{name}: {got[name]}"
        for one, other in SAME:
            assert got[one]["rows_out"] == got[other]["rows_out"], f"{one} and {other} differ: {got[one]} {got[other]}"
        assert got["views-10"]["rows_out"] == 10 * got["views-1"]["rows_out"], got["views-10"]
        again = bench(weir, "--query", "q1*,keys-1*", folder)
        for name, o in again.items():
            assert o["hash"] == got[name]["hash"], f"{name} gives other rows the second time"
        own = bench(weir, "-c", "SELECT auction, price FROM bid WHERE MOD(auction, 123) = 0", folder)["own"]
        assert own["hash"] == got["q2"]["hash"], own
    wrong = subprocess.run([weir, "bench", "--query", "nothing"], capture_output=True, text=True)
    assert wrong.returncode == 1 and "bench --list" in wrong.stderr, wrong


if __name__ == "__main__":
    main()
