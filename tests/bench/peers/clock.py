"""Time as the processors were used, of this process and of its children; medians and spread."""
import json
import resource
import statistics
import subprocess


def own():
    used = resource.getrusage(resource.RUSAGE_SELF)
    return used.ru_utime + used.ru_stime


def spent(work):
    """Seconds that `work` keeps the processors of this process busy."""
    start = own()
    work()
    return own() - start


def children():
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def lines_of(command):
    """What a program says, as objects of JSON, one a line."""
    out = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    return [json.loads(line) for line in out.splitlines() if line.startswith("{")]


class Times:
    """Of one side of a comparison: seconds, one a round."""

    def __init__(self, seconds):
        self.seconds = sorted(seconds)
        self.median = statistics.median(self.seconds)

    def spread(self):
        """How far the middle half lies from the median, as a share of it."""
        n = len(self.seconds)
        return (self.seconds[n - 1 - n // 4] - self.seconds[n // 4]) / 2 / self.median if self.median else 0


def alternate(rounds, *sides):
    """Each side once a round, in turn: a machine that is slow for a while is slow for all."""
    seconds = [[] for _ in sides]
    for _ in range(rounds):
        for mine, side in zip(seconds, sides):
            mine.append(side())
    return [Times(s) for s in seconds]
