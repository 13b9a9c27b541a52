"""Compiles the same ten coroutines with different headers, in turn, and compares the CPU time.

compile_cost.py ROOT HELLO JSON COMPILER REPEATS: the checkout, a program whose size is told, the
file for the figures, "clang++-19" or "g++-12", and how often.
"""
import json
import os
import statistics
import subprocess
import sys
import tempfile

FILES = {
    "plain": "a bare task type and <chrono>, <coroutine>, <string>, <vector>",
    "task": "magpie/runtime/task.h",
    "runtime": "magpie/runtime/{task,gather,run,sleep,spawn}.h",
    "everything": "magpie/magpie.h",
}


def cpu_seconds(command):
    """Of the command and of what it starts: wall time would tell of the machine's other work."""
    before = os.times()
    subprocess.run(command, check=True)
    after = os.times()
    return (after.children_user - before.children_user
            + after.children_system - before.children_system)


def compile_in_turn(root, compiler, repeats):
    with tempfile.TemporaryDirectory() as folder:
        os.symlink(root, os.path.join(folder, "magpie"))
        taken = {name: [] for name in FILES}
        for _ in range(repeats + 1):
            for name, seconds in taken.items():
                seconds.append(cpu_seconds([
                    compiler, "-std=c++20", "-O2", "-c", f"-I{folder}", "-o", "/dev/null",
                    os.path.join(root, "benchmarks/compile_cost", f"{name}.cc")]))
        # The first round reads the files into memory.
        return {name: seconds[1:] for name, seconds in taken.items()}


def stripped_bytes(program):
    with tempfile.TemporaryDirectory() as folder:
        stripped = os.path.join(folder, "stripped")
        subprocess.run(["strip", "-o", stripped, program], check=True)
        return os.path.getsize(stripped)


def main():
    root, hello, path, compiler, repeats = sys.argv[1:]
    taken = compile_in_turn(root, compiler, int(repeats))
    plain = statistics.median(taken["plain"])
    print(f"{compiler} -O2, CPU seconds: median (least to most, n={repeats})")
    for name, seconds in taken.items():
        median = statistics.median(seconds)
        print(f"{name:<11} {median:5.2f} ({min(seconds):.2f} to {max(seconds):.2f})"
              f"  {median / plain:4.2f} of plain  {FILES[name]}")
    size = stripped_bytes(hello)
    print(f"examples/hello, stripped: {size / 1024:.0f} KiB")
    with open(path, "w", encoding="utf-8") as file:
        json.dump({"compiler": compiler, "cpu_seconds": taken, "hello_bytes": size}, file, indent=1)
        file.write("\n")
    print(f"figures: {path}")


main()
