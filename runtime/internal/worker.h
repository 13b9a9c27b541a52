// One event loop: a thread (or, in a simulation, a turn) that finds ready coroutines and resumes
// them.
//
// Inline here is what a fork and a join run through (fork_join/fib, fork_join/skynet); the loop
// itself is in worker.cc.
#ifndef MAGPIE_RUNTIME_INTERNAL_WORKER_H_
#define MAGPIE_RUNTIME_INTERNAL_WORKER_H_

#include <array>
#include <atomic>
#include <coroutine>
#include <cstddef>
#include <cstdint>
#include <tuple>

#include "magpie/runtime/internal/current_worker.h"
#include "magpie/runtime/internal/deque.h"
#include "magpie/runtime/internal/fork_scope.h"
#include "magpie/runtime/internal/frame_cache.h"
#include "magpie/runtime/internal/idle_set.h"
#include "magpie/runtime/internal/injection_queue.h"
#include "magpie/runtime/internal/keep_policy.h"
#include "magpie/runtime/internal/parker.h"
#include "magpie/runtime/internal/place.h"
#include "magpie/runtime/internal/platform.h"
#include "magpie/runtime/internal/promise.h"
#include "magpie/runtime/internal/ready_queue.h"
#include "magpie/runtime/internal/timer_queue.h"
#include "magpie/runtime/internal/turn_log.h"

namespace magpie::internal {

class scheduler;

class worker {
 public:
  worker(scheduler& owner, std::size_t index);
  worker(const worker&) = delete;
  worker& operator=(const worker&) = delete;

  // Fixed before start.
  scheduler& owner() const noexcept { return owner_; }
  std::size_t index() const noexcept { return index_; }

  // --- On the worker's own thread ---

  // Before run(): the worker says in this log what it does.
  void keep_log(turn_log& log) noexcept { log_ = &log; }

  // Runs tasks until the scheduler stops.
  void run() noexcept;

  // The same, until `ended` says so after a turn.
  template <class Ended>
  void run_until(Ended ended) noexcept;

  // Instead, where the thread belongs to somebody else (guest_runtime.h): at least one turn, until
  // there is nothing to do, or about as long as `limit`. True: there is more to do. False: the
  // worker sleeps now, and whoever has work for it wakes the host.
  bool run_as_guest(clock::duration limit) noexcept;

  // One turn of the loop: finds a ready coroutine and resumes it. False if there was none.
  bool step() noexcept;

  // Worker. Null between two turns, where the poller of a user may be. The children of a gather
  // belong to the task of their parent, so all that is done in one turn belongs to one task.
  task_record* running() const noexcept { return running_; }

  frame_cache& frames() noexcept { return frames_; }
  timer_queue& timers() noexcept { return timers_; }

  // The running coroutine forks: runs the children (a range of promise_base*, at least one, each of
  // which is asked for once) in order, unless thieves take some. Gives how many have ended by that.
  // If some have not, the caller has to suspend, and to leave the join.
  template <class Children>
  std::uint32_t fork(fork_scope& f, const Children& children) noexcept;

  // The running coroutine is a child of this fork, has ended, and is about to destroy itself.
  void end_child(continuation of) noexcept { ended_ = of; }

  // A ready coroutine, behind all that are ready here.
  void push_ready(promise_base& ready) noexcept;
  // The same for the one whose turn ends now. Alone it wakes nobody: this worker comes to it next.
  void push_yielded(promise_base& ready) noexcept;

  // The running task has armed this suspension; it is about to suspend, or not after all.
  void begin_suspension(suspension& armed) noexcept { armed_ = &armed; }
  void abandon_suspension(suspension& armed) noexcept {
    if (armed_ == &armed) armed_ = nullptr;
  }

  // Uses up some of the turn. False: the turn is over, and the caller should yield.
  bool spend(int cost) noexcept { return (budget_ -= cost) > 0; }
  bool lasts() const noexcept { return budget_ > 0; }

  // Any number below `alternatives`, which is at least 1.
  std::size_t choose(std::size_t alternatives) noexcept;

  // Resumes `next` now, unless that would nest too deep where a transfer is no tail call.
  std::coroutine_handle<> transfer_to(promise_base& next) noexcept;

  // --- Any thread ---

  // A ready coroutine, from a thread that is no worker of this runtime. The caller then wakes.
  void inject(promise_base& ready) noexcept { inbox_.push(&ready); }

  // The place of what runs on this worker alone. Fixed.
  place& only_here() noexcept { return only_here_; }

  bool has_visible_work() const noexcept {
    return !children_.empty() || !ready_.empty() || !inbox_.empty();
  }
  // The same without the ready tasks that are left to this worker.
  bool has_work_to_share() const noexcept {
    return !children_.empty() || !inbox_.empty() || ready_.size() > kept();
  }

  std::uint32_t kept() const noexcept { return keeping_.kept(); }
  std::uint32_t turn() const noexcept { return keeping_.turn(); }

  void unpark() noexcept;

  bool asleep() const noexcept { return asleep_.load(); }
  clock::time_point next_deadline() const noexcept { return timers_.next_deadline(); }

