#!/usr/bin/env bash
# The examples of the working tree, a test of the combinators, and what both use of the library, under
# MAGPIE_CHECK_LIFETIMES: no warning. A resource_pool calls what makes its resources by
# std::function, which does not compile so.
set -euo pipefail
root="$(dirname "$(readlink -f WORKSPACE)")"

# Includes are spelled "magpie/...": a link of that name stands in for Bazel's.
include="$(mktemp -d)"
trap 'rm -rf "$include"' EXIT
ln -s "$root" "$include/magpie"

cd "$root"
find examples tests/runtime/as_task_test.cc -name '*.cc' ! -name connection_pool.cc -print0 |
  xargs -0 -n 4 -P 2 clang++-19 -std=c++20 -fsyntax-only -Wall -Werror -DMAGPIE_CHECK_LIFETIMES \
    -isystem /usr/src/googletest/googletest/include \
    "-I$include"
