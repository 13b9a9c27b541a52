// task<T>: a coroutine that has not run yet, and the value it will give.
//
//   magpie::task<int> answer() { co_return 42; }
//   magpie::task<> print() { std::cout << co_await answer() << '\n'; }
#ifndef MAGPIE_RUNTIME_TASK_H_
#define MAGPIE_RUNTIME_TASK_H_

#include <coroutine>
#include <cstddef>
#include <exception>
#include <iosfwd>
#include <source_location>
#include <type_traits>
#include <utility>

#include "magpie/runtime/error.h"
#include "magpie/runtime/internal/not_awaitable.h"
#include "magpie/runtime/internal/platform.h"
#include "magpie/runtime/internal/promise.h"
#include "magpie/runtime/internal/result.h"
#include "magpie/runtime/internal/worker.h"

namespace magpie {

template <class T = void>
class task;

namespace internal {

template <class T>
class task_promise;

template <class T>
using task_handle = std::coroutine_handle<task_promise<T>>;

// How everything that starts a task takes its coroutine out of it.
struct task_access {
  template <class T>
  static void check(const task<T>& from) {
    if (!from.handle_)
      throw usage_error("magpie: this task is empty: it was moved from, or awaited before");
  }
  template <class T>
  static task_handle<T> release(task<T>& from) {
    check(from);
    return release_any(from);
  }
  // Null if the task is empty.
  template <class T>
  static task_handle<T> release_any(task<T>& from) noexcept {
    return std::exchange(from.handle_, {});
  }
};

// Says so (options::on_report), and destroys the coroutine.
void drop_never_awaited(promise_base& dropped) noexcept;
// Destroys it, and says nothing of tasks that are among its parameters.
void discard_coroutine(std::coroutine_handle<> discarded) noexcept;

template <class T>
using value_or_none = std::conditional_t<std::is_void_v<T>, std::nullptr_t, T>;
// For g++, which gives no reason for what is deleted, but names this.
template <class T>
concept written_without_co_await = !std::is_void_v<T>;

void print_task(std::ostream& out, const void* frame, const std::source_location* made_at);

// co_await of one task: the child runs on this worker at once, and its end resumes the parent,
// without a detour through any queue.
template <class T>
class task_awaiter {
 public:
  explicit task_awaiter(task_handle<T> child) noexcept : child_(child) {}
  task_awaiter(const task_awaiter&) = delete;
  task_awaiter& operator=(const task_awaiter&) = delete;
  ~task_awaiter() { child_.destroy(); }

  static bool await_ready() noexcept { return false; }

  template <class Parent>
  std::coroutine_handle<> await_suspend(std::coroutine_handle<Parent> parent) noexcept {
    return start(parent.promise(), *parent.promise().context);
  }

  // From an await_suspend(): the child runs under `scope`.
  std::coroutine_handle<> start(promise_base& parent, context& scope) noexcept {
    task_promise<T>& child = child_.promise();
    child.continuation = continuation(parent);
    child.context = &scope;
    child.set_result(result_);
    if constexpr (!transfer_is_tail_call) return current_worker()->transfer_to(child);
    return child_;
  }

  bool has_failed() const noexcept { return result_.has_error(); }

  T await_resume() { return result_.take(); }

 private:
  task_handle<T> child_;
  result<T> result_;
};

// A child of a fork does not suspend once more: it destroys itself, in code that the compiler can
// see through (fork_join/fib).
struct final_awaiter {
  const bool of_fork;

  bool await_ready() const noexcept { return of_fork; }
  template <class Promise>
  std::coroutine_handle<> await_suspend(std::coroutine_handle<Promise> ended) noexcept {
    return ended.promise().finish(ended);
  }
  static void await_resume() noexcept {}
};

// What begins when it is awaited, and has to know by whom.
template <class Awaitable>
concept begins_in = requires(Awaitable&& awaited, promise_base& parent) {
  std::forward<Awaitable>(awaited).begin_in(parent);
};

template <class Awaitable>
concept has_co_await = begins_in<Awaitable> || requires(Awaitable&& awaited) {
  std::forward<Awaitable>(awaited).operator co_await();
};

template <class Awaiter>
concept is_awaiter = requires(std::remove_reference_t<Awaiter>& awaiter) {
  awaiter.await_ready();
  awaiter.await_resume();
};

// Awaits an awaiter where it stands. g++ 12 would copy one that await_transform returns by
// reference.
template <class Awaiter>
struct borrowed_awaiter {
  std::remove_reference_t<Awaiter>& borrowed;

