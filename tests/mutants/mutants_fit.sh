#!/usr/bin/env bash
# Whether each mutant of mutants.json still fits the sources and names a test that exists.
set -euo pipefail
root="$(dirname "$(readlink -f WORKSPACE)")"
exec python3 -B "$root/tools/mutants" --check
