#include "magpie/runtime/task.h"

#include <gtest/gtest.h>

#include <chrono>
#include <functional>
#include <memory>
#include <source_location>
#include <sstream>
#include <stdexcept>
#include <string>
#include <thread>
#include <type_traits>
#include <utility>
#include <vector>

#include "magpie/runtime/error.h"
#include "magpie/runtime/internal/platform.h"
#include "magpie/runtime/run.h"
#include "magpie/runtime/sleep.h"
#include "magpie/runtime/spawn.h"
#include "magpie/runtime/testing/simulation.h"
#include "magpie/tests/runtime/leftovers.h"
#include "magpie/tests/runtime/schedules.h"

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
namespace {

using namespace std::chrono_literals;

class task_test : public runtime_test {};

class tasks_over_workers : public over_workers {};
MAGPIE_OVER_WORKERS(tasks_over_workers);

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

// --------------------------------------------------------------------------------------- results

struct base {
  virtual ~base() = default;
  int value = 1;
};
struct derived : base {};

// Throws when it is moved for the `when`-th time.
class throws_when_moved {
 public:
  explicit throws_when_moved(int& moves, int when) : moves_(&moves), when_(when) {}
  // NOLINTNEXTLINE(performance-noexcept-move-constructor): that it throws is the point.
  throws_when_moved(throws_when_moved&& other)
      : moves_(other.moves_), when_(other.when_), alive_(other.alive_) {
    if (++*moves_ == when_) throw std::runtime_error("moved");
  }

 private:
  int* moves_;
  int when_;
  counted alive_;
};

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

TEST_F(task_test, run_gives_all_kinds_of_results) {
  int object = 1;
  auto refer = [](int& to) -> task<int&> { co_return to; };
  EXPECT_EQ(&run(refer(object)), &object);
  auto unique = []() -> task<std::unique_ptr<int>> { co_return std::make_unique<int>(3); };
  EXPECT_EQ(*run(unique()), 3);
}

// At each of its moves in turn: into the result, out of it, to the caller.
TEST_F(task_test, a_result_whose_move_throws) {
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

TEST_F(task_test, run_throws_what_leaves_the_task) {
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
TEST_F(task_test, a_parameter_that_cannot_be_copied_into_the_frame) {
  auto takes = [](counted, refuses_to_be_copied) -> task<> { co_return; };
  refuses_to_be_copied argument;
  EXPECT_THROW((void)takes(counted(), argument), std::runtime_error);
  EXPECT_EQ(counted::live(), 1);
}

struct cannot_be_made_from_int {
  explicit(false) cannot_be_made_from_int(int) { throw std::runtime_error("made"); }
  counted alive;
};

TEST_F(task_test, a_result_whose_conversion_throws) {
  auto gives = []() -> task<cannot_be_made_from_int> {
    const counted frame;
    co_return 1;
  };
  EXPECT_THROW((void)run(gives()), std::runtime_error);
}

TEST_F(task_test, locals_are_destroyed_before_the_parent_goes_on) {
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

// ----------------------------------------------------------------------------------------- scale

task<long> one() {
  co_return 1;
}

task<long> sum_of_ones(long count) {
  long sum = 0;
  for (long i = 0; i < count; ++i)
    sum += co_await one();
  co_return sum;
}

TEST_F(task_test, a_million_awaits_that_complete_at_once) {
  EXPECT_EQ(run(sum_of_ones(1'000'000), options().workers(1)), 1'000'000);
}

TEST_F(task_test, a_hundred_thousand_awaits_in_a_simulation) {
  EXPECT_EQ(simulate(sum_of_ones(100'000)), 100'000);
}

task<long> deep(long levels) {
  const counted frame;
  if (levels == 0) co_return 0;
  const long below = co_await deep(levels - 1);
  co_return below + 1;
}

#if defined(MAGPIE_ASAN) || defined(MAGPIE_TSAN)
constexpr long depth = 200'000;
#else
constexpr long depth = 1'000'000;
#endif

TEST_F(task_test, recursion_a_million_deep) {
  EXPECT_EQ(run(deep(depth), options().workers(1)), depth);
  EXPECT_EQ(counted::live(), 0);
}

task<> deep_then(long levels, bool& arrived, clock::duration length) {
  const counted frame;
  if (levels > 0) {
    co_await deep_then(levels - 1, arrived, length);
    co_return;
  }
  arrived = true;
  co_await sleep_for(length);
}

TEST_F(task_test, recursion_a_million_deep_that_suspends_at_the_bottom) {
  bool arrived = false;
  simulate(deep_then(depth, arrived, 1h));
  EXPECT_TRUE(arrived);
  EXPECT_EQ(counted::live(), 0);
}

// The exception is thrown and caught at each level.
TEST_F(task_test, a_deep_recursion_is_cancelled) {
  constexpr int levels = 20'000;
  bool arrived = false;
  auto body = [&]() -> task<> {
    auto handle = spawn(deep_then(levels, arrived, 1h));
    co_await sleep_for(1s);
    EXPECT_EQ(counted::live(), levels + 1);
    handle.cancel();
    bool was_cancelled = false;
    try {
      co_await handle;
    } catch (const cancelled&) {
      was_cancelled = true;
    }
    EXPECT_TRUE(was_cancelled);
    EXPECT_EQ(counted::live(), 0);
  };
  simulate(body());
  EXPECT_TRUE(arrived);
}

}  // namespace
}  // namespace magpie::testing
