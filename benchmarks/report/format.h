#ifndef MAGPIE_BENCHMARKS_REPORT_FORMAT_H_
#define MAGPIE_BENCHMARKS_REPORT_FORMAT_H_

#include <string>

namespace magpie::bench {

// Figures as people read them: three significant digits and a fitting unit.
std::string format_seconds(double seconds);
std::string format_microseconds(double microseconds);
std::string format_bytes(double bytes);
// "0.85x", "12.3x", "410x".
std::string format_ratio(double ratio);
// "1,234" above a thousand, three significant digits below.
std::string format_number(double value);

}  // namespace magpie::bench

#endif  // MAGPIE_BENCHMARKS_REPORT_FORMAT_H_
