// timers: tasks that wait for time to pass. All figures are per timer; cpu_ns is the one that
// counts, since most of the wall time is the waiting itself.
//
//   sleep_1_to_10_ms 100,000 spawned tasks sleep at once, each between 1 and 10 ms.
//   gathered         the same as children of one gather, which costs less memory.
//   cancelled        a thousand tasks go to sleep for an hour and are cancelled.
//
// Runtimes: magpie (sleep_for), tokio (sleep), go (Sleep), asio (steady_timer), libuv (uv_timer,
// whole milliseconds, no tasks), asyncio and uvloop (sleep; a tenth of the tasks).
#include <chrono>
#include <cstddef>
#include <vector>

#include "magpie/benchmarks/peer_process.h"
#include "magpie/benchmarks/suite.h"
#include "magpie/runtime/error.h"
#include "magpie/runtime/gather.h"
#include "magpie/runtime/sleep.h"
#include "magpie/runtime/spawn.h"
#include "magpie/runtime/task.h"

namespace magpie::benchmarks {
namespace {

using namespace std::chrono_literals;

constexpr int sleepers = 100'000;
constexpr int cancelled_sleepers = 1000;

task<> sleep_once(clock::duration time) {
  co_await sleep_for(time);
}

// Spread evenly, in an order that is not sorted.
task<> sleeper(int number) {
  return sleep_once(1ms + 90ns * (number * 7919LL % sleepers));
}

task<int> sleep_1_to_10_ms() {
  std::vector<join_handle<>> sleeping;
  sleeping.reserve(sleepers);
  for (int i = 0; i < sleepers; ++i)
    sleeping.push_back(spawn(sleeper(i)));
  for (join_handle<>& each : sleeping)
    co_await each;
  co_return sleepers;
}

task<int> gathered() {
  std::vector<task<>> sleeping;
  sleeping.reserve(sleepers);
  for (int i = 0; i < sleepers; ++i)
    sleeping.push_back(sleeper(i));
  co_await gather(std::move(sleeping));
  co_return sleepers;
}

task<int> cancel_sleepers() {
  std::vector<join_handle<>> sleeping;
  sleeping.reserve(cancelled_sleepers);
  for (int i = 0; i < cancelled_sleepers; ++i)
    sleeping.push_back(spawn(sleep_once(1h)));
  co_await yield();
  for (join_handle<>& sleeper : sleeping)
    sleeper.cancel();
  int ended = 0;
  for (join_handle<>& sleeper : sleeping) {
    try {
      co_await sleeper;
    } catch (const cancelled&) {
      ++ended;
    }
  }
  co_return ended;
}

const bool registered = [] {
  add_rows("timers/sleep_1_to_10_ms/magpie", on_magpie(sleepers, sleep_1_to_10_ms));
  add_rows("timers/gathered/magpie", on_magpie(sleepers, gathered));
  add_rows("timers/cancelled/magpie", on_magpie(cancelled_sleepers, cancel_sleepers));
  add_peer_rows("timers/sleep_1_to_10_ms/tokio", "tokio_micro");
  add_peer_rows("timers/sleep_1_to_10_ms/go", "go_micro");
  add_peer_rows("timers/sleep_1_to_10_ms/asio", "asio_micro");
  add_peer_row("timers/sleep_1_to_10_ms/libuv", "uv_micro");
  add_peer_row("timers/sleep_1_to_10_ms/asyncio", "python_micro");
  add_peer_row("timers/sleep_1_to_10_ms/uvloop", "python_micro");
  return true;
}();

}  // namespace
}  // namespace magpie::benchmarks
