// What every magpie coroutine carries, whatever its result type: the part that the scheduler knows.
#ifndef MAGPIE_RUNTIME_INTERNAL_PROMISE_H_
#define MAGPIE_RUNTIME_INTERNAL_PROMISE_H_

#include <coroutine>
#include <cstddef>
#include <cstdint>
#include <source_location>

namespace magpie::internal {

class context;
class result_base;
class worker;
struct fork_scope;
struct promise_base;

// Who waits for a coroutine: nobody (it is the root of a spawned task), another coroutine, or
// a fork of one, which has several children. One word: every child writes it (fork_join/fib).
class continuation {
 public:
  continuation() noexcept = default;  // Not set.
  explicit continuation(std::nullptr_t) noexcept : word_(0) {}
  explicit continuation(promise_base& parent) noexcept
      : word_(reinterpret_cast<std::uintptr_t>(&parent)) {}
  explicit continuation(fork_scope& joined) noexcept
      : word_(reinterpret_cast<std::uintptr_t>(&joined) | fork_bit) {}

  bool operator==(const continuation&) const noexcept = default;

  bool is_fork() const noexcept { return (word_ & fork_bit) != 0; }
  fork_scope& fork() const noexcept { return *reinterpret_cast<fork_scope*>(word_ - fork_bit); }
  // If it is no fork: the coroutine; null for nobody.
  promise_base* only_parent() const noexcept { return reinterpret_cast<promise_base*>(word_); }

 private:
  static constexpr std::uintptr_t fork_bit = 1;

  std::uintptr_t word_;
};

// Also the node of every queue: a suspended coroutine is ready in at most one place, so scheduling
// never allocates.
struct promise_base {
  explicit promise_base(std::source_location created) noexcept : where(created) {}

  // Who goes on when this coroutine ends. Fixed when it starts.
  internal::continuation continuation;
  // The task it belongs to and what can cancel it. Fixed when it starts.
  internal::context* context;
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

  // The coroutine that waits for this one, alone or with others; null if none does.
  promise_base* parent() const noexcept;

  static void* operator new(std::size_t bytes);
  static void operator delete(void* frame, std::size_t bytes) noexcept;

  // The coroutine has ended and is no child of a fork: destroys its frame unless its parent does,
  // and says who runs next.
  std::coroutine_handle<> finish(std::coroutine_handle<> self) noexcept;

  // An exception has ended this coroutine. If it is the first of a fork, its siblings are
  // cancelled.
  void note_failure(const result_base& failed) noexcept;
};

}  // namespace magpie::internal

#endif  // MAGPIE_RUNTIME_INTERNAL_PROMISE_H_
