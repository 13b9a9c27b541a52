#!/usr/bin/env bash
# Runs the examples as programs.
set -euo pipefail
exec python3 -B tests/examples/programs_test.py
