// The counter that tells when all children of one fork have arrived.
//
// It counts down, and the worker that forked counts as one of those awaited: while it runs children
// itself, it counts them where nobody else looks (worker::fork), and takes them off together with
// itself when it leaves. If it has run all of them, it never touches the counter
// (fork_join/skynet: up to 10 % over one atomic operation per child).
#ifndef MAGPIE_RUNTIME_INTERNAL_JOIN_H_
#define MAGPIE_RUNTIME_INTERNAL_JOIN_H_

#include <cstdint>

#include "magpie/runtime/internal/atomics.h"

namespace magpie::internal {

template <class Atomics = std_atomics>
class join {
 public:
  explicit join(std::uint32_t children) : awaited_(children + 1) {}
  join(const join&) = delete;
  join& operator=(const join&) = delete;

  // Whoever has run a child to its end, unless it is the worker that forked and has not left. True
  // for the last of all; then the caller has to resume the parent. Otherwise the join may be gone
  // at once.
  bool arrive() { return take_off(1); }

  // The worker that forked, once, if it has not run all children itself: it has run `arrived` of
  // them. True if all others had arrived; then the parent goes on. Otherwise the join may be gone
  // at once.
  bool leave(std::uint32_t arrived) { return take_off(arrived + 1); }

 private:
  bool take_off(std::uint32_t arrived) {
    // Pairs with itself: the last sees what all children wrote.
    return awaited_.fetch_sub(arrived, std::memory_order_acq_rel) == arrived;
  }

  typename Atomics::template atomic<std::uint32_t> awaited_;  // Any thread.
};

}  // namespace magpie::internal

#endif  // MAGPIE_RUNTIME_INTERNAL_JOIN_H_
