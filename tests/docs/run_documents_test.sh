#!/usr/bin/env bash
# Runs the checker's own tests.
set -euo pipefail
cd tests/docs
exec python3 -B documents_test.py
