// cpu: a computation that would keep a worker too long.
//
//   image small = co_await magpie::cpu([&] { return scale(large, 0.5); });
#ifndef MAGPIE_RUNTIME_CPU_H_
#define MAGPIE_RUNTIME_CPU_H_

#include <type_traits>
#include <utility>

#include "magpie/runtime/internal/job_awaiter.h"

namespace magpie {

// Runs `function` on a thread of the runtime's oneTBB arena, in which it may use oneTBB's parallel
// algorithms, while this worker runs other tasks. Gives what it returns, or throws what it throws;
// the task goes on at the worker where it suspended or, if that is busy, at an idle one. `function`
// may be anything that can be moved and called once; it may refer to the caller's frame, which
// stays until it has ended. It must neither shut down nor destroy the runtime, which waits for it.
//
// Cancelled: throws `cancelled` if the function has not begun; otherwise waits for it. Costs two
// wake-ups (benchmark cpu_hop): for less than some ten microseconds of work, call the function
// directly. Throws what starting oneTBB's threads throws.
template <class Function>
internal::submitted<std::decay_t<Function>> cpu(Function&& function) {
  return {internal::job_kind::cpu, std::forward<Function>(function)};
}

}  // namespace magpie

#endif  // MAGPIE_RUNTIME_CPU_H_
