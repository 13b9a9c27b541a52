#!/usr/bin/env python3
"""Checks every #include of the project against the picture of its layers.

    examples, benchmarks, tests -> magpie.h -> io -> runtime -> runtime/internal

  include_layers.py [ROOT]   prints "file:line: what is wrong"; exit status 1 if anything is
"""

import os
import re
import sys

from cxx_source import code_only, read, report, sources

INCLUDE = re.compile(r'^[ \t]*#[ \t]*include[ \t]*(["<])([^">]+)[">]', re.MULTILINE)
COMMENT = re.compile(r'//[^\n]*|/\*.*?\*/', re.DOTALL)

# The one file pair of the library that knows oneTBB.
ONETBB_FILES = ("runtime/internal/cpu_executor.h", "runtime/internal/cpu_executor.cc")
ONETBB_USERS = ("benchmarks", "examples", "tests")

# Descriptors and system calls of I/O belong to io/.
IO_SYSTEM_HEADERS = ("sys/epoll.h", "sys/socket.h", "sys/un.h", "netinet/", "arpa/", "netdb.h",
                     "liburing", "linux/io_uring.h")


def layer_of(path):
    """The folders that decide what a file may see: "io", "runtime/internal", ..."""
    parts = path.split("/")
    if len(parts) == 1:
        return "umbrella"
    if len(parts) > 2 and parts[0] in ("runtime", "io") and parts[1] in ("internal", "testing"):
        return "/".join(parts[:2])
    return parts[0]


PUBLIC = {"umbrella", "runtime", "io", "runtime/testing", "io/testing"}

MAY_SEE = {
    "runtime": {"runtime", "runtime/internal"},
    "runtime/internal": {"runtime", "runtime/internal"},
    "runtime/testing": {"runtime", "runtime/internal", "runtime/testing"},
    "io": {"runtime", "io", "io/internal"},
    "io/internal": {"runtime", "io", "io/internal"},
    "io/testing": {"runtime", "runtime/testing", "io", "io/testing"},
    "umbrella": {"runtime", "io"},
    "examples": PUBLIC | {"examples"},
    "benchmarks": PUBLIC | {"benchmarks", "examples"},
    "tests": PUBLIC | {"runtime/internal", "io/internal", "examples", "benchmarks", "tests"},
}


def check_include(root, path, bracket, name):
    layer = layer_of(path)
    folder = path.split("/")[0]
    if name.startswith("magpie/"):
        target = name[len("magpie/"):]
        if bracket == "<":
            return f'write #include "{name}" with quotes'
        if not os.path.isfile(os.path.join(root, target)):
            return f'there is no file {target}'
        if layer_of(target) not in MAY_SEE[layer]:
            return f'{layer} must not include {layer_of(target)} ("{name}")'
        return None
    if bracket == '"':
        return f'write "magpie/..." or <...>, not "{name}"'
    if name.startswith(("tbb/", "oneapi/")):
        if path not in ONETBB_FILES and folder not in ONETBB_USERS:
            return f'oneTBB (<{name}>) belongs to {ONETBB_FILES[0]} and its .cc alone'
    if name.startswith(IO_SYSTEM_HEADERS) and folder == "runtime":
        return f'<{name}> belongs to io/'
    return None


def check_guard(path, text):
    """The include guard of a header, derived from its path."""
    guard = "MAGPIE_" + re.sub(r"[^A-Za-z0-9]", "_", path).upper() + "_"
    if path == "magpie.h":
        guard = "MAGPIE_MAGPIE_H_"
    code = code_only(text)
    if re.search(r"#[ \t]*pragma[ \t]+once", code):
        return "use an include guard, not #pragma once"
    if not re.match(rf"\s*#ifndef {guard}\n\s*#define {guard}\n", code):
        return f"the include guard must be {guard}"
    return None


def check(root):
    findings = []
    for path in sources(root):
        text = read(root, path)
        if path.endswith(".h"):
            message = check_guard(path, text)
            if message:
                findings.append((path, 1, message))
        # Comments go, strings stay: the name of an included file is one of them.
        code = COMMENT.sub(lambda m: "\n" * m.group(0).count("\n"), text)
        for match in INCLUDE.finditer(code):
            message = check_include(root, path, match.group(1), match.group(2))
            if message:
                findings.append((path, code.count("\n", 0, match.start(1)) + 1, message))
    return findings


if __name__ == "__main__":
    sys.exit(report(check(sys.argv[1] if len(sys.argv) > 1 else ".")))
