// skynet: a tree with ten children per node, whose leaves are numbered and summed up. Per node.
//
// magpie makes and gathers ten tasks at once, which allocates nothing but their frames;
// magpie_vector gathers a vector of them, which allocates that and the vector that is returned.
#include <tbb/task_group.h>

#include <array>
#include <cstddef>
#include <cstdint>
#include <numeric>
#include <utility>
#include <vector>

#include "magpie/benchmarks/fork_join/rows.h"
#include "magpie/runtime/gather.h"
#include "magpie/runtime/task.h"

namespace magpie::benchmarks {
namespace {

constexpr int children = 10;

task<std::int64_t> skynet(std::int64_t first, std::int64_t leaves) {
  if (leaves == 1) co_return first;
  const std::int64_t part = leaves / children;
  const std::array<std::int64_t, children> sums = co_await gather_n<children>(
      [&](std::size_t i) { return skynet(first + static_cast<std::int64_t>(i) * part, part); });
  co_return std::accumulate(sums.begin(), sums.end(), std::int64_t{0});
}

task<std::int64_t> skynet_vector(std::int64_t first, std::int64_t leaves) {
  if (leaves == 1) co_return first;
  const std::int64_t part = leaves / children;
  std::vector<task<std::int64_t>> parts;
  parts.reserve(children);
  for (int i = 0; i < children; ++i)
    parts.push_back(skynet_vector(first + i * part, part));
  const std::vector<std::int64_t> sums = co_await gather(std::move(parts));
  co_return std::accumulate(sums.begin(), sums.end(), std::int64_t{0});
}

std::int64_t skynet_onetbb(std::int64_t first, std::int64_t leaves) {
  if (leaves == 1) return first;
  const std::int64_t part = leaves / children;
  std::array<std::int64_t, children> sums{};
  tbb::task_group forked;
  for (int i = 0; i < children; ++i) {
    forked.run([&sums, first, part, i] {
      sums[static_cast<std::size_t>(i)] = skynet_onetbb(first + i * part, part);
    });
  }
  forked.wait();
  return std::accumulate(sums.begin(), sums.end(), std::int64_t{0});
}

std::int64_t skynet_recursion(std::int64_t first, std::int64_t leaves) {
  if (leaves == 1) return first;
  const std::int64_t part = leaves / children;
  std::int64_t sum = 0;
  for (int i = 0; i < children; ++i)
    sum += skynet_recursion(first + i * part, part);
  return sum;
}

void add(const program& what, std::int64_t leaves) {
  add_magpie(what, [=] { return skynet(0, hidden(leaves)); });
  add_magpie(what, [=] { return skynet_vector(0, hidden(leaves)); }, "magpie_vector");
  add_onetbb(what, [=] { return skynet_onetbb(0, hidden(leaves)); });
  add_recursion(what, [=] { return skynet_recursion(0, hidden(leaves)); });
}

const bool registered = [] {
  add({.name = "skynet_1e6", .operations = 1'111'111, .result = 499'999'500'000}, 1'000'000);
  add({.name = "skynet_1e8", .operations = 111'111'111, .result = 4'999'999'950'000'000},
      100'000'000);
  return true;
}();

}  // namespace
}  // namespace magpie::benchmarks
