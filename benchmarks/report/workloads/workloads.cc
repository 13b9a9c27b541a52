#include "magpie/benchmarks/report/workloads/workloads.h"

#include <vector>

namespace magpie::bench {

std::span<const workload> all_workloads() {
  static const std::vector<workload> all = {
      http_fan_out(),
      small_files(),
      cpu_kernel(),
      fetch_then_compute(),
      blocking_in_the_wrong_place(),
      grain_size(),
      idle_waiters(),
      ping_pong(),
      fork_join(),
      pipeline(),
  };
  return all;
}

const workload* find_workload(std::string_view name) {
  for (const workload& each : all_workloads()) {
    if (each.name == name) return &each;
  }
  return nullptr;
}

}  // namespace magpie::bench
