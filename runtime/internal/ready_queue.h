// The queue of a worker's ready tasks: its owner pushes at the back; the owner and thieves
// take from the front, oldest first.
//
// The taking side is that of Chase and Lev's deque (deque.h). Since the owner takes at the same end
// as thieves do, no fence is needed: one compare-and-swap decides.
#ifndef MAGPIE_RUNTIME_INTERNAL_READY_QUEUE_H_
#define MAGPIE_RUNTIME_INTERNAL_READY_QUEUE_H_

#include <cstddef>
#include <cstdint>
#include <memory>

#include "magpie/runtime/internal/atomics.h"
#include "magpie/runtime/internal/platform.h"
#include "magpie/runtime/internal/ring.h"

namespace magpie::internal {

template <class T, class Atomics = std_atomics>
class ready_queue {
 public:
  explicit ready_queue(std::size_t capacity = 256, std::uint64_t first_index = 0)
      : back_(first_index),
        known_front_(first_index),
        owned_(std::make_unique<ring_type>(capacity)),
        ring_(owned_.get()),
        front_(first_index) {}

  ready_queue(const ready_queue&) = delete;
  ready_queue& operator=(const ready_queue&) = delete;

  // Owner only. Allocates when full (amortised); throws std::bad_alloc, and then holds what it
  // held.
  void push(T* item) {
    const std::uint64_t back = back_.load(std::memory_order_relaxed);
    ring_type* ring = ring_.load(std::memory_order_relaxed);
    if (back - known_front_ >= ring->capacity()) [[unlikely]]
      ring = make_room(back);
    ring->set(back, item);
    // Pairs with the load of back in pop(): who sees the index sees the item and its ring.
    back_.store(back + 1, std::memory_order_release);
  }

  // Any thread. The oldest item, or nullptr when the queue was empty at some moment of the call.
  T* pop() {
    // Acquire: pairs with the exchange below on other threads, and keeps back_ from being older.
    std::uint64_t front = front_.load(std::memory_order_acquire);
    for (;;) {
      const std::uint64_t back = back_.load(std::memory_order_acquire);
      if (static_cast<std::int64_t>(back - front) <= 0) return nullptr;
      // A slot is written again only after front_ has passed it, and then the exchange fails.
      T* item = ring_.load(std::memory_order_acquire)->get(front);
      if (front_.compare_exchange_weak(front, front + 1, std::memory_order_acq_rel,
                                       std::memory_order_acquire)) {
        return item;
      }
    }
  }

  // Any thread; may be out of date at once. Exact when nobody else uses the queue.
  std::size_t size() const {
    const std::uint64_t front = front_.load(std::memory_order_relaxed);
    const std::uint64_t back = back_.load(std::memory_order_relaxed);
    const auto size = static_cast<std::int64_t>(back - front);
    return size > 0 ? static_cast<std::size_t>(size) : 0;
  }
  bool empty() const { return size() == 0; }

 private:
  using ring_type = ring<T, Atomics>;

  ring_type* make_room(std::uint64_t back) {
    known_front_ = front_.load(std::memory_order_acquire);
    if (back - known_front_ < owned_->capacity()) return owned_.get();
    ring_type::grow(owned_, known_front_, back);
    ring_.store(owned_.get(), std::memory_order_release);
    return owned_.get();
  }

  // Written by the owner only.
  alignas(cache_line) typename Atomics::template atomic<std::uint64_t> back_;
  std::uint64_t known_front_;  // Owner only. At most front_.
  std::unique_ptr<ring_type> owned_;
  typename Atomics::template atomic<ring_type*> ring_;

  // Any thread.
  alignas(cache_line) typename Atomics::template atomic<std::uint64_t> front_;
};

}  // namespace magpie::internal

#endif  // MAGPIE_RUNTIME_INTERNAL_READY_QUEUE_H_
