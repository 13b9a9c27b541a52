#include "magpie/io/internal/readiness.h"

#include <exception>

namespace magpie::io::internal {

bool readiness::start(magpie::internal::promise_base& who) {
  error_ = on_.watch(seen_);
  if (error_ == descriptor::try_again || error_ == ECANCELED) {
    error_ = 0;  // The next attempt finds out which.
    return false;
  }
  if (error_ != 0) return false;
  const std::lock_guard lock(seen_.where->lock());
  return submit(*seen_.where, who);
}

bool readiness::submit(registration& where, magpie::internal::promise_base& who) noexcept {
  if (!on_.watched_at(where) || where.events(direction_) != seen_.events) return false;
  where_ = &where;
  if (!arm(who)) return false;
  try {
    deadline_.start();
  } catch (const std::exception&) {
    error_ = ENOMEM;
    // If a cancellation was faster, that one resumes the task.
    return !claim(outcome::completed);
  }
  where.enlist(*this, direction_);
  return true;
}

int readiness::await_resume() {
  if (where_ == nullptr) return error_;
  if (!withdrawn()) {
    const std::lock_guard lock(where_->lock());
    where_->withdraw(*this);
  }
  deadline_.stop();
  const outcome how = disarm();
  throw_if_cancelled(how);
  return how == outcome::timed_out ? ETIMEDOUT : error_;
}

}  // namespace magpie::io::internal
