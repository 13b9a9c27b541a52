// The workers of one runtime together: where a ready coroutine goes, and who is woken for it.
#ifndef MAGPIE_RUNTIME_INTERNAL_SCHEDULER_H_
#define MAGPIE_RUNTIME_INTERNAL_SCHEDULER_H_

#include <pthread.h>

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <thread>
#include <vector>

#include "magpie/runtime/clock.h"
#include "magpie/runtime/internal/environment.h"
#include "magpie/runtime/internal/frame_cache.h"
#include "magpie/runtime/internal/idle_set.h"
#include "magpie/runtime/internal/injection_queue.h"
#include "magpie/runtime/internal/job_executor.h"
#include "magpie/runtime/internal/promise.h"
#include "magpie/runtime/internal/reporting.h"
#include "magpie/runtime/internal/task_record.h"
#include "magpie/runtime/internal/task_registry.h"
#include "magpie/runtime/internal/turn_watch.h"
#include "magpie/runtime/options.h"
#include "magpie/runtime/poller.h"

namespace magpie::internal {

class worker;

// The thread that runs the only worker of a runtime that has no threads (guest_runtime.h).
class host {
 public:
  host() : thread_(::pthread_self()) {}
  host(const host&) = delete;
  host& operator=(const host&) = delete;

  pthread_t thread() const noexcept { return thread_; }

  // Any thread. Tells it that its worker is needed. False: it waits as every worker does.
  virtual bool wake() noexcept = 0;

 protected:
  ~host() = default;

 private:
  const pthread_t thread_;
};

// Makes a suspended coroutine ready: the one way in which that happens. Any thread. Goes to the
// calling worker if it belongs to the same runtime, else to the worker where the coroutine
// suspended.
void schedule(promise_base& ready) noexcept;

class scheduler {
 public:
  // Starts the worker threads; with an environment none, and the simulation calls worker::step();
  // with a driver none, and that calls worker::run_as_guest(). Both outlive the scheduler. Throws
  // std::system_error if the system refuses a thread; none is left behind then.
  explicit scheduler(const options& settings, environment* simulated = nullptr,
                     host* driver = nullptr);
  scheduler(const scheduler&) = delete;
  scheduler& operator=(const scheduler&) = delete;

  // After shut_down().
  ~scheduler();

  // Any thread that is no worker of this runtime. Refuses new tasks, cancels all, waits until they
  // have ended, reports those it waits for longer than options::shutdown_timeout, and
  // stops the workers. The second call only waits for the first. Throws usage_error if the second
  // comes out of the first, by way of the report hook.
  void shut_down();

  // Where there is a driver: its thread, after shut_down() and when it has left the worker's loop,
  // which until then may wait in the poller.
  void drop_poller() noexcept;

  // Any thread. The first part of that: refuses new tasks, reports those that nobody waits for, and
  // cancels all.
  void cancel_all_tasks() noexcept;

  // Any thread. Says that a task, which has been cancelled, has not ended.
  void report_slow_task(task_record& task) noexcept;

  // Any thread. Starts the task; throws `stopped` after shut_down() has begun, and then gives up
  // nothing.
  void start(task_record& task, promise_base& root);

  // Held by a thread that is no worker of this runtime while it injects and wakes: the task that it
  // injects may be the last one, and until then only that task has kept the scheduler in existence.
  class visit {
   public:
    explicit visit(scheduler& visited) noexcept : visited_(visited) {
      visited_.visitors_.fetch_add(1);
    }
    visit(const visit&) = delete;
    visit& operator=(const visit&) = delete;
    ~visit() { visited_.end_visit(); }

   private:
    scheduler& visited_;
  };

  // Any thread. To whichever worker comes first.
  void inject(promise_base& ready) noexcept;
  // The same for tasks of this runtime, with at most one wake-up.
  void inject_all(ready_list& ready) noexcept;
  // Any thread that is no worker of this runtime. To `home`, or to an idle worker if that one is
  // busy.
  void inject(promise_base& ready, worker& home) noexcept;
  // The second half of that, during a visit.
  void wake_for_injection(worker& home) noexcept;

  // Any thread. A sleeper, unless somebody searches.
  void wake_one() noexcept;

  // Any thread. Wakes a worker if tasks wait and nobody is on the way to them.
  void share_waiting_work() noexcept;

  clock::time_point now() noexcept {
    if (simulated_ != nullptr) [[unlikely]]
      return simulated_->now();
    return std::chrono::steady_clock::now();
  }

