#include "magpie/runtime/retry.h"

#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstdint>
#include <functional>
#include <random>
#include <thread>

#include "magpie/runtime/internal/current_worker.h"
#include "magpie/runtime/internal/scheduler.h"
#include "magpie/runtime/internal/worker.h"

namespace magpie {

retry_policy& retry_policy::attempts(int count) {
  if (count < 1) throw usage_error("magpie: retry_policy::attempts must be at least 1");
  attempts_ = count;
  return *this;
}

retry_policy& retry_policy::first_delay(clock::duration delay) {
  if (delay < clock::duration::zero()) {
    throw usage_error("magpie: retry_policy::first_delay must not be negative");
  }
  first_delay_ = delay;
  return *this;
}

retry_policy& retry_policy::factor(double growth) {
  if (!(growth >= 1)) throw usage_error("magpie: retry_policy::factor must be at least 1");
  factor_ = growth;
  return *this;
}

retry_policy& retry_policy::most_delay(clock::duration delay) {
  if (delay < clock::duration::zero()) {
    throw usage_error("magpie: retry_policy::most_delay must not be negative");
  }
  most_delay_ = delay;
  return *this;
}

retry_policy& retry_policy::jitter(double part) {
  if (!(part >= 0 && part <= 1)) {
    throw usage_error("magpie: retry_policy::jitter must be between 0 and 1");
  }
  jitter_ = part;
  return *this;
}

clock::duration retry_policy::delay_after(int failed, double random) const noexcept {
  using nanoseconds = std::chrono::duration<double, clock::period>;
  const double grown = std::pow(factor_, failed - 1) * nanoseconds(first_delay_).count();
  const double limited = std::min(grown, nanoseconds(most_delay_).count());
  return internal::saturated(nanoseconds(limited * (1 - jitter_ * random)));
}

namespace internal {

double random_fraction() noexcept {
  constexpr std::size_t steps = std::size_t{1} << 20U;
  if (environment* simulated = current_worker()->owner().simulated()) {
    return static_cast<double>(simulated->choose(steps)) / static_cast<double>(steps);
  }
  // Seeded so that it cannot fail, and differs between threads and between processes.
  thread_local std::minstd_rand random(static_cast<std::uint32_t>(
      std::chrono::system_clock::now().time_since_epoch().count() ^
      static_cast<clock::rep>(std::hash<std::thread::id>()(std::this_thread::get_id()))));
  return std::uniform_real_distribution<double>(0, 1)(random);
}

}  // namespace internal
}  // namespace magpie
