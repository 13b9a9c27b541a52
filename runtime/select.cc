#include "magpie/runtime/select.h"

#include <algorithm>

#include "magpie/runtime/budget.h"
#include "magpie/runtime/internal/context.h"
#include "magpie/runtime/internal/current_worker.h"
#include "magpie/runtime/internal/promise.h"
#include "magpie/runtime/internal/worker.h"

namespace magpie::internal {

bool select_awaiter_base::ready() {
  return spend_little() && take_now();
}

bool select_awaiter_base::take_now() {
  const std::size_t first = current_worker()->choose(cases_.size());
  for (const bool timed : {false, true}) {
    for (std::size_t i = 0; i < cases_.size(); ++i) {
      const std::size_t next = (first + i) % cases_.size();
      const bool waits_for_time = cases_[next]->due() != clock::time_point::max();
      if (waits_for_time != timed || !cases_[next]->take_now()) continue;
      taken_ = next;
      return true;
    }
  }
  return false;
}

// As exchange_waiter: what can be had is taken before the others know of this wait. When
// they do, only they decide; should something have become possible in between, it is called off.
bool select_awaiter_base::start(promise_base& who) {
  if (who.context->enter_and_ask()) {
    wait_.emplace(clock::time_point::max());
    wait_->claim(suspension::outcome::cancelled);
    return false;
  }
  while (!take_now()) {
    wait_.emplace(first_due());
    if (!wait_->arm(who)) return false;
    try {
      wait_->limit_.start();
    } catch (...) {
      // A cancellation that has won already is going to resume this task.
      if (!wait_->claim(suspension::outcome::completed)) return true;
      wait_->disarm();
      throw;
    }
    if (enlist_all()) return true;
    // If one of those that are listed, or a cancellation, was faster, that one resumes the task.
    if (!wait_->claim(suspension::outcome::completed)) return true;
    leave_all();
    wait_->disarm();
  }
  wait_.reset();
  if (spend_little()) return false;
  // Behind all others that are ready. A cancellation comes too late.
  wait_.emplace(clock::time_point::max());
  wait_->arm_uncancellable(who);
  wait_->claim(suspension::outcome::completed);
  wait_->resume();
  return true;
}

bool select_awaiter_base::enlist_all() noexcept {
  return std::all_of(cases_.begin(), cases_.end(),
                     [this](select_case* next) { return next->enlist(*wait_); });
}

void select_awaiter_base::leave_all() noexcept {
  for (select_case* next : cases_)
    next->leave();
  wait_->limit_.stop();
}

clock::time_point select_awaiter_base::first_due() const noexcept {
  clock::time_point first = clock::time_point::max();
  for (const select_case* next : cases_)
    first = std::min(first, next->due());
  return first;
}

std::size_t select_awaiter_base::finish() {
  if (!wait_) return taken_;
  leave_all();
  const suspension::outcome how = wait_->disarm();
  if (taken_ != nothing) return taken_;
  throw_if_cancelled(how);
  const bool timed = how == suspension::outcome::timed_out;
  for (std::size_t i = 0;; ++i) {
    if (timed ? cases_[i]->due() == wait_->until_ : cases_[i]->claimed()) return i;
  }
}

bool selected<task_end>::enlist(suspension& who) noexcept {
  who_ = &who;
  return task_->add_observer(*this);
}

void selected<task_end>::task_ended(ready_list& ready) noexcept {
  claimed_ = who_->claim(suspension::outcome::completed);
  if (claimed_) ready.add(*who_);
}

}  // namespace magpie::internal
