#!/usr/bin/env bash
# Bazel runs a test in the folder of its files.
set -euo pipefail
here="tests/benchmarks/instructions"
exec python3 -B "$here/count.py" "$here/operations" "$here/recorded.txt"
