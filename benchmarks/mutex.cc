// mutex: a lock that tasks wait for. All figures are per lock and unlock.
//
//   free       one task locks, counts and unlocks, again and again.
//   contended  a hundred tasks do so at the same time.
//
// Runtimes: magpie (mutex), tokio (sync::Mutex), go (sync.Mutex), asyncio and uvloop (Lock).
#include "magpie/runtime/mutex.h"

#include <cstddef>
#include <string>
#include <vector>

#include "magpie/benchmarks/peer_process.h"
#include "magpie/benchmarks/suite.h"
#include "magpie/runtime/spawn.h"
#include "magpie/runtime/task.h"

namespace magpie::benchmarks {
namespace {

constexpr int locks = 100'000;

struct counter {
  magpie::mutex lock;
  int count = 0;
};

task<> keep_locking(counter& shared, int times) {
  for (int i = 0; i < times; ++i) {
    const auto guard = co_await shared.lock.lock();
    ++shared.count;
  }
}

task<int> lock_often(int tasks) {
  counter shared;
  std::vector<join_handle<>> all;
  all.reserve(static_cast<std::size_t>(tasks));
  for (int i = 0; i < tasks; ++i)
    all.push_back(spawn(keep_locking(shared, locks / tasks)));
  for (join_handle<>& each : all)
    co_await each;
  co_return shared.count;
}

const bool registered = [] {
  add_rows("mutex/free/magpie", on_magpie(locks, [] { return lock_often(1); }));
  add_rows("mutex/contended/magpie", on_magpie(locks, [] { return lock_often(100); }));
  for (const char* program : {"mutex/free", "mutex/contended"}) {
    const std::string name = program;
    add_peer_rows(name + "/tokio", "tokio_micro");
    add_peer_rows(name + "/go", "go_micro");
    add_peer_row(name + "/asyncio", "python_micro");
    add_peer_row(name + "/uvloop", "python_micro");
  }
  return true;
}();

}  // namespace
}  // namespace magpie::benchmarks
