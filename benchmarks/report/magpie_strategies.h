#ifndef MAGPIE_BENCHMARKS_REPORT_MAGPIE_STRATEGIES_H_
#define MAGPIE_BENCHMARKS_REPORT_MAGPIE_STRATEGIES_H_

// What the workloads share when they run on magpie.

#include <string_view>
#include <vector>

#include "magpie/benchmarks/report/parameters.h"
#include "magpie/magpie.h"

namespace magpie::bench {

// The options that a strategy's name asks for: one worker or the parameter "workers", and who
// polls for I/O.
options options_of(std::string_view strategy, const parameters& p);

// Awaits `work` with a heartbeat beside it, a task on the same workers; the lateness of its beats.
task<std::vector<double>> with_heartbeat(task<> work);

}  // namespace magpie::bench

#endif  // MAGPIE_BENCHMARKS_REPORT_MAGPIE_STRATEGIES_H_
