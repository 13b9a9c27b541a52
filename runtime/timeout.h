// Time limits around any task.
//
//   page p = co_await with_timeout(5s, fetch(url));              // Throws timeout_error.
//   std::optional<page> p = co_await move_on_after(5s, fetch(url));
//
//   co_await with_timeout(5s, [&](timeout_scope& limit) -> task<> {
//     while (std::optional<chunk> next = ...) {
//       limit.reschedule(clock::now() + 5s);                     // Five seconds for each chunk.
//     }
//   });
#ifndef MAGPIE_RUNTIME_TIMEOUT_H_
#define MAGPIE_RUNTIME_TIMEOUT_H_

#include <atomic>
#include <chrono>
#include <concepts>
#include <coroutine>
#include <functional>
#include <optional>
#include <type_traits>
#include <utility>

#include "magpie/runtime/as_task.h"
#include "magpie/runtime/cancel_scope.h"
#include "magpie/runtime/clock.h"
#include "magpie/runtime/error.h"
#include "magpie/runtime/internal/context.h"
#include "magpie/runtime/internal/timer_queue.h"
#include "magpie/runtime/task.h"

namespace magpie {

namespace internal {
class worker;
template <class T, bool Throws>
class timeout_awaiter;

// When time is up, and whether that was so when somebody said it. A duration from now needs no
// second look at the clock (timeout/ready).
struct time_limit {
  clock::time_point when;
  bool passed;
};
}  // namespace internal

// The time limit that a task runs under. For the coroutine that runs directly under it, and for
// nobody else at the same time.
class timeout_scope : internal::timer {
 public:
  timeout_scope(const timeout_scope&) = delete;
  timeout_scope& operator=(const timeout_scope&) = delete;

  // When time is up; time_point::max() if never.
  clock::time_point when() const noexcept { return deadline(); }

  // Moves that. To the past: cancels what runs under the limit. Throws usage_error if time is up
  // already, std::bad_alloc, and std::length_error beyond 2^32 - 1 timers; then there is no limit.
  void reschedule(clock::time_point when);

  // Whether time has been up.
  bool expired() const noexcept;

 private:
  template <class T, bool Throws>
  friend class internal::timeout_awaiter;

  explicit timeout_scope(internal::time_limit limit) noexcept
      : timer(limit.when), passed_(limit.passed) {}
  ~timeout_scope() override = default;

  internal::context& enter(internal::context& around);
  // Whether it was the limit, and nothing around it, that has cancelled what ran under it.
  bool leave() noexcept;
  void start();
  void stop() noexcept;
  void due(ready_list& ready) noexcept override;
  [[noreturn]] static void throw_timeout();

  internal::context* around_ = nullptr;
  std::optional<internal::deadline_context> own_;
  internal::worker* home_ = nullptr;  // Where the timer is, if anywhere.
  std::atomic<bool> expired_{false};
  bool passed_;  // Own coroutine. Whether `when()` had passed when the limit was set.
};

namespace internal {

template <class Body>
using body_of_timeout = std::invoke_result_t<Body&, timeout_scope&>;

template <class T, bool Throws>
class timeout_awaiter {
 public:
  timeout_awaiter(time_limit limit, task<T>& what)
      : limit_(limit), child_(task_access::release(what)) {}
  // `body` outlives the awaiter.
  template <class Body>
  timeout_awaiter(time_limit limit, Body& body) : limit_(limit), child_(release_of(body(limit_))) {}

  static bool await_ready() noexcept { return false; }
  template <class Parent>
  std::coroutine_handle<> await_suspend(std::coroutine_handle<Parent> parent) {
    promise_base& who = parent.promise();
    return child_.start(who, limit_.enter(*who.context));
  }
  auto await_resume() {
    const bool in_vain = limit_.leave();
    if constexpr (!Throws) {
      return take_if_any(child_, in_vain);
    } else {
      if (!in_vain || !child_.has_failed()) [[likely]]
        return child_.await_resume();
      try {
        return child_.await_resume();
      } catch (const cancelled&) {
        timeout_scope::throw_timeout();
      }
    }
  }

 private:
  static task_handle<T> release_of(task<T> made) { return task_access::release(made); }

