// fib: a task for each call, nothing but forks and joins. Per call.
#include <tbb/task_group.h>

#include <cstdint>

#include "magpie/benchmarks/fork_join/rows.h"
#include "magpie/runtime/gather.h"
#include "magpie/runtime/task.h"

namespace magpie::benchmarks {
namespace {

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

void add(const program& what, int n) {
  add_magpie(what, [=] { return fib(hidden(n)); });
  add_onetbb(what, [=] { return fib_onetbb(hidden(n)); });
  add_recursion(what, [=] { return fib_recursion(hidden(n)); });
}

const bool registered = [] {
  add({.name = "fib_30", .operations = 2'692'537, .result = 832'040}, 30);
  add({.name = "fib_39", .operations = 204'668'309, .result = 63'245'986}, 39);
  return true;
}();

}  // namespace
}  // namespace magpie::benchmarks
