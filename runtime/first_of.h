// first_of: several tasks at once, and the result of whichever ends first.
//
//   const auto answer = co_await first_of(ask(primary), ask(replica));
//   if (answer.index() == 1) ...                 // std::variant: the replica was faster.
#ifndef MAGPIE_RUNTIME_FIRST_OF_H_
#define MAGPIE_RUNTIME_FIRST_OF_H_

#include <atomic>
#include <cstddef>
#include <exception>
#include <optional>
#include <type_traits>
#include <utility>
#include <variant>
#include <vector>

#include "magpie/runtime/as_task.h"
#include "magpie/runtime/cancel_scope.h"
#include "magpie/runtime/error.h"
#include "magpie/runtime/gather.h"
#include "magpie/runtime/internal/context.h"
#include "magpie/runtime/internal/own_context.h"
#include "magpie/runtime/task.h"

namespace magpie {
namespace internal {

// Who was first, and what it left. Whoever wins writes it before the others have ended.
template <class Won>
struct finish_line {
  cancel_scope others;
  std::atomic<bool> reached{false};
  std::optional<Won> value;
  std::exception_ptr error;

  bool reach() noexcept { return !reached.exchange(true); }

  // The value of who was first; or what it throws when it is moved.
  template <class Store, class Value>
  void keep(Store& store, Value& from) noexcept {
    try {
      store(value, from);
    } catch (...) {
      error = std::current_exception();
    }
  }

  Won take() {
    if (error) std::rethrow_exception(std::move(error));
    return std::move(*value);
  }
};

template <class T, class Won, class Store>
task<> race(finish_line<Won>& line, task<T> what, Store store) {
  own_context_awaiter own;
  const context& around = co_await own;
  std::exception_ptr error;
  try {
    auto value = co_await line.others.run(std::move(what));
    if (value && line.reach()) {
      line.keep(store, value);
      line.others.cancel();
    }
  } catch (const cancelled&) {
    if (around.cancelled()) throw;
    error = std::current_exception();  // Of something that it awaited.
  } catch (...) {
    error = std::current_exception();
  }
  if (error && line.reach()) {
    line.error = std::move(error);
    line.others.cancel();
  }
}

// What run() of a scope gives, as an alternative of the variant.
template <std::size_t I, class T>
struct store_alternative {
  template <class Won, class Value>
  void operator()(std::optional<Won>& place, Value& value) const {
    if constexpr (std::is_void_v<T>) {
      place.emplace(std::in_place_index<I>);
    } else if constexpr (std::is_reference_v<T>) {
      place.emplace(std::in_place_index<I>, *value);
    } else {
      place.emplace(std::in_place_index<I>, std::move(*value));
    }
  }
};

template <class... Ts, std::size_t... I>
auto first_of_all(std::index_sequence<I...> /*places*/, task<Ts>... tasks)
    -> task<std::variant<typename outcome<Ts>::value_type...>> {
  finish_line<std::variant<typename outcome<Ts>::value_type...>> line;
  co_await gather(race(line, std::move(tasks), store_alternative<I, Ts>())...);
  co_return line.take();
}

}  // namespace internal

// co_await first_of(tasks...): runs them concurrently, as gather does; when the first has ended,
// with a value or an exception, cancels the others, waits for them, and gives that value (a
// std::variant whose index says whose; std::monostate for void, std::reference_wrapper for
// references) or throws that exception. What the others give or throw is dropped, so do not race
// what takes something away, such as receiving from a channel: two may have succeeded. Cancelling
// the caller cancels all. Allocates a frame for each, and one more.
template <class... Ts>
  requires(sizeof...(Ts) > 0)
MAGPIE_COROUTINE_WRAPPER auto first_of(task<Ts>... tasks) {
  return internal::first_of_all(std::index_sequence_for<Ts...>(), std::move(tasks)...);
}

// The same if some of them are no tasks, but something else that can be awaited (as_task.h).
template <class... Whats>
  requires(internal::task_or_operation<Whats> && ...) && (internal::operation<Whats> || ...)
MAGPIE_COROUTINE_WRAPPER auto first_of(Whats&&... whats) {
  return first_of(as_task(std::forward<Whats>(whats))...);
}

// One of many of the same type.
template <class T>
struct first_result {
  std::size_t index;
  T value;
};
template <>
struct first_result<void> {
  std::size_t index;
};

// The same for any number of tasks of one type. Throws usage_error for none: none would ever end.
template <class T>
  requires(!std::is_reference_v<T>)
task<first_result<T>> first_of(std::vector<task<T>> tasks) {
  if (tasks.empty()) throw usage_error("magpie: first_of no task at all would wait for ever");
  internal::finish_line<first_result<T>> line;
  std::vector<task<>> racing;
  racing.reserve(tasks.size());
  for (std::size_t i = 0; i < tasks.size(); ++i) {
    const auto store = [i](std::optional<first_result<T>>& place, auto& value) {
      if constexpr (std::is_void_v<T>) {
        (void)value;
        place.emplace(first_result<T>{i});
      } else {
        place.emplace(first_result<T>{i, std::move(*value)});
      }
    };
    racing.push_back(internal::race(line, std::move(tasks[i]), store));
  }
  co_await gather(std::move(racing));
  co_return line.take();
}

template <internal::operation What>
MAGPIE_COROUTINE_WRAPPER auto first_of(std::vector<What>&& whats) {
  return first_of(internal::as_tasks(std::move(whats)));
}
template <class What>
  requires internal::operation<What&>
MAGPIE_COROUTINE_WRAPPER auto first_of(std::vector<What>& whats) {
  return first_of(internal::as_tasks(whats));
}

}  // namespace magpie

#endif  // MAGPIE_RUNTIME_FIRST_OF_H_
