// spawn: tasks without a parent, and the handles to them. All figures are per task.
//
//   join_all     a thousand tasks that do nothing are spawned, then awaited one after the other.
//   join_million the same with a million.
//   one_by_one   a thousand times: spawn a task that does nothing, and await it.
//   detached     a thousand tasks are spawned and their handles dropped; the last one to run ends
//                the iteration.
//   from_outside a thread that is no worker spawns a thousand tasks and blocks for each.
//
// Runtimes: magpie (spawn and join_handle), onetbb (task_group::run and wait), tokio (spawn and
// JoinHandle), go (go and WaitGroup, or a channel for each), asio (co_spawn, and a counter or
// use_awaitable), asyncio and uvloop (create_task).
#include "magpie/runtime/spawn.h"

#include <tbb/task_group.h>

#include <cstddef>
#include <vector>

#include "magpie/benchmarks/onetbb.h"
#include "magpie/benchmarks/peer_process.h"
#include "magpie/benchmarks/suite.h"
#include "magpie/runtime/task.h"

namespace magpie::benchmarks {
namespace {

constexpr int tasks = 1000;
constexpr int million = 1'000'000;

task<> nothing() {
  co_return;
}

task<int> join_all(int count) {
  std::vector<join_handle<>> handles;
  handles.reserve(static_cast<std::size_t>(count));
  for (int i = 0; i < count; ++i)
    handles.push_back(spawn(nothing()));
  for (join_handle<>& handle : handles)
    co_await handle;
  co_return count;
}

task<int> one_by_one() {
  for (int i = 0; i < tasks; ++i) {
    join_handle<> handle = spawn(nothing());
    co_await handle;
  }
  co_return tasks;
}

task<int> detached() {
  for (int i = 0; i + 1 < tasks; ++i)
    spawn(nothing()).detach();
  join_handle<> last = spawn(nothing());
  co_await last;
  co_return tasks;
}

void from_outside(benchmark::State& state, std::size_t workers) {
  runtime host(options().workers(workers));
  std::vector<join_handle<>> handles;
  handles.reserve(tasks);
  const operation_meter meter(state, tasks);
  for (auto _ : state) {
    for (int i = 0; i < tasks; ++i)
      handles.push_back(host.spawn(nothing()));
    for (join_handle<>& handle : handles)
      handle.get();
    handles.clear();
  }
}

// Kept from being merged into one: the task has to be a call.
[[gnu::noinline]] void nothing_onetbb() {
  benchmark::ClobberMemory();
}

int join_all_onetbb() {
  tbb::task_group group;
  for (int i = 0; i < tasks; ++i)
    group.run(nothing_onetbb);
  group.wait();
  return tasks;
}

int one_by_one_onetbb() {
  tbb::task_group group;
  for (int i = 0; i < tasks; ++i) {
    group.run(nothing_onetbb);
    group.wait();
  }
  return tasks;
}

const bool registered = [] {
  add_rows("spawn/join_all/magpie", on_magpie(tasks, [] { return join_all(tasks); }));
  add_rows("spawn/join_all/onetbb", on_onetbb(tasks, join_all_onetbb));
  add_peer_rows("spawn/join_all/tokio", "tokio_micro");
  add_peer_rows("spawn/join_all/go", "go_micro");
  add_peer_rows("spawn/join_all/asio", "asio_micro");
  add_peer_row("spawn/join_all/asyncio", "python_micro");
  add_peer_row("spawn/join_all/uvloop", "python_micro");
  add_rows("spawn/join_million/magpie", on_magpie(million, [] { return join_all(million); }));
  add_peer_rows("spawn/join_million/tokio", "tokio_micro");
  add_peer_rows("spawn/join_million/go", "go_micro");
  add_rows("spawn/one_by_one/magpie", on_magpie(tasks, one_by_one));
  add_rows("spawn/one_by_one/onetbb", on_onetbb(tasks, one_by_one_onetbb));
  add_peer_rows("spawn/one_by_one/tokio", "tokio_micro");
  add_peer_rows("spawn/one_by_one/go", "go_micro");
  add_peer_rows("spawn/one_by_one/asio", "asio_micro");
  add_peer_row("spawn/one_by_one/asyncio", "python_micro");
  add_peer_row("spawn/one_by_one/uvloop", "python_micro");
  add_rows("spawn/detached/magpie", on_magpie(tasks, detached));
  add_rows("spawn/from_outside/magpie", from_outside);
  return true;
}();

}  // namespace
}  // namespace magpie::benchmarks
