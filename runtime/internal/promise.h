// What every magpie coroutine carries, whatever its result type: the part that the scheduler knows.
#ifndef MAGPIE_RUNTIME_INTERNAL_PROMISE_H_
#define MAGPIE_RUNTIME_INTERNAL_PROMISE_H_

#include <coroutine>
#include <cstddef>
#include <source_location>

namespace magpie::internal {

class context;
class result_base;
class worker;
struct fork_scope;

// Also the node of every queue: a suspended coroutine is ready in at most one place, so scheduling
// never allocates.
struct promise_base {
  explicit promise_base(std::source_location created) noexcept : where(created) {}

  // Who waits for this coroutine: resumed when it ends, unless `fork` says otherwise. Null for the
  // root of a spawned task. Fixed when it starts.
  promise_base* parent = nullptr;
  // The task it belongs to and what can cancel it. Fixed when it starts.
  internal::context* context;
  // Set if it is one of several children that `parent` waits for. Fixed when it starts.
  fork_scope* fork = nullptr;
  // Where it suspended last or, before that, where it was made. Written by its own task.
  std::source_location where;
  // Link in an injection queue.
  promise_base* next_ready;
  // Where it suspended, and so where it is resumed from outside; null before it starts.
  worker* home;

  promise_base* next() const noexcept { return next_ready; }
  void set_next(promise_base* node) noexcept { next_ready = node; }

  std::coroutine_handle<> handle() noexcept {
    return std::coroutine_handle<promise_base>::from_promise(*this);
  }

  static void* operator new(std::size_t bytes);
  static void operator delete(void* frame, std::size_t bytes) noexcept;

  // Ends the coroutine: destroys its frame unless its parent does, and says who runs next.
  std::coroutine_handle<> finish(std::coroutine_handle<> self) noexcept;

  // An exception has ended this child of a fork: cancels the siblings, if it is the first.
  void fail_fork(const result_base& failed) noexcept;
};

}  // namespace magpie::internal

#endif  // MAGPIE_RUNTIME_INTERNAL_PROMISE_H_
