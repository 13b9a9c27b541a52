// What can be cancelled: a spawned task, or a part of it: the children of one gather, what runs
// under a time limit, under a scope.
//
// The contexts of one task form a tree. A coroutine points to the innermost one it runs under.
// Entering one costs a few stores (fork_join/fib); only when a coroutine actually suspends does its
// chain of contexts enter the tree, under the lock of its task, and only what has entered can be
// reached by cancel(). What has not looks up its ancestors instead (cancelled()).
#ifndef MAGPIE_RUNTIME_INTERNAL_CONTEXT_H_
#define MAGPIE_RUNTIME_INTERNAL_CONTEXT_H_

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <source_location>
#include <vector>

#include "magpie/runtime/clock.h"
#include "magpie/runtime/suspension.h"

namespace magpie::internal {

class task_record;

class context {
 public:
  enum class kind : std::uint8_t {
    plain,
    shield,    // What cancels its ancestors does not reach it.
    deadline,  // It is a deadline_context.
  };

  // The context of a whole task.
  explicit context(task_record& task) noexcept
      : task_(&task), parent_(nullptr), kind_(kind::plain), entered_(true) {
    begin_lists();
  }

  // The context of children that start under `parent`, which outlives them.
  explicit context(context& parent, kind what = kind::plain) noexcept
      : task_(parent.task_), parent_(&parent), kind_(what), entered_(false) {}

  context(const context&) = delete;
  context& operator=(const context&) = delete;

  // When no coroutine runs under it any more. Leaves the tree, if it ever entered it.
  ~context() {
    if (entered_.load() && parent_ != nullptr) leave();
  }

  task_record& task() const noexcept { return *task_; }

  // Any thread that keeps the context alive. Cancels everything that runs or will run under
  // it: what is suspended is resumed with `cancelled`, the rest sees it at its next suspension.
  void cancel() noexcept;

  // The same, with locks held: the caller resumes what is ready when it has let go of them.
  void cancel(ready_list& ready) noexcept;

  // A coroutine under this context. Whether it or one of its ancestors has been cancelled.
  bool cancelled() const noexcept;

  // The same, and the next call need not ask the ancestors any more: for what is called often.
  bool enter_and_ask() noexcept;

  // A child of the fork whose context this is: an exception has ended it. True for the first.
  bool fail() noexcept { return !failed_.exchange(true); }
  bool failed() const noexcept { return failed_.load(); }

  // A coroutine under this context. When its task, or a part of it that it belongs to, runs out of
  // time; time_point::max() if never.
  clock::time_point deadline() const noexcept;

  // A coroutine under this context, which is about to suspend. False if it has been cancelled.
  bool add(suspension& waiting) noexcept;
  void remove(suspension& waiting) noexcept;

  // Any thread that keeps the context alive; out of date at once. Where some coroutine under it
  // waits, if one does.
  std::optional<std::source_location> waits_at() const noexcept;

  // The same, for each coroutine under it that waits: where, then where the one that awaits it
  // does, and so on, up to `deepest` of them. Throws std::bad_alloc.
  std::vector<std::vector<std::source_location>> waits(std::size_t deepest) const;

 private:
  void begin_lists() noexcept {
    first_child_ = nullptr;
    first_waiting_ = nullptr;
  }

  // All of these: under the lock of the task.
  void enter() noexcept;
  void cancel_entered(ready_list& ready) noexcept;
  void claim_waiting(ready_list& ready) noexcept;
  context* next_in_tree(const context& root, bool behind_shields) const noexcept;

  void leave() noexcept;

  task_record* const task_;
  context* const parent_;
  // These four are one store when a context is made.
  const kind kind_;
  std::atomic<bool> cancelled_{false};
  std::atomic<bool> entered_;
  std::atomic<bool> failed_{false};
  // Under the lock of the task; not set before enter().
  context* first_child_;
  suspension* first_waiting_;
  context* next_sibling_;  // Nor ever in the context of a whole task, as the next.
  context** link_;
};

// The context of what has to end in time.
class deadline_context : public context {
 public:
  deadline_context(context& parent, clock::time_point at) noexcept
      : context(parent, kind::deadline), at_(at.time_since_epoch().count()) {}

  // Any thread.
  clock::time_point at() const noexcept { return clock::time_point(clock::duration(at_.load())); }

  void move_to(clock::time_point at) noexcept { at_.store(at.time_since_epoch().count()); }

 private:
  std::atomic<clock::rep> at_;
};

}  // namespace magpie::internal

#endif  // MAGPIE_RUNTIME_INTERNAL_CONTEXT_H_
