// cpu_hop: a function that runs elsewhere, and the way back. All figures are per round trip of one
// task that waits for each before it begins the next.
//
//   cpu      through the oneTBB arena, with one slot.
//   blocking through the pool for blocking calls.
//
// Runtimes: magpie (co_await cpu(f), co_await blocking(f)); onetbb (task_arena::enqueue, and a
// thread that waits on a futex for its end); tokio (spawn_blocking); go (two channels to a
// goroutine that owns a thread); asio (post to a thread_pool and back); libuv (uv_queue_work);
// asyncio and uvloop (run_in_executor); futex (two threads that wake each other: the limit).
#include "magpie/benchmarks/hand_over.h"
#include "magpie/benchmarks/onetbb.h"
#include "magpie/benchmarks/peer_process.h"
#include "magpie/benchmarks/suite.h"
#include "magpie/runtime/blocking.h"
#include "magpie/runtime/cpu.h"
#include "magpie/runtime/task.h"

namespace magpie::benchmarks {
namespace {

constexpr int round_trips = 100;

int answer() {
  return 1;
}

task<int> through_cpu() {
  int sum = 0;
  for (int i = 0; i < round_trips; ++i)
    sum += co_await cpu(answer);
  co_return sum;
}

task<int> through_blocking() {
  int sum = 0;
  for (int i = 0; i < round_trips; ++i)
    sum += co_await blocking(answer);
  co_return sum;
}

void cpu_magpie(benchmark::State& state, std::size_t workers) {
  runtime host(options().workers(workers).cpu_threads(1));
  const operation_meter meter(state, round_trips);
  for (auto _ : state)
    benchmark::DoNotOptimize(host.run(through_cpu()));
}

void cpu_onetbb(benchmark::State& state, std::size_t /*workers*/) {
  // One thread more than the arena has slots: the one that waits counts as well.
  const tbb::global_control limit(tbb::global_control::max_allowed_parallelism, 2);
  tbb::task_arena arena(1, /*reserved_for_masters=*/0);
  hand_over done;
  const operation_meter meter(state, round_trips);
  for (auto _ : state) {
    for (int i = 0; i < round_trips; ++i) {
      arena.enqueue([&done] {
        benchmark::DoNotOptimize(answer());
        done.give();
      });
      done.take();
    }
  }
}

void blocking_futex(benchmark::State& state, std::size_t /*workers*/) {
  sleeping_thread other([] { benchmark::DoNotOptimize(answer()); });
  const operation_meter meter(state, round_trips);
  for (auto _ : state) {
    for (int i = 0; i < round_trips; ++i)
      other.call();
  }
}

const bool registered = [] {
  add_rows("cpu_hop/cpu/magpie", cpu_magpie);
  add_row("cpu_hop/cpu/onetbb", cpu_onetbb);
  add_rows("cpu_hop/blocking/magpie", on_magpie(round_trips, through_blocking));
  add_row("cpu_hop/blocking/futex", blocking_futex);
  add_peer_rows("cpu_hop/blocking/tokio", "tokio_micro");
  add_peer_rows("cpu_hop/blocking/go", "go_micro");
  add_peer_rows("cpu_hop/blocking/asio", "asio_micro");
  add_peer_row("cpu_hop/blocking/libuv", "uv_micro");
  add_peer_row("cpu_hop/blocking/asyncio", "python_micro");
  add_peer_row("cpu_hop/blocking/uvloop", "python_micro");
  return true;
}();

}  // namespace
}  // namespace magpie::benchmarks
