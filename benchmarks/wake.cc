// wake: how long an idle runtime takes to begin with work that comes from outside.
//
//   spawn   from the call of runtime::spawn, on a thread that is no worker, to the first line of
//           the task. Everything sleeps before each repeat.
//
// Runtimes: magpie; tokio (Runtime::spawn); go (a goroutine started by one that owns its thread);
// asio (post); libuv (uv_async_send); asyncio and uvloop (call_soon_threadsafe); futex (a thread
// that sleeps on a futex and is woken: the limit).
//
// Google Benchmark's own time is the mean; median_us and p99_us are what counts.
#include <algorithm>
#include <chrono>
#include <string>
#include <thread>
#include <vector>

#include "magpie/benchmarks/hand_over.h"
#include "magpie/benchmarks/peer_process.h"
#include "magpie/benchmarks/suite.h"
#include "magpie/runtime/task.h"

namespace magpie::benchmarks {
namespace {

using namespace std::chrono_literals;
using real_clock = std::chrono::steady_clock;
using seconds = std::chrono::duration<double>;

constexpr int repeats = 2000;

void let_everything_sleep() {
  std::this_thread::sleep_for(100us);
}

double microseconds_at(const std::vector<seconds>& sorted, double share) {
  const auto index = static_cast<std::size_t>(share * static_cast<double>(sorted.size() - 1));
  return sorted[index].count() * 1e6;
}

// `wake_once()` gives the time from the call to the beginning of the work.
template <class WakeOnce>
void measure(benchmark::State& state, WakeOnce wake_once) {
  std::vector<seconds> times;
  times.reserve(repeats);
  for (auto _ : state) {
    let_everything_sleep();
    const seconds time = wake_once();
    state.SetIterationTime(time.count());
    times.push_back(time);
  }
  std::sort(times.begin(), times.end());
  state.counters["median_us"] = microseconds_at(times, 0.5);
  state.counters["p99_us"] = microseconds_at(times, 0.99);
}

task<real_clock::time_point> begin() {
  co_return real_clock::now();
}

void wake_magpie(benchmark::State& state, std::size_t workers) {
  runtime host(options().workers(workers));
  measure(state, [&] {
    const auto called = real_clock::now();
    join_handle<real_clock::time_point> begun = host.spawn(begin());
    return begun.get() - called;
  });
}

void wake_futex(benchmark::State& state, std::size_t /*workers*/) {
  real_clock::time_point begun;
  sleeping_thread sleeper([&] { begun = real_clock::now(); });
  measure(state, [&] {
    const auto called = real_clock::now();
    sleeper.call();
    return begun - called;
  });
}

void add_timed_row(const std::string& name, const body& measured, std::size_t workers) {
  const std::string full = name + "/" + std::to_string(workers);
  benchmark::RegisterBenchmark(full.c_str(),
                               [=](benchmark::State& state) { measured(state, workers); })
      ->UseManualTime()
      ->Iterations(repeats);
}

const bool registered = [] {
  for (const std::size_t workers : worker_counts())
    add_timed_row("wake/spawn/magpie", wake_magpie, workers);
  add_peer_rows("wake/spawn/tokio", "tokio_micro");
  add_peer_rows("wake/spawn/go", "go_micro");
  add_peer_rows("wake/spawn/asio", "asio_micro");
  add_peer_row("wake/spawn/libuv", "uv_micro");
  add_peer_row("wake/spawn/asyncio", "python_micro");
  add_peer_row("wake/spawn/uvloop", "python_micro");
  add_timed_row("wake/spawn/futex", wake_futex, 1);
  return true;
}();

}  // namespace
}  // namespace magpie::benchmarks
