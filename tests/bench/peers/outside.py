"""weir as a process: how fast it starts, what it takes while nothing happens, how big it is."""
import os
import resource
import shutil
import subprocess
import tempfile
import time

IDLE_SECONDS = 3
FOLLOWED = """CREATE STREAM s (k TEXT, v BIGINT) WITH (connector = 'file', path = 's.ndjson', format = 'json', follow = true);
CREATE MATERIALIZED VIEW n AS SELECT k, count(*) AS n FROM s GROUP BY k;
"""


def start_to_first_row(weir):
    """Seconds of processor and of the clock."""
    before, start = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter()
    subprocess.run([weir, "--mode", "csv", "-c", "SELECT 1 AS one"], check=True, capture_output=True)
    wall, after = time.perf_counter() - start, resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime, wall


def cpu_of(pid):
    with open(f"/proc/{pid}/stat", encoding="ascii") as f:
        fields = f.read().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def schedule_time(pid):
    """Seconds on a processor, finer than ticks."""
    total = 0
    for task in os.listdir(f"/proc/{pid}/task"):
        with open(f"/proc/{pid}/task/{task}/schedstat", encoding="ascii") as f:
            total += int(f.read().split()[0])
    return total / 1e9


def memory_of(pid):
    """Megabytes that are its own or mapped, as resident, and those that nobody else could have."""
    sizes = {}
    with open(f"/proc/{pid}/smaps_rollup", encoding="ascii") as f:
        for line in f:
            words = line.split()
            if words[0] in ("Rss:", "Private_Dirty:"):
                sizes[words[0][:-1]] = int(words[1]) / 1024
    return sizes["Rss"], sizes["Private_Dirty"]


def idle(weir):
    """Following a quiet file: megabytes, and the share of a processor."""
    with tempfile.TemporaryDirectory() as folder:
        with open(os.path.join(folder, "s.ndjson"), "w", encoding="ascii") as f:
            f.write('{"k":"a","v":1}\n')
        with open(os.path.join(folder, "s.sql"), "w", encoding="ascii") as f:
            f.write(FOLLOWED)
        engine = subprocess.Popen([weir, "run", "-q", "-d", "s.db", "s.sql"], cwd=folder)
        try:
            time.sleep(1)
            before = schedule_time(engine.pid)
            time.sleep(IDLE_SECONDS)
            used = schedule_time(engine.pid) - before
            resident, own = memory_of(engine.pid)
        finally:
            engine.terminate()
            engine.wait()
    return resident, own, used / IDLE_SECONDS


def stripped_bytes(weir):
    with tempfile.TemporaryDirectory() as folder:
        path = shutil.copy(weir, os.path.join(folder, "weir"))
        subprocess.run(["strip", path], check=True)
        return os.path.getsize(path)
