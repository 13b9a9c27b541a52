#ifndef MAGPIE_BENCHMARKS_REPORT_AXIS_H_
#define MAGPIE_BENCHMARKS_REPORT_AXIS_H_

#include <cstddef>
#include <vector>

namespace magpie::bench {

// Maps values to positions along a line of the page.
class axis {
 public:
  // From zero, when the largest value is at most `k_wide` times the smallest, and logarithmic
  // otherwise. Values that are not positive make it linear.
  static axis fitting(double smallest, double largest, double from, double to);
  static axis linear(double largest, double from, double to);
  static axis logarithmic(double smallest, double largest, double from, double to);

  static constexpr double k_wide = 20;

  bool is_logarithmic() const { return logarithmic_; }
  double at(double value) const;
  // Round multiples of the unit within the range, at most about `most` of them.
  std::vector<double> ticks(std::size_t most, double unit = 1) const;

 private:
  axis(bool logarithmic, double low, double high, double from, double to);

  bool logarithmic_;
  // The range of values, rounded outwards.
  double low_;
  double high_;
  double from_;
  double to_;
};

}  // namespace magpie::bench

#endif  // MAGPIE_BENCHMARKS_REPORT_AXIS_H_
