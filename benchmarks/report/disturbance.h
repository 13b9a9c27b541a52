#ifndef MAGPIE_BENCHMARKS_REPORT_DISTURBANCE_H_
#define MAGPIE_BENCHMARKS_REPORT_DISTURBANCE_H_

#include <sys/types.h>

#include <vector>

namespace magpie::bench {

// Processor time, in seconds, of the processors that this process may use.
struct processor_times {
  // Since the system started.
  double total = 0;
  double idle = 0;
  // Of this process, of its children that have ended, and of those given.
  double own = 0;
};

// All zero where the system does not tell.
processor_times read_processor_times(const std::vector<pid_t>& running_children);

// The share of the processors that went to others between two readings; time that a hypervisor
// took counts as theirs. From 0 to 1.
double share_of_others(const processor_times& before, const processor_times& after);

}  // namespace magpie::bench

#endif  // MAGPIE_BENCHMARKS_REPORT_DISTURBANCE_H_
