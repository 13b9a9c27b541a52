// fork_join: trees of tasks, in which a parent waits for all its children.
//
//   fib          fib(30), one task for each call: nothing but forks and joins. Per call.
//   skynet       a tree with ten children per node and a million leaves, whose numbers are summed
//                up. Per node.
//   nqueens      all solutions for eleven queens, one task for each position tried. Per position.
//   gather_1000  a thousand tasks that do nothing, in one gather. Per task.
//
// Runtimes: magpie (task and gather), onetbb (task_group), recursion (plain calls on one thread).
#include <tbb/task_group.h>

#include <array>
#include <cstddef>
#include <cstdint>
#include <numeric>
#include <utility>
#include <vector>

#include "magpie/benchmarks/onetbb.h"
#include "magpie/benchmarks/suite.h"
#include "magpie/runtime/gather.h"
#include "magpie/runtime/task.h"

namespace magpie::benchmarks {
namespace {

// ------------------------------------------------------------------------------------ fib

constexpr int fib_of = 30;
constexpr double fib_calls = 2'692'537;  // 2 fib(31) - 1

task<std::int64_t> fib(int n) {
  if (n < 2) co_return n;
  auto [a, b] = co_await gather(fib(n - 1), fib(n - 2));
  co_return a + b;
}

std::int64_t fib_onetbb(int n) {
  if (n < 2) return n;
  std::int64_t a = 0;
  tbb::task_group forked;
  forked.run([&] { a = fib_onetbb(n - 1); });
  const std::int64_t b = fib_onetbb(n - 2);
  forked.wait();
  return a + b;
}

std::int64_t fib_recursion(int n) {
  return n < 2 ? n : fib_recursion(n - 1) + fib_recursion(n - 2);
}

// ------------------------------------------------------------------------------------ skynet

constexpr std::int64_t skynet_leaves = 1'000'000;
constexpr double skynet_nodes = 1'111'111;
constexpr std::size_t skynet_children = 10;

task<std::int64_t> skynet(std::int64_t first, std::int64_t leaves) {
  if (leaves == 1) co_return first;
  const std::int64_t part = leaves / static_cast<std::int64_t>(skynet_children);
  std::vector<task<std::int64_t>> children;
  children.reserve(skynet_children);
  for (std::size_t i = 0; i < skynet_children; ++i)
    children.push_back(skynet(first + static_cast<std::int64_t>(i) * part, part));
  const std::vector<std::int64_t> part_sums = co_await gather(std::move(children));
  co_return std::accumulate(part_sums.begin(), part_sums.end(), std::int64_t{0});
}

std::int64_t skynet_onetbb(std::int64_t first, std::int64_t leaves) {
  if (leaves == 1) return first;
  const std::int64_t part = leaves / static_cast<std::int64_t>(skynet_children);
  std::array<std::int64_t, skynet_children> sums{};
  tbb::task_group forked;
  for (std::size_t i = 0; i < skynet_children; ++i) {
    forked.run([&sums, first, part, i] {
      sums[i] = skynet_onetbb(first + static_cast<std::int64_t>(i) * part, part);
    });
  }
  forked.wait();
  return std::accumulate(sums.begin(), sums.end(), std::int64_t{0});
}

std::int64_t skynet_recursion(std::int64_t first, std::int64_t leaves) {
  if (leaves == 1) return first;
  const std::int64_t part = leaves / static_cast<std::int64_t>(skynet_children);
  std::int64_t sum = 0;
  for (std::size_t i = 0; i < skynet_children; ++i)
    sum += skynet_recursion(first + static_cast<std::int64_t>(i) * part, part);
  return sum;
}

// ------------------------------------------------------------------------------------ nqueens

constexpr int queens = 11;
constexpr double nqueens_positions = 166'926;

// The column of the queen in each row, down to `rows`.
struct board {
  int rows = 0;
  std::array<std::uint8_t, queens> column{};

  bool can_take(int next) const {
    for (int row = 0; row < rows; ++row) {
      const int other = column[static_cast<std::size_t>(row)];
      const int distance = rows - row;
      if (other == next || other == next - distance || other == next + distance) return false;
    }
    return true;
  }

