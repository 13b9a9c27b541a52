#!/usr/bin/env bash
# Gives the programs of the working tree to both compilers.
set -euo pipefail
root="$(dirname "$(readlink -f WORKSPACE)")"
exec python3 -B tests/rejected/rejected.py check "$root"
