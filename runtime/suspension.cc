#include "magpie/runtime/suspension.h"

#include "magpie/runtime/error.h"
#include "magpie/runtime/internal/context.h"
#include "magpie/runtime/internal/scheduler.h"
#include "magpie/runtime/internal/worker.h"

namespace magpie {

bool suspension::arm(internal::promise_base& who) noexcept {
  who_ = &who;
  who.home = internal::current_worker();
  if (who.context->add(*this)) {
    listed_ = true;
    who.home->begin_suspension(*this);
    return true;
  }
  outcome_.store(outcome::cancelled);
  who_ = nullptr;
  return false;
}

void suspension::arm_uncancellable(internal::promise_base& who) noexcept {
  who_ = &who;
  who.home = internal::current_worker();
  who.home->begin_suspension(*this);
}

void suspension::leave_context() noexcept {
  // Still there if the task has not suspended after all.
  internal::current_worker()->abandon_suspension(*this);
  if (listed_) who_->context->remove(*this);
}

void suspension::resume() noexcept {
  if (internal::promise_base* ready = arrive()) internal::schedule(*ready);
}

internal::promise_base* suspension::arrive() noexcept {
  // The first leaves *this to the second, without which the task does not go on.
  return one_arrived_.exchange(true) ? who_ : nullptr;
}

internal::worker* suspension::home() const noexcept {
  return who_ == nullptr ? nullptr : who_->home;
}

void ready_list::add(suspension& claimed) noexcept {
  claimed.next_ready_ = nullptr;
  (last_ == nullptr ? first_ : last_->next_ready_) = &claimed;
  last_ = &claimed;
}

internal::promise_base* ready_list::take() noexcept {
  while (suspension* taken = first_) {
    first_ = taken->next_ready_;
    if (first_ == nullptr) last_ = nullptr;
    if (internal::promise_base* ready = taken->arrive()) return ready;
  }
  return nullptr;
}

void ready_list::resume_some() noexcept {
  internal::worker* here = internal::current_worker();
  internal::promise_base* next = take();
  while (next != nullptr) {
    internal::worker& home = *next->home;
    if (here != nullptr && &here->owner() == &home.owner()) {
      here->push_ready(*next);
      next = take();
      continue;
    }
    // A run of tasks of one worker is injected whole before that worker is woken.
    const internal::scheduler::visit visit(home.owner());
    do {
      home.inject(*next);
      next = take();
    } while (next != nullptr && next->home == &home);
    home.owner().wake_for_injection(home);
  }
}

void internal::throw_cancelled() {
  throw cancelled();
}

}  // namespace magpie