 private:
  class pinned_place final : public place {
   public:
    explicit pinned_place(worker& home) noexcept : home_(home) {}
    bool enter(promise_base& ready, worker& here) noexcept override;
    promise_base* leave() noexcept override { return nullptr; }

   private:
    worker& home_;
  };

  // worker.cc, in the order of the loop.
  promise_base* find_work() noexcept;
  promise_base* take_fairly() noexcept;
  promise_base* take_own() noexcept;
  promise_base* take_pinned() noexcept;
  promise_base* take_shared() noexcept;
  promise_base* steal_work() noexcept;
  promise_base* steal_from(worker& victim) noexcept;
  promise_base* adopt(promise_base* list) noexcept;
  void wake_for_ready() noexcept;
  bool keeps_all() const noexcept;
  bool fire_timers(worker& of) noexcept;
  void poll_events() noexcept;
  void accept(ready_list& ready) noexcept;
  void accept_events(ready_list& ready) noexcept;
  void share_late() noexcept;
  void enqueue(promise_base& ready) noexcept;
  void enqueue_all(promise_base* list) noexcept;
  void found_while_searching() noexcept;
  void give_up_search() noexcept;
  void resume(promise_base& ready) noexcept;
  void resume_at(place& where, promise_base& ready) noexcept;
  void take_turn(promise_base& ready, task_record& task) noexcept;
  void settle(bool turn_is_over) noexcept;
  bool renew_turn() noexcept;
  void park() noexcept;
  bool announce_sleep() noexcept;
  bool would_doze() const noexcept;
  void end_sleep() noexcept;
  void sleep_until_needed(ready_list& ready) noexcept;
  clock::time_point wake_time(bool watches, clock::time_point now) const noexcept;

  // Of a fork.
  void push_child(promise_base& child) noexcept {
    if (!children_.try_push(&child)) [[unlikely]]
      push_child_anyway(child);
  }
  void push_child_anyway(promise_base& child) noexcept;
  void wake_for_children() noexcept {
    if (idle_.wants_wake_after_push()) [[unlikely]]
      wake_one();
  }
  void wake_one() noexcept;
  std::uint32_t run_child(fork_scope& f, promise_base& child) noexcept;
  void fork_later(promise_base& first) noexcept;
  bool goes_on(std::uint32_t children) noexcept {
    return spend(static_cast<int>(children)) || renew_turn();
  }
  bool nests_too_deep() const noexcept { return stack_pointer() < deepest_; }

  // How much a turn may do before the loop looks at everything else. A child of a fork costs 1, an
  // await that need not wait costs more (budget.h).
  static constexpr int full_budget = 1024;
  static constexpr int guest_budget = 16;
  // How much of the thread's stack a turn may use for resuming one coroutine inside another, in
  // bytes. A fork takes about a hundred, and whatever its coroutine keeps there.
  static constexpr std::size_t deepest_nesting = std::size_t{64} * 1024;
  // Every so many turns the loop looks first at what it would otherwise look at last. Go and Tokio
  // use 61 as well: prime, so that it does not fall in step with a program's own period.
  static constexpr std::uint32_t fairness_interval = 61;
  static constexpr std::size_t most_stolen = 64;
  // Every so many turns a worker looks for how long what events have made ready has been waiting.
  static constexpr std::uint32_t sharing_interval = 8;
  // A poll that took less has not waited: the worker has been busy all along.
  static constexpr clock::duration real_wait = std::chrono::microseconds(10);
  // How often pinned tasks go before ready ones. To look for them costs a cache line (yield).
  static constexpr std::uint32_t pinned_interval = 4;

  // Worker thread only. What a fork uses stands first: a short way from the start of the worker.
  continuation ended_{nullptr};  // The fork whose child has just ended, and is not counted yet.
  std::uintptr_t deepest_ = 0;   // How far down the stack this turn may go.
  idle_set<>& idle_;             // Fixed before start.
  int budget_ = 0;
  bool children_elsewhere_ = false;  // Since the turn began. Some are not where thieves look.
  bool searching_ = false;
  bool slept_ = false;            // Since the last task.
  bool dozes_ = false;            // Its sleep, or the last one, is a doze.
  bool has_left_a_task_ = false;  // In its last search: a ready task, to the worker that has it.
  task_record* running_ = nullptr;
  turn_log* log_ = nullptr;      // Null if nobody wants to know.
  suspension* armed_ = nullptr;  // Of the task that runs.
  const int turn_budget_;
  const clock::duration share_after_;
  bool unshared_ = false;  // Events have made tasks ready, and nobody has been woken for them.
  clock::time_point busy_since_{};
  std::uint32_t renewals_ = 0;
  std::uint64_t random_;
  frame_cache frames_;

  // Pushed by the worker, taken by anyone.
  deque<promise_base> children_;
  ready_queue<promise_base> ready_;
  // Pushed by anyone, taken by anyone.
  injection_queue<promise_base> inbox_;
  // Pushed by the other workers of this runtime, and taken by nobody else.
  injection_queue<promise_base> pinned_inbox_;
  promise_base* pinned_ = nullptr;  // Worker thread only. What it has taken from there.
  pinned_place only_here_{*this};
  timer_queue timers_;
  parker<> parker_;
  std::atomic<bool> asleep_{false};
  keep_policy keeping_;

