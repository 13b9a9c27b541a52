// outcome<T>: how a task has ended, as a value.
#ifndef MAGPIE_RUNTIME_OUTCOME_H_
#define MAGPIE_RUNTIME_OUTCOME_H_

#include <exception>
#include <functional>
#include <type_traits>
#include <utility>
#include <variant>

#include "magpie/runtime/as_task.h"
#include "magpie/runtime/error.h"
#include "magpie/runtime/internal/context.h"
#include "magpie/runtime/internal/own_context.h"
#include "magpie/runtime/task.h"

namespace magpie {

// A value (std::monostate for void, std::reference_wrapper for a reference) or an exception.
template <class T>
class outcome {
 public:
  using value_type =
      std::conditional_t<std::is_void_v<T>, std::monostate,
                         std::conditional_t<std::is_reference_v<T>,
                                            std::reference_wrapper<std::remove_reference_t<T>>, T>>;

  explicit outcome(value_type value) : state_(std::in_place_index<0>, std::move(value)) {}
  explicit outcome(std::exception_ptr error) noexcept
      : state_(std::in_place_index<1>, std::move(error)) {}

  bool has_value() const noexcept { return state_.index() == 0; }
  explicit operator bool() const noexcept { return has_value(); }

  // The value, or throws the exception.
  value_type& value() & {
    check();
    return *std::get_if<0>(&state_);
  }
  const value_type& value() const& {
    check();
    return *std::get_if<0>(&state_);
  }
  value_type value() && {
    check();
    return std::move(*std::get_if<0>(&state_));
  }

  // Null if there is a value.
  std::exception_ptr error() const noexcept {
    return has_value() ? std::exception_ptr() : *std::get_if<1>(&state_);
  }

 private:
  void check() const {
    if (!has_value()) std::rethrow_exception(*std::get_if<1>(&state_));
  }

  std::variant<value_type, std::exception_ptr> state_;
};

// co_await outcome_of(t): runs the task, and gives its value or its exception. If the caller is
// cancelled, throws `cancelled` all the same.
template <class T>
task<outcome<T>> outcome_of(task<T> what) {
  internal::own_context_awaiter own;
  const internal::context& around = co_await own;
  std::exception_ptr error;
  try {
    if constexpr (std::is_void_v<T>) {
      co_await std::move(what);
      co_return outcome<T>(std::monostate());
    } else if constexpr (std::is_reference_v<T>) {
      T value = co_await std::move(what);
      co_return outcome<T>(std::ref(value));
    } else {
      T value = co_await std::move(what);
      co_return outcome<T>(std::move(value));
    }
  } catch (const cancelled&) {
    if (around.cancelled()) throw;
    error = std::current_exception();
  } catch (...) {
    error = std::current_exception();
  }
  co_return outcome<T>(std::move(error));
}

// The same for anything else that can be awaited (as_task.h).
template <internal::operation What>
MAGPIE_COROUTINE_WRAPPER auto outcome_of(What&& what) {
  return outcome_of(as_task(std::forward<What>(what)));
}

}  // namespace magpie

#endif  // MAGPIE_RUNTIME_OUTCOME_H_
