#include "magpie/runtime/rate_limiter.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <optional>
#include <random>
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
#include "magpie/tests/runtime/seeds.h"

namespace magpie::testing {
namespace rate_limiter_test {

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

// ------------------------------------------------------------------------------------ a model

// A bucket that knows when it will be full, and the queue of those who wait for tokens.
class bucket {
 public:
  static constexpr std::uint32_t burst = 4;
  static constexpr clock::duration interval = 1ms;

  // What those who have tokens are expected to note.
  times given;

  std::size_t waiting() const { return waiting_.size(); }
  bool try_take(std::uint32_t tokens, clock::duration now) {
    if (!waiting_.empty() || ready_at(tokens) > now) return false;
    full_at_ = std::max(full_at_, now) + tokens * interval;
    return true;
  }
  void join(std::uint32_t tokens, clock::duration now) {
    if (waiting_.empty()) since_ = now;
    waiting_.push_back(tokens);
    pass(now);
  }
  void leave(std::size_t place, clock::duration now) {
    waiting_.erase(waiting_.begin() + static_cast<std::ptrdiff_t>(place));
    if (place == 0) since_ = now;
    pass(now);
  }
  void pass(clock::duration now) {
    while (!waiting_.empty()) {
      const clock::duration at = std::max(since_, ready_at(waiting_.front()));
      if (at > now) break;
      full_at_ = std::max(full_at_, at) + waiting_.front() * interval;
      since_ = at;
      given.push_back(at);
      waiting_.pop_front();
    }
  }

 private:
  clock::duration ready_at(std::uint32_t tokens) const {
    return full_at_ + tokens * interval - burst * interval;
  }

  std::deque<std::uint32_t> waiting_;
  clock::duration since_{0};  // The first can take since then.
  clock::duration full_at_{0};
};

TEST(rate_limiter_model_test, does_what_a_bucket_and_a_queue_do) {
  auto body = [](std::uint64_t seed) -> task<> {
    std::mt19937_64 random(seed);
    rate_limiter limit(1, bucket::interval, bucket::burst);
    bucket expected;
    times given;
    std::deque<join_handle<>> waiting;
    for (int i = 0; i < 1000; ++i) {
      const auto tokens = static_cast<std::uint32_t>(random() % bucket::burst + 1);
      switch (random() % 4) {
        case 0:
          EXPECT_EQ(limit.try_acquire(tokens), expected.try_take(tokens, elapsed()));
          break;
        case 1:
          if (!waiting.empty()) {
            const std::size_t place = random() % waiting.size();
            waiting[place].cancel();
            waiting.erase(waiting.begin() + static_cast<std::ptrdiff_t>(place));
            expected.leave(place, elapsed());
          }
          break;
        default:
          waiting.push_back(spawn(take(limit, tokens, given)));
          expected.join(tokens, elapsed());
      }
      co_await sleep_for(random() % 6 * 500us);
      co_await sleep_for(1ns);  // Who has tokens now has gone on.
      expected.pass(elapsed());
      EXPECT_EQ(given, expected.given);
      while (waiting.size() > expected.waiting()) {
        EXPECT_TRUE(waiting.front().done());
        waiting.pop_front();
      }
      given.clear();
      expected.given.clear();
    }
    for (join_handle<>& each : waiting)
      each.cancel();
    co_await sleep_for(1s);
  };
  in_random_rounds(1000, body);
}

}  // namespace rate_limiter_test
}  // namespace magpie::testing