  // Fixed before start.
  scheduler& owner_;
  const std::size_t index_;
};

template <class Ended>
void worker::run_until(Ended ended) noexcept {
  if (asleep()) end_sleep();  // A guest's worker, which has become one like all others.
  worker* const before = current_worker();
  set_current_worker(this);
  while (!ended()) {
    if (!step()) park();
  }
  set_current_worker(before);
}

// Each child runs on top of its parent, as a call would, and what it forks on top of that. Whatever
// has been pushed above this fork has been popped or stolen when a child comes back, so what is
// popped here is a child of this fork. (Or, if the turn has come to its end or the stack was used
// up, of one that was left inside of it; then a child of this one stays in the deque for those who
// come later.)
template <class Children>
[[gnu::always_inline]] inline std::uint32_t worker::fork(fork_scope& f,
                                                         const Children& children) noexcept {
  // Few, whose number is known: they are paid for at once.
  constexpr bool few = requires { std::tuple_size<Children>::value; };
  const auto count = static_cast<std::uint32_t>(children.size());
  // The last is pushed first, so that this worker runs them in order. The first needs no queue.
  const auto from_the_end = [&](std::uint64_t i) { return children[count - 1 - i]; };
  if (!children_.try_push_all(count - 1, from_the_end)) [[unlikely]] {
    for (std::uint32_t i = 0; i < count - 1; ++i)
      push_child(*from_the_end(i));
  }
  promise_base& first = *children[0];  // Nobody else touches it.
  if (!goes_on(few ? count : 1) || nests_too_deep()) [[unlikely]] {
    fork_later(first);
    return 0;
  }
  if (count > 1) wake_for_children();
  std::uint32_t arrived = run_child(f, first);
  for (std::uint32_t i = 1; i < count && (few || goes_on(1)); ++i) {
    promise_base* const next = children_.pop();
    if (next == nullptr) [[unlikely]]
      break;
    arrived += run_child(f, *next);
  }
  return arrived;
}

// How many children of `f` have ended by that.
inline std::uint32_t worker::run_child(fork_scope& f, promise_base& child) noexcept {
  child.handle().resume();
  if (ended_ != continuation(f)) [[unlikely]] {
    settle(false);
    return 0;
  }
  ended_ = continuation(nullptr);
  return 1;
}

inline std::coroutine_handle<> worker::transfer_to(promise_base& next) noexcept {
  if constexpr (!transfer_is_tail_call) {
    if (nests_too_deep()) {
      push_ready(next);
      return std::noop_coroutine();
    }
  }
  return next.handle();
}

// A frame that the current worker, if there is one, does not have. Null if there is no memory.
void* make_frame(std::size_t bytes) noexcept;
[[noreturn]] void refuse_frame();

template <bool PreservesMost>
MAGPIE_PRESERVE_MOST void* make_frame_aside(std::size_t bytes) noexcept {
  return make_frame(bytes);
}

// A frame, from the cache of the current worker if there is one. Throws std::bad_alloc.
inline void* allocate_frame(std::size_t bytes) {
  if constexpr (recycles_frames) {
    if (worker* here = current_worker()) [[likely]] {
      if (void* kept = here->frames().reuse(bytes)) [[likely]]
        return kept;
    }
  }
  void* const made = make_frame_aside<preserves_most>(bytes);
  if (made == nullptr) [[unlikely]]
    refuse_frame();
  return made;
}

inline void deallocate_frame(void* frame, std::size_t bytes) noexcept {
  if (worker* here = current_worker()) [[likely]] {
    if constexpr (!recycles_frames) return here->frames().give_back(frame);
    return here->frames().deallocate(frame, bytes);
  }
  frame_cache::deallocate_outside(frame);
}

// A block of allocate_frame() that is not a frame.
inline void count_other_block(std::ptrdiff_t change) noexcept {
  if (worker* here = current_worker()) {
    here->frames().count_other(change);
  } else {
    frame_cache::count_other_outside(change);
  }
}

inline void* promise_base::operator new(std::size_t bytes) {
  return allocate_frame(bytes);
}

inline void promise_base::operator delete(void* frame, std::size_t bytes) noexcept {
  deallocate_frame(frame, bytes);
}

// The task that `self` is the root of has ended. Destroys the frame.
void end_task(std::coroutine_handle<> self, context& root) noexcept;

inline std::coroutine_handle<> promise_base::finish(std::coroutine_handle<> self) noexcept {
  if (promise_base* const next = continuation.only_parent()) [[likely]] {
    // The parent destroys this frame, in code that the compiler can see through.
    if constexpr (transfer_is_tail_call) return next->handle();
    return current_worker()->transfer_to(*next);
  }
  end_task(self, *context);
  return std::noop_coroutine();
}

}  // namespace magpie::internal

#endif  // MAGPIE_RUNTIME_INTERNAL_WORKER_H_
