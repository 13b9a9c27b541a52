#ifndef MAGPIE_BENCHMARKS_REPORT_MAGPIE_STRATEGIES_H_
#define MAGPIE_BENCHMARKS_REPORT_MAGPIE_STRATEGIES_H_

// What the workloads share when they run on magpie.

#include <atomic>
#include <cstddef>
#include <memory>
#include <string_view>
#include <vector>

#include "magpie/benchmarks/report/meter.h"
#include "magpie/benchmarks/report/parameters.h"
#include "magpie/magpie.h"

namespace magpie::bench {

// The options that a strategy's name asks for: one worker or the parameter "workers", and who
// polls for I/O.
options options_of(std::string_view strategy, const parameters& p);

// A heartbeat as a task beside the others on the same workers. Start it with spawn(beat(pulse))
// and set `stop` when the work has ended; the handle then gets ready within a period.
struct pulse {
  std::atomic<bool> stop = false;
  heartbeat_log log;  // Of the beating task until it has ended.
};
task<> beat(std::shared_ptr<pulse> p);

// Awaits `work` with a heartbeat beside it; the lateness of its beats.
task<std::vector<double>> with_heartbeat(task<> work);

}  // namespace magpie::bench

#endif  // MAGPIE_BENCHMARKS_REPORT_MAGPIE_STRATEGIES_H_
