#!/usr/bin/env bash
# Runs the checker's own tests.
set -euo pipefail
cd tests/rejected
exec python3 -B rejected_test.py
