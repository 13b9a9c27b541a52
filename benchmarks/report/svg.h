#ifndef MAGPIE_BENCHMARKS_REPORT_SVG_H_
#define MAGPIE_BENCHMARKS_REPORT_SVG_H_

#include <string>
#include <string_view>

#include "magpie/benchmarks/report/results.h"

namespace magpie::bench {

// Text for HTML and SVG: &, <, > and " escaped.
std::string escape(std::string_view text);

// The strategies of a workload as rows, its measures as panels side by side: the median with a
// line from the lowest to the highest run. Colours come from the page's style sheet.
std::string panels(const workload_result& result);

// One sweep: a line for each strategy.
std::string lines(const sweep_result& swept);
// Whether its vertical axis is logarithmic.
bool has_logarithmic_axis(const sweep_result& swept);

}  // namespace magpie::bench

#endif  // MAGPIE_BENCHMARKS_REPORT_SVG_H_