  bool await_ready() { return borrowed.await_ready(); }
  template <class Promise>
  auto await_suspend(std::coroutine_handle<Promise> who) {
    return borrowed.await_suspend(who);
  }
  decltype(auto) await_resume() { return borrowed.await_resume(); }
};

// The part of a task's promise that does not depend on how it returns.
template <class T>
class task_promise_base : public promise_base {
 public:
  using promise_base::promise_base;

  static std::suspend_always initial_suspend() noexcept { return {}; }
  final_awaiter final_suspend() noexcept {
    const bool of_fork = continuation.is_fork();
    // Whoever has resumed it counts it, when its frame is gone.
    if (of_fork) current_worker()->end_child(continuation);
    return {of_fork};
  }

  void unhandled_exception() noexcept {
    result_->fail(std::current_exception());
    note_failure(*result_);
  }

  // All of these note where the coroutine suspends, and return the awaiter as a value, which
  // the compiler builds in its place in the frame. A task is awaited once.
  template <class U>
  task_awaiter<U> await_transform(task<U>&& child,
                                  std::source_location here = std::source_location::current()) {
    where = here;
    return task_awaiter<U>(task_access::release(child));
  }
  template <class U>
  task_awaiter<U> await_transform(task<U>& child) {
    static_assert(always_false<U>,
                  "magpie: a task is awaited once, and is empty afterwards; "
                  "write co_await std::move(t)");
    return task_awaiter<U>(task_access::release(child));
  }
  template <class Foreign>
    requires(!is_awaiter<Foreign> && !has_co_await<Foreign> &&
             !begins_in<std::remove_cvref_t<Foreign>>)
  std::suspend_never await_transform(Foreign&&) {
    using awaited = std::remove_reference_t<Foreign>;
    say_why_not_awaitable<
        std::conditional_t<is_const_task<awaited>, awaited, std::remove_cv_t<awaited>>>();
    return {};
  }
  template <class Awaitable>
    requires has_co_await<Awaitable> && (!begins_in<Awaitable>)
  auto await_transform(Awaitable&& awaited,
                       std::source_location here = std::source_location::current()) {
    where = here;
    return std::forward<Awaitable>(awaited).operator co_await();
  }
  // A parameter, and so no temporary of the coroutine, that would be kept in its frame
  // (fork_join/fib).
  template <begins_in Awaitable>
  [[gnu::always_inline]] auto await_transform(
      Awaitable awaited,
      std::source_location here =
          std::source_location::current()) noexcept(noexcept(std::move(awaited).begin_in(*this))) {
    where = here;
    return std::move(awaited).begin_in(*this);
  }
  template <class Awaiter>
    requires(is_awaiter<Awaiter> && !has_co_await<Awaiter>)
  borrowed_awaiter<Awaiter> await_transform(
      Awaiter&& awaited, std::source_location here = std::source_location::current()) noexcept {
    where = here;
    return borrowed_awaiter<Awaiter>{awaited};
  }

  // Before it starts. Outlives the coroutine. clang-tidy's analyzer runs the coroutine at its call,
  // before this.
  void set_result(result<T>& place) noexcept { result_ = &place; }

 protected:
  result<T>* result_;
};

template <class T>
class task_promise final : public task_promise_base<T> {
 public:
  // A default argument, so that it names the coroutine.
  task_promise(std::source_location made_at = std::source_location::current()) noexcept
      : task_promise_base<T>(made_at) {}

  task<T> get_return_object() noexcept;

  template <class U = T>
    requires std::is_convertible_v<U&&, T>
  void return_value(U&& value) {
    // NOLINTNEXTLINE(clang-analyzer-core.CallAndMessage): see set_result().
    this->result_->emplace(std::forward<U>(value));
  }
};

template <class T>
class task_promise<T&> final : public task_promise_base<T&> {
 public:
  task_promise(std::source_location made_at = std::source_location::current()) noexcept
      : task_promise_base<T&>(made_at) {}

  task<T&> get_return_object() noexcept;

