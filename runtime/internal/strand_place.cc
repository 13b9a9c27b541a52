#include "magpie/runtime/internal/strand_place.h"

#include <mutex>
#include <utility>

#include "magpie/runtime/internal/promise.h"

namespace magpie::internal {

bool strand_place::enter(promise_base& ready) noexcept {
  const std::lock_guard lock(mutex_);
  if (&ready == next_) {
    next_ = nullptr;
    return true;
  }
  if (kept_by_itself_ == nullptr) {
    kept_by_itself_ = shared_from_this();
    return true;
  }
  ready.set_next(nullptr);
  (first_waiting_ == nullptr ? first_waiting_ : last_waiting_->next_ready) = &ready;
  last_waiting_ = &ready;
  return false;
}

promise_base* strand_place::leave() noexcept {
  std::shared_ptr<strand_place> last;  // Let go of outside the lock.
  const std::lock_guard lock(mutex_);
  if (first_waiting_ == nullptr) {
    last = std::move(kept_by_itself_);
    return nullptr;
  }
  next_ = first_waiting_;
  first_waiting_ = next_->next();
  return next_;
}

}  // namespace magpie::internal
