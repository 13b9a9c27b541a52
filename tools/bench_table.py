"""Prints what a file of tools/bench says: for each program and number of workers the medians of all
runtimes with their spread, and how magpie stands beside the best of the others.

    python3 tools/bench_table.py FILE...

A figure is wall_ns, or what stands for it in programs that are about something else: CPU time of
timers and of requests, the median of a wake, bytes. Exits with 1 if a row has failed.
"""

import collections
import json
import statistics
import sys

# Programs whose wall time is not what they are about.
FIGURE = {"timers": "cpu_ns", "wake": "median_us", "http": "cpu_ns", "memory": "heap"}
# Limits, which no runtime can reach.
NO_PEERS = ("futex", "epoll", "recursion")


def figures_of(row):
    for name in (FIGURE.get(row["name"].split("/")[0]), "wall_ns", "real_time"):
        if name in row:
            return name, row[name]


def read(paths):
    failed = []
    table = collections.defaultdict(lambda: collections.defaultdict(list))
    for path in paths:
        with open(path) as file:
            rows = json.load(file)["benchmarks"]
        for row in rows:
            if row.get("run_type") == "aggregate":
                continue
            if row.get("error_occurred"):
                failed.append(f'{row["name"]}: {row.get("error_message", "failed")}')
                continue
            suite, program, runtime, workers = row["name"].split("/")[:4]
            name, value = figures_of(row)
            table[(suite, program, name, workers)][runtime].append(value)
    return table, failed


def text(values):
    return f"{statistics.median(values):.4g} ({min(values):.4g} to {max(values):.4g})"


def main():
    if len(sys.argv) < 2 or sys.argv[1].startswith("-"):
        sys.exit(__doc__)
    table, failed = read(sys.argv[1:])
    # What has no workers stands beside every number of them.
    for (suite, program, name, _), runtimes in list(table.items()):
        only_one = table.get((suite, program, name, "1"), {})
        for runtime, values in only_one.items():
            runtimes.setdefault(runtime, values)
    for (suite, program, name, workers), runtimes in table.items():
        print(f"{suite}/{program}, {workers} workers, {name}: median (least to most)")
        ordered = sorted(runtimes.items(), key=lambda item: statistics.median(item[1]))
        for runtime, values in ordered:
            print(f"  {runtime:18} {text(values)}")
        peers = [(runtime, values) for runtime, values in ordered
                 if not runtime.startswith("magpie") and runtime not in NO_PEERS]
        if "magpie" in runtimes and peers:
            best, values = peers[0]
            ratio = statistics.median(runtimes["magpie"]) / statistics.median(values)
            print(f"  magpie / {best}: {ratio:.2f}")
    for row in failed:
        print(f"failed: {row}", file=sys.stderr)
    if failed:
        sys.exit(1)


main()
