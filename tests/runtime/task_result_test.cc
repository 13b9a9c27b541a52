#include "magpie/runtime/task.h"

#include <gtest/gtest.h>

#include <memory>
#include <stdexcept>
#include <string>
#include <type_traits>
#include <utility>

#include "magpie/runtime/run.h"
#include "magpie/runtime/sleep.h"
#include "magpie/runtime/testing/simulation.h"
#include "magpie/tests/runtime/leftovers.h"
#include "magpie/tests/runtime/schedules.h"
#include "magpie/tests/runtime/throws_when_moved.h"

namespace magpie::testing {
namespace task_result_test {

class task_result_test : public runtime_test {};

class tasks_over_workers : public over_workers {};
MAGPIE_OVER_WORKERS(tasks_over_workers);

task<int> number(int value) {
  const counted frame;
  co_return value;
}

// --------------------------------------------------------------------------------------- results

struct base {
  virtual ~base() = default;
  int value = 1;
};
struct derived : base {};

task<throws_when_moved> give(int& moves, int when) {
  const counted frame;
  throws_when_moved value(moves, when);
  co_return std::move(value);
}

task<> all_kinds_of_results() {
  const int value = co_await number(7);
  EXPECT_EQ(value, 7);

  auto nothing = []() -> task<> { co_return; };
  static_assert(std::is_void_v<decltype(nothing())::value_type>);
  co_await nothing();

  int object = 1;
  auto refer = [](int& to) -> task<int&> { co_return to; };
  int& same = co_await refer(object);
  EXPECT_EQ(&same, &object);

  auto constant = [](const int& to) -> task<const int&> { co_return to; };
  const int& same_again = co_await constant(object);
  EXPECT_EQ(&same_again, &object);

  auto unique = [](int of) -> task<std::unique_ptr<int>> { co_return std::make_unique<int>(of); };
  const std::unique_ptr<int> moved = co_await unique(5);
  EXPECT_EQ(*moved, 5);

  // What converts to the result.
  auto converts = []() -> task<std::string> { co_return "text"; };
  const std::string text = co_await converts();
  EXPECT_EQ(text, "text");
  auto upcast = []() -> task<std::unique_ptr<base>> { co_return std::make_unique<derived>(); };
  const std::unique_ptr<base> up = co_await upcast();
  EXPECT_EQ(up->value, 1);

  // A result that is a task.
  auto makes_a_task = []() -> task<task<int>> { co_return number(9); };
  auto inner = co_await makes_a_task();
  const int nine = co_await std::move(inner);
  EXPECT_EQ(nine, 9);
}

TEST_P(tasks_over_workers, give_all_kinds_of_results) {
  in_many_orders(GetParam(), [] { return all_kinds_of_results(); });
}

TEST_F(task_result_test, run_gives_all_kinds_of_results) {
  int object = 1;
  auto refer = [](int& to) -> task<int&> { co_return to; };
  EXPECT_EQ(&run(refer(object)), &object);
  auto unique = []() -> task<std::unique_ptr<int>> { co_return std::make_unique<int>(3); };
  EXPECT_EQ(*run(unique()), 3);
}

// At each of its moves in turn: into the result, out of it, to the caller.
TEST_F(task_result_test, a_result_whose_move_throws) {
  for (int when = 1; when < 10; ++when) {
    int moves = 0;
    bool thrown = false;
    auto body = [&]() -> task<> {
      try {
        const throws_when_moved got = co_await give(moves, when);
      } catch (const std::runtime_error& error) {
        thrown = true;
        EXPECT_STREQ(error.what(), "moved");
      }
    };
    run(body(), options().workers(1));
    EXPECT_EQ(counted::live(), 0) << when;
    if (when <= 2) {
      EXPECT_TRUE(thrown) << when;
    }
    if (!thrown) return;
  }
  ADD_FAILURE() << "moved more than ten times";
}

// ------------------------------------------------------------------------------------ exceptions

task<> fail_at_once() {
  const counted frame;
  throw std::runtime_error("at once");
  co_return;
}

task<> fail_later() {
  const counted frame;
  co_await yield();
  throw std::runtime_error("later");
}

task<> fail_through(int levels, bool at_once) {
  const counted frame;
  if (levels == 0) {
    auto failing = at_once ? fail_at_once() : fail_later();
    co_await std::move(failing);
  } else {
    co_await fail_through(levels - 1, at_once);
  }
  ADD_FAILURE() << "went on";
}

task<> catch_all_kinds() {
  for (const bool at_once : {true, false}) {
    std::string caught;
    try {
      co_await fail_through(100, at_once);
    } catch (const std::runtime_error& error) {
      caught = error.what();
    }
    EXPECT_EQ(caught, at_once ? "at once" : "later");
    EXPECT_EQ(counted::live(), 0);
  }
  auto throws_a_number = []() -> task<int> {
    const counted frame;
    throw 5;
    co_return 1;
  };
  int number_caught = 0;
  try {
    (void)co_await throws_a_number();
  } catch (int caught) {
    number_caught = caught;
  }
  EXPECT_EQ(number_caught, 5);
}

TEST_P(tasks_over_workers, throw_what_leaves_them) {
  in_many_orders(GetParam(), [] { return catch_all_kinds(); });
}

TEST_F(task_result_test, run_throws_what_leaves_the_task) {
  EXPECT_THROW(run(fail_at_once()), std::runtime_error);
  EXPECT_THROW(run(fail_later()), std::runtime_error);
  EXPECT_THROW(simulate(fail_through(3, false)), std::runtime_error);
}

struct refuses_to_be_copied {
  refuses_to_be_copied() = default;
  refuses_to_be_copied(const refuses_to_be_copied&) { throw std::runtime_error("copied"); }
  counted alive;
};

// The call itself throws: there is no task.
TEST_F(task_result_test, a_parameter_that_cannot_be_copied_into_the_frame) {
  auto takes = [](counted, refuses_to_be_copied) -> task<> { co_return; };
  refuses_to_be_copied argument;
  EXPECT_THROW((void)takes(counted(), argument), std::runtime_error);
  EXPECT_EQ(counted::live(), 1);
}

struct cannot_be_made_from_int {
  explicit(false) cannot_be_made_from_int(int) { throw std::runtime_error("made"); }
  counted alive;
};

TEST_F(task_result_test, a_result_whose_conversion_throws) {
  auto gives = []() -> task<cannot_be_made_from_int> {
    const counted frame;
    co_return 1;
  };
  EXPECT_THROW((void)run(gives()), std::runtime_error);
}

TEST_F(task_result_test, locals_are_destroyed_before_the_parent_goes_on) {
  auto child = [](counted) -> task<> {
    const counted local;
    co_await yield();
    throw std::runtime_error("no");
  };
  auto parent = [&]() -> task<> {
    try {
      co_await child(counted());
    } catch (const std::runtime_error&) {
    }
    EXPECT_EQ(counted::live(), 0);
  };
  run(parent(), options().workers(1));
}

}  // namespace task_result_test
}  // namespace magpie::testing
