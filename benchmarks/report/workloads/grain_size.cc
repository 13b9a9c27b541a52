// How small may a task be before its making costs more than its work?

#include <algorithm>
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

constexpr std::size_t k_batch = 1000;

struct job {
  explicit job(const parameters& p) : steps(p.count("grain")), results(p.count("tasks")) {}

  void work(std::size_t i) { results[i] = spin(i, steps); }
  std::uint64_t total() const {
    std::uint64_t sum = 0;
    for (const std::uint64_t each : results)
      sum += each;
    return sum;
  }

  const std::size_t steps;
  std::vector<std::uint64_t> results;  // Entry i: task i.
};

task<> work_on_worker(job& all, std::size_t i) {
  all.work(i);
  co_return;
}

task<> work_on_executor(job& all, std::size_t i) {
  const auto work = [&all, i] { all.work(i); };
  co_await cpu(work);
}

task<> work_all(job& all, bool on_executor) {
  for (std::size_t from = 0; from < all.results.size(); from += k_batch) {
    const std::size_t to = std::min(from + k_batch, all.results.size());
    std::vector<task<>> batch;
    batch.reserve(to - from);
    for (std::size_t i = from; i < to; ++i) {
      batch.push_back(on_executor ? work_on_executor(all, i) : work_on_worker(all, i));
    }
    co_await gather(std::move(batch));
  }
}

void finish(const job& all, meter& m) {
  m.check(all.total());
  m.extra("ns_per_task", m.result().wall_s * 1e9 / static_cast<double>(all.results.size()));
}

void run_blocking(std::string_view strategy, const parameters& p, meter& m) {
  job all(p);
  const std::size_t count = all.results.size();
  const auto work = [&all](std::size_t i) { all.work(i); };
  m.start();
  if (strategy == strategies::sequential) {
    run_sequentially(count, work);
  } else if (strategy == strategies::thread_per_operation) {
    run_thread_per_operation(count, work, p.count("alive"));
  } else {
    run_on_thread_pool(count, work, p.count("workers"));
  }
  m.stop();
  finish(all, m);
}

void run_magpie(std::string_view strategy, const parameters& p, meter& m) {
  job all(p);
  m.start();
  run(work_all(all, strategy == strategies::magpie_cpu), options_of(strategy, p));
  m.stop();
  finish(all, m);
}

parameters sizes(scale size) {
  parameters p;
  p.set("grain", std::size_t{20}).set("alive", std::size_t{64});
  switch (size) {
    case scale::tiny:
      return p.set("tasks", std::size_t{200});
    case scale::quick:
      return p.set("tasks", std::size_t{50000});
    case scale::full:
      return p.set("tasks", std::size_t{200000});
  }
  return p;
}

// As many tasks as make some 50 ms of work at about a nanosecond a step, within bounds.
void adjust_tasks(double grain, parameters& p) {
  p.set("tasks", std::clamp<std::size_t>(static_cast<std::size_t>(50e6 / grain), 200, 100000));
}

std::vector<sweep> sweeps(scale size, std::size_t) {
  using namespace strategies;
  std::vector<double> grains = {20, 100, 500, 2500, 12500, 62500};
  if (size == scale::full) grains = {20, 50, 100, 250, 500, 1000, 2500, 5000, 12500, 62500, 250000};
  if (size == scale::tiny) grains = {20, 2500};
  return {{"over the grain",
           "grain",
           "steps of work per task, about a nanosecond each",
           "ns_per_task",
           "time per task",
           grains,
           {sequential, thread_pool, magpie_1, magpie_n, magpie_cpu},
           adjust_tasks}};
}

}  // namespace

workload grain_size() {
  using namespace strategies;
  workload w;
  w.name = "grain_size";
  w.title = "Grain size of tiny tasks";
  w.question =
      "Every task costs something to make, to queue and to join. How much work must it "
      "hold before cutting the work into tasks is worth it?";
  w.what =
      "Independent tasks of some ten nanoseconds of arithmetic each, made and gathered in batches "
      "of "
      "1,000. The verdict is about these tiny ones. The grain is then raised step by step; the "
      "break-even point is the grain from which a strategy takes no longer than the plain "
      "loop.";
  w.variants = {
      {sequential, role::opponent, "A plain loop.", run_blocking},
      {thread_per_operation, role::opponent, "A thread for each task, at most 64 at once.",
       run_blocking},
      {thread_pool, role::opponent, "One thread per core takes the tasks from a queue.",
       run_blocking},
      {magpie_1, role::judged, "A magpie task for each, on one worker.", run_magpie},
      {magpie_n, role::judged, "A magpie task for each, on N workers.", run_magpie},
      {magpie_cpu, role::judged, "A magpie task for each, computed through cpu(fn).", run_magpie},
      {asyncio, role::shown, "An asyncio task for each, which does the steps in Python.", nullptr,
       "grain_size.py"},
  };
  w.sizes = sizes;
  w.sweeps = sweeps;
  w.has_break_even = true;
  return w;
}

}  // namespace magpie::bench
