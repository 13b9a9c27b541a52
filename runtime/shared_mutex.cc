#include "magpie/runtime/shared_mutex.h"

#include <mutex>

namespace magpie {

using internal::hold;

std::optional<exclusive_guard> shared_mutex::try_lock() noexcept {
  const std::lock_guard lock(lock_);
  if (!waiters_.empty() || !admits(hold::exclusive)) return std::nullopt;
  admit(hold::exclusive);
  return held<hold::exclusive>();
}

std::optional<shared_guard> shared_mutex::try_lock_shared() noexcept {
  const std::lock_guard lock(lock_);
  if (!waiters_.empty() || !admits(hold::shared)) return std::nullopt;
  admit(hold::shared);
  return held<hold::shared>();
}

bool shared_mutex::locked() const noexcept {
  const std::lock_guard lock(lock_);
  return written_;
}

std::uint64_t shared_mutex::readers() const noexcept {
  const std::lock_guard lock(lock_);
  return readers_;
}

void shared_mutex::unlock() noexcept {
  ready_list ready;
  {
    const std::lock_guard lock(lock_);
    written_ = false;
    hand_out(ready);
  }
  ready.resume_all();
}

void shared_mutex::unlock_shared() noexcept {
  ready_list ready;
  {
    const std::lock_guard lock(lock_);
    --readers_;
    hand_out(ready);
  }
  ready.resume_all();
}

bool shared_mutex::admits(hold how) const noexcept {
  return !written_ && (how == hold::shared || readers_ == 0);
}

void shared_mutex::admit(hold how) noexcept {
  if (how == hold::exclusive) {
    written_ = true;
  } else {
    ++readers_;
  }
}

void shared_mutex::hand_out(ready_list& ready) noexcept {
  while (internal::wait_node* node = waiters_.front()) {
    auto& first = static_cast<internal::shared_mutex_awaiter&>(node->waiting());
    // One that has been cancelled still stands there until it runs.
    if (!first.claimed() && !admits(first.wanted())) return;
    if (!waiters_.claim(*node)) continue;
    admit(first.wanted());
    ready.add(first);
  }
}

namespace internal {

bool shared_mutex_awaiter::available() noexcept {
  return of_.waiters_.empty() && of_.admits(how_);
}

void shared_mutex_awaiter::take() noexcept {
  of_.admit(how_);
}

void shared_mutex_awaiter::leave(ready_list& ready) noexcept {
  of_.hand_out(ready);
}

}  // namespace internal

}  // namespace magpie
