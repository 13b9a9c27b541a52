#include "magpie/runtime/semaphore.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstdint>
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
#include "magpie/tests/runtime/disturbances.h"
#include "magpie/tests/runtime/ends_cancelled.h"
#include "magpie/tests/runtime/leftovers.h"
#include "magpie/tests/runtime/schedules.h"
#include "magpie/tests/runtime/seeds.h"

namespace magpie::testing {
namespace semaphore_test {

using namespace std::chrono_literals;

class semaphore_test : public over_workers {};
MAGPIE_OVER_WORKERS(semaphore_test);

struct crowd {
  explicit crowd(std::uint64_t permits) : limit(permits) {}
  semaphore limit;
  std::atomic<int> inside{0};
  std::atomic<int> most{0};

  void enter() {
    const int now = ++inside;
    int seen = most;
    while (seen < now && !most.compare_exchange_weak(seen, now)) {
    }
  }
};

task<> visit(crowd& all, int times) {
  for (int i = 0; i < times; ++i) {
    const semaphore_permit permit = co_await all.limit.acquire();
    all.enter();
    co_await yield();
    --all.inside;
  }
}

TEST_P(semaphore_test, lets_only_so_many_in) {
  auto body = []() -> task<> {
    crowd all(3);
    std::vector<task<>> visits;
    for (int i = 0; i < 20; ++i)
      visits.push_back(visit(all, 10));
    co_await gather(std::move(visits));
    EXPECT_LE(all.most, 3);
    EXPECT_GT(all.most, 0);
    EXPECT_EQ(all.limit.available(), 3U);
  };
  in_many_orders(GetParam(), body);
}

// ------------------------------------------------------------------------------------ order

task<> take(semaphore& from, std::uint64_t count, int name, std::vector<int>& order) {
  const semaphore_permit permit = co_await from.acquire(count);
  order.push_back(name);
}

TEST(semaphore_order_test, first_come_first_served_whatever_they_want) {
  auto body = []() -> task<> {
    semaphore permits(0);
    std::vector<int> order;
    auto a = spawn(take(permits, 2, 1, order));
    auto b = spawn(take(permits, 1, 2, order));
    auto c = spawn(take(permits, 3, 3, order));
    co_await sleep_for(1s);
    permits.release();
    co_await sleep_for(1s);
    EXPECT_TRUE(order.empty());  // One permit would do for the second, who does not overtake.
    EXPECT_FALSE(permits.try_acquire().has_value());
    permits.release(2);
    co_await a;
    co_await b;
    co_await c;
    EXPECT_EQ(order, (std::vector<int>{1, 2, 3}));
    EXPECT_EQ(permits.available(), 3U);
  };
  simulate(body());
}

// The front wants more than there is; when it leaves, the next, who wants less, has its turn.
TEST(semaphore_order_test, who_leaves_makes_room_for_the_next) {
  auto body = []() -> task<> {
    semaphore permits(1);
    std::vector<int> order;
    auto big = spawn(take(permits, 5, 1, order));
    auto small = spawn(take(permits, 1, 2, order));
    co_await sleep_for(1s);
    EXPECT_TRUE(order.empty());
    big.cancel();
    co_await small;
    EXPECT_EQ(order, (std::vector<int>{2}));
    const bool was_cancelled = co_await ends_cancelled(big);
    EXPECT_TRUE(was_cancelled);
    EXPECT_EQ(permits.available(), 1U);
  };
  simulate(body());
}

// ------------------------------------------------------------------------------------ permits

TEST(semaphore_permit_test, gives_back_once) {
  semaphore permits(5, 5);
  {
    semaphore_permit two = *permits.try_acquire(2);
    EXPECT_EQ(two.count(), 2U);
    EXPECT_EQ(permits.available(), 3U);
    semaphore_permit moved = std::move(two);
    EXPECT_EQ(permits.available(), 3U);
    moved.release();
    EXPECT_EQ(permits.available(), 5U);
    EXPECT_EQ(moved.count(), 0U);
    moved.release();
  }
  EXPECT_EQ(permits.available(), 5U);
  {
    semaphore_permit kept = *permits.try_acquire(4);
    kept.forget();
  }
  EXPECT_EQ(permits.available(), 1U);
  permits.release(4);
  semaphore_permit all = *permits.try_acquire(5);
  all = semaphore_permit();
  EXPECT_EQ(permits.available(), 5U);
}

TEST(semaphore_permit_test, bad_numbers_are_told) {
  EXPECT_THROW(semaphore(2, 1), usage_error);
  semaphore permits(1, 2);
  EXPECT_THROW((void)permits.acquire(3), usage_error);
  EXPECT_THROW(permits.release(2), usage_error);
  EXPECT_EQ(permits.available(), 1U);
  EXPECT_FALSE(permits.try_acquire(2).has_value());
  semaphore unbounded(1);
  unbounded.release(UINT64_MAX - 1);
  EXPECT_THROW(unbounded.release(), usage_error);
}

// Somebody has given back by hand what a permit holds: the permit's end is not where that is told.
TEST(semaphore_permit_test, too_many_are_dropped) {
  semaphore permits(1, 1);
  {
    const semaphore_permit held = *permits.try_acquire();
    permits.release();
  }
  EXPECT_EQ(permits.available(), 1U);
}

// From a thread that is no worker.
TEST_P(semaphore_test, is_released_from_outside) {
  semaphore permits(0);
  runtime world(options().workers(GetParam()));
  auto waits = [](semaphore& from) -> task<> {
    for (int i = 0; i < 1000; ++i) {
      semaphore_permit permit = co_await from.acquire();
      permit.forget();
    }
  };
  auto waiter = world.spawn(waits(permits));
  for (int i = 0; i < 1000; ++i)
    permits.release();
  waiter.get();
  EXPECT_EQ(permits.available(), 0U);
}

// Somebody who always finds a permit lets the others run all the same.
TEST(semaphore_fairness_test, what_is_always_free_does_not_starve_others) {
  auto greedy = [](semaphore& from, const bool& stop) -> task<> {
    while (!stop)
      const semaphore_permit permit = co_await from.acquire();
  };
  semaphore permits(1);
  expect_others_to_run_beside([&](const bool& stop) { return greedy(permits, stop); });
}

// ------------------------------------------------------------------------------------ cancelled

TEST_P(semaphore_test, loses_nothing_when_a_waiter_is_cancelled_at_any_moment) {
  for (std::uint64_t seed = 1; seed <= 10; ++seed) {
    std::optional<crowd> all;
    const auto settings = simulation_options().workers(GetParam()).seed(seed);
    auto begin = [&all](simulation& world) {
      all.emplace(2);
      cast players;
      for (int i = 0; i < 3; ++i)
        players.others.push_back(world.spawn(visit(*all, 3)));
      players.victim = world.spawn(visit(*all, 3));
      players.others.push_back(world.spawn(visit(*all, 3)));
      return players;
    };
    auto check = [&all] { ASSERT_EQ(all->limit.available(), 2U); };
    EXPECT_GT(cancel_sweep(settings, begin, check), 3U);
  }
}

// ------------------------------------------------------------------------------------ a model

// Random requests against what a list of numbers says.
TEST(semaphore_model_test, does_what_a_list_of_requests_does) {
  struct request {
    std::uint64_t count;
    join_handle<> handle;
  };
  auto take_and_keep = [](semaphore& from, std::uint64_t count) -> task<> {
    semaphore_permit permit = co_await from.acquire(count);
    permit.forget();
  };
  auto body = [&](std::uint64_t seed) -> task<> {
    std::mt19937_64 random(seed);
    semaphore permits(0);
    std::uint64_t free = 0;
    std::vector<request> waiting;
    for (int i = 0; i < 2000; ++i) {
      const std::uint64_t count = random() % 4 + 1;
      switch (random() % 4) {
        case 0:
          waiting.push_back({count, spawn(take_and_keep(permits, count))});
          break;
        case 1: {
          const bool expected = waiting.empty() && free >= count;
          auto got = permits.try_acquire(count);
          EXPECT_EQ(got.has_value(), expected);
          if (got) {
            got->forget();
            free -= count;
          }
          break;
        }
        case 2:
          if (!waiting.empty()) {
            auto& left = waiting[random() % waiting.size()];
            left.handle.cancel();
            left.count = 0;
          }
          break;
        default:
          permits.release(count);
          free += count;
      }
      co_await sleep_for(1s);  // All who can go on do.
      std::erase_if(waiting, [](const request& r) { return r.count == 0; });
      while (!waiting.empty() && waiting.front().count <= free) {
        free -= waiting.front().count;
        EXPECT_TRUE(waiting.front().handle.done());
        waiting.erase(waiting.begin());
      }
      EXPECT_EQ(permits.available(), free);
      EXPECT_TRUE(std::none_of(waiting.begin(), waiting.end(),
                               [](const request& r) { return r.handle.done(); }));
    }
    for (request& r : waiting)
      r.handle.cancel();
    co_await sleep_for(1s);  // They leave the semaphore before it ends.
  };
  in_random_rounds(2000, body);
}

}  // namespace semaphore_test
}  // namespace magpie::testing
