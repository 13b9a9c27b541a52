// What SIGINT and SIGTERM do to a run() that has options::stop_on_signals.
#ifndef MAGPIE_RUNTIME_INTERNAL_INTERRUPT_GUARD_H_
#define MAGPIE_RUNTIME_INTERNAL_INTERRUPT_GUARD_H_

#include <memory>

#include "magpie/runtime/clock.h"

namespace magpie::internal {

class scheduler;
class task_record;

// The first signal cancels the main task. A second one, or the end of the limit, ends the process.
class interrupt_guard {
 public:
  // Refers to the scheduler until it is gone. Throws what signal_listener::listen() throws.
  interrupt_guard(scheduler& owner, clock::duration limit);
  interrupt_guard(const interrupt_guard&) = delete;
  interrupt_guard& operator=(const interrupt_guard&) = delete;
  ~interrupt_guard();

  // Once: this is the main task. Signals that have come before count. Blocks until it has ended, in
  // a call in which ThreadSanitizer lets signal handlers run.
  void wait_for_end(task_record& main) noexcept;

  // When everything has ended: throws `interrupted` if a signal was the reason.
  void throw_if_interrupted();

 private:
  class thread;

  // Apart, because every program that has a main() compiles this header.
  const std::unique_ptr<thread> thread_;
};

}  // namespace magpie::internal

#endif  // MAGPIE_RUNTIME_INTERNAL_INTERRUPT_GUARD_H_
