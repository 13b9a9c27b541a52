#include "magpie/runtime/gather.h"

#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <cstddef>
#include <functional>
#include <memory>
#include <string>
#include <thread>
#include <tuple>
#include <type_traits>
#include <utility>
#include <variant>
#include <vector>

#include "magpie/runtime/error.h"
#include "magpie/runtime/run.h"
#include "magpie/runtime/sleep.h"
#include "magpie/runtime/testing/simulation.h"
#include "magpie/tests/runtime/elapsed.h"
#include "magpie/tests/runtime/gather_children.h"
#include "magpie/tests/runtime/leftovers.h"
#include "magpie/tests/runtime/throws_when_moved.h"

namespace magpie::testing {
namespace gather_test {

using namespace std::chrono_literals;

class gather_test : public over_gathers {};
MAGPIE_OVER_WORKERS(gather_test);

// --------------------------------------------------------------------------------------- results

task<> tuple_of_all_kinds() {
  int object = 0;
  auto [number, none, text, unique, reference] =
      co_await gather(give(1, 3), nothing(1), give(std::string("two"), 2),
                      give(std::make_unique<int>(3), 0), refer(object, 1));
  static_assert(std::is_same_v<decltype(none), std::monostate>);
  static_assert(std::is_same_v<decltype(reference), int&>);
  EXPECT_EQ(number, 1);
  EXPECT_EQ(text, "two");
  EXPECT_EQ(*unique, 3);
  EXPECT_EQ(&reference, &object);
}

TEST_P(gather_test, a_tuple_of_all_kinds_in_order) {
  in_all_orders([] { return tuple_of_all_kinds(); });
}

task<> ranges() {
  std::vector<task<int>> numbers;
  for (int i = 0; i < 10; ++i)
    numbers.push_back(give(i, (i * 7) % 5));
  const std::vector<int> got = co_await gather(std::move(numbers));
  EXPECT_EQ(got, (std::vector<int>{0, 1, 2, 3, 4, 5, 6, 7, 8, 9}));

  std::vector<task<std::unique_ptr<int>>> unique;
  for (int i = 0; i < 3; ++i)
    unique.push_back(give(std::make_unique<int>(i), 3 - i));
  const std::vector<std::unique_ptr<int>> moved = co_await gather(std::move(unique));
  EXPECT_EQ(moved.size(), 3U);
  EXPECT_EQ(*moved[2], 2);

  int objects[3] = {};
  std::vector<task<int&>> references;
  for (int& each : objects)
    references.push_back(refer(each, 1));
  const std::vector<std::reference_wrapper<int>> referred = co_await gather(std::move(references));
  for (std::size_t i = 0; i < 3; ++i)
    EXPECT_EQ(&referred[i].get(), &objects[i]);

  std::vector<task<>> voids;
  for (int i = 0; i < 3; ++i)
    voids.push_back(nothing(i));
  co_await gather(std::move(voids));
}

TEST_P(gather_test, ranges_in_order) {
  in_all_orders([] { return ranges(); });
}

task<> no_tasks_and_one() {
  co_await gather();
  const std::vector<int> none = co_await gather(std::vector<task<int>>());
  EXPECT_TRUE(none.empty());
  co_await gather(std::vector<task<>>());
  const std::tuple<int> one = co_await gather(give(4, 0));
  EXPECT_EQ(std::get<0>(one), 4);
  co_await gather(nothing(2));
  std::vector<task<int>> single;
  single.push_back(give(5, 2));
  const std::vector<int> five = co_await gather(std::move(single));
  EXPECT_EQ(five, std::vector<int>{5});
}

TEST_P(gather_test, no_tasks_and_one) {
  in_all_orders([] { return no_tasks_and_one(); });
}

task<> delays() {
  const auto [a, b, c] = co_await gather(after(2s, 1), after(3s, 2), after(1s, 3));
  EXPECT_EQ(a * 100 + b * 10 + c, 123);
  EXPECT_EQ(elapsed(), 3s);
}

TEST_P(gather_test, takes_as_long_as_the_longest) {
  simulated([] { return delays(); });
}

TEST_P(gather_test, nothing_runs_before_it_is_awaited) {
  in_all_orders([] {
    auto body = []() -> task<> {
      bool ran = false;
      auto notes = [&ran]() -> task<> {
        ran = true;
        co_return;
      };
      auto both = gather(notes(), nothing(1));
      co_await yield();
      EXPECT_FALSE(ran);
      co_await std::move(both);
      EXPECT_TRUE(ran);
    };
    return body();
  });
}

// One worker runs what is ready in the order of the arguments.
TEST(gather_order_test, children_start_in_order) {
  auto body = []() -> task<std::string> {
    std::string order;
    auto writes = [&order](char letter) -> task<> {
      order += letter;
      co_await yield();
      order += letter;
    };
    co_await gather(writes('a'), writes('b'), writes('c'));
    std::vector<task<>> range;
    for (const char letter : {'x', 'y', 'z'})
      range.push_back(writes(letter));
    co_await gather(std::move(range));
    co_return order;
  };
  EXPECT_EQ(run(body(), options().workers(1)), "abcabcxyzxyz");
}

// ---------------------------------------------------------------------------------------- shapes

TEST_P(gather_test, nested) {
  in_all_orders([] {
    auto body = []() -> task<> {
      const long leaves = co_await tree(4, 1);
      EXPECT_EQ(leaves, 81);
    };
    return body();
  });
}

TEST_P(gather_test, a_large_tree_on_threads) {
  EXPECT_EQ(run(tree(9, 0), options().workers(GetParam())), 19683);
  EXPECT_EQ(run(tree(7, 3), options().workers(GetParam())), 2187);
}

task<long> list(long levels) {
  const counted frame;
  if (levels == 0) co_return 0;
  const auto [below, beside] = co_await gather(list(levels - 1), give(1, 0));
  co_return below + beside;
}

TEST_P(gather_test, a_hundred_thousand_deep) {
  constexpr long levels = 100'000;
  EXPECT_EQ(run(list(levels), options().workers(GetParam())), levels);
  EXPECT_EQ(simulate(list(levels), simulation_options().workers(GetParam())), levels);
}

task<> wide(int count, int turns) {
  std::vector<task<int>> children;
  children.reserve(static_cast<std::size_t>(count));
  for (int i = 0; i < count; ++i)
    children.push_back(give(i, turns));
  const std::vector<int> got = co_await gather(std::move(children));
  bool in_order = got.size() == static_cast<std::size_t>(count);
  for (std::size_t i = 0; i < got.size(); ++i)
    in_order = in_order && got[i] == static_cast<int>(i);
  EXPECT_TRUE(in_order);
}

TEST_P(gather_test, a_hundred_thousand_wide) {
  run(wide(100'000, 0), options().workers(GetParam()));
  run(wide(100'000, 2), options().workers(GetParam()));
  simulate(wide(100'000, 1), simulation_options().workers(GetParam()));
}

TEST_P(gather_test, again_and_again_in_one_frame) {
  auto body = []() -> task<long> {
    long sum = 0;
    for (int i = 0; i < 10'000; ++i) {
      const auto [a, b] = co_await gather(give(1, i % 2), give(2, i % 3));
      sum += a + b;
    }
    co_return sum;
  };
  EXPECT_EQ(run(body(), options().workers(GetParam())), 30'000);
}

// Each waits for the other without suspending: only two threads can end that.
TEST(gather_threads_test, idle_workers_take_children) {
  auto meets = [](std::atomic<int>& arrived) -> task<> {
    ++arrived;
    while (arrived < 2)
      std::this_thread::yield();
    co_return;
  };
  auto body = [&]() -> task<> {
    for (int i = 0; i < 100; ++i) {
      std::atomic<int> arrived = 0;
      co_await gather(meets(arrived), meets(arrived));
    }
  };
  run(body(), options().workers(2));
}

// ----------------------------------------------------------------------------------------- misuse

task<> gather_with_an_empty_task() {
  auto message = error_of(gather(give(1, 0), task<int>(), give(2, 0)));
  const std::string caught = co_await std::move(message);
  EXPECT_NE(caught.find("empty task"), std::string::npos) << caught;
  EXPECT_EQ(counted::live(), 0);

  std::vector<task<int>> range;
  range.push_back(give(1, 0));
  range.emplace_back();
  auto range_message = error_of(gather(std::move(range)));
  const std::string range_caught = co_await std::move(range_message);
  EXPECT_NE(range_caught.find("empty task"), std::string::npos) << range_caught;
  EXPECT_EQ(counted::live(), 0);
}

TEST_P(gather_test, an_empty_task_is_refused_and_nothing_leaks) {
  in_all_orders([] { return gather_with_an_empty_task(); });
}

// The usage_error that a second await of `all` throws.
template <class Gathered>
task<std::string> await_twice(Gathered all) {
  co_await std::move(all);
  std::string caught;
  try {
    co_await std::move(all);  // NOLINT(bugprone-use-after-move): that it is refused is the point.
  } catch (const usage_error& error) {
    caught = error.what();
  }
  co_return caught;
}

TEST_P(gather_test, awaited_twice) {
  in_all_orders([] {
    auto body = []() -> task<> {
      const std::string tuple = co_await await_twice(gather(give(1, 0), give(2, 0)));
      EXPECT_NE(tuple.find("awaited before"), std::string::npos) << tuple;
      std::vector<task<int>> two;
      two.push_back(give(1, 0));
      two.push_back(give(2, 0));
      const std::string range = co_await await_twice(gather(std::move(two)));
      EXPECT_NE(range.find("awaited before"), std::string::npos) << range;
    };
    return body();
  });
}

task<> keep(counted) {
  const counted frame;
  co_return;
}

TEST_P(gather_test, never_awaited_it_destroys_its_children) {
  {
    const auto tuple = gather(keep(counted()), keep(counted()));
    std::vector<task<>> range;
    for (int i = 0; i < 3; ++i)
      range.push_back(keep(counted()));
    const auto ranged = gather(std::move(range));
    EXPECT_EQ(counted::live(), 5);
  }
  EXPECT_EQ(counted::live(), 0);
}

// ------------------------------------------------------------------------------- throwing results

task<throws_when_moved> give_throwing(int& moves, int when) {
  co_return throws_when_moved(moves, when);
}

TEST(gather_results_test, results_whose_move_throws) {
  bool all_went_well = false;
  for (int when = 1; when < 50 && !all_went_well; ++when) {
    auto tuple = [when]() -> task<std::string> {
      int moves = 0;
      auto message = error_of(gather(give_throwing(moves, when), give_throwing(moves, when)));
      co_return co_await std::move(message);
    };
    auto range = [when]() -> task<std::string> {
      int moves = 0;
      std::vector<task<throws_when_moved>> children;
      for (int i = 0; i < 3; ++i)
        children.push_back(give_throwing(moves, when));
      auto message = error_of(gather(std::move(children)));
      co_return co_await std::move(message);
    };
    const std::string of_tuple = run(tuple(), options().workers(1));
    const std::string of_range = run(range(), options().workers(1));
    EXPECT_TRUE(of_tuple == "moved" || of_tuple == "none");
    EXPECT_TRUE(of_range == "moved" || of_range == "none");
    EXPECT_EQ(counted::live(), 0) << when;
    EXPECT_EQ(of_tuple == "moved", when <= 6) << when;
    EXPECT_EQ(of_range == "moved", when <= 9) << when;
    all_went_well = of_tuple == "none" && of_range == "none";
  }
  EXPECT_TRUE(all_went_well);
}

}  // namespace gather_test
}  // namespace magpie::testing
