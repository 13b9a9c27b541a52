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

// The column of the queen in each row.
template <std::size_t Queens>
using board = std::array<char, Queens>;

// Whether the next row, of which there are `rows` before it, can have its queen there.
template <std::size_t Queens>
bool can_take(const board<Queens>& placed, std::size_t rows, char wanted) {
  for (std::size_t row = 0; row < rows; ++row) {
    const char other = placed[row];
    const auto distance = static_cast<char>(rows - row);
    if (wanted == other || wanted == other - distance || wanted == other + distance) return false;
  }
  return true;
}

// By value: a position is its task's own.
template <std::size_t Queens>
task<int> nqueens(std::size_t rows, board<Queens> placed) {
  if (rows == Queens) co_return 1;
  inplace_vector<task<int>, Queens> next;
  for (char column = 0; column < static_cast<char>(Queens); ++column) {
    if (!can_take(placed, rows, column)) continue;
    placed[rows] = column;
    next.push_back(nqueens(rows + 1, placed));
  }
  const inplace_vector<int, Queens> solutions = co_await gather(std::move(next));
  co_return std::accumulate(solutions.begin(), solutions.end(), 0);
}

// In a vector, as one writes it who does not know how many there can be.
template <std::size_t Queens>
task<int> nqueens_vector(std::size_t rows, board<Queens> placed) {
  if (rows == Queens) co_return 1;
  std::vector<task<int>> next;
  next.reserve(Queens);
  for (char column = 0; column < static_cast<char>(Queens); ++column) {
    if (!can_take(placed, rows, column)) continue;
    placed[rows] = column;
    next.push_back(nqueens_vector(rows + 1, placed));
  }
  const std::vector<int> solutions = co_await gather(std::move(next));
  co_return std::accumulate(solutions.begin(), solutions.end(), 0);
}

template <std::size_t Queens>
int nqueens_onetbb(std::size_t rows, board<Queens> placed) {
  if (rows == Queens) return 1;
  std::array<int, Queens> solutions{};
  tbb::task_group forked;
  for (char column = 0; column < static_cast<char>(Queens); ++column) {
    if (!can_take(placed, rows, column)) continue;
    placed[rows] = column;
    int& found = solutions[static_cast<unsigned char>(column)];
    forked.run([&found, rows, placed] { found = nqueens_onetbb(rows + 1, placed); });
  }
  forked.wait();
  return std::accumulate(solutions.begin(), solutions.end(), 0);
}

template <std::size_t Queens>
int nqueens_recursion(std::size_t rows, board<Queens> placed) {
  if (rows == Queens) return 1;
  int solutions = 0;
  for (char column = 0; column < static_cast<char>(Queens); ++column) {
    if (!can_take(placed, rows, column)) continue;
    placed[rows] = column;
    solutions += nqueens_recursion(rows + 1, placed);
  }
  return solutions;
}

template <std::size_t Queens>
void add(const program& what) {
  add_magpie(what, [] { return nqueens(0, hidden(board<Queens>())); });
  add_magpie(what, [] { return nqueens_vector(0, hidden(board<Queens>())); }, "magpie_vector");
  add_onetbb(what, [] { return nqueens_onetbb(0, hidden(board<Queens>())); });
  add_recursion(what, [] { return nqueens_recursion(0, hidden(board<Queens>())); });
}

const bool registered = [] {
  add<11>({.name = "nqueens_11", .operations = 166'926, .result = 2'680});
  add<14>({.name = "nqueens_14", .operations = 27'358'553, .result = 365'596});
  return true;
}();

}  // namespace
}  // namespace magpie::benchmarks
