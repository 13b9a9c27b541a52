#include "magpie/runtime/guest_runtime.h"

#include <pthread.h>

#include <atomic>
#include <exception>
#include <new>
#include <stdexcept>
#include <thread>

#include "magpie/runtime/error.h"
#include "magpie/runtime/internal/failed_callback.h"
#include "magpie/runtime/internal/reporting.h"
#include "magpie/runtime/internal/scheduler.h"
#include "magpie/runtime/internal/worker.h"

namespace magpie {

class guest_runtime::state final : public internal::host {
 public:
  state(std::function<void()> wake, const options& settings, std::source_location made_at)
      : wake_(std::move(wake)),
        made_at_(made_at),
        scheduler_(options(settings).workers(1).io(io_mode::dedicated), nullptr, this) {
    // From now on it sleeps, so that the first task wakes the host.
    worker().run_as_guest(clock::duration::zero());
  }

  internal::scheduler& scheduler() noexcept { return scheduler_; }

  bool wake() noexcept override {
    if (blocks_.load()) return false;
    try {
      wake_();
    } catch (...) {
      report_failed_wake();
    }
    return true;
  }

  bool run_ready(clock::duration limit) {
    refuse("run_ready()");
    if (blocks_.load()) {
      throw usage_error("magpie: guest_runtime::run_ready() was called after shutdown()");
    }
    return more_ = worker().run_as_guest(limit);
  }

  clock::time_point deadline() noexcept {
    return more_ ? clock::time_point() : worker().next_deadline();
  }

  void refuse(const char* what) const {
    const bool elsewhere = ::pthread_equal(::pthread_self(), thread()) == 0;
    if (!elsewhere && internal::current_worker() == nullptr) return;
    throw usage_error(std::string("magpie: guest_runtime::") + what + " was called " +
                      (elsewhere ? "on another thread than the one that has made the runtime"
                                 : "inside a task, which it would have to wait for"));
  }

  // Until it is over, this thread is a worker as in every runtime, and another one shuts down.
  void shut_down() {
    if (blocks_.exchange(true)) return;
    std::thread other;
    try {
      other = std::thread([this] { scheduler_.shut_down(); });
    } catch (const std::exception&) {
      // No thread, no memory: without, but for the report of the tasks that do not end in time.
      scheduler_.cancel_all_tasks();
      worker().run_until([this] { return scheduler_.registry().size() == 0; });
      scheduler_.shut_down();
      scheduler_.drop_poller();
      return;
    }
    worker().run();
    other.join();
    scheduler_.drop_poller();
  }

 private:
  internal::worker& worker() noexcept { return *scheduler_.workers().front(); }

  // Inside a handler.
  void report_failed_wake() noexcept {
    try {
      internal::tell(
          *scheduler_.hook(),
          report{report::kind::failed_callback,
                 0,
                 {},
                 made_at_,
                 internal::failed_callback_message("a guest_runtime, to wake its host,")});
    } catch (const std::bad_alloc&) {
      // There is no memory to say so either.
    }
  }

  const std::function<void()> wake_;
  const std::source_location made_at_;
  bool more_ = false;                // Its own thread only.
  std::atomic<bool> blocks_{false};  // Waits as every worker does, and nobody else drives it.
  internal::scheduler scheduler_;
};

guest_runtime::guest_runtime(std::function<void()> wake, const options& settings,
                             std::source_location where)
    : state_([&] {
        if (internal::current_worker() != nullptr) {
          throw usage_error(
              "magpie: a guest_runtime was made inside a task, whose worker has a "
              "loop of its own; spawn() there");
        }
        if (wake == nullptr) {
          throw std::invalid_argument(
              "magpie: a guest_runtime needs a function that wakes its host");
        }
        return std::make_unique<state>(std::move(wake), settings, where);
      }()) {}

guest_runtime::~guest_runtime() {
  state_->shut_down();
}

bool guest_runtime::run_ready(clock::duration limit) {
  return state_->run_ready(limit);
}

clock::time_point guest_runtime::deadline() const noexcept {
  return state_->deadline();
}

void guest_runtime::shutdown() {
  state_->refuse("shutdown()");
  state_->shut_down();
}

std::size_t guest_runtime::live_tasks() const noexcept {
  return scheduler().registry().size();
}

internal::scheduler& guest_runtime::scheduler() const noexcept {
  return state_->scheduler();
}

}  // namespace magpie
