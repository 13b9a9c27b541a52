// What gather() takes, and what it does not.
//
// rejected: magpie: gather() was given a function and not what it returns; call it
// rejected: magpie: gather() takes tasks and what else can be awaited
// rejected: write gather(std::move(tasks))
// rejected: magpie: gather_n<n>(f) gathers what f(0), f(1), ... return
// rejected: this is awaited only once; write co_await std::move(x)
#include <cstddef>
#include <utility>
#include <vector>

#include "magpie/runtime/gather.h"
#include "magpie/runtime/spawn.h"

magpie::task<int> fetch();
magpie::task<> save();

magpie::task<> waits(magpie::join_handle<int> spawned, std::vector<magpie::task<int>> tasks) {
#ifdef WRONG
  magpie::gather(fetch, save());
  magpie::gather(fetch(), 5);
  co_await magpie::gather(tasks);
  magpie::gather_n<2>([](std::size_t i) { return i; });
  auto both = magpie::gather(fetch(), save());
  co_await both;
#else
  auto [got, nothing] = co_await magpie::gather(fetch(), save());
  static_cast<void>(nothing);
  auto [other, five] = co_await magpie::gather(spawned, fetch());
  auto both = magpie::gather(fetch(), save());
  co_await std::move(both);
  const auto all = co_await magpie::gather(std::move(tasks));
  const auto two = co_await magpie::gather_n<2>([](std::size_t) { return fetch(); });
  static_cast<void>(got + other + five + all[0] + two[1]);
#endif
}
