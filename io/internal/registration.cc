#include "magpie/io/internal/reactor.h"

#include <algorithm>

namespace magpie::io::internal {

void registration::enlist(operation& waiting, direction d) noexcept {
  operation*& first = first_[index(d)];
  waiting.next_ = first;
  waiting.link_ = &first;
  if (first != nullptr) first->link_ = &waiting.next_;
  first = &waiting;
}

void registration::withdraw(operation& waiting) noexcept {
  if (waiting.link_ == nullptr) return;
  *waiting.link_ = waiting.next_;
  if (waiting.next_ != nullptr) waiting.next_->link_ = waiting.link_;
  waiting.link_ = nullptr;
}

void registration::complete(event what, ready_list& ready) noexcept {
  if (what.ended) ended_.store(true);
  if (what.readable) complete(direction::read, ready);
  if (what.writable) complete(direction::write, ready);
}

// All that wait: one that has been cancelled in the same moment must not swallow the event.
void registration::complete(direction d, ready_list& ready) noexcept {
  events_[index(d)].fetch_add(1);
  while (operation* waiting = first_[index(d)]) {
    withdraw(*waiting);
    if (waiting->claim(suspension::outcome::completed)) ready.add(*waiting);
  }
}

void registration::begin() noexcept {
  // One number for both directions; end() has added to each since anybody read it.
  first_event_ = std::max(events_[0].load(), events_[1].load());
  for (auto& count : events_)
    count.store(first_event_);
  ended_.store(false);
}

void registration::end(ready_list& ready) noexcept {
  ++generation_;
  complete(direction::read, ready);
  complete(direction::write, ready);
}

}  // namespace magpie::io::internal
