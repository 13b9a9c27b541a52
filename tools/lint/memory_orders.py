#!/usr/bin/env python3
"""Memory orders may appear only in the files listed in tests/lint/lock_free_files.txt, and each
listed file must have some: `grep -l memory_order` over runtime/ and io/ prints exactly the list.

  memory_orders.py [ROOT]   prints "file:line: what is wrong"; exit status 1 if anything is
"""

import os
import sys

from cxx_source import read, report, sources

LIST = "tests/lint/lock_free_files.txt"


def check(root):
    listed = {line.strip(): number
              for number, line in enumerate(read(root, LIST).split("\n"), 1)
              if line.strip() and not line.startswith("#")}
    findings = []
    for path in sources(root):
        if not path.startswith(("runtime/", "io/")) or path in listed:
            continue
        for number, line in enumerate(read(root, path).split("\n"), 1):
            if "memory_order" in line:
                findings.append((path, number, f"memory order outside of the files in {LIST}"))
                break
    for path, number in listed.items():
        if not os.path.isfile(os.path.join(root, path)):
            findings.append((LIST, number, f"there is no file {path}"))
        elif "memory_order" not in read(root, path):
            findings.append((LIST, number, f"{path} has no memory order: take it off the list"))
    return findings


if __name__ == "__main__":
    sys.exit(report(check(sys.argv[1] if len(sys.argv) > 1 else ".")))
