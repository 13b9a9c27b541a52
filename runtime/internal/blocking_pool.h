// The threads behind blocking(): as many as there are blocking calls at once, up to a limit.
#ifndef MAGPIE_RUNTIME_INTERNAL_BLOCKING_POOL_H_
#define MAGPIE_RUNTIME_INTERNAL_BLOCKING_POOL_H_

#include <cstddef>
#include <memory>

#include "magpie/runtime/clock.h"
#include "magpie/runtime/internal/job_executor.h"

namespace magpie::internal {

// Starts no thread. A thread ends when it has had nothing to do for `idle_limit`. Jobs beyond
// `most_threads` wait. submit() throws std::system_error if the system refuses the very first
// thread.
std::unique_ptr<job_executor> make_blocking_pool(std::size_t most_threads,
                                                 clock::duration idle_limit);

}  // namespace magpie::internal

#endif  // MAGPIE_RUNTIME_INTERNAL_BLOCKING_POOL_H_
