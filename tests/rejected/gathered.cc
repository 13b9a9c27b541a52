// What gather() takes, and what it does not.
//
// rejected: magpie: gather() was given a function and not what it returns; call it
// rejected: magpie: gather() takes tasks and what else can be awaited
// rejected: write gather(std::move(tasks))
// rejected: this is awaited only once; write co_await std::move(x)
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
  auto both = magpie::gather(fetch(), save());
  co_await both;
#else
  auto [got, nothing] = co_await magpie::gather(fetch(), save());
  static_cast<void>(nothing);
  auto [other, five] = co_await magpie::gather(spawned, fetch());
  auto both = magpie::gather(fetch(), save());
  co_await std::move(both);
  const auto all = co_await magpie::gather(std::move(tasks));
  static_cast<void>(got + other + five + all[0]);
#endif
}
