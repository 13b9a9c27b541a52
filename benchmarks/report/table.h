#ifndef MAGPIE_BENCHMARKS_REPORT_TABLE_H_
#define MAGPIE_BENCHMARKS_REPORT_TABLE_H_

#include <string>
#include <utility>
#include <vector>

#include "magpie/benchmarks/report/results.h"

namespace magpie::bench {

// Everything for a terminal of 120 columns; with colours only where asked.
std::string to_table(const report_results& results, bool colours);

// The curves of a sweep and the break-even points in words, a line each; the page has them too.
std::string describe(const curve& c, const sweep& s);
std::string describe_break_even(const workload_result& result);

// A figure of the measure in its unit: "wall_s" in seconds, "..._us" in microseconds, "bytes..."
// in bytes, "..._per_s" as a rate, "ns_..." in nanoseconds.
std::string format_measure(std::string_view measure, double value);

// Breaks at spaces, each line indented.
std::string wrap(const std::string& text, std::size_t width, const std::string& indent);

}  // namespace magpie::bench

#endif  // MAGPIE_BENCHMARKS_REPORT_TABLE_H_
