// What spawn(callable, arguments...) keeps, and the task that keeps it.
#ifndef MAGPIE_RUNTIME_INTERNAL_KEPT_CALL_H_
#define MAGPIE_RUNTIME_INTERNAL_KEPT_CALL_H_

#include <concepts>
#include <coroutine>
#include <cstddef>
#include <functional>
#include <memory>
#include <source_location>
#include <string>
#include <tuple>
#include <type_traits>
#include <utility>

#include "magpie/runtime/internal/not_awaitable.h"
#include "magpie/runtime/internal/platform.h"
#include "magpie/runtime/internal/promise.h"
#include "magpie/runtime/task.h"
#include "magpie/runtime/unowned.h"

namespace magpie::internal {

// As what an argument is kept.
template <class T>
struct kept_as {
  using type = T;
};
template <class View>
struct kept_as<unowned<View>> {
  using type = View;
};
template <class Argument>
using kept = typename kept_as<std::decay_t<Argument>>::type;

// As what it is handed over: an rvalue, or what a std::reference_wrapper refers to.
template <class Kept>
using handed_over = std::unwrap_reference_t<Kept>&&;

template <class Callable, class... Arguments>
using made_of_kept = decltype(std::declval<handed_over<std::decay_t<Callable>>>()(
    std::declval<handed_over<kept<Arguments>>>()...));

template <class Callable, class... Arguments>
concept can_be_kept = std::constructible_from<std::decay_t<Callable>, Callable> &&
                      (std::convertible_to<Arguments, kept<Arguments>> && ...);

template <class Callable, class... Arguments>
concept makes_task =
    !is_task<std::remove_cvref_t<Callable>> && can_be_kept<Callable, Arguments...> &&
    requires { requires is_task<made_of_kept<Callable, Arguments...>>; };

// Runs a task in the place of its caller, which is left out of waits().
template <class T>
class unlisted_awaiter {
 public:
  explicit unlisted_awaiter(task<T>&& child) : child_(task_access::release(child)) {}

  static bool await_ready() noexcept { return false; }
  template <class Parent>
  std::coroutine_handle<> await_suspend(std::coroutine_handle<Parent> parent) noexcept {
    parent.promise().where = std::source_location();
    return child_.await_suspend(parent);
  }
  T await_resume() { return child_.await_resume(); }

 private:
  task_awaiter<T> child_;
};

// A parameter of a coroutine. Moving one must not throw: clang 19 without optimisation then reads
// the frame that it has freed. So what may throw stays where it has been made.
template <class Kept, bool Moves = std::is_nothrow_move_constructible_v<Kept>>
class stored {
 public:
  template <class Argument>
  stored(std::in_place_t /*tag*/, Argument&& argument) : value_(std::forward<Argument>(argument)) {}
  handed_over<Kept> hand_over() { return static_cast<handed_over<Kept>>(value_); }

 private:
  Kept value_;
};
template <class Kept>
class stored<Kept, false> {
 public:
  template <class Argument>
  stored(std::in_place_t /*tag*/, Argument&& argument)
      : value_(std::make_unique<Kept>(std::forward<Argument>(argument))) {}
  handed_over<Kept> hand_over() { return static_cast<handed_over<Kept>>(*value_); }

 private:
  std::unique_ptr<Kept> value_;
};

// The parameters of a coroutine are gone after all else in it, and so after the frame of what is
// called. Called in the expression of the co_await, and not by std::invoke: when the call converts
// an argument, for a parameter const std::string& say, the temporary lives as long.
template <class T, class Callable, class... Arguments>
task<T> call_kept(stored<Callable> callable, stored<Arguments>... arguments) {
  co_return co_await unlisted_awaiter<T>(callable.hand_over()(arguments.hand_over()...));
}

// A string literal lives as long as the program; nothing else of type const char[N] is likely.
template <class T>
inline constexpr bool is_local_array = std::is_array_v<T>;
template <std::size_t Size>
inline constexpr bool is_local_array<const char[Size]> = false;

template <class Callable, class... Arguments>
  requires makes_task<Callable, Arguments...>
MAGPIE_COROUTINE_WRAPPER auto keep(Callable&& callable, Arguments&&... arguments) {
  static_assert(
      (!refers_to_others<std::decay_t<Arguments>>() && ...),
      "magpie: spawn() was given a view, whose elements may be gone while the task runs; "
      "give it what owns them, such as a std::string or a std::vector, which it keeps. If "
      "they outlive the task, say so: magpie::unowned(view)");
  static_assert((!is_initializer_list<std::decay_t<Arguments>> && ...),
                "magpie: spawn() was given a std::initializer_list, whose elements are gone when "
                "spawn() returns; give it a std::vector");
  static_assert((!is_local_array<std::remove_reference_t<Arguments>> && ...),
                "magpie: spawn() was given an array, of which it would keep a pointer; give it a "
                "std::array, a std::vector or a std::string");
  using made = made_of_kept<Callable, Arguments...>;
  return call_kept<typename made::value_type, std::decay_t<Callable>, kept<Arguments>...>(
      stored<std::decay_t<Callable>>(std::in_place, std::forward<Callable>(callable)),
      stored<kept<Arguments>>(std::in_place, std::forward<Arguments>(arguments))...);
}

// The name of a task, and where it stands: where spawn() is called. No default argument can follow
// the arguments of a callable.
class name_and_place {
 public:
  template <std::convertible_to<std::string> Name>
  name_and_place(Name&& called, std::source_location where = std::source_location::current())
      : name(std::forward<Name>(called)), place(where) {}

