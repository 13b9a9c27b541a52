// The items of an exchange, oldest first.
#ifndef MAGPIE_RUNTIME_INTERNAL_FIFO_ITEMS_H_
#define MAGPIE_RUNTIME_INTERNAL_FIFO_ITEMS_H_

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <mutex>
#include <new>
#include <optional>

#include "magpie/runtime/internal/atomics.h"
#include "magpie/runtime/internal/item_ring.h"

namespace magpie::internal {

// What pop_early() has found.
enum class popped_early : std::uint8_t {
  nothing,  // There may be some all the same, for pop().
  item,
  item_and_room_is_wanted,  // has_room() has said that there is none.
};

// New items come at the back, under the lock of the exchange, as everything here but pop_early().
// Who gets an item from the back when there are more moves all of them to the front, which has a
// lock of its own. From then on those who get items and those who put some in have nothing to do
// with each other, and each lock stays in the cache of its worker, until the front is used up
// (channel/bounded_1_1). It is the queue with two locks of Michael and Scott (1996), but that items
// change sides many at a time.
//
// The lock of the front is inside that of the exchange, and never the other way round.
template <class T, class Atomics = std_atomics, std::size_t FewestToMove = 8>
class fifo_items {
 public:
  std::size_t size() const noexcept;

  // If there is none, the pop_early() that makes some will say that it is wanted.
  bool has_room(std::size_t capacity) noexcept;

  // False: there is no memory for it, which is as if there were no room.
  bool can_push() noexcept;

  // Throws std::bad_alloc, and then nothing has changed.
  void push(T&& item) { back_.push_back(std::move(item)); }

  // False: there is none.
  bool pop(std::optional<T>& into) noexcept;

  // Any thread, without the lock of the exchange.
  popped_early pop_early(std::optional<T>& into) noexcept;

  // With one that nobody else knows.
  void swap(fifo_items& other) noexcept;

 private:
  using lock_guard = std::lock_guard<typename Atomics::mutex_type>;
  template <class Value>
  using plain = typename Atomics::template plain<Value>;

  void want_room() noexcept;
  void move_to_front() noexcept;
  void pop_front(std::optional<T>& into) noexcept;

  // Under the lock of the exchange.
  item_ring<T> back_;
  plain<std::size_t> most_at_front_{0};  // There are not more.

  // Not alignas: it may lie in the frame of a coroutine, which g++ 12 does not align.
  [[maybe_unused]] std::array<std::byte, 64> apart_;

  // Under front_lock_. Somebody puts items in only with the lock of the exchange besides.
  mutable typename Atomics::mutex_type front_lock_;
  item_ring<T> front_;
  plain<bool> room_is_wanted_{false};
  // Written under front_lock_, read by any thread, to which it is out of date at once.
  typename Atomics::template atomic<bool> some_at_front_{false};
};

template <class T, class Atomics, std::size_t FewestToMove>
std::size_t fifo_items<T, Atomics, FewestToMove>::size() const noexcept {
  if (most_at_front_.get() == 0) return back_.size();
  const lock_guard lock(front_lock_);
  return front_.size() + back_.size();
}

template <class T, class Atomics, std::size_t FewestToMove>
bool fifo_items<T, Atomics, FewestToMove>::has_room(std::size_t capacity) noexcept {
  if (back_.size() + most_at_front_.get() < capacity) return true;
  if (most_at_front_.get() == 0) return false;
  const lock_guard lock(front_lock_);
  most_at_front_.set(front_.size());
  if (back_.size() + front_.size() < capacity) return true;
  want_room();
  return false;
}

template <class T, class Atomics, std::size_t FewestToMove>
bool fifo_items<T, Atomics, FewestToMove>::can_push() noexcept {
  try {
    back_.reserve_one();
    return true;
  } catch (const std::bad_alloc&) {
    const lock_guard lock(front_lock_);
    want_room();
    return false;
  }
}

template <class T, class Atomics, std::size_t FewestToMove>
bool fifo_items<T, Atomics, FewestToMove>::pop(std::optional<T>& into) noexcept {
  if (most_at_front_.get() > 0) {
    const lock_guard lock(front_lock_);
    most_at_front_.set(front_.size());
    if (front_.size() > 0) {
      pop_front(into);
      return true;
    }
  }
  if (back_.size() == 0) return false;
  back_.pop_front(into);
  if (back_.size() >= FewestToMove) move_to_front();
  return true;
}

template <class T, class Atomics, std::size_t FewestToMove>
popped_early fifo_items<T, Atomics, FewestToMove>::pop_early(std::optional<T>& into) noexcept {
  // Nothing depends on it but who takes which lock.
  if (!some_at_front_.load(std::memory_order_relaxed)) return popped_early::nothing;
  const lock_guard lock(front_lock_);
  if (front_.size() == 0) return popped_early::nothing;
  pop_front(into);
  if (!room_is_wanted_.get()) return popped_early::item;
  room_is_wanted_.set(false);
  return popped_early::item_and_room_is_wanted;
}

template <class T, class Atomics, std::size_t FewestToMove>
void fifo_items<T, Atomics, FewestToMove>::swap(fifo_items& other) noexcept {
  const std::size_t most_at_front = most_at_front_.get();
  back_.swap(other.back_);
  most_at_front_.set(other.most_at_front_.get());
  other.most_at_front_.set(most_at_front);
  const lock_guard lock(front_lock_);
  front_.swap(other.front_);
  some_at_front_.store(front_.size() > 0, std::memory_order_relaxed);
  other.some_at_front_.store(other.front_.size() > 0, std::memory_order_relaxed);
}

// Under front_lock_, that which follows too.
template <class T, class Atomics, std::size_t FewestToMove>
void fifo_items<T, Atomics, FewestToMove>::want_room() noexcept {
  room_is_wanted_.set(true);
}

template <class T, class Atomics, std::size_t FewestToMove>
void fifo_items<T, Atomics, FewestToMove>::pop_front(std::optional<T>& into) noexcept {
  front_.pop_front(into);
  if (front_.size() == 0) some_at_front_.store(false, std::memory_order_relaxed);
}

// When there are none.
template <class T, class Atomics, std::size_t FewestToMove>
void fifo_items<T, Atomics, FewestToMove>::move_to_front() noexcept {
  const lock_guard lock(front_lock_);
  front_.swap(back_);
  most_at_front_.set(front_.size());
  some_at_front_.store(true, std::memory_order_relaxed);
}

}  // namespace magpie::internal

#endif  // MAGPIE_RUNTIME_INTERNAL_FIFO_ITEMS_H_
