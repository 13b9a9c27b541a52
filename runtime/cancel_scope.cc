#include "magpie/runtime/cancel_scope.h"

#include <mutex>

#include "magpie/runtime/suspension.h"

namespace magpie {

void cancel_scope::cancel() noexcept {
  ready_list ready;
  {
    const std::lock_guard lock(mutex_);
    requested_ = true;
    for (internal::scope_entry* entry = entries_; entry != nullptr; entry = entry->next_)
      entry->own_->cancel(ready);
  }
  ready.resume_all();
}

bool cancel_scope::cancel_requested() const noexcept {
  const std::lock_guard lock(mutex_);
  return requested_;
}

namespace internal {

context& scope_entry::enter(context& around) noexcept {
  around_ = &around;
  own_.emplace(around);
  const std::lock_guard lock(scope_.mutex_);
  next_ = scope_.entries_;
  link_ = &scope_.entries_;
  if (next_ != nullptr) next_->link_ = &next_;
  scope_.entries_ = this;
  if (scope_.requested_) own_->cancel();  // Nothing waits under it yet.
  return *own_;
}

bool scope_entry::leave() noexcept {
  const std::lock_guard lock(scope_.mutex_);
  *link_ = next_;
  if (next_ != nullptr) next_->link_ = link_;
  return scope_.requested_ && !around_->cancelled();
}

}  // namespace internal
}  // namespace magpie
