// Tasks that wait. None has local variables.
//
//   gather_child      waits for an event, in a gather of all of them.
//   sleeping          is asleep, in a gather of all of them.
//   spawned           waits for an event; with its handle.
//   spawned_sleeping  is asleep; with its handle.
//   awaited           is awaited by another, in a chain of all of them; the last waits.
#include <chrono>
#include <cstddef>
#include <exception>
#include <utility>
#include <vector>

#include "magpie/benchmarks/memory/footprint.h"
#include "magpie/runtime/error.h"
#include "magpie/runtime/event.h"
#include "magpie/runtime/gather.h"
#include "magpie/runtime/sleep.h"
#include "magpie/runtime/spawn.h"

namespace magpie::benchmarks {
namespace {

constexpr std::size_t tasks = 100'000;

task<> sleep_long() {
  co_await sleep_for(std::chrono::hours(1));
}

task<> wait_for(event& what) {
  co_await what.wait();
}

task<> cancel_and_join(join_handle<>& handle) {
  handle.cancel();
  try {
    co_await handle;
  } catch (const cancelled&) {
  }
}

// `make()` returns a task that waits. The only worker runs them all before the caller of yield().
template <class Make>
task<> weigh_spawned(benchmark::State& state, Make make) {
  std::vector<join_handle<>> handles;
  scales weigh(state, tasks);
  weigh.begin();
  handles.reserve(tasks);
  for (std::size_t i = 0; i < tasks; ++i)
    handles.push_back(spawn(make()));
  co_await yield();
  weigh.end();
  for (join_handle<>& handle : handles)
    co_await cancel_and_join(handle);
}

// Runs last of the children of a gather.
task<> end_and_set(scales& weigh, event& released) {
  weigh.end();
  released.set();
  co_return;
}

// `make()` returns a task that waits for what `end` brings about.
template <class Make>
task<> weigh_children(scales& weigh, Make make, task<> end) {
  weigh.begin();
  std::vector<task<>> children;
  children.reserve(tasks + 1);
  for (std::size_t i = 0; i < tasks; ++i)
    children.push_back(make());
  children.push_back(std::move(end));
  co_await gather(std::move(children));
}

task<> weigh_waiting(benchmark::State& state) {
  event released;
  scales weigh(state, tasks);
  co_await weigh_children(weigh, [&] { return wait_for(released); }, end_and_set(weigh, released));
}

class enough : public std::exception {};

// Its siblings are cancelled.
task<> end_and_fail(scales& weigh) {
  weigh.end();
  co_await yield();
  throw enough();
}

task<> weigh_sleeping(benchmark::State& state) {
  scales weigh(state, tasks);
  try {
    co_await weigh_children(weigh, sleep_long, end_and_fail(weigh));
  } catch (const enough&) {
  }
}

task<> chain(std::size_t more, event& released) {
  if (more == 0) {
    co_await released.wait();
  } else {
    co_await chain(more - 1, released);
  }
}

task<> weigh_chain(benchmark::State& state) {
  event released;
  scales weigh(state, tasks);
  weigh.begin();
  co_await gather(chain(tasks, released), end_and_set(weigh, released));
}

const bool registered = [] {
  add_weighed("gather_child", 1,
              [](benchmark::State& state, runtime& host) { host.run(weigh_waiting(state)); });
  add_weighed("sleeping", 1,
              [](benchmark::State& state, runtime& host) { host.run(weigh_sleeping(state)); });
  add_weighed("spawned", 1, [](benchmark::State& state, runtime& host) {
    event never;
    host.run(weigh_spawned(state, [&] { return wait_for(never); }));
  });
  add_weighed("spawned_sleeping", 1, [](benchmark::State& state, runtime& host) {
    host.run(weigh_spawned(state, [] { return sleep_long(); }));
  });
  add_weighed("awaited", 1,
              [](benchmark::State& state, runtime& host) { host.run(weigh_chain(state)); });
  return true;
}();

}  // namespace
}  // namespace magpie::benchmarks
