// What a worker looks at between two tasks, however long those run.
#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>

#include "magpie/runtime/gather.h"
#include "magpie/runtime/run.h"
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

}  // namespace fairness_test
}  // namespace magpie::testing
