#!/usr/bin/env bash
# Runs clang-tidy over the sources: all .cc files, and the headers that they reach.
# Usage: tools/lint/clang_tidy.sh [FILE...]
#
# Without the static analyzer for the tests: the macros of GoogleTest and relacy make so many paths
# that it takes minutes for some of them, and the sanitizers see the paths that the tests do take.
set -euo pipefail
root="$(cd "$(dirname "$(readlink -f "${BASH_SOURCE[0]}")")/../.." && pwd)"

# Includes are spelled "magpie/...": a link of that name stands in for Bazel's.
include="$(mktemp -d)"
trap 'rm -rf "$include"' EXIT
ln -s "$root" "$include/magpie"

cd "$root"
files=("$@")
if ((${#files[@]} == 0)); then
  # Peers need packages and flags of their own (tools/peers).
  mapfile -t files < <(find runtime io examples benchmarks tests \
    -path benchmarks/peers -prune -o -name '*.cc' -print | sort)
fi
((${#files[@]} > 0)) || {
  printf 'clang_tidy.sh: no sources\n' >&2
  exit 1
}

flags=(-std=c++20 -O1 "-I$include" -isystem /usr/src/googletest/googletest/include
  -isystem /usr/src/googletest/googlemock/include -Wno-everything)
# shellcheck disable=SC2016
check='
  file="$1"
  shift
  fewer=()
  [[ "$file" != */magpie/tests/* ]] || fewer=("--checks=-clang-analyzer-*")
  said="$(clang-tidy-19 --quiet --config-file="$0/.clang-tidy" "${fewer[@]}" "$file" -- "$@" 2>&1)" || {
    printf "%s\n" "$said" | grep -v "warnings\? .*generated"
    exit 1
  }
'
printf '%s\0' "${files[@]/#/$include/magpie/}" |
  xargs -0 -I '{}' -P "$(nproc)" bash -c "$check" "$root" '{}' "${flags[@]}" |
  sed "s,$include/magpie/,,g"
