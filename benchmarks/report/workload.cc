#include "magpie/benchmarks/report/workload.h"

namespace magpie::bench {

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
