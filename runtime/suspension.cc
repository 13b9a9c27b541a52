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

suspension::outcome suspension::disarm() noexcept {
  if (who_ != nullptr) {
    // Still there if the task has not suspended after all.
    internal::current_worker()->abandon_suspension(*this);
    if (listed_) who_->context->remove(*this);
  }
  return outcome_.load();
}

void suspension::resume() noexcept {
  arrive();
}

void suspension::arrive() noexcept {
  // The first leaves *this to the second, without which the task does not go on.
  if (one_arrived_.exchange(true)) internal::schedule(*who_);
}

internal::worker* suspension::home() const noexcept {
  return who_ == nullptr ? nullptr : who_->home;
}

void ready_list::add(suspension& claimed) noexcept {
  // If it is only about to suspend, its worker makes it ready.
  if (!claimed.one_arrived_.exchange(true)) return;
  internal::promise_base& ready = *claimed.who_;
  ready.set_next(nullptr);
  if (last_ == nullptr) {
    first_ = &ready;
  } else {
    last_->set_next(&ready);
  }
  last_ = &ready;
}

internal::promise_base* ready_list::take() noexcept {
  internal::promise_base* taken = first_;
  if (taken == nullptr) return nullptr;
  first_ = taken->next();
  if (first_ == nullptr) last_ = nullptr;
  return taken;
}

void ready_list::resume_all() noexcept {
  internal::worker* here = internal::current_worker();
  while (first_ != nullptr) {
    internal::worker& home = *first_->home;
    if (here != nullptr && &here->owner() == &home.owner()) {
      here->push_ready(*take());
      continue;
    }
    // A run of tasks of one worker is injected whole before that worker is woken.
    const internal::scheduler::visit visit(home.owner());
    while (first_ != nullptr && first_->home == &home)
      home.inject(*take());
    home.owner().wake_for_injection(home);
  }
}

void throw_if_cancelled(suspension::outcome how) {
  if (how == suspension::outcome::cancelled) throw cancelled();
}

}  // namespace magpie
