#include "magpie/runtime/internal/scheduler.h"

#include <pthread.h>

#include <algorithm>
#include <new>
#include <string>
#include <system_error>
#include <utility>

#include "magpie/runtime/error.h"
#include "magpie/runtime/internal/asymmetric_fence.h"
#include "magpie/runtime/internal/blocking_pool.h"
#include "magpie/runtime/internal/cpu_executor.h"
#include "magpie/runtime/internal/futex.h"
#include "magpie/runtime/internal/worker.h"

namespace magpie::internal {
namespace {

std::string why_slow(task_record& task) {
  std::string message = "was cancelled and has not ended yet; the shutdown waits for it; it ";
  const auto where = task.root().waits_at();
  if (!where) return message + "runs, or is about to";
  return message + "waits at " + where->file_name() + ":" + std::to_string(where->line());
}

}  // namespace

// ---------------------------------------------------------------------------------- scheduling

void schedule(promise_base& ready) noexcept {
  scheduler& owner = ready.context->task().owner();
  worker* here = current_worker();
  if (here != nullptr && &here->owner() == &owner) {
    here->push_ready(ready);
  } else if (ready.home != nullptr) {
    owner.inject(ready, *ready.home);
  } else {
    owner.inject(ready);
  }
}

void scheduler::inject(promise_base& ready) noexcept {
  const visit here(*this);
  injected_.push(&ready);
  if (idle_.wants_wake_after_injection()) wake_one();
}

void scheduler::inject_all(ready_list& ready) noexcept {
  if (ready.empty()) return;
  const visit here(*this);
  while (promise_base* next = ready.take())
    injected_.push(next);
  if (idle_.wants_wake_after_injection()) wake_one();
}

void scheduler::inject(promise_base& ready, worker& home) noexcept {
  const visit here(*this);
  home.inject(ready);
  wake_for_injection(home);
}

void scheduler::wake_for_injection(worker& home) noexcept {
  if (idle_.claim(home.index())) {
    home.unpark();
  } else if (idle_.wants_wake_after_injection()) {
    // The home is awake, perhaps inside a long computation: another may take what it was given.
    wake_one();
  }
}

void scheduler::wake_one() noexcept {
  const std::size_t sleeper = idle_.claim_sleeper();
  if (sleeper != idle_set<>::nobody) workers_[sleeper]->unpark();
}

void scheduler::share_waiting_work() noexcept {
  if (has_visible_work() && idle_.wants_wake_after_injection()) wake_one();
}

void scheduler::refresh_watch() noexcept {
  if (idle_.sleeping() == 0) return;
  const clock::time_point when = now();
  // Fresh is not enough if all who would have looked again have gone to work meanwhile.
  if (watch_is_fresh(when) && napping_.load() != 0) return;
  watch_refreshed_.store(when.time_since_epoch().count());
  const std::size_t watcher = watcher_.load();
  if (watcher == idle_set<>::nobody) {
    wake_one();
  } else if (idle_.claim(watcher)) {
    workers_[watcher]->unpark();
  }
}

bool scheduler::watch_is_fresh(clock::time_point now) const noexcept {
  const clock::time_point last{clock::duration(watch_refreshed_.load())};
  return now - last < watch_interval;
}

bool scheduler::has_visible_work() const noexcept {
  if (!injected_.empty()) return true;
  for (const auto& worker : workers_) {
    if (worker->has_visible_work()) return true;
  }
  return false;
}

bool scheduler::has_work_for_another() const noexcept {
  if (!idle_.someone_dozes()) return has_visible_work();
  return !injected_.empty() || std::ranges::any_of(workers_, [](const auto& worker) {
    return worker->has_work_to_share();
  });
}

void scheduler::start(task_record& task, promise_base& root) {
  worker* here = current_worker();
  const bool own = here != nullptr && &here->owner() == this;
  const std::size_t shard = own ? here->index() : workers_.size();
  if (!registry_.add(task, shard)) {
    throw stopped("magpie: the runtime is shutting down and takes no new tasks");
  }
  root.home = nullptr;
  schedule(root);
}

void end_task(std::coroutine_handle<> self, context& root) noexcept {
  self.destroy();
  root.task().end();
}

// ---------------------------------------------------------------------------------- life

scheduler::scheduler(const options& settings, environment* simulated, host* driver)
    // The default is asked for once: the quota that it follows may change at any time.
    : settings_(options(settings).workers(settings.workers())),
      simulated_(simulated),
      driver_(driver),
      hook_(make_report_hook(settings)),
      idle_(settings_.workers()),
      registry_(settings_.workers() + 1) {
  asymmetric_fence::prepare();
  const std::size_t count = settings_.workers();
  workers_.reserve(count);
  for (std::size_t i = 0; i < count; ++i)
    workers_.push_back(std::make_unique<worker>(*this, i));
  if (simulated_ != nullptr) return;
  if (const auto limit = settings_.reports_long_turns()) {
    turn_watch_ = std::make_unique<turn_watch>(*this, *limit);
    for (std::size_t i = 0; i < count; ++i)
      workers_[i]->keep_log(turn_watch_->log_of(i));
    turn_watch_->start();
  }
  if (driver_ == nullptr) start_threads();
}

scheduler::~scheduler() {
  shut_down();
}

void scheduler::start_threads() {
  threads_.reserve(workers_.size());
  try {
    for (const auto& worker : workers_) {
      threads_.emplace_back([started = worker.get()] {
        const std::string name = "magpie-" + std::to_string(started->index());
        ::pthread_setname_np(::pthread_self(), name.substr(0, 15).c_str());
        started->run();
      });
    }
  } catch (const std::system_error& error) {
    const std::string running = std::to_string(threads_.size());
    stop_threads();
    throw std::system_error(error.code(),
                            "magpie: the system refused worker thread " + running + " of " +
                                std::to_string(workers_.size()) +
                                "; ask for fewer with options::workers, or raise the limit");
  } catch (...) {
    stop_threads();
    throw;
  }
}

void scheduler::stop_threads() noexcept {
  stopping_.store(true);
  for (const auto& worker : workers_)
    worker->unpark();
  for (std::thread& thread : threads_)
    thread.join();
  threads_.clear();
}

void scheduler::cancel_all_tasks() noexcept {
  registry_.close();
  report_left_behind();
  registry_.cancel_all();
}

void scheduler::shut_down() {
  if (shut_down_by_.load() == std::this_thread::get_id()) {
    throw usage_error(
        "magpie: the shutdown was asked for by what it waits for itself, such as a report hook");
  }
  const std::lock_guard once(shutting_down_);
  if (std::exchange(shut_down_, true)) return;
  shut_down_by_.store(std::this_thread::get_id());
  cancel_all_tasks();
  if (simulated_ == nullptr) {
    const auto deadline = after(std::chrono::steady_clock::now(), settings_.shutdown_timeout());
    if (!registry_.wait_empty(deadline)) {
      report_slow_tasks();
      // A thread that runs the user's code cannot be abandoned.
      registry_.wait_empty(clock::time_point::max());
    }
  }
  wait_for_visitors();
  // In the reverse order of their making: jobs resume on workers, the poller's thread too.
  {
    const std::lock_guard lock(lazily_made_);
    blocking_.reset();
    cpu_.reset();
  }
  stop_threads();
  if (driver_ == nullptr) drop_poller();
  shut_down_by_.store(std::thread::id());
}

void scheduler::drop_poller() noexcept {
  poller_.store(nullptr);
  owned_poller_.reset();
}

void scheduler::end_visit() noexcept {
  // The scheduler may be gone once the count is down: the kernel then finds no waiter there.
  if (visitors_.fetch_sub(1) == (visitors_awaited | 1U)) futex_wake(visitors_, 1);
}

// After the last task has ended, so that none can come any more.
void scheduler::wait_for_visitors() noexcept {
  std::uint32_t visitors = visitors_.fetch_or(visitors_awaited) | visitors_awaited;
  while (visitors != visitors_awaited) {
    futex_wait(visitors_, visitors, std::chrono::steady_clock::time_point::max());
    visitors = visitors_.load();
  }
}

void scheduler::report_left_behind() noexcept {
  try {
    std::vector<task_reference> left = registry_.snapshot();
    std::erase_if(left, [](const task_reference& task) { return !task->left_behind(); });
    report_some(left, report::kind::left_behind, [](task_record&) {
      return std::string(
          "still runs at the end of the runtime, which cancels it; await or cancel it before, or "
          "say "
          "with detach() that it may");
    });
  } catch (const std::bad_alloc&) {
    // There is no memory to say so either.
  }
}

void scheduler::report_slow_tasks() noexcept {
  try {
    report_some(registry_.snapshot(), report::kind::slow_shutdown, why_slow);
  } catch (const std::bad_alloc&) {
    // There is no memory to say so either.
  }
}

void scheduler::report_slow_task(task_record& task) noexcept {
  try {
    tell(*hook_, task.describe(report::kind::slow_shutdown, why_slow(task)));
  } catch (const std::bad_alloc&) {
    // There is no memory to say so either.
  }
}

// A hundred of them, the last of which speaks for the others.
template <class Why>
void scheduler::report_some(const std::vector<task_reference>& tasks, report::kind what, Why why) {
  constexpr std::size_t most = 100;
  for (std::size_t i = 0; i < std::min(tasks.size(), most); ++i) {
    std::string message = why(*tasks[i]);
    if (i + 1 == most && tasks.size() > most) {
      message += "; and so it is with " + std::to_string(tasks.size() - most) + " more";
    }
    tell(*hook_, tasks[i]->describe(what, std::move(message)));
  }
}

// ---------------------------------------------------------------------------------- made lazily

poller& scheduler::attach_poller(
    const std::function<std::unique_ptr<poller>(const options&)>& make) {
  if (poller* attached = attached_poller()) return *attached;
  const std::lock_guard lock(lazily_made_);
  if (owned_poller_ == nullptr) {
    std::unique_ptr<poller> made = make(settings_);
    if (made == nullptr) throw usage_error("magpie: current_poller() was given a null poller");
    made->owner_ = this;
    made->start(simulated_ != nullptr);
    owned_poller_ = std::move(made);
    poller_.store(owned_poller_.get());
  }
  return *owned_poller_;
}

job_executor& scheduler::cpu() {
  if (simulated_ != nullptr) return simulated_->jobs();
  const std::lock_guard lock(lazily_made_);
  if (cpu_ == nullptr) cpu_ = make_cpu_executor(settings_.cpu_threads());
  return *cpu_;
}

job_executor& scheduler::blocking() {
  if (simulated_ != nullptr) return simulated_->jobs();
  const std::lock_guard lock(lazily_made_);
  if (blocking_ == nullptr) {
    blocking_ = make_blocking_pool(settings_.blocking_threads(), settings_.blocking_idle());
  }
  return *blocking_;
}

}  // namespace magpie::internal
