"""The Nexmark queries of examples/nexmark against computations of their own, at every commit.

Usage: python3 -m oracle.nexmark WEIR_STREAM [--events N] [--rate N] [--epochs N] [--query NAME] [--hashes]

The generator's events are read once; then each query runs over them, cut into epochs, and after each
its view must hold what this script works out from the events so far. A query that the engine has not
built (WEIR_E_UNSUPPORTED) is listed. --hashes computes nothing: a million events, and for each
view the number of its rows and a hash of them, which does not depend on their order, as they were once.
"""
import argparse
import collections
import datetime
import decimal
import hashlib
import json
import os
import random
import re
import subprocess
import sys
import tempfile

QUERY_FILES = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "examples", "nexmark")
COLUMNS = {
    "bid": "auction BIGINT, bidder BIGINT, price BIGINT, channel TEXT, url TEXT, date_time TIMESTAMP(3), extra TEXT",
    "auction": "id BIGINT, item_name TEXT, description TEXT, initial_bid BIGINT, reserve BIGINT, date_time TIMESTAMP(3),"
               " expires TIMESTAMP(3), seller BIGINT, category BIGINT, extra TEXT",
    "person": "id BIGINT, name TEXT, email_address TEXT, credit_card TEXT, city TEXT, state TEXT, date_time TIMESTAMP(3),"
              " extra TEXT",
}
ORIGIN = datetime.datetime(1970, 1, 1)
Bid, Auction, Person = (collections.namedtuple(k, [c.split()[0] for c in COLUMNS[k.lower()].split(", ")] + ["n"])
                        for k in ("Bid", "Auction", "Person"))
KINDS = {"bid": Bid, "auction": Auction, "person": Person}
Events = collections.namedtuple("Events", "bid auction person taken clock")
CLOCK, TICK = 1700000000, 3     # seconds: where the driver's clock starts, and how far it goes between commits


# ---- times and values -----------------------------------------------------------------------------

def ms(text):
    return round((datetime.datetime.fromisoformat(text) - ORIGIN).total_seconds() * 1000)


def shown(t):
    return (ORIGIN + datetime.timedelta(milliseconds=t)).isoformat(" ", "milliseconds")


def hop(t, size, slide):
    """Starts of the windows that hold t."""
    last = t // slide * slide
    return range(last, last - size, -slide)


def grouped(rows, key):
    out = collections.defaultdict(list)
    for r in rows:
        out[key(r)].append(r)
    return out


def euros(price):
    return str(decimal.Decimal(price) * decimal.Decimal("0.908"))


# ---- the queries ----------------------------------------------------------------------------------

def q0(e):
    return [(b.auction, b.bidder, b.price, b.date_time, b.extra) for b in e.bid]


def q1(e):
    return [(b.auction, b.bidder, euros(b.price), b.date_time, b.extra) for b in e.bid]


def q2(e):
    return [(b.auction, b.price) for b in e.bid if b.auction % 123 == 0]


def q3(e):
    people = grouped(e.person, lambda p: p.id)
    return [(p.name, p.city, p.state, a.id) for a in e.auction if a.category == 10
            for p in people[a.seller] if p.state in ("OR", "ID", "CA")]


def bids_in_time(e):
    """Pairs of an auction and a bid between its opening and its end."""
    bids = grouped(e.bid, lambda b: b.auction)
    return [(a, b) for a in e.auction for b in bids[a.id] if a.date_time <= b.date_time <= a.expires]


def q4(e):
    finals = {k: max(b.price for _, b in pairs) for k, pairs in
              grouped(bids_in_time(e), lambda p: (p[0].id, p[0].category)).items()}
    by = grouped(finals.items(), lambda f: f[0][1])
    return [(category, sum(p for _, p in all_of) / len(all_of)) for category, all_of in by.items()]


def hot_items(e):
    windows = collections.defaultdict(collections.Counter)
    for b in e.bid:
        for start in hop(ms(b.date_time), 10000, 2000):
            windows[start][b.auction] += 1
    return [(auction, n) for counts in windows.values() for auction, n in counts.items() if n == max(counts.values())]


def winners(e):
    """(auction, its winning bid): the highest, of these the first by time, then by position."""
    by = grouped(bids_in_time(e), lambda p: p[0].id)
    return [min(pairs, key=lambda p: (-p[1].price, p[1].date_time, p[0].n, p[1].n)) for pairs in by.values()]


