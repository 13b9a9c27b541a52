#include "magpie/runtime/rate_limiter.h"

#include <algorithm>
#include <mutex>
#include <optional>
#include <string>

#include "magpie/runtime/error.h"
#include "magpie/runtime/sleep.h"

namespace magpie {
namespace {

clock::duration interval_of(std::uint32_t tokens, clock::duration per) {
  if (tokens == 0 || per <= clock::duration::zero()) {
    throw usage_error(
        "magpie: a rate_limiter needs a positive number of tokens in a positive time");
  }
  const clock::rep whole = per.count() / tokens;
  return clock::duration(per.count() % tokens == 0 ? whole : whole + 1);
}

}  // namespace

rate_limiter::rate_limiter(std::uint32_t tokens, clock::duration per, std::uint32_t burst)
    : interval_(interval_of(tokens, per)), burst_(burst) {
  if (burst == 0) throw usage_error("magpie: a rate_limiter needs a burst of at least 1");
  if (interval_ > clock::duration::max() / 4 / burst) {
    throw usage_error("magpie: a rate_limiter this slow is never full again");
  }
}

void rate_limiter::check(std::uint32_t tokens) const {
  if (tokens <= burst_) return;
  throw usage_error("magpie: acquire(" + std::to_string(tokens) +
                    ") would wait for ever: this rate_limiter holds at most " +
                    std::to_string(burst_) + " tokens");
}

task<> rate_limiter::acquire(std::uint32_t tokens) {
  check(tokens);
  const mutex_guard turn = co_await turn_.lock();
  for (;;) {
    clock::time_point ready;
    if (take(tokens, clock::now(), ready)) co_return;
    co_await sleep_until(ready);
  }
}

bool rate_limiter::try_acquire(std::uint32_t tokens) {
  check(tokens);
  const std::optional<mutex_guard> turn = turn_.try_lock();
  clock::time_point ready;
  return turn.has_value() && take(tokens, clock::now(), ready);
}

bool rate_limiter::take(std::uint32_t tokens, clock::time_point now,
                        clock::time_point& ready) noexcept {
  const std::lock_guard lock(lock_);
  const clock::time_point full_after = internal::after(std::max(full_at_, now), tokens * interval_);
  ready = internal::after(full_after, -(burst_ * interval_));
  if (ready > now) return false;
  full_at_ = full_after;
  return true;
}

}  // namespace magpie
