#include "magpie/runtime/latch.h"

#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <cstdint>
#include <memory>
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
#include "magpie/tests/runtime/leftovers.h"
#include "magpie/tests/runtime/schedules.h"
#include "magpie/tests/runtime/seeds.h"

namespace magpie::testing {
namespace latch_test {

using namespace std::chrono_literals;

class latch_test : public over_workers {};
MAGPIE_OVER_WORKERS(latch_test);

task<> await(latch& what, std::atomic<int>& passed) {
  const counted frame;
  co_await what.wait();
  ++passed;
}

task<> arrive(latch& at, std::atomic<int>& arrived, int all) {
  const counted frame;
  ++arrived;
  co_await at.arrive_and_wait();
  EXPECT_EQ(arrived, all);
}

TEST_P(latch_test, opens_when_all_have_arrived) {
  auto body = []() -> task<> {
    latch door(20);
    std::atomic<int> arrived = 0;
    std::atomic<int> passed = 0;
    std::vector<task<>> parts;
    for (int i = 0; i < 20; ++i) {
      parts.push_back(arrive(door, arrived, 20));
      parts.push_back(await(door, passed));
    }
    co_await gather(std::move(parts));
    EXPECT_EQ(passed, 20);
    EXPECT_TRUE(door.try_wait());
  };
  in_many_orders(GetParam(), body);
}

// ------------------------------------------------------------------------------------ counting

TEST(latch_count_test, counts_to_zero_and_no_further) {
  latch door(5);
  EXPECT_FALSE(door.try_wait());
  door.count_down(0);
  door.count_down();
  door.count_down(3);
  EXPECT_FALSE(door.try_wait());
  EXPECT_THROW(door.count_down(2), usage_error);
  EXPECT_FALSE(door.try_wait());
  door.count_down();
  EXPECT_TRUE(door.try_wait());
  EXPECT_THROW(door.count_down(), usage_error);
  door.count_down(0);
  EXPECT_TRUE(door.try_wait());
  EXPECT_TRUE(latch(0).try_wait());
}

TEST(latch_count_test, arriving_too_often_is_told) {
  auto body = []() -> task<> {
    latch door(1);
    bool told = false;
    try {
      co_await door.arrive_and_wait(2);
    } catch (const usage_error&) {
      told = true;
    }
    EXPECT_TRUE(told);
    EXPECT_FALSE(door.try_wait());
    co_await door.arrive_and_wait();
    co_await door.arrive_and_wait(0);
    co_await door.wait();
  };
  simulate(body());
}

TEST(latch_count_test, lets_go_in_the_order_in_which_they_have_come) {
  auto note = [](latch& what, int name, std::vector<int>& order) -> task<> {
    co_await what.wait();
    order.push_back(name);
  };
  auto body = [&]() -> task<> {
    latch door(2);
    std::vector<int> order;
    std::vector<join_handle<>> handles;
    for (int i = 0; i < 5; ++i) {
      handles.push_back(spawn(note(door, i, order)));
      co_await sleep_for(1s);
    }
    door.count_down();
    co_await sleep_for(1s);
    EXPECT_TRUE(order.empty());
    door.count_down();
    for (join_handle<>& handle : handles)
      co_await handle;
    EXPECT_EQ(order, (std::vector<int>{0, 1, 2, 3, 4}));
  };
  in_simulated_orders(1, body);
}

// ------------------------------------------------------------------------------------ threads

TEST_P(latch_test, is_counted_down_by_a_plain_thread) {
  latch door(1000);
  std::atomic<int> passed = 0;
  runtime world(options().workers(GetParam()));
  auto one = world.spawn(await(door, passed));
  auto two = world.spawn(await(door, passed));
  for (int i = 0; i < 1000; ++i) {
    EXPECT_FALSE(door.try_wait());
    door.count_down();
  }
  EXPECT_TRUE(door.try_wait());
  one.get();
  two.get();
  EXPECT_EQ(passed, 2);
}

// It ends as soon as its waiter goes on, while count_down() may still be on its way out.
TEST_P(latch_test, may_end_as_soon_as_nobody_waits) {
  auto counts = [](latch& what) -> task<> {
    what.count_down();
    co_return;
  };
  auto body = [&]() -> task<> {
    for (int i = 0; i < 500; ++i) {
      auto door = std::make_unique<latch>(2);
      auto one = spawn(counts(*door));
      auto two = spawn(counts(*door));
      co_await door->wait();
      door.reset();
      co_await one;
      co_await two;
    }
  };
  run(body(), options().workers(GetParam()));
}

TEST_P(latch_test, who_still_waits_at_the_end_is_cancelled) {
  latch door(100);
  std::atomic<int> passed = 0;
  ends_while_they_wait(GetParam(), [&] { return await(door, passed); });
  EXPECT_EQ(passed, 0);
  door.count_down(100);
}

TEST(latch_fairness_test, what_is_always_open_does_not_starve_others) {
  auto greedy = [](latch& what, const bool& stop) -> task<> {
    while (!stop)
      co_await what.wait();
  };
  latch door(0);
  expect_others_to_run_beside([&](const bool& stop) { return greedy(door, stop); });
}

// ------------------------------------------------------------------------------------ cancelled

TEST_P(latch_test, counts_though_a_task_is_cancelled_at_any_moment) {
  for (std::uint64_t seed = 1; seed <= 10; ++seed) {
    std::optional<latch> door;
    std::atomic<int> arrived = 0;
    std::atomic<int> passed = 0;
    const auto settings = simulation_options().workers(GetParam()).seed(seed);
    auto late = [](latch& at, std::atomic<int>& count) -> task<> {
      co_await yield();
      co_await yield();
      co_await arrive(at, count, 3);
    };
    auto begin = [&](simulation& world) {
      door.emplace(3);
      arrived = 0;
      passed = 0;
      cast players;
      players.others.push_back(world.spawn(await(*door, passed)));
      players.victim = world.spawn(arrive(*door, arrived, 3));
      players.others.push_back(world.spawn(arrive(*door, arrived, 3)));
      players.others.push_back(world.spawn(late(*door, arrived)));
      return players;
    };
    auto check = [&] {
      ASSERT_EQ(counted::live(), 0);
      ASSERT_TRUE(door->try_wait());
      ASSERT_EQ(passed, 1);
    };
    EXPECT_GT(cancel_sweep(settings, begin, check), 2U);
  }
}

// ------------------------------------------------------------------------------------ a model

TEST(latch_model_test, does_what_a_number_and_a_list_do) {
  auto body = [](std::uint64_t seed) -> task<> {
    std::mt19937_64 random(seed);
    std::uint64_t left = random() % 200;
    latch door(left);
    std::atomic<int> passed = 0;
    std::vector<join_handle<>> waiting;
    int expected = 0;
    for (int i = 0; i < 500; ++i) {
      const std::uint64_t count = random() % 4;
      switch (random() % 4) {
        case 0:
          if (count <= left) {
            door.count_down(count);
            left -= count;
          } else {
            EXPECT_THROW(door.count_down(count), usage_error);
          }
          break;
        case 1:
          if (!waiting.empty()) {
            const auto leaves = waiting.begin() + static_cast<int>(random() % waiting.size());
            leaves->cancel();
            waiting.erase(leaves);
          }
          break;
        default:
          waiting.push_back(spawn(await(door, passed)));
      }
      if (left == 0) {
        expected += static_cast<int>(waiting.size());
        waiting.clear();
      }
      co_await sleep_for(1s);
      EXPECT_EQ(door.try_wait(), left == 0);
      EXPECT_EQ(passed, expected);
    }
    for (join_handle<>& one : waiting)
      one.cancel();
    co_await sleep_for(1s);
  };
  in_random_rounds(500, body);
}

}  // namespace latch_test
}  // namespace magpie::testing
