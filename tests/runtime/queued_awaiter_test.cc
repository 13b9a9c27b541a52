#include "magpie/runtime/internal/queued_awaiter.h"

#include <gtest/gtest.h>

#include <functional>
#include <utility>

#include "magpie/runtime/error.h"
#include "magpie/runtime/internal/mutex.h"
#include "magpie/runtime/internal/wait_list.h"
#include "magpie/runtime/run.h"
#include "magpie/runtime/spawn.h"
#include "magpie/runtime/testing/simulation.h"
#include "magpie/tests/runtime/leftovers.h"

namespace magpie::testing {
namespace queued_awaiter_test {

// Something of which there is one, and which calls the test at each look.
struct source {
  internal::mutex lock;
  internal::wait_list waiters;
  bool there = true;
  int looks = 0;
  int left = 0;
  std::function<bool(int)> hides;  // Whether the n-th look finds nothing.
};

class taker final : public internal::queued_awaiter {
 public:
  explicit taker(source& from) : queued_awaiter(from.lock, from.waiters), from_(from) {}
  void await_resume() { finish_or_throw(); }

 private:
  bool available() noexcept override { return !from_.hides(++from_.looks) && from_.there; }
  void take() noexcept override { from_.there = false; }
  void leave(ready_list& /*ready*/) noexcept override { ++from_.left; }

  source& from_;
};

task<> take_one(source& from) {
  taker awaiter(from);
  co_await awaiter;
}

class queued_awaiter_test : public runtime_test {};

TEST_F(queued_awaiter_test, what_is_there_is_taken_at_once_or_at_the_second_look) {
  for (const int hidden : {0, 1}) {
    source one;
    one.hides = [hidden](int look) { return look <= hidden; };
    run(take_one(one), options().workers(1));
    EXPECT_FALSE(one.there);
    EXPECT_TRUE(one.waiters.empty());
    EXPECT_EQ(one.left, 0);
  }
}

// It comes between the first look and the second, when the task is about to suspend.
TEST_F(queued_awaiter_test, a_cancellation_that_comes_first_takes_nothing) {
  source one;
  simulation world;
  auto handle = world.spawn(take_one(one));
  one.hides = [&handle](int look) {
    // In a simulation each wait is a choice: the first look is the one before the suspension.
    if (look == 1) handle.cancel();
    return false;
  };
  world.run_until([&handle] { return handle.done(); });
  EXPECT_THROW(handle.get(), cancelled);
  EXPECT_TRUE(one.there);
  EXPECT_EQ(one.left, 1);
}

TEST_F(queued_awaiter_test, one_that_waits_and_is_cancelled_leaves) {
  source one;
  one.there = false;
  one.hides = [](int) { return false; };
  simulation world;
  auto handle = world.spawn(take_one(one));
  while (world.turn()) {
  }
  EXPECT_FALSE(one.waiters.empty());
  handle.cancel();
  world.run_until([&handle] { return handle.done(); });
  EXPECT_TRUE(one.waiters.empty());
  EXPECT_EQ(one.left, 1);
}

}  // namespace queued_awaiter_test
}  // namespace magpie::testing
