#!/usr/bin/env bash
# Usage: run_lint.sh NAME. Runs one lint over the whole working tree.
set -euo pipefail
root="$(dirname "$(readlink -f WORKSPACE)")"
exec python3 -B "tools/lint/$1.py" "$root"
