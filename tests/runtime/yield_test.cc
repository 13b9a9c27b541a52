#include "magpie/runtime/sleep.h"

#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <cstddef>
#include <stdexcept>
#include <string>
#include <vector>

#include "magpie/runtime/error.h"
#include "magpie/runtime/gather.h"
#include "magpie/runtime/run.h"
#include "magpie/runtime/spawn.h"
#include "magpie/tests/runtime/leftovers.h"
#include "magpie/tests/runtime/schedules.h"
#include "magpie/tests/runtime/sleeping.h"

namespace magpie::testing {
namespace yield_test {

using namespace std::chrono_literals;

class yield_test : public over_workers {};
MAGPIE_OVER_WORKERS(yield_test);

TEST(yield_order_test, goes_to_the_end_of_the_queue) {
  auto body = []() -> task<std::string> {
    std::string order;
    auto writes = [&order](char letter) -> task<> {
      for (int i = 0; i < 3; ++i) {
        order += letter;
        co_await yield();
      }
    };
    co_await gather(writes('a'), writes('b'), writes('c'));
    co_return order;
  };
  EXPECT_EQ(run(body(), options().workers(1)), "abcabcabc");
}

// Alone it goes on at once.
TEST_P(yield_test, alone) {
  auto body = []() -> task<int> {
    int count = 0;
    for (int i = 0; i < 100'000; ++i) {
      co_await yield();
      ++count;
    }
    co_return count;
  };
  EXPECT_EQ(run(body(), options().workers(GetParam())), 100'000);
}

// Spins with yield() until another task has run: none may starve it, neither one that has just been
// spawned, nor one whose time has come, nor one that was cancelled, nor a second that spins.
task<> spin_until(bool& flag, int& turns) {
  while (!flag) {
    co_await yield();
    ++turns;
    if (turns > 10'000) throw std::runtime_error("starved");
  }
}

task<> nobody_starves() {
  int turns = 0;
  bool spawned = false;
  auto sets = [](bool& flag) -> task<> {
    flag = true;
    co_return;
  };
  auto first = spawn(sets(spawned));
  co_await spin_until(spawned, turns);
  co_await first;

  bool was_cancelled = false;
  auto sleeper = spawn(sleep_unless_cancelled(was_cancelled, 24h));
  co_await yield();
  sleeper.cancel();
  turns = 0;
  co_await spin_until(was_cancelled, turns);
  sleeper.detach();

  bool of_the_third = false;
  auto third = [&]() -> task<> {
    for (int i = 0; i < 100; ++i)
      co_await yield();
    of_the_third = true;
  };
  int turns_of_first = 0;
  int turns_of_second = 0;
  co_await gather(spin_until(of_the_third, turns_of_first),
                  spin_until(of_the_third, turns_of_second), third());
}

TEST_P(yield_test, starves_nobody) {
  in_simulated_orders(GetParam(), [] { return nobody_starves(); });
}

// Real time: a timer, and a task from outside, get their turn beside one that only yields.
TEST_P(yield_test, does_not_keep_timers_and_new_tasks_waiting) {
  runtime threads(options().workers(GetParam()));
  std::atomic<bool> slept = false;
  std::atomic<bool> stop = false;
  auto spins = [&]() -> task<> {
    const auto deadline = std::chrono::steady_clock::now() + 10s;
    while (!stop && std::chrono::steady_clock::now() < deadline)
      co_await yield();
  };
  auto sleeps = [&]() -> task<> {
    co_await sleep_for(1ms);
    slept = true;
  };
  std::vector<join_handle<>> spinning;
  for (std::size_t i = 0; i < GetParam(); ++i)
    spinning.push_back(threads.spawn(spins()));
  const auto start = std::chrono::steady_clock::now();
  threads.run(sleeps());
  EXPECT_TRUE(slept);
  EXPECT_LT(std::chrono::steady_clock::now() - start, 9s);
  stop = true;
  for (join_handle<>& each : spinning)
    each.get();
}

task<> yields_until_cancelled() {
  bool told = false;
  auto spins = [&told]() -> task<> {
    try {
      for (int i = 0; i < 1'000'000; ++i)
        co_await yield();
    } catch (const cancelled&) {
      told = true;
    }
  };
  auto handle = spawn(spins());
  for (int i = 0; i < 5; ++i)
    co_await yield();
  EXPECT_FALSE(told);
  handle.cancel();
  co_await handle;
  EXPECT_TRUE(told);
}

TEST_P(yield_test, throws_when_the_task_has_been_cancelled) {
  in_many_orders(GetParam(), [] { return yields_until_cancelled(); });
}

}  // namespace yield_test
}  // namespace magpie::testing
