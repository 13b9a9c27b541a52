#include "magpie/io/internal/descriptor.h"

#include <unistd.h>

#include <system_error>

#include "magpie/io/internal/io_thread.h"
#include "magpie/runtime/error.h"

namespace magpie::io::internal {

void descriptor::close() noexcept {
  if ((state_.fetch_or(closed_bit) & closed_bit) != 0) return;
  {
    // After this nobody registers it any more; register_with() looks at the bit under this lock.
    const std::lock_guard lock(mutex_);
    if (registration* watched = registration_.load()) reactor_->leave(fd_, *watched, false);
  }
  leave();
}

bool descriptor::enter() noexcept {
  std::uint32_t users = state_.load();
  do {
    if ((users & closed_bit) != 0) return false;
  } while (!state_.compare_exchange_weak(users, users + 1));
  return true;
}

void descriptor::leave() noexcept {
  if (state_.fetch_sub(1) == (closed_bit | 1U)) ::close(fd_);
}

int descriptor::watch(sighting& seen) try {
  const std::shared_ptr<reactor>& events = current_io_thread().events();
  // The usual case. If it is watched elsewhere in this moment, watched_at() will say so.
  if (seen.owner == events.get() && registration_.load() == seen.where) return 0;
  return watch_first(seen, events);
} catch (const std::system_error& error) {
  return error.code().value();
}

int descriptor::watch_first(sighting& seen, const std::shared_ptr<reactor>& events) {
  const std::lock_guard lock(mutex_);
  if (reactor_ != events) {
    const int failure = start_watching(events);
    if (failure != 0) return failure;
    // What happened between the call and now comes as an event.
    registration* const watched = registration_.load();
    seen = {watched, watched->owner(), watched->first_event()};
  }
  // If another task has had it watched meanwhile, something may have been reported already.
  return seen.where == registration_.load() ? 0 : try_again;
}

int descriptor::start_watching(const std::shared_ptr<reactor>& events) {
  if (!enter()) return ECANCELED;
  struct leaving {
    descriptor& entered;
    ~leaving() { entered.leave(); }
  } const at_end{*this};
  if (reactor_ != nullptr) stop_watching();
  registration_.store(&events->watch(fd_));
  reactor_ = events;
  return 0;
}

void descriptor::stop_watching() {
  registration& watched = *registration_.load();
  {
    const std::lock_guard lock(watched.lock());
    if (watched.awaited()) {
      throw usage_error(
          "magpie: tasks of another runtime are waiting for this socket; use it in one runtime at "
          "a time");
    }
  }
  former_.push_back(reactor_);
  registration_.store(nullptr);
  reactor_->leave(fd_, watched, true);
  reactor_.reset();
  // Pairs with attempt(), which enters before it looks: who is not counted finds nothing to look
  // in.
  constexpr std::uint32_t only_the_owner_and_this = 2;
  if (state_.load() == only_the_owner_and_this) former_.clear();
}

}  // namespace magpie::io::internal
