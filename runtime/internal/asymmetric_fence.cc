#include "magpie/runtime/internal/asymmetric_fence.h"

#include <linux/membarrier.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <atomic>

namespace magpie::internal {
namespace {

bool register_process() noexcept {
  return ::syscall(SYS_membarrier, MEMBARRIER_CMD_REGISTER_PRIVATE_EXPEDITED, 0, 0) == 0;
}

}  // namespace

void asymmetric_fence::prepare() noexcept {
  // A static local: registered once, by whichever runtime of the process starts first, and
  // finished before any other runtime goes on.
  static const bool registered = [] {
    const bool done = register_process();
    has_membarrier_ = done;
    return done;
  }();
  (void)registered;
}

void asymmetric_fence::heavy() noexcept {
  std::atomic_thread_fence(std::memory_order_seq_cst);
  if (has_membarrier_) {
    ::syscall(SYS_membarrier, MEMBARRIER_CMD_PRIVATE_EXPEDITED, 0, 0);
  }
}

}  // namespace magpie::internal
