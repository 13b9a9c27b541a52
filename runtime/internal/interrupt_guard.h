// What SIGINT and SIGTERM do to a run() that has options::stop_on_signals.
#ifndef MAGPIE_RUNTIME_INTERNAL_INTERRUPT_GUARD_H_
#define MAGPIE_RUNTIME_INTERNAL_INTERRUPT_GUARD_H_

#include <condition_variable>
#include <mutex>
#include <thread>

#include "magpie/runtime/clock.h"
#include "magpie/runtime/internal/signal_hub.h"
#include "magpie/runtime/internal/task_record.h"

namespace magpie::internal {

class scheduler;

// The first signal cancels the main task. A second one, or the end of the limit, ends the process.
// It has a thread of its own, since what does not end may be what keeps all workers busy.
class interrupt_guard final : signal_listener {
 public:
  // Refers to the scheduler until it is gone. Throws what signal_listener::listen() throws.
  interrupt_guard(scheduler& owner, clock::duration limit);
  ~interrupt_guard() override;

  // Once: this is the main task. Signals that have come before count. Blocks until it has ended, in
  // a call in which ThreadSanitizer lets signal handlers run.
  void wait_for_end(task_record& main) noexcept;

  // When everything has ended: throws `interrupted` if a signal was the reason.
  void throw_if_interrupted();

 private:
  void on_signal(int signal) noexcept override;
  void run() noexcept;
  void end_thread() noexcept;
  // Whether everything has ended by then. Dies of a second signal.
  bool over_before(clock::time_point when, std::unique_lock<std::mutex>& lock);

  scheduler& owner_;
  const clock::duration limit_;

  std::mutex mutex_;
  std::condition_variable changed_;
  // All under mutex_.
  task_reference main_;  // Fixed once it is set.
  int first_ = 0;        // Signal; 0: none.
  int second_ = 0;
  bool over_ = false;

  std::thread thread_;
};

}  // namespace magpie::internal

#endif  // MAGPIE_RUNTIME_INTERNAL_INTERRUPT_GUARD_H_
