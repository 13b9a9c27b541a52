#!/usr/bin/env python3
"""Programs that must not compile, and what the compilers have to say about them.

  rejected.py check ROOT [FILE...]    all of ROOT/tests/rejected/*.cc, or these; prints
                                      "file: what is wrong"; exit status 1 if anything is

Each program is given to each compiler twice: as it stands it has to compile without a warning, with
-DWRONG it has to be rejected, and what the compiler says has to contain each TEXT of the lines

  // rejected: TEXT             by both compilers
  // rejected 3 times: TEXT     at least so often
  // rejected by clang: TEXT    by clang
  // rejected by g++: TEXT      by g++
  // flags: FLAGS               for both compilers and both forms, besides FLAGS below
  // flags for clang: FLAGS     for one of them; the same with g++

A compiler that no line names need not reject the program. Line breaks and spaces of TEXT count as
one space. A document quotes the forms that stand between "// [wrong]" and "// [wrong end]", and
between "// [right]" and "// [right end]".
"""

import concurrent.futures
import glob
import os
import re
import subprocess
import sys
import tempfile

COMPILERS = {"clang": "clang++-19", "g++": "g++-12"}
FLAGS = ["-std=c++20", "-fsyntax-only", "-Wall", "-Wextra", "-Wnon-virtual-dtor", "-Wshadow",
         "-Werror"]
# No quoted source lines: a text that only the source contains is no message.
PLAIN = {"clang": ["-fno-caret-diagnostics"], "g++": ["-fno-diagnostics-show-caret"]}
AT_ONCE = 2
LONGEST_OUTPUT = 3000

LINE = re.compile(r"^// (rejected|flags)(?: (\d+) times)?(?: (?:by|for) (clang|g\+\+))?: (.+)$",
                  re.MULTILINE)


class program:
    def __init__(self, path):
        self.path = path
        self.texts = {name: [] for name in COMPILERS}
        self.flags = {name: [] for name in COMPILERS}
        with open(path, encoding="utf-8") as file:
            self.source = file.read()
        for kind, times, only, rest in LINE.findall(self.source):
            for name in [only] if only else COMPILERS:
                if kind == "rejected":
                    self.texts[name].append((rest, int(times or 1)))
                else:
                    self.flags[name] += rest.split()


def one_line(text):
    return " ".join(text.split())


def compile_once(tested, name, include, wrong):
    """Whether the compiler takes it, and what it says."""
    command = [COMPILERS[name], *FLAGS, *PLAIN[name], *tested.flags[name], "-I", include]
    command += ["-DWRONG"] if wrong else []
    done = subprocess.run(command + [tested.path], check=False, text=True,
                          env={**os.environ, "LC_ALL": "C"},
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    return done.returncode == 0, done.stdout


def check_form(tested, name, include, wrong):
    """What is wrong with one form and one compiler, or None."""
    accepted, said = compile_once(tested, name, include, wrong)
    shown = f"\n{said[:LONGEST_OUTPUT].rstrip()}" if said else ""
    if not wrong:
        return None if accepted and not said else f"{name} rejects the right form:{shown}"
    if accepted:
        return f"{name} accepts the wrong form{shown}"
    for text, times in tested.texts[name]:
        found = one_line(said).count(one_line(text))
        if found < times:
            often = "" if times == 1 else f" {times} times, but {found}"
            return f"{name} does not say '{text}'{often}:{shown}"
    return None


def check_file(path, include):
    """The checks of one program, as functions that give a message or None."""
    tested = program(path)
    if not re.search(r"^#\s*if.*\bWRONG\b", tested.source, re.MULTILINE):
        return [lambda: "has no form for #ifdef WRONG"]
    if not any(tested.texts.values()):
        return [lambda: "has no line '// rejected: TEXT'"]
    return [lambda n=name, w=wrong: check_form(tested, n, include, w)
            for name in COMPILERS for wrong in (False, True) if not wrong or tested.texts[name]]


def check(root, paths=()):
    """(path, message) for whatever is wrong."""
    paths = list(paths) or sorted(glob.glob(os.path.join(root, "tests/rejected/*.cc")))
    if not paths:
        return [(root, "there are no programs")]
    with tempfile.TemporaryDirectory() as include, \
            concurrent.futures.ThreadPoolExecutor(AT_ONCE) as several:
        # Includes are spelled "magpie/...": a link of that name stands in for Bazel's.
        os.symlink(os.path.abspath(root), os.path.join(include, "magpie"))
        started = [(path, several.submit(each)) for path in paths
                   for each in check_file(path, include)]
        said = [(os.path.relpath(path, root), result.result()) for path, result in started]
    return [(path, message) for path, message in said if message]


def main(arguments):
    if len(arguments) < 2 or arguments[0] != "check":
        sys.stderr.write(__doc__)
        return 2
    findings = check(arguments[1], arguments[2:])
    for path, message in findings:
        print(f"{path}: {message}")
    return 1 if findings else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