  environment* simulated() const noexcept { return simulated_; }
  host* driver() const noexcept { return driver_; }
  const options& settings() const noexcept { return settings_; }
  frame_depot& frames() noexcept { return frames_; }
  // Any thread. Whether shutdown() has come to the point where only visits keep it.
  bool awaits_visitors() const noexcept { return (visitors_.load() & visitors_awaited) != 0; }

  task_registry& registry() noexcept { return registry_; }
  const task_registry& registry() const noexcept { return registry_; }
  const std::shared_ptr<const report_hook>& hook() const noexcept { return hook_; }
  idle_set<>& idle() noexcept { return idle_; }
  injection_queue<promise_base>& injected() noexcept { return injected_; }

  const std::vector<std::unique_ptr<worker>>& workers() const noexcept { return workers_; }
  bool stopping() const noexcept { return stopping_.load(); }
  bool has_visible_work() const noexcept;
  // A worker, right after one of the calls of the idle set that have the barrier in them. Without
  // the tasks that are left to their workers, as long as somebody dozes.
  bool has_work_for_another() const noexcept;

  // One sleeping worker at a time watches the deadlines of the busy ones. A worker that wakes to
  // work sees to it that the watcher looks at what follows, but at most once per interval. So a
  // task that blocks its worker delays the timers there by at most about that much, while another
  // worker is idle.
  static constexpr clock::duration watch_interval = std::chrono::milliseconds(10);
  bool begin_watch(std::size_t watcher) noexcept {
    std::size_t none = idle_set<>::nobody;
    return watcher_.compare_exchange_strong(none, watcher);
  }
  void end_watch() noexcept { watcher_.store(idle_set<>::nobody); }
  // Around a sleep that ends within the interval by itself.
  void begin_nap() noexcept { napping_.fetch_add(1); }
  void end_nap() noexcept { napping_.fetch_sub(1); }
  void refresh_watch() noexcept;
  // Whether that was done within the last interval. Whoever goes to sleep then looks again after
  // one more, also if another is the watcher at that moment: that one may be the next to work.
  bool watch_is_fresh(clock::time_point now) const noexcept;

  // Any thread. The poller, if one has been attached.
  poller* attached_poller() const noexcept { return poller_.load(); }
  poller& attach_poller(const std::function<std::unique_ptr<poller>(const options&)>& make);

  // Worker. Made when first used; throw what making threads throws.
  job_executor& cpu();
  job_executor& blocking();

 private:
  void start_threads();
  void stop_threads() noexcept;
  template <class Why>
  void report_some(const std::vector<task_reference>& tasks, report::kind what, Why why);
  void report_left_behind() noexcept;
  void report_slow_tasks() noexcept;
  void end_visit() noexcept;
  void wait_for_visitors() noexcept;

  static constexpr std::uint32_t visitors_awaited = 1U << 31U;

  // Fixed before start.
  const options settings_;
  environment* const simulated_;
  host* const driver_;
  const std::shared_ptr<const report_hook> hook_;
  frame_depot frames_;
  std::vector<std::unique_ptr<worker>> workers_;

  // Any thread.
  idle_set<> idle_;
  injection_queue<promise_base> injected_;
  task_registry registry_;
  std::atomic<std::size_t> watcher_{idle_set<>::nobody};
  std::atomic<clock::rep> watch_refreshed_{0};
  std::atomic<std::uint32_t> napping_{0};
  std::atomic<std::uint32_t> visitors_{0};  // And visitors_awaited.
  std::atomic<bool> stopping_{false};
  std::atomic<poller*> poller_{nullptr};

  std::unique_ptr<turn_watch> turn_watch_;  // Null if nobody wants to know.

  std::mutex lazily_made_;
  std::unique_ptr<poller> owned_poller_;    // Under lazily_made_.
  std::unique_ptr<job_executor> cpu_;       // Under lazily_made_.
  std::unique_ptr<job_executor> blocking_;  // Under lazily_made_.

  std::atomic<std::thread::id> shut_down_by_{};  // While that goes on.
  std::mutex shutting_down_;
  bool shut_down_ = false;            // Under shutting_down_.
  std::vector<std::thread> threads_;  // Under shutting_down_, once they have started.
};

}  // namespace magpie::internal

#endif  // MAGPIE_RUNTIME_INTERNAL_SCHEDULER_H_
