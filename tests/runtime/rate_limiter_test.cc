#include "magpie/runtime/rate_limiter.h"

#include <gtest/gtest.h>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <utility>
#include <vector>

#include "magpie/runtime/error.h"
#include "magpie/runtime/gather.h"
#include "magpie/runtime/run.h"
#include "magpie/runtime/sleep.h"
#include "magpie/runtime/spawn.h"
#include "magpie/runtime/testing/cancel_sweep.h"
#include "magpie/runtime/testing/simulation.h"
#include "magpie/tests/runtime/elapsed.h"
#include "magpie/tests/runtime/leftovers.h"
#include "magpie/tests/runtime/schedules.h"

namespace magpie::testing {
namespace {

using namespace std::chrono_literals;
using times = std::vector<clock::duration>;

class rate_limiter_test : public over_workers {};
MAGPIE_OVER_WORKERS(rate_limiter_test);

task<> take(rate_limiter& from, std::uint32_t tokens, times& when) {
  co_await from.acquire(tokens);
  when.push_back(elapsed());
}

TEST_P(rate_limiter_test, a_burst_and_then_evenly) {
  auto body = []() -> task<> {
    rate_limiter limit(4, 1s, 2);
    times when;
    for (int i = 0; i < 5; ++i)
      co_await take(limit, 1, when);
    EXPECT_EQ(when, (times{0ms, 0ms, 250ms, 500ms, 750ms}));
    co_await sleep_for(10s);  // Full again, and no fuller than full.
    when.clear();
    for (int i = 0; i < 3; ++i)
      co_await take(limit, 1, when);
    EXPECT_EQ(when, (times{10750ms, 10750ms, 11000ms}));
  };
  in_simulated_orders(GetParam(), body);
}

TEST_P(rate_limiter_test, first_come_first_served_whatever_they_want) {
  auto body = []() -> task<> {
    rate_limiter limit(1, 1s, 3);
    times big;
    times small;
    EXPECT_TRUE(limit.try_acquire(2));
    auto first = spawn(take(limit, 3, big));
    co_await sleep_for(500ms);
    auto second = spawn(take(limit, 1, small));
    co_await sleep_for(1ms);
    EXPECT_FALSE(limit.try_acquire());  // There is one, and others wait.
    co_await first;
    co_await second;
    EXPECT_EQ(big, (times{2s}));
    EXPECT_EQ(small, (times{3s}));
  };
  in_simulated_orders(GetParam(), body);
}

// One who leaves has taken nothing, and the next goes on with what has come meanwhile.
TEST_P(rate_limiter_test, one_who_is_cancelled_takes_nothing) {
  auto body = []() -> task<> {
    rate_limiter limit(1, 1s, 3);
    times big;
    times small;
    EXPECT_TRUE(limit.try_acquire(3));
    auto first = spawn(take(limit, 3, big));
    co_await sleep_for(1ms);
    auto second = spawn(take(limit, 2, small));
    co_await sleep_for(1499ms);
    first.cancel();
    co_await second;
    EXPECT_EQ(small, (times{2s}));
    EXPECT_TRUE(big.empty());
  };
  in_simulated_orders(GetParam(), body);
}

TEST_P(rate_limiter_test, never_more_than_allowed_when_cancelled_at_any_moment) {
  for (std::uint64_t seed = 1; seed <= 5; ++seed) {
    std::optional<rate_limiter> limit;
    times when;
    auto takes = [&](int count) -> task<> {
      for (int i = 0; i < count; ++i)
        co_await take(*limit, 1, when);
    };
    auto begin = [&](simulation& world) {
      when.clear();
      limit.emplace(2, 1s, 1);
      cast players;
      players.others.push_back(world.spawn(takes(3)));
      players.victim = world.spawn(takes(3));
      players.others.push_back(world.spawn(takes(3)));
      return players;
    };
    auto check = [&] {
      ASSERT_GE(when.size(), 6U);
      // Exactly at the rate: nobody took more, and nobody who left took any.
      for (std::size_t i = 0; i < when.size(); ++i)
        ASSERT_EQ(when[i], 500ms * static_cast<int>(i));
    };
    EXPECT_GT(cancel_sweep(simulation_options().workers(GetParam()).seed(seed), begin, check), 3U);
  }
}

TEST(rate_limiter_misuse_test, is_told) {
  EXPECT_THROW(rate_limiter(0, 1s), usage_error);
  EXPECT_THROW(rate_limiter(1, 0s), usage_error);
  EXPECT_THROW(rate_limiter(1, -1s), usage_error);
  EXPECT_THROW(rate_limiter(1, 1s, 0), usage_error);
  EXPECT_THROW(rate_limiter(1, clock::duration::max()), usage_error);
  rate_limiter limit(3, 1s);
  EXPECT_THROW((void)limit.try_acquire(4), usage_error);
  auto body = [&limit]() -> task<> { co_await limit.acquire(4); };
  EXPECT_THROW(simulate(body()), usage_error);
}

// On real threads: in so much time, no more than came in.
TEST_P(rate_limiter_test, on_real_threads) {
  auto takes = [](rate_limiter& limit) -> task<> {
    for (int i = 0; i < 20; ++i)
      co_await limit.acquire();
  };
  rate_limiter limit(100'000, 1s, 10);
  auto body = [&]() -> task<> {
    std::vector<task<>> all;
    for (int i = 0; i < 10; ++i)
      all.push_back(takes(limit));
    const auto begun = clock::now();
    co_await gather(std::move(all));
    EXPECT_GE(clock::now() - begun, 190 * 10us);
  };
  run(body(), options().workers(GetParam()));
}

}  // namespace
}  // namespace magpie::testing