def q6(e):
    by = grouped(bids_in_time(e), lambda p: (p[0].id, p[0].seller))
    closed = [min(pairs, key=lambda p: (-p[1].price, p[0].n, p[1].n)) for pairs in by.values()]
    out = []
    for seller, pairs in grouped(closed, lambda p: p[0].seller).items():
        prices = [b.price for _, b in sorted(pairs, key=lambda p: (p[1].date_time, p[0].id))]
        out += [(seller, sum(prices[max(0, i - 10): i + 1]) / len(prices[max(0, i - 10): i + 1])) for i in range(len(prices))]
    return out


def q7(e):
    windows = grouped(e.bid, lambda b: ms(b.date_time) // 10000)
    most = {shown((w + 1) * 10000): max(b.price for b in bids) for w, bids in windows.items()}
    return [(b.auction, b.price, b.bidder, b.date_time, b.extra) for end, price in most.items() for b in e.bid
            if b.price == price and shown(ms(end) - 10000) <= b.date_time <= end]


def q8(e):
    sellers = {(a.seller, ms(a.date_time) // 10000) for a in e.auction}
    people = {(p.id, p.name, ms(p.date_time) // 10000) for p in e.person}
    return [(i, name, shown(w * 10000)) for i, name, w in people if (i, w) in sellers]


def q9(e):
    return [(*a[:10], b.auction, b.bidder, b.price, b.date_time, b.extra) for a, b in winners(e)]


def q10(e):
    return [(*row, row[3][:10], row[3][11:16]) for row in q0(e)]


def q11(e):
    out = []
    for bidder, bids in grouped(e.bid, lambda b: b.bidder).items():
        times = sorted(ms(b.date_time) for b in bids)
        first = 0
        for i in range(1, len(times) + 1):
            if i == len(times) or times[i] - times[i - 1] > 10000:
                out.append((bidder, i - first, shown(times[first]), shown(times[i - 1] + 10000)))
                first = i
    return out


def q13(e):
    return [(b.auction, b.bidder, b.price, b.date_time, str(b.auction % 10000)) for b in e.bid]


def time_of_day(hour):
    return "dayTime" if 8 <= hour <= 18 else "nightTime" if hour <= 6 or hour >= 20 else "otherTime"


def q14(e):
    return [(b.auction, b.bidder, euros(b.price), time_of_day(int(b.date_time[11:13])), b.date_time, b.extra, b.extra.count("c"))
            for b in e.bid if 1000000 < decimal.Decimal(euros(b.price)) < 50000000]


def by_rank(bids):
    ranks = [bids, [b for b in bids if b.price < 10000], [b for b in bids if 10000 <= b.price < 1000000],
             [b for b in bids if b.price >= 1000000]]
    return ranks, [len(r) for r in ranks]


def counted(bids):
    ranks, totals = by_rank(bids)
    return (*totals, *[len({b.bidder for b in r}) for r in ranks], *[len({b.auction for b in r}) for r in ranks])


def q15(e):
    return [(day, *counted(bids)) for day, bids in grouped(e.bid, lambda b: b.date_time[:10]).items()]


def q16(e):
    by = grouped(e.bid, lambda b: (b.channel, b.date_time[:10]))
    return [(*key, max(b.date_time[11:16] for b in bids), *counted(bids)) for key, bids in by.items()]


def q17(e):
    out = []
    for key, bids in grouped(e.bid, lambda b: (b.auction, b.date_time[:10])).items():
        prices = [b.price for b in bids]
        out.append((*key, *by_rank(bids)[1], min(prices), max(prices), sum(prices) / len(prices), sum(prices)))
    return out


def q18(e):
    last = {}
    for b in e.bid:   # of equal times the first
        if (b.bidder, b.auction) not in last or b.date_time > last[b.bidder, b.auction].date_time:
            last[b.bidder, b.auction] = b
    return [b[:7] for b in last.values()]


def q19(e):
    return [(*b[:7], i) for bids in grouped(e.bid, lambda b: b.auction).values()
            for i, b in enumerate(sorted(bids, key=lambda b: (-b.price, b.n))[:10], 1)]


def q20(e):
    auctions = grouped([a for a in e.auction if a.category == 10], lambda a: a.id)
    return [(*b[:5], b.date_time, b.extra, a.item_name, a.description, a.initial_bid, a.reserve, a.date_time, a.expires,
             a.seller, a.category, a.extra) for b in e.bid for a in auctions[b.auction]]


CHANNELS = {"apple": "0", "google": "1", "facebook": "2", "baidu": "3"}


def q21(e):
    out = []
    for b in e.bid:
        found = re.search(r"(&|^)channel_id=([^&]*)", b.url)
        channel = CHANNELS.get(b.channel.lower())
        if channel or found:
            out.append((b.auction, b.bidder, b.price, b.channel, channel or found.group(2)))
    return out


def q22(e):
    return [(b.auction, b.bidder, b.price, b.channel, *b.url.split("/")[3:6]) for b in e.bid]


def q23(e):
    people, auctions = grouped(e.person, lambda p: p.id), grouped(e.auction, lambda a: a.id)
    return [(b.auction, b.bidder, b.price, b.channel, b.url, b.date_time, b.extra, p.name, p.email_address, p.credit_card,
             p.city, p.state, p.date_time, a.item_name, a.description, a.initial_bid, a.reserve, a.date_time, a.expires,
             a.seller, a.category) for b in e.bid for p in people[b.bidder] for a in auctions[b.auction]]


def q12(e):
    """By processing time: the clock stood at e.clock[i] while the rows up to e.taken[i] came."""
    found, before = collections.Counter(), 0
    for taken, clock in zip(e.taken, e.clock):
        for b in e.bid[before:taken]:
            found[b.bidder, clock // 10 * 10] += 1
        before = taken
    def shown_second(t):
        return (ORIGIN + datetime.timedelta(seconds=t)).isoformat(" ", "microseconds")

    return [(bidder, n, shown_second(start), shown_second(start + 10)) for (bidder, start), n in found.items()]


QUERIES = {"q0": q0, "q1": q1, "q2": q2, "q3": q3, "q4": q4, "q5": hot_items, "q5_window": hot_items, "q6": q6, "q7": q7,
           "q7_window": q7, "q8": q8, "q8_window": q8, "q9": q9, "q10": q10, "q11": q11, "q11_window": q11, "q12": q12, "q13": q13, "q14": q14,
           "q15": q15, "q16": q16, "q17": q17, "q18": q18, "q19": q19, "q20": q20, "q21": q21, "q22": q22, "q23": q23}


# Rows and hashes of the files as they stand (seed 1, a million events), written down when they were equal to
# what is worked out here.
HASHES = {
    "q0": "920000 ec5463273cbec8af", "q1": "920000 5bb3434ceed07876", "q2": "6974 11e99b1cea1fdc80",
    "q3": "6239 c1f4506ef1b0ff55", "q4": "5 0a7cf9ef4d5616e8", "q5": "54 f50f43f5a54c8677",
    "q5_window": "54 f50f43f5a54c8677", "q6": "55918 16f728c9f18c15ed", "q7": "10 51c0eb35308b6cbb",
    "q7_window": "10 51c0eb35308b6cbb", "q8": "8424 8c18a2ad4e705e02", "q8_window": "8424 8c18a2ad4e705e02",
    "q9": "55918 49fea5a5ee9bf3b5", "q10": "920000 e4f90b600cb7d8de", "q11": "19912 1c531bbef46f8acf", "q11_window": "19912 1c531bbef46f8acf",
    "q13": "920000 227df7057f17b50b", "q14": "260715 2999cc47d5331929", "q15": "1 09e9d1e1b7d215da",
    "q16": "10004 a9e201e9b303f509", "q17": "59972 b9db9eebd4117d87", "q18": "292351 bb32d6cac9312043",
    "q19": "441796 ad286383b00435e8", "q20": "190733 e427d59665751875", "q21": "875003 720f08e834ad68f5",
    "q22": "920000 688266eb8c40946b", "q23": "879708 e8fad3e085ee3c69",
}


# ---- the engine -----------------------------------------------------------------------------------

def drive(program, lines, rows, *options):
    """(exit status, stdout, stderr); an epoch takes `rows` rows of each stream."""
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, "script")
        with open(path, "w", encoding="utf-8") as f:
            f.write("\n".join(lines) + "\n")
        p = subprocess.run([program, "--print", "--batch", str(min(rows, 4096)), "--epoch-rows", str(rows), *options,
                            "--db", os.path.join(folder, "x.db"), path], capture_output=True, text=True, check=False)
        return p.returncode, p.stdout, p.stderr


def dumps(stdout):
    out, rows = [], []
    for line in stdout.split("\n"):
        if line == ".":
            out.append(rows)
            rows = []
        else:
            rows.append(line)
    return out


def read_events(program, events, rate):
    """All events, in their order."""
    found = {}
    for kind, columns in COLUMNS.items():
        ddl = (f"CREATE STREAM {kind} ({columns}, n BIGINT METADATA FROM 'offset', WATERMARK FOR date_time) WITH (connector ="
               f" 'nexmark', stream = '{kind}', events = {events}, seed = 1, rate = {rate});"
               f"\nCREATE MATERIALIZED VIEW raw AS SELECT * FROM {kind};")
        status, out, err = drive(program, ["sql", ddl, "end", "run", "dump raw"], 100000)
        if status:
            sys.exit(err)
        found[kind] = sorted((KINDS[kind](*json.loads(row)) for row in dumps(out)[0]), key=lambda r: r.n)
    return Events(**found, taken=(), clock=())


def text_of(args, name):
    with open(os.path.join(QUERY_FILES, name + ".sql"), encoding="utf-8") as f:
        text = f.read()
    changed = text.replace("events = 1000000, seed = 1", f"events = {args.events}, seed = 1, rate = {args.rate}")
    if changed == text:
        sys.exit(f"{name}.sql has no options to change")
    return changed


def json_row(row):
    cells = ["null" if v is None else "%.17g" % v if isinstance(v, float) else str(v) if isinstance(v, int)
             else json.dumps(v, ensure_ascii=False) for v in row]
    return "[" + ",".join(cells) + "]"


def looked_at(args, name):
    """Which commits are compared: all, or as many as asked for, drawn by the query's name."""
    if name == "q12":   # what it gives depends on when each commit was
        return set(range(args.epochs))
    return set(random.Random(name).sample(range(args.epochs), min(args.sample or args.epochs, args.epochs)))


def script(args, name, text, streams, commits):
    counts = [f"CREATE MATERIALIZED VIEW n_{s} AS SELECT count(*) AS n FROM {s};" for s in streams]
    out = ["sql", text] + counts + ["end"]
    for i in range(args.epochs):
        out += ["commit"] + ([f"dump n_{s}" for s in streams] + [f"dump {name}"] if i in commits else [])
        out += [f"clock +{TICK}"] + (["restart"] if i == args.epochs // 2 else [])
    return out + ["run"] + [f"dump n_{s}" for s in streams] + [f"dump {name}"]


def check(args, name, events, text=None, options=()):
    """None where all is well, else what is wrong. Of the query as the file has it, or as `text` says."""
    text = text or text_of(args, name)
    streams = re.findall(r"CREATE STREAM (\w+)", text)
    commits = looked_at(args, name)
    status, out, err = drive(args.program, script(args, name, text, streams, commits), max(1, args.events // args.epochs), *options)
    if status:
        return err.strip()
    found, width = dumps(out), len(streams) + 1
    if len(found) != width * (len(commits) + 1):
        return f"{len(found)} dumps"
    taken, clock = [], []
    for i in range(0, len(found), width):
        counts = dict(zip(streams, (json.loads(rows[0])[0] if rows else 0 for rows in found[i:])))
        taken.append(counts.get("bid", 0))
        clock.append(CLOCK + TICK * (i // width))
        so_far = Events(*[getattr(events, k)[: counts.get(k, 0)] for k in KINDS], taken, clock)
        want, got = collections.Counter(map(json_row, QUERIES[name](so_far))), collections.Counter(found[i + width - 1])
        if want != got:
            return f"after {counts}:\n  missing {list(want - got)[:5]}\n  extra {list(got - want)[:5]}"
    return None


def hashed(args, name):
    status, out, err = drive(args.program, ["sql", text_of(args, name), "end", "run", f"dump {name}"], 100000)
    if status:
        return err.strip()
    rows = sorted(dumps(out)[0])
    return f"{len(rows)} {hashlib.sha256(chr(10).join(rows).encode()).hexdigest()[:16]}"


def show_hashes(args):
    """Of a million events at the files' own rate: must be those that were written down."""
    args.events, args.rate, wrong = 1000000, 10000, 0
    for name in args.query or HASHES:
        found = hashed(args, name)
        wrong += found != HASHES.get(name, found)
        print(name, found, "" if found == HASHES.get(name) else f"(known: {HASHES.get(name)})", flush=True)
    return 1 if wrong else 0


def main():
    p = argparse.ArgumentParser()
    p.add_argument("program")
    p.add_argument("--events", type=int, default=2000)
    p.add_argument("--rate", type=int, default=100, help="events a second of event time")
    p.add_argument("--epochs", type=int, default=8)
    p.add_argument("--sample", type=int, help="compare at so many random commits and the last (default: at each)")
    p.add_argument("--query", action="append")
    p.add_argument("--hashes", action="store_true")
    args = p.parse_args()
    args.program = os.path.abspath(args.program)
    if args.hashes:
        return show_hashes(args)
    events, failed = read_events(args.program, args.events, args.rate), 0
    for name in args.query or QUERIES:
        wrong = check(args, name, events)
        if wrong and "WEIR_E_UNSUPPORTED" in wrong:
            print(f"{name}: not built: " + re.search("WEIR_E_UNSUPPORTED: (.*)", wrong).group(1))
        elif wrong:
            failed += 1
            print(f"{name}: {wrong}")
    print(f"{failed} of {len(args.query or QUERIES)} queries differ")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
