#include "magpie/benchmarks/report/workload.h"

#include <utility>

namespace magpie::bench {

sweep over_workers(std::size_t workers, std::vector<std::string_view> strategies) {
  return {.name = "over workers",
          .key = "workers",
          .x_title = "threads or workers",
          .measure = "wall_s",
          .y_title = "wall time",
          .points = worker_counts(workers),
          .strategies = std::move(strategies),
          .adjust = [](double point, parameters& p) { p.set("cpu_threads", point); }};
}

std::vector<double> worker_counts(std::size_t workers) {
  std::vector<double> counts;
  for (std::size_t count = 1; count < workers; count *= 2) {
    counts.push_back(static_cast<double>(count));
  }
  counts.push_back(static_cast<double>(workers));
  counts.push_back(static_cast<double>(2 * workers));
  return counts;
}

const variant* find_variant(const workload& w, std::string_view strategy) {
  for (const variant& each : w.variants) {
    if (each.strategy == strategy) return &each;
  }
  return nullptr;
}

}  // namespace magpie::bench
