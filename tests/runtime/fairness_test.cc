// What a worker looks at between two tasks, however long those run.
#include <gtest/gtest.h>

#include <chrono>

#include "magpie/runtime/gather.h"
#include "magpie/runtime/run.h"
#include "magpie/runtime/sleep.h"
#include "magpie/tests/runtime/leftovers.h"

namespace magpie::testing {
namespace {

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

}  // namespace
}  // namespace magpie::testing
