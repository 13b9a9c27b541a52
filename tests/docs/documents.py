#!/usr/bin/env python3
"""Keeps README.md and docs/*.md true to the sources.

  documents.py check ROOT     prints "file:line: what is wrong"; exit status 1 if anything is
  documents.py extract FILE...   prints one C++ file with every block that is to be compiled

The line above each block of C++ says what holds it to the truth:

  <!-- file: examples/hello.cc -->          it is that file, but for the comment the file opens with
  <!-- file: runtime/run.h [name] -->       it is what stands between the lines "// [name]" and
                                            "// [name end]" of that file
  <!-- compile -->                          it compiles as a file
  <!-- compile: task -->                    it compiles as the body of a coroutine

Other blocks may be compared with a file in the same way; "#" then stands for "//".

A table of measurements is what tools/bench_table.py makes of the kept repetitions of these suites,
with a column for each of these peers:

  <!-- figures: Tokio,Go spawn yield -->    docs/figures/spawn.json and docs/figures/yield.json
  <!-- figures: Tokio http:mixed:p99_us -->   one program, one figure of docs/figures/http.json

In all documents, a path in code quotes has to exist, and so has every file that a link points to.
A test in code quotes, `suite_test.name_of_it`, has to be one of those in tests/. In those of
FUNCTIONS_ARE_REAL, a function in code quotes, `name()` or `type::name()`, has to be one
of the sources.
"""

import os
import re
import subprocess
import sys
import textwrap

FUNCTIONS_ARE_REAL = ("docs/life-of-a-task.md", "docs/design.md")
LANGUAGES = ("cpp", "c++", "cc", "cxx", "c")
FOLDERS = ("runtime", "io", "examples", "benchmarks", "tests", "docs", "tools", "third_party")
PRELUDE = """\
// The blocks of several documents: for g++, no type here has a main file.
#if defined(__GNUC__) && !defined(__clang__)
#pragma GCC diagnostic ignored "-Wsubobject-linkage"
#endif

#include <chrono>
#include <iostream>
#include <string>
#include <utility>
#include <vector>

#include "magpie/magpie.h"

using namespace std::chrono_literals;
"""

MARK = re.compile(r"<!-- (file|compile)(?:: ([^\[\]]+?))?(?: \[(\w+)\])? -->")


class block:
    def __init__(self, line, language, mark):
        self.line = line  # Of the opening fence, from 1.
        self.language = language
        self.mark = mark  # The line above, if it is a comment.
        self.lines = []

    def text(self):
        return textwrap.dedent("\n".join(self.lines)).strip("\n") + "\n"


def blocks(text):
    """The fenced blocks of a document, and the lines outside of them."""
    found, prose = [], []
    opened, above = None, ""
    for number, line in enumerate(text.split("\n"), 1):
        stripped = line.strip()
        if opened is None and stripped.startswith("```"):
            opened = block(number, stripped[3:].split(" ")[0], above)
        elif opened is not None and stripped == "```":
            found.append(opened)
            opened = None
        elif opened is not None:
            opened.lines.append(line)
        else:
            prose.append((number, line))
        if stripped:
            above = stripped
    if opened is not None:
        found.append(opened)
    return found, prose


def without_opening_comment(text):
    return re.sub(r"\A(?://[^\n]*\n)+\n?", "", text)


def region(text, name):
    """What stands between the two lines that name the region; None if they are not there."""
    match = re.search(rf"^[ \t]*(?://|#) \[{name}\]\n(.*?)^[ \t]*(?://|#) \[{name} end\]$", text,
                      re.DOTALL | re.MULTILINE)
    return match and textwrap.dedent(match.group(1)).strip("\n") + "\n"


def read(root, path):
    with open(os.path.join(root, path), encoding="utf-8") as file:
        return file.read()


def check_block(root, found):
    """What is wrong with one block, or None."""
    mark = MARK.fullmatch(found.mark)
    if not mark:
        return "neither compared nor compiled: put <!-- file: PATH --> or <!-- compile --> above it"
    kind, argument, name = mark.groups()
    if kind == "compile":
        return None if argument in (None, "task") else f"unknown way to compile: {argument}"
    if not argument or not os.path.isfile(os.path.join(root, argument)):
        return f"there is no file {argument}"
    quoted = read(root, argument)
    if name:
        expected = region(quoted, name)
        if expected is None:
            return f"{argument} has no lines // [{name}] and // [{name} end]"
    else:
        expected = quoted
    if found.text() in (expected, without_opening_comment(expected)):
        return None
    return f"differs from {argument}" + (f" [{name}]" if name else "")


def check_paths(root, path, number, line):
    for quoted in re.findall(r"`([^`]+)`", line):
        if re.fullmatch(r"[\w.+-]+(/[\w.+-]+)*/?", quoted) and quoted.split("/")[0] in FOLDERS:
            if "/" in quoted and not os.path.exists(os.path.join(root, quoted)):
                yield path, number, f"there is no file {quoted}"
    for target in re.findall(r"\]\(([^)#\s]+)(?:#[^)]*)?\)", line):
        if "://" not in target and not os.path.exists(
                os.path.join(root, os.path.dirname(path), target)):
            yield path, number, f"the link to {target} leads nowhere"


