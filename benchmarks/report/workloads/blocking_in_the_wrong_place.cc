// A library's blocking call made inside a coroutine, where it stops the worker.

#include <chrono>
#include <thread>

#include "magpie/benchmarks/report/operations.h"
#include "magpie/benchmarks/report/strategy.h"
#include "magpie/benchmarks/report/workloads/workloads.h"

namespace magpie::bench {
namespace {

class calls : public timed_operations {
 public:
  static constexpr bool k_heartbeat = true;

  explicit calls(const parameters& p)
      : timed_operations(p.count("calls_per_worker") * p.count("workers")),
        length_(p.count("call_us")) {}

  // Stands for a database driver, a name lookup, a file on a network: it blocks its thread.
  void call(std::size_t) { std::this_thread::sleep_for(length_); }

 private:
  const std::chrono::microseconds length_;
};

// The calls grow with the workers, so that there are several for each of them.
parameters sizes(scale size) {
  return parameters()
      .set("call_us", 5000)
      .set("calls_per_worker", at_scale(size, 4, 30, 60))
      .set("pool_threads", 64);
}

std::vector<sweep> sweeps(scale size, std::size_t) {
  using namespace strategies;
  if (size == scale::tiny) return {};
  return {{.name = "over the length of the call",
           .key = "call_us",
           .x_title = "one call, microseconds",
           .measure = "heartbeat_lag_us",
           .y_title = "heartbeat lag",
           .points = {100, 1000, 5000, 20000},
           .strategies = {magpie_n, magpie_blocking, asyncio},
           .adjust = [](double, parameters& p) { p.set("calls_per_worker", 8); }}};
}

}  // namespace

workload blocking_in_the_wrong_place() {
  using namespace strategies;
  workload w;
  w.name = "blocking_in_the_wrong_place";
  w.title = "A blocking call in the wrong place";
  w.question =
      "Somebody calls a blocking library inside a coroutine. What does it cost, and what "
      "happens to everything else on the same loop?";
  w.what =
      "Calls that block their thread for 5 ms each, as a database driver without an "
      "asynchronous interface does, several for each worker. Judged are the wrong forms, in "
      "which the call is made on the worker; the remedy, blocking(fn), is shown beside them. A "
      "heartbeat beats every millisecond beside the calls.";
  w.variants = {
      {sequential, role::opponent, "One call after the other.", run_operations<calls>},
      {thread_per_operation, role::opponent, "A thread for each call.", run_operations<calls>},
      {thread_pool, role::opponent, "64 threads take calls from a queue.", run_operations<calls>},
      {magpie_1, role::judged, "Wrong: a task for each call, made on the only worker.",
       run_operations<calls>},
      {magpie_n, role::judged, "Wrong: a task for each call, made on the workers.",
       run_operations<calls>},
      {magpie_blocking, role::shown, "The remedy: a task for each call, made through blocking(fn).",
       run_operations<calls>},
      {asyncio, role::shown, "Wrong: time.sleep in the coroutine.", nullptr,
       "blocking_in_the_wrong_place.py"},
      {asyncio_threads, role::shown, "The remedy there: asyncio.to_thread.", nullptr,
       "blocking_in_the_wrong_place.py"},
  };
  w.absent = {{std::string(magpie_cpu),
               "The CPU executor has one slot per core: a blocking call there would be as wrong."}};
  w.sizes = sizes;
  w.sweeps = sweeps;
  return w;
}

}  // namespace magpie::bench
