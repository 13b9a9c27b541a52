// A mutex of four bytes, for critical sections of a few instructions.
//
// Every suspension is guarded by two of these (its task's and its source's), so 40 bytes and a
// call into libpthread each would show in bytes per sleeping task and in nanoseconds per await.
// The algorithm is the third mutex of Ulrich Drepper, "Futexes Are Tricky" (2011).
#ifndef MAGPIE_RUNTIME_INTERNAL_MUTEX_H_
#define MAGPIE_RUNTIME_INTERNAL_MUTEX_H_

#include <atomic>
#include <chrono>
#include <cstdint>

#include "magpie/runtime/internal/futex.h"

namespace magpie::internal {

// Meets the standard's Lockable requirements. Never held across a resume, a user callback or
// a destructor of user data. `Word` is an atomic of 32 bits, which a model replaces.
template <class Word, class Futex>
class basic_mutex {
 public:
  basic_mutex() = default;
  basic_mutex(const basic_mutex&) = delete;
  basic_mutex& operator=(const basic_mutex&) = delete;

  void lock() noexcept {
    std::uint32_t expected = free;
    // Pairs with the exchange in unlock().
    if (!state_.compare_exchange_strong(expected, held, std::memory_order_acquire,
                                        std::memory_order_relaxed)) {
      lock_contended();
    }
  }

  bool try_lock() noexcept {
    std::uint32_t expected = free;
    return state_.compare_exchange_strong(expected, held, std::memory_order_acquire,
                                          std::memory_order_relaxed);
  }

  void unlock() noexcept {
    if (state_.exchange(free, std::memory_order_release) == contended) {
      wake_one();
    }
  }

 private:
  enum : std::uint32_t { free, held, contended };

  [[gnu::noinline]] void lock_contended() noexcept;
  [[gnu::noinline]] void wake_one() noexcept;

  Word state_{free};
};

template <class Word, class Futex>
void basic_mutex<Word, Futex>::lock_contended() noexcept {
  // Whoever holds it is most likely to let go at once, and to want it again at once: longer and
  // longer pauses leave it and all it guards in the cache of that one (channel/bounded_4_1).
  for (int pauses = Futex::fewest_pauses; pauses <= Futex::most_pauses; pauses *= 2) {
    for (int i = 0; i < pauses; ++i)
      Futex::pause();
    if (state_.load(std::memory_order_relaxed) == free && try_lock()) return;
  }
  // A thread that has waited cannot know whether others still do, so it takes the lock as
  // contended.
  while (state_.exchange(contended, std::memory_order_acquire) != free) {
    Futex::wait(state_, contended, std::chrono::steady_clock::time_point::max());
  }
}

template <class Word, class Futex>
void basic_mutex<Word, Futex>::wake_one() noexcept {
  Futex::wake(state_);
}

using mutex = basic_mutex<std::atomic<std::uint32_t>, std_futex>;

// Out of line: what contends is in mutex.cc.
extern template class basic_mutex<std::atomic<std::uint32_t>, std_futex>;

}  // namespace magpie::internal

#endif  // MAGPIE_RUNTIME_INTERNAL_MUTEX_H_
