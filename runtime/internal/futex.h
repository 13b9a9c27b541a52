// futex(2), the wait and the wake that everything which blocks a thread is built on.
#ifndef MAGPIE_RUNTIME_INTERNAL_FUTEX_H_
#define MAGPIE_RUNTIME_INTERNAL_FUTEX_H_

#include <atomic>
#include <chrono>
#include <cstdint>

#include "magpie/runtime/internal/platform.h"

namespace magpie::internal {

// Blocks while `word` holds `expected`, at most until `deadline` (time_point::max(): no limit).
// May return early for no reason. Does not allocate or throw.
void futex_wait(const std::atomic<std::uint32_t>& word, std::uint32_t expected,
                std::chrono::steady_clock::time_point deadline) noexcept;

// Wakes at most `count` threads that wait on `word`.
void futex_wake(const std::atomic<std::uint32_t>& word, int count) noexcept;

// The two, for templates in which a model replaces them.
struct std_futex {
  static void wait(const std::atomic<std::uint32_t>& word, std::uint32_t expected,
                   std::chrono::steady_clock::time_point deadline) noexcept {
    futex_wait(word, expected, deadline);
  }
  static void wake(const std::atomic<std::uint32_t>& word) noexcept { futex_wake(word, 1); }

  // How long it is worth to look again before the wait: in all about as long as the call takes.
  static constexpr int fewest_pauses = 8;
  static constexpr int most_pauses = 128;
  static void pause() noexcept { pause_processor(); }
};

}  // namespace magpie::internal

#endif  // MAGPIE_RUNTIME_INTERNAL_FUTEX_H_
