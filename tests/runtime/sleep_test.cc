#include "magpie/runtime/sleep.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <limits>
#include <random>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "magpie/runtime/error.h"
#include "magpie/runtime/gather.h"
#include "magpie/runtime/run.h"
#include "magpie/runtime/spawn.h"
#include "magpie/runtime/testing/simulation.h"
#include "magpie/tests/runtime/elapsed.h"
#include "magpie/tests/runtime/leftovers.h"
#include "magpie/tests/runtime/schedules.h"
#include "magpie/tests/runtime/sleeping.h"

namespace magpie::testing {
namespace sleep_test {

using namespace std::chrono_literals;

class sleep_test : public over_workers {};
MAGPIE_OVER_WORKERS(sleep_test);

// ------------------------------------------------------------------------------------- exactness

task<> exact_times() {
  co_await sleep_for(3s);
  EXPECT_EQ(elapsed(), 3s);
  co_await sleep_for(1ns);
  EXPECT_EQ(elapsed(), 3s + 1ns);
  co_await sleep_until(clock::time_point(10s));
  EXPECT_EQ(elapsed(), 10s);
  co_await sleep_for(std::chrono::duration<double>(0.25));
  EXPECT_EQ(elapsed(), 10s + 250ms);
  co_await sleep_for(std::chrono::duration<float, std::milli>(0.5F));
  EXPECT_EQ(elapsed(), 10s + 250ms + 500us);
  co_await sleep_for(std::chrono::days(400));
  EXPECT_EQ(elapsed(), 10s + 250ms + 500us + std::chrono::days(400));
}

TEST_P(sleep_test, is_exact_in_virtual_time) {
  in_simulated_orders(GetParam(), [] { return exact_times(); });
}

task<> no_time_at_all() {
  co_await sleep_for(5s);
  co_await sleep_for(0s);
  co_await sleep_for(-1ns);
  co_await sleep_for(-5h);
  co_await sleep_for(clock::duration::min());
  co_await sleep_for(std::chrono::hours::min());
  co_await sleep_for(std::chrono::duration<double>(-std::numeric_limits<double>::infinity()));
  co_await sleep_for(std::chrono::duration<double>(std::numeric_limits<double>::quiet_NaN()));
  co_await sleep_until(clock::time_point(4s));
  co_await sleep_until(clock::now());
  co_await sleep_until(clock::time_point::min());
  EXPECT_EQ(elapsed(), 5s);
}

TEST_P(sleep_test, into_the_past_takes_no_time) {
  in_simulated_orders(GetParam(), [] { return no_time_at_all(); });
}

TEST_P(sleep_test, on_threads_never_too_early) {
  auto body = []() -> task<> {
    for (const auto length : {0ns, 1ns, 100'000ns, 3'000'000ns}) {
      const auto before = std::chrono::steady_clock::now();
      co_await sleep_for(length);
      EXPECT_GE(std::chrono::steady_clock::now() - before, length);
    }
    co_await sleep_for(-1h);
    co_await sleep_until(clock::time_point::min());
  };
  run(body(), options().workers(GetParam()));
}

task<> sleep_then_write(clock::duration length, int number, std::vector<int>& order) {
  const counted frame;
  co_await sleep_for(length);
  EXPECT_EQ(elapsed(), length);
  order.push_back(number);
}

task<> sleep_sort() {
  std::vector<int> order;
  std::vector<task<>> children;
  const std::vector<int> lengths{5, 3, 8, 1, 9, 2, 7, 4, 6, 0};
  for (const int length : lengths)
    children.push_back(sleep_then_write(std::chrono::seconds(length), length, order));
  co_await gather(std::move(children));
  EXPECT_EQ(order, (std::vector<int>{0, 1, 2, 3, 4, 5, 6, 7, 8, 9}));
}

TEST_P(sleep_test, in_the_order_of_the_deadlines) {
  in_simulated_orders(GetParam(), [] { return sleep_sort(); });
}

// One worker: equal deadlines in the order in which they went to sleep.
TEST(sleep_order_test, equal_deadlines_in_the_order_of_going_to_sleep) {
  auto body = []() -> task<> {
    std::vector<int> order;
    std::vector<task<>> children;
    for (int i = 0; i < 100; ++i)
      children.push_back(sleep_then_write(1s, i, order));
    co_await gather(std::move(children));
    std::vector<int> expected;
    for (int i = 0; i < 100; ++i)
      expected.push_back(i);
    EXPECT_EQ(order, expected);
  };
  simulate(body());
}

// Others that are ready go first, even if the deadline has passed.
TEST(sleep_order_test, into_the_past_lets_others_run_first) {
  auto body = []() -> task<std::string> {
    std::string order;
    auto other = [&order]() -> task<> {
      order += 'o';
      co_return;
    };
    auto beside = spawn(other());
    co_await sleep_for(-1s);
    order += 's';
    co_await beside;
    co_return order;
  };
  EXPECT_EQ(simulate(body()), "os");
}

// ----------------------------------------------------------------------------------- far away

// A heartbeat for four hundred days, beside a sleep of as long.
task<> four_hundred_days() {
  int beats = 0;
  auto heartbeat = [&beats]() -> task<> {
    for (;;) {
      co_await sleep_for(1h);
      ++beats;
    }
  };
  auto ticking = spawn(heartbeat());
  co_await sleep_for(std::chrono::days(400) + 1s);
  EXPECT_EQ(beats, 9600);
  EXPECT_EQ(elapsed(), std::chrono::days(400) + 1s);
  ticking.cancel();
  ticking.detach();
}

TEST_P(sleep_test, four_hundred_days_are_quick) {
  simulate(four_hundred_days(), simulation_options().workers(GetParam()));
}

task<> for_ever() {
  bool first = false;
  bool second = false;
  bool third = false;
  auto endless = spawn(sleep_unless_cancelled(first, clock::duration::max()));
  auto saturated = spawn(sleep_unless_cancelled(second, std::chrono::days(400'000)));
  auto until_the_end = [&third]() -> task<> {
    try {
      co_await sleep_until(clock::time_point::max());
    } catch (const cancelled&) {
      third = true;
    }
  };
  auto last = spawn(until_the_end());
  co_await sleep_for(std::chrono::days(100'000));
  EXPECT_FALSE(endless.done() || saturated.done() || last.done());
  endless.cancel();
  saturated.cancel();
  last.cancel();
  co_await last;
  co_await sleep_for(1s);
  EXPECT_TRUE(first && second && third);
  endless.detach();
  saturated.detach();
}

TEST_P(sleep_test, for_ever_is_until_cancelled) {
  in_simulated_orders(GetParam(), [] { return for_ever(); });
}

TEST_P(sleep_test, near_the_end_of_the_clock) {
  auto body = []() -> task<> {
    const auto start = clock::now();
    co_await sleep_for(1h);
    EXPECT_EQ(clock::now() - start, 1h);
    co_await sleep_until(clock::time_point::max() - 1ns);
    EXPECT_EQ(clock::now(), clock::time_point::max() - 1ns);
  };
  simulate(body(), simulation_options()
                       .workers(GetParam())
                       .start(clock::time_point::max() - std::chrono::hours(24)));
}

TEST_P(sleep_test, from_before_the_start_of_the_clock) {
  auto body = []() -> task<> {
    co_await sleep_for(2h);
    EXPECT_EQ(clock::now(), clock::time_point(1h));
  };
  simulate(body(), simulation_options().workers(GetParam()).start(clock::time_point(-1h)));
}

// ---------------------------------------------------------------------------------- cancellation

// Sleeps of 0 to 4 s, cancelled at each moment, before, at and after their deadline.
task<> cancelled_when(clock::duration when, clock::duration length) {
  bool woke = false;
  bool was_cancelled = false;
  auto sleeps = [&]() -> task<> {
    const counted frame;
    try {
      co_await sleep_for(length);
      woke = true;
      EXPECT_EQ(elapsed(), length);
    } catch (const cancelled&) {
      was_cancelled = true;
      EXPECT_EQ(elapsed(), when);
    }
  };
  auto handle = spawn(sleeps());
  co_await sleep_for(when);
  handle.cancel();
  co_await handle;
  // One of the two, and which one is certain unless both are due at the same moment.
  EXPECT_NE(woke, was_cancelled);
  if (when != length) {
    EXPECT_EQ(was_cancelled, when < length);
  }
  EXPECT_EQ(counted::live(), 0);
}

TEST_P(sleep_test, cancelled_at_every_moment) {
  for (int length = 0; length <= 4; ++length) {
    for (int when = 0; when <= 5; ++when) {
      in_simulated_orders(GetParam(), [=] {
        return cancelled_when(std::chrono::seconds(when), std::chrono::seconds(length));
      });
    }
  }
}

// If the deadline and the cancellation fall on the same moment, either may win; but one worker
// fires all its timers before it runs a task.
TEST_P(sleep_test, due_and_cancelled_at_once) {
  int woken = 0;
  int cancellations = 0;
  for (std::uint64_t seed = 1; seed <= 300; ++seed) {
    auto body = [&]() -> task<> {
      auto sleeps = [&]() -> task<> {
        try {
          co_await sleep_for(1s);
          ++woken;
        } catch (const cancelled&) {
          ++cancellations;
        }
      };
      auto handle = spawn(sleeps());
      co_await sleep_for(1s);
      handle.cancel();
      co_await handle;
    };
    simulate(body(), simulation_options().workers(GetParam()).seed(seed));
  }
  EXPECT_EQ(woken + cancellations, 300);
  EXPECT_GT(woken, 0);
  EXPECT_EQ(cancellations > 0, GetParam() > 1);
}

task<> cancelled_before() {
  bool reached = false;
  auto sleeps = [&reached]() -> task<> {
    bool told = false;
    try {
      co_await sleep_for(24h);
    } catch (const cancelled&) {
      told = true;
    }
    EXPECT_TRUE(told);
    // From now on every sleep throws at once.
    told = false;
    try {
      co_await sleep_for(-1s);
    } catch (const cancelled&) {
      told = true;
    }
    EXPECT_TRUE(told);
    reached = true;
  };
  auto handle = spawn(sleeps());
  handle.cancel();
  co_await handle;
  EXPECT_TRUE(reached);
  EXPECT_EQ(elapsed(), 0s);
}

TEST_P(sleep_test, of_a_cancelled_task_throws_at_once) {
  in_simulated_orders(GetParam(), [] { return cancelled_before(); });
}

// The frame of a cancelled sleeper is used again by the next, whom the first one's deadline must
// not wake.
task<> slept_again() {
  auto sleeps = [](clock::duration length) -> task<> {
    const auto before = elapsed();
    try {
      co_await sleep_for(length);
      EXPECT_EQ(elapsed(), before + length);
    } catch (const cancelled&) {
    }
  };
  for (int i = 0; i < 5; ++i) {
    auto first = spawn(sleeps(1h));
    co_await sleep_for(1s);
    first.cancel();
    co_await first;
    co_await sleeps(3h);
    auto second = spawn(sleeps(3h));
    co_await second;
  }
  EXPECT_EQ(elapsed(), 30h + 5s);
}

TEST_P(sleep_test, cancelled_it_leaves_no_deadline_behind) {
  in_simulated_orders(GetParam(), [] { return slept_again(); });
}

TEST_P(sleep_test, cancelled_from_another_thread) {
  runtime threads(options().workers(GetParam()));
  auto sleeps = []() -> task<> {
    const counted frame;
    co_await sleep_for(24h);
  };
  for (int i = 0; i < 200; ++i) {
    auto handle = threads.spawn(sleeps());
    if (i % 2 == 0) {
      while (counted::live() == 0)
        std::this_thread::yield();
    }
    handle.cancel();
    EXPECT_THROW(handle.get(), cancelled);
    ASSERT_EQ(counted::live(), 0);
  }
}

// --------------------------------------------------------------------------------------- many

// Deadlines reckoned beforehand; each is met exactly, whatever the number of workers.
task<> many_sleepers(std::uint64_t seed) {
  std::mt19937_64 random(seed);
  auto sleeps = [](clock::duration first, clock::duration second) -> task<> {
    const counted frame;
    co_await sleep_for(first);
    EXPECT_EQ(elapsed(), first);
    co_await sleep_until(clock::time_point(second));
    EXPECT_EQ(elapsed(), std::max(first, second));
  };
  std::vector<task<>> all;
  for (int i = 0; i < 300; ++i) {
    const auto first = std::chrono::microseconds(random() % 5000);
    const auto second = std::chrono::microseconds(random() % 10000);
    all.push_back(sleeps(first, second));
  }
  co_await gather(std::move(all));
}

TEST_P(sleep_test, many_at_once) {
  for (std::uint64_t seed = 1; seed <= 30; ++seed) {
    simulate(many_sleepers(seed), simulation_options().workers(GetParam()).seed(seed));
  }
}

}  // namespace sleep_test
}  // namespace magpie::testing
