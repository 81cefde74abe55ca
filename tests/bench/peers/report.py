#!/usr/bin/env python3
"""Makes the pictures and the tables of docs/performance from what run.py --json has written.

Usage: report.py FIGURES.json FOLDER

FOLDER/README.md keeps what stands outside of its two marks; FOLDER/figures.json becomes a copy."""
import json
import os
import sys

from between import BETWEEN, CLOCK
from plot import bars, lines
from rows import SWEEPS

BEGIN, END = "<!-- made by report.py -->", "<!-- end -->"


def amount(v):
    return f"{v:,.0f}" if abs(v) >= 100 else f"{v:.3g}"


def rate(s):
    return f"{s['rows_per_second'] / 1e6:.2f} ±{100 * s['spread']:.0f} %" if s and s["rows_per_second"] else ""


def mark(r):
    return "aim" if r["meets_aim"] else "yes" if r["meets_floor"] else "**no**"


def tables(d):
    part = None
    for r in d["rows"]:
        if r["part"] != part:
            part = r["part"]
            yield f"\n### {part}\n\n| | weir, M rows/s | beside it | figure | floor | aim | met |\n|---|---|---|---|---|---|---|"
        unit = f" {r['unit']}" if r["unit"] else ""
        sign = "" if r["more"] else "≤ "
        yield (f"| {r['name']} | {rate(r['weir'])} | {rate(r['peer'])} | {amount(r['value'])}{unit} | {sign}{amount(r['floor'])} | "
               f"{sign}{amount(r['aim'])} | {mark(r)} |")


def below(d):
    rows = [r for r in d["rows"] if not r["meets_floor"]]
    yield f"\n### Below the floor\n\n{len(rows)} of {len(d['rows'])} rows" + (":" if rows else ".")
    if rows:
        yield ""
    for r in rows:
        share = r["value"] / r["floor"] if r["more"] else r["floor"] / r["value"]
        why = CLOCK if r["kind"] in ("two_cores", "latency", "start") else BETWEEN.get(r["load"], "")
        yield f"- {r['name']}: {100 * share:.0f} % of the floor. {why}".rstrip()


def written(d):
    yield (f"One run: {d['date']}, commit {d['commit']}; {d['machine']}, {d['system']}; {d['events']:,} events, medians of {d['rounds']}, ± half of the "
           f"middle half; DuckDB {d['duckdb']} with one thread, SQLite {d['sqlite']}. Other work on the machine when it began: load {d['load']:.1f}.")
    if d.get("checked"):
        yield f"\nBefore that the answers of {d['checked']} queries were compared with DuckDB's, row by row: {len(d['differ'])} differed."
    for name, what in {**d["differ"], **d["failed"]}.items():
        yield f"\nNot measured: {name}: {what}"
    yield "\n![Each row against its floor](rows.svg)"
    yield from tables(d)
    yield from below(d)
    if d["sweeps"]:
        yield "\n### Sweeps\n"
        for name, (title, _) in SWEEPS.items():
            yield f"![{title}]({name}.svg)"


def pictures(d):
    yield "rows.svg", bars("Each row of the table against its floor", [
        (r["part"], r["name"], *((r["value"] / r["floor"], r["aim"] / r["floor"]) if r["more"] else (r["floor"] / max(r["value"], 1e-9), r["floor"] / r["aim"])))
        for r in d["rows"]])
    for name, points in d["sweeps"].items():
        yield f"{name}.svg", lines(SWEEPS[name][0], {"weir": [(p["at"], p["weir_ns"]) for p in points],
                                                     "DuckDB": [(p["at"], p["duckdb_ns"]) for p in points]}, "ns a row")


def main():
    source, folder = sys.argv[1], sys.argv[2]
    with open(source, encoding="utf-8") as f:
        d = json.load(f)
    for name, picture in pictures(d):
        with open(os.path.join(folder, name), "w", encoding="utf-8") as f:
            f.write(picture)
    readme = os.path.join(folder, "README.md")
    with open(readme, encoding="utf-8") as f:
        head, rest = f.read().split(BEGIN)
    with open(readme, "w", encoding="utf-8") as f:
        f.write(head + BEGIN + "\n" + "\n".join(written(d)) + "\n" + END + rest.split(END)[1])
    with open(os.path.join(folder, "figures.json"), "w", encoding="utf-8") as f:
        json.dump(d, f, indent=1, ensure_ascii=False)
        f.write("\n")


if __name__ == "__main__":
    main()