  std::string name;
  const std::source_location place;
};

// In the place of arguments that spawn() is not given: without a name, there is a parameter for
// each, and the place of the call behind them.
struct not_given {};

template <class... Arguments>
using places_of_given =
    std::make_index_sequence<(0 + ... + (std::is_same_v<Arguments, not_given> ? 0 : 1))>;

template <class Callable, class Places, class... Arguments>
struct given_call;
template <class Callable, std::size_t... I, class... Arguments>
struct given_call<Callable, std::index_sequence<I...>, Arguments...> {
  template <std::size_t Place>
  using argument = std::tuple_element_t<Place, std::tuple<Arguments...>>;

  static constexpr bool makes_task = internal::makes_task<Callable, argument<I>...>;
  MAGPIE_COROUTINE_WRAPPER static auto keep(Callable&& callable,
                                            [[maybe_unused]] std::tuple<Arguments&&...> all) {
    return internal::keep(std::forward<Callable>(callable),
                          std::forward<argument<I>>(std::get<I>(all))...);
  }
};

template <class Callable, class... Arguments>
concept makes_task_of_given =
    !is_task<std::remove_cvref_t<Callable>> &&
    given_call<Callable, places_of_given<Arguments...>, Arguments...>::makes_task;

template <class Callable, class... Arguments>
MAGPIE_COROUTINE_WRAPPER auto keep_given(Callable&& callable, Arguments&&... arguments) {
  return given_call<Callable, places_of_given<Arguments...>, Arguments...>::keep(
      std::forward<Callable>(callable),
      std::tuple<Arguments&&...>(std::forward<Arguments>(arguments)...));
}

inline constexpr std::size_t most_given = 4;

// What spawn() is given instead of a task or of a callable that makes one.
template <class Callable, class... Arguments>
concept name_and_task =
    sizeof...(Arguments) == 1 && (is_task<std::remove_cvref_t<Arguments>> && ...) &&
    std::convertible_to<Callable, std::string>;
template <class Callable, class... Arguments>
concept no_call =
    name_and_task<Callable, Arguments...> ||
    (!is_task<std::remove_cvref_t<Callable>> &&
     (std::is_function_v<std::remove_pointer_t<std::decay_t<Callable>>> || requires {
       &std::decay_t<Callable>::operator();
     }) && (sizeof...(Arguments) > most_given || !makes_task<Callable, Arguments...>));

template <class Callable, class... Arguments>
constexpr void say_why_no_call() {
  if constexpr (name_and_task<Callable, Arguments...>) {
    static_assert(always_false<Callable>,
                  "magpie: the name of a task stands behind it; write spawn(f(x), \"name\"), or "
                  "spawn(\"name\", f, x), which keeps f and x");
  } else if constexpr (!can_be_kept<Callable, Arguments...>) {
    static_assert(always_false<Callable>,
                  "magpie: spawn() keeps copies of the callable and of its arguments, and one of "
                  "these cannot be copied; write std::move(x), or std::ref(x) if it outlives the "
                  "task");
  } else if constexpr (!requires { typename made_of_kept<Callable, Arguments...>; }) {
    static_assert(always_false<Callable>,
                  "magpie: spawn() cannot call this with these arguments. It hands over the copies "
                  "that it keeps as rvalues, as std::thread does: for a parameter T& write "
                  "std::ref(x); for a member function write a lambda");
  } else if constexpr (!is_task<made_of_kept<Callable, Arguments...>>) {
    static_assert(always_false<Callable>,
                  "magpie: spawn() takes a callable that returns a magpie::task; what computes or "
                  "blocks and returns none is for co_await cpu(f) or co_await blocking(f)");
  } else {
    static_assert(always_false<Callable>,
                  "magpie: spawn() takes up to four arguments without a name; write "
                  "spawn(\"name\", callable, arguments...), or capture them in a lambda");
  }
}

}  // namespace magpie::internal

#endif  // MAGPIE_RUNTIME_INTERNAL_KEPT_CALL_H_
