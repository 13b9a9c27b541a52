// The work-stealing deque: its owner pushes and pops children at the bottom, newest first; thieves
// take the oldest from the top.
//
// Chase and Lev, "Dynamic Circular Work-Stealing Deque" (SPAA 2005), with the orderings of
// Lê, Pop, Cohen and Zappa Nardelli, "Correct and Efficient Work-Stealing for Weak Memory Models"
// (PPoPP 2013). Different from both: the store-load barrier between pop and steal is asymmetric, so
// a pop has no locked instruction (fork_join/fib, fork_join/skynet); the owner remembers how far it
// may push, so that a push does not read the line that thieves write.
#ifndef MAGPIE_RUNTIME_INTERNAL_DEQUE_H_
#define MAGPIE_RUNTIME_INTERNAL_DEQUE_H_

#include <cstddef>
#include <cstdint>
#include <memory>

#include "magpie/runtime/internal/atomics.h"
#include "magpie/runtime/internal/platform.h"
#include "magpie/runtime/internal/ring.h"

namespace magpie::internal {

template <class T, class Atomics = std_atomics>
class deque {
 public:
  // `first_index` lets tests start next to the wrap-around.
  explicit deque(std::size_t capacity = 256, std::uint64_t first_index = 0)
      : bottom_(first_index),
        full_at_(first_index + capacity),
        owned_(std::make_unique<ring_type>(capacity)),
        items_(owned_->items()),
        ring_(owned_.get()),
        top_(first_index) {}

  deque(const deque&) = delete;
  deque& operator=(const deque&) = delete;

  // Owner only. `item` is not null, here and below. Allocates when full (amortised); throws
  // std::bad_alloc, and then holds what it held.
  void push(T* item) {
    while (!try_push(item))
      make_room();
  }

  // Owner only. False: the deque is full, or looks so.
  bool try_push(T* item) {
    const std::uint64_t bottom = bottom_.load(std::memory_order_relaxed);
    if (bottom == full_at_) [[unlikely]]
      return false;
    items_.set(bottom, item);
    // Pairs with the load of bottom in steal(): who sees the index sees the item.
    bottom_.store(bottom + 1, std::memory_order_release);
    return true;
  }

  // The same for `count` items: item(0) first, each asked for once. One store shows all of them
  // (fork_join/skynet). False: none has been asked for; there is not room for all, or it looks so.
  template <class Items>
  bool try_push_all(std::uint64_t count, const Items& item) {
    const std::uint64_t bottom = bottom_.load(std::memory_order_relaxed);
    if (full_at_ - bottom < count) [[unlikely]]
      return false;
    for (std::uint64_t i = 0; i < count; ++i)
      items_.set(bottom + i, item(i));
    // As in try_push().
    bottom_.store(bottom + count, std::memory_order_release);
    return true;
  }

  // Owner only. The newest item, or nullptr.
  T* pop() {
    const std::uint64_t bottom = bottom_.load(std::memory_order_relaxed) - 1;
    // Release, here and below: a thief that reads this instead of what push() stored must see the
    // older items all the same, and since C++20 a relaxed store does not pass on the one before.
    bottom_.store(bottom, std::memory_order_release);
    // Pairs with the heavy fence in steal(): of an owner and a thief that meet at the last item, at
    // least one sees the other.
    Atomics::light_fence();
    std::uint64_t top = top_.load(std::memory_order_relaxed);
    const auto left = static_cast<std::int64_t>(bottom - top);
    if (left > 0) [[likely]] {
      T* const newest = items_.get(bottom);
      if (newest == nullptr) __builtin_unreachable();  // So that the caller need not ask.
      return newest;
    }
    T* item = nullptr;
    if (left == 0 && top_.compare_exchange_strong(top, top + 1, std::memory_order_seq_cst,
                                                  std::memory_order_relaxed)) {
      item = items_.get(bottom);
    }
    bottom_.store(bottom + 1, std::memory_order_release);
    return item;
  }

  // Any thread. The oldest item; nullptr when there is none or another thread took it first.
  T* steal() {
    if (empty()) return nullptr;  // Spares the heavy fence.
    // Acquire, so that a thief that sees another's steal also sees what that one saw.
    std::uint64_t top = top_.load(std::memory_order_acquire);
    Atomics::heavy_fence();
    const std::uint64_t bottom = bottom_.load(std::memory_order_acquire);
    if (static_cast<std::int64_t>(bottom - top) <= 0) return nullptr;
    // Pairs with the store in make_room().
    T* item = ring_.load(std::memory_order_acquire)->get(top);
    if (!top_.compare_exchange_strong(top, top + 1, std::memory_order_seq_cst,
                                      std::memory_order_relaxed)) {
      return nullptr;
    }
    return item;
  }

  // Any thread; may be out of date at once. Exact when nobody else uses the deque.
  bool empty() const {
    const std::uint64_t bottom = bottom_.load(std::memory_order_relaxed);
    const std::uint64_t top = top_.load(std::memory_order_relaxed);
    return static_cast<std::int64_t>(bottom - top) <= 0;
  }

 private:
  using ring_type = ring<T, Atomics>;

  void make_room() {
    const std::uint64_t bottom = bottom_.load(std::memory_order_relaxed);
    const std::uint64_t top = top_.load(std::memory_order_acquire);
    if (bottom - top >= owned_->capacity()) {
      ring_type::grow(owned_, top, bottom);
      items_ = owned_->items();
      ring_.store(owned_.get(), std::memory_order_release);
    }
    full_at_ = top + owned_->capacity();
  }

  // Written by the owner only.
  alignas(cache_line) typename Atomics::template atomic<std::uint64_t> bottom_;
  // Owner only, as far as ring_.
  std::uint64_t full_at_;  // At most the capacity behind top_, which a push does not read.
  std::unique_ptr<ring_type> owned_;
  typename ring_type::view items_;  // Of owned_.
  typename Atomics::template atomic<ring_type*> ring_;

  // Any thread.
  alignas(cache_line) typename Atomics::template atomic<std::uint64_t> top_;
};

}  // namespace magpie::internal

#endif  // MAGPIE_RUNTIME_INTERNAL_DEQUE_H_
