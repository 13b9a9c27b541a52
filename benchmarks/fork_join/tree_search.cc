// tree_search: the nodes of a random, unbalanced tree are counted, a task for each. Per node.
// tree_search_10 is the tree T1 of the UTS collection, and is known to have 4,130,071 nodes.
#include <tbb/task_group.h>

#include <cstddef>
#include <cstdint>
#include <numeric>
#include <utility>
#include <vector>

#include "magpie/benchmarks/fork_join/random_tree.h"
#include "magpie/benchmarks/fork_join/rows.h"
#include "magpie/runtime/gather.h"
#include "magpie/runtime/task.h"

namespace magpie::benchmarks {
namespace {

// `shape` outlives the search.
task<std::int64_t> count_nodes(const tree_shape& shape, tree_node at) {
  const int children = at.children(shape);
  if (children == 0) co_return 1;
  std::vector<task<std::int64_t>> below;
  below.reserve(static_cast<std::size_t>(children));
  for (int i = 0; i < children; ++i)
    below.push_back(count_nodes(shape, at.child(i)));
  const std::vector<std::int64_t> nodes = co_await gather(std::move(below));
  co_return std::accumulate(nodes.begin(), nodes.end(), std::int64_t{1});
}

std::int64_t count_nodes_onetbb(const tree_shape& shape, const tree_node& at) {
  const int children = at.children(shape);
  if (children == 0) return 1;
  std::vector<std::int64_t> nodes(static_cast<std::size_t>(children));
  tbb::task_group forked;
  for (int i = 0; i < children; ++i) {
    forked.run([&shape, &at, &nodes, i] {
      nodes[static_cast<std::size_t>(i)] = count_nodes_onetbb(shape, at.child(i));
    });
  }
  forked.wait();
  return std::accumulate(nodes.begin(), nodes.end(), std::int64_t{1});
}

std::int64_t count_nodes_recursion(const tree_shape& shape, const tree_node& at) {
  std::int64_t nodes = 1;
  for (int i = at.children(shape); i-- > 0;)
    nodes += count_nodes_recursion(shape, at.child(i));
  return nodes;
}

constexpr tree_shape small_tree{.seed = 19, .depth = 7, .branching = 4};
constexpr tree_shape t1{.seed = 19, .depth = 10, .branching = 4};

// `shape` outlives the rows.
void add(const program& what, const tree_shape& shape) {
  add_magpie(what, [&shape] { return count_nodes(shape, hidden(tree_node::root(shape))); });
  add_onetbb(what, [&shape] { return count_nodes_onetbb(shape, hidden(tree_node::root(shape))); });
  add_recursion(what,
                [&shape] { return count_nodes_recursion(shape, hidden(tree_node::root(shape))); });
}

const bool registered = [] {
  add({.name = "tree_search_7", .operations = 63'914, .result = 63'914}, small_tree);
  add({.name = "tree_search_10", .operations = 4'130'071, .result = 4'130'071}, t1);
  return true;
}();

}  // namespace
}  // namespace magpie::benchmarks
