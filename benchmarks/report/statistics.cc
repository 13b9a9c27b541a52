#include "magpie/benchmarks/report/statistics.h"

#include <algorithm>
#include <cmath>

namespace magpie::bench {

double median(std::vector<double> values) {
  std::sort(values.begin(), values.end());
  const std::size_t middle = values.size() / 2;
  if (values.size() % 2 == 1) return values[middle];
  return (values[middle - 1] + values[middle]) / 2;
}

double percentile(std::vector<double> values, double share) {
  const double rank = std::ceil(share * static_cast<double>(values.size()));
  const std::size_t index =
      std::clamp<std::size_t>(static_cast<std::size_t>(rank), 1, values.size()) - 1;
  std::nth_element(values.begin(), values.begin() + static_cast<std::ptrdiff_t>(index),
                   values.end());
  return values[index];
}

std::optional<figure> summarize(const std::vector<double>& values) {
  if (values.empty()) return std::nullopt;
  const auto [low, high] = std::minmax_element(values.begin(), values.end());
  return figure{median(values), *low, *high, values.size()};
}

std::pair<double, double> kept_range(std::vector<double> values) {
  std::sort(values.begin(), values.end());
  if (values.size() < 5) return {values.front(), values.back()};
  return {values[1], values[values.size() - 2]};
}

std::optional<double> break_even(const std::vector<std::pair<double, double>>& ratios) {
  if (ratios.empty() || ratios.back().second > 1) return std::nullopt;
  std::size_t first = ratios.size() - 1;
  while (first > 0 && ratios[first - 1].second <= 1)
    --first;
  if (first == 0) return ratios.front().first;

  const auto [x0, r0] = ratios[first - 1];
  const auto [x1, r1] = ratios[first];
  const double share = std::log(r0) / (std::log(r0) - std::log(r1));
  return std::exp(std::log(x0) + share * (std::log(x1) - std::log(x0)));
}

}  // namespace magpie::bench
