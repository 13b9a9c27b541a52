#!/usr/bin/env bash
# Checks README.md and docs/ against the working tree.
set -euo pipefail
root="$(dirname "$(readlink -f WORKSPACE)")"
exec python3 -B tests/docs/documents.py check "$root"
