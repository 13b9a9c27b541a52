#ifndef MAGPIE_BENCHMARKS_REPORT_STATISTICS_H_
#define MAGPIE_BENCHMARKS_REPORT_STATISTICS_H_

#include <cstddef>
#include <optional>
#include <utility>
#include <vector>

namespace magpie::bench {

// What repeated runs of one thing gave.
struct figure {
  double median = 0;
  double min = 0;
  double max = 0;
  std::size_t n = 0;
};

// The middle value, or the mean of the two middle ones. Requires a value.
double median(std::vector<double> values);

// The smallest value that at least `share` of all values do not exceed (nearest rank).
// Requires a value and 0 < share <= 1.
double percentile(std::vector<double> values, double share);

// Nothing when there are no values.
std::optional<figure> summarize(const std::vector<double>& values);

// The range of the values without the lowest and the highest one when there are at least
// five of them, and the full range otherwise: one disturbed run must not decide. Requires a
// value.
std::pair<double, double> kept_range(std::vector<double> values);

// Where a curve of ratios falls to 1 for good: the x beyond which every later ratio is at most
// 1, interpolated on logarithmic axes. The points come in ascending x. Nothing when the last
// ratio is above 1; the first x when no ratio is.
std::optional<double> break_even(const std::vector<std::pair<double, double>>& ratios);

}  // namespace magpie::bench

#endif  // MAGPIE_BENCHMARKS_REPORT_STATISTICS_H_
