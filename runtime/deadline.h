// A limit on how long a suspension waits, for awaiters outside the runtime.
#ifndef MAGPIE_RUNTIME_DEADLINE_H_
#define MAGPIE_RUNTIME_DEADLINE_H_

#include "magpie/runtime/clock.h"
#include "magpie/runtime/internal/timer_queue.h"
#include "magpie/runtime/suspension.h"

namespace magpie {

// A member of the awaiter. When the time has come, it claims the suspension with
// outcome::timed_out.
class deadline {
 public:
  // time_point::max(): no limit.
  deadline(suspension& limited, clock::time_point at) noexcept
      : timer_(limited, at, suspension::outcome::timed_out) {}
  deadline(const deadline&) = delete;
  deadline& operator=(const deadline&) = delete;

  // Worker, from await_suspend(), after arm(). Throws std::bad_alloc, or std::length_error beyond
  // 2^32 - 1 timers.
  void start();

  // Worker, from await_resume(), before disarm(). Does nothing if start() was not called.
  void stop() noexcept;

 private:
  internal::wake_timer timer_;
  internal::worker* home_ = nullptr;  // Where the timer is, if anywhere.
};

}  // namespace magpie

#endif  // MAGPIE_RUNTIME_DEADLINE_H_
