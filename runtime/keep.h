// keep: the task that a function makes, together with that function and its arguments.
//
//   magpie::spawn(keep(send, std::move(file), address), "upload");
//   magpie::spawn(keep([file = std::move(file)]() -> magpie::task<> { ... }));
//
// A call f(x) of a coroutine refers to x, if its parameter is a reference or a view, and to f, if
// that is a lambda with captures. That is right where it is awaited in the same expression, and not
// where it is spawned.
#ifndef MAGPIE_RUNTIME_KEEP_H_
#define MAGPIE_RUNTIME_KEEP_H_

#include <concepts>
#include <coroutine>
#include <cstddef>
#include <functional>
#include <memory>
#include <source_location>
#include <type_traits>
#include <utility>

#include "magpie/runtime/as_task.h"
#include "magpie/runtime/internal/promise.h"
#include "magpie/runtime/task.h"
#include "magpie/runtime/unowned.h"

namespace magpie {
namespace internal {

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
concept makes_task = can_be_kept<Callable, Arguments...> &&
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

// What is wrong, in words, where makes_task is not met.
template <class Callable, class... Arguments>
constexpr void say_why_nothing_is_kept() {
  if constexpr (!can_be_kept<Callable, Arguments...>) {
    static_assert(always_false<Callable>,
                  "magpie: keep() keeps copies of the callable and of its arguments, and one of "
                  "these cannot be copied; write std::move(x), or std::ref(x) if it outlives the "
                  "task");
  } else if constexpr (!requires { typename made_of_kept<Callable, Arguments...>; }) {
    static_assert(always_false<Callable>,
                  "magpie: keep() cannot call this with these arguments. It hands over the copies "
                  "that it keeps as rvalues, as std::thread does: for a parameter T& write "
                  "std::ref(x); for a member function write a lambda");
  } else {
    static_assert(always_false<Callable>,
                  "magpie: keep() takes a callable that returns a magpie::task; what computes or "
                  "blocks and returns none is for co_await cpu(f) or co_await blocking(f)");
  }
}

}  // namespace internal

// The task that callable(arguments...) returns, which keeps both until it has ended: copies, or
// what they were moved from. So a capture of a lambda, and a reference to what was given, stay
// valid.
//
// The copies are made here, and what that throws is thrown here. The call is made when the task
// runs; what the callable throws is how the task ends. As with std::thread, the copies are handed
// over as rvalues: to a parameter T, const T& or T&&; for T& give std::ref(x), whose x is not kept.
// They are destroyed when the coroutine has been, before anybody learns of the end of the task:
// also when it is cancelled, and when it never runs. So a result must not refer to them.
//
// Views (std::string_view, std::span, std::views::filter(v, f) of an lvalue v) and arrays are
// refused, as they would be kept and what they refer to would not: give the owner, or say with
// unowned(view) that it outlives the task. Pointers are kept as they are, so that of a string
// literal is fine; what lies behind them, or behind members and captures, is not looked into.
//
// Arguments are converted as in any call, and what that makes is kept as well; but what a callable
// passes on, as std::bind_front does, is converted there and gone when it returns.
//
// Any thread. Costs the frame of one more coroutine.
template <class Callable, class... Arguments>
MAGPIE_KEEPING_WRAPPER auto keep(Callable&& callable, Arguments&&... arguments) {
  if constexpr (!internal::makes_task<Callable, Arguments...>) {
    internal::say_why_nothing_is_kept<Callable, Arguments...>();
    return task<>();
  } else {
    static_assert(
        (!internal::refers_to_others<std::decay_t<Arguments>>() && ...),
        "magpie: keep() was given a view, whose elements may be gone while the task runs; "
        "give it what owns them, such as a std::string or a std::vector, which it keeps. If "
        "they outlive the task, say so: magpie::unowned(view)");
    static_assert((!internal::is_initializer_list<std::decay_t<Arguments>> && ...),
                  "magpie: keep() was given a std::initializer_list, whose elements are gone when "
                  "keep() returns; give it a std::vector");
    static_assert((!internal::is_local_array<std::remove_reference_t<Arguments>> && ...),
                  "magpie: keep() was given an array, of which it would keep a pointer; give it a "
                  "std::array, a std::vector or a std::string");
    using made = internal::made_of_kept<Callable, Arguments...>;
    return internal::call_kept<typename made::value_type, std::decay_t<Callable>,
                               internal::kept<Arguments>...>(
        internal::stored<std::decay_t<Callable>>(std::in_place, std::forward<Callable>(callable)),
        internal::stored<internal::kept<Arguments>>(std::in_place,
                                                    std::forward<Arguments>(arguments))...);
  }
}

}  // namespace magpie

#endif  // MAGPIE_RUNTIME_KEEP_H_
