// as_task: anything that a task can await, as a task of its own.
//
//   tasks.push_back(as_task(queue.get()));
//
// gather(), spawn(), with_timeout() and the others that take tasks do this themselves:
//
//   int item = co_await with_timeout(1s, queue.get());
//   co_await gather(sleep_for(1s), ask("Ada"));
#ifndef MAGPIE_RUNTIME_AS_TASK_H_
#define MAGPIE_RUNTIME_AS_TASK_H_

#include <concepts>
#include <type_traits>
#include <utility>

#include "magpie/runtime/internal/not_awaitable.h"
#include "magpie/runtime/internal/platform.h"
#include "magpie/runtime/task.h"

namespace magpie {
namespace internal {

// What a task can co_await, and is no task itself. An lvalue, if it is one that may be awaited.
template <class T>
concept operation = !is_task<std::remove_cvref_t<T>> && (has_co_await<T> || is_awaiter<T>) &&
                    (std::is_lvalue_reference_v<T> || std::move_constructible<T>);

template <class T>
concept task_or_operation = is_task<std::remove_cvref_t<T>> || operation<T>;

// What co_await of it makes. Never called.
template <class Operation>
decltype(auto) awaiter_of(Operation&& what, [[maybe_unused]] promise_base& by) {
  if constexpr (begins_in<Operation>) {
    return std::forward<Operation>(what).begin_in(by);
  } else if constexpr (has_co_await<Operation>) {
    return std::forward<Operation>(what).operator co_await();
  } else {
    return std::forward<Operation>(what);
  }
}

template <class T>
using without_rvalue = std::conditional_t<std::is_rvalue_reference_v<T>, std::remove_cvref_t<T>, T>;

template <class Operation>
using result_of_operation = without_rvalue<
    decltype(awaiter_of(std::declval<Operation>(), std::declval<promise_base&>()).await_resume())>;

// `Kept` may be a reference.
template <class Kept>
task<result_of_operation<Kept>> await_kept(Kept what) {
  co_return co_await std::forward<Kept>(what);
}

}  // namespace internal

// A task that awaits `what` and gives what that gives. It keeps a temporary; what has a name, such
// as a join_handle, has to outlive it, and so does what the operation itself refers to: the queue
// of a get(), the item of a put(). Allocates a frame.
template <internal::operation Operation>
MAGPIE_KEEPING_WRAPPER task<internal::result_of_operation<Operation>> as_task(Operation&& what) {
  return internal::await_kept<Operation>(std::forward<Operation>(what));
}
template <class T>
MAGPIE_KEEPING_WRAPPER task<T> as_task(task<T>&& what) noexcept {
  return std::move(what);
}
template <class T>
MAGPIE_KEEPING_WRAPPER task<T> as_task(task<T>& what) {
  static_assert(internal::always_false<T>,
                "magpie: a task is awaited once, and is empty afterwards; write std::move(t)");
  return std::move(what);
}

namespace internal {

template <class T>
inline constexpr bool refers_to_argument = false;
template <class T>
  requires requires { T::refers_to_argument; }
inline constexpr bool refers_to_argument<T> = T::refers_to_argument;

// The same for a task that goes on when the caller does.
template <task_or_operation What>
MAGPIE_KEEPING_WRAPPER auto own_task(What&& what) {
  static_assert(!operation<What> || !std::is_lvalue_reference_v<What>,
                "magpie: what has a name may be gone while a spawned task awaits it; write "
                "std::move(x)");
  static_assert(
      !refers_to_argument<std::remove_cvref_t<What>>,
      "magpie: put(std::move(x)) and send(std::move(x)) leave x where it is until there is "
      "room, and it may be gone by then; spawn a coroutine that has x as a parameter");
  return as_task(std::forward<What>(what));
}

template <class What>
constexpr void say_what_spawn_takes() {
  static_assert(
      always_false<What>,
      "magpie: spawn() takes a task, which the call of a coroutine is: spawn(f(x)). For a "
      "task that keeps what it refers to, write spawn(keep(f, x)); for a function that is "
      "no coroutine, cpu(f), blocking(f) or call_soon(f)");
}

// What co_await of it gives.
template <task_or_operation What>
using gives = typename decltype(as_task(std::declval<What>()))::value_type;

}  // namespace internal

}  // namespace magpie

#endif  // MAGPIE_RUNTIME_AS_TASK_H_
