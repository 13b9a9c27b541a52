// The oneTBB arena behind cpu(). The only file pair that names oneTBB.
#ifndef MAGPIE_RUNTIME_INTERNAL_CPU_EXECUTOR_H_
#define MAGPIE_RUNTIME_INTERNAL_CPU_EXECUTOR_H_

#include <cstddef>
#include <memory>

#include "magpie/runtime/internal/job_executor.h"

namespace magpie::internal {

// An arena with `slots` slots, none of them for the workers of magpie: those never wait inside
// oneTBB. Throws what oneTBB throws.
std::unique_ptr<job_executor> make_cpu_executor(std::size_t slots);

}  // namespace magpie::internal

#endif  // MAGPIE_RUNTIME_INTERNAL_CPU_EXECUTOR_H_
