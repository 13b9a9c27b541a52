// A part of a task that can be cancelled, or kept from being cancelled, by itself.
//
//   cancel_scope search;
//   ...                                                       // Somewhere else: search.cancel();
//   std::optional<page> found = co_await search.run(find(query));
//
//   co_await shield(save(document));                          // Whoever cancels the task waits.
#ifndef MAGPIE_RUNTIME_CANCEL_SCOPE_H_
#define MAGPIE_RUNTIME_CANCEL_SCOPE_H_

#include <coroutine>
#include <optional>
#include <type_traits>
#include <utility>

#include "magpie/runtime/as_task.h"
#include "magpie/runtime/error.h"
#include "magpie/runtime/internal/context.h"
#include "magpie/runtime/internal/mutex.h"
#include "magpie/runtime/task.h"

namespace magpie {

class cancel_scope;

namespace internal {

// What a task gives that may have been ended early: its value, if it came to that.
template <class T>
struct value_if_any {
  using type = std::optional<T>;
};
template <>
struct value_if_any<void> {
  using type = bool;
};
template <class T>
struct value_if_any<T&> {
  using type = T*;
};

// The value of a child that ran under a scope; nothing if `ended_early` and the child has let
// `cancelled` pass.
template <class T>
typename value_if_any<T>::type take_if_any(task_awaiter<T>& child, bool ended_early) {
  try {
    if constexpr (std::is_void_v<T>) {
      child.await_resume();
      return true;
    } else if constexpr (std::is_reference_v<T>) {
      return &child.await_resume();
    } else {
      return child.await_resume();
    }
  } catch (const cancelled&) {
    if (!ended_early) throw;
    return {};
  }
}

// One task that runs under a cancel_scope.
class scope_entry {
 public:
  explicit scope_entry(cancel_scope& scope) noexcept : scope_(scope) {}
  scope_entry(const scope_entry&) = delete;
  scope_entry& operator=(const scope_entry&) = delete;

 protected:
  ~scope_entry() = default;

  context& enter(context& around) noexcept;
  // Whether it was the scope, and nothing around it, that has been cancelled.
  bool leave() noexcept;

 private:
  friend class magpie::cancel_scope;

  cancel_scope& scope_;
  context* around_ = nullptr;
  std::optional<context> own_;
  // Under the lock of the scope.
  scope_entry* next_ = nullptr;
  scope_entry** link_ = nullptr;
};

template <class T>
class scope_awaiter final : scope_entry {
 public:
  scope_awaiter(cancel_scope& scope, task_handle<T> child) noexcept
      : scope_entry(scope), child_(child) {}

  static bool await_ready() noexcept { return false; }
  template <class Parent>
  std::coroutine_handle<> await_suspend(std::coroutine_handle<Parent> parent) noexcept {
    return child_.start(parent.promise(), enter(*parent.promise().context));
  }
  typename value_if_any<T>::type await_resume() { return take_if_any(child_, leave()); }

 private:
  task_awaiter<T> child_;
};

template <class T>
class [[nodiscard("a scope runs its task only when it is awaited")]] scope_run {
 public:
  scope_run(cancel_scope& scope, task<T>&& what) noexcept : scope_(scope), what_(std::move(what)) {}
  scope_awaiter<T> operator co_await() && {
    return scope_awaiter<T>(scope_, task_access::release(what_));
  }

 private:
  cancel_scope& scope_;
  task<T> what_;
};

template <class T>
class shield_awaiter {
 public:
  explicit shield_awaiter(task_handle<T> child) noexcept : child_(child) {}

  static bool await_ready() noexcept { return false; }
  template <class Parent>
  std::coroutine_handle<> await_suspend(std::coroutine_handle<Parent> parent) noexcept {
    promise_base& who = parent.promise();
    return child_.start(who, shield_.emplace(*who.context, context::kind::shield));
  }
  T await_resume() { return child_.await_resume(); }

 private:
  std::optional<context> shield_;
  task_awaiter<T> child_;
};

template <class T>
class [[nodiscard("a shield runs its task only when it is awaited")]] shielded {
 public:
  explicit shielded(task<T>&& what) noexcept : what_(std::move(what)) {}
  shield_awaiter<T> operator co_await() && {
    return shield_awaiter<T>(task_access::release(what_));
  }

 private:
  task<T> what_;
};

}  // namespace internal

// Cancels what runs under it, and nothing else. Any number of tasks may run under one scope, one
// after the other or at once, on any workers; it must outlive them. After cancel() it stays
// cancelled: what is run under it then is cancelled at its first suspension. (Tokio calls this a
// CancellationToken, Trio a CancelScope.)
class cancel_scope {
 public:
  cancel_scope() = default;
  cancel_scope(const cancel_scope&) = delete;
  cancel_scope& operator=(const cancel_scope&) = delete;

  // Any thread. Does not wait for what it cancels. Does not block, allocate or throw.
  void cancel() noexcept;

  // Any thread.
  bool cancel_requested() const noexcept;

  // co_await run(t): runs the task, under this scope, in the place of the caller. Gives its value
  // in a std::optional, for a task<> `true`, for a task<T&> a pointer; nothing (false, null) if the
  // scope was cancelled and the task has therefore ended with `cancelled`. A task that had its
  // value all the same has won. If the caller is cancelled too, that goes first: throws
  // `cancelled`. Allocates nothing. Throws what the task throws, and usage_error if it is empty.
  template <class T>
  internal::scope_run<T> run(task<T> what) {
    return internal::scope_run<T>(*this, std::move(what));
  }
  // The same for anything else that can be awaited (as_task.h).
  template <internal::operation What>
  auto run(What&& what) {
    return run(as_task(std::forward<What>(what)));
  }

 private:
  friend class internal::scope_entry;

  mutable internal::mutex mutex_;
  bool requested_ = false;                    // Under mutex_.
  internal::scope_entry* entries_ = nullptr;  // Under mutex_.
};

// co_await shield(t): runs the task in the place of the caller, out of reach of every cancellation
// from outside: of this task, of a scope or a time limit around it, of the runtime's end. They wait
// until it has ended. For what must not be left half done, and for cleaning up in a task that has
// been cancelled; put a time limit inside it if what it does may take long. The value is delivered
// also if the caller has been cancelled meanwhile: that is then seen at the next suspension.
// (asyncio.shield lets the caller go on at once, and what it shields refers to frames that are
// gone. Where that is wanted, spawn the task and await its handle.) Allocates nothing.
template <class T>
internal::shielded<T> shield(task<T> what) {
  return internal::shielded<T>(std::move(what));
}

// The same for anything else that can be awaited (as_task.h).
template <internal::operation What>
auto shield(What&& what) {
  return shield(as_task(std::forward<What>(what)));
}

}  // namespace magpie

#endif  // MAGPIE_RUNTIME_CANCEL_SCOPE_H_
