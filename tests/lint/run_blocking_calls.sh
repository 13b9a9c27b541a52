#!/usr/bin/env bash
set -euo pipefail
MAGPIE_ROOT="$(dirname "$(readlink -f WORKSPACE)")"
export MAGPIE_ROOT PYTHONPATH="$PWD/tools/lint"
exec python3 -B tests/lint/blocking_calls_test.py
