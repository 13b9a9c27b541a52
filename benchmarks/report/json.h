#ifndef MAGPIE_BENCHMARKS_REPORT_JSON_H_
#define MAGPIE_BENCHMARKS_REPORT_JSON_H_

#include <string>

#include "magpie/benchmarks/report/results.h"

namespace magpie::bench {

// report.json: the figures with every single run, so that each verdict can be derived again.
std::string to_json(const report_results& results);

}  // namespace magpie::bench

#endif  // MAGPIE_BENCHMARKS_REPORT_JSON_H_
