#include "magpie/runtime/watch.h"

#include <mutex>

#include "magpie/runtime/error.h"

namespace magpie::internal {

void watch_state::send(std::shared_ptr<const void> value) {
  ready_list ready;
  {
    const std::lock_guard lock(mutex_);
    if (closed_) throw channel_closed("magpie: the watch is closed");
    // The value before is destroyed by the caller.
    value_.swap(value);
    ++version_;
    let_all_go(ready);
  }
  ready.resume_all();
}

watch_state::seen watch_state::latest() const noexcept {
  const std::lock_guard lock(mutex_);
  return {value_, version_};
}

std::uint64_t watch_state::version() const noexcept {
  const std::lock_guard lock(mutex_);
  return version_;
}

void watch_state::close() noexcept {
  ready_list ready;
  {
    const std::lock_guard lock(mutex_);
    closed_ = true;
    let_all_go(ready);
  }
  ready.resume_all();
}

bool watch_state::closed() const noexcept {
  const std::lock_guard lock(mutex_);
  return closed_;
}

void watch_state::let_all_go(ready_list& ready) noexcept {
  while (wait_node* node = waiters_.claim_front()) {
    static_cast<watch_case&>(*node).version_ = version_;
    ready.add(node->waiting());
  }
}

bool watch_case::try_exchange(ready_list& /*ready*/) {
  version_ = from_.version_;
  return has_news();
}

bool watch_case::has_news() const noexcept {
  return from_.version_ != seen_ || from_.closed_;
}

bool watch_case::result() noexcept {
  const bool changed = version_ != seen_;
  seen_ = version_;
  return changed;
}

}  // namespace magpie::internal
