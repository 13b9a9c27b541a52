#include "magpie/runtime/gather.h"

#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <memory>
#include <stdexcept>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "magpie/runtime/error.h"
#include "magpie/runtime/run.h"
#include "magpie/runtime/sleep.h"
#include "magpie/runtime/spawn.h"
#include "magpie/tests/runtime/elapsed.h"
#include "magpie/tests/runtime/gather_children.h"
#include "magpie/tests/runtime/leftovers.h"

namespace magpie::testing {
namespace gather_failure_test {

using namespace std::chrono_literals;

class gather_failure_test : public over_gathers {};
MAGPIE_OVER_WORKERS(gather_failure_test);

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

TEST_P(gather_failure_test, the_first_failure_cancels_the_others) {
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

TEST_P(gather_failure_test, the_first_failure_cancels_the_others_of_a_range) {
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

TEST_P(gather_failure_test, of_several_failures_the_first_wins) {
  simulated([] { return several_failures(); });
}

task<> failures_at_the_same_moment() {
  auto message = error_of(gather(fail_after(1s, "a"), fail_after(1s, "b"), fail_after(1s, "c")));
  const std::string caught = co_await std::move(message);
  EXPECT_TRUE(caught == "a" || caught == "b" || caught == "c") << caught;
}

TEST_P(gather_failure_test, of_failures_at_the_same_moment_one_wins) {
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

TEST_P(gather_failure_test, a_failure_before_anything_suspends) {
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

TEST_P(gather_failure_test, all_children_are_awaited) {
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

TEST_P(gather_failure_test, a_failure_in_an_inner_gather_stays_there) {
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

TEST_P(gather_failure_test, results_beside_a_failure_are_destroyed) {
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

TEST_P(gather_failure_test, cancelled_from_outside) {
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

TEST_P(gather_failure_test, a_child_that_throws_cancelled) {
  simulated([] { return child_throws_cancelled(); });
}

TEST_P(gather_failure_test, cancelled_on_threads_at_any_moment) {
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

}  // namespace gather_failure_test
}  // namespace magpie::testing