  timeout_scope limit_;
  task_awaiter<T> child_;
};

// What with_timeout() returns, until it is awaited.
template <class T, bool Throws, class What>
class [[nodiscard("a time limit starts its task only when it is awaited")]] limited {
 public:
  limited(time_limit limit, What&& what) : limit_(limit), what_(std::move(what)) {}
  timeout_awaiter<T, Throws> operator co_await() && {
    return timeout_awaiter<T, Throws>(limit_, what_);
  }

 private:
  const time_limit limit_;
  What what_;
};

template <bool Throws, class T>
limited<T, Throws, task<T>> limit(time_limit when, task<T> what) {
  return {when, std::move(what)};
}

template <bool Throws, class Body>
  requires std::invocable<Body&, timeout_scope&>
limited<typename body_of_timeout<Body>::value_type, Throws, Body> limit(time_limit when,
                                                                        Body body) {
  return {when, std::move(body)};
}

template <class Body>
struct without_scope {
  Body body;
  MAGPIE_COROUTINE_WRAPPER auto operator()(timeout_scope& /*limit*/) { return body(); }
};

// A function that does not ask for its limit.
template <bool Throws, class Body>
  requires(!task_or_operation<Body> && !std::invocable<Body&, timeout_scope&> &&
           std::invocable<Body&>)
auto limit(time_limit when, Body body) {
  return limit<Throws>(when, without_scope<Body>{std::move(body)});
}

template <bool Throws, class What>
  requires(!task_or_operation<What> && !std::invocable<What&, timeout_scope&> &&
           !std::invocable<What&>)
void limit(time_limit /*when*/, What&& /*what*/) {
  static_assert(always_false<What>,
                "magpie: a time limit takes a task, which the call of a coroutine is, "
                "with_timeout(1s, f(x)), or what else can be awaited, or a function that takes a "
                "timeout_scope& and makes a task");
}

template <bool Throws, operation What>
auto limit(time_limit when, What&& what) {
  return limit<Throws>(when, as_task(std::forward<What>(what)));
}

template <class Rep, class Period>
time_limit limit_after(std::chrono::duration<Rep, Period> duration) noexcept {
  return {after(clock::now(), saturated(duration)), !(duration > duration.zero())};
}

inline time_limit limit_at(clock::time_point when) noexcept {
  return {when, when != clock::time_point::max() && when <= clock::now()};
}

}  // namespace internal

// co_await with_timeout(d, what): runs a task<T> in the place of the caller, for no longer than d
// from now (not from the co_await). When time is up, the task is cancelled; when it has ended with
// `cancelled`, throws timeout_error. A task that had its value, or another error, all the same, has
// won. If the caller is cancelled as well, that goes first: throws `cancelled`. What a limit
// cancels it also waits for. The limit reaches everything that the task awaits and the children of
// its gathers and task groups; they can ask for it (current_task). A duration of zero or less
// cancels the task at its first suspension; one that is longer than the clock can count is no
// limit.
//
// `what` is a task, or anything else that can be awaited (as_task.h), or a function that makes a
// task, of nothing or of a timeout_scope&; that lives until the task has ended. Allocates only when
// the worker's heap of timers grows.
template <class Rep, class Period, class What>
auto with_timeout(std::chrono::duration<Rep, Period> duration, What&& what) {
  return internal::limit<true>(internal::limit_after(duration), std::forward<What>(what));
}

// The same with a point in time.
template <class What>
auto with_timeout_at(clock::time_point when, What&& what) {
  return internal::limit<true>(internal::limit_at(when), std::forward<What>(what));
}

// The same without an exception: gives the value in a std::optional, for a task<> `true`, for a
// task<T&> a pointer; nothing (false, null) if time was up first.
template <class Rep, class Period, class What>
auto move_on_after(std::chrono::duration<Rep, Period> duration, What&& what) {
  return internal::limit<false>(internal::limit_after(duration), std::forward<What>(what));
}

template <class What>
auto move_on_at(clock::time_point when, What&& what) {
  return internal::limit<false>(internal::limit_at(when), std::forward<What>(what));
}

}  // namespace magpie

#endif  // MAGPIE_RUNTIME_TIMEOUT_H_
