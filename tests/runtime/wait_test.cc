#include "magpie/runtime/wait.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <optional>
#include <stdexcept>
#include <string>
#include <vector>

#include "magpie/runtime/error.h"
#include "magpie/runtime/run.h"
#include "magpie/runtime/sleep.h"
#include "magpie/runtime/testing/simulation.h"
#include "magpie/tests/runtime/disturbances.h"
#include "magpie/tests/runtime/elapsed.h"
#include "magpie/tests/runtime/ends_cancelled.h"
#include "magpie/tests/runtime/leftovers.h"
#include "magpie/tests/runtime/naps.h"
#include "magpie/tests/runtime/schedules.h"

namespace magpie::testing {
namespace wait_test {

using namespace std::chrono_literals;
using places = std::vector<std::size_t>;

class wait_test : public over_workers {};
MAGPIE_OVER_WORKERS(wait_test);

task<int> fail_after(clock::duration delay) {
  co_await sleep_for(delay);
  throw std::runtime_error("failed");
}

std::vector<join_handle<int>> naps(const std::vector<int>& seconds) {
  std::vector<join_handle<int>> handles;
  for (const int s : seconds)
    handles.push_back(spawn(nap(std::chrono::seconds(s), s)));
  return handles;
}

task<> cancel_all(std::vector<join_handle<int>>& handles) {
  for (auto& each : handles)
    each.cancel();
  const wait_result all = co_await wait(handles);
  EXPECT_TRUE(all.pending.empty());
}

TEST_P(wait_test, all_in_the_order_of_their_ends) {
  auto body = []() -> task<> {
    auto handles = naps({3, 1, 2});
    const wait_result seen = co_await wait(handles);
    EXPECT_EQ(seen.done, (places{1, 2, 0}));
    EXPECT_TRUE(seen.pending.empty());
    EXPECT_EQ(elapsed(), 3s);
    // The outcomes are still there, and what has ended is told at once.
    const wait_result again = co_await wait(handles, wait_until::first_completed);
    EXPECT_EQ(again.done, (places{0, 1, 2}));
    EXPECT_EQ(elapsed(), 3s);
    for (auto& each : handles)
      co_await each;
  };
  in_simulated_orders(GetParam(), body);
}

TEST_P(wait_test, the_first_to_complete) {
  auto body = []() -> task<> {
    auto handles = naps({3, 1, 2});
    const wait_result seen = co_await wait(handles, wait_until::first_completed);
    EXPECT_EQ(seen.done, (places{1}));
    EXPECT_EQ(seen.pending, (places{0, 2}));
    EXPECT_EQ(elapsed(), 1s);
    co_await cancel_all(handles);
  };
  in_simulated_orders(GetParam(), body);
}

TEST_P(wait_test, the_first_exception) {
  auto body = []() -> task<> {
    auto handles = naps({1, 5});
    handles.push_back(spawn(fail_after(2s)));
    const wait_result seen = co_await wait(handles, wait_until::first_exception);
    EXPECT_EQ(seen.done, (places{0, 2}));
    EXPECT_EQ(seen.pending, (places{1}));
    EXPECT_EQ(elapsed(), 2s);
    bool failed = false;
    try {
      co_await handles[2];
    } catch (const std::runtime_error&) {
      failed = true;
    }
    EXPECT_TRUE(failed);
    handles.erase(handles.begin() + 2);
    co_await cancel_all(handles);
    // None fails: all.
    auto good = naps({1, 2});
    const wait_result all = co_await wait(good, wait_until::first_exception);
    EXPECT_EQ(all.done, (places{0, 1}));
    for (auto& each : good)
      co_await each;
  };
  in_simulated_orders(GetParam(), body);
}

TEST_P(wait_test, a_timeout_cancels_nothing) {
  auto body = []() -> task<> {
    auto handles = naps({1, 3});
    const wait_result seen = co_await wait(handles, wait_until::all_completed, 2s);
    EXPECT_EQ(seen.done, (places{0}));
    EXPECT_EQ(seen.pending, (places{1}));
    EXPECT_EQ(elapsed(), 2s);
    const int slow = co_await handles[1];
    EXPECT_EQ(slow, 3);
    const int quick = co_await handles[0];
    EXPECT_EQ(quick, 1);
    const std::vector<join_handle<int>> none;
    const wait_result nobody = co_await wait(none);
    EXPECT_TRUE(nobody.done.empty() && nobody.pending.empty());
  };
  in_simulated_orders(GetParam(), body);
}

TEST_P(wait_test, being_cancelled_cancels_nothing) {
  auto waits = [](std::vector<join_handle<int>>& handles) -> task<> { co_await wait(handles); };
  auto body = [&]() -> task<> {
    auto handles = naps({3});
    auto waiter = spawn(waits(handles));
    co_await sleep_for(1s);
    waiter.cancel();
    const bool was_cancelled = co_await ends_cancelled(waiter);
    EXPECT_TRUE(was_cancelled);
    const int value = co_await handles[0];
    EXPECT_EQ(value, 3);
  };
  in_simulated_orders(GetParam(), body);
}

TEST_P(wait_test, several_may_wait_for_the_same_tasks) {
  auto waits = [](std::vector<join_handle<int>>& handles) -> task<> {
    const wait_result seen = co_await wait(handles);
    EXPECT_EQ(seen.done, (places{0, 1}));
  };
  auto body = [&]() -> task<> {
    auto handles = naps({1, 2});
    auto one = spawn(waits(handles));
    auto two = spawn(waits(handles));
    const int last = co_await handles[1];  // And somebody for the outcome.
    EXPECT_EQ(last, 2);
    co_await one;
    co_await two;
  };
  in_simulated_orders(GetParam(), body);
}

// ------------------------------------------------------------------------------------ as_completed

TEST_P(wait_test, tells_one_after_the_other) {
  auto body = []() -> task<> {
    auto handles = naps({3, 1, 2});
    as_completed order(handles);
    std::vector<int> values;
    while (order.remaining() > 0) {
      const std::optional<std::size_t> next = co_await order.next();
      const int value = co_await handles[next.value()];
      values.push_back(value);
      EXPECT_EQ(elapsed(), std::chrono::seconds(value));
    }
    EXPECT_EQ(values, (std::vector<int>{1, 2, 3}));
    const std::optional<std::size_t> none = co_await order.next();
    EXPECT_FALSE(none.has_value());
  };
  in_simulated_orders(GetParam(), body);
}

TEST_P(wait_test, tasks_of_several_types_with_a_limit) {
  auto text = []() -> task<std::string> {
    co_await sleep_for(1s);
    co_return "text";
  };
  auto body = [&]() -> task<> {
    auto number = spawn(nap(3s, 5));
    auto word = spawn(text());
    as_completed order(number, word);
    const auto first = co_await order.next();
    EXPECT_EQ(first, 1U);
    const auto late = co_await order.next_until(clock::time_point(2s));
    EXPECT_FALSE(late.has_value());
    EXPECT_EQ(order.remaining(), 1U);
    const auto second = co_await order.next();
    EXPECT_EQ(second, 0U);
    EXPECT_FALSE(order.has_failed(0));
  };
  in_simulated_orders(GetParam(), body);
}

TEST(as_completed_misuse_test, is_told) {
  auto waits = [](as_completed& order) -> task<> { co_await order.next(); };
  auto body = [&]() -> task<> {
    join_handle<int> empty;
    EXPECT_THROW(as_completed order(empty), usage_error);
    auto handle = spawn(nap(2s, 1));
    as_completed order(handle);
    auto first = spawn(waits(order));
    co_await sleep_for(1s);
    bool refused = false;
    try {
      co_await order.next();
    } catch (const usage_error&) {
      refused = true;
    }
    EXPECT_TRUE(refused);
    co_await first;
  };
  simulate(body());
}

// The waiter is cancelled at every moment: the tasks end, and it has seen each at most once.
TEST_P(wait_test, cancelled_at_every_moment) {
  auto victim = []() -> task<> {
    auto handles = naps({1, 2, 2});
    as_completed order(handles);
    std::vector<int> seen(3);
    while (order.remaining() > 0) {
      const std::optional<std::size_t> next = co_await order.next();
      EXPECT_EQ(++seen.at(next.value()), 1);
    }
  };
  cancelled_at_every_moment(GetParam(), 3, victim);
}

// On real threads, each end is told exactly once.
TEST_P(wait_test, storms) {
  auto yields = [](int times) -> task<int> {
    for (int i = 0; i < times; ++i)
      co_await yield();
    co_return times;
  };
  auto body = [&]() -> task<> {
    for (int round = 0; round < 50; ++round) {
      std::vector<join_handle<int>> handles;
      for (int i = 0; i < 40; ++i)
        handles.push_back(spawn(yields(i % 9)));
      as_completed order(handles);
      std::vector<int> seen(handles.size());
      while (order.remaining() > 0) {
        const std::optional<std::size_t> next = co_await order.next();
        ++seen.at(next.value());
      }
      EXPECT_TRUE(std::all_of(seen.begin(), seen.end(), [](int n) { return n == 1; }));
    }
  };
  run(body(), options().workers(GetParam()));
}

}  // namespace wait_test
}  // namespace magpie::testing
