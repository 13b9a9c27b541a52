#include "magpie/runtime/internal/current_worker.h"

extern "C" {
[[gnu::used,
  gnu::tls_model(
      "initial-exec")]] constinit thread_local magpie::internal::worker* magpie_current_worker =
    nullptr;
}

namespace magpie::internal {

#if !(defined(__x86_64__) && defined(__ELF__))
[[gnu::noinline]] worker* current_worker() noexcept {
  return magpie_current_worker;
}
#endif

[[gnu::noinline]] void set_current_worker(worker* current) noexcept {
  magpie_current_worker = current;
}

}  // namespace magpie::internal