def check_figures(root, path, prose):
    """Whether each table of measurements says what the kept repetitions say."""
    for at, (number, line) in enumerate(prose):
        mark = re.fullmatch(r"<!-- figures: (\S+) ([\w: ]+) -->", line.strip())
        if not mark:
            continue
        rest = [text for _, text in prose[at + 1:]]
        while rest and not rest[0].strip():
            del rest[0]
        table = []
        for text in rest:
            if not text.startswith("|"):
                break
            table.append(text)
        kept = []
        for word in mark.group(2).split():
            suite, colon, rest = word.partition(":")
            kept.append(f"docs/figures/{suite}.json{colon}{rest}")
        made = subprocess.run(
            [sys.executable, "-B", "tools/bench_table.py", "--markdown", mark.group(1), *kept],
            cwd=root, capture_output=True, text=True, check=False)
        if made.returncode != 0:
            yield path, number, f"no table can be made of {', '.join(kept)}: {made.stderr[-200:]}"
        elif made.stdout.splitlines() != table:
            yield path, number, f"the table differs from {', '.join(kept)}"


class functions:
    """The functions of runtime/ and io/, as far as words and brackets tell them."""

    def __init__(self, root):
        self.names = set()
        self.members = set()  # (class, function)
        for folder in ("runtime", "io"):
            for where, _, files in os.walk(os.path.join(root, folder)):
                for file in sorted(files):
                    if file.endswith((".h", ".cc")):
                        self.read(read(where, file))

    def read(self, text):
        code = re.sub(r'//[^\n]*|"[^"\n]*"|\[\[.*?\]\]', "", text)
        names = set(re.findall(r"\b(\w+)\s*\(", code))
        self.names |= names
        # A file that defines a class is taken to define it whole.
        for owner in re.findall(r"^[ \t]*(?:class|struct)\s+(?:\w+\s+)*?(\w+)\s*(?:final\s*)?[:{]",
                                code, re.MULTILINE):
            self.members |= {(owner, name) for name in names}
        self.members |= set(re.findall(r"\b(\w+)::(\w+)\s*\(", code))

    def has(self, quoted):
        *owners, name = quoted.split("::")
        owners = [o for o in owners if o not in ("magpie", "internal", "io", "testing")]
        return (owners[-1], name) in self.members if owners else name in self.names


def check_functions(known, path, number, line):
    for quoted in re.findall(r"`((?:\w+::)*\w+)\(\)`", line):
        if not known.has(quoted):
            yield path, number, f"there is no function {quoted}()"


class cases:
    """The GoogleTest cases of tests/."""

    def __init__(self, root):
        self.names = set()
        for where, _, files in os.walk(os.path.join(root, "tests")):
            for file in sorted(files):
                if file.endswith(".cc"):
                    self.names |= set(re.findall(r"^(?:TYPED_|CO_|CO_SIM_)?TEST(?:_P|_F)?\((\w+),\s*(\w+)\)",
                                                 read(where, file), re.MULTILINE))

    def check(self, path, number, line):
        for suite, name in re.findall(r"`(\w+_test)\.([a-z0-9_]+)`", line):
            if name not in ("cc", "h", "py", "sh") and (suite, name) not in self.names:
                yield path, number, f"there is no test {suite}.{name}"


def documents(root):
    found = [name for name in os.listdir(root) if name.endswith(".md")]
    for where, _, files in os.walk(os.path.join(root, "docs")):
        found += [os.path.relpath(os.path.join(where, f), root) for f in files if f.endswith(".md")]
    return sorted(found)


def check(root):
    findings = []
    known = functions(root)
    tests = cases(root)
    for path in documents(root):
        fenced, prose = blocks(read(root, path))
        for found in fenced:
            if found.language in LANGUAGES or found.mark.startswith("<!-- file:"):
                message = check_block(root, found)
                if message:
                    findings.append((path, found.line, message))
        findings += check_figures(root, path, prose)
        for number, line in prose:
            findings += check_paths(root, path, number, line)
            findings += tests.check(path, number, line)
            if path in FUNCTIONS_ARE_REAL:
                findings += check_functions(known, path, number, line)
    return findings


def extract(paths):
    """One source of all blocks to compile, each in a namespace of its own."""
    includes, bodies = [PRELUDE], []
    for path in paths:
        with open(path, encoding="utf-8") as file:
            fenced, _ = blocks(file.read())
        for found in fenced:
            mark = MARK.fullmatch(found.mark)
            if found.language not in LANGUAGES or not mark or mark.group(1) != "compile":
                continue
            lines = []
            for line in found.lines:
                if re.match(r"\s*#\s*include", line):
                    includes.append(line.strip() + "\n")
                    line = ""
                lines.append(line)
            body = "\n".join(lines)
            if mark.group(2) == "task":
                body = f"magpie::task<> body() {{\n#line {found.line + 1} \"{path}\"\n{body}\n" \
                       "co_return;\n}"
            bodies.append(f"namespace block_{len(bodies) + 1} {{\n"
                          f"#line {found.line + 1} \"{path}\"\n{body}\n}}\n")
    return "".join(includes) + "\n" + "\n".join(bodies)


def main(arguments):
    if len(arguments) >= 2 and arguments[0] == "extract":
        sys.stdout.write(extract(arguments[1:]))
        return 0
    if len(arguments) != 2 or arguments[0] != "check":
        sys.stderr.write(__doc__)
        return 2
    findings = check(arguments[1])
    for path, line, message in findings:
        print(f"{path}:{line}: {message}")
    return 1 if findings else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
