// The mutex of tasks. The one of the implementation: mutex_test.cc.
#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <deque>
#include <optional>
#include <random>
#include <stdexcept>
#include <thread>
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
#include "magpie/tests/runtime/ends_cancelled.h"
#include "magpie/tests/runtime/leftovers.h"
#include "magpie/tests/runtime/schedules.h"
#include "magpie/tests/runtime/seeds.h"

namespace magpie::testing {
namespace task_mutex_test {

using namespace std::chrono_literals;

class task_mutex_test : public over_workers {};
MAGPIE_OVER_WORKERS(task_mutex_test);

struct room {
  magpie::mutex door;
  int inside = 0;  // Not atomic: that is what the mutex is for.
  int visits = 0;
};

task<> visit(room& shared, int times) {
  const counted frame;
  for (int i = 0; i < times; ++i) {
    const mutex_guard guard = co_await shared.door.lock();
    EXPECT_TRUE(guard.owns_lock());
    EXPECT_EQ(++shared.inside, 1);
    struct leave {
      ~leave() { --from.inside; }
      room& from;
    } const leaves{shared};
    co_await yield();
    ++shared.visits;
  }
}

TEST_P(task_mutex_test, lets_in_one_at_a_time) {
  auto body = []() -> task<> {
    room shared;
    std::vector<task<>> visits;
    for (int i = 0; i < 20; ++i)
      visits.push_back(visit(shared, 10));
    co_await gather(std::move(visits));
    EXPECT_EQ(shared.visits, 200);
    EXPECT_FALSE(shared.door.locked());
  };
  in_many_orders(GetParam(), body);
}

// ------------------------------------------------------------------------------------ order

task<> sign(magpie::mutex& book, int name, std::vector<int>& order) {
  const mutex_guard guard = co_await book.lock();
  order.push_back(name);
}

TEST(task_mutex_order_test, first_come_first_served) {
  auto body = []() -> task<> {
    magpie::mutex book;
    std::vector<int> order;
    std::vector<join_handle<>> signers;
    mutex_guard guard = co_await book.lock();
    for (int i = 0; i < 5; ++i) {
      signers.push_back(spawn(sign(book, i, order)));
      co_await sleep_for(1s);
    }
    EXPECT_TRUE(order.empty());
    guard.unlock();
    for (join_handle<>& signer : signers)
      co_await signer;
    EXPECT_EQ(order, (std::vector<int>{0, 1, 2, 3, 4}));
  };
  in_simulated_orders(2, body);
}

// Between the unlocking and the first step of the one who has waited.
TEST(task_mutex_order_test, is_handed_over_and_not_up_for_grabs) {
  auto body = []() -> task<> {
    magpie::mutex book;
    std::vector<int> order;
    mutex_guard guard = co_await book.lock();
    auto waits = spawn(sign(book, 1, order));
    co_await sleep_for(1s);
    guard.unlock();
    EXPECT_TRUE(book.locked());
    EXPECT_FALSE(book.try_lock().has_value());
    const mutex_guard again = co_await book.lock();
    EXPECT_EQ(order, (std::vector<int>{1}));
    co_await waits;
  };
  in_simulated_orders(2, body);
}

TEST(task_mutex_order_test, one_who_is_cancelled_is_passed_over) {
  auto body = []() -> task<> {
    magpie::mutex book;
    std::vector<int> order;
    mutex_guard guard = co_await book.lock();
    auto first = spawn(sign(book, 1, order));
    co_await sleep_for(1s);
    auto second = spawn(sign(book, 2, order));
    co_await sleep_for(1s);
    first.cancel();
    guard.unlock();  // The first has been cancelled, and has not run since.
    const bool was_cancelled = co_await ends_cancelled(first);
    EXPECT_TRUE(was_cancelled);
    co_await second;
    EXPECT_EQ(order, (std::vector<int>{2}));
    EXPECT_FALSE(book.locked());
  };
  in_simulated_orders(2, body);
}

// It has the mutex by then, and gives it back.
TEST(task_mutex_order_test, a_cancellation_after_the_hand_over_comes_too_late) {
  auto body = []() -> task<> {
    magpie::mutex book;
    std::vector<int> order;
    mutex_guard guard = co_await book.lock();
    auto first = spawn(sign(book, 1, order));
    auto second = spawn(sign(book, 2, order));
    co_await sleep_for(1s);
    guard.unlock();
    first.cancel();
    second.cancel();
    const bool first_cancelled = co_await ends_cancelled(first);
    const bool second_cancelled = co_await ends_cancelled(second);
    EXPECT_EQ(order.size(), 1U);
    EXPECT_NE(first_cancelled, second_cancelled);
    EXPECT_FALSE(book.locked());
  };
  in_simulated_orders(1, body);
}

// ------------------------------------------------------------------------------------ guards

TEST(mutex_guard_test, unlocks_once) {
  magpie::mutex door;
  EXPECT_FALSE(door.locked());
  {
    mutex_guard guard = *door.try_lock();
    EXPECT_TRUE(guard.owns_lock());
    EXPECT_EQ(guard.mutex(), &door);
    EXPECT_TRUE(door.locked());
    EXPECT_FALSE(door.try_lock().has_value());
    mutex_guard moved = std::move(guard);
    EXPECT_TRUE(door.locked());
    EXPECT_TRUE(static_cast<bool>(moved));
    moved.unlock();
    EXPECT_FALSE(door.locked());
    EXPECT_FALSE(moved.owns_lock());
    EXPECT_EQ(moved.mutex(), nullptr);
    const mutex_guard other = *door.try_lock();
    EXPECT_THROW(moved.unlock(), usage_error);
    EXPECT_TRUE(door.locked());
  }
  EXPECT_FALSE(door.locked());
  mutex_guard last = *door.try_lock();
  last = mutex_guard();
  EXPECT_FALSE(door.locked());
}

TEST(mutex_guard_test, unlocks_when_an_exception_passes) {
  auto body = []() -> task<> {
    magpie::mutex door;
    bool caught = false;
    try {
      const mutex_guard guard = co_await door.lock();
      throw std::runtime_error("inside");
    } catch (const std::runtime_error&) {
      caught = true;
    }
    EXPECT_TRUE(caught);
    EXPECT_FALSE(door.locked());
  };
  simulate(body());
}

// ------------------------------------------------------------------------------------ threads

// Plain threads and tasks, against each other; what a task has locked, a thread unlocks.
TEST_P(task_mutex_test, is_for_all_threads) {
  magpie::mutex door;
  int inside = 0;
  runtime world(options().workers(GetParam()));
  auto tasks = [](magpie::mutex& shared, int& count) -> task<> {
    for (int i = 0; i < 1000; ++i) {
      mutex_guard guard = co_await shared.lock();
      ++count;
      if (i % 100 == 0) std::thread([&guard] { guard.unlock(); }).join();
    }
  };
  auto one = world.spawn(tasks(door, inside));
  auto two = world.spawn(tasks(door, inside));
  for (int got = 0; got < 100;) {
    const auto guard = door.try_lock();
    if (!guard) continue;
    ++inside;
    ++got;
  }
  one.get();
  two.get();
  EXPECT_EQ(inside, 2100);
  EXPECT_FALSE(door.locked());
}

TEST_P(task_mutex_test, who_still_waits_at_the_end_is_cancelled) {
  room shared;
  auto body = [](room& of, int workers) -> task<> {
    for (int i = 0; i < 2 * workers; ++i)
      spawn(visit(of, 1)).detach();
    for (int i = 0; i < 5; ++i)
      co_await yield();
  };
  std::optional<mutex_guard> guard = shared.door.try_lock();
  run(body(shared, static_cast<int>(GetParam())), options().workers(GetParam()));
  EXPECT_EQ(shared.visits, 0);
  guard.reset();
  EXPECT_FALSE(shared.door.locked());
}

// Somebody who always finds it free lets the others run all the same.
TEST(task_mutex_fairness_test, what_is_always_free_does_not_starve_others) {
  auto greedy = [](magpie::mutex& free, const bool& stop) -> task<> {
    while (!stop)
      const mutex_guard guard = co_await free.lock();
  };
  magpie::mutex door;
  expect_others_to_run_beside([&](const bool& stop) { return greedy(door, stop); });
}

// ------------------------------------------------------------------------------------ cancelled

TEST_P(task_mutex_test, loses_nothing_when_a_task_is_cancelled_at_any_moment) {
  for (std::uint64_t seed = 1; seed <= 10; ++seed) {
    std::optional<room> shared;
    const auto settings = simulation_options().workers(GetParam()).seed(seed);
    auto begin = [&shared](simulation& world) {
      shared.emplace();
      cast players;
      for (int i = 0; i < 3; ++i)
        players.others.push_back(world.spawn(visit(*shared, 3)));
      players.victim = world.spawn(visit(*shared, 3));
      players.others.push_back(world.spawn(visit(*shared, 3)));
      return players;
    };
    auto check = [&shared] {
      ASSERT_FALSE(shared->door.locked());
      ASSERT_EQ(shared->inside, 0);
      ASSERT_EQ(counted::live(), 0);
      ASSERT_GE(shared->visits, 12);
    };
    EXPECT_GT(cancel_sweep(settings, begin, check), 3U);
  }
}

// ------------------------------------------------------------------------------------ a model

// Random requests against a queue.
TEST(task_mutex_model_test, does_what_a_queue_of_requests_does) {
  using guards = std::vector<mutex_guard>;
  auto take_and_keep = [](magpie::mutex& from, guards& kept) -> task<> {
    kept.push_back(co_await from.lock());
  };
  auto body = [&](std::uint64_t seed) -> task<> {
    std::mt19937_64 random(seed);
    magpie::mutex door;
    guards kept;  // At most one.
    bool locked = false;
    std::deque<join_handle<>> waiting;
    for (int i = 0; i < 2000; ++i) {
      switch (random() % 5) {
        case 0:
        case 1:
          waiting.push_back(spawn(take_and_keep(door, kept)));
          break;
        case 2: {
          auto got = door.try_lock();
          EXPECT_EQ(got.has_value(), !locked);
          if (got) {
            kept.push_back(std::move(*got));
            locked = true;
          }
          break;
        }
        case 3:
          if (!waiting.empty()) {
            const auto left = waiting.begin() + static_cast<int>(random() % waiting.size());
            left->cancel();
            waiting.erase(left);
          }
          break;
        default:
          kept.clear();
          locked = false;
      }
      co_await sleep_for(1s);  // All who can go on do.
      if (!locked && !waiting.empty()) {
        locked = true;
        EXPECT_TRUE(waiting.front().done());
        waiting.pop_front();
      }
      EXPECT_TRUE(std::none_of(waiting.begin(), waiting.end(),
                               [](const join_handle<>& w) { return w.done(); }));
      EXPECT_EQ(kept.size(), locked ? 1U : 0U);
      EXPECT_EQ(door.locked(), locked);
    }
    for (join_handle<>& left : waiting)
      left.cancel();
    co_await sleep_for(1s);
  };
  in_random_rounds(2000, body);
}

}  // namespace task_mutex_test
}  // namespace magpie::testing
