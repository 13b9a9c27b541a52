// What gather() takes, and what it does not.
//
// rejected: magpie: gather() was given a function and not what it returns; call it
// rejected: magpie: gather() takes tasks, as values
// rejected: write gather(std::move(tasks))
#include <utility>
#include <vector>

#include "magpie/runtime/gather.h"
#include "magpie/runtime/spawn.h"

magpie::task<int> fetch();
magpie::task<> save();

magpie::task<> waits(magpie::join_handle<int> spawned, std::vector<magpie::task<int>> tasks) {
#ifdef WRONG
  co_await magpie::gather(fetch, save());
  co_await magpie::gather(fetch(), spawned);
  co_await magpie::gather(tasks);
#else
  auto [got, nothing] = co_await magpie::gather(fetch(), save());
  static_cast<void>(nothing);
  const int other = co_await spawned;
  const auto all = co_await magpie::gather(std::move(tasks));
  static_cast<void>(got + other + all[0]);
#endif
}
