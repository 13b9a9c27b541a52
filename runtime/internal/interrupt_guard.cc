#include "magpie/runtime/internal/interrupt_guard.h"

#include <signal.h>

#include <algorithm>
#include <chrono>
#include <condition_variable>
#include <memory>
#include <mutex>
#include <new>
#include <string>
#include <thread>

#include "magpie/runtime/error.h"
#include "magpie/runtime/internal/scheduler.h"
#include "magpie/runtime/internal/signal_hub.h"
#include "magpie/runtime/internal/task_record.h"

namespace magpie::internal {

// A thread of its own, since what does not end may be what keeps all workers busy.
class interrupt_guard::thread final : signal_listener {
 public:
  thread(scheduler& owner, clock::duration limit);
  ~thread() override;

  void wait_for_end(task_record& main) noexcept;
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

interrupt_guard::interrupt_guard(scheduler& owner, clock::duration limit)
    : thread_(std::make_unique<thread>(owner, limit)) {}

interrupt_guard::~interrupt_guard() = default;

void interrupt_guard::wait_for_end(task_record& main) noexcept {
  thread_->wait_for_end(main);
}

void interrupt_guard::throw_if_interrupted() {
  thread_->throw_if_interrupted();
}

interrupt_guard::thread::thread(scheduler& owner, clock::duration limit)
    : owner_(owner), limit_(limit), thread_([this] { run(); }) {
  try {
    listen({SIGINT, SIGTERM});
  } catch (...) {
    end_thread();
    throw;
  }
}

interrupt_guard::thread::~thread() {
  stop_listening();
  end_thread();
}

// Waits for the task too, so that the thread that signals are usually sent to waits where
// ThreadSanitizer lets their handlers run: in pthread_cond_wait(), and not in futex(2).
void interrupt_guard::thread::wait_for_end(task_record& main) noexcept {
  bool ended = false;
  bool will_be_told = true;
  const auto at_end = [this, &ended] {
    {
      const std::lock_guard lock(mutex_);
      ended = true;
    }
    changed_.notify_all();
  };
  try {
    main.add_callback(std::make_unique<end_callback_of<decltype(at_end)>>(at_end));
  } catch (const std::bad_alloc&) {
    will_be_told = false;
  }
  main.add_reference();
  {
    std::unique_lock lock(mutex_);
    main_.reset(&main);
    changed_.notify_all();
    if (will_be_told) changed_.wait(lock, [&ended] { return ended; });
  }
  main.wait();
}

void interrupt_guard::thread::end_thread() noexcept {
  {
    const std::lock_guard lock(mutex_);
    over_ = true;
  }
  changed_.notify_all();
  thread_.join();
}

void interrupt_guard::thread::throw_if_interrupted() {
  const std::lock_guard lock(mutex_);
  if (first_ != 0) throw interrupted(first_);
}

void interrupt_guard::thread::on_signal(int signal) noexcept {
  {
    const std::lock_guard lock(mutex_);
    (first_ == 0 ? first_ : second_) = signal;
  }
  changed_.notify_all();
}

void interrupt_guard::thread::run() noexcept {
  std::unique_lock lock(mutex_);
  changed_.wait(lock, [this] { return over_ || (first_ != 0 && main_ != nullptr); });
  if (over_) return;
  const auto now = std::chrono::steady_clock::now();
  const auto end = after(now, limit_);
  const auto report = std::min(end, after(now, owner_.settings().shutdown_timeout()));
  const char* const reason = first_ == SIGINT ? "SIGINT" : "SIGTERM";
  lock.unlock();
  main_->cancel(reason);
  lock.lock();
  if (over_before(report, lock)) return;
  lock.unlock();
  // When it has ended, the shutdown has begun, which reports by itself.
  if (!main_->done()) owner_.report_slow_task(*main_);
  lock.lock();
  if (over_before(end, lock)) return;
  die_of(first_);
}

bool interrupt_guard::thread::over_before(clock::time_point when,
                                          std::unique_lock<std::mutex>& lock) {
  const auto something = [this] { return over_ || second_ != 0; };
  if (when == clock::time_point::max()) {
    changed_.wait(lock, something);
  } else {
    changed_.wait_until(lock, when, something);
  }
  if (second_ != 0 && !over_) die_of(second_);
  return over_;
}

}  // namespace magpie::internal
