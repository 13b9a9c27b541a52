// nqueens: all ways to place so many queens, a task for each position tried. Per position.
#include <tbb/task_group.h>

#include <array>
#include <cstddef>
#include <numeric>
#include <utility>
#include <vector>

#include "magpie/benchmarks/fork_join/rows.h"
#include "magpie/runtime/gather.h"
#include "magpie/runtime/inplace_vector.h"
#include "magpie/runtime/task.h"

namespace magpie::benchmarks {
namespace {

// The column of the queen in each row, down to `rows`.
template <int Queens>
struct board {
  int rows = 0;
  std::array<char, Queens> column{};

  bool can_take(int wanted) const {
    const char next = static_cast<char>(wanted);
    for (int row = 0; row < rows; ++row) {
      const char other = column[static_cast<std::size_t>(row)];
      const int distance = rows - row;
      if (next == other || next == other - distance || next == other + distance) return false;
    }
    return true;
  }

  board with(int next) const {
    board larger = *this;
    larger.column[static_cast<std::size_t>(rows)] = static_cast<char>(next);
    ++larger.rows;
    return larger;
  }
};

// By value: a position is its task's own.
template <int Queens>
task<int> nqueens(board<Queens> placed) {
  if (placed.rows == Queens) co_return 1;
  inplace_vector<task<int>, Queens> next;
  for (int column = 0; column < Queens; ++column) {
    if (placed.can_take(column)) next.push_back(nqueens(placed.with(column)));
  }
  const inplace_vector<int, Queens> solutions = co_await gather(std::move(next));
  co_return std::accumulate(solutions.begin(), solutions.end(), 0);
}

// In a vector, as one writes it who does not know how many there can be.
template <int Queens>
task<int> nqueens_vector(board<Queens> placed) {
  if (placed.rows == Queens) co_return 1;
  std::vector<task<int>> next;
  next.reserve(Queens);
  for (int column = 0; column < Queens; ++column) {
    if (placed.can_take(column)) next.push_back(nqueens_vector(placed.with(column)));
  }
  const std::vector<int> solutions = co_await gather(std::move(next));
  co_return std::accumulate(solutions.begin(), solutions.end(), 0);
}

template <int Queens>
int nqueens_onetbb(const board<Queens>& placed) {
  if (placed.rows == Queens) return 1;
  std::array<int, Queens> solutions{};
  tbb::task_group forked;
  for (int column = 0; column < Queens; ++column) {
    if (!placed.can_take(column)) continue;
    forked.run([&placed, &solutions, column] {
      solutions[static_cast<std::size_t>(column)] = nqueens_onetbb(placed.with(column));
    });
  }
  forked.wait();
  return std::accumulate(solutions.begin(), solutions.end(), 0);
}

template <int Queens>
int nqueens_recursion(const board<Queens>& placed) {
  if (placed.rows == Queens) return 1;
  int solutions = 0;
  for (int column = 0; column < Queens; ++column) {
    if (placed.can_take(column)) solutions += nqueens_recursion(placed.with(column));
  }
  return solutions;
}

template <int Queens>
void add(const program& what) {
  add_magpie(what, [] { return nqueens(hidden(board<Queens>())); });
  add_magpie(what, [] { return nqueens_vector(hidden(board<Queens>())); }, "magpie_vector");
  add_onetbb(what, [] { return nqueens_onetbb(hidden(board<Queens>())); });
  add_recursion(what, [] { return nqueens_recursion(hidden(board<Queens>())); });
}

const bool registered = [] {
  add<11>({.name = "nqueens_11", .operations = 166'926, .result = 2'680});
  add<14>({.name = "nqueens_14", .operations = 27'358'553, .result = 365'596});
  return true;
}();

}  // namespace
}  // namespace magpie::benchmarks
