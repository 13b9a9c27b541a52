#include "magpie/runtime/barrier.h"

#include <mutex>

#include "magpie/runtime/error.h"

namespace magpie {

barrier::barrier(std::size_t parties) : parties_(parties) {
  if (parties == 0) throw usage_error("magpie: a barrier needs at least one party");
}

void barrier::reset() noexcept {
  break_up(false);
}

void barrier::abort() noexcept {
  break_up(true);
}

bool barrier::broken() const noexcept {
  const std::lock_guard lock(lock_);
  return broken_;
}

std::size_t barrier::n_waiting() const noexcept {
  const std::lock_guard lock(lock_);
  return waiters_.size();
}

void barrier::break_up(bool stays_broken) noexcept {
  ready_list ready;
  {
    const std::lock_guard lock(lock_);
    broken_ = stays_broken;
    end_waits(verdict::broken, ready);
  }
  ready.resume_all();
}

void barrier::end_waits(verdict how, ready_list& ready) noexcept {
  std::size_t place = 0;
  while (internal::wait_node* node = waiters_.front()) {
    auto& waiter = static_cast<internal::barrier_awaiter&>(node->waiting());
    // Also for one that has been cancelled, and comes to see it.
    waiter.verdict_ = how;
    waiter.place_ = place++;
    if (waiters_.claim(*node)) ready.add(waiter);
  }
}

namespace internal {

bool barrier_awaiter::available() noexcept {
  return at_.broken_ || at_.waiters_.size() + 1 == at_.parties_;
}

void barrier_awaiter::take() noexcept {
  if (at_.broken_) {
    verdict_ = barrier::verdict::broken;
    return;
  }
  verdict_ = barrier::verdict::passed;
  place_ = at_.waiters_.size();
  at_.end_waits(barrier::verdict::passed, others_);
}

std::size_t barrier_awaiter::await_resume() {
  const outcome how = finish();
  if (verdict_ == barrier::verdict::passed) return place_;
  throw_if_cancelled(how);
  throw broken_barrier("magpie: the barrier is broken: it has been reset or aborted");
}

}  // namespace internal

}  // namespace magpie
