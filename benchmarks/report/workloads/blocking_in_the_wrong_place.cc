// A library's blocking call made inside a coroutine, where it stops the worker.

#include <chrono>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "magpie/benchmarks/report/blocking_strategies.h"
#include "magpie/benchmarks/report/magpie_strategies.h"
#include "magpie/benchmarks/report/strategy.h"
#include "magpie/benchmarks/report/workloads/workloads.h"
#include "magpie/magpie.h"

namespace magpie::bench {
namespace {

struct job {
  explicit job(const parameters& p)
      : call_time(p.count("call_us")),
        latencies_us(p.count("calls_per_worker") * p.count("workers")) {}

  // Stands for a database driver, a name lookup, a file on a network: it blocks its thread.
  void blocking_call(std::size_t i) {
    const auto start = steady::now();
    std::this_thread::sleep_for(call_time);
    latencies_us[i] = microseconds_between(start, steady::now());
  }

  const std::chrono::microseconds call_time;
  std::vector<double> latencies_us;  // Entry i: whoever makes call i.
};

task<> call_on_worker(job& all, std::size_t i) {
  all.blocking_call(i);
  co_return;
}

task<> call_on_blocking_pool(job& all, std::size_t i) {
  const auto call = [&all, i] { all.blocking_call(i); };
  co_await blocking(call);
}

task<> call_all(job& all, bool on_pool) {
  std::vector<task<>> running;
  for (std::size_t i = 0; i < all.latencies_us.size(); ++i) {
    running.push_back(on_pool ? call_on_blocking_pool(all, i) : call_on_worker(all, i));
  }
  co_await gather(std::move(running));
}

task<std::vector<double>> call_with_heartbeat(job& all, bool on_pool) {
  task<> work = call_all(all, on_pool);
  auto lags = with_heartbeat(std::move(work));
  co_return co_await std::move(lags);
}

void run_blocking(std::string_view strategy, const parameters& p, meter& m) {
  job all(p);
  const std::size_t count = all.latencies_us.size();
  const auto work = [&all](std::size_t i) { all.blocking_call(i); };
  m.start();
  {
    heartbeat_thread heartbeat;
    if (strategy == strategies::sequential) {
      run_sequentially(count, work);
    } else if (strategy == strategies::thread_per_operation) {
      run_thread_per_operation(count, work, count);
    } else {
      run_on_thread_pool(count, work, p.count("pool_threads"));
    }
    m.heartbeat_lags_us(heartbeat.stop());
  }
  m.stop();
  m.latencies_us(std::move(all.latencies_us));
}

void run_magpie(std::string_view strategy, const parameters& p, meter& m) {
  job all(p);
  const bool on_pool = strategy == strategies::magpie_blocking;
  m.start();
  m.heartbeat_lags_us(run(call_with_heartbeat(all, on_pool), options_of(strategy, p)));
  m.stop();
  m.latencies_us(std::move(all.latencies_us));
}

// The calls grow with the workers, so that there are several for each of them.
parameters sizes(scale size) {
  parameters p;
  p.set("call_us", std::size_t{5000}).set("pool_threads", std::size_t{64});
  switch (size) {
    case scale::tiny:
      return p.set("calls_per_worker", std::size_t{4});
    case scale::quick:
      return p.set("calls_per_worker", std::size_t{30});
    case scale::full:
      return p.set("calls_per_worker", std::size_t{60});
  }
  return p;
}

std::vector<sweep> sweeps(scale size, std::size_t) {
  using namespace strategies;
  if (size == scale::tiny) return {};
  return {{"over the length of the call",
           "call_us",
           "one call, microseconds",
           "heartbeat_lag_us",
           "heartbeat lag",
           {100, 1000, 5000, 20000},
           {magpie_n, magpie_blocking, asyncio},
           [](double, parameters& p) { p.set("calls_per_worker", std::size_t{8}); }}};
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
      {sequential, role::opponent, "One call after the other.", run_blocking},
      {thread_per_operation, role::opponent, "A thread for each call.", run_blocking},
      {thread_pool, role::opponent, "64 threads take calls from a queue.", run_blocking},
      {magpie_1, role::judged, "Wrong: a task for each call, made on the only worker.", run_magpie},
      {magpie_n, role::judged, "Wrong: a task for each call, made on the workers.", run_magpie},
      {magpie_blocking, role::shown, "The remedy: a task for each call, made through blocking(fn).",
       run_magpie},
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