  board with(int next) const {
    board larger = *this;
    larger.column[static_cast<std::size_t>(rows)] = static_cast<std::uint8_t>(next);
    ++larger.rows;
    return larger;
  }
};

task<int> nqueens(board placed) {
  if (placed.rows == queens) co_return 1;
  std::vector<task<int>> children;
  for (int column = 0; column < queens; ++column) {
    if (placed.can_take(column)) children.push_back(nqueens(placed.with(column)));
  }
  const std::vector<int> solutions = co_await gather(std::move(children));
  co_return std::accumulate(solutions.begin(), solutions.end(), 0);
}

int nqueens_onetbb(const board& placed) {
  if (placed.rows == queens) return 1;
  std::array<int, queens> solutions{};
  tbb::task_group forked;
  for (int column = 0; column < queens; ++column) {
    if (!placed.can_take(column)) continue;
    forked.run([&placed, &solutions, column] {
      solutions[static_cast<std::size_t>(column)] = nqueens_onetbb(placed.with(column));
    });
  }
  forked.wait();
  return std::accumulate(solutions.begin(), solutions.end(), 0);
}

int nqueens_recursion(const board& placed) {
  if (placed.rows == queens) return 1;
  int solutions = 0;
  for (int column = 0; column < queens; ++column) {
    if (placed.can_take(column)) solutions += nqueens_recursion(placed.with(column));
  }
  return solutions;
}

// ------------------------------------------------------------------------------------ gather_1000

constexpr int siblings = 1000;

task<int> nothing() {
  co_return 1;
}

task<int> gather_siblings() {
  std::vector<task<int>> children;
  children.reserve(siblings);
  for (int i = 0; i < siblings; ++i)
    children.push_back(nothing());
  const std::vector<int> results = co_await gather(std::move(children));
  co_return static_cast<int>(results.size());
}

int gather_siblings_onetbb() {
  std::array<int, siblings> results{};
  tbb::task_group forked;
  for (int& result : results)
    forked.run([&result] { result = 1; });
  forked.wait();
  return static_cast<int>(results.size());
}

// ------------------------------------------------------------------------------------ rows

// The compiler must not know what it is asked to compute.
template <class T>
T hidden(T value) {
  benchmark::DoNotOptimize(value);
  return value;
}

template <class Program>
body on_one_thread(double operations, Program program) {
  return [=](benchmark::State& state, std::size_t) {
    const operation_meter meter(state, operations);
    for (auto _ : state)
      benchmark::DoNotOptimize(program());
  };
}

const bool registered = [] {
  add_rows("fork_join/fib/magpie", on_magpie(fib_calls, [] { return fib(hidden(fib_of)); }));
  add_rows("fork_join/fib/onetbb", on_onetbb(fib_calls, [] { return fib_onetbb(hidden(fib_of)); }));
  add_row("fork_join/fib/recursion",
          on_one_thread(fib_calls, [] { return fib_recursion(hidden(fib_of)); }));

  add_rows("fork_join/skynet/magpie",
           on_magpie(skynet_nodes, [] { return skynet(0, hidden(skynet_leaves)); }));
  add_rows("fork_join/skynet/onetbb",
           on_onetbb(skynet_nodes, [] { return skynet_onetbb(0, hidden(skynet_leaves)); }));
  add_row("fork_join/skynet/recursion",
          on_one_thread(skynet_nodes, [] { return skynet_recursion(0, hidden(skynet_leaves)); }));

  add_rows("fork_join/nqueens/magpie", on_magpie(nqueens_positions, [] { return nqueens({}); }));
  add_rows("fork_join/nqueens/onetbb",
           on_onetbb(nqueens_positions, [] { return nqueens_onetbb(hidden(board())); }));
  add_row("fork_join/nqueens/recursion",
          on_one_thread(nqueens_positions, [] { return nqueens_recursion(hidden(board())); }));

  add_rows("fork_join/gather_1000/magpie", on_magpie(siblings, [] { return gather_siblings(); }));
  add_rows("fork_join/gather_1000/onetbb",
           on_onetbb(siblings, [] { return gather_siblings_onetbb(); }));
  return true;
}();

}  // namespace
}  // namespace magpie::benchmarks
