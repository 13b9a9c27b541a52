#!/usr/bin/env bash
# Runs tests that fail, and looks at what they say.
set -euo pipefail
exec python3 -B tests/runtime/gtest_failures_test.py
