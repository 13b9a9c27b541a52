// Between cancellation and std::stop_token, in both directions.
//
//   // Somebody else's token cancels a task:
//   std::optional<page> p = co_await magpie::with_stop_token(thread.get_stop_token(), fetch(url));
//
//   // Cancelling this task stops somebody else's work:
//   co_await magpie::with_task_stop_token([](std::stop_token stop) -> magpie::task<> {
//     co_await magpie::blocking([&stop] { search(stop); });
//   });
#ifndef MAGPIE_RUNTIME_STOP_TOKEN_H_
#define MAGPIE_RUNTIME_STOP_TOKEN_H_

#include <atomic>
#include <concepts>
#include <stop_token>
#include <tuple>
#include <type_traits>
#include <utility>

#include "magpie/runtime/as_task.h"
#include "magpie/runtime/cancel_scope.h"
#include "magpie/runtime/event.h"
#include "magpie/runtime/gather.h"
#include "magpie/runtime/internal/context.h"
#include "magpie/runtime/internal/own_context.h"
#include "magpie/runtime/task.h"

namespace magpie {
namespace internal {

// Whether the body that has a token has ended, and how.
struct stoppable {
  event ended;
  std::atomic<bool> returned = false;
};

class ends_stoppable {
 public:
  explicit ends_stoppable(stoppable& what) noexcept : what_(what) {}
  ends_stoppable(const ends_stoppable&) = delete;
  ends_stoppable& operator=(const ends_stoppable&) = delete;
  ~ends_stoppable() { what_.ended.set(); }

 private:
  stoppable& what_;
};

template <class T>
task<T> run_stoppable(task<T> what, stoppable& running) {
  const ends_stoppable at_end(running);
  if constexpr (std::is_void_v<T>) {
    co_await std::move(what);
    running.returned = true;
  } else {
    T value = co_await std::move(what);
    running.returned = true;
    co_return std::forward<T>(value);
  }
}

// Until it has ended. Requests the stop if `around`, where it runs, is cancelled before it returns.
task<> stop_when_cancelled(const context& around, stoppable& running, std::stop_source source);

template <class Body>
using value_of_stoppable = typename std::invoke_result_t<Body&, std::stop_token>::value_type;

}  // namespace internal

// co_await with_stop_token(token, t): runs the task in the place of the caller, and cancels it when
// somebody requests a stop; at its first suspension, if that has been done before. Gives what
// cancel_scope::run() gives: the value in a std::optional, for a task<> `true`, for a task<T&> a
// pointer; nothing (false, null) if the task was stopped and has therefore ended with `cancelled`.
// If the caller is cancelled too, that goes first: throws `cancelled`.
//
// Whoever requests the stop, on any thread, does not wait for the task; the end of the task waits
// for a request that is just being told to it. Costs a frame.
template <class T>
task<typename internal::value_if_any<T>::type> with_stop_token(std::stop_token token,
                                                               task<T> what) {
  cancel_scope scope;
  auto cancel = [&scope]() noexcept { scope.cancel(); };
  // Behind the scope: it is gone, and nobody calls it any more, before the scope is.
  const std::stop_callback stop(std::move(token), cancel);
  auto value = co_await scope.run(std::move(what));
  co_return value;
}

// The same for anything else that can be awaited (as_task.h).
template <internal::operation What>
MAGPIE_COROUTINE_WRAPPER auto with_stop_token(std::stop_token token, What&& what) {
  return with_stop_token(std::move(token), as_task(std::forward<What>(what)));
}

// co_await with_task_stop_token(body): runs the task that body(token) makes, in the place of the
// caller, and gives its value. When the caller is cancelled (or what it runs under: a scope, a time
// limit, the runtime) before the body has returned, a stop of the token is requested, on a worker;
// the callbacks registered with the token run there, so they should be short. The token may be
// kept; after the end of the wait no stop is requested any more. `body` lives until its task has
// ended.
//
// The request needs a worker: while the task itself computes on the only one, nobody is there to
// make it. So hand the token to blocking(), cpu(), a thread or a library and await that; what
// computes in the task may ask current_task() instead. Costs four frames and a shared block.
template <std::invocable<std::stop_token> Body>
task<internal::value_of_stoppable<Body>> with_task_stop_token(Body body) {
  using value_type = internal::value_of_stoppable<Body>;
  internal::own_context_awaiter own;
  const internal::context& around = co_await own;
  const std::stop_source source;
  internal::stoppable running;
  task<value_type> what = body(source.get_token());
  // A value of the body goes before the cancellation, since who watches does not fail.
  auto both = gather(internal::run_stoppable(std::move(what), running),
                     internal::stop_when_cancelled(around, running, source));
  if constexpr (std::is_void_v<value_type>) {
    co_await std::move(both);
  } else {
    auto values = co_await std::move(both);
    co_return std::forward<value_type>(std::get<0>(values));
  }
}

}  // namespace magpie

#endif  // MAGPIE_RUNTIME_STOP_TOKEN_H_
