// How small may a task be before its making costs more than its work?

#include <algorithm>
#include <cstdint>
#include <numeric>
#include <vector>

#include "magpie/benchmarks/report/kernels.h"
#include "magpie/benchmarks/report/operations.h"
#include "magpie/benchmarks/report/strategy.h"
#include "magpie/benchmarks/report/workloads/workloads.h"

namespace magpie::bench {
namespace {

class tasks : public operations {
 public:
  explicit tasks(const parameters& p) : steps_(p.count("grain")), results_(p.count("tasks")) {}

  std::size_t count() const { return results_.size(); }
  void call(std::size_t i) { results_[i] = spin(i, steps_); }

  void finish(meter& m) {
    m.check(std::accumulate(results_.begin(), results_.end(), std::uint64_t{0}));
    m.extra("ns_per_task", m.result().wall_s * 1e9 / static_cast<double>(count()));
  }

 private:
  const std::size_t steps_;
  std::vector<std::uint64_t> results_;  // Entry i: whoever does task i.
};

parameters sizes(scale size) {
  return parameters()
      .set("grain", 20)
      .set("tasks", at_scale(size, 200, 50000, 200000))
      .set("batch", 1000)
      .set("alive", 64);
}

// As many tasks as make some 50 ms of work at about a nanosecond a step, within bounds.
void adjust_tasks(double grain, parameters& p) {
  p.set("tasks", std::clamp<std::size_t>(static_cast<std::size_t>(50e6 / grain), 200, 100000));
}

std::vector<sweep> sweeps(scale size, std::size_t) {
  using namespace strategies;
  using grains = std::vector<double>;
  return {
      {.name = "over the grain",
       .key = "grain",
       .x_title = "steps of work per task, about a nanosecond each",
       .measure = "ns_per_task",
       .y_title = "time per task",
       .points = at_scale(size, grains{20, 2500}, grains{20, 100, 500, 2500, 12500, 62500},
                          grains{20, 50, 100, 250, 500, 1000, 2500, 5000, 12500, 62500, 250000}),
       .strategies = {sequential, thread_pool, magpie_1, magpie_n, magpie_cpu},
       .adjust = adjust_tasks}};
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
      {sequential, role::opponent, "A plain loop.", run_operations<tasks>},
      {thread_per_operation, role::opponent, "A thread for each task, at most 64 at once.",
       run_operations<tasks>},
      {thread_pool, role::opponent, "One thread per core takes the tasks from a queue.",
       run_operations<tasks>},
      {magpie_1, role::judged, "A magpie task for each, on one worker.", run_operations<tasks>},
      {magpie_n, role::judged, "A magpie task for each, on N workers.", run_operations<tasks>},
      {magpie_cpu, role::judged, "A magpie task for each, computed through cpu(fn).",
       run_operations<tasks>},
      {asyncio, role::shown, "An asyncio task for each, which does the steps in Python.", nullptr,
       "grain_size.py"},
  };
  w.sizes = sizes;
  w.sweeps = sweeps;
  w.has_break_even = true;
  return w;
}

}  // namespace magpie::bench
