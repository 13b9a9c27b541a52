// What a worker looks at between two tasks, however long those run.
#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstddef>
#include <thread>

#include "magpie/runtime/gather.h"
#include "magpie/runtime/options.h"
#include "magpie/runtime/run.h"
#include "magpie/runtime/semaphore.h"
#include "magpie/runtime/sleep.h"
#include "magpie/runtime/spawn.h"
#include "magpie/tests/runtime/leftovers.h"

namespace magpie::testing {
namespace fairness_test {

using namespace std::chrono_literals;

class fairness_test : public runtime_test {};

// On one worker: turns of a millisecond each, until a timer of two milliseconds has fired.
TEST_F(fairness_test, a_timer_is_not_late_by_many_turns) {
  auto sleep_shortly = [](bool& woken) -> task<> {
    co_await sleep_for(2ms);
    woken = true;
  };
  auto compute = [](const bool& woken) -> task<int> {
    int turns = 0;
    while (!woken) {
      const auto end = clock::now() + 1ms;
      while (clock::now() < end) {
      }
      ++turns;
      co_await yield();
    }
    co_return turns;
  };
  auto both = [&]() -> task<int> {
    bool woken = false;
    const auto [nothing, turns] = co_await gather(sleep_shortly(woken), compute(woken));
    co_return turns;
  };
  // After the second turn the timer is due; the third may have begun.
  EXPECT_LE(run(both(), options().workers(1)), 3);
}

int leaves = 0;

// Not balanced: turns end at different places of it.
task<> grow(int levels) {
  if (levels < 2) {
    ++leaves;
    co_return;
  }
  co_await gather(grow(levels - 1), grow(levels - 2));
}

// On one worker. Another task has its turn again and again, after about as many joins each time:
// its way does not become longer with what has been forked.
TEST_F(fairness_test, a_computation_that_forks_does_not_starve_the_others) {
  constexpr int levels = 29;
  int most = 0;
  auto look = [&](const join_handle<>& heavy) -> task<> {
    while (!heavy.done()) {
      const int before = leaves;
      co_await yield();
      most = std::max(most, leaves - before);
    }
  };
  auto body = [&]() -> task<> {
    leaves = 0;
    auto heavy = spawn(grow(levels));
    co_await look(heavy);
    co_await heavy;
  };
  run(body(), options().workers(1));
  EXPECT_EQ(leaves, 832'040);
  EXPECT_GT(most, 0);
  EXPECT_LT(most, 61 * 1024 * 2);
}

// Two tasks take short turns for a while. Then one computes until the other has run, which another
// worker has to see to.
TEST_F(fairness_test, a_ready_task_does_not_wait_for_the_end_of_a_long_turn) {
  constexpr int turns = 1000;
  struct table {
    semaphore first{0};
    semaphore second{0};
    std::atomic<bool> ran{false};
  };
  auto serve = [](table& at) -> task<> {
    for (int i = 0; i < turns; ++i) {
      (co_await at.first.acquire()).forget();
      at.second.release();
    }
    (co_await at.first.acquire()).forget();
    at.ran.store(true);
  };
  auto play = [](table& at) -> task<> {
    for (int i = 0; i < turns; ++i) {
      at.first.release();
      (co_await at.second.acquire()).forget();
    }
    at.first.release();
    while (!at.ran.load())
      std::this_thread::yield();
  };
  auto both = [&]() -> task<> {
    for (int i = 0; i < 10; ++i) {
      table at;
      auto serving = spawn(serve(at));
      co_await spawn(play(at));
      co_await serving;
    }
  };
  for (const std::size_t workers : {2U, 3U, 8U})
    run(both(), options().workers(workers));
}

}  // namespace fairness_test
}  // namespace magpie::testing
