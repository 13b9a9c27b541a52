#!/usr/bin/env bash
# run_suite.sh SUITE [OPTION...]: runs a benchmark suite briefly and looks at its figures: every row
# is named suite/program/runtime/workers and has run, and magpie is among them.
set -euo pipefail
suite="$1"
shift  # The rest: options of the suite.
figures="$TEST_TMPDIR/figures.json"
"$suite" --benchmark_min_time=0.001 --benchmark_out_format=json --benchmark_out="$figures" "$@"

python3 - "$(basename "$suite")" "$figures" <<'END'
import json
import re
import sys

suite, path = sys.argv[1:]
with open(path) as file:
    rows = json.load(file)["benchmarks"]
failed = [row["name"] for row in rows if row.get("error_occurred")]
assert not failed, f"failed: {failed}"
misnamed = [row["name"] for row in rows
            if not re.match(rf"{suite}/\w+/\w+/\d+(/[a-z]|$)", row["name"])]
assert not misnamed, f"not called {suite}/program/runtime/workers: {misnamed}"
assert any("/magpie/1" in row["name"] for row in rows), "magpie is missing"
END