  // NOLINTNEXTLINE(clang-analyzer-core.CallAndMessage): see set_result().
  void return_value(T& value) noexcept { this->result_->emplace(value); }
};

template <>
class task_promise<void> final : public task_promise_base<void> {
 public:
  task_promise(std::source_location made_at = std::source_location::current()) noexcept
      : task_promise_base<void>(made_at) {}

  inline task<void> get_return_object() noexcept;

  // NOLINTNEXTLINE(clang-analyzer-core.CallAndMessage): see set_result().
  void return_void() noexcept { this->result_->emplace(); }
};

}  // namespace internal

// A coroutine to be run once: by co_await, run, spawn or gather. Until then nothing of it has run,
// and dropping it runs nothing. T may be void, a reference, or a type that only moves.
//
// Lifetime: a coroutine keeps its parameters as they are declared. Reference parameters have to
// outlive it: they do while the caller awaits it in the same expression, they do not after spawn.
//
// Threads: a task may be made on any thread. A task that runs may go on on another worker after
// every co_await. Exceptions: what leaves the coroutine is thrown by the co_await of it.
// Allocation: one frame, which workers recycle; std::bad_alloc leaves the call that makes the task.
template <class T>
class [[nodiscard("a task runs only when it is awaited, spawned or run")]] MAGPIE_TRIVIAL_ABI
    MAGPIE_COROUTINE_TYPE task {
 public:
  using promise_type = internal::task_promise<T>;
  using value_type = T;

  // An empty task, which cannot be awaited.
  task() noexcept = default;
  task(const task&) = delete;  // A task runs once: pass std::move(t).
  task& operator=(const task&) = delete;
  task(task&& other) noexcept : handle_(std::exchange(other.handle_, {})) {}
  task& operator=(task&& other) noexcept {
    task(std::move(other)).swap(*this);
    return *this;
  }
  // One that has been dropped without having been awaited, spawned or discarded is reported, with
  // the place where it was made (options::on_report; on a thread that is no worker, standard
  // error): nothing of it has run. Not if an exception is what drops it.
  ~task() {
    if (handle_) [[unlikely]]
      internal::drop_never_awaited(handle_.promise());
  }

  // Drops the coroutine, which is not wanted after all.
  void discard() noexcept {
    if (handle_) internal::discard_coroutine(std::exchange(handle_, {}));
  }

  // Whether there is a coroutine to run.
  bool valid() const noexcept { return static_cast<bool>(handle_); }

  void swap(task& other) noexcept { std::swap(handle_, other.handle_); }

  // <task greet at 0x55d0c8a2f2c0, made at hello.cc:12, not started>
  friend std::ostream& operator<<(std::ostream& out, const task& printed) {
    internal::print_task(out, printed.handle_.address(),
                         printed.valid() ? &printed.handle_.promise().where : nullptr);
    return out;
  }
  friend std::ostream& operator<<(std::ostream& out, task&& /*printed*/) {
    static_assert(internal::always_false<T>,
                  "magpie: a task is printed instead of its value: await that first, "
                  "const auto value = co_await f()");
    return out;
  }

  // There is none: it says what is missing where a value is expected.
  operator internal::value_or_none<T>() const
    requires internal::written_without_co_await<T>
  MAGPIE_DELETED("magpie: this is the task and not its value; write co_await f()");

 private:
  friend internal::task_access;
  friend promise_type;
  explicit task(internal::task_handle<T> handle) noexcept : handle_(handle) {}

  internal::task_handle<T> handle_;
};

namespace internal {

// The frame is found from promise_base alone, so the promise must stand where a promise_base would.
template <class T>
constexpr void check_layout() {
  static_assert(alignof(task_promise<T>) == alignof(promise_base));
}

template <class T>
task<T> task_promise<T>::get_return_object() noexcept {
  check_layout<T>();
  return task<T>(task_handle<T>::from_promise(*this));
}

template <class T>
task<T&> task_promise<T&>::get_return_object() noexcept {
  check_layout<T&>();
  return task<T&>(task_handle<T&>::from_promise(*this));
}

inline task<void> task_promise<void>::get_return_object() noexcept {
  return task<void>(task_handle<void>::from_promise(*this));
}

}  // namespace internal
}  // namespace magpie

#endif  // MAGPIE_RUNTIME_TASK_H_
