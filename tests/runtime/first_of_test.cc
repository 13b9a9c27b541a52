#include "magpie/runtime/first_of.h"

#include <gtest/gtest.h>

#include <chrono>
#include <cstddef>
#include <memory>
#include <stdexcept>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "magpie/runtime/error.h"
#include "magpie/runtime/run.h"
#include "magpie/runtime/sleep.h"
#include "magpie/runtime/spawn.h"
#include "magpie/tests/runtime/disturbances.h"
#include "magpie/tests/runtime/elapsed.h"
#include "magpie/tests/runtime/leftovers.h"
#include "magpie/tests/runtime/schedules.h"
#include "magpie/tests/runtime/throws_when_moved.h"

namespace magpie::testing {
namespace first_of_test {

using namespace std::chrono_literals;

class first_of_test : public over_workers {};
MAGPIE_OVER_WORKERS(first_of_test);

template <class T>
task<T> later(clock::duration delay, T value) {
  const counted frame;
  co_await sleep_for(delay);
  co_return std::move(value);
}

task<> nothing(clock::duration delay) {
  const counted frame;
  co_await sleep_for(delay);
}

task<int> fail_after(clock::duration delay) {
  const counted frame;
  co_await sleep_for(delay);
  throw std::runtime_error("failed");
}

TEST_P(first_of_test, gives_whoever_ends_first_and_cancels_the_others) {
  auto body = []() -> task<> {
    const auto first = co_await first_of(later(2s, 5), later(1s, std::string("text")), nothing(3s));
    EXPECT_EQ(first.index(), 1U);
    EXPECT_EQ(std::get<1>(first), "text");
    EXPECT_EQ(elapsed(), 1s);
    EXPECT_EQ(counted::live(), 0);
    const auto second = co_await first_of(nothing(1s), fail_after(2s));
    EXPECT_EQ(second.index(), 0U);
    auto owner = co_await first_of(later(1s, std::make_unique<int>(3)));
    EXPECT_EQ(*std::get<0>(owner), 3);
    int place = 0;
    auto refers = [&place]() -> task<int&> { co_return place; };
    const auto reference = co_await first_of(refers(), nothing(1s));
    EXPECT_EQ(&std::get<0>(reference).get(), &place);
    EXPECT_EQ(elapsed(), 3s);
  };
  in_simulated_orders(GetParam(), body);
}

TEST_P(first_of_test, an_exception_may_be_first) {
  auto body = []() -> task<> {
    bool failed = false;
    try {
      co_await first_of(later(2s, 5), fail_after(1s));
    } catch (const std::runtime_error&) {
      failed = true;
    }
    EXPECT_TRUE(failed);
    EXPECT_EQ(elapsed(), 1s);
    const auto value = co_await first_of(later(1s, 5), fail_after(2s));
    EXPECT_EQ(value.index(), 0U);
  };
  in_simulated_orders(GetParam(), body);
}

TEST_P(first_of_test, of_many) {
  auto body = []() -> task<> {
    std::vector<task<int>> tasks;
    for (int i = 0; i < 10; ++i)
      tasks.push_back(later(std::chrono::seconds(1 + (i + 5) % 10), i));
    const auto first = co_await first_of(std::move(tasks));
    EXPECT_EQ(first.index, 5U);
    EXPECT_EQ(first.value, 5);
    std::vector<task<>> quiet;
    quiet.push_back(nothing(2s));
    quiet.push_back(nothing(1s));
    const auto second = co_await first_of(std::move(quiet));
    EXPECT_EQ(second.index, 1U);
    EXPECT_EQ(elapsed(), 2s);
    bool refused = false;
    try {
      std::vector<task<>> none;
      co_await first_of(std::move(none));
    } catch (const usage_error&) {
      refused = true;
    }
    EXPECT_TRUE(refused);
  };
  in_simulated_orders(GetParam(), body);
}

// Somebody else has cancelled what one of them awaits: that one has ended.
TEST_P(first_of_test, a_foreign_cancellation_is_an_end) {
  auto joins = [](join_handle<int>& other) -> task<int> { co_return co_await other; };
  auto body = [&]() -> task<> {
    auto other = spawn(later(1h, 1));
    other.cancel();
    bool passed = false;
    try {
      co_await first_of(joins(other), later(1h, 2));
    } catch (const cancelled&) {
      passed = true;
    }
    EXPECT_TRUE(passed);
    EXPECT_EQ(elapsed(), 0s);
  };
  in_simulated_orders(GetParam(), body);
}

TEST_P(first_of_test, on_real_threads_exactly_one_wins) {
  auto yields = [](int times) -> task<int> {
    for (int i = 0; i < times; ++i)
      co_await yield();
    co_return times;
  };
  auto body = [&]() -> task<> {
    for (int round = 0; round < 300; ++round) {
      std::vector<task<int>> tasks;
      for (int i = 0; i < 6; ++i)
        tasks.push_back(yields((i + round) % 4));
      const auto first = co_await first_of(std::move(tasks));
      EXPECT_EQ(first.value, static_cast<int>((first.index + static_cast<std::size_t>(round)) % 4));
    }
  };
  run(body(), options().workers(GetParam()));
}

TEST_P(first_of_test, cancelled_at_every_moment) {
  auto victim = []() -> task<> {
    co_await first_of(later(1s, 1), nothing(2s));
    co_await first_of(nothing(2s), later(1s, 1), nothing(1s));
  };
  cancelled_at_every_moment(GetParam(), 5, victim);
}

// The first value cannot be moved to where it is wanted.
TEST(first_of_move_test, what_moving_the_value_throws_has_won) {
  auto body = []() -> task<> {
    auto second = []() -> task<> { co_await sleep_for(1h); };
    for (int count = 1; count < 6; ++count) {
      int moves = 0;
      const auto start = clock::now();
      auto moved = [&moves, count]() -> task<throws_when_moved> {
        co_await sleep_for(1s);
        co_return throws_when_moved(moves, count);
      };
      try {
        co_await first_of(moved(), second());
      } catch (const std::runtime_error&) {
        // From whichever of the moves.
      }
      EXPECT_EQ(clock::now() - start, 1s) << "the other one was waited for";
    }
  };
  simulate(body());
}

}  // namespace first_of_test
}  // namespace magpie::testing
