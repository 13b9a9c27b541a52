#!/usr/bin/env python3
"""Finds calls that block a thread in coroutines, where they block a worker and all its tasks.

  blocking_calls.py FILE... -- FLAGS    FLAGS are those that the files are compiled with:
                                        -std=c++20 -I path/that/has/magpie

Prints "file:line: what to write instead"; exit status 1 if there is anything. What is found is in
blocking_calls.query, beside this file; it needs clang-query-19 (Debian: clang-tools-19). Looks at
the files that are named and not at their headers, and at what a coroutine calls itself: not at the
functions that it calls, and not at lambdas that are no coroutines. A call that is meant has, at the
end of its line, the comment "// blocks: why".
"""

import os
import re
import subprocess
import sys

QUERY = os.path.join(os.path.dirname(os.path.abspath(__file__)), "blocking_calls.query")
COMMAND = "clang-query-19"

INSTEAD = {
    "sleep": "write co_await magpie::sleep_for(duration), or sleep_until(time)",
    "future": "write co_await magpie::from_std_future(std::move(f))",
    "lock": "with a magpie::mutex, write auto held = co_await m.lock()",
    "condition": "with a magpie::condition, write co_await c.wait(guard)",
    "semaphore": "with a magpie::semaphore, write auto place = co_await s.acquire()",
    "latch": "with a magpie::latch or a magpie::barrier, write co_await x.wait()",
    "thread": "write co_await magpie::blocking([&] { thread.join(); })",
    "process": "write co_await magpie::blocking([&] { ... })",
    "io": "write co_await of what magpie::io has for it, or magpie::blocking([&] { ... })",
    "input": "write co_await magpie::blocking([&] { ... })",
    "run": "a runtime is run by a thread and not by a task; write co_await of the task",
    "handle": "write co_await handle",
}

FOUND = re.compile(r'^(.+):(\d+):\d+: note: "(\w+)" binds here$', re.MULTILINE)
# Quoted source lines begin with spaces or their number.
ERROR = re.compile(r"^(?:[^\s|]+:\d+:\d+: (?:fatal )?error: .*|Error .*|error: .*)$", re.MULTILINE)
MEANT = re.compile(r"//.*\bblocks: \S")


class failed(Exception):
    """The lint could not look."""


def is_meant(path, line):
    with open(path, encoding="utf-8") as file:
        lines = file.read().split("\n")
    return bool(MEANT.search(lines[line - 1]))


def check_file(path, flags):
    """(path, line, message) for each call, in the order of the lines."""
    try:
        done = subprocess.run([COMMAND, "-f", QUERY, path, "--", *flags], check=False, text=True,
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    except FileNotFoundError:
        raise failed(f"{COMMAND} is not installed (Debian: clang-tools-19)") from None
    errors = ERROR.findall(done.stdout)
    if done.returncode != 0 or errors:
        raise failed(f"{path} cannot be read:\n" + ("\n".join(errors) or done.stdout))
    found = {(int(line), kind) for where, line, kind in FOUND.findall(done.stdout)
             if os.path.samefile(where, path)}
    return [(path, line, f"blocks the worker; {INSTEAD[kind]}")
            for line, kind in sorted(found) if not is_meant(path, line)]


def main(arguments):
    if "--" not in arguments or arguments.index("--") == 0:
        sys.stderr.write(__doc__)
        return 2
    end = arguments.index("--")
    status = 0
    for path in arguments[:end]:
        try:
            findings = check_file(path, arguments[end + 1:])
        except failed as error:
            sys.stderr.write(f"blocking_calls.py: {error}\n")
            return 2
        for where, line, message in findings:
            print(f"{where}:{line}: {message}")
            status = 1
    return status


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
