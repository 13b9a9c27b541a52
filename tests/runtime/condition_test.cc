#include "magpie/runtime/condition.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <optional>
#include <random>
#include <stdexcept>
#include <utility>
#include <vector>

#include "magpie/runtime/error.h"
#include "magpie/runtime/gather.h"
#include "magpie/runtime/mutex.h"
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
namespace condition_test {

using namespace std::chrono_literals;

class condition_test : public over_workers {};
MAGPIE_OVER_WORKERS(condition_test);

struct store {
  magpie::mutex door;
  condition filled;
  int goods = 0;  // Under door.
  int sold = 0;   // Under door.
};

task<> buy(store& from, int times) {
  const counted frame;
  for (int i = 0; i < times; ++i) {
    mutex_guard guard = co_await from.door.lock();
    co_await from.filled.wait(guard, [&from] { return from.goods > 0; });
    EXPECT_TRUE(guard.owns_lock());
    --from.goods;
    ++from.sold;
  }
}

task<> fill(store& to, int times) {
  for (int i = 0; i < times; ++i) {
    const mutex_guard guard = co_await to.door.lock();
    ++to.goods;
    to.filled.notify_one();
    co_await yield();
  }
}

TEST_P(condition_test, every_notification_arrives) {
  auto body = []() -> task<> {
    store all;
    std::vector<task<>> parts;
    for (int i = 0; i < 10; ++i) {
      parts.push_back(buy(all, 5));
      parts.push_back(fill(all, 5));
    }
    co_await gather(std::move(parts));
    EXPECT_EQ(all.sold, 50);
    EXPECT_EQ(all.goods, 0);
    EXPECT_FALSE(all.door.locked());
  };
  in_many_orders(GetParam(), body);
}

// ------------------------------------------------------------------------------------ who

// A mutex, a condition, and who has been woken.
struct scene {
  magpie::mutex lock;
  condition on;
  std::vector<int> woken;
  std::vector<int> stopped;
};

task<> sleeper(scene& in, int name) {
  mutex_guard guard = co_await in.lock.lock();
  try {
    co_await in.on.wait(guard);
  } catch (const cancelled&) {
    EXPECT_TRUE(guard.owns_lock());
    in.stopped.push_back(name);
    throw;
  }
  EXPECT_TRUE(guard.owns_lock());
  EXPECT_EQ(guard.mutex(), &in.lock);
  in.woken.push_back(name);
}

task<> spawn_sleepers(scene& in, int count, std::vector<join_handle<>>& into) {
  for (int i = 0; i < count; ++i) {
    into.push_back(spawn(sleeper(in, i)));
    co_await sleep_for(1s);
  }
}

TEST(condition_notify_test, wakes_so_many_the_longest_waiting_first) {
  auto body = []() -> task<> {
    scene s;
    std::vector<join_handle<>> handles;
    s.on.notify_all();  // Nobody waits, and nothing is kept for those who come later.
    co_await spawn_sleepers(s, 6, handles);
    EXPECT_TRUE(s.woken.empty());
    EXPECT_FALSE(s.lock.locked());
    s.on.notify(0);
    co_await sleep_for(1s);
    EXPECT_TRUE(s.woken.empty());
    s.on.notify_one();
    co_await sleep_for(1s);
    EXPECT_EQ(s.woken, (std::vector<int>{0}));
    s.on.notify(2);
    co_await sleep_for(1s);
    std::sort(s.woken.begin(), s.woken.end());  // They have taken the mutex as they came to run.
    EXPECT_EQ(s.woken, (std::vector<int>{0, 1, 2}));
    s.on.notify(10);
    co_await sleep_for(1s);
    EXPECT_EQ(s.woken.size(), 6U);
    for (join_handle<>& handle : handles)
      co_await handle;
  };
  in_simulated_orders(2, body);
}

TEST(condition_notify_test, all_means_all_who_wait_now) {
  auto body = []() -> task<> {
    scene s;
    std::vector<join_handle<>> handles;
    co_await spawn_sleepers(s, 4, handles);
    s.on.notify_all();
    co_await spawn_sleepers(s, 1, handles);
    co_await sleep_for(1s);
    EXPECT_EQ(s.woken.size(), 4U);
    EXPECT_FALSE(handles.back().done());
    s.on.notify_all();
    for (join_handle<>& handle : handles)
      co_await handle;
  };
  in_simulated_orders(2, body);
}

// The notified wait for the mutex, which the one who notifies may keep for a while.
TEST(condition_notify_test, the_notified_go_on_when_the_mutex_is_free) {
  auto body = []() -> task<> {
    scene s;
    std::vector<join_handle<>> handles;
    co_await spawn_sleepers(s, 2, handles);
    mutex_guard guard = co_await s.lock.lock();
    s.on.notify_all();
    co_await sleep_for(5s);
    EXPECT_TRUE(s.woken.empty());
    guard.unlock();
    co_await sleep_for(1s);
    EXPECT_EQ(s.woken.size(), 2U);
  };
  in_simulated_orders(2, body);
}

TEST(condition_notify_test, the_predicate_is_asked_with_the_mutex_locked_and_may_throw) {
  auto body = []() -> task<> {
    scene s;
    mutex_guard guard = co_await s.lock.lock();
    int asked = 0;
    auto answer = [&s, &asked] {
      EXPECT_TRUE(s.lock.locked());
      if (++asked == 3) throw std::runtime_error("third");
      return false;
    };
    auto notifies = [](scene& in) -> task<> {
      for (int i = 0; i < 2; ++i) {
        co_await sleep_for(1s);
        in.on.notify_one();
      }
    };
    auto other = spawn(notifies(s));
    bool thrown = false;
    try {
      co_await s.on.wait(guard, std::ref(answer));
    } catch (const std::runtime_error&) {
      thrown = true;
    }
    EXPECT_TRUE(thrown);
    EXPECT_TRUE(guard.owns_lock());
    co_await other;
    // True at once: it neither waits nor unlocks.
    co_await s.on.wait(guard, [] { return true; });
    EXPECT_TRUE(guard.owns_lock());
  };
  in_simulated_orders(2, body);
}

TEST(condition_notify_test, a_guard_that_holds_nothing_is_refused) {
  scene s;
  mutex_guard none;
  EXPECT_THROW((void)s.on.wait(none), usage_error);
  EXPECT_THROW((void)s.on.wait(none, [] { return true; }), usage_error);
  mutex_guard guard = *s.lock.try_lock();
  guard.unlock();
  EXPECT_THROW((void)s.on.wait(guard), usage_error);
  EXPECT_FALSE(s.lock.locked());
}

// ------------------------------------------------------------------------------------ cancelled

// It locks first, however long that takes, and throws then; more requests make no difference.
TEST(condition_notify_test, a_guard_that_is_unlocked_before_the_wait_begins_is_refused) {
  auto body = []() -> task<> {
    mutex m;
    condition changed;
    mutex_guard guard = co_await m.lock();
    task<> wait = changed.wait(guard);
    guard.unlock();
    bool refused = false;
    try {
      co_await std::move(wait);
    } catch (const usage_error&) {
      refused = true;
    }
    EXPECT_TRUE(refused);
    co_await sleep_for(1ms);
  };
  simulate(body());
}

TEST(condition_cancel_test, one_who_is_cancelled_locks_again_first) {
  auto body = []() -> task<> {
    scene s;
    std::vector<join_handle<>> handles;
    co_await spawn_sleepers(s, 1, handles);
    mutex_guard guard = co_await s.lock.lock();
    handles[0].cancel();
    co_await sleep_for(5s);
    handles[0].cancel();
    co_await sleep_for(5s);
    EXPECT_FALSE(handles[0].done());
    EXPECT_TRUE(s.stopped.empty());
    guard.unlock();
    co_await sleep_for(1s);
    EXPECT_EQ(s.stopped, (std::vector<int>{0}));
    EXPECT_FALSE(s.lock.locked());
  };
  in_simulated_orders(2, body);
}

// Already cancelled when it begins to wait: it throws, and the mutex has not been unlocked.
TEST(condition_cancel_test, a_cancelled_task_does_not_begin_to_wait) {
  auto body = []() -> task<> {
    scene s;
    auto late = [](scene& in, join_handle<>& self) -> task<> {
      mutex_guard guard = co_await in.lock.lock();
      self.cancel();
      bool thrown = false;
      try {
        co_await in.on.wait(guard);
      } catch (const cancelled&) {
        thrown = true;
      }
      EXPECT_TRUE(thrown);
      EXPECT_TRUE(guard.owns_lock());
      in.woken.push_back(0);
    };
    join_handle<> self;
    self = spawn(late(s, self));
    co_await sleep_for(1s);
    EXPECT_EQ(s.woken.size(), 1U);
    EXPECT_FALSE(s.lock.locked());
  };
  simulate(body());
}

TEST(condition_cancel_test, a_notification_goes_to_one_who_can_use_it) {
  auto body = []() -> task<> {
    scene s;
    std::vector<join_handle<>> handles;
    co_await spawn_sleepers(s, 3, handles);
    handles[0].cancel();
    s.on.notify_one();  // The first has been cancelled, and has not run since.
    co_await sleep_for(1s);
    EXPECT_EQ(s.stopped, (std::vector<int>{0}));
    EXPECT_EQ(s.woken, (std::vector<int>{1}));
    s.on.notify_one();
    handles[2].cancel();  // Too late: it has been notified.
    co_await sleep_for(1s);
    EXPECT_EQ(s.woken, (std::vector<int>{1, 2}));
    EXPECT_EQ(s.stopped, (std::vector<int>{0}));
  };
  in_simulated_orders(2, body);
}

TEST_P(condition_test, loses_nothing_when_a_waiter_is_cancelled_at_any_moment) {
  for (std::uint64_t seed = 1; seed <= 10; ++seed) {
    std::optional<store> all;
    const auto settings = simulation_options().workers(GetParam()).seed(seed);
    auto begin = [&all](simulation& world) {
      all.emplace();
      cast players;
      players.others.push_back(world.spawn(buy(*all, 3)));
      players.victim = world.spawn(buy(*all, 3));
      players.others.push_back(world.spawn(buy(*all, 3)));
      // The goods of the victim are not all bought; there is always one for each of the others.
      players.others.push_back(world.spawn(fill(*all, 9)));
      return players;
    };
    auto check = [&all] {
      ASSERT_EQ(counted::live(), 0);
      ASSERT_FALSE(all->door.locked());
      ASSERT_EQ(all->goods + all->sold, 9);
      ASSERT_GE(all->sold, 6);
    };
    EXPECT_GT(cancel_sweep(settings, begin, check), 3U);
  }
}

TEST_P(condition_test, who_still_waits_at_the_end_is_cancelled) {
  scene s;
  auto body = [](scene& in, int count) -> task<> {
    for (int i = 0; i < count; ++i)
      spawn(sleeper(in, i)).detach();
    for (int i = 0; i < 5; ++i)
      co_await yield();
  };
  run(body(s, 20), options().workers(GetParam()));
  EXPECT_TRUE(s.woken.empty());
  EXPECT_FALSE(s.lock.locked());
}

// ------------------------------------------------------------------------------------ threads

TEST_P(condition_test, is_notified_by_a_plain_thread) {
  store all;
  runtime world(options().workers(GetParam()));
  auto one = world.spawn(buy(all, 300));
  auto two = world.spawn(buy(all, 300));
  for (int filled = 0; filled < 600;) {
    auto guard = all.door.try_lock();
    if (!guard) continue;
    ++all.goods;
    ++filled;
    guard.reset();
    all.filled.notify_one();  // The mutex is not locked any more.
  }
  one.get();
  two.get();
  EXPECT_EQ(all.sold, 600);
}

// Who always finds what it waits for lets others run.
TEST(condition_fairness_test, what_is_always_true_does_not_starve_others) {
  auto greedy = [](store& in, const bool& stop) -> task<> {
    while (!stop) {
      mutex_guard guard = co_await in.door.lock();
      co_await in.filled.wait(guard, [] { return true; });
    }
  };
  store all;
  expect_others_to_run_beside([&](const bool& stop) { return greedy(all, stop); });
}

// ------------------------------------------------------------------------------------ a model

TEST(condition_model_test, does_what_a_queue_of_sleepers_does) {
  auto body = [](std::uint64_t seed) -> task<> {
    std::mt19937_64 random(seed);
    scene s;
    std::deque<std::pair<int, join_handle<>>> waiting;
    std::vector<int> woken;
    std::vector<int> stopped;
    for (int i = 0; i < 1000; ++i) {
      const std::size_t count = random() % 3;
      switch (random() % 4) {
        case 0:
        case 1:
          waiting.emplace_back(i, spawn(sleeper(s, i)));
          break;
        case 2:
          if (!waiting.empty()) {
            const auto left = waiting.begin() + static_cast<int>(random() % waiting.size());
            left->second.cancel();
            stopped.push_back(left->first);
            waiting.erase(left);
          }
          [[fallthrough]];
        default:
          s.on.notify(count);
          for (std::size_t n = 0; n < count && !waiting.empty(); ++n) {
            woken.push_back(waiting.front().first);
            waiting.pop_front();
          }
      }
      co_await sleep_for(1s);
      std::sort(s.woken.begin(), s.woken.end());
      std::sort(woken.begin(), woken.end());
      EXPECT_EQ(s.woken, woken);
      EXPECT_EQ(s.stopped, stopped);
      s.woken.clear();
      woken.clear();
    }
    s.on.notify_all();
    co_await sleep_for(1s);
    EXPECT_EQ(s.woken.size(), waiting.size());
  };
  in_random_rounds(1000, body);
}

}  // namespace condition_test
}  // namespace magpie::testing
