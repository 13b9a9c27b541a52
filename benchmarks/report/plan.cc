#include "magpie/benchmarks/report/plan.h"

#include <algorithm>
#include <numeric>

#include "magpie/benchmarks/report/statistics.h"

namespace magpie::bench {
namespace {

double cost_of_repeated(const std::vector<double>& costs, const std::vector<bool>& once) {
  double sum = 0;
  for (std::size_t i = 0; i < costs.size(); ++i) {
    if (!once[i]) sum += costs[i];
  }
  return sum;
}

}  // namespace

plan plan_rounds(const std::vector<double>& costs, double budget, std::size_t most) {
  plan result;
  result.once.assign(costs.size(), false);
  if (costs.empty()) return result;
  const std::size_t least = std::min(k_least_rounds, most);
  const double first_round = std::accumulate(costs.begin(), costs.end(), 0.0);
  const double affordable_cost = 3 * median(costs);
  while (true) {
    const double per_round = std::max(cost_of_repeated(costs, result.once), 1e-6);
    const double more = std::clamp((budget - first_round) / per_round, 0.0, 1e6);
    result.rounds = std::clamp(1 + static_cast<std::size_t>(more), least, most);
    if (result.rounds >= std::min(k_wanted_rounds, most)) return result;

    std::size_t slowest = costs.size();
    for (std::size_t i = 0; i < costs.size(); ++i) {
      if (result.once[i] || costs[i] <= affordable_cost) continue;
      if (slowest == costs.size() || costs[i] > costs[slowest]) slowest = i;
    }
    if (slowest == costs.size()) return result;
    result.once[slowest] = true;
  }
}

}  // namespace magpie::bench
