#include "magpie/runtime/semaphore.h"

#include <algorithm>
#include <mutex>
#include <string>

#include "magpie/runtime/error.h"

namespace magpie {

semaphore::semaphore(std::uint64_t initial, std::uint64_t most) : free_(initial), most_(most) {
  if (initial > most) {
    throw usage_error("magpie: a semaphore with at most " + std::to_string(most) +
                      " permits cannot begin with " + std::to_string(initial));
  }
}

internal::acquisition semaphore::acquire(std::uint64_t count) {
  if (count > most_) {
    throw usage_error("magpie: acquire(" + std::to_string(count) +
                      ") would wait for ever: this semaphore has at most " + std::to_string(most_) +
                      " permits");
  }
  return {*this, count};
}

std::optional<semaphore_permit> semaphore::try_acquire(std::uint64_t count) noexcept {
  const std::lock_guard lock(mutex_);
  if (!has(count)) return std::nullopt;
  free_ -= count;
  return semaphore_permit(*this, count);
}

void semaphore::release(std::uint64_t count) {
  ready_list ready;
  {
    const std::lock_guard lock(mutex_);
    if (count > most_ - free_) {
      throw usage_error("magpie: release(" + std::to_string(count) +
                        ") gives a semaphore more permits than the " + std::to_string(most_) +
                        " it may have: something is released twice, or was never acquired");
    }
    free_ += count;
    hand_out(ready);
  }
  ready.resume_all();
}

void semaphore::give_back(std::uint64_t count) noexcept {
  ready_list ready;
  {
    const std::lock_guard lock(mutex_);
    free_ += std::min(count, most_ - free_);
    hand_out(ready);
  }
  ready.resume_all();
}

std::uint64_t semaphore::available() const noexcept {
  const std::lock_guard lock(mutex_);
  return free_;
}

void semaphore::hand_out(ready_list& ready) noexcept {
  while (internal::wait_node* node = waiters_.front()) {
    auto& first = static_cast<internal::acquire_awaiter&>(node->waiting());
    // One that has been cancelled still stands there until it runs.
    if (!first.claimed() && free_ < first.count_) return;
    if (!waiters_.claim(*node)) continue;
    free_ -= first.count_;
    ready.add(first);
  }
}

void semaphore_permit::release() noexcept {
  if (from_ != nullptr) from_->give_back(count_);
  forget();
}

}  // namespace magpie
