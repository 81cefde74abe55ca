#!/usr/bin/env python3
"""Judges base's arithmetic by Python's: exact sums and decimals by Fraction, doubles by float,
times by datetime, zones by zoneinfo.

usage: base_oracle.py PROGRAM [CASES [SEED]]
PROGRAM is the built base_oracle.c."""
import calendar, datetime, math, random, struct, subprocess, sys, zoneinfo
from fractions import Fraction

program = sys.argv[1]
cases = int(sys.argv[2]) if len(sys.argv) > 2 else 2000
rng = random.Random(int(sys.argv[3]) if len(sys.argv) > 3 else 20240229)
questions = []  # (line, expected answer, or a function that judges)


def bits(x):
    return struct.pack('>d', x).hex()


def unbits(h):
    return struct.unpack('>d', bytes.fromhex(h))[0]


def to_double(f):
    """The double nearest to a Fraction, ties to even."""
    if f == 0:
        return 0.0
    try:
        return f.numerator / f.denominator + 0.0  # Python rounds quotients of integers correctly
    except OverflowError:
        return math.inf if f > 0 else -math.inf


def random_double():
    kind = rng.randrange(9)
    if kind == 0:
        return rng.choice([0.0, -0.0, 5e-324, -5e-324, 2.2250738585072014e-308, 1.7976931348623157e308,
                           -1.7976931348623157e308, 1.0, -1.0, 2.0 ** 53, 2.0 ** 64, 0.1])
    if kind == 1:
        return rng.choice([-1, 1]) * struct.unpack('>d', struct.pack('>Q', rng.getrandbits(52)))[0]
    if kind == 2:
        return float(rng.randrange(-10 ** 6, 10 ** 6))
    if kind == 3:
        return rng.randrange(-10 ** 9, 10 ** 9) / 100
    if kind == 4:
        return math.ldexp(rng.choice([-1, 1]), rng.randrange(-1074, 1024))
    if kind == 5:
        return rng.uniform(-1, 1)
    while True:
        x = struct.unpack('>d', struct.pack('>Q', rng.getrandbits(64)))[0]
        if math.isfinite(x):
            return x


def random_weight():
    return rng.choice([1, 1, 1, -1, 2, -3, 10 ** 6, 2 ** 63 - 1, -2 ** 63 + 1])


def sums():
    for _ in range(cases):
        terms = [(random_weight(), random_double()) for _ in range(rng.choice([0, 1, 2, 3, 10, 60]))]
        if rng.random() < .3:  # cancellation: all but a little is taken back
            terms += [(-w, x) for w, x in terms[rng.randrange(2):]]
            rng.shuffle(terms)
        n = rng.choice([1, 2, 3, 7, 10, 1000, 2 ** 63 - 1])
        total = sum((Fraction(x) * w for w, x in terms), Fraction(0))
        line = 'sum %d ' % n + ' '.join('%d %s' % (w, bits(x)) for w, x in terms)
        yield line, '%s %s %d' % (bits(to_double(total)), bits(to_double(total / n)), total == 0)
    inf, nan = math.inf, None
    for terms, want in [([(1, inf), (1, 1.0)], inf), ([(1, inf), (1, -inf)], nan),
                        ([(1, inf), (-1, inf), (1, 2.0)], 2.0), ([(2, -inf)], -inf)]:
        line = 'sum 1 ' + ' '.join('%d %s' % (w, bits(x)) for w, x in terms)
        text = 'none' if want is None else bits(want)
        yield line, '%s %s 0' % (text, text)


def ties():
    """Sums that lie exactly between two doubles, or a hair beside."""
    for _ in range(cases):
        x = random_double()
        if x == 0 or abs(x) < 1e-290 or abs(x) > 1e300:
            continue
        half = math.ulp(x) / 2
        terms = [x, half * rng.choice([1, -1])] + rng.choice([[], [5e-324], [-5e-324]])
        total = sum(map(Fraction, terms), Fraction(0))
        yield ('sum 1 ' + ' '.join('1 ' + bits(t) for t in terms),
               '%s %s %d' % (bits(to_double(total)), bits(to_double(total)), total == 0))


