"""What the asyncio programs of the report share: their parameters and their measuring.

A script is started as `python3 SCRIPT STRATEGY key=value...` and prints one line of JSON. The
start of the interpreter and the imports are not counted."""

import asyncio
import json
import resource
import sys
import time


def memory_bytes(label):
    with open("/proc/self/status", encoding="ascii") as status:
        for line in status:
            if line.startswith(label):
                return int(line.split()[1]) * 1024
    raise RuntimeError("/proc/self/status has no " + label)


def percentile(values, share):
    """Nearest rank, as the rest of the report has it."""
    ordered = sorted(values)
    rank = -int(-share * len(ordered) // 1)
    return ordered[min(max(rank, 1), len(ordered)) - 1]


def spin(microseconds):
    """Uses that much CPU time on this thread."""
    until = time.thread_time_ns() + microseconds * 1000
    while time.thread_time_ns() < until:
        pass


async def with_heartbeat(work, period=0.001):
    """Awaits `work` with a heartbeat beside it. Returns the lateness of all beats that were due,
    in microseconds: a loop that is stuck for 100 ms counts as a hundred late beats."""
    lags = []
    due = time.monotonic() + period

    def settle():
        nonlocal due
        now = time.monotonic()
        while due <= now:
            lags.append((now - due) * 1e6)
            due += period

    async def beat():
        while True:
            await asyncio.sleep(max(0.0, due - time.monotonic()))
            settle()

    beating = asyncio.create_task(beat())
    await work
    beating.cancel()
    settle()
    return lags


class Run:
    """One run: read the parameters, measure(), add what was found, report()."""

    def __init__(self):
        self.strategy = sys.argv[1]
        self.parameters = dict(word.split("=", 1) for word in sys.argv[2:])
        self.line = {"extra": {}}

    def count(self, key):
        return int(float(self.parameters[key]))

    def number(self, key):
        return float(self.parameters[key])

    def text(self, key):
        return self.parameters[key]

    def measure(self, main):
        """Runs a coroutine and returns its result."""
        self._start()
        result = asyncio.run(main)
        self._stop()
        return result

    def _start(self):
        self.line["base_rss_bytes"] = memory_bytes("VmRSS:")
        self.cpu = self._cpu()
        self.wall = time.perf_counter()

    def _stop(self):
        self.line["wall_s"] = time.perf_counter() - self.wall
        self.line["cpu_s"] = self._cpu() - self.cpu
        self.line["peak_rss_bytes"] = memory_bytes("VmHWM:")

    def latencies_us(self, values):
        self.line["p50_us"] = percentile(values, 0.50)
        self.line["p99_us"] = percentile(values, 0.99)

    def heartbeat_lags_us(self, values):
        if values:
            self.line["heartbeat_lag_us"] = percentile(values, 0.99)

    def check(self, value):
        self.line["check"] = value

    def extra(self, name, value):
        self.line["extra"][name] = value

    def rate(self, name, count):
        self.extra(name, count / self.line["wall_s"])

    def report(self):
        print(json.dumps(self.line))

    @staticmethod
    def _cpu():
        usage = resource.getrusage(resource.RUSAGE_SELF)
        return usage.ru_utime + usage.ru_stime
