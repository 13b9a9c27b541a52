#ifndef MAGPIE_BENCHMARKS_REPORT_WORKLOADS_WORKLOADS_H_
#define MAGPIE_BENCHMARKS_REPORT_WORKLOADS_WORKLOADS_H_

#include <span>

#include "magpie/benchmarks/report/workload.h"

namespace magpie::bench {

// One file each. To add one, copy the smallest, cpu_kernel.cc, declare it here, and list it in
// workloads.cc.
workload http_fan_out();
workload small_files();
workload cpu_kernel();
workload fetch_then_compute();
workload blocking_in_the_wrong_place();
workload grain_size();
workload idle_waiters();
workload ping_pong();
workload fork_join();
workload pipeline();

// All of them, in the order of the report.
std::span<const workload> all_workloads();

// Null for a name that does not exist.
const workload* find_workload(std::string_view name);

}  // namespace magpie::bench

#endif  // MAGPIE_BENCHMARKS_REPORT_WORKLOADS_WORKLOADS_H_
