#include "magpie/runtime/internal/worker.h"

#include <algorithm>
#include <new>
#include <utility>

#include "magpie/runtime/internal/scheduler.h"

namespace magpie::internal {
namespace {

// Not a plain difference: a deadline may be as far from now as the clock can count.
clock::duration time_left(clock::time_point until, clock::time_point now) noexcept {
  if (until == clock::time_point::max()) return clock::duration::max();
  return until <= now ? clock::duration::zero() : until - now;
}

}  // namespace

worker::worker(scheduler& owner, std::size_t index)
    // In a simulation every fork is a choice of who runs next. A guest gives its thread back soon.
    : idle_(owner.idle()),
      turn_budget_(owner.simulated() != nullptr ? 1
                   : owner.driver() != nullptr  ? guest_budget
                                                : full_budget),
      share_after_(owner.settings().share_after()),
      random_(0x9e3779b97f4a7c15U * (index + 1)),
      frames_(&owner.frames()),
      owner_(owner),
      index_(index) {}

// ---------------------------------------------------------------------------------- the loop

void worker::run() noexcept {
  run_until([this] { return owner_.stopping(); });
}

bool worker::run_as_guest(clock::duration limit) noexcept {
  const clock::time_point until = after(owner_.now(), limit);
  if (asleep()) end_sleep();
  set_current_worker(this);
  bool more = false;
  do {
    more = step();
  } while (more && owner_.now() < until);
  if (!more && !announce_sleep()) {
    end_sleep();
    more = true;
  }
  set_current_worker(nullptr);
  return more;
}

bool worker::step() noexcept {
  promise_base* ready = find_work();
  if (ready == nullptr) {
    if (owner_.simulated() != nullptr) give_up_search();
    return false;
  }
  if (searching_) {
    found_while_searching();
    slept_ = true;  // It may have been meant to watch.
  }
  if (std::exchange(slept_, false)) owner_.refresh_watch();
  if (unshared_ && turn() % sharing_interval == 0) share_late();
  resume(*ready);
  return true;
}

// In a simulation, where nobody parks, a search ends with the turn.
void worker::give_up_search() noexcept {
  if (searching_) idle_.stop_searching();
  searching_ = false;
}

promise_base* worker::find_work() noexcept {
  fire_timers(*this);
  if (keeping_.begin_turn() % fairness_interval == 0) {
    if (promise_base* ready = take_fairly()) return ready;
  }
  if (promise_base* ready = take_own()) return ready;
  if (promise_base* ready = take_shared()) return ready;
  return steal_work();
}

// What a stream of children or of ready tasks must not keep waiting.
promise_base* worker::take_fairly() noexcept {
  frames_.trim();
  // Not in a simulation, whose turns take no time.
  if (owner_.simulated() == nullptr) keeping_.measure(fairness_interval, owner_.now());
  poll_events();
  if (turn() % (2 * fairness_interval) == 0) {
    if (promise_base* ready = take_pinned()) return ready;
  }
  if (promise_base* ready = adopt(owner_.injected().take_all())) return ready;
  if (promise_base* ready = adopt(inbox_.take_all())) return ready;
  return ready_.pop();
}

promise_base* worker::take_own() noexcept {
  if (promise_base* child = children_.pop()) return child;
  if (turn() % pinned_interval == 0) {
    if (promise_base* ready = take_pinned()) return ready;
  }
  if (promise_base* ready = ready_.pop()) return ready;
  if (promise_base* ready = adopt(inbox_.take_all())) return ready;
  return take_pinned();
}

// What another worker has had in its hands. It is not adopted: it would be stolen once more.
promise_base* worker::take_pinned() noexcept {
  if (pinned_ == nullptr) pinned_ = pinned_inbox_.take_all();
  promise_base* const first = pinned_;
  if (first == nullptr) return nullptr;
  pinned_ = first->next();
  // Before those that have woken nobody because this worker was about to come to them.
  if (!ready_.empty()) wake_for_ready();
  return first;
}

bool worker::pinned_place::enter(promise_base& ready, worker& here) noexcept {
  if (&here == &home_) return true;
  home_.pinned_inbox_.push(&ready);
  // If it is awake it keeps the token, and looks once more before it sleeps.
  home_.unpark();
  return false;
}

promise_base* worker::take_shared() noexcept {
  return adopt(owner_.injected().take_all());
}

void worker::resume(promise_base& ready) noexcept {
  task_record& task = ready.context->task();
  if (place* at = task.place()) [[unlikely]]
    return resume_at(*at, ready);
  take_turn(ready, task);
}

void worker::resume_at(place& where, promise_base& ready) noexcept {
  if (!where.enter(ready, *this)) return;
  take_turn(ready, ready.context->task());
  promise_base* const next = where.leave();
  if (next == nullptr) return;
  // Not by schedule(): it has a home only if it has suspended.
  scheduler& other = next->context->task().owner();
  if (&other == &owner_) {
    push_ready(*next);
  } else {
    other.inject(*next);
  }
}

void worker::take_turn(promise_base& ready, task_record& task) noexcept {
  budget_ = turn_budget_;
  children_elsewhere_ = false;
  deepest_ = stack_pointer() - deepest_nesting;
  running_ = &task;
  if (log_ != nullptr) [[unlikely]]
    log_->begin(task);
  ready.handle().resume();
  settle(true);
  running_ = nullptr;
  if (log_ != nullptr) [[unlikely]]
    log_->end();
}

// What a coroutine that has come back has left to be done: it suspended, or it was a child of a
// fork and has ended. The last child of all makes the parent ready, as the next to run.
void worker::settle(bool turn_is_over) noexcept {
  if (suspension* suspended = std::exchange(armed_, nullptr)) {
    if (promise_base* ready = suspended->arrive()) {
      if (turn_is_over) {
        push_yielded(*ready);
      } else {
        push_ready(*ready);
      }
    }
  }
  if (ended_.is_fork()) {
    fork_scope& f = ended_.fork();
    ended_ = continuation(nullptr);
    promise_base& parent = *f.parent;
    if (f.join.arrive()) {
      push_child(parent);
      wake_for_children();
    }
  }
}

// A turn that has used up its budget goes on if nobody waits for its end.
bool worker::renew_turn() noexcept {
  if (turn_budget_ != full_budget || children_elsewhere_) return false;
  // Who waits for a strand is known to the strand only.
  if (running_->place() != nullptr) return false;
  fire_timers(*this);
  if (++renewals_ % fairness_interval == 0) {
    frames_.trim();
    poll_events();
  }
  if (!ready_.empty() || !inbox_.empty() || !pinned_inbox_.empty() || pinned_ != nullptr ||
      !owner_.injected().empty()) {
    return false;
  }
  budget_ = turn_budget_;
  if (log_ != nullptr) {
    log_->end();
    log_->begin(*running_);
  }
  return true;
}

// ---------------------------------------------------------------------------------- forks

// The turn is over, or the stack used up: the children run when this worker's loop, or the fork
// further down the stack, or a thief comes to them.
void worker::fork_later(promise_base& first) noexcept {
  push_child(first);
  wake_for_children();
}

void worker::push_child_anyway(promise_base& child) noexcept {
  try {
    children_.push(&child);
  } catch (const std::bad_alloc&) {
    // The queue cannot grow; the inbox needs no memory. The turn is over, since a fork would look
    // for it in the queue.
    inbox_.push(&child);
    budget_ = 0;
    children_elsewhere_ = true;
  }
}

void worker::wake_one() noexcept {
  owner_.wake_one();
}

void* make_frame(std::size_t bytes) noexcept {
  worker* const here = current_worker();
  if (here == nullptr) return frame_cache::allocate_outside(bytes);
  return recycles_frames ? here->frames().allocate(bytes) : here->frames().take(bytes);
}

void refuse_frame() {
  throw std::bad_alloc();
}

// ---------------------------------------------------------------------------------- adding work

void worker::push_ready(promise_base& ready) noexcept {
  enqueue(ready);
  wake_for_ready();
}

void worker::wake_for_ready() noexcept {
  if (idle_.wants_wake_after_push() && !keeps_all()) wake_one();
}

// Whether what is ready is left to this worker, now that nobody searches. Not if all others sleep
// for good.
bool worker::keeps_all() const noexcept {
  return ready_.size() <= kept() && idle_.someone_dozes();
}

void worker::push_yielded(promise_base& ready) noexcept {
  // What others have made ready meanwhile comes first (http/mixed).
  if (!inbox_.empty()) enqueue_all(inbox_.take_all());
  if (!owner_.injected().empty()) enqueue_all(owner_.injected().take_all());
  enqueue(ready);
  if (ready_.size() > 1) wake_for_ready();
}

void worker::enqueue(promise_base& ready) noexcept {
  try {
    ready_.push(&ready);
  } catch (const std::bad_alloc&) {
    inbox_.push(&ready);
  }
}

void worker::enqueue_all(promise_base* list) noexcept {
  while (list != nullptr) {
    promise_base& next = *list;
    list = next.next();
    enqueue(next);
  }
}

// A list that was taken from an injection queue: the first runs now, the others become ready here.
promise_base* worker::adopt(promise_base* list) noexcept {
  if (list == nullptr || list->next() == nullptr) return list;
  enqueue_all(list->next());
  wake_for_ready();
  return list;
}

// Tasks that a timer has made ready. One alone wakes nobody: this worker is about to run it.
void worker::accept(ready_list& ready) noexcept {
  if (ready.empty()) return;
  const bool free = !has_visible_work() && owner_.injected().empty();
  while (promise_base* next = ready.take())
    enqueue(*next);
  if (!free || ready_.size() > 1) wake_for_ready();
}

// Tasks that an event has made ready. They wake nobody at once (poller::share_waiting_work()).
void worker::accept_events(ready_list& ready) noexcept {
  if (ready.empty()) return;
  if (share_after_ == clock::duration::zero()) return accept(ready);
  while (promise_base* next = ready.take())
    enqueue(*next);
  unshared_ = ready_.size() > 1;
}

void worker::share_late() noexcept {
  if (ready_.empty()) {
    unshared_ = false;
  } else if (owner_.now() - busy_since_ >= share_after_) {
    unshared_ = false;
    wake_for_ready();
  }
}

bool worker::fire_timers(worker& of) noexcept {
  if (of.next_deadline() == clock::time_point::max()) return false;
  ready_list ready;
  const bool fired = of.timers_.fire(owner_.now(), ready);
  accept(ready);
  return fired;
}

void worker::poll_events() noexcept {
  poller* events = owner_.attached_poller();
  if (events == nullptr || !events->try_acquire()) return;
  ready_list ready;
  events->poll(clock::duration::zero(), ready);
  events->release();
  accept_events(ready);
}

// ---------------------------------------------------------------------------------- stealing

promise_base* worker::steal_work() noexcept {
  const auto& workers = owner_.workers();
  if (workers.size() == 1) return nullptr;
  if (!searching_) {
    if (!idle_.start_searching()) return nullptr;
    searching_ = true;
  }
  has_left_a_task_ = false;
  const std::size_t start = choose(workers.size());
  for (std::size_t i = 0; i < workers.size(); ++i) {
    worker& victim = *workers[(start + i) % workers.size()];
    if (&victim == this) continue;
    if (promise_base* ready = steal_from(victim)) return ready;
  }
  return nullptr;
}

std::size_t worker::choose(std::size_t alternatives) noexcept {
  if (environment* simulated = owner_.simulated()) return simulated->choose(alternatives);
  random_ ^= random_ << 13U;  // Marsaglia, "Xorshift RNGs" (2003).
  random_ ^= random_ >> 7U;
  random_ ^= random_ << 17U;
  return random_ % alternatives;
}

promise_base* worker::steal_from(worker& victim) noexcept {
  if (promise_base* child = victim.children_.steal()) return child;
  const std::uint32_t turn = victim.turn();
  if (victim.kept() != 0 && victim.ready_.size() == 1 &&
      victim.keeping_.keeps_one(turn, owner_.now())) {
    has_left_a_task_ = true;
  } else if (promise_base* ready = victim.ready_.pop()) {
    keeping_.has_stolen(victim.keeping_, turn);
    // Half of what is left, so that two workers even out in few steals.
    const std::size_t more = std::min(victim.ready_.size() / 2, most_stolen);
    for (std::size_t i = 0; i < more; ++i) {
      promise_base* next = victim.ready_.pop();
      if (next == nullptr) break;
      push_ready(*next);
    }
    return ready;
  }
  if (promise_base* ready = adopt(victim.inbox_.take_all())) return ready;
  // Timers of a worker that is busy with one task.
  if (!victim.asleep() && fire_timers(victim)) return ready_.pop();
  return nullptr;
}

// Work that others added while this worker searched has woken nobody. If it was the last to search,
// and there is more, it wakes the next.
void worker::found_while_searching() noexcept {
  searching_ = false;
  if (idle_.stop_searching() && owner_.has_work_for_another()) wake_one();
}

// ---------------------------------------------------------------------------------- sleeping

void worker::park() noexcept {
  ready_list ready;
  if (announce_sleep()) sleep_until_needed(ready);
  end_sleep();
  accept_events(ready);
}

// False: it is needed, and should not sleep after all.
bool worker::announce_sleep() noexcept {
  frames_.trim();
  keeping_.begin_sleep(owner_.now());
  asleep_.store(true);
  slept_ = true;
  const auto [looks_again, dozes] = idle_.announce(index_, searching_, would_doze());
  dozes_ = dozes;
  return !owner_.stopping() && !(looks_again && owner_.has_work_for_another());
}

// Whether somebody may soon leave a task to itself, or has.
bool worker::would_doze() const noexcept {
  if (has_left_a_task_) return true;
  return std::ranges::any_of(owner_.workers(), [&](const auto& other) {
    return other.get() != this && other->kept() != 0 && !other->asleep();
  });
}

void worker::end_sleep() noexcept {
  // If somebody has claimed this worker, it counts as searching.
  searching_ = !idle_.retract(index_);
  asleep_.store(false);
  keeping_.end_sleep(owner_.now());
}

void worker::sleep_until_needed(ready_list& ready) noexcept {
  const bool watches = owner_.begin_watch(index_);
  const clock::time_point now = owner_.now();
  const clock::time_point until = wake_time(watches, now);
  const bool naps = until <= after(now, scheduler::watch_interval);
  if (naps) owner_.begin_nap();
  poller* events = owner_.attached_poller();
  if (events != nullptr && events->try_acquire()) {
    parker_.park_in([&] { events->poll(time_left(until, now), ready); });
    events->release();
    const clock::time_point woken = owner_.now();
    if (woken - now >= real_wait) busy_since_ = woken;
  } else {
    parker_.park(until);
  }
  if (naps) owner_.end_nap();
  if (watches) owner_.end_watch();
}

// The watcher wakes for the timers of busy workers too, in case those are stuck in one task. As it
// is not told of timers that they add, it looks again from time to time.
clock::time_point worker::wake_time(bool watches, clock::time_point now) const noexcept {
  clock::time_point until = next_deadline();
  if (dozes_) until = std::min(until, now + keep_policy::doze);
  if (owner_.workers().size() == 1) return until;
  bool looks_again = owner_.watch_is_fresh(now);
  if (watches) {
    for (const auto& other : owner_.workers()) {
      if (other->asleep()) continue;
      looks_again = true;
      until = std::min(until, other->next_deadline());
    }
  }
  return looks_again ? std::min(until, now + scheduler::watch_interval) : until;
}

void worker::unpark() noexcept {
  if (host* driver = owner_.driver(); driver != nullptr && driver->wake()) return;
  parker_.unpark([this] {
    if (poller* events = owner_.attached_poller()) events->interrupt();
  });
}

}  // namespace magpie::internal
