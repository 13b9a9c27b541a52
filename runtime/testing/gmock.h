// Actions for mocks of functions that give a task. Depend on @magpie//runtime/testing:gtest.
//
//   class mock_oven : public oven {
//    public:
//     MOCK_METHOD(magpie::task<dish>, bake, (int minutes), (override));
//   };
//
//   EXPECT_CALL(oven, bake(30)).WillOnce(CoReturnAfter(30min, dish("bread")))
//                              .WillRepeatedly(CoThrow(std::runtime_error("no power")));
//
// The call itself does nothing but to make a task; everything happens when that is awaited. For
// mocks that are called in a coroutine, CO_ASSERT_THAT is ASSERT_THAT.
#ifndef MAGPIE_RUNTIME_TESTING_GMOCK_H_
#define MAGPIE_RUNTIME_TESTING_GMOCK_H_

#include <gmock/gmock.h>

#include <chrono>
#include <memory>
#include <optional>
#include <type_traits>
#include <utility>

#include "magpie/runtime/clock.h"
#include "magpie/runtime/error.h"
#include "magpie/runtime/sleep.h"
#include "magpie/runtime/task.h"
#include "magpie/runtime/testing/gtest.h"

namespace magpie::testing {
namespace gmock {

// What CoReturn() gives for task<>.
struct nothing {};

// One value for each call. One that cannot be copied is moved out, once.
template <class Value>
class kept_value {
 public:
  explicit kept_value(Value value)
      : value_(std::make_shared<std::optional<Value>>(std::move(value))) {}

  Value give() const {
    if constexpr (std::is_copy_constructible_v<Value>) {
      return **value_;
    } else {
      if (!value_->has_value()) {
        throw usage_error(
            "magpie: the value of a CoReturn() that cannot be copied was given away by the first "
            "call; use WillOnce()");
      }
      Value given = std::move(**value_);
      value_->reset();
      return given;
    }
  }

 private:
  std::shared_ptr<std::optional<Value>> value_;
};

template <class T, class Value>
task<T> give(std::optional<clock::duration> delay, kept_value<Value> value) {
  if (delay.has_value()) co_await sleep_for(*delay);
  if constexpr (std::is_void_v<T>)
    co_return;
  else
    co_return value.give();
}

template <class T, class Error>
task<T> fail(Error error) {
  throw error;
  co_await yield();  // Not reached; makes a coroutine of it.
}

template <class Value>
class return_action {
 public:
  return_action(std::optional<clock::duration> delay, Value value)
      : delay_(delay), value_(std::move(value)) {}

  template <class T, class... Arguments>
  operator ::testing::Action<task<T>(Arguments...)>() const {
    static_assert(std::is_void_v<T> == std::is_same_v<Value, nothing>,
                  "magpie: CoReturn() is for task<>, CoReturn(value) for the others");
    return [delay = delay_, value = value_](auto&&...) { return give<T>(delay, value); };
  }

 private:
  std::optional<clock::duration> delay_;
  kept_value<Value> value_;
};

template <class Error>
class throw_action {
 public:
  explicit throw_action(Error error) : error_(std::move(error)) {}

  template <class T, class... Arguments>
  operator ::testing::Action<task<T>(Arguments...)>() const {
    return [error = error_](auto&&...) { return fail<T>(error); };
  }

 private:
  Error error_;
};

}  // namespace gmock

// The names are those that GoogleMock would have given them.
// NOLINTBEGIN(readability-identifier-naming)

// A task that gives a copy of the value; a value that cannot be copied is for one call, a second
// throws usage_error when it is awaited.
template <class Value>
gmock::return_action<std::decay_t<Value>> CoReturn(Value&& value) {
  return {std::nullopt, std::forward<Value>(value)};
}
// The same for task<>.
inline gmock::return_action<gmock::nothing> CoReturn() {
  return {std::nullopt, {}};
}

// The same after some time, which a simulation need not wait for (CO_SIM_TEST).
template <class Rep, class Period, class Value>
gmock::return_action<std::decay_t<Value>> CoReturnAfter(std::chrono::duration<Rep, Period> delay,
                                                        Value&& value) {
  return {internal::saturated(delay), std::forward<Value>(value)};
}
template <class Rep, class Period>
gmock::return_action<gmock::nothing> CoReturnAfter(std::chrono::duration<Rep, Period> delay) {
  return {internal::saturated(delay), {}};
}

// A task that throws a copy of the error.
template <class Error>
gmock::throw_action<std::decay_t<Error>> CoThrow(Error&& error) {
  return gmock::throw_action<std::decay_t<Error>>(std::forward<Error>(error));
}

// NOLINTEND(readability-identifier-naming)

}  // namespace magpie::testing

#define CO_ASSERT_THAT(value, matcher)                                                        \
  GTEST_PRED_FORMAT1_(::testing::internal::MakePredicateFormatterFromMatcher(matcher), value, \
                      MAGPIE_CO_FATAL_)

#endif  // MAGPIE_RUNTIME_TESTING_GMOCK_H_
