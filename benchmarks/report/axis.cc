#include "magpie/benchmarks/report/axis.h"

#include <algorithm>
#include <cmath>

namespace magpie::bench {

axis axis::fitting(double smallest, double largest, double from, double to) {
  const bool wide = smallest > 0 && largest > k_wide * smallest;
  return wide ? logarithmic(smallest, largest, from, to) : linear(largest, from, to);
}

axis axis::linear(double largest, double from, double to) {
  return axis(false, 0, largest > 0 ? largest * 1.02 : 1, from, to);
}

axis axis::logarithmic(double smallest, double largest, double from, double to) {
  return axis(true, smallest / 1.25, largest * 1.25, from, to);
}

axis::axis(bool logarithmic, double low, double high, double from, double to)
    : logarithmic_(logarithmic), low_(low), high_(high), from_(from), to_(to) {}

double axis::at(double value) const {
  double share = 0;
  if (logarithmic_) {
    share = std::log(std::max(value, low_) / low_) / std::log(high_ / low_);
  } else {
    share = (value - low_) / (high_ - low_);
  }
  return from_ + std::clamp(share, 0.0, 1.0) * (to_ - from_);
}

std::vector<double> axis::ticks(std::size_t most, double unit) const {
  const double low = low_ / unit;
  const double high = high_ / unit;
  std::vector<double> found;
  if (logarithmic_) {
    const double decades = std::log10(high / low);
    const auto every = static_cast<int>(std::ceil(decades / static_cast<double>(most)));
    const int first = static_cast<int>(std::ceil(std::log10(low)));
    for (int power = first; std::pow(10, power) <= high; power += std::max(1, every)) {
      found.push_back(std::pow(10, power) * unit);
    }
    return found;
  }
  const double rough = high / static_cast<double>(most);
  const double decade = std::pow(10, std::floor(std::log10(rough)));
  double step = 10 * decade;
  for (const double factor : {5.0, 2.0, 1.0}) {
    if (factor * decade >= rough) step = factor * decade;
  }
  for (int i = 0; i * step <= high; ++i)
    found.push_back(i * step * unit);
  return found;
}

}  // namespace magpie::bench
