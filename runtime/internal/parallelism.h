// How many processors this process may use.
#ifndef MAGPIE_RUNTIME_INTERNAL_PARALLELISM_H_
#define MAGPIE_RUNTIME_INTERNAL_PARALLELISM_H_

#include <cstddef>
#include <string>

namespace magpie::internal {

// The processors in the calling thread's affinity mask; 0 if the system does not say.
std::size_t affinity_processors();

// The cgroup quota of processor time (v2: cpu.max, v1: cpu.cfs_quota_us) of this process and of
// every group around it, in processors, rounded up; 0 for none. Reads below `root`, "/" but in
// tests.
std::size_t quota_processors(const std::string& root);

// Both together; at least 1, at most 1024.
std::size_t parallelism(std::size_t affinity, std::size_t quota);

}  // namespace magpie::internal

#endif  // MAGPIE_RUNTIME_INTERNAL_PARALLELISM_H_
