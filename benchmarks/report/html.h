#ifndef MAGPIE_BENCHMARKS_REPORT_HTML_H_
#define MAGPIE_BENCHMARKS_REPORT_HTML_H_

#include <string>

#include "magpie/benchmarks/report/results.h"

namespace magpie::bench {

// One page that needs nothing else: style and plots are inside, there is no script, and it
// follows the reader's choice of light or dark.
std::string to_html(const report_results& results);

}  // namespace magpie::bench

#endif  // MAGPIE_BENCHMARKS_REPORT_HTML_H_
