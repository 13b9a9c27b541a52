#include "magpie/runtime/task.h"

#include <gtest/gtest.h>

#include <cstddef>
#include <functional>
#include <memory>
#include <source_location>
#include <sstream>
#include <string>
#include <thread>
#include <type_traits>
#include <utility>
#include <vector>

#include "magpie/runtime/error.h"
#include "magpie/runtime/run.h"
#include "magpie/runtime/sleep.h"
#include "magpie/runtime/testing/simulation.h"
#include "magpie/tests/runtime/leftovers.h"

// Where the compilers say that a coroutine is: clang at its first line, g++ at its last.
constexpr unsigned line_of_global = std::source_location::current().line() + 2;
// Outside all namespaces, as users have them.
magpie::task<int> named_task_in_the_global_namespace(int value) {
  co_return value;
}

namespace shop {
constexpr unsigned line_of_order = std::source_location::current().line() + 1;
magpie::task<std::vector<std::pair<int, int>>> order(int count) {
  co_return std::vector<std::pair<int, int>>(static_cast<std::size_t>(count));
}
}  // namespace shop

namespace magpie::testing {
namespace task_test {

class task_test : public runtime_test {};

// The deleted conversion of a task to its value converts nothing, and is in nobody's way.
struct incomplete;
using makes_incomplete = task<incomplete>;
struct chosen {
  static void by(int value);
  static bool by(const task<int>& made);
};
static_assert(!std::is_convertible_v<task<int>, int>);
static_assert(!std::is_convertible_v<task<int>, bool>);
static_assert(!std::is_convertible_v<task<int&>, int&>);
static_assert(!std::is_constructible_v<std::string, task<std::string>>);
static_assert(!std::is_constructible_v<bool, task<int>>);
static_assert(!std::is_assignable_v<int&, task<int>>);
static_assert(!std::is_convertible_v<task<int> (*)(), std::function<int()>>);
static_assert(std::is_convertible_v<task<int> (*)(), std::function<task<int>()>>);
static_assert(std::is_move_constructible_v<makes_incomplete>);
static_assert(std::is_nothrow_move_constructible_v<task<>> && std::is_move_assignable_v<task<>>);
static_assert(std::is_same_v<decltype(chosen::by(std::declval<task<int>>())), bool>);

task<int> number(int value) {
  const counted frame;
  co_return value;
}

// ------------------------------------------------------------------------------------------ lazy

task<> note(bool& ran) {
  ran = true;
  co_return;
}

TEST_F(task_test, nothing_runs_before_it_is_awaited) {
  bool ran = false;
  auto made = note(ran);
  EXPECT_TRUE(made.valid());
  EXPECT_FALSE(ran);
  auto awaits = [&]() -> task<> {
    EXPECT_FALSE(ran);
    co_await std::move(made);
    EXPECT_TRUE(ran);
    EXPECT_FALSE(made.valid());  // NOLINT(bugprone-use-after-move): that it is empty is the point.
  };
  run(awaits(), options().workers(1));
  EXPECT_TRUE(ran);
}

TEST_F(task_test, nothing_runs_if_it_is_dropped) {
  bool ran = false;
  {
    auto dropped = note(ran);
  }
  EXPECT_FALSE(ran);
}

TEST_F(task_test, a_child_runs_at_once_and_its_parent_goes_on_after_it) {
  std::string order;
  auto child = [&order]() -> task<> {
    order += "c";
    co_return;
  };
  auto parent = [&]() -> task<> {
    order += "p";
    co_await child();
    order += "q";
    auto later = child();
    order += "r";
    co_await std::move(later);
    order += "s";
  };
  run(parent(), options().workers(1));
  EXPECT_EQ(order, "pcqrcs");
}

// ---------------------------------------------------------------------------------- empty tasks

task<std::string> message_of(task<int> empty) {
  try {
    (void)co_await std::move(empty);
  } catch (const usage_error& error) {
    co_return error.what();
  }
  co_return "no error";
}

TEST_F(task_test, awaiting_an_empty_task) {
  EXPECT_NE(run(message_of(task<int>())).find("empty"), std::string::npos);
  auto from = number(1);
  const auto moved = std::move(from);
  EXPECT_FALSE(from.valid());  // NOLINT(bugprone-use-after-move)
  EXPECT_NE(run(message_of(std::move(from))).find("moved from"), std::string::npos);
}

TEST_F(task_test, awaiting_a_second_time) {
  auto twice = []() -> task<std::string> {
    auto once = number(3);
    const int first = co_await std::move(once);
    EXPECT_EQ(first, 3);
    auto message = message_of(std::move(once));  // NOLINT(bugprone-use-after-move)
    co_return co_await std::move(message);
  };
  EXPECT_NE(run(twice()).find("awaited before"), std::string::npos);
}

TEST_F(task_test, running_and_spawning_an_empty_task) {
  EXPECT_THROW(run(task<int>()), usage_error);
  EXPECT_THROW(simulate(task<>()), usage_error);
  runtime workers(options().workers(1));
  EXPECT_THROW((void)workers.spawn(task<>()), usage_error);
  EXPECT_EQ(workers.live_tasks(), 0U);
}

// ------------------------------------------------------------------------------------- ownership

task<> keep(counted, std::shared_ptr<int> kept) {
  const counted frame;
  co_await yield();
  ++*kept;
}

TEST_F(task_test, dropping_an_unstarted_task_destroys_its_parameters_once) {
  const auto shared = std::make_shared<int>(0);
  {
    const auto dropped = keep(counted(), shared);
    EXPECT_EQ(shared.use_count(), 2);
    EXPECT_EQ(counted::live(), 1);
  }
  EXPECT_EQ(shared.use_count(), 1);
  EXPECT_EQ(counted::live(), 0);
  EXPECT_EQ(*shared, 0);
}

TEST_F(task_test, running_a_task_destroys_its_parameters_once) {
  const auto shared = std::make_shared<int>(0);
  run(keep(counted(), shared));
  EXPECT_EQ(shared.use_count(), 1);
  EXPECT_EQ(*shared, 1);
}

TEST_F(task_test, moves) {
  static_assert(!std::is_copy_constructible_v<task<int>>);
  static_assert(std::is_nothrow_move_constructible_v<task<int>>);
  static_assert(std::is_nothrow_default_constructible_v<task<int>>);
  const auto first = std::make_shared<int>(0);
  const auto second = std::make_shared<int>(0);
  auto a = keep(counted(), first);
  auto b = keep(counted(), second);
  a.swap(b);
  EXPECT_EQ(first.use_count() + second.use_count(), 4);
  // What stood in `a` is gone.
  a = std::move(b);
  EXPECT_EQ(second.use_count(), 1);
  EXPECT_EQ(first.use_count(), 2);
  EXPECT_FALSE(b.valid());  // NOLINT(bugprone-use-after-move)
  auto& same = a;
  a = std::move(same);
  EXPECT_TRUE(a.valid());
  run(std::move(a));
  EXPECT_EQ(*first, 1);
  EXPECT_EQ(*second, 0);
  EXPECT_EQ(counted::live(), 0);
}

TEST_F(task_test, made_on_one_thread_and_run_on_another) {
  for (int i = 0; i < 20; ++i) {
    task<int> made;
    std::thread([&made] { made = number(8); }).join();
    EXPECT_EQ(run(std::move(made), options().workers(2)), 8);
  }
}

// Frames from the caches of workers, freed where there is none, and the other way round.
TEST_F(task_test, made_on_a_worker_and_dropped_on_another_thread) {
  auto makes = [](int count) -> task<std::vector<task<int>>> {
    std::vector<task<int>> made;
    for (int i = 0; i < count; ++i)
      made.push_back(number(i));
    co_return made;
  };
  std::vector<task<int>> made = run(makes(1000), options().workers(1));
  EXPECT_EQ(made.size(), 1000U);
  EXPECT_EQ(run(std::move(made[999])), 999);
  std::thread([&made] { made.clear(); }).join();
  EXPECT_EQ(counted::live(), 0);
}

// -------------------------------------------------------------------------------------- printing

template <class T>
std::string printed(const task<T>& what) {
  std::ostringstream out;
  out << what;
  return out.str();
}

// <task name at 0x..., made at task_test.cc:12, not started>
void expect_printed(const std::string& text, const std::string& name, unsigned line) {
  EXPECT_EQ(text.rfind("<task " + name + " at 0x", 0), 0U) << text;
  unsigned found = 0;
  for (unsigned l = line; l <= line + 2; ++l) {
    const std::string end = ", made at task_test.cc:" + std::to_string(l) + ", not started>";
    if (text.ends_with(end)) ++found;
  }
  EXPECT_EQ(found, 1U) << text << " and not line " << line;
}

struct member {
  task<> function() const { co_return; }
  template <class T>
  static task<T> generic(T value) {
    co_return value;
  }
};

task<> takes_a_function(std::function<int(int, int)>) {
  co_return;
}

TEST_F(task_test, printing_shows_what_it_is_and_where_it_was_made) {
  const auto global = named_task_in_the_global_namespace(1);
  expect_printed(printed(global), "named_task_in_the_global_namespace", line_of_global);
  const auto qualified = shop::order(1);
  expect_printed(printed(qualified), "shop::order", shop::line_of_order);
}

TEST_F(task_test, printing_what_is_in_an_unnamed_namespace) {
  const auto made = number(1);
  const std::string text = printed(made);
  EXPECT_NE(text.find("number at 0x"), std::string::npos) << text;
  const auto of_a_member = member().function();
  const std::string member_text = printed(of_a_member);
  EXPECT_NE(member_text.find("::member::function at 0x"), std::string::npos) << member_text;
  const auto of_a_template = member::generic(1L);
  const std::string template_text = printed(of_a_template);
  EXPECT_NE(template_text.find("::member::generic at 0x"), std::string::npos) << template_text;
  const auto with_function = takes_a_function({});
  const std::string function_text = printed(with_function);
  EXPECT_NE(function_text.find("::takes_a_function at 0x"), std::string::npos) << function_text;
}

// By the function around it.
TEST_F(task_test, printing_a_lambda) {
  auto lambda = []() -> task<> { co_return; };
  const auto made = lambda();
  const std::string text = printed(made);
  EXPECT_NE(text.find("TestBody()"), std::string::npos) << text;
  EXPECT_NE(text.find(", made at task_test.cc:"), std::string::npos) << text;
}

TEST_F(task_test, printing_two_tasks_shows_two_addresses) {
  const auto first = number(1);
  const auto second = number(1);
  EXPECT_NE(printed(first), printed(second));
}

TEST_F(task_test, printing_an_empty_task) {
  EXPECT_EQ(printed(task<int>()), "<empty task>");
  auto from = number(1);
  const auto moved = std::move(from);
  EXPECT_EQ(printed(from), "<empty task>");  // NOLINT(bugprone-use-after-move)
  EXPECT_NE(printed(moved), "<empty task>");
}

}  // namespace task_test
}  // namespace magpie::testing
