#include "magpie/runtime/broadcast.h"

#include <algorithm>
#include <mutex>

#include "magpie/runtime/error.h"

namespace magpie::internal {

broadcast_state::broadcast_state(std::size_t capacity) : kept_(capacity) {
  if (capacity == 0) throw usage_error("magpie: a broadcast that keeps 0 items reaches nobody");
}

std::size_t broadcast_state::send(std::shared_ptr<const void> value) {
  ready_list ready;
  std::size_t reached = 0;
  {
    const std::lock_guard lock(mutex_);
    if (closed_) throw channel_closed("magpie: the broadcast is closed");
    reached = receivers_;
    // What is overwritten is destroyed by the caller.
    kept_[end_ % kept_.size()].swap(value);
    ++end_;
    while (wait_node* node = waiters_.claim_front()) {
      static_cast<broadcast_case&>(*node).provide();
      ready.add(node->waiting());
    }
  }
  ready.resume_all();
  return reached;
}

std::uint64_t broadcast_state::end() const noexcept {
  const std::lock_guard lock(mutex_);
  return end_;
}

broadcast_entry broadcast_state::at(std::uint64_t position) const noexcept {
  const std::lock_guard lock(mutex_);
  return find(position);
}

void broadcast_state::close() noexcept {
  ready_list ready;
  {
    const std::lock_guard lock(mutex_);
    closed_ = true;
    while (wait_node* node = waiters_.claim_front())
      ready.add(node->waiting());
  }
  ready.resume_all();
}

bool broadcast_state::closed() const noexcept {
  const std::lock_guard lock(mutex_);
  return closed_;
}

broadcast_entry broadcast_state::find(std::uint64_t position) const noexcept {
  if (position == end_) return {};
  const std::uint64_t oldest = end_ - std::min<std::uint64_t>(end_, kept_.size());
  const std::uint64_t next = std::max(position, oldest);
  return {kept_[next % kept_.size()], next - position, next + 1};
}

bool broadcast_case::try_exchange(ready_list& /*ready*/) {
  provide();
  return entry_.value != nullptr || from_.closed_;
}

bool broadcast_case::may_exchange(const suspension& /*who*/) const noexcept {
  return position_ != from_.end_ || from_.closed_;
}

broadcast_entry broadcast_case::entry() noexcept {
  if (entry_.value != nullptr) position_ = entry_.position;
  return std::move(entry_);
}

}  // namespace magpie::internal
