// The one global of magpie: which worker, if any, the calling thread is.
#ifndef MAGPIE_RUNTIME_INTERNAL_CURRENT_WORKER_H_
#define MAGPIE_RUNTIME_INTERNAL_CURRENT_WORKER_H_

namespace magpie::internal {

class worker;

// Compilers cache the address of a thread-local across a suspension, after which the coroutine may
// be on another thread. So nobody may name the variable but these two functions: the first is
// opaque to the optimiser, and the second is not a coroutine.
#if defined(__x86_64__) && defined(__ELF__)
// Two instructions instead of a call: a fork with two children asks six times (fork_join/fib).
// Initial-exec thread-local storage, which works in programs and in shared libraries.
inline worker* current_worker() noexcept {
  worker* current;
  asm volatile(
      "movq magpie_current_worker@gottpoff(%%rip), %0\n\t"
      "movq %%fs:(%0), %0"
      : "=&r"(current));
  return current;
}
#else
worker* current_worker() noexcept;
#endif

void set_current_worker(worker* current) noexcept;

}  // namespace magpie::internal

#endif  // MAGPIE_RUNTIME_INTERNAL_CURRENT_WORKER_H_
