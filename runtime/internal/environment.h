// Time, choice and the executors of jobs, as a simulation replaces them.
#ifndef MAGPIE_RUNTIME_INTERNAL_ENVIRONMENT_H_
#define MAGPIE_RUNTIME_INTERNAL_ENVIRONMENT_H_

#include <cstddef>

#include "magpie/runtime/clock.h"

namespace magpie::internal {

class job_executor;

// A runtime in production has none, and pays one predictable branch where it would be asked.
class environment {
 public:
  environment() = default;
  environment(const environment&) = delete;
  environment& operator=(const environment&) = delete;
  virtual ~environment() = default;

  virtual clock::time_point now() noexcept = 0;

  // A number below `alternatives`, which is at least 1.
  virtual std::size_t choose(std::size_t alternatives) noexcept = 0;

  // Runs the jobs of cpu() and blocking().
  virtual job_executor& jobs() noexcept = 0;
};

}  // namespace magpie::internal

#endif  // MAGPIE_RUNTIME_INTERNAL_ENVIRONMENT_H_
