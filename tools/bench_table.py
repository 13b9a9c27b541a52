"""Prints what a file of tools/bench says: for each program and number of workers the medians of all
runtimes with their spread, and how magpie stands beside the best of the others.

    python3 tools/bench_table.py FILE...
    python3 tools/bench_table.py --markdown PEER,PEER... FILE...
    python3 tools/bench_table.py --keep KEPT FILE

With --markdown, as a table with a column for magpie and for each of these peers. With --keep,
writes all repetitions of one file to another, with what they were measured on, and without what
only that machine had: such files are in docs/figures, and can be read here again.

A figure is wall_ns, or what stands for it in programs that are about something else: CPU time of
timers and of requests, the median of a wake, bytes. FILE may be FILE:PROGRAM or FILE:PROGRAM:FIGURE:
that program alone, and another of its figures. Exits with 1 if a row has failed.
"""

import collections
import json
import statistics
import sys

# Programs whose wall time is not what they are about.
FIGURE = {"fork_join_peers": "seconds", "timers": "cpu_ns", "wake": "median_us", "http": "cpu_ns",
          "memory": "heap"}
WITHOUT_WORKERS = ("asyncio", "uvloop", "libuv", "futex", "epoll", "recursion")
# Limits, which no runtime can reach.
NO_PEERS = ("futex", "epoll", "recursion")
KEPT_CONTEXT = ("date", "num_cpus", "mhz_per_cpu", "processor", "kernel", "compiler", "assertions")
# Google Benchmark's own, of its loop around the whole program.
NOT_KEPT = ("real_time", "cpu_time", "iterations", "repetitions", "repetition_index", "threads",
            "family_index", "per_family_instance_index")


def figures_of(row, wanted):
    if wanted:
        if wanted not in row:
            sys.exit(f"{row['name']} has no figure '{wanted}'")
        return wanted, row[wanted]
    for name in (FIGURE.get(row["name"].split("/")[0]), "wall_ns", "real_time"):
        if name in row:
            return name, row[name]


def read(paths):
    failed = []
    table = collections.defaultdict(lambda: collections.defaultdict(list))
    for path in paths:
        path, only, wanted = (path.split(":") + ["", ""])[:3]
        with open(path) as file:
            rows = json.load(file)["benchmarks"]
        for row in rows:
            if row.get("run_type") == "aggregate":
                continue
            if row.get("error_occurred"):
                failed.append(f'{row["name"]}: {row.get("error_message", "failed")}')
                continue
            suite, program, runtime, workers = row["name"].split("/")[:4]
            if only and program != only:
                continue
            name, value = figures_of(row, wanted)
            table[(suite, program, name, workers)][runtime].append(value)
    return table, failed


def text(values):
    return f"{statistics.median(values):.4g} ({min(values):.4g} to {max(values):.4g})"


def rounded(value):
    return float(f"{value:.4g}")


def keep(kept, path):
    with open(path) as file:
        measured = json.load(file)
    context = {name: measured["context"][name] for name in KEPT_CONTEXT}
    context["options"] = [option for option in measured["context"]["command"].split()[1:]
                          if not option.startswith(("--peers", "--benchmark_out"))]
    rows = []
    for row in measured["benchmarks"]:
        if row.get("run_type") == "aggregate":
            continue
        figures = {name: rounded(value) for name, value in row.items()
                   if isinstance(value, (int, float)) and name not in NOT_KEPT}
        rows.append(json.dumps({"name": "/".join(row["name"].split("/")[:4]), **figures}))
    with open(kept, "w") as file:
        file.write(f'{{"context": {json.dumps(context, indent=2)},\n"benchmarks": [\n')
        file.write(",\n".join(sorted(rows)) + "\n]}\n")


def short(value):
    return f"{value:,.0f}" if value >= 100 else f"{value:.3g}"


def cell(values):
    if not values:
        return ""
    return f"{short(statistics.median(values))} ({short(min(values))}-{short(max(values))})"


def print_markdown(peers, table):
    print("| program, workers | magpie | " + " | ".join(peers) + " |")
    print("|" + "---|" * (len(peers) + 2))
    for (suite, program, _, workers), runtimes in sorted(table.items()):
        if "magpie" in runtimes:
            cells = [cell(runtimes.get(name.lower())) for name in ["magpie", *peers]]
            print(f"| `{suite}/{program}`, {workers} | " + " | ".join(cells) + " |")


def print_text(table):
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


def main():
    arguments = sys.argv[1:]
    if len(arguments) == 3 and arguments[0] == "--keep":
        return keep(arguments[1], arguments[2])
    peers = None
    if len(arguments) > 2 and arguments[0] == "--markdown":
        peers = arguments[1].split(",")
        arguments = arguments[2:]
    if not arguments or arguments[0].startswith("-"):
        sys.exit(__doc__)
    table, failed = read(arguments)
    # What has no workers stands beside every number of them.
    for (suite, program, name, _), runtimes in list(table.items()):
        only_one = table.get((suite, program, name, "1"), {})
        for runtime, values in only_one.items():
            if runtime in WITHOUT_WORKERS:
                runtimes.setdefault(runtime, values)
    if peers is None:
        print_text(table)
    else:
        print_markdown(peers, table)
    for row in failed:
        print(f"failed: {row}", file=sys.stderr)
    if failed:
        sys.exit(1)


main()
