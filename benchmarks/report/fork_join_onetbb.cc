#include "magpie/benchmarks/report/fork_join_onetbb.h"

#include <oneapi/tbb/global_control.h>
#include <oneapi/tbb/task_arena.h>
#include <oneapi/tbb/task_group.h>

#include <algorithm>
#include <array>

#include "magpie/benchmarks/report/kernels.h"

namespace magpie::bench {
namespace {

std::uint64_t count(const board& b, std::size_t row, std::size_t n, std::size_t forks) {
  if (row == n) return 1;
  if (row >= forks) return count_queens(b, row, n);
  std::array<std::uint64_t, 32> ways{};
  tbb::task_group branches;
  for (std::size_t column = 0; column < n; ++column) {
    if (!may_place(b, column)) continue;
    branches.run([&, column] { ways[column] = count(place(b, column), row + 1, n, forks); });
  }
  branches.wait();
  std::uint64_t total = 0;
  for (const std::uint64_t each : ways)
    total += each;
  return total;
}

}  // namespace

std::uint64_t count_with_onetbb(std::size_t n, std::size_t forks, std::size_t threads) {
  const tbb::global_control limit(tbb::global_control::max_allowed_parallelism,
                                  std::max<std::size_t>(threads, 1));
  tbb::task_arena arena(static_cast<int>(threads));
  return arena.execute([&] { return count({}, 0, n, forks); });
}

}  // namespace magpie::bench
