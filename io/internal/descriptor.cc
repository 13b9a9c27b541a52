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
  if (watched_by_.load() != events.get()) {
    const std::lock_guard lock(mutex_);
    if (reactor_ != events) return start_watching(events, seen);
  }
  return seen.events == sighting::never ? try_again : 0;
} catch (const std::system_error& error) {
  return error.code().value();
}

int descriptor::start_watching(const std::shared_ptr<reactor>& events, sighting& seen) {
  if (!enter()) return ECANCELED;
  struct leaving {
    descriptor& entered;
    ~leaving() { entered.leave(); }
  } const at_end{*this};
  if (reactor_ != nullptr) stop_watching();
  for (auto& count : drained_)
    count.store(sighting::never);
  registration_.store(&events->watch(fd_));
  reactor_ = events;
  watched_by_.store(events.get());
  // What happened between the call and now counts as the first event.
  seen.events = 0;
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
  watched_by_.store(nullptr);
  registration_.store(nullptr);
  reactor_->leave(fd_, watched, true);
  reactor_.reset();
}

}  // namespace magpie::io::internal
