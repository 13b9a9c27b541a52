#!/usr/bin/env bash
# Builds a program outside of this workspace, as README.md says: with Bazel, and without.
# Usage: tests/consumer/check.sh
set -euo pipefail
root="$(cd "$(dirname "$(readlink -f "${BASH_SOURCE[0]}")")/../.." && pwd)"
beside="$(mktemp -d)"
bazel_in_shop() { (cd "$beside/shop" && bazel --output_user_root="$beside/bazel" "$@"); }
finish() {
  bazel_in_shop shutdown >"$beside/log" 2>&1 || true
  chmod -R u+w "$beside"
  rm -rf "$beside"
}
trap finish EXIT

quietly() {
  "$@" >"$beside/log" 2>&1 || {
    cat "$beside/log"
    return 1
  }
}

# expect_dishes NAME COMMAND...
expect_dishes() {
  local name="$1" said
  shift
  said="$(timeout 60 "$@")"
  if [[ "$said" == *"soup is served"* && "$said" == *"2 dishes" ]]; then
    printf 'consumer: %s: ok\n' "$name"
  else
    printf 'consumer: %s: it says %s\n' "$name" "$said"
    exit 1
  fi
}

mkdir "$beside/shop"
ln -s "$root" "$beside/magpie"
cp "$root/tests/consumer/"{WORKSPACE,kitchen_test.cc,shop.cc,shop_test.cc} "$beside/shop/"
cp "$root/tests/consumer/shop.BUILD" "$beside/shop/BUILD"
cp "$root/tests/consumer/shop.bazelrc" "$beside/shop/.bazelrc"
quietly bazel_in_shop build //:shop
expect_dishes 'with Bazel' "$beside/shop/bazel-bin/shop"
quietly bazel_in_shop test //:shop_test //:kitchen_test
printf 'consumer: tests: ok\n'

cd "$beside"
mkdir include
ln -s "$beside/magpie" include/magpie
quietly clang++-19 -std=c++20 -O2 -Iinclude shop/shop.cc \
  include/magpie/{runtime,runtime/internal,io,io/internal}/*.cc -ltbb -pthread -o without
expect_dishes 'without Bazel' ./without
