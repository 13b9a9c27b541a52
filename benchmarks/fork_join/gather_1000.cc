// gather_1000: a thousand tasks that do nothing, in one gather. Per task.
#include <tbb/task_group.h>

#include <array>
#include <cstddef>
#include <numeric>
#include <utility>
#include <vector>

#include "magpie/benchmarks/fork_join/rows.h"
#include "magpie/runtime/gather.h"
#include "magpie/runtime/task.h"

namespace magpie::benchmarks {
namespace {

constexpr std::size_t siblings = 1000;

task<int> nothing() {
  co_return 1;
}

task<int> gather_siblings() {
  std::vector<task<int>> children;
  children.reserve(siblings);
  for (std::size_t i = 0; i < siblings; ++i)
    children.push_back(nothing());
  const std::vector<int> results = co_await gather(std::move(children));
  co_return std::accumulate(results.begin(), results.end(), 0);
}

int gather_siblings_onetbb() {
  std::array<int, siblings> results{};
  tbb::task_group forked;
  for (int& result : results)
    forked.run([&result] { result = 1; });
  forked.wait();
  return std::accumulate(results.begin(), results.end(), 0);
}

const bool registered = [] {
  const program what{.name = "gather_1000", .operations = siblings, .result = siblings};
  add_magpie(what, [] { return gather_siblings(); });
  add_onetbb(what, [] { return gather_siblings_onetbb(); });
  return true;
}();

}  // namespace
}  // namespace magpie::benchmarks
