#include "magpie/runtime/internal/asymmetric_fence.h"

#include <linux/membarrier.h>
#include <sched.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <cstdlib>
#include <string_view>

namespace magpie::internal {
namespace {

bool register_process() noexcept {
  return ::syscall(SYS_membarrier, MEMBARRIER_CMD_REGISTER_PRIVATE_EXPEDITED, 0, 0) == 0;
}

// light() has been no fence on other threads for a while, so there is nothing to fall back to.
[[noreturn]] void give_up() noexcept {
  constexpr std::string_view message =
      "magpie: membarrier(2) worked when the first runtime was made, and is refused now; install "
      "a sandbox that denies it before the first runtime\n";
  [[maybe_unused]] const auto written = ::write(STDERR_FILENO, message.data(), message.size());
  std::abort();
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
  if (!has_membarrier_) return;
  while (::syscall(SYS_membarrier, MEMBARRIER_CMD_PRIVATE_EXPEDITED, 0, 0) != 0) {
    // Out of memory passes. Anything else does not, and without the barrier a task could run twice.
    if (errno != ENOMEM) give_up();
    ::sched_yield();
  }
}

}  // namespace magpie::internal
