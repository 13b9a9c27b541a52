// Computing that never waits: rows of a Mandelbrot picture.

#include <atomic>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "magpie/benchmarks/report/blocking_strategies.h"
#include "magpie/benchmarks/report/kernels.h"
#include "magpie/benchmarks/report/magpie_strategies.h"
#include "magpie/benchmarks/report/strategy.h"
#include "magpie/benchmarks/report/workloads/workloads.h"
#include "magpie/magpie.h"

namespace magpie::bench {
namespace {

struct picture {
  explicit picture(const parameters& p) : size(p.count("size")), limit(p.count("limit")) {}

  void compute(std::size_t row) { total += mandelbrot_row(row, size, limit); }

  const std::size_t size;
  const std::size_t limit;
  std::atomic<std::uint64_t> total = 0;
};

task<> compute_on_worker(picture& all, std::size_t row) {
  all.compute(row);
  co_return;
}

task<> compute_on_executor(picture& all, std::size_t row) {
  const auto work = [&all, row] { all.compute(row); };
  co_await cpu(work);
}

task<> compute_all(picture& all, bool on_executor) {
  std::vector<task<>> rows;
  for (std::size_t row = 0; row < all.size; ++row) {
    rows.push_back(on_executor ? compute_on_executor(all, row) : compute_on_worker(all, row));
  }
  co_await gather(std::move(rows));
}

task<std::vector<double>> compute_with_heartbeat(picture& all, bool on_executor) {
  task<> work = compute_all(all, on_executor);
  auto lags = with_heartbeat(std::move(work));
  co_return co_await std::move(lags);
}

void run_blocking(std::string_view strategy, const parameters& p, meter& m) {
  picture all(p);
  const auto work = [&all](std::size_t row) { all.compute(row); };
  m.start();
  {
    heartbeat_thread heartbeat;
    if (strategy == strategies::sequential) {
      run_sequentially(all.size, work);
    } else if (strategy == strategies::thread_per_operation) {
      run_thread_per_operation(all.size, work, p.count("alive"));
    } else {
      run_on_thread_pool(all.size, work, p.count("workers"));
    }
    m.heartbeat_lags_us(heartbeat.stop());
  }
  m.stop();
  m.check(all.total);
}

void run_magpie(std::string_view strategy, const parameters& p, meter& m) {
  picture all(p);
  m.start();
  m.heartbeat_lags_us(run(compute_with_heartbeat(all, strategy == strategies::magpie_cpu),
                          options_of(strategy, p)));
  m.stop();
  m.check(all.total);
}

parameters sizes(scale size) {
  parameters p;
  p.set("alive", std::size_t{64}).set("limit", std::size_t{400});
  switch (size) {
    case scale::tiny:
      return p.set("size", std::size_t{64});
    case scale::quick:
      return p.set("size", std::size_t{768});
    case scale::full:
      return p.set("size", std::size_t{1536});
  }
  return p;
}

std::vector<sweep> sweeps(scale size, std::size_t workers) {
  using namespace strategies;
  if (size == scale::tiny) return {};
  return {{"over workers",
           "workers",
           "threads or workers",
           "wall_s",
           "wall time",
           worker_counts(workers),
           {thread_pool, magpie_n, magpie_cpu},
           [](double point, parameters& p) { p.set("cpu_threads", point); }}};
}

}  // namespace

workload cpu_kernel() {
  using namespace strategies;
  workload w;
  w.name = "cpu_kernel";
  w.title = "A CPU kernel";
  w.question =
      "The work is pure computing, cut into pieces of some hundred microseconds. Nothing "
      "waits, so is there anything for async to win over a thread pool?";
  w.what =
      "The rows of a Mandelbrot picture, whose costs differ by a factor of ten and more. "
      "Beside the work a heartbeat beats every millisecond, as a task on the same workers or "
      "as a thread beside the threads: its lag is the 99th percentile of how late it comes.";
  w.variants = {
      {sequential, role::opponent, "One row after the other.", run_blocking},
      {thread_per_operation, role::opponent, "A thread for each row, at most 64 at once.",
       run_blocking},
      {thread_pool, role::opponent, "One thread per core takes rows from a queue.", run_blocking},
      {magpie_1, role::judged, "A task for each row, computed on the worker.", run_magpie},
      {magpie_n, role::judged, "A task for each row, computed on the workers.", run_magpie},
      {magpie_cpu, role::judged, "A task for each row, computed through cpu(fn).", run_magpie},
  };
  w.absent = {{std::string(asyncio),
               "The time would be that of Python's arithmetic and not of asyncio, which runs "
               "computing on one thread in any case."}};
  w.sizes = sizes;
  w.sweeps = sweeps;
  return w;
}

}  // namespace magpie::bench
