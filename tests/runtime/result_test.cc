#include "magpie/runtime/internal/result.h"

#include <gtest/gtest.h>

#include <exception>
#include <memory>
#include <stdexcept>
#include <string>
#include <utility>

#include "magpie/runtime/error.h"
#include "magpie/tests/runtime/leftovers.h"

namespace magpie::testing {
namespace result_test {

using internal::result;

class result_test : public runtime_test {};

std::exception_ptr failure(const char* what) {
  return std::make_exception_ptr(std::runtime_error(what));
}

TEST_F(result_test, starts_empty) {
  const result<int> place;
  EXPECT_FALSE(place.has_error());
}

TEST_F(result_test, gives_a_value) {
  result<std::string> place;
  place.emplace(3U, 'x');
  EXPECT_EQ(place.take(), "xxx");
}

TEST_F(result_test, gives_what_only_moves) {
  result<std::unique_ptr<int>> place;
  place.emplace(std::make_unique<int>(7));
  const std::unique_ptr<int> taken = place.take();
  ASSERT_NE(taken, nullptr);
  EXPECT_EQ(*taken, 7);
}

TEST_F(result_test, gives_the_very_object_of_a_reference) {
  int object = 0;
  result<int&> place;
  place.emplace(object);
  EXPECT_EQ(&place.take(), &object);
}

TEST_F(result_test, void_has_a_state_too) {
  result<void> place;
  place.emplace();
  EXPECT_NO_THROW(place.take());
}

TEST_F(result_test, throws_the_failure) {
  result<int> place;
  place.fail(failure("no"));
  EXPECT_TRUE(place.has_error());
  EXPECT_THROW(place.take(), std::runtime_error);

  result<int&> reference;
  reference.fail(failure("no"));
  EXPECT_THROW(reference.take(), std::runtime_error);

  result<void> nothing;
  nothing.fail(failure("no"));
  EXPECT_THROW(nothing.take(), std::runtime_error);
}

// What is small has its place where the error would be, and what is not has one of its own.
TEST_F(result_test, small_and_large_values) {
  static_assert(sizeof(result<int>) == sizeof(result<void>));
  static_assert(sizeof(result<std::unique_ptr<int>>) == sizeof(result<void>));
  static_assert(sizeof(result<int&>) == sizeof(result<void>));
  static_assert(sizeof(result<std::string>) > sizeof(result<void>));

  struct three {
    long a, b, c;
  };
  result<three> large;
  large.emplace(three{1, 2, 3});
  const three taken = large.take();
  EXPECT_EQ(taken.a + taken.b + taken.c, 6);

  result<std::unique_ptr<int>> replaced;
  replaced.emplace(std::make_unique<int>(1));
  replaced.fail(failure("no"));
  EXPECT_THROW(replaced.take(), std::runtime_error);
}

TEST_F(result_test, a_constructor_that_throws_leaves_it_empty) {
  struct fragile {
    explicit fragile(int) { throw std::runtime_error("no"); }
    counted member;
  };
  result<fragile> place;
  EXPECT_THROW(place.emplace(1), std::runtime_error);
}

TEST_F(result_test, a_failure_after_the_value_replaces_it) {
  result<counted> place;
  place.emplace();
  EXPECT_EQ(counted::live(), 1);
  place.fail(failure("late"));
  EXPECT_EQ(counted::live(), 0);
  EXPECT_THROW(place.take(), std::runtime_error);
}

// A coroutine may return twice, if a local variable's destructor throws in between.
TEST_F(result_test, a_second_value_replaces_the_first) {
  {
    result<counted> place;
    place.emplace();
    place.emplace();
    EXPECT_EQ(counted::live(), 1);
  }
  EXPECT_EQ(counted::live(), 0);

  struct fragile {
    explicit fragile(bool fails) {
      if (fails) throw std::runtime_error("no");
    }
    counted member;
  };
  {
    result<fragile> place;
    place.emplace(false);
    EXPECT_THROW(place.emplace(true), std::runtime_error);
    EXPECT_EQ(counted::live(), 0);
  }
  EXPECT_EQ(counted::live(), 0);
}

TEST_F(result_test, destroys_what_was_never_taken) {
  {
    result<counted> value;
    value.emplace();
    result<counted> error;
    error.fail(failure("no"));
    EXPECT_EQ(counted::live(), 1);
  }
  EXPECT_EQ(counted::live(), 0);
}

// The coroutine has reached its end without co_return.
TEST_F(result_test, of_nothing_is_an_error) {
  internal::result<int> number;
  EXPECT_THROW(number.take(), usage_error);
  internal::result<int&> reference;
  EXPECT_THROW(reference.take(), usage_error);
}

}  // namespace result_test
}  // namespace magpie::testing
