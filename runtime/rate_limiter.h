// rate_limiter: at most so much in any stretch of time.
//
//   magpie::rate_limiter limit(10, 1s);      // Ten in a second, and up to ten at once.
//   co_await limit.acquire();
#ifndef MAGPIE_RUNTIME_RATE_LIMITER_H_
#define MAGPIE_RUNTIME_RATE_LIMITER_H_

#include <cstdint>

#include "magpie/runtime/clock.h"
#include "magpie/runtime/internal/mutex.h"
#include "magpie/runtime/mutex.h"
#include "magpie/runtime/task.h"

namespace magpie {

// A token bucket: `burst` tokens when it is full, as it is at first; `tokens` more flow in over
// each `per`, evenly. Any thread may call everything; acquire() is awaited by tasks. First come,
// first served: nobody overtakes one who waits, also not with fewer tokens. Must outlive whoever
// waits. The time between two tokens is rounded up to whole nanoseconds.
//
// (Kept as the generic cell rate algorithm does, ITU-T I.371: not a number of tokens that has to be
// brought up to date, but the time at which the bucket will be full.)
class rate_limiter {
 public:
  // Throws usage_error unless all three are positive.
  rate_limiter(std::uint32_t tokens, clock::duration per, std::uint32_t burst);
  // A burst of all that comes in one `per`.
  rate_limiter(std::uint32_t tokens, clock::duration per) : rate_limiter(tokens, per, tokens) {}
  rate_limiter(const rate_limiter&) = delete;
  rate_limiter& operator=(const rate_limiter&) = delete;

  // co_await acquire(n): takes n tokens, and suspends until they are there. Cancelled: throws
  // `cancelled`, and has taken none. Throws usage_error if n is more than the bucket holds, which
  // could never be. Allocates a frame, and where sleep_until does.
  task<> acquire(std::uint32_t tokens = 1);

  // Takes n tokens if they are there and nobody waits. Does not block.
  bool try_acquire(std::uint32_t tokens = 1);

 private:
  void check(std::uint32_t tokens) const;
  // Whether the tokens were there at `now`, and are taken; otherwise when they will be.
  bool take(std::uint32_t tokens, clock::time_point now, clock::time_point& ready) noexcept;

  const clock::duration interval_;  // Between two tokens.
  const std::uint32_t burst_;
  mutex turn_;  // Held by the one who waits for tokens; the others wait for it.
  internal::mutex lock_;
  clock::time_point full_at_ = clock::time_point::min();  // Under lock_.
};

}  // namespace magpie

#endif  // MAGPIE_RUNTIME_RATE_LIMITER_H_
