// Locks, conditions and barriers on real threads, where two things truly happen at the same time: a
// hand-over and a cancellation, which comes from a thread that is no worker; a wait and a
// notification.
#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <utility>
#include <vector>

#include "magpie/runtime/barrier.h"
#include "magpie/runtime/condition.h"
#include "magpie/runtime/error.h"
#include "magpie/runtime/event.h"
#include "magpie/runtime/mutex.h"
#include "magpie/runtime/run.h"
#include "magpie/runtime/shared_mutex.h"
#include "magpie/runtime/sleep.h"
#include "magpie/runtime/spawn.h"
#include "magpie/tests/runtime/leftovers.h"

namespace magpie::testing {
namespace lock_races_test {

constexpr int rounds = 200;

class lock_races_test : public over_workers {};
MAGPIE_OVER_WORKERS(lock_races_test);

// Cancels the first, after a while that grows with the round; all have to end.
void cancel_first(std::vector<join_handle<>> all, int round) {
  std::atomic<int> spins = 0;
  while (spins < round * 20)
    ++spins;
  all.front().cancel();
  for (join_handle<>& one : all) {
    try {
      one.get();
    } catch (const cancelled&) {
      EXPECT_EQ(&one, &all.front());
    }
  }
}

TEST_P(lock_races_test, cancelling_one_who_waits_for_a_mutex) {
  struct room {
    magpie::mutex door;
    int visits = 0;
  };
  auto visit = [](room& shared) -> task<> {
    for (int i = 0; i < 5; ++i) {
      const mutex_guard guard = co_await shared.door.lock();
      ++shared.visits;
      co_await yield();
    }
  };
  runtime world(options().workers(GetParam()));
  for (int round = 0; round < rounds; ++round) {
    room shared;
    std::vector<join_handle<>> all;
    for (int i = 0; i < 4; ++i)
      all.push_back(world.spawn(visit(shared)));
    cancel_first(std::move(all), round);
    ASSERT_FALSE(shared.door.locked());
    ASSERT_GE(shared.visits, 15);
  }
}

TEST_P(lock_races_test, cancelling_one_who_waits_for_a_shared_mutex) {
  struct table {
    magpie::shared_mutex lock;
    int value = 0;
  };
  auto write = [](table& to) -> task<> {
    for (int i = 0; i < 5; ++i) {
      const exclusive_guard guard = co_await to.lock.lock();
      ++to.value;
      co_await yield();
    }
  };
  auto read = [](table& from) -> task<> {
    for (int i = 0; i < 5; ++i) {
      const shared_guard guard = co_await from.lock.lock_shared();
      const int before = from.value;
      co_await yield();
      EXPECT_EQ(from.value, before);
    }
  };
  runtime world(options().workers(GetParam()));
  for (int round = 0; round < rounds; ++round) {
    table shared;
    std::vector<join_handle<>> all;
    for (int i = 0; i < 2; ++i) {
      all.push_back(world.spawn(round % 2 == 0 ? write(shared) : read(shared)));
      all.push_back(world.spawn(write(shared)));
      all.push_back(world.spawn(read(shared)));
    }
    cancel_first(std::move(all), round);
    ASSERT_FALSE(shared.lock.locked());
    ASSERT_EQ(shared.lock.readers(), 0U);
    ASSERT_GE(shared.value, 10);
  }
}

// Each notification reaches one who takes the goods: else one of the others waits for ever.
TEST_P(lock_races_test, cancelling_one_who_waits_for_a_condition) {
  struct store {
    magpie::mutex door;
    magpie::condition filled;
    int goods = 0;
    int sold = 0;
  };
  auto buy = [](store& from) -> task<> {
    mutex_guard guard = co_await from.door.lock();
    co_await from.filled.wait(guard, [&from] { return from.goods > 0; });
    --from.goods;
    ++from.sold;
  };
  auto fill = [](store& to) -> task<> {
    for (int i = 0; i < 4; ++i) {
      const mutex_guard guard = co_await to.door.lock();
      ++to.goods;
      to.filled.notify_one();
    }
  };
  runtime world(options().workers(GetParam()));
  for (int round = 0; round < rounds; ++round) {
    store shared;
    std::vector<join_handle<>> all;
    for (int i = 0; i < 4; ++i)
      all.push_back(world.spawn(buy(shared)));
    all.push_back(world.spawn(fill(shared)));
    cancel_first(std::move(all), round);
    ASSERT_FALSE(shared.door.locked());
    ASSERT_EQ(shared.goods + shared.sold, 4);
    ASSERT_GE(shared.sold, 3);
  }
}

// Exactly those who pass have been counted: else the one who stands in waits for ever, or comes
// when nobody is left to wait with.
TEST_P(lock_races_test, cancelling_one_who_waits_for_a_barrier) {
  struct parade {
    magpie::barrier step{3};
    event over;
    std::atomic<bool> first_passed = false;
    std::atomic<int> passed = 0;
  };
  auto pass = [](parade& in) -> task<> {
    co_await in.step.wait();
    ++in.passed;
  };
  auto pass_or_not = [](parade& in) -> task<> {
    try {
      co_await in.step.wait();
      in.first_passed = true;
    } catch (const cancelled&) {
    }
    in.over.set();
  };
  auto stand_in = [](parade& in) -> task<> {
    co_await in.over.wait();
    if (in.first_passed) co_return;
    co_await in.step.wait();
    ++in.passed;
  };
  runtime world(options().workers(GetParam()));
  for (int round = 0; round < rounds; ++round) {
    parade shared;
    std::vector<join_handle<>> all;
    all.push_back(world.spawn(pass_or_not(shared)));
    all.push_back(world.spawn(pass(shared)));
    all.push_back(world.spawn(pass(shared)));
    all.push_back(world.spawn(stand_in(shared)));
    cancel_first(std::move(all), round);
    ASSERT_EQ(shared.step.n_waiting(), 0U);
    ASSERT_EQ(shared.passed, shared.first_passed ? 2 : 3);
  }
}

// It stands in the list before the mutex is free: whoever finds it free reaches it.
TEST_P(lock_races_test, a_condition_waits_before_the_mutex_is_unlocked) {
  struct place {
    magpie::mutex door;
    magpie::condition on;
    bool waits = false;  // Under door.
    std::atomic<int> woken = 0;
  };
  auto wait_often = [](place& in) -> task<> {
    for (int i = 0; i < 5000; ++i) {
      mutex_guard guard = co_await in.door.lock();
      in.waits = true;
      co_await in.on.wait(guard);
      ++in.woken;
    }
  };
  place shared;
  runtime world(options().workers(GetParam()));
  auto waiter = world.spawn(wait_often(shared));
  for (int i = 1; i <= 5000; ++i) {
    for (bool notified = false; !notified;) {
      const auto guard = shared.door.try_lock();
      notified = guard.has_value() && std::exchange(shared.waits, false);
      if (notified) shared.on.notify_one();
    }
    const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(10);
    while (shared.woken < i && std::chrono::steady_clock::now() < deadline) {
    }
    ASSERT_EQ(shared.woken, i);
  }
  waiter.get();
}

}  // namespace lock_races_test
}  // namespace magpie::testing
