// A store-load barrier whose frequent side costs nothing.
//
// light() on one thread and heavy() on another order a store before a later load on both sides, as
// two sequentially consistent fences would. heavy() asks the kernel (membarrier(2),
// PRIVATE_EXPEDITED) to run a full barrier on every processor that runs a thread of this process;
// light() only keeps the compiler from reordering. Where the kernel refuses, both are full fences.
// Needed by: fork_join/fib, fork_join/skynet (a pop without a locked instruction).
#ifndef MAGPIE_RUNTIME_INTERNAL_ASYMMETRIC_FENCE_H_
#define MAGPIE_RUNTIME_INTERNAL_ASYMMETRIC_FENCE_H_

#include <atomic>

namespace magpie::internal {

class asymmetric_fence {
 public:
  // Any thread. Must have run once before the first light() of the process.
  static void prepare() noexcept;

  static void light() noexcept {
    if (has_membarrier_) [[likely]] {
      std::atomic_signal_fence(std::memory_order_seq_cst);
    } else {
      std::atomic_thread_fence(std::memory_order_seq_cst);
    }
  }

  static void heavy() noexcept;

 private:
  // Written by prepare(), before any thread that reads it exists.
  static inline bool has_membarrier_ = false;
};

}  // namespace magpie::internal

#endif  // MAGPIE_RUNTIME_INTERNAL_ASYMMETRIC_FENCE_H_
