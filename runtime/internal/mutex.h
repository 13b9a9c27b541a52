// A mutex of four bytes, for critical sections of a few instructions.
//
// Every suspension is guarded by two of these (its task's and its source's), so 40 bytes and a
// call into libpthread each would show in bytes per sleeping task and in nanoseconds per await.
// The algorithm is the third mutex of Ulrich Drepper, "Futexes Are Tricky" (2011).
#ifndef MAGPIE_RUNTIME_INTERNAL_MUTEX_H_
#define MAGPIE_RUNTIME_INTERNAL_MUTEX_H_

#include <atomic>
#include <cstdint>

namespace magpie::internal {

// Meets the standard's Lockable requirements. Never held across a resume, a user callback or
// a destructor of user data.
class mutex {
 public:
  mutex() = default;
  mutex(const mutex&) = delete;
  mutex& operator=(const mutex&) = delete;

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

  void lock_contended() noexcept;
  void wake_one() noexcept;

  std::atomic<std::uint32_t> state_{free};
};

}  // namespace magpie::internal

#endif  // MAGPIE_RUNTIME_INTERNAL_MUTEX_H_
