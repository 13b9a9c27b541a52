#include "magpie/runtime/gather.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <random>
#include <stdexcept>
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
#include "magpie/runtime/spawn.h"
#include "magpie/runtime/testing/simulation.h"
#include "magpie/tests/runtime/leftovers.h"

namespace magpie::testing {
namespace {

using namespace std::chrono_literals;

class gather_test : public over_workers {
 protected:
  // Virtual time, 200 orders.
  template <class Make>
  void simulated(Make make) {
    for (std::uint64_t seed = 1; seed <= 200; ++seed) {
      SCOPED_TRACE("seed " + std::to_string(seed));
      simulate(make(), simulation_options().workers(GetParam()).seed(seed));
      ASSERT_EQ(counted::live(), 0);
      if (HasFailure()) return;
    }
  }
  // And on threads. For bodies that do not sleep.
  template <class Make>
  void in_all_orders(Make make) {
    simulated(make);
    SCOPED_TRACE("threads");
    runtime threads(options().workers(GetParam()));
    for (int i = 0; i < 20 && !HasFailure(); ++i) {
      threads.run(make());
      ASSERT_EQ(counted::live(), 0);
    }
  }
};
MAGPIE_OVER_WORKERS(gather_test);

clock::duration elapsed() {
  return clock::now().time_since_epoch();
}

// The result after some turns.
template <class T>
task<T> give(T value, int turns) {
  const counted frame;
  for (int i = 0; i < turns; ++i)
    co_await yield();
  co_return std::move(value);
}

task<> nothing(int turns) {
  const counted frame;
  for (int i = 0; i < turns; ++i)
    co_await yield();
}

task<int&> refer(int& to, int turns) {
  const counted frame;
  for (int i = 0; i < turns; ++i)
    co_await yield();
  co_return to;
}

task<int> after(clock::duration delay, int value) {
  const counted frame;
  co_await sleep_for(delay);
  co_return value;
}

task<int> fail_after(clock::duration delay, std::string what) {
  const counted frame;
  co_await sleep_for(delay);
  throw std::runtime_error(what);
}

// Sleeps for a day, or notes that it was told not to.
task<int> sleep_long(int& cancelled_there) {
  const counted frame;
  try {
    co_await sleep_for(24h);
  } catch (const cancelled&) {
    ++cancelled_there;
    throw;
  }
  co_return 0;
}

template <class Awaitable>
task<std::string> error_of(Awaitable awaited) {
  std::string caught = "none";
  try {
    (void)co_await awaited;
  } catch (const cancelled&) {
    caught = "cancelled";
  } catch (const std::exception& error) {
    caught = error.what();
  }
  co_return caught;
}

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
      co_await both;
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

task<long> tree(int depth, int turns) {
  const counted frame;
  if (depth == 0) {
    for (int i = 0; i < turns; ++i)
      co_await yield();
    co_return 1;
  }
  const auto [a, b, c] =
      co_await gather(tree(depth - 1, turns), tree(depth - 1, turns), tree(depth - 1, turns));
  co_return a + b + c;
}

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

// -------------------------------------------------------------------------------------- failures

task<> first_failure_cancels() {
  int cancelled_there = 0;
  auto message = error_of(gather(sleep_long(cancelled_there), fail_after(2s, "two"),
                                 sleep_long(cancelled_there), after(1s, 1)));
  const std::string caught = co_await std::move(message);
  EXPECT_EQ(caught, "two");
  EXPECT_EQ(cancelled_there, 2);
  // All have ended, at that very moment.
  EXPECT_EQ(elapsed(), 2s);
  EXPECT_EQ(counted::live(), 0);
  // The caller itself is not cancelled.
  co_await sleep_for(1s);
  EXPECT_EQ(elapsed(), 3s);
}

TEST_P(gather_test, the_first_failure_cancels_the_others) {
  simulated([] { return first_failure_cancels(); });
}

task<> first_failure_in_a_range() {
  int cancelled_there = 0;
  std::vector<task<int>> children;
  for (int i = 0; i < 20; ++i)
    children.push_back(sleep_long(cancelled_there));
  children.insert(children.begin() + 7, fail_after(2s, "seven"));
  auto message = error_of(gather(std::move(children)));
  const std::string caught = co_await std::move(message);
  EXPECT_EQ(caught, "seven");
  EXPECT_EQ(cancelled_there, 20);
  EXPECT_EQ(elapsed(), 2s);
  EXPECT_EQ(counted::live(), 0);
}

TEST_P(gather_test, the_first_failure_cancels_the_others_of_a_range) {
  simulated([] { return first_failure_in_a_range(); });
}

task<> several_failures() {
  auto fails_on_cancel = []() -> task<int> {
    const counted frame;
    try {
      co_await sleep_for(24h);
    } catch (const cancelled&) {
      throw std::runtime_error("only because it was cancelled");
    }
    co_return 0;
  };
  auto message = error_of(gather(fails_on_cancel(), fail_after(3s, "three"), fail_after(1s, "one"),
                                 fail_after(2s, "two"), fails_on_cancel()));
  const std::string caught = co_await std::move(message);
  EXPECT_EQ(caught, "one");
  EXPECT_EQ(elapsed(), 1s);
}

TEST_P(gather_test, of_several_failures_the_first_wins) {
  simulated([] { return several_failures(); });
}

task<> failures_at_the_same_moment() {
  auto message = error_of(gather(fail_after(1s, "a"), fail_after(1s, "b"), fail_after(1s, "c")));
  const std::string caught = co_await std::move(message);
  EXPECT_TRUE(caught == "a" || caught == "b" || caught == "c") << caught;
}

TEST_P(gather_test, of_failures_at_the_same_moment_one_wins) {
  simulated([] { return failures_at_the_same_moment(); });
}

task<int> fail_at_once() {
  const counted frame;
  throw std::runtime_error("at once");
  co_return 0;
}

// Nobody has suspended yet when it fails.
task<> failure_before_anything_suspends() {
  std::atomic<int> ended = 0;
  auto may_start = [&ended]() -> task<int> {
    const counted frame;
    try {
      for (int i = 0; i < 1000; ++i)
        co_await yield();
    } catch (const cancelled&) {
      ++ended;
      throw;
    }
    ++ended;
    co_return 0;
  };
  auto message = error_of(gather(fail_at_once(), may_start(), may_start()));
  const std::string caught = co_await std::move(message);
  EXPECT_EQ(caught, "at once");
  EXPECT_EQ(ended, 2);
  EXPECT_EQ(counted::live(), 0);
}

TEST_P(gather_test, a_failure_before_anything_suspends) {
  in_all_orders([] { return failure_before_anything_suspends(); });
}

// What the cancelled child does before it ends is still waited for.
task<> slow_to_end() {
  int steps = 0;
  auto cleans_up = [&steps]() -> task<int> {
    const counted frame;
    bool told = false;
    try {
      co_await sleep_for(24h);
    } catch (const cancelled&) {
      told = true;
    }
    // A handle that somebody else completes could be waited for here; a yield already throws.
    if (told) ++steps;
    co_return 0;
  };
  auto message = error_of(gather(cleans_up(), fail_after(1s, "one"), cleans_up()));
  const std::string caught = co_await std::move(message);
  EXPECT_EQ(caught, "one");
  EXPECT_EQ(steps, 2);
}

TEST_P(gather_test, all_children_are_awaited) {
  simulated([] { return slow_to_end(); });
}

task<> failure_in_an_inner_gather() {
  int inner_cancelled = 0;
  int outer_cancelled = 0;
  auto inner = [&]() -> task<int> {
    const counted frame;
    auto message = error_of(gather(sleep_long(inner_cancelled), fail_after(1s, "inner")));
    const std::string caught = co_await std::move(message);
    EXPECT_EQ(caught, "inner");
    co_await sleep_for(1s);
    throw std::runtime_error("outer");
  };
  auto message = error_of(gather(sleep_long(outer_cancelled), inner()));
  const std::string caught = co_await std::move(message);
  EXPECT_EQ(caught, "outer");
  EXPECT_EQ(inner_cancelled, 1);
  EXPECT_EQ(outer_cancelled, 1);
  EXPECT_EQ(elapsed(), 2s);
}

TEST_P(gather_test, a_failure_in_an_inner_gather_stays_there) {
  simulated([] { return failure_in_an_inner_gather(); });
}

// The others are values that move only: they are destroyed.
task<> values_beside_a_failure() {
  auto holds = [](int turns) -> task<std::unique_ptr<counted>> {
    for (int i = 0; i < turns; ++i)
      co_await yield();
    co_return std::make_unique<counted>();
  };
  auto message = error_of(gather(holds(0), fail_at_once(), holds(0), nothing(3)));
  const std::string caught = co_await std::move(message);
  EXPECT_EQ(caught, "at once");
  EXPECT_EQ(counted::live(), 0);
}

TEST_P(gather_test, results_beside_a_failure_are_destroyed) {
  in_all_orders([] { return values_beside_a_failure(); });
}

// ---------------------------------------------------------------------------------- cancellation

task<> cancelled_from_outside() {
  int cancelled_there = 0;
  bool went_on = false;
  auto gathers = [&]() -> task<> {
    std::vector<task<int>> range;
    for (int i = 0; i < 5; ++i)
      range.push_back(sleep_long(cancelled_there));
    auto inner = [&]() -> task<int> {
      co_await gather(sleep_long(cancelled_there), sleep_long(cancelled_there));
      co_return 0;
    };
    range.push_back(inner());
    co_await gather(std::move(range));
    went_on = true;
  };
  auto handle = spawn(gathers());
  co_await sleep_for(5s);
  handle.cancel();
  std::string caught;
  try {
    co_await handle;
  } catch (const cancelled&) {
    caught = "cancelled";
  }
  EXPECT_EQ(caught, "cancelled");
  EXPECT_EQ(cancelled_there, 7);
  EXPECT_FALSE(went_on);
  EXPECT_EQ(elapsed(), 5s);
  EXPECT_EQ(counted::live(), 0);
}

TEST_P(gather_test, cancelled_from_outside) {
  simulated([] { return cancelled_from_outside(); });
}

// A child that ends as cancelled of its own accord is a failure like any other.
task<> child_throws_cancelled() {
  int cancelled_there = 0;
  auto gives_up = []() -> task<int> {
    co_await sleep_for(1s);
    throw cancelled();
  };
  auto message = error_of(gather(sleep_long(cancelled_there), gives_up()));
  const std::string caught = co_await std::move(message);
  EXPECT_EQ(caught, "cancelled");
  EXPECT_EQ(cancelled_there, 1);
}

TEST_P(gather_test, a_child_that_throws_cancelled) {
  simulated([] { return child_throws_cancelled(); });
}

TEST_P(gather_test, cancelled_on_threads_at_any_moment) {
  runtime threads(options().workers(GetParam()));
  for (int i = 0; i < 200; ++i) {
    auto handle = threads.spawn(tree(4, 2));
    for (int j = 0; j < i % 10 * 20; ++j)
      std::this_thread::yield();
    handle.cancel();
    try {
      EXPECT_EQ(handle.get(), 81);
    } catch (const cancelled&) {
    }
    ASSERT_EQ(counted::live(), 0);
  }
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

TEST_P(gather_test, awaited_twice) {
  in_all_orders([] {
    auto body = []() -> task<> {
      auto both = gather(give(1, 0), give(2, 0));
      co_await both;
      std::string caught;
      try {
        co_await both;
      } catch (const usage_error& error) {
        caught = error.what();
      }
      EXPECT_NE(caught.find("awaited before"), std::string::npos) << caught;
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

class throws_when_moved {
 public:
  throws_when_moved(int& moves, int when) : moves_(&moves), when_(when) {}
  throws_when_moved(throws_when_moved&& other)
      : moves_(other.moves_), when_(other.when_), alive_(other.alive_) {
    if (++*moves_ == when_) throw std::runtime_error("moved");
  }

 private:
  int* moves_;
  int when_;
  counted alive_;
};

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

// ------------------------------------------------------------------------------- random programs

// The same tree of gathers, run as tasks and reckoned by hand. A node may fail; then all above it
// fail as well.
struct program {
  int value = 0;
  int turns = 0;
  bool sleeps = false;
  bool fails = false;
  bool as_range = false;
  std::vector<program> children;

  bool any_fails() const {
    return fails || std::any_of(children.begin(), children.end(),
                                [](const program& child) { return child.any_fails(); });
  }
  long sum() const {
    long all = value;
    for (const program& child : children)
      all += child.sum();
    return all;
  }
};

program random_program(std::mt19937_64& random, int depth, bool may_fail) {
  program made;
  made.value = static_cast<int>(random() % 1000);
  made.turns = static_cast<int>(random() % 3);
  made.sleeps = random() % 3 == 0;
  made.fails = may_fail && random() % 15 == 0;
  made.as_range = random() % 2 == 0;
  const std::size_t children = depth == 0 ? 0 : random() % 4;
  for (std::size_t i = 0; i < children; ++i)
    made.children.push_back(random_program(random, depth - 1, may_fail));
  return made;
}

task<long> execute(const program& what) {
  const counted frame;
  if (what.sleeps) co_await sleep_for(std::chrono::milliseconds(what.value));
  for (int i = 0; i < what.turns; ++i)
    co_await yield();
  long sum = what.value;
  if (what.as_range || what.children.size() != 2) {
    std::vector<task<long>> children;
    for (const program& child : what.children)
      children.push_back(execute(child));
    const std::vector<long> results = co_await gather(std::move(children));
    for (const long result : results)
      sum += result;
  } else {
    const auto [a, b] = co_await gather(execute(what.children[0]), execute(what.children[1]));
    sum += a + b;
  }
  if (what.fails) throw std::runtime_error("failed");
  co_return sum;
}

task<> compare(const program& what) {
  std::optional<long> result;
  try {
    result = co_await execute(what);
  } catch (const std::runtime_error&) {
  }
  EXPECT_EQ(counted::live(), 0);
  EXPECT_EQ(result.has_value(), !what.any_fails());
  if (result) {
    EXPECT_EQ(*result, what.sum());
  }
}

TEST_P(gather_test, random_programs) {
  for (std::uint64_t seed = 1; seed <= 400 && !HasFailure(); ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    std::mt19937_64 random(seed);
    const program what = random_program(random, 5, seed % 2 == 0);
    simulate(compare(what), simulation_options().workers(GetParam()).seed(seed));
  }
}

// The program is cancelled at its n-th turn, for each n: it ends, and leaves nothing behind.
TEST_P(gather_test, random_programs_cancelled_at_every_turn) {
  for (std::uint64_t seed = 1; seed <= 10 && !HasFailure(); ++seed) {
    std::mt19937_64 random(seed);
    program what = random_program(random, 4, false);
    what.turns = 2;
    bool ended_first = false;
    for (int turns = 0; turns < 10'000 && !ended_first && !HasFailure(); ++turns) {
      simulation world(simulation_options().workers(GetParam()).seed(seed));
      auto handle = world.spawn(execute(what));
      int left = turns;
      world.run_until([&] { return handle.done() || left-- == 0; });
      ended_first = handle.done();
      handle.cancel();
      world.run_until([&] { return handle.done(); });
      try {
        EXPECT_EQ(handle.get(), what.sum());
      } catch (const cancelled&) {
        EXPECT_FALSE(ended_first);
      }
      EXPECT_EQ(counted::live(), 0);
    }
    EXPECT_TRUE(ended_first);
  }
}

}  // namespace
}  // namespace magpie::testing
