#!/usr/bin/env bash
# Prints a C++ source that defines magpie::bench::embedded_files() with the files given.
set -euo pipefail

cat <<'END'
#include "magpie/benchmarks/report/embedded.h"

namespace magpie::bench {
namespace {

constexpr embedded_file k_files[] = {
END
for file in "$@"; do
  printf '    {"%s", R"EMBED(' "$(basename "$file")"
  cat "$file"
  printf ')EMBED"},\n'
done
cat <<'END'
};

}  // namespace

std::span<const embedded_file> embedded_files() { return k_files; }

}  // namespace magpie::bench
END
