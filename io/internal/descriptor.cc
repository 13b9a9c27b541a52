#include "magpie/io/internal/descriptor.h"

#include <unistd.h>

#include <new>
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

int descriptor::watch(sighting& seen) {
  const int started = start_io_thread();
  if (started != 0) return started;
  const std::shared_ptr<reactor>& events = current_io_thread().events();
  const std::lock_guard lock(mutex_);
  if (reactor_ == events) return seen.events == sighting::never ? try_again : 0;
  if (!enter()) return ECANCELED;
  struct leaving {
    descriptor& entered;
    ~leaving() { entered.leave(); }
  } const at_end{*this};
  return register_with(events, seen);
}

int descriptor::register_with(const std::shared_ptr<reactor>& events, sighting& seen) {
  if (registration* before = registration_.load()) {
    {
      const std::lock_guard lock(before->lock());
      if (before->awaited()) {
        throw usage_error(
            "magpie: tasks of another runtime are waiting for this socket; use it in one runtime "
            "at a time");
      }
    }
    registration_.store(nullptr);
    reactor_->leave(fd_, *before, true);
    reactor_.reset();
  }
  for (auto& count : drained_)
    count.store(sighting::never);
  try {
    registration_.store(&events->watch(fd_));
    reactor_ = events;
    // What happened between the call and now counts as the first event.
    seen.events = 0;
    return 0;
  } catch (const std::system_error& error) {
    return error.code().value();
  } catch (const std::bad_alloc&) {
    return ENOMEM;
  }
}

}  // namespace magpie::io::internal
