#!/usr/bin/env python3
"""Counts the instructions of core operations, and compares them with recorded counts.

count.py OPERATIONS RECORDED            compares; fails if one has changed by more than 5 %
count.py OPERATIONS RECORDED --record   writes what it counts to RECORDED

OPERATIONS is the program that does them, on one worker. valgrind counts the instructions of all its
threads for two numbers of operations; the difference is what the operations themselves cost. Nothing
in it depends on time, so a machine's speed and load do not matter.
"""
import re
import subprocess
import sys

ALLOWED = 0.05
FEW = 2_000
MANY = 12_000

WHAT = {
    "call": "co_await of a task that does nothing",
    "fork_join": "a task forked by gather, one of two, and its share of the join",
    "yield": "one of two tasks yields, and the other goes on",
    "channel_hop": "an item through a channel of one, from task to task",
    "timer": "a sleep that is due at once: set, fired, resumed",
    "spawn_join": "spawn of a task that does nothing, and co_await of its handle",
    "lock_unlock": "a free mutex, locked and unlocked",
    "gather_ten": "gather_n of ten tasks that give a number",
    "reply": "a request on a connection and the answer to it: both ends",
}

HEADER = """\
# Instructions per operation: x86-64, clang 19, --config=opt, one worker.
# Written by `tools/instructions --record`, and compared by instructions_test.
"""


def count(operations, name, times):
    command = ["valgrind", "--tool=callgrind", "--callgrind-out-file=/dev/null", "--",
               operations, name, str(times)]
    done = subprocess.run(command, stderr=subprocess.PIPE, text=True, check=False)
    collected = re.search(r"Collected : (\d+)", done.stderr)
    if done.returncode != 0 or not collected:
        sys.exit(f"failed: {' '.join(command)}\n{done.stderr}")
    return int(collected[1])


def per_operation(operations, name):
    return (count(operations, name, MANY) - count(operations, name, FEW)) / (MANY - FEW)


def read(path):
    recorded = {}
    with open(path, encoding="utf-8") as file:
        for line in file:
            if not line.startswith("#"):
                name, instructions, _ = line.split(maxsplit=2)
                recorded[name] = float(instructions)
    return recorded


def write(path, counted):
    with open(path, "w", encoding="utf-8") as file:
        file.write(HEADER)
        for name, instructions in counted.items():
            file.write(f"{name:<12} {instructions:8.1f}  {WHAT[name]}\n")


def compare(counted, recorded):
    """Prints a line for each; the names of those that have changed."""
    changed = []
    for name, instructions in counted.items():
        before = recorded.get(name, 0.0)
        change = instructions / before - 1 if before else 1.0
        if abs(change) > ALLOWED:
            changed.append(name)
        print(f"{name:<12} {instructions:8.1f}  recorded {before:8.1f}  {change:+7.1%}"
              f"{'  CHANGED' if name in changed else ''}")
    return changed + sorted(set(recorded) - set(counted))


def main():
    operations, path, *options = sys.argv[1:]
    counted = {name: per_operation(operations, name) for name in WHAT}
    if options == ["--record"]:
        write(path, counted)
        print(f"recorded: {path}")
        return
    changed = compare(counted, read(path))
    if changed:
        sys.exit(
            f"\nNot as recorded, by more than {ALLOWED:.0%}: {', '.join(changed)}.\n"
            "More instructions: find out which change costs them, and whether it is worth it (run\n"
            "the program under `valgrind --tool=callgrind`, and callgrind_annotate on what it\n"
            "writes). If it is, or if there are fewer, record the new counts in the same commit:\n"
            "  tools/instructions --record")


main()
