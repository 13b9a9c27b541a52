// How one worker sleeps until it is needed: one token, and a futex or the poller to wait on.
#ifndef MAGPIE_RUNTIME_INTERNAL_PARKER_H_
#define MAGPIE_RUNTIME_INTERNAL_PARKER_H_

#include <chrono>
#include <cstdint>

#include "magpie/runtime/internal/atomics.h"
#include "magpie/runtime/internal/futex.h"

namespace magpie::internal {

template <class Atomics = std_atomics, class Futex = std_futex>
class parker {
 public:
  using time_point = std::chrono::steady_clock::time_point;

  // Owner only. Sleeps until unpark() or the deadline; returns at once if unpark() came since the
  // last park.
  void park(time_point deadline) {
    park_with(asleep, [&] { Futex::wait(state_, asleep, deadline); });
  }

  // Owner only. The same, but sleeps in `wait`, which unpark() ends through `interrupt`.
  template <class Wait>
  void park_in(Wait wait) {
    park_with(polling, wait);
  }

  // Any thread. `interrupt` is called if the owner sleeps in park_in().
  template <class Interrupt>
  void unpark(Interrupt interrupt) {
    // Release: what the waker wrote is seen by the worker that takes the token.
    const std::uint32_t before = state_.exchange(token, std::memory_order_acq_rel);
    if (before == asleep) Futex::wake(state_);
    if (before == polling) interrupt();
  }

 private:
  enum : std::uint32_t { empty, token, asleep, polling };

  template <class Wait>
  void park_with(std::uint32_t how, Wait wait) {
    std::uint32_t expected = empty;
    // Fails when the token is there. Release: pairs with the exchange in unpark().
    if (state_.compare_exchange_strong(expected, how, std::memory_order_acq_rel,
                                       std::memory_order_acquire)) {
      wait();
    }
    // Takes the token or, after a time-out, withdraws the announcement.
    state_.exchange(empty, std::memory_order_acq_rel);
  }

  typename Atomics::template atomic<std::uint32_t> state_{empty};
};

}  // namespace magpie::internal

#endif  // MAGPIE_RUNTIME_INTERNAL_PARKER_H_
