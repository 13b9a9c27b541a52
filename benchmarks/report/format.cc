#include "magpie/benchmarks/report/format.h"

#include <algorithm>
#include <cmath>
#include <cstdio>

namespace magpie::bench {
namespace {

// Three significant digits, but whole numbers whole: 0.0521, 5.21, 52.1, 521, 5214.
std::string three_digits(double value) {
  if (value == 0) return "0";
  const int before_point = static_cast<int>(std::floor(std::log10(std::fabs(value)))) + 1;
  char text[64];
  std::snprintf(text, sizeof text, "%.*f", std::clamp(3 - before_point, 0, 9), value);
  return text;
}

}  // namespace

std::string format_seconds(double seconds) {
  if (seconds >= 1) return three_digits(seconds) + " s";
  return format_microseconds(seconds * 1e6);
}

std::string format_microseconds(double microseconds) {
  if (microseconds >= 1e6) return three_digits(microseconds * 1e-6) + " s";
  if (microseconds >= 1e3) return three_digits(microseconds * 1e-3) + " ms";
  if (microseconds >= 1 || microseconds <= 0) return three_digits(microseconds) + " us";
  return three_digits(microseconds * 1e3) + " ns";
}

std::string format_bytes(double bytes) {
  constexpr double k_kibi = 1024;
  if (bytes >= k_kibi * k_kibi * k_kibi)
    return three_digits(bytes / k_kibi / k_kibi / k_kibi) + " GiB";
  if (bytes >= k_kibi * k_kibi) return three_digits(bytes / k_kibi / k_kibi) + " MiB";
  if (bytes >= k_kibi) return three_digits(bytes / k_kibi) + " KiB";
  return three_digits(bytes) + " B";
}

std::string format_ratio(double ratio) {
  char text[64];
  std::snprintf(text, sizeof text, ratio < 10 ? "%.2fx" : ratio < 100 ? "%.1fx" : "%.0fx", ratio);
  return text;
}

std::string format_number(double value) {
  if (std::fabs(value) < 1000) {
    std::string text = three_digits(value);
    if (text.find('.') == std::string::npos) return text;
    while (text.back() == '0')
      text.pop_back();
    if (text.back() == '.') text.pop_back();
    return text;
  }
  char digits[64];
  std::snprintf(digits, sizeof digits, "%.0f", value);
  std::string text = digits;
  for (auto at = static_cast<int>(text.size()) - 3; at > (text[0] == '-' ? 1 : 0); at -= 3) {
    text.insert(static_cast<std::size_t>(at), ",");
  }
  return text;
}

}  // namespace magpie::bench
