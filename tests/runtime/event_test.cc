#include "magpie/runtime/event.h"

#include <gtest/gtest.h>

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
namespace event_test {

using namespace std::chrono_literals;

class event_test : public over_workers {};
MAGPIE_OVER_WORKERS(event_test);

task<> await(event& what, std::atomic<int>& passed) {
  const counted frame;
  co_await what.wait();
  ++passed;
}

TEST_P(event_test, lets_everybody_go_when_it_is_set) {
  auto body = []() -> task<> {
    event start;
    std::atomic<int> passed = 0;
    auto sets = [](event& what, std::atomic<int>& count) -> task<> {
      for (int i = 0; i < 3; ++i)
        co_await yield();
      EXPECT_EQ(count, 0);
      what.set();
      EXPECT_TRUE(what.is_set());
    };
    std::vector<task<>> parts;
    for (int i = 0; i < 20; ++i)
      parts.push_back(await(start, passed));
    parts.push_back(sets(start, passed));
    co_await gather(std::move(parts));
    EXPECT_EQ(passed, 20);
  };
  in_many_orders(GetParam(), body);
}

// ------------------------------------------------------------------------------------ set, clear

TEST(event_set_test, is_set_and_cleared) {
  event lamp;
  EXPECT_FALSE(lamp.is_set());
  lamp.clear();
  EXPECT_FALSE(lamp.is_set());
  lamp.set();
  lamp.set();
  EXPECT_TRUE(lamp.is_set());
  lamp.clear();
  EXPECT_FALSE(lamp.is_set());
}

TEST(event_set_test, who_comes_when_it_is_set_does_not_wait) {
  auto body = []() -> task<> {
    event lamp;
    lamp.set();
    const auto before = clock::now();
    co_await lamp.wait();
    co_await lamp.wait();
    EXPECT_EQ(clock::now(), before);
    EXPECT_TRUE(lamp.is_set());
  };
  simulate(body());
}

TEST(event_set_test, all_who_waited_go_on_though_it_is_cleared_at_once) {
  auto body = []() -> task<> {
    event lamp;
    std::atomic<int> passed = 0;
    std::vector<join_handle<>> handles;
    for (int i = 0; i < 5; ++i)
      handles.push_back(spawn(await(lamp, passed)));
    co_await sleep_for(1s);
    lamp.set();
    lamp.clear();
    auto late = spawn(await(lamp, passed));
    co_await sleep_for(1s);
    EXPECT_EQ(passed, 5);
    EXPECT_FALSE(late.done());
    lamp.set();
    co_await late;
    for (join_handle<>& handle : handles)
      co_await handle;
  };
  in_simulated_orders(2, body);
}

TEST(event_set_test, in_the_order_in_which_they_have_come) {
  auto note = [](event& what, int name, std::vector<int>& order) -> task<> {
    co_await what.wait();
    order.push_back(name);
  };
  auto body = [&]() -> task<> {
    event lamp;
    std::vector<int> order;
    std::vector<join_handle<>> handles;
    for (int i = 0; i < 5; ++i) {
      handles.push_back(spawn(note(lamp, i, order)));
      co_await sleep_for(1s);
    }
    lamp.set();
    for (join_handle<>& handle : handles)
      co_await handle;
    EXPECT_EQ(order, (std::vector<int>{0, 1, 2, 3, 4}));
  };
  in_simulated_orders(1, body);
}

// ------------------------------------------------------------------------------------ threads

TEST_P(event_test, is_set_by_a_plain_thread) {
  event there;
  event back;
  runtime world(options().workers(GetParam()));
  auto echo = [](event& from, event& to) -> task<> {
    for (int i = 0; i < 1000; ++i) {
      co_await from.wait();
      from.clear();
      to.set();
    }
  };
  auto other = world.spawn(echo(there, back));
  for (int i = 0; i < 1000; ++i) {
    there.set();
    while (!back.is_set()) {
    }
    back.clear();
  }
  other.get();
  EXPECT_FALSE(there.is_set());
}

TEST_P(event_test, who_still_waits_at_the_end_is_cancelled) {
  event never;
  std::atomic<int> passed = 0;
  ends_while_they_wait(GetParam(), [&] { return await(never, passed); });
  EXPECT_EQ(passed, 0);
  never.set();
}

TEST(event_fairness_test, what_is_always_set_does_not_starve_others) {
  auto greedy = [](event& what, const bool& stop) -> task<> {
    while (!stop)
      co_await what.wait();
  };
  event lamp;
  lamp.set();
  expect_others_to_run_beside([&](const bool& stop) { return greedy(lamp, stop); });
}

// ------------------------------------------------------------------------------------ cancelled

TEST(event_cancel_test, one_who_is_cancelled_leaves_the_others_waiting) {
  auto body = []() -> task<> {
    event lamp;
    std::atomic<int> passed = 0;
    auto first = spawn(await(lamp, passed));
    auto second = spawn(await(lamp, passed));
    co_await sleep_for(1s);
    first.cancel();
    const bool was_cancelled = co_await ends_cancelled(first);
    EXPECT_TRUE(was_cancelled);
    EXPECT_FALSE(second.done());
    lamp.set();
    second.cancel();  // Too late.
    co_await second;
    EXPECT_EQ(passed, 1);
  };
  in_simulated_orders(2, body);
}

TEST_P(event_test, loses_nobody_when_a_waiter_is_cancelled_at_any_moment) {
  struct stage {
    event there;
    event back;
    std::atomic<int> passed = 0;
  };
  auto sets = [](stage& on) -> task<> {
    for (int i = 0; i < 3; ++i)
      co_await yield();
    on.there.set();
    on.there.clear();
    on.back.set();
  };
  auto passes = [](stage& on) -> task<> {
    co_await await(on.back, on.passed);
    co_await await(on.back, on.passed);
  };
  auto waits_long = [](stage& on) -> task<> {
    co_await await(on.there, on.passed);
    co_await await(on.back, on.passed);
  };
  for (std::uint64_t seed = 1; seed <= 10; ++seed) {
    std::optional<stage> on;
    const auto settings = simulation_options().workers(GetParam()).seed(seed);
    auto begin = [&](simulation& world) {
      on.emplace();
      cast players;
      players.others.push_back(world.spawn(passes(*on)));
      players.victim = world.spawn(waits_long(*on));
      players.others.push_back(world.spawn(passes(*on)));
      players.others.push_back(world.spawn(sets(*on)));
      // Without this one, the victim would wait for ever if it came after set() and clear().
      players.others.push_back(world.spawn([](stage& at) -> task<> {
        co_await sleep_for(1s);
        at.there.set();
      }(*on)));
      return players;
    };
    auto check = [&on] {
      ASSERT_EQ(counted::live(), 0);
      ASSERT_GE(on->passed, 4);
    };
    EXPECT_GT(cancel_sweep(settings, begin, check), 2U);
  }
}

// ------------------------------------------------------------------------------------ a model

TEST(event_model_test, does_what_a_flag_and_a_list_do) {
  auto body = [](std::uint64_t seed) -> task<> {
    std::mt19937_64 random(seed);
    event lamp;
    bool set = false;
    std::atomic<int> passed = 0;
    int expected = 0;
    std::vector<join_handle<>> waiting;
    for (int i = 0; i < 1000; ++i) {
      switch (random() % 6) {
        case 0:
          lamp.set();
          set = true;
          break;
        case 1:
          lamp.set();
          lamp.clear();
          expected += static_cast<int>(waiting.size());
          waiting.clear();
          set = false;
          break;
        case 2:
          lamp.clear();
          set = false;
          break;
        case 3:
          if (!waiting.empty()) {
            const auto left = waiting.begin() + static_cast<int>(random() % waiting.size());
            left->cancel();
            waiting.erase(left);
          }
          break;
        default:
          waiting.push_back(spawn(await(lamp, passed)));
      }
      if (set) {
        expected += static_cast<int>(waiting.size());
        waiting.clear();
      }
      co_await sleep_for(1s);
      EXPECT_EQ(lamp.is_set(), set);
      EXPECT_EQ(passed, expected);
    }
    lamp.set();
    co_await sleep_for(1s);
  };
  in_random_rounds(1000, body);
}

}  // namespace event_test
}  // namespace magpie::testing
