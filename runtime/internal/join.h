// The counter that tells when all children of one fork have arrived.
//
// Biased towards the worker that forked: while no child has been stolen, it counts arrivals in a
// plain field (fork_join/skynet: up to 10 % over one atomic per child). Everybody else, and the
// owner once it has left the fork, counts in the atomic. The owner adds its plain count to
// the atomic exactly once, when it leaves (merge); before that nobody can see the fork as complete.
#ifndef MAGPIE_RUNTIME_INTERNAL_JOIN_H_
#define MAGPIE_RUNTIME_INTERNAL_JOIN_H_

#include <cstdint>

#include "magpie/runtime/internal/atomics.h"

namespace magpie::internal {

template <class Atomics = std_atomics>
class join {
 public:
  explicit join(std::uint32_t children) : children_(children) {}
  join(const join&) = delete;
  join& operator=(const join&) = delete;

  // Owner only, and only before merge(). True for the last of all children.
  bool arrive_owned() {
    const std::uint32_t arrived = arrived_owned_.get() + 1;
    arrived_owned_.set(arrived);
    return arrived == children_.get();
  }

  // Any thread but an owner that has not merged. True for the last of all children, and then
  // the caller has to resume the parent; otherwise the join may be gone at once.
  bool arrive() {
    // Read while the join is sure to exist.
    const std::uint32_t complete = children_.get() | merged_bit;
    // Pairs with itself and with merge(): the last to add sees what all children wrote.
    return arrived_.fetch_add(1, std::memory_order_acq_rel) + 1 == complete;
  }

  // Owner only, once. True if all children had arrived; then the caller has to resume the parent;
  // otherwise the join may be gone at once.
  bool merge() {
    const std::uint32_t complete = children_.get() | merged_bit;
    const std::uint32_t change = arrived_owned_.get() + merged_bit;
    return arrived_.fetch_add(change, std::memory_order_acq_rel) + change == complete;
  }

 private:
  static constexpr std::uint32_t merged_bit = 1U << 31U;

  const typename Atomics::template plain<std::uint32_t> children_;    // Fixed; below merged_bit.
  typename Atomics::template plain<std::uint32_t> arrived_owned_{0};  // Owner only.
  typename Atomics::template atomic<std::uint32_t> arrived_{0};       // Any thread.
};

}  // namespace magpie::internal

#endif  // MAGPIE_RUNTIME_INTERNAL_JOIN_H_
