// A task that is cancelled while it waits at a barrier.
#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

#include "magpie/runtime/barrier.h"
#include "magpie/runtime/error.h"
#include "magpie/runtime/event.h"
#include "magpie/runtime/sleep.h"
#include "magpie/runtime/spawn.h"
#include "magpie/runtime/testing/cancel_sweep.h"
#include "magpie/runtime/testing/simulation.h"
#include "magpie/tests/runtime/barrier_waiters.h"
#include "magpie/tests/runtime/leftovers.h"
#include "magpie/tests/runtime/schedules.h"

namespace magpie::testing {
namespace barrier_cancellation_test {

using namespace std::chrono_literals;

class barrier_cancellation_test : public over_workers {};
MAGPIE_OVER_WORKERS(barrier_cancellation_test);

TEST(barrier_counts_test, one_who_is_cancelled_counts_no_more) {
  auto body = []() -> task<> {
    barrier step(3);
    std::vector<int> ends;
    std::vector<join_handle<>> handles;
    co_await spawn_waiters(step, 2, ends, handles);
    handles[0].cancel();
    co_await sleep_for(1s);
    EXPECT_EQ(step.n_waiting(), 1U);
    EXPECT_FALSE(step.broken());
    co_await spawn_waiters(step, 1, ends, handles);
    EXPECT_EQ(ends, (std::vector<int>{was_cancelled}));
    co_await spawn_waiters(step, 1, ends, handles);
    std::sort(ends.begin(), ends.end());
    EXPECT_EQ(ends, (std::vector<int>{was_cancelled, 0, 1, 2}));
  };
  in_simulated_orders(2, body);
}

// Cancelled, but the barrier is full before it has come to run; and the other way round.
TEST(barrier_counts_test, one_who_is_counted_has_passed) {
  auto body = [](bool cancelled_first) -> task<> {
    barrier step(2);
    std::vector<int> ends;
    std::vector<join_handle<>> handles;
    co_await spawn_waiters(step, 1, ends, handles);
    if (cancelled_first) handles[0].cancel();
    const std::size_t place = co_await step.wait();
    EXPECT_EQ(place, 1U);
    handles[0].cancel();
    co_await sleep_for(1s);
    EXPECT_EQ(ends, (std::vector<int>{0}));
  };
  for (const bool cancelled_first : {false, true})
    in_simulated_orders(1, [&] { return body(cancelled_first); });
}

struct parade {
  barrier step{3};
  event over;
  std::atomic<bool> victim_passed = false;
  std::atomic<int> passed = 0;
};

task<> pass(parade& in) {
  const counted frame;
  co_await in.step.wait();
  ++in.passed;
}

task<> pass_or_not(parade& in) {
  const counted frame;
  try {
    co_await in.step.wait();
    in.victim_passed = true;
  } catch (const cancelled&) {
  }
  in.over.set();
}

// Comes in place of the victim, exactly if that has not been counted.
task<> stand_in(parade& in) {
  co_await in.over.wait();
  if (!in.victim_passed) co_await pass(in);
}

TEST_P(barrier_cancellation_test, counts_exactly_when_a_waiter_is_cancelled_at_any_moment) {
  for (std::uint64_t seed = 1; seed <= 20; ++seed) {
    std::optional<parade> in;
    const auto settings = simulation_options().workers(GetParam()).seed(seed);
    auto late = [](parade& into) -> task<> {
      co_await yield();
      co_await yield();
      co_await pass(into);
    };
    auto begin = [&](simulation& world) {
      in.emplace();
      cast players;
      players.others.push_back(world.spawn(pass(*in)));
      players.victim = world.spawn(pass_or_not(*in));
      players.others.push_back(world.spawn(late(*in)));
      players.others.push_back(world.spawn(stand_in(*in)));
      return players;
    };
    auto check = [&in] {
      ASSERT_EQ(counted::live(), 0);
      ASSERT_EQ(in->step.n_waiting(), 0U);
      ASSERT_EQ(in->passed, in->victim_passed ? 2 : 3);
    };
    EXPECT_GT(cancel_sweep(settings, begin, check), 1U);
  }
}

}  // namespace barrier_cancellation_test
}  // namespace magpie::testing
