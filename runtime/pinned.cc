#include "magpie/runtime/pinned.h"

#include <stdexcept>
#include <string>

#include "magpie/runtime/error.h"
#include "magpie/runtime/internal/scheduler.h"
#include "magpie/runtime/internal/worker.h"

namespace magpie {

std::size_t current_worker_number() {
  if (const internal::worker* here = internal::current_worker()) return here->index();
  throw usage_error(
      "magpie: current_worker_number() or spawn_pinned() without a worker was called on a thread "
      "that is no worker of a runtime; name the runtime and the worker there");
}

namespace internal {

std::shared_ptr<place> place_of_worker(scheduler& of, std::size_t number) {
  const auto& workers = of.workers();
  if (number >= workers.size()) {
    throw std::out_of_range("magpie: spawn_pinned() to worker " + std::to_string(number) +
                            " of a runtime that has " + std::to_string(workers.size()) +
                            "; they are counted from 0");
  }
  // No owner: a worker outlives the tasks.
  return {std::shared_ptr<place>(), &workers[number]->only_here()};
}

}  // namespace internal
}  // namespace magpie
