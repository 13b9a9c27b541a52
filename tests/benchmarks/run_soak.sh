#!/usr/bin/env bash
# run_soak.sh SOAK: it ends, has looked twenty times, and refuses what it does not know. Whether
# memory has grown cannot be said of so short a time.
set -euo pipefail
status=0
"$1" --seconds 0.5 >"$TEST_TMPDIR/seen" || status=$?
((status == 0 || status == 1))
[[ "$(grep --count 'MB resident' "$TEST_TMPDIR/seen")" == 20 ]]
grep --quiet ' rounds$' "$TEST_TMPDIR/seen"
status=0
"$1" --minutes 1 2>/dev/null || status=$?
((status == 2))
