#!/usr/bin/env bash
# Runs clang-tidy over the sources: all .cc files, and the headers that they reach.
# Usage: tools/lint/clang_tidy.sh [FILE...]
#
# Nine tenths of the time go to what each file includes. So the files of a directory are checked as
# one, a dozen at a time, if they compile as one, and one by one if not (two of them use one name).
# What clang-tidy looks for in the main file only (unused using declarations) is found only there.
#
# The static analyzer looks at the library only: the macros of GoogleTest and relacy make so many
# paths that it takes minutes for some tests, and the sanitizers see the paths that programs take.
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
  -isystem /usr/src/googletest/googlemock/include -Wno-everything
  -Xclang -analyzer-opt-analyze-headers)

# Files of a directory, and what is tests and what is not, in one source each: DIRECTORY/N.cc.
at_once=12
group=
count=0
number=0
for file in "${files[@]}"; do
  directory="$(dirname "$file")"
  if [[ "$directory" != "$group" || "$count" -ge "$at_once" ]]; then
    group="$directory"
    count=0
    number=$((number + 1))
    mkdir -p "$include/groups/$directory"
    units+=("$include/groups/$directory/$number.cc")
  fi
  printf '#include "magpie/%s"\n' "$file" >>"${units[-1]}"
  count=$((count + 1))
done

# shellcheck disable=SC2016
check='
  unit="$1"
  shift
  checks=-bugprone-suspicious-include
  [[ "$unit" == */groups/@(runtime|io)/* ]] || checks+=",-clang-analyzer-*"
  tidy() {
    said="$(clang-tidy-19 --quiet --config-file="$root/.clang-tidy" --checks="$checks" "$@" 2>&1)" ||
      { printf "%s\n" "$said" | grep -v "warnings\? .*generated"; return 1; }
  }
  if clang++-19 "$@" -fsyntax-only "$unit" 2>/dev/null; then
    tidy "$unit" -- "$@"
  else
    status=0
    while IFS=\" read -r _ file; do tidy "$include/$file" -- "$@" || status=1; done <"$unit"
    exit "$status"
  fi
'
export root include
printf '%s\0' "${units[@]}" |
  xargs -0 -I '{}' -P "$(nproc)" bash -c "$check" check '{}' "${flags[@]}" |
  sed "s,$include/magpie/,,g"
