#include "magpie/runtime/timeout.h"

#include "magpie/runtime/internal/current_worker.h"
#include "magpie/runtime/internal/worker.h"

namespace magpie {

internal::context& timeout_scope::enter(internal::context& around) {
  around_ = &around;
  own_.emplace(around, when());
  start();
  return *own_;
}

bool timeout_scope::leave() noexcept {
  stop();
  return expired() && !around_->cancelled();
}

void timeout_scope::reschedule(clock::time_point when) {
  stop();
  if (expired()) {
    throw usage_error("magpie: this time limit has passed already; it cannot be moved any more");
  }
  move_to(when);
  passed_ = internal::limit_at(when).passed;
  if (!own_) return;  // What makes the task is still at work; enter() starts the timer.
  own_->move_to(when);
  start();
}

bool timeout_scope::expired() const noexcept {
  return expired_.load();
}

void timeout_scope::start() {
  if (when() == clock::time_point::max()) return;
  if (passed_) {
    ready_list ready;
    due(ready);
    ready.resume_all();
    return;
  }
  internal::worker* here = internal::current_worker();
  here->timers().insert(*this);
  home_ = here;
}

void timeout_scope::stop() noexcept {
  if (home_ != nullptr) home_->timers().remove(*this);
  home_ = nullptr;
}

void timeout_scope::due(ready_list& ready) noexcept {
  expired_.store(true);
  own_->cancel(ready);
}

void timeout_scope::throw_timeout() {
  throw timeout_error("magpie: the time limit has passed");
}

}  // namespace magpie
