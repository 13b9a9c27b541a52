#include "magpie/runtime/spawn.h"

#include <gtest/gtest.h>

#include <chrono>
#include <cstddef>
#include <cstdint>

#include "magpie/runtime/clock.h"
#include "magpie/runtime/error.h"
#include "magpie/runtime/sleep.h"
#include "magpie/runtime/testing/simulation.h"
#include "magpie/tests/runtime/ends_cancelled.h"
#include "magpie/tests/runtime/leftovers.h"
#include "magpie/tests/runtime/schedules.h"
#include "magpie/tests/runtime/spawned.h"

namespace magpie::testing {
namespace spawn_cancellation_test {

using namespace std::chrono_literals;

class spawn_cancellation_test : public over_workers {};
MAGPIE_OVER_WORKERS(spawn_cancellation_test);

class cancelled_handle_test : public runtime_test {};

task<> cancel_while_sleeping() {
  bool cancelled_there = false;
  auto handle = spawn(sleep_long(cancelled_there));
  co_await sleep_for(1s);
  EXPECT_FALSE(handle.done());
  const clock::time_point before = clock::now();
  handle.cancel();
  const bool thrown = co_await ends_cancelled(handle);
  EXPECT_TRUE(thrown);
  EXPECT_TRUE(cancelled_there);
  EXPECT_EQ(clock::now(), before);
}

TEST_P(spawn_cancellation_test, cancel_while_sleeping) {
  in_simulated_orders(GetParam(), [] { return cancel_while_sleeping(); });
}

// It has not run yet: it starts, and is told at its first suspension.
task<> cancel_while_queued() {
  bool started = false;
  bool ended = false;
  auto waits = [](bool& began, bool& finished) -> task<> {
    const counted frame;
    began = true;
    co_await sleep_for(1h);
    finished = true;
  };
  auto handle = spawn(waits(started, ended));
  handle.cancel();
  const bool thrown = co_await ends_cancelled(handle);
  EXPECT_TRUE(started);
  EXPECT_FALSE(ended);
  EXPECT_TRUE(thrown);
}

TEST_P(spawn_cancellation_test, cancel_while_queued) {
  in_many_orders(GetParam(), [] { return cancel_while_queued(); });
}

task<> awaits(join_handle<>& inner, bool& cancelled_there) {
  const counted frame;
  try {
    co_await inner;
  } catch (const cancelled&) {
    cancelled_there = true;
  }
}

// The wait ends, the task that was awaited goes on, and the handle can be awaited again.
task<> cancel_while_joining() {
  auto sleeps = []() -> task<> {
    const counted frame;
    co_await sleep_for(10s);
  };
  auto inner = spawn(sleeps());
  bool cancelled_there = false;
  auto outer = spawn(awaits(inner, cancelled_there));
  co_await sleep_for(1s);
  outer.cancel();
  co_await outer;
  EXPECT_TRUE(cancelled_there);
  EXPECT_TRUE(inner.valid());
  EXPECT_FALSE(inner.done());
  co_await inner;
  EXPECT_EQ(clock::now().time_since_epoch(), 10s);
}

TEST_P(spawn_cancellation_test, cancel_while_joining) {
  in_simulated_orders(GetParam(), [] { return cancel_while_joining(); });
}

task<> cancel_after_the_end() {
  auto handle = spawn(number(4));
  while (!handle.done())
    co_await yield();
  handle.cancel();
  const int got = co_await handle;
  EXPECT_EQ(got, 4);
}

TEST_P(spawn_cancellation_test, cancel_after_the_end_changes_nothing) {
  in_many_orders(GetParam(), [] { return cancel_after_the_end(); });
}

// A task may finish what it has begun: it is told at every suspension, and decides.
task<> cancelled_again_and_again() {
  int times = 0;
  auto stubborn = [](int& count) -> task<int> {
    const counted frame;
    for (int i = 0; i < 3; ++i) {
      try {
        co_await sleep_for(1h);
      } catch (const cancelled&) {
        ++count;
      }
    }
    co_return 9;
  };
  auto handle = spawn(stubborn(times));
  co_await sleep_for(1s);
  handle.cancel();
  handle.cancel();
  const int got = co_await handle;
  EXPECT_EQ(got, 9);
  EXPECT_EQ(times, 3);
}

TEST_P(spawn_cancellation_test, every_suspension_of_a_cancelled_task_throws) {
  in_simulated_orders(GetParam(), [] { return cancelled_again_and_again(); });
}

// The canceller and the end of the task meet, in every order: the handle gives one of the two.
task<> cancel_against_the_end(std::size_t& completed, std::size_t& lost) {
  auto sleeps = []() -> task<int> {
    const counted frame;
    co_await sleep_for(1s);
    co_return 1;
  };
  auto handle = spawn(sleeps());
  co_await sleep_for(1s);
  handle.cancel();
  try {
    const int got = co_await handle;
    EXPECT_EQ(got, 1);
    ++completed;
  } catch (const cancelled&) {
    ++lost;
  }
}

TEST_F(cancelled_handle_test, cancel_against_the_end) {
  std::size_t completed = 0;
  std::size_t lost = 0;
  for (const std::size_t workers : {1U, 2U, 8U}) {
    for (std::uint64_t seed = 1; seed <= 50; ++seed) {
      simulate(cancel_against_the_end(completed, lost),
               simulation_options().workers(workers).seed(seed));
    }
  }
  EXPECT_EQ(completed + lost, 150U);
  EXPECT_GT(completed, 0U);
  EXPECT_GT(lost, 0U);
}

}  // namespace spawn_cancellation_test
}  // namespace magpie::testing
