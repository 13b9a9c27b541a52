// The word of a lock whose waiters stand in a list with a lock of its own: free, held, or held
// while somebody may wait. As long as nobody waits, it takes one exchange to lock and one to unlock
// (mutex/free).
#ifndef MAGPIE_RUNTIME_INTERNAL_LOCK_WORD_H_
#define MAGPIE_RUNTIME_INTERNAL_LOCK_WORD_H_

#include <cstdint>

#include "magpie/runtime/internal/atomics.h"

namespace magpie::internal {

template <class Atomics = std_atomics>
class lock_word {
 public:
  lock_word() = default;
  lock_word(const lock_word&) = delete;
  lock_word& operator=(const lock_word&) = delete;

  // Any thread. True: the caller holds it now.
  bool try_take() {
    std::uint32_t expected = free;
    // Pairs with the exchange in try_release(): sees what those before wrote.
    return state_.compare_exchange_strong(expected, held, std::memory_order_acquire,
                                          std::memory_order_relaxed);
  }

  // Who holds it. True: it is free, and may be gone. False: somebody may wait, so the caller looks
  // into the list, and hands it over or calls nobody_waits() and tries again.
  bool try_release() {
    std::uint32_t expected = held;
    return state_.compare_exchange_strong(expected, free, std::memory_order_release,
                                          std::memory_order_relaxed);
  }

  // Any thread, under the lock of the list. True: the caller holds it now. False: whoever releases
  // it looks for the caller, who enters the list before it lets go of that lock.
  bool take_or_announce() {
    std::uint32_t state = state_.load(std::memory_order_relaxed);
    while (state != contended) {
      const std::uint32_t next = state == free ? held : contended;
      // Acquire for what becomes held; as in try_take().
      if (state_.compare_exchange_strong(state, next, std::memory_order_acquire,
                                         std::memory_order_relaxed)) {
        return next == held;
      }
    }
    return false;
  }

  // Who holds it, under the lock of the list, which is empty. Relaxed: it stays with its holder, or
  // goes to one who was found in the list.
  void nobody_waits() { state_.store(held, std::memory_order_relaxed); }

  // Any thread; out of date at once.
  bool is_free() const { return state_.load(std::memory_order_relaxed) == free; }
  bool is_contended() const { return state_.load(std::memory_order_relaxed) == contended; }

 private:
  enum : std::uint32_t { free, held, contended };

  typename Atomics::template atomic<std::uint32_t> state_{free};
};

}  // namespace magpie::internal

#endif  // MAGPIE_RUNTIME_INTERNAL_LOCK_WORD_H_