def moments():
    for _ in range(cases):
        n = rng.choice([0, 1, 2, 3, 20])
        xs = [random_double() for _ in range(n)]
        if rng.random() < .3:
            xs = [xs[0]] * n if n else []
        ys = xs if rng.random() < .5 else [random_double() for _ in range(n)]
        fx, fy = list(map(Fraction, xs)), list(map(Fraction, ys))
        value = n * sum((a * b for a, b in zip(fx, fy)), Fraction(0)) - sum(fx) * sum(fy)
        yield ('moment ' + ' '.join('%s %s' % (bits(x), bits(y)) for x, y in zip(xs, ys)),
               bits(to_double(Fraction(value))))


def int_sums():
    for _ in range(cases // 4):
        terms = [(random_weight(), rng.choice([-1, 1]) * rng.getrandbits(rng.randrange(1, 128)))
                 for _ in range(rng.randrange(8))]
        total = sum(w * v for w, v in terms)
        yield ('intsum ' + ' '.join('%d %d' % t for t in terms), bits(to_double(Fraction(total))))


# ---- decimals ----

def round_half_away(f):
    n, d = abs(f.numerator), f.denominator
    q = (2 * n + d) // (2 * d)
    return q if f >= 0 else -q


def bounded(p, s):
    if p > 38:
        s = max(38 - (p - s), min(s, 6))
        p = 38
    return p, s


def result_type(op, p1, s1, p2, s2):
    if op < 2:
        s = max(s1, s2)
        return bounded(max(p1 - s1, p2 - s2) + s + 1, s)
    if op == 2:
        return bounded(p1 + p2 + 1, s1 + s2)
    if op == 3:
        s = max(6, s1 + p2 + 1)
        return bounded(p1 - s1 + s2 + s, s)
    return bounded(max(1, min(p1 - s1, p2 - s2) + max(s1, s2)), max(s1, s2))


def stored(f, p, s):
    v = round_half_away(f * 10 ** s)
    return str(v) if abs(v) < 10 ** p else 'overflow'


def random_decimal():
    p = rng.choice([1, 3, 10, 18, 19, 28, 38, rng.randrange(1, 39)])
    s = rng.choice([0, 0, 2, p, rng.randrange(p + 1)])
    s = min(s, p)
    v = rng.choice([rng.randrange(10 ** p), 10 ** p - 1, rng.randrange(10 ** rng.randrange(1, p + 1)),
                    0, 5 * 10 ** (p - 1)])
    return rng.choice([-1, 1]) * v, p, s


def trunc_mod(a, b):
    q = abs(a) // abs(b)
    return a - (q if (a < 0) == (b < 0) else -q) * b


def decimals():
    for _ in range(cases * 2):
        a, p1, s1 = random_decimal()
        b, p2, s2 = random_decimal()
        op = rng.randrange(5)
        if op >= 3 and b == 0:
            continue
        x, y = Fraction(a, 10 ** s1), Fraction(b, 10 ** s2)
        value = x + y if op == 0 else x - y if op == 1 else x * y if op == 2 else \
            x / y if op == 3 else trunc_mod(x, y)
        p, s = result_type(op, p1, s1, p2, s2)
        yield ('decimal %d %d %d %d %d %d %d' % (op, a, p1, s1, b, p2, s2),
               '%d %d %s' % (p, s, stored(value, p, s)))


def decimal_texts():
    for _ in range(cases):
        digits = ''.join(rng.choice('0123456789') for _ in range(rng.choice([1, 3, 20, 38, 39, 45])))
        if rng.random() < .2:
            digits = digits[:2] + rng.choice('05') * len(digits)
        point = rng.randrange(len(digits) + 1)
        text = rng.choice(['', '-', '+']) + digits[:point] + '.' + digits[point:]
        if rng.random() < .3:
            text += 'e%d' % rng.randrange(-45, 45)
        p = rng.choice([5, 10, 38])
        s = rng.randrange(p + 1)
        yield 'parse %s %d %d' % (text, p, s), '%d %d %s' % (p, s, stored(Fraction(text), p, s))
        v, _, source = random_decimal()
        yield ('rescale %d %d %d %d' % (v, source, p, s),
               '%d %d %s' % (p, s, stored(Fraction(v, 10 ** source), p, s)))
        w, _, other = random_decimal()
        x, y = Fraction(v, 10 ** source), Fraction(w, 10 ** other)
        yield ('cmp %d %d %d %d' % (v, source, w, other),
               '%d %s' % ((x > y) - (x < y), bits(to_double(x))))


# ---- doubles as text ----

def judge_print(x):
    def judge(answer):
        if float(answer) != x:
            return False
        digits = answer.lstrip('-').replace('.', '').split('e')[0].strip('0')
        return len(digits) <= len(repr(x).lstrip('-').replace('.', '').split('e')[0].strip('0'))
    return judge


def doubles():
    for _ in range(cases * 2):
        x = random_double()
        if rng.random() < .5:
            text = repr(x)
        else:
            text = '%.*e' % (rng.choice([0, 5, 15, 16, 17, 30, 100, 800]), x)
        yield 'read ' + text, bits(float(text))
        yield 'print ' + bits(x), judge_print(x)
    for text in ['1e400', '-1e400', '1e-400', '0e999', '.5', '5.', '1.7976931348623159e308',
                 '2.4703282292062327e-324', '2.4703282292062328e-324', '9007199254740993',
                 '9007199254740993.00000000000000000000000000000000000001',
                 '0.000000000000000000000000000001', '1' + '0' * 300, '1' * 2000 + 'e-1999',
                 '9007199254740992.' + '9' * 20, '1e+5', '1E5', '00001.5', '1e99999999999']:
        yield 'read ' + text, bits(float(text))
    for text in ['', '.', '-', 'e5', '1e', '1e+', '1.2.3', '0x10', '1_000', 'nan', '--1', '1e5x']:
        yield 'read ' + text, 'none'


# ---- time ----

EPOCH = datetime.datetime(1970, 1, 1)
ALL = datetime.timedelta(days=3652058).days


def random_time():
    day = rng.choice([rng.randrange(ALL), rng.randrange(719162, 730000)])
    return datetime.datetime(1, 1, 1) + datetime.timedelta(
        days=day, microseconds=rng.randrange(86400 * 10 ** 6))


def to_us(t):
    return (t - EPOCH) // datetime.timedelta(microseconds=1)


def times():
    for _ in range(cases):
        t = random_time()
        us = to_us(t)
        iso = t.isocalendar()
        fields = [t.second * 10 ** 6 + t.microsecond, t.second * 1000 + t.microsecond // 1000, t.second,
                  t.minute, t.hour, t.day, iso[1], t.month, (t.month + 2) // 3, t.year, t.year // 10,
                  (t.year + 99) // 100, (t.year + 999) // 1000, t.isoweekday() % 7, t.isoweekday(),
                  t.timetuple().tm_yday, iso[0], us // 10 ** 6]
        yield ('time %d' % us, '%04d-%02d-%02d %02d:%02d:%02d.%06d ' % (
            t.year, t.month, t.day, t.hour, t.minute, t.second, t.microsecond)
            + ' '.join(map(str, fields)))
    for _ in range(cases):
        t = random_time()
        us = to_us(t)
        pattern = rng.choice(['%d/%b/%Y:%H:%M:%S.%f %z', '%a %A %j %e %I %p %y %M %u %w %V %G',
                              '%A, %B %d %Y %I:%M:%S %p', '%T %D', '%F %R', '%s', '100%% %H', '%Y%m%d%H%M%S'])
        python = pattern.replace('%T', '%H:%M:%S').replace('%D', '%m/%d/%y').replace('%F', '%Y-%m-%d')
        python = python.replace('%R', '%H:%M').replace('%Y', '%04d' % t.year)
        python = python.replace('%e', '%2d' % t.day).replace('%G', '%04d' % t.isocalendar()[0])
        python = python.replace('%s', str(us // 10 ** 6))
        text = t.replace(tzinfo=datetime.timezone.utc).strftime(python)
        known = {'%d/%b/%Y:%H:%M:%S.%f %z': us, '%A, %B %d %Y %I:%M:%S %p': us // 10 ** 6 * 10 ** 6,
                 '%F %R': us // (60 * 10 ** 6) * 60 * 10 ** 6, '%s': us // 10 ** 6 * 10 ** 6,
                 '%Y%m%d%H%M%S': us // 10 ** 6 * 10 ** 6}.get(pattern)

        def judge(answer, text=text, known=known):
            got, back = answer.rsplit('|', 1)
            return got == text and (known is None or back == str(known))
        yield 'strftime %d %s' % (us, pattern.replace(' ', '~')), judge


ZONES = ['Europe/Berlin', 'America/New_York', 'Australia/Lord_Howe', 'Asia/Kolkata', 'Africa/Casablanca',
         'America/St_Johns', 'Pacific/Apia', 'Asia/Tehran', 'Europe/Dublin', 'America/Santiago', 'UTC',
         'Asia/Gaza', 'Pacific/Chatham', 'Etc/GMT+5', 'Europe/London']


def zones():
    """Local times: fold 0 is the earlier; in a gap Python's fold 1 minus fold 0 brackets the change."""
    utc = datetime.timezone.utc
    for _ in range(cases * 2):
        name = rng.choice(ZONES)
        z = zoneinfo.ZoneInfo(name)
        t = datetime.datetime(rng.randrange(1850, 2200), 1, 1) + datetime.timedelta(
            seconds=rng.randrange(366 * 86400))
        at = t.replace(tzinfo=utc).astimezone(z)
        local = at.replace(tzinfo=None) + datetime.timedelta(minutes=rng.choice([0, 0, 30, -30, 61]))
        first = local.replace(tzinfo=z, fold=0).astimezone(utc).replace(tzinfo=None)
        last = local.replace(tzinfo=z, fold=1).astimezone(utc).replace(tzinfo=None)
        exists = first.replace(tzinfo=utc).astimezone(z).replace(tzinfo=None) == local
        if not exists:  # a gap: the moment of the change
            low, high = min(first, last), max(first, last)
            offset = low.replace(tzinfo=utc).astimezone(z).utcoffset()
            while high - low > datetime.timedelta(seconds=1):
                mid = low + (high - low) // 2
                mid = mid.replace(microsecond=0)
                if mid.replace(tzinfo=utc).astimezone(z).utcoffset() == offset:
                    low = mid
                else:
                    high = mid
            first = last = high
        offset = int(at.utcoffset().total_seconds())
        yield ('zone %s %d %d' % (name, to_us(t), to_us(local)),
               '%d %s %d %d' % (offset, at.tzname(), to_us(first), to_us(last)))
    for name in ['Nowhere/City', '../etc/passwd', '/etc/passwd', 'Europe/', 'Europe', '+25:00', '']:
        yield 'zone %s 0 0' % name if name else 'zone', 'none'


for source in (sums, ties, moments, int_sums, decimals, decimal_texts, doubles, times, zones):
    questions += list(source())
run = subprocess.run([program], input='\n'.join(q[0] for q in questions) + '\n', text=True,
                     stdout=subprocess.PIPE)
answers = run.stdout.split('\n')[:-1]
wrong = 0
for (line, want), got in zip(questions, answers):
    got = got.rstrip()
    if (want(got) if callable(want) else got == want.rstrip()):
        continue
    wrong += 1
    if wrong <= 20:
        print('asked  %s\nwanted %s\ngot    %s' % (line[:600], want, got))
if run.returncode or len(answers) != len(questions):
    print('program ended with %d after %d answers' % (run.returncode, len(answers)))
    wrong += 1
print('%d questions, %d wrong' % (len(questions), wrong))
sys.exit(wrong != 0)
