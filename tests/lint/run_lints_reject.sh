#!/usr/bin/env bash
set -euo pipefail
export PYTHONPATH="$PWD/tools/lint"
exec python3 -B tests/lint/lints_reject_test.py
