#ifndef MAGPIE_BENCHMARKS_REPORT_FORK_JOIN_ONETBB_H_
#define MAGPIE_BENCHMARKS_REPORT_FORK_JOIN_ONETBB_H_

#include <cstddef>
#include <cstdint>

namespace magpie::bench {

// The fork-join workload on oneTBB alone: a task of a task_group at every branch of the first
// `forks` rows, on `threads` threads, the calling one among them.
std::uint64_t count_with_onetbb(std::size_t n, std::size_t forks, std::size_t threads);

}  // namespace magpie::bench

#endif  // MAGPIE_BENCHMARKS_REPORT_FORK_JOIN_ONETBB_H_
