#include "magpie/runtime/internal/timer_queue.h"

#include <algorithm>
#include <mutex>
#include <stdexcept>

namespace magpie::internal {

namespace {
constexpr std::size_t arity = 4;
}

void timer_queue::insert(timer& t) {
  const std::lock_guard lock(mutex_);
  if (heap_.size() >= timer::nowhere) throw std::length_error("magpie: too many timers");
  heap_.emplace_back();
  sift_up(heap_.size() - 1, entry{t.deadline_, inserted_++, &t});
  publish_next();
}

void timer_queue::remove(timer& t) noexcept {
  const std::lock_guard lock(mutex_);
  if (t.index_ == timer::nowhere) return;
  erase(t.index_);
  publish_next();
}

bool timer_queue::fire(clock::time_point now, ready_list& ready) noexcept {
  if (next_deadline() > now) return false;
  const std::lock_guard lock(mutex_);
  bool fired = false;
  while (!heap_.empty() && heap_.front().deadline <= now) {
    timer& first = *heap_.front().what;
    erase(0);
    first.due(ready);
    fired = true;
  }
  publish_next();
  return fired;
}

void timer_queue::place(std::size_t index, const entry& e) noexcept {
  heap_[index] = e;
  e.what->index_ = static_cast<std::uint32_t>(index);
}

void timer_queue::sift_up(std::size_t index, const entry& e) noexcept {
  while (index > 0) {
    const std::size_t parent = (index - 1) / arity;
    if (!e.before(heap_[parent])) break;
    place(index, heap_[parent]);
    index = parent;
  }
  place(index, e);
}

void timer_queue::sift_down(std::size_t index, const entry& e) noexcept {
  for (;;) {
    const std::size_t first = index * arity + 1;
    if (first >= heap_.size()) break;
    const std::size_t last = std::min(first + arity, heap_.size());
    std::size_t earliest = first;
    for (std::size_t child = first + 1; child < last; ++child) {
      if (heap_[child].before(heap_[earliest])) earliest = child;
    }
    if (!heap_[earliest].before(e)) break;
    place(index, heap_[earliest]);
    index = earliest;
  }
  place(index, e);
}

void timer_queue::erase(std::size_t index) noexcept {
  heap_[index].what->index_ = timer::nowhere;
  const entry last = heap_.back();
  heap_.pop_back();
  if (index == heap_.size()) return;
  if (index > 0 && last.before(heap_[(index - 1) / arity])) {
    sift_up(index, last);
  } else {
    sift_down(index, last);
  }
}

void timer_queue::publish_next() noexcept {
  const auto next = heap_.empty() ? clock::time_point::max() : heap_.front().deadline;
  // Not seq_cst: a timer that is alone would pay for it twice (timeout/ready). Its own worker sees
  // it at once; for others it is a hint, and the watcher looks again (scheduler::begin_watch()).
  if (next != next_deadline()) {
    next_.store(next.time_since_epoch().count(), std::memory_order_release);
  }
}

}  // namespace magpie::internal
